/* What became of a letter, in words and as JSON; see delivery.h. */
#include <stdio.h>

#include "cli/delivery.h"
#include "cli/json.h"
#include "cli/output.h"
#include "core/error.h"
#include "core/text.h"
#include "mime/address.h"

static guint count_of(const Delivery *delivery, Fate fate)
{
    return delivery->recipients[fate]->len;
}

static const char *state(const Delivery *delivery)
{
    gboolean sent = count_of(delivery, FATE_SENT) > 0;
    if (count_of(delivery, FATE_DOUBT))
        return "maybe-sent";
    if (count_of(delivery, FATE_QUEUED))
        return "queued";
    return delivery->failure == NULL ? "sent" : sent ? "partly-sent" : "not-sent";
}

const char *delivery_protection(const Protect *protect)
{
    if (protect->encrypt_to)
        return protect->signer ? "encrypted and signed" : "encrypted, not signed";
    return protect->signer ? "signed, not encrypted" : "neither encrypted nor signed";
}

/* Why, and not what mends it: nobody asked for more. */
static void note_in_clear(const Context *context, const Protect *protect)
{
    if (protect->in_clear && !context->quiet)
        output_note("not encrypted: %s", protect->in_clear->message);
}

static void add_letter(JsonBuilder *builder, const Letter *letter, const LetterIdentity *identity,
                       const Protect *protect)
{
    json_string(builder, "message_id", identity->message_id);
    json_bool(builder, "encrypted", protect->encrypt_to != NULL);
    json_bool(builder, "signed", protect->signer != NULL);
    g_autoptr(GPtrArray) all = g_ptr_array_new();
    address_gather(letter->to, all);
    address_gather(letter->cc, all);
    address_gather(letter->bcc, all);
    json_strings(builder, "recipients", all);
}

static void tell_json(const Letter *letter, const LetterIdentity *identity, const Protect *protect,
                      const Delivery *delivery)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();
    json_builder_begin_object(builder);
    if (delivery->failure)
        json_failure(builder, delivery->failure);
    add_letter(builder, letter, identity, protect);
    json_string(builder, "state", state(delivery));
    json_strings(builder, "sent_to", delivery->recipients[FATE_SENT]);
    json_strings(builder, "not_sent_to", delivery->recipients[FATE_UNSENT]);
    json_strings(builder, "maybe_sent_to", delivery->recipients[FATE_DOUBT]);
    json_strings(builder, "queued_to", delivery->recipients[FATE_QUEUED]);
    json_strings(builder, "outbox", delivery->waiting);
    json_builder_end_object(builder);
    output_json(builder);
}

static char *addresses(const GPtrArray *envelope)
{
    GString *line = g_string_new(NULL);
    for (guint i = 0; i < envelope->len; i++) {
        g_autofree char *shown = text_address(envelope->pdata[i]);
        g_string_append_printf(line, "%s%s", i ? ", " : "", shown);
    }
    return g_string_free(line, FALSE);
}

static void note_recipients(const char *words, const GPtrArray *envelope)
{
    g_autofree char *line = addresses(envelope);
    if (envelope->len)
        output_note("%s: %s", words, line);
}

/* Whoever sends it again must know to whom. */
static void note_failure(const Delivery *delivery)
{
    g_autofree char *words = postern_error_words(delivery->failure);
    output_note("%s", words);
    const GPtrArray *unsent = delivery->recipients[FATE_UNSENT];
    note_recipients("sent to", delivery->recipients[FATE_SENT]);
    note_recipients("maybe sent to", delivery->recipients[FATE_DOUBT]);
    if (count_of(delivery, FATE_SENT) + count_of(delivery, FATE_DOUBT) +
            count_of(delivery, FATE_QUEUED) >
        0)
        note_recipients("not sent to", unsent);
    else if (unsent->len > 1)
        output_note("nothing was sent to anybody");
}

/* What waits, why, and what becomes of it. */
static void note_queued(const Context *context, const Delivery *delivery)
{
    const GPtrArray *queued = delivery->recipients[FATE_QUEUED];
    if (queued->len == 0 || (context->quiet && delivery->failure == NULL))
        return;
    if (delivery->reason)
        output_note("not sent yet: %s", delivery->reason->message);
    note_recipients("queued in the outbox for", queued);
    if (!context->quiet)
        output_note("fetchd sends it while the vault is unlocked; 'postern outbox' shows it");
}

static void note_doubt(const Delivery *delivery)
{
    for (guint i = 0; i < delivery->doubtful->len; i++) {
        const char *id = delivery->doubtful->pdata[i];
        output_note("'postern outbox' keeps it as %s: ask, then 'postern outbox sent %s', or "
                    "'postern outbox flush --again %s'",
                    id, id, id);
    }
}

void delivery_tell(const Context *context, const Letter *letter, const LetterIdentity *identity,
                   const Protect *protect, const Delivery *delivery)
{
    if (delivery->failure)
        note_failure(delivery);
    else
        note_in_clear(context, protect);
    note_queued(context, delivery);
    note_doubt(delivery);
    if (delivery->unfiled && !context->quiet)
        output_note("its copy is not on the server yet, and waits in the outbox: %s",
                    delivery->unfiled->message);
    if (context->json) {
        tell_json(letter, identity, protect, delivery);
    } else if (!context->quiet && delivery->failure == NULL && count_of(delivery, FATE_SENT) > 0) {
        g_autofree char *count =
            text_count(count_of(delivery, FATE_SENT), "recipient", "recipients");
        printf("sent to %s, %s\n", count, delivery_protection(protect));
    }
}

/* --- without sending ------------------------------------------------------------------------ */

static void print_copy(const Context *context, const Protect *protect, JsonBuilder *builder,
                       const OutboxLetter *copy)
{
    gsize size;
    const char *bytes = g_bytes_get_data(copy->letter, &size);
    if (context->json) {
        g_autofree char *text = text_utf8(bytes, (gssize)size);
        json_builder_begin_object(builder);
        json_strings(builder, "recipients", copy->recipients);
        json_string(builder, "text", text);
        json_builder_end_object(builder);
        return;
    }
    if (!context->quiet) {
        g_autofree char *line = addresses(copy->recipients);
        fflush(stdout);
        output_note("this would go to %s, %s", line, delivery_protection(protect));
        g_autofree char *notices = notice_words(&copy->notice, ", ");
        if (*notices)
            output_note("its server would be asked for notices: %s", notices);
    }
    fwrite(bytes, 1, size, stdout);
}

void delivery_print(const Context *context, const Letter *letter, const LetterIdentity *identity,
                    const Protect *protect, const GPtrArray *copies)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();
    json_builder_begin_object(builder);
    add_letter(builder, letter, identity, protect);
    json_string(builder, "state", "dry-run");
    json_builder_set_member_name(builder, "letters");
    json_builder_begin_array(builder);
    note_in_clear(context, protect);
    for (guint i = 0; i < copies->len; i++)
        print_copy(context, protect, builder, copies->pdata[i]);
    json_builder_end_array(builder);
    json_builder_end_object(builder);
    if (context->json)
        output_json(builder);
}
