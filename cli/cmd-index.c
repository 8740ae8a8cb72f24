/* postern index: absorbs what was sealed while locked, or builds the index anew. */
#include <stdio.h>

#include "cli/command.h"
#include "cli/json.h"
#include "core/error.h"
#include "core/text.h"

static int run(Context *context, int argc, char **argv, GError **error)
{
    gboolean rebuild = FALSE;
    const GOptionEntry entries[] = {
        {"rebuild", 0, 0, G_OPTION_ARG_NONE, &rebuild, "Drop the index and build it anew", NULL},
        G_OPTION_ENTRY_NULL,
    };
    if (!command_options(context, &command_index, entries, 0, 0, &argc, &argv, error) ||
        (rebuild && !index_drop(context->store, error)) ||
        !context_meet(context, NEED_INDEX, error))
        return POSTERN_ERROR_USAGE;
    IndexStat stat;
    guint64 waiting;
    if (!index_stat(context->index, &stat, error) ||
        !index_waiting(context->index, &waiting, error))
        return POSTERN_ERROR_STORE;
    if (context->json) {
        g_autoptr(JsonBuilder) builder = json_builder_new();
        json_builder_begin_object(builder);
        json_int(builder, "messages", (gint64)stat.messages);
        json_int(builder, "bytes", (gint64)stat.bytes);
        json_int(builder, "waiting", (gint64)waiting);
        json_builder_end_object(builder);
        output_json(builder);
    } else if (!context->quiet) {
        g_autofree char *count = text_count(stat.messages, "message", "messages");
        printf("%s indexed\n", count);
    }
    return 0;
}

const Command command_index = {
    .name = "index",
    .usage = "[--rebuild]",
    .summary = "Indexes what was sealed while the vault was locked",
    .needs = NEED_CONFIG | NEED_VAULT | NEED_KEY,
    .run = run,
};
