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

static void add_all(JsonBuilder *builder, const Letter *letter)
{
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
    json_string(builder, "message_id", identity->message_id);
    json_bool(builder, "encrypted", protect->encrypt_to != NULL);
    json_bool(builder, "signed", protect->signer != NULL);
    add_all(builder, letter);
    json_string(builder, "state", state(delivery));
    json_strings(builder, "sent_to", delivery->recipients[FATE_SENT]);
    json_strings(builder, "not_sent_to", delivery->recipients[FATE_UNSENT]);
    json_strings(builder, "maybe_sent_to", delivery->recipients[FATE_DOUBT]);
    json_builder_end_object(builder);
    output_json(builder);
}

static void note_recipients(const char *words, const GPtrArray *addresses)
{
    g_autoptr(GString) line = g_string_new(NULL);
    for (guint i = 0; i < addresses->len; i++) {
        g_autofree char *shown = text_address(addresses->pdata[i]);
        g_string_append_printf(line, "%s%s", i ? ", " : "", shown);
    }
    if (addresses->len)
        output_note("%s: %s", words, line->str);
}

/* Whoever sends it again must know to whom. */
static void note_failure(const Delivery *delivery)
{
    g_autofree char *words = postern_error_words(delivery->failure);
    output_note("%s", words);
    note_recipients("sent to", delivery->recipients[FATE_SENT]);
    note_recipients("maybe sent to", delivery->recipients[FATE_DOUBT]);
    note_recipients("not sent to", delivery->recipients[FATE_UNSENT]);
}

void delivery_tell(const Context *context, const Letter *letter, const LetterIdentity *identity,
                   const Protect *protect, const Delivery *delivery)
{
    if (delivery->failure)
        note_failure(delivery);
    if (context->json) {
        tell_json(letter, identity, protect, delivery);
    } else if (!context->quiet && delivery->failure == NULL) {
        g_autofree char *count =
            text_count(delivery->recipients[FATE_SENT]->len, "recipient", "recipients");
        printf("sent to %s, %s%s\n", count, protect->encrypt_to ? "encrypted" : "not encrypted",
               protect->signer ? " and signed" : "");
    }
}
