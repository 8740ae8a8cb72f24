/* See query-sql.h. */
#include "store/query-sql.h"

#include <string.h>

#include "core/error.h"
#include "core/text.h"
#include "store/index-private.h"
#include "store/tokenizer.h"

/* One bound value: a text, or with `text` NULL a number. */
typedef struct {
    char *text;
    gint64 number;
} Value;

typedef struct {
    sqlite3 *db;
    GString *condition;
    GPtrArray *ranked; /* MATCH values of single terms */
    GPtrArray *values;
    gboolean negated;
    GError **error;
} Writer;

static const struct {
    const char *field, *value, *condition;
} flags[] = {
    {"has", "attachment", "d.attachments > 0"},
    {"is", "encrypted", "d.encrypted"},
    {"is", "signed", "d.signed"},
    {"is", "sensitive", "d.sensitive"},
    {"is", "unread",
     "d.row IN (SELECT row FROM tagged WHERE tag = (SELECT no FROM tag WHERE name = 'unread'))"},
};

static const struct {
    const char *field, *whole, *prefix;
} exacts[] = {
    {"id", "d.id = ?", NULL},
    {"thread", "d.thread = (SELECT thread FROM mention WHERE id = ?)", NULL},
    {"tag", "d.row IN (SELECT g.row FROM tag t JOIN tagged g ON g.tag = t.no WHERE t.key = ?)",
     "d.row IN (SELECT g.row FROM tag t JOIN tagged g ON g.tag = t.no WHERE instr(t.key, ?) = 1)"},
    {"folder",
     "d.row IN (SELECT a.row FROM place p JOIN arrival a ON a.place = p.no"
     " WHERE p.folder_key = ?)",
     "d.row IN (SELECT a.row FROM place p JOIN arrival a ON a.place = p.no"
     " WHERE instr(p.folder_key, ?) = 1)"},
    {"account",
     "d.row IN (SELECT a.row FROM place p JOIN arrival a ON a.place = p.no"
     " WHERE p.account_key = ?)",
     "d.row IN (SELECT a.row FROM place p JOIN arrival a ON a.place = p.no"
     " WHERE instr(p.account_key, ?) = 1)"},
};

static void value_free(gpointer user)
{
    Value *value = user;
    g_free(value->text);
    g_free(value);
}

/* Takes TEXT; returns the parameter's number. */
static guint add_value(Writer *writer, char *text, gint64 number)
{
    Value *value = g_new(Value, 1);
    *value = (Value){text, number};
    g_ptr_array_add(writer->values, value);
    return writer->values->len;
}

/* A term as an FTS5 expression: quoted, so that nothing in it is syntax. */
static char *quoted_term(const Query *query)
{
    GString *term = g_string_new(NULL);
    if (query->field)
        g_string_append_printf(term, "{\"%s\"} : ", query->field);
    g_string_append_c(term, '"');
    for (const char *at = query->value; *at; at++) {
        if (*at == '"')
            g_string_append_c(term, '"');
        g_string_append_c(term, *at);
    }
    g_string_append(term, query->prefix ? "\" *" : "\"");
    return g_string_free(term, FALSE);
}

static gboolean has_letters(Writer *writer, const Query *query)
{
    if (tokenizer_count(writer->db, query->value) > 0)
        return TRUE;
    g_autofree char *shown = text_field(query->value);
    g_autofree char *fitted = text_fit(shown, 40);
    return refuse(writer->error, POSTERN_ERROR_INPUT, "query.syntax", "leave it out",
                  "\"%s\" holds no letter or digit to search for (character %" G_GSIZE_FORMAT
                  " of the query)",
                  fitted, query->at);
}

/* Whether FTS5 can answer the whole of QUERY by itself. */
static gboolean only_text(const Query *query)
{
    if (query->kind == QUERY_AND || query->kind == QUERY_OR)
        return only_text(query->left) && only_text(query->right);
    return query->kind == QUERY_TEXT;
}

/* QUERY, which is only text, as one FTS5 expression. */
static gboolean write_match(Writer *writer, const Query *query, GString *match)
{
    if (query->kind != QUERY_TEXT) {
        g_string_append_c(match, '(');
        if (!write_match(writer, query->left, match))
            return FALSE;
        g_string_append(match, query->kind == QUERY_AND ? " AND " : " OR ");
        if (!write_match(writer, query->right, match))
            return FALSE;
        g_string_append_c(match, ')');
        return TRUE;
    }
    if (!has_letters(writer, query))
        return FALSE;
    g_autofree char *term = quoted_term(query);
    g_string_append(match, term);
    if (!writer->negated)
        g_ptr_array_add(writer->ranked, g_steal_pointer(&term));
    return TRUE;
}

