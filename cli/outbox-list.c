/* See outbox-list.h. */
#include "cli/outbox-list.h"

#include <stdio.h>

#include "cli/json.h"
#include "cli/output.h"
#include "core/text.h"
#include "crypto/unlock.h"
#include "store/vault-outbox.h"

static const char *state_word(OutboxState state)
{
    switch (state) {
    case OUTBOX_SENDING: return "sending";
    case OUTBOX_DOUBT: return "maybe-sent";
    case OUTBOX_FAILED: return "failed";
    case OUTBOX_FILING: return "filing";
    default: return "queued";
    }
}

static void add_recipients(JsonBuilder *builder, const OutboxEntry *entry)
{
    json_builder_set_member_name(builder, "recipients");
    if (entry->recipients == NULL) {
        json_builder_add_null_value(builder);
        return;
    }
    json_builder_begin_array(builder);
    for (guint i = 0; i < entry->recipients->len; i++) {
        const char *answer = entry->answers->pdata[i];
        json_builder_begin_object(builder);
        json_string(builder, "address", entry->recipients->pdata[i]);
        json_string(builder, "answer", *answer ? answer : NULL);
        json_builder_end_object(builder);
    }
    json_builder_end_array(builder);
}

static gboolean list_json(gpointer user, const OutboxEntry *entry, GError **error G_GNUC_UNUSED)
{
    JsonBuilder *builder = user;
    gboolean waits = entry->state == OUTBOX_QUEUED || entry->state == OUTBOX_FILING;
    json_builder_begin_object(builder);
    json_string(builder, "id", entry->id);
    json_string(builder, "state", state_word(entry->state));
    json_time(builder, "since", entry->since);
    json_time(builder, "tried", entry->tried);
    json_int(builder, "tries", entry->tries);
    json_time(builder, "due",
              waits ? outbox_due(MAX(entry->tried, entry->since), entry->tries) : 0);
    json_int(builder, "bytes", (gint64)entry->bytes);
    json_bool(builder, "damaged", entry->damaged);
    json_string(builder, "account", entry->account);
    json_string(builder, "from", entry->from);
    json_string(builder, "subject", entry->subject);
    json_bool(builder, "encrypted", entry->encrypted);
    add_recipients(builder, entry);
    json_builder_end_object(builder);
    return TRUE;
}

static void print_recipient(const OutboxEntry *entry, guint i)
{
    g_autofree char *shown = text_address(entry->recipients->pdata[i]);
    g_autofree char *answer = text_field(entry->answers->pdata[i]);
    printf("    %s%s%s\n", shown, *answer ? ": " : "", answer);
}

static gboolean list_text(gpointer user, const OutboxEntry *entry, GError **error G_GNUC_UNUSED)
{
    const gboolean *unlocked = user;
    g_autofree char *since = output_short_date(entry->since);
    g_autofree char *size = g_format_size(entry->bytes);
    g_autofree char *account = entry->account ? text_name(entry->account) : NULL;
    g_autofree char *subject = entry->subject ? text_field(entry->subject) : NULL;
    printf("%s  %s, since %s, %s", entry->id,
           entry->state == OUTBOX_FILING ? "sent, its copy waits for the server"
                                         : state_word(entry->state),
           since, size);
    if (entry->tries > 0)
        printf(", tried %u %s", entry->tries, entry->tries == 1 ? "time" : "times");
    puts(*unlocked && entry->damaged ? ", damaged" : "");
    if (account)
        printf("  %s: %s\n", account, *subject ? subject : "(no subject)");
    for (guint i = 0; entry->recipients && i < entry->recipients->len; i++)
        print_recipient(entry, i);
    if (entry->state == OUTBOX_DOUBT)
        printf("  the server may have it; ask a recipient, then 'postern outbox sent %s' or "
               "'postern outbox flush --again %s'\n",
               entry->id, entry->id);
    else if (entry->state == OUTBOX_FAILED)
        printf("  'postern outbox flush --again %s' or 'postern outbox drop %s'\n", entry->id,
               entry->id);
    return TRUE;
}

gboolean outbox_list(Context *context, GError **error)
{
    context->vault_key = unlock_cached(vault_id(context->vault));
    gboolean unlocked = context->vault_key != NULL;
    if (!unlocked && !context->quiet)
        output_note("the vault is locked: after 'postern unlock' it is shown what it is and to "
                    "whom");
    if (!context->json)
        return vault_outbox_list(context->vault, context->vault_key, list_text, &unlocked, error);
    g_autoptr(JsonBuilder) builder = json_builder_new();
    json_builder_begin_array(builder);
    gboolean fine =
        vault_outbox_list(context->vault, context->vault_key, list_json, builder, error);
    json_builder_end_array(builder);
    if (fine)
        output_json(builder);
    return fine;
}
