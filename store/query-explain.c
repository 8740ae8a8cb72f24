/* See query-explain.h. */
#include "store/query-explain.h"

#include <string.h>

#include "store/index-private.h"
#include "store/index-search.h"
#include "store/query-sql.h"

static void part_clear(QueryPart *part)
{
    g_free(part->term);
    g_free(part->value);
    g_clear_pointer(&part->plan, g_ptr_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(QueryPart, part_clear)

/* --- a part in words ----------------------------------------------------------------------- */

static void write_moment(GString *out, gint64 seconds)
{
    g_autoptr(GDateTime) time = g_date_time_new_from_unix_local(seconds);
    g_autofree char *text = time ? g_date_time_format(time, "%Y-%m-%dT%H:%M:%S%:z") : NULL;
    g_string_append(out, text ? text : "");
}

static char *range_of(const Query *query)
{
    gboolean date = query->kind == QUERY_DATE;
    g_autoptr(GString) out = g_string_new(date ? "date:" : "size:");
    if (date && query->from > G_MININT64)
        write_moment(out, query->from);
    else if (!date)
        g_string_append_printf(out, "%" G_GINT64_FORMAT, query->from);
    g_string_append(out, "..");
    if (date && query->to < G_MAXINT64)
        write_moment(out, query->to);
    else if (!date && query->to < G_MAXINT64)
        g_string_append_printf(out, "%" G_GINT64_FORMAT, query->to);
    return g_strdup(out->str);
}

static char *term_of(const Query *query)
{
    const char *quote = query->phrase ? "\"" : "";
    switch (query->kind) {
    case QUERY_ALL: return g_strdup("all");
    case QUERY_AND: return g_strdup("AND");
    case QUERY_OR: return g_strdup("OR");
    case QUERY_NOT: return g_strdup("NOT");
    case QUERY_DATE:
    case QUERY_SIZE: return range_of(query);
    default:
        return g_strconcat(query->field ? query->field : "", query->field ? ":" : "", quote,
                           query->value, quote, query->prefix ? "*" : "", NULL);
    }
}

/* --- what SQLite makes of it --------------------------------------------------------------- */

static gboolean read_plan(Index *index, const char *sql, GPtrArray *plan, GError **error)
{
    g_autofree char *explaining = g_strconcat("EXPLAIN QUERY PLAN ", sql, NULL);
    sqlite3_stmt *statement = NULL;
    int rc = sqlite3_prepare_v2(index->db, explaining, -1, &statement, NULL);
    while (rc == SQLITE_OK && (rc = sqlite3_step(statement)) == SQLITE_ROW) {
        g_ptr_array_add(plan, g_strdup((const char *)sqlite3_column_text(statement, 3)));
        rc = SQLITE_OK;
    }
    rc = sqlite3_finalize(statement);
    return rc == SQLITE_OK || index_failed_by(index, rc, error);
}

typedef struct {
    Index *index;
    const Query *query;
    RowSet *all; /* rows that there are */
    PartTaker taker;
    gpointer user;
} Explaining;

static gboolean count(const Explaining *self, const Query *query, guint64 *found, GError **error)
{
    g_autoptr(RowSet) rows = query_rows(self->index, query, error);
    if (rows == NULL)
        return FALSE;
    rowset_keep(rows, self->all);
    *found = rowset_count(rows);
    return TRUE;
}

static gboolean explain_one(const Explaining *self, const Query *query, guint depth, GError **error)
{
    g_auto(QueryPart) part = {.depth = depth,
                              .at = query->at,
                              .term = term_of(query),
                              .plan = g_ptr_array_new_with_free_func(g_free)};
    IndexSql which;
    if (query_statement(query, &which, &part.value)) {
        g_autoptr(IndexUse) use = index_use(self->index, which, error, "");
        if (use == NULL)
            return FALSE;
        part.sql = sqlite3_sql(use);
        if (!read_plan(self->index, part.sql, part.plan, error))
            return FALSE;
    }
    return count(self, query, &part.found, error) && self->taker(self->user, &part, error);
}

static gboolean explain(const Explaining *self, const Query *query, guint depth, GError **error);

/* A chain of ANDs, or of ORs, is one part: what stands in it lies side by side. */
static gboolean explain_chain(const Explaining *self, QueryKind kind, const Query *query,
                              guint depth, GError **error)
{
    if (query->kind != kind)
        return explain(self, query, depth, error);
    return explain_chain(self, kind, query->left, depth, error) &&
           explain_chain(self, kind, query->right, depth, error);
}

static gboolean explain(const Explaining *self, const Query *query, guint depth, GError **error)
{
    if (!explain_one(self, query, depth, error))
        return FALSE;
    if (query->kind == QUERY_NOT)
        return explain(self, query->left, depth + 1, error);
    return (query->kind != QUERY_AND && query->kind != QUERY_OR) ||
           explain_chain(self, query->kind, query, depth + 1, error);
}

static gboolean explain_all(Index *index, gpointer user, GError **error)
{
    static const Query everything = {.kind = QUERY_SIZE, .from = G_MININT64, .to = G_MAXINT64};
    Explaining *self = user;
    g_autoptr(RowSet) all = query_rows(index, &everything, error);
    self->all = all;
    return all && explain(self, self->query, 0, error);
}

gboolean query_explain(Index *index, const Query *query, PartTaker taker, gpointer user,
                       GError **error)
{
    Explaining self = {index, query, NULL, taker, user};
    return index_in_one_state(index, explain_all, &self, error);
}
