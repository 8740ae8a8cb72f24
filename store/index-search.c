/* What leaves the index: the rows that a query finds, and their cards. See index.h. */
#include "store/index-private.h"

#include <string.h>

#include "core/error.h"
#include "core/text.h"
#include "store/query-sql.h"

/* How much a term weighs by the column it stands in: subject, from, to, cc, body, list, filename.
 */
#define WEIGHTS "4.0, 3.0, 1.0, 1.0, 1.0, 0.5, 2.0"

static const char *const signatures[] = {
    [SIGNATURE_NONE] = "none",
    [SIGNATURE_PRESENT] = "present",
    [SIGNATURE_GOOD_AT_INDEX] = "good-at-index",
};

void hit_free(Hit *hit)
{
    if (hit == NULL)
        return;
    g_free(hit->id);
    g_free(hit->thread);
    g_free(hit->from);
    g_ptr_array_unref(hit->to);
    g_free(hit->subject);
    g_free(hit->account);
    g_ptr_array_unref(hit->folders);
    g_ptr_array_unref(hit->tags);
    g_free(hit->snippet);
    g_free(hit);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Hit, hit_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(sqlite3_stmt, sqlite3_finalize)

static void hit_destroy(gpointer hit)
{
    hit_free(hit);
}

static char *text_column(IndexUse *use, int column)
{
    const char *text = (const char *)sqlite3_column_text(use, column);
    return g_strdup(text ? text : "");
}

static gboolean fill_list(Index *index, IndexSql which, gint64 row, GPtrArray *list, GError **error)
{
    g_autoptr(IndexUse) use = index_use(index, which, error, "i", row);
    gboolean more = use != NULL;
    while (more) {
        if (!index_step(index, use, &more, error))
            return FALSE;
        if (more)
            g_ptr_array_add(list, text_column(use, 0));
    }
    return use != NULL;
}

/* Where the first mailbox of LIST ends: names may hold ", " as well. */
static const char *mailbox_end(const char *list)
{
    for (const char *end = strstr(list, ", "); end; end = strstr(end + 2, ", ")) {
        gsize size = (gsize)(end - list);
        gboolean bare = memchr(list, '@', size) && !memchr(list, ' ', size);
        if (bare || end[-1] == '>')
            return end;
    }
    return list + strlen(list);
}

static void fill_recipients(const char *list, GPtrArray *out)
{
    while (*list) {
        const char *end = mailbox_end(list);
        g_ptr_array_add(out, g_strndup(list, (gsize)(end - list)));
        list = *end ? end + 2 : end;
    }
}

static void fill_card(Hit *hit, IndexUse *use)
{
    int signature = sqlite3_column_int(use, 7);
    hit->id = text_column(use, 0);
    hit->thread = text_column(use, 1);
    hit->date = sqlite3_column_int64(use, 2);
    hit->size = (guint64)sqlite3_column_int64(use, 3);
    hit->attachments = (guint)sqlite3_column_int(use, 4);
    hit->encrypted = sqlite3_column_int(use, 5) != 0;
    hit->sensitive = sqlite3_column_int(use, 6) != 0;
    hit->signature = signatures[CLAMP(signature, 0, (int)G_N_ELEMENTS(signatures) - 1)];
    hit->account = text_column(use, 8);
    hit->from = text_column(use, 9);
    g_autofree char *recipients = text_column(use, 10);
    fill_recipients(recipients, hit->to);
    hit->subject = text_column(use, 11);
    hit->snippet = text_column(use, 12);
}

static Hit *hit_of(Index *index, gint64 row, GError **error)
{
    g_autoptr(Hit) hit = g_new0(Hit, 1);
    hit->to = g_ptr_array_new_with_free_func(g_free);
    hit->folders = g_ptr_array_new_with_free_func(g_free);
    hit->tags = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(IndexUse) use = index_use(index, SQL_HIT, error, "i", row);
    gboolean found;
    if (use == NULL || !index_step(index, use, &found, error))
        return NULL;
    if (!found) {
        refuse(error, POSTERN_ERROR_STORE, "index.damage",
               "rebuild it with 'postern index --rebuild'",
               "the index lacks what belongs to row %" G_GINT64_FORMAT, row);
        return NULL;
    }
    fill_card(hit, use);
    if (!fill_list(index, SQL_HIT_FOLDERS, row, hit->folders, error) ||
        !fill_list(index, SQL_HIT_TAGS, row, hit->tags, error))
        return NULL;
    return g_steal_pointer(&hit);
}

/* Parameters: those of the condition, then the limit, then the terms to rank by. */
static char *statement_of(const QuerySql *sql, SearchSort sort)
{
    guint limit = sql->values->len + 1;
    if (sort == SORT_RELEVANCE && sql->ranking)
        return g_strdup_printf(
            "WITH score(row, rank) AS MATERIALIZED (SELECT rowid, bm25(words, " WEIGHTS ")"
            " FROM words WHERE words MATCH ?%u)"
            " SELECT d.row FROM doc d LEFT JOIN score s ON s.row = d.row WHERE %s"
            " ORDER BY s.rank IS NULL, s.rank, d.date DESC, d.row DESC LIMIT ?%u",
            limit + 1, sql->condition, limit);
    return g_strdup_printf("SELECT d.row FROM doc d WHERE %s ORDER BY %s LIMIT ?%u", sql->condition,
                           sort == SORT_OLDEST ? "d.date, d.row" : "d.date DESC, d.row DESC",
                           limit);
}

static GArray *rows_of(Index *index, const QuerySql *sql, guint limit, SearchSort sort,
                       GError **error)
{
    g_autoptr(sqlite3_stmt) statement = NULL;
    g_autofree char *text = statement_of(sql, sort);
    if (sqlite3_prepare_v2(index->db, text, -1, &statement, NULL) != SQLITE_OK) {
        index_failed(index, error);
        return NULL;
    }
    int next = query_sql_bind(sql, statement);
    sqlite3_bind_int64(statement, next, limit > 0 ? (gint64)limit : -1);
    if (sqlite3_bind_parameter_count(statement) > next)
        sqlite3_bind_text(statement, next + 1, sql->ranking, -1, SQLITE_STATIC);
    g_autoptr(GArray) rows = g_array_new(FALSE, FALSE, sizeof(gint64));
    for (gboolean more = TRUE; more;) {
        if (!index_step(index, statement, &more, error))
            return NULL;
        gint64 row = sqlite3_column_int64(statement, 0);
        if (more)
            g_array_append_val(rows, row);
    }
    return g_steal_pointer(&rows);
}

static GPtrArray *hits_of(Index *index, const QuerySql *sql, guint limit, SearchSort sort,
                          GError **error)
{
    g_autoptr(GPtrArray) hits = g_ptr_array_new_with_free_func(hit_destroy);
    g_autoptr(GArray) rows = rows_of(index, sql, limit, sort, error);
    if (rows == NULL)
        return NULL;
    for (guint i = 0; i < rows->len; i++) {
        Hit *hit = hit_of(index, g_array_index(rows, gint64, i), error);
        if (hit == NULL)
            return NULL;
        g_ptr_array_add(hits, hit);
    }
    return g_steal_pointer(&hits);
}

GPtrArray *index_search(Index *index, const Query *query, guint limit, SearchSort sort,
                        GError **error)
{
    g_autoptr(QuerySql) sql = query_sql(query, index->db, error);
    if (sql == NULL)
        return NULL;
    /* Rows and their cards out of one state, whatever is committed in between. */
    gboolean own = sqlite3_get_autocommit(index->db) != 0;
    if (own && !index_exec(index, "BEGIN", error))
        return NULL;
    GPtrArray *hits = hits_of(index, sql, limit, sort, error);
    if (own)
        sqlite3_exec(index->db, "COMMIT", NULL, NULL, NULL);
    return hits;
}

Hit *index_lookup(Index *index, const char *id, GError **error)
{
    gint64 row;
    gboolean found;
    g_autofree char *lower = g_ascii_strdown(id, -1);
    IndexUse *use = index_use(index, SQL_ROW_OF_ID, error, "t", lower);
    if (!index_number(index, use, &row, &found, error))
        return NULL;
    if (found)
        return hit_of(index, row, error);
    g_autofree char *shown = text_field(id);
    g_autofree char *fitted = text_fit(shown, 40);
    refuse(error, POSTERN_ERROR_INPUT, "message.id", "take an id that search prints",
           "there is no message with the id \"%s\"", fitted);
    return NULL;
}