static gboolean write_text(Writer *writer, const Query *query)
{
    g_autoptr(GString) match = g_string_new(NULL);
    if (!write_match(writer, query, match))
        return FALSE;
    g_string_append_printf(writer->condition,
                           "d.row IN (SELECT rowid FROM words WHERE words MATCH ?%u)",
                           add_value(writer, g_strdup(match->str), 0));
    return TRUE;
}

static void write_range(Writer *writer, const Query *query)
{
    guint from = add_value(writer, NULL, query->from);
    guint to = add_value(writer, NULL, query->to);
    g_string_append_printf(writer->condition, "d.%s BETWEEN ?%u AND ?%u",
                           query->kind == QUERY_DATE ? "date" : "size", from, to);
}

static void write_flag(Writer *writer, const Query *query)
{
    for (gsize i = 0; i < G_N_ELEMENTS(flags); i++)
        if (strcmp(flags[i].field, query->field) == 0 && strcmp(flags[i].value, query->value) == 0)
            g_string_append(writer->condition, flags[i].condition);
}

static void write_exact(Writer *writer, const Query *query)
{
    guint value = add_value(writer, index_fold(query->value), 0);
    for (gsize i = 0; i < G_N_ELEMENTS(exacts); i++) {
        if (strcmp(exacts[i].field, query->field) != 0)
            continue;
        g_auto(GStrv) pieces = g_strsplit(
            query->prefix && exacts[i].prefix ? exacts[i].prefix : exacts[i].whole, "?", 2);
        g_string_append_printf(writer->condition, "%s?%u%s", pieces[0], value, pieces[1]);
    }
}

static gboolean write_query(Writer *writer, const Query *query);

static gboolean write_pair(Writer *writer, const Query *query)
{
    g_string_append_c(writer->condition, '(');
    if (!write_query(writer, query->left))
        return FALSE;
    g_string_append(writer->condition, query->kind == QUERY_AND ? " AND " : " OR ");
    if (!write_query(writer, query->right))
        return FALSE;
    g_string_append_c(writer->condition, ')');
    return TRUE;
}

static gboolean write_not(Writer *writer, const Query *query)
{
    g_string_append(writer->condition, "NOT (");
    writer->negated = !writer->negated;
    gboolean written = write_query(writer, query->left);
    writer->negated = !writer->negated;
    g_string_append_c(writer->condition, ')');
    return written;
}

static gboolean write_query(Writer *writer, const Query *query)
{
    if (only_text(query))
        return write_text(writer, query);
    switch (query->kind) {
    case QUERY_AND:
    case QUERY_OR: return write_pair(writer, query);
    case QUERY_NOT: return write_not(writer, query);
    case QUERY_DATE:
    case QUERY_SIZE: write_range(writer, query); break;
    case QUERY_FLAG: write_flag(writer, query); break;
    case QUERY_EXACT: write_exact(writer, query); break;
    case QUERY_ALL:
    case QUERY_TEXT: g_string_append(writer->condition, "TRUE"); break;
    }
    return TRUE;
}

QuerySql *query_sql(const Query *query, sqlite3 *db, GError **error)
{
    g_autoptr(GString) condition = g_string_new(NULL);
    g_autoptr(GPtrArray) ranked = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) values = g_ptr_array_new_with_free_func(value_free);
    Writer writer = {db, condition, ranked, values, FALSE, error};
    if (!write_query(&writer, query))
        return NULL;
    QuerySql *sql = g_new0(QuerySql, 1);
    sql->condition = g_strdup(condition->str);
    sql->values = g_steal_pointer(&values);
    if (ranked->len > 0) {
        g_ptr_array_add(ranked, NULL);
        sql->ranking = g_strjoinv(" OR ", (char **)ranked->pdata);
    }
    return sql;
}

void query_sql_free(QuerySql *sql)
{
    if (sql == NULL)
        return;
    g_free(sql->condition);
    g_free(sql->ranking);
    g_ptr_array_unref(sql->values);
    g_free(sql);
}

int query_sql_bind(const QuerySql *sql, sqlite3_stmt *statement)
{
    for (guint i = 0; i < sql->values->len; i++) {
        const Value *value = sql->values->pdata[i];
        int at = (int)i + 1;
        int rc = value->text ? sqlite3_bind_text(statement, at, value->text, -1, SQLITE_STATIC)
                             : sqlite3_bind_int64(statement, at, value->number);
        if (rc != SQLITE_OK)
            g_error("cannot bind value %d: %s", at, sqlite3_errstr(rc));
    }
    return (int)sql->values->len + 1;
}
