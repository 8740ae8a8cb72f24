/* postern search: lists what matches. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/search-list.h"
#include "core/error.h"

/* A screenful or two; a pipe or a script gets everything. */
#define TERMINAL_LIMIT 50
#define LIMIT_UNSAID G_MAXINT

static gboolean parse_sort(const char *word, SearchSort *sort, GError **error)
{
    static const char *const words[] = {
        [SORT_NEWEST] = "newest", [SORT_OLDEST] = "oldest", [SORT_RELEVANCE] = "relevance"};
    for (guint i = 0; word && i < G_N_ELEMENTS(words); i++)
        if (strcmp(word, words[i]) == 0) {
            *sort = (SearchSort)i;
            return TRUE;
        }
    return word == NULL || unknown_value("--sort", word, "use newest, oldest or relevance", error);
}

static gboolean check_limit(const Context *context, int *limit, GError **error)
{
    if (*limit == LIMIT_UNSAID)
        *limit = context->json || !isatty(STDOUT_FILENO) ? 0 : TERMINAL_LIMIT;
    return *limit >= 0 ||
           refuse(error, POSTERN_ERROR_USAGE, "usage", "use 0 for all", "--limit is negative");
}

typedef struct {
    guint limit;
    SearchSort sort;
    gboolean threads, explain;
} How;

static gboolean search(const Context *context, const Query *query, const How *how, Listing *listing,
                       GError **error)
{
    Index *index = context->index;
    if (how->explain)
        return query_explain(index, query, list_part, listing, error);
    return how->threads
               ? index_search_threads(index, query, how->limit, how->sort, list_thread, listing,
                                      error)
               : index_search_each(index, query, how->limit, how->sort, list_hit, listing, error);
}

static gboolean take_format(const Context *context, const char *text, gboolean threads,
                            SearchFormat **format, GError **error)
{
    if (text && context->json)
        return refuse(error, POSTERN_ERROR_USAGE, "usage", "leave one of them out",
                      "--format and --json are two forms of output");
    *format = text ? search_format_new(text, threads ? thread_fields : hit_fields, error) : NULL;
    return text == NULL || *format != NULL;
}

static int run(Context *context, int argc, char **argv, GError **error)
{
    int limit = LIMIT_UNSAID;
    g_autofree char *sort_word = NULL;
    How how = {.sort = SORT_NEWEST};
    g_autofree char *format_text = NULL;
    g_autoptr(SearchFormat) format = NULL;
    const GOptionEntry entries[] = {
        {"limit", 0, 0, G_OPTION_ARG_INT, &limit, "At most N results (0: all)", "N"},
        {"sort", 0, 0, G_OPTION_ARG_STRING, &sort_word, "newest, oldest or relevance", "ORDER"},
        {"threads", 0, 0, G_OPTION_ARG_NONE, &how.threads, "One line for each conversation", NULL},
        {"explain", 0, 0, G_OPTION_ARG_NONE, &how.explain,
         "Tell how the query is understood and answered", NULL},
        {"format", 0, 0, G_OPTION_ARG_STRING, &format_text,
         "Lines of your own, such as '{date} {subject}'", "FORMAT"},
        G_OPTION_ENTRY_NULL,
    };
    if (!command_options(context, &command_search, entries, 0, -1, &argc, &argv, error) ||
        !parse_sort(sort_word, &how.sort, error) || !check_limit(context, &limit, error) ||
        !take_format(context, format_text, how.threads, &format, error))
        return POSTERN_ERROR_USAGE;
    how.limit = (guint)limit;
    g_autofree char *text = g_strjoinv(" ", argv + 1);
    g_autoptr(Query) query = query_parse(text, g_get_real_time() / G_USEC_PER_SEC, error);
    if (query == NULL ||
        !context_meet(context, NEED_CONFIG | NEED_VAULT | NEED_KEY | NEED_INDEX, error))
        return POSTERN_ERROR_INPUT;
    Listing listing = {.context = context, .format = format, .columns = output_columns()};
    gboolean fine = search(context, query, &how, &listing, error);
    if (context->json)
        output_json_array_end(&listing.json, !fine);
    if (!fine)
        return POSTERN_ERROR_STORE;
    if (listing.hits == 0 && !how.explain && !context->json && !context->quiet)
        output_note("nothing found");
    return listing.hits > 0 ? 0 : POSTERN_ANSWER_NO;
}

const Command command_search = {
    .name = "search",
    .usage = "[--limit N] [--sort newest|oldest|relevance] [--threads] [--format FORMAT] "
             "[--explain] QUERY …",
    .summary = "Lists the messages that match a query",
    .needs = NEED_NOTHING, /* a wrong query is told before anything is unlocked */
    .run = run,
};
