/* postern verify: opens every sealed message and holds the index against the vault. */
#include <stdio.h>

#include "cli/command.h"
#include "cli/output.h"
#include "core/error.h"
#include "core/stream.h"
#include "core/text.h"

typedef struct {
    Context *context;
    gint64 indexed; /* the index is complete up to this journal record */
    gint64 newest;  /* messages up to this row have been seen */
    guint64 messages;
    GPtrArray *damaged; /* char *: ids */
    GPtrArray *unknown; /* char *: ids that the index lacks */
} Verification;

/* Only damage is an answer; a store that cannot be read at all is a failure. */
static gboolean opens(Verification *self, const char *id, gboolean *sound, GError **error)
{
    g_autofree guint8 *buffer = g_malloc(64 * 1024);
    g_autoptr(GError) failure = NULL;
    g_autoptr(Source) source =
        vault_message(self->context->vault, self->context->vault_key, id, &failure);
    gssize got = source ? 1 : -1;
    while (got > 0)
        got = source_read(source, buffer, 64 * 1024, &failure);
    *sound = got == 0;
    if (*sound || g_strcmp0(postern_error_rule(failure), "vault.damage") == 0 ||
        g_strcmp0(postern_error_rule(failure), "vault.wrap") == 0)
        return TRUE;
    g_propagate_error(error, g_steal_pointer(&failure));
    return FALSE;
}

static gboolean check(gpointer user, const JournalRecord *record, GError **error)
{
    Verification *self = user;
    gboolean sound;
    if (record->sequence <= self->indexed && !record->disowned &&
        !index_has(self->context->index, record->row))
        g_ptr_array_add(self->unknown, g_strdup(record->id));
    /* A further arrival of a message that was opened already. */
    if (record->row <= self->newest)
        return TRUE;
    self->newest = record->row;
    self->messages++;
    if (!opens(self, record->id, &sound, error))
        return FALSE;
    if (!sound)
        g_ptr_array_add(self->damaged, g_strdup(record->id));
    return TRUE;
}

static void tell(const Context *context, const Verification *result)
{
    if (context->json) {
        g_autoptr(JsonBuilder) builder = json_builder_new();
        json_builder_begin_object(builder);
        json_int(builder, "messages", (gint64)result->messages);
        json_strings(builder, "damaged", result->damaged);
        json_strings(builder, "unindexed", result->unknown);
        json_builder_end_object(builder);
        output_json(builder);
        return;
    }
    for (guint i = 0; i < result->damaged->len; i++)
        printf("%s is damaged\n", (const char *)result->damaged->pdata[i]);
    for (guint i = 0; i < result->unknown->len; i++)
        printf("%s is missing in the index; run 'postern index --rebuild'\n",
               (const char *)result->unknown->pdata[i]);
    if (!context->quiet) {
        g_autofree char *count = text_count(result->messages, "message", "messages");
        printf("%s opened, %u damaged\n", count, result->damaged->len);
    }
}

static int run(Context *context, int argc, char **argv, GError **error)
{
    if (!command_options(context, &command_verify, NULL, 0, 0, &argc, &argv, error))
        return POSTERN_ERROR_USAGE;
    /* Not absorbed first: that stops at the first damaged message, and here all are wanted. */
    context->index =
        index_open(context->store, vault_id(context->vault), context->vault_key, error);
    if (context->index == NULL)
        return POSTERN_ERROR_STORE;
    Verification result = {
        .context = context,
        .indexed = index_position(context->index),
        .damaged = g_ptr_array_new_with_free_func(g_free),
        .unknown = g_ptr_array_new_with_free_func(g_free),
    };
    int code = POSTERN_ERROR_STORE;
    if (vault_replay(context->vault, context->vault_key, 0, check, &result, error)) {
        tell(context, &result);
        code = result.damaged->len + result.unknown->len > 0 ? POSTERN_ANSWER_NO : 0;
    }
    g_ptr_array_unref(result.damaged);
    g_ptr_array_unref(result.unknown);
    return code;
}

const Command command_verify = {
    .name = "verify",
    .usage = "",
    .summary = "Opens every sealed message and checks the index",
    .needs = NEED_CONFIG | NEED_VAULT | NEED_KEY,
    .run = run,
};
