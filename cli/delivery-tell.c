/* What became of a letter, in words and as JSON; see delivery.h. */
#include <stdio.h>

#include "cli/delivery.h"
#include "cli/output.h"
#include "core/error.h"
#include "core/text.h"

static const char *state(const Delivery *delivery)
{
    if (delivery->failure == NULL)
        return "sent";
    return delivery->recipients[FATE_DOUBT]->len  ? "maybe-sent"
           : delivery->recipients[FATE_SENT]->len ? "partly-sent"
                                                  : "not-sent";
}

static const char *protection(const Protect *protect)
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
    const GPtrArray *lists[] = {letter->to, letter->cc, letter->bcc};
    g_autoptr(GPtrArray) all = g_ptr_array_new();
    for (gsize i = 0; i < G_N_ELEMENTS(lists); i++)
        for (guint k = 0; k < lists[i]->len; k++)
            g_ptr_array_add(all, ((Mailbox *)lists[i]->pdata[k])->address);
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
    const GPtrArray *sent = delivery->recipients[FATE_SENT];
    const GPtrArray *doubt = delivery->recipients[FATE_DOUBT];
    const GPtrArray *unsent = delivery->recipients[FATE_UNSENT];
    note_recipients("sent to", sent);
    note_recipients("maybe sent to", doubt);
    if (sent->len + doubt->len > 0)
        note_recipients("not sent to", unsent);
    else if (unsent->len > 1)
        output_note("nothing was sent to anybody");
}

void delivery_tell(const Context *context, const Letter *letter, const LetterIdentity *identity,
                   const Protect *protect, const Delivery *delivery)
{
    if (delivery->failure)
        note_failure(delivery);
    else
        note_in_clear(context, protect);
    if (context->json) {
        tell_json(letter, identity, protect, delivery);
    } else if (!context->quiet && delivery->failure == NULL) {
        g_autofree char *count =
            text_count(delivery->recipients[FATE_SENT]->len, "recipient", "recipients");
        printf("sent to %s, %s\n", count, protection(protect));
    }
}

/* --- without sending ------------------------------------------------------------------------ */

typedef struct {
    const Context *context;
    const Protect *protect;
    JsonBuilder *builder;
} Print;

static gboolean print_copy(gpointer user, const GPtrArray *envelope, GBytes *copy,
                           GError **error G_GNUC_UNUSED)
{
    Print *print = user;
    gsize size;
    const char *bytes = g_bytes_get_data(copy, &size);
    if (print->context->json) {
        g_autofree char *text = text_utf8(bytes, (gssize)size);
        json_builder_begin_object(print->builder);
        json_strings(print->builder, "recipients", envelope);
        json_string(print->builder, "text", text);
        json_builder_end_object(print->builder);
        return TRUE;
    }
    if (!print->context->quiet) {
        g_autofree char *line = addresses(envelope);
        fflush(stdout);
        output_note("this would go to %s, %s", line, protection(print->protect));
    }
    fwrite(bytes, 1, size, stdout);
    return TRUE;
}

gboolean delivery_print(const Context *context, const Letter *letter,
                        const LetterIdentity *identity, const Protect *protect, GError **error)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();
    Print print = {context, protect, builder};
    Delivery delivery;
    json_builder_begin_object(builder);
    add_letter(builder, letter, identity, protect);
    json_string(builder, "state", "dry-run");
    json_builder_set_member_name(builder, "letters");
    json_builder_begin_array(builder);
    note_in_clear(context, protect);
    delivery_run(letter, identity, protect, print_copy, &print, &delivery);
    json_builder_end_array(builder);
    json_builder_end_object(builder);
    gboolean whole = delivery.failure == NULL;
    if (!whole)
        g_propagate_error(error, g_steal_pointer(&delivery.failure));
    else if (context->json)
        output_json(builder);
    delivery_clear(&delivery);
    return whole;
}
