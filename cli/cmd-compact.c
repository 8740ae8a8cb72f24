/* postern compact: the store gives back room that it does not need any more. */
#include <stdio.h>

#include "cli/command.h"
#include "cli/json.h"
#include "cli/output.h"
#include "core/error.h"
#include "store/compact.h"

typedef struct {
    const Context *context;
    const char *what;
    gint64 told;
} Telling;

static void tell_progress(gpointer user, guint64 left)
{
    Telling *self = user;
    if (!self->context->quiet)
        output_now_and_then(&self->told, "%s: %" G_GUINT64_FORMAT " pages to go", self->what, left);
}

/* The index lies under the key; nobody who compacts by night must be asked for it. */
static gboolean compact_index(Context *context, gboolean *compacted, GError **error)
{
    g_autoptr(GError) closed = NULL;
    Telling telling = {context, "the index", g_get_monotonic_time()};
    *compacted = context_meet(context, NEED_KEY, &closed);
    if (!*compacted) {
        if (!context->quiet)
            output_note("the index is left as it is: %s", closed->message);
        return TRUE;
    }
    context->index =
        index_open(context->store, vault_id(context->vault), context->vault_key, error);
    return context->index && index_compact(context->index, tell_progress, &telling, error);
}

static void json_room(JsonBuilder *builder, const char *name, guint64 before, guint64 after)
{
    json_builder_set_member_name(builder, name);
    json_builder_begin_object(builder);
    json_int(builder, "before", (gint64)before);
    json_int(builder, "after", (gint64)after);
    json_builder_end_object(builder);
}

static void tell_json(const StoreRoom *before, const StoreRoom *after, gboolean compacted)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();
    json_builder_begin_object(builder);
    json_room(builder, "vault", before->vault, after->vault);
    json_room(builder, "index", before->index, after->index);
    json_bool(builder, "index_compacted", compacted);
    json_builder_end_object(builder);
    output_json(builder);
}

static void tell(const char *name, guint64 before, guint64 after)
{
    g_autofree char *left = g_format_size(after);
    g_autofree char *gained = g_format_size(before > after ? before - after : 0);
    printf("%s: %s given back, %s left\n", name, gained, left);
}

static int run(Context *context, int argc, char **argv, GError **error)
{
    gboolean compacted;
    if (!command_options(context, &command_compact, NULL, 0, 0, &argc, &argv, error))
        return POSTERN_ERROR_USAGE;
    Telling telling = {context, "the vault", g_get_monotonic_time()};
    StoreRoom before = store_room(context->store);
    if (!vault_compact(context->vault, tell_progress, &telling, error) ||
        !compact_index(context, &compacted, error))
        return POSTERN_ERROR_STORE;
    StoreRoom after = store_room(context->store);
    if (context->json) {
        tell_json(&before, &after, compacted);
    } else if (!context->quiet) {
        tell("vault", before.vault, after.vault);
        if (compacted)
            tell("index", before.index, after.index);
    }
    return 0;
}

const Command command_compact = {
    .name = "compact",
    .usage = "",
    .summary = "Gives back room that the store does not need any more",
    .needs = NEED_CONFIG | NEED_VAULT,
    .run = run,
};
