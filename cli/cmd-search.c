/* postern search: lists what matches. */
#include "cli/command.h"
#include "cli/search-json.h"
#include "cli/search-list.h"
#include "core/error.h"

static int run(Context *context, int argc, char **argv, GError **error)
{
    guint hits;
    g_auto(Searching) searching = {.sort = SORT_NEWEST};
    if (!searching_parse(context, &command_search, argc, argv, &searching, error) ||
        !context_meet(context, NEED_CONFIG | NEED_VAULT | NEED_KEY | NEED_INDEX, error))
        return POSTERN_ERROR_INPUT;
    if (!(context->json ? search_json : search_list)(context, &searching, &hits, error))
        return POSTERN_ERROR_STORE;
    return searching_answered(context, &searching, hits);
}

const Command command_search = {
    .name = "search",
    .usage = "[--limit N] [--sort newest|oldest|relevance] [--threads] [--format FORMAT] "
             "[--explain] QUERY …",
    .summary = "Lists the messages that match a query",
    .needs = NEED_NOTHING, /* a wrong query is told before anything is unlocked */
    .run = run,
};
