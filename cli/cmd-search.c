/* postern search: lists what matches. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/output.h"
#include "core/error.h"
#include "core/text.h"

/* A screenful or two; a pipe or a script gets everything. */
#define TERMINAL_LIMIT 50
#define LIMIT_UNSAID G_MAXINT
#define ID_COLUMNS 16
#define DATE_COLUMNS 10
#define FROM_COLUMNS 22

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

static void add_hit(JsonBuilder *builder, const Hit *hit)
{
    json_builder_begin_object(builder);
    json_string(builder, "id", hit->id);
    json_string(builder, "thread", hit->thread);
    json_time(builder, "date", hit->date);
    json_string(builder, "from", hit->from);
    json_strings(builder, "to", hit->to);
    json_string(builder, "subject", hit->subject);
    json_string(builder, "account", hit->account);
    json_strings(builder, "folders", hit->folders);
    json_strings(builder, "tags", hit->tags);
    json_int(builder, "size", (gint64)hit->size);
    json_bool(builder, "encrypted", hit->encrypted);
    json_string(builder, "signature", hit->signature);
    json_bool(builder, "sensitive", hit->sensitive);
    json_int(builder, "attachments", hit->attachments);
    json_string(builder, "snippet", hit->snippet);
    json_builder_end_object(builder);
}

static char *padded(const char *text, guint columns)
{
    guint width = text_width(text);
    return g_strdup_printf("%s%*s", text, width < columns ? (int)(columns - width) : 0, "");
}

/* The sender's name where there is one: the address stands in `show`. */
static char *sender(const Hit *hit, gboolean cut)
{
    const char *bracket = strrchr(hit->from, '<');
    g_autofree char *name =
        bracket && bracket > hit->from ? g_strndup(hit->from, (gsize)(bracket - hit->from)) : NULL;
    g_autofree char *safe = text_field(name ? g_strstrip(name) : hit->from);
    g_autofree char *fitted = cut ? text_fit(safe, FROM_COLUMNS) : g_strdup(safe);
    return padded(fitted, FROM_COLUMNS);
}

/* Only a terminal has an end to its lines; a pipe gets all of them. COLUMNS 0: no end. */
static void print_hit(const Hit *hit, guint columns, gboolean color)
{
    g_autofree char *date = output_short_date(hit->date);
    g_autofree char *from = sender(hit, columns > 0);
    g_autofree char *subject = text_field(*hit->subject ? hit->subject : "(no subject)");
    const char *marks = hit->encrypted ? "🔒 " : "";
    guint used = ID_COLUMNS + DATE_COLUMNS + FROM_COLUMNS + 6 + text_width(marks);
    g_autofree char *fitted =
        columns ? text_fit(subject, MAX(columns, used + 10) - used) : g_strdup(subject);
    printf("%s%s%s  %*s  %s  %s%s\n", color ? "\033[33m" : "", hit->id, color ? "\033[0m" : "",
           DATE_COLUMNS, date, from, marks, fitted);
}

typedef struct {
    const Context *context;
    JsonArrayOutput json;
    guint columns, hits;
} Listing;

static gboolean take_hit(gpointer user, const Hit *hit, GError **error)
{
    (void)error;
    Listing *self = user;
    self->hits++;
    if (!self->context->json) {
        print_hit(hit, self->columns, self->context->color);
        return TRUE;
    }
    g_autoptr(JsonBuilder) builder = json_builder_new();
    add_hit(builder, hit);
    output_json_element(&self->json, builder);
    return TRUE;
}

static int run(Context *context, int argc, char **argv, GError **error)
{
    int limit = LIMIT_UNSAID;
    g_autofree char *sort_word = NULL;
    SearchSort sort = SORT_NEWEST;
    const GOptionEntry entries[] = {
        {"limit", 0, 0, G_OPTION_ARG_INT, &limit, "At most N results (0: all)", "N"},
        {"sort", 0, 0, G_OPTION_ARG_STRING, &sort_word, "newest, oldest or relevance", "ORDER"},
        G_OPTION_ENTRY_NULL,
    };
    if (!command_options(context, &command_search, entries, 0, -1, &argc, &argv, error) ||
        !parse_sort(sort_word, &sort, error) || !check_limit(context, &limit, error))
        return POSTERN_ERROR_USAGE;
    g_autofree char *text = g_strjoinv(" ", argv + 1);
    g_autoptr(Query) query = query_parse(text, g_get_real_time() / G_USEC_PER_SEC, error);
    if (query == NULL ||
        !context_meet(context, NEED_CONFIG | NEED_VAULT | NEED_KEY | NEED_INDEX, error))
        return POSTERN_ERROR_INPUT;
    Listing listing = {.context = context, .columns = output_columns()};
    gboolean fine =
        index_search_each(context->index, query, (guint)limit, sort, take_hit, &listing, error);
    if (context->json)
        output_json_array_end(&listing.json, !fine);
    if (!fine)
        return POSTERN_ERROR_STORE;
    if (listing.hits == 0 && !context->json && !context->quiet)
        output_note("nothing found");
    return listing.hits > 0 ? 0 : POSTERN_ANSWER_NO;
}

const Command command_search = {
    .name = "search",
    .usage = "[--limit N] [--sort newest|oldest|relevance] QUERY …",
    .summary = "Lists the messages that match a query",
    .needs = NEED_NOTHING, /* a wrong query is told before anything is unlocked */
    .run = run,
};
