/* See searching.h. */
#include "cli/searching.h"

#include <string.h>
#include <unistd.h>

#include "cli/output.h"
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

static gboolean parse_limit(const Context *context, int limit, guint *at_most, GError **error)
{
    if (limit == LIMIT_UNSAID)
        limit = context->json || !isatty(STDOUT_FILENO) ? 0 : TERMINAL_LIMIT;
    if (limit < 0)
        return refuse(error, POSTERN_ERROR_USAGE, "usage", "use 0 for all", "--limit is negative");
    *at_most = (guint)limit;
    return TRUE;
}

static gboolean parse_format(const Context *context, const char *text, Searching *searching,
                             GError **error)
{
    if (text && context->json)
        return refuse(error, POSTERN_ERROR_USAGE, "usage", "leave one of them out",
                      "--format and --json are two forms of output");
    if (text)
        searching->format =
            search_format_new(text, searching->threads ? thread_fields : hit_fields, error);
    return text == NULL || searching->format != NULL;
}

gboolean searching_parse(Context *context, const Command *command, int argc, char **argv,
                         Searching *searching, GError **error)
{
    int limit = LIMIT_UNSAID;
    g_autofree char *sort = NULL;
    g_autofree char *format = NULL;
    const GOptionEntry entries[] = {
        {"limit", 0, 0, G_OPTION_ARG_INT, &limit, "At most N results (0: all)", "N"},
        {"sort", 0, 0, G_OPTION_ARG_STRING, &sort, "newest, oldest or relevance", "ORDER"},
        {"threads", 0, 0, G_OPTION_ARG_NONE, &searching->threads, "One line for each conversation",
         NULL},
        {"explain", 0, 0, G_OPTION_ARG_NONE, &searching->explain,
         "Tell how the query is understood and answered", NULL},
        {"format", 0, 0, G_OPTION_ARG_STRING, &format,
         "Lines of your own, such as '{date} {subject}'", "FORMAT"},
        G_OPTION_ENTRY_NULL,
    };
    if (!command_options(context, command, entries, 0, -1, &argc, &argv, error) ||
        !parse_sort(sort, &searching->sort, error) ||
        !parse_limit(context, limit, &searching->limit, error) ||
        !parse_format(context, format, searching, error))
        return FALSE;
    g_autofree char *text = g_strjoinv(" ", argv + 1);
    searching->query = query_parse(text, g_get_real_time() / G_USEC_PER_SEC, error);
    return searching->query != NULL;
}

void searching_clear(Searching *searching)
{
    g_clear_pointer(&searching->format, search_format_free);
    g_clear_pointer(&searching->query, query_free);
}

gboolean searching_run(const Searching *searching, Index *index, const SearchTakers *takers,
                       gpointer user, GError **error)
{
    if (searching->explain)
        return query_explain(index, searching->query, takers->part, user, error);
    return searching->threads ? index_search_threads(index, searching->query, searching->limit,
                                                     searching->sort, takers->thread, user, error)
                              : index_search_each(index, searching->query, searching->limit,
                                                  searching->sort, takers->hit, user, error);
}

int searching_answered(const Context *context, const Searching *searching, guint hits)
{
    if (hits == 0 && !searching->explain && !context->json && !context->quiet)
        output_note("nothing found");
    return hits > 0 ? 0 : POSTERN_ANSWER_NO;
}
