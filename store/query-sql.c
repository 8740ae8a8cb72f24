/* See query-sql.h. */
#include "store/query-sql.h"

#include <string.h>

#include "core/error.h"
#include "core/text.h"
#include "store/index-private.h"
#include "store/tokenizer.h"

#define SHOWN_COLUMNS 40

static const struct {
    const char *field, *value;
    IndexSql rows;
} flags[] = {
    {"has", "attachment", SQL_ROWS_ATTACHMENT},
    {"is", "encrypted", SQL_ROWS_ENCRYPTED},
    {"is", "signed", SQL_ROWS_SIGNED},
    {"is", "sensitive", SQL_ROWS_SENSITIVE},
    {"is", "unread", SQL_ROWS_TAG},
};

static const struct {
    const char *field;
    IndexSql rows, prefix_rows;
} exacts[] = {
    {"id", SQL_ROWS_ID, SQL_ROWS_ID},
    {QUERY_MESSAGE_ID, SQL_ROWS_MESSAGE, SQL_ROWS_MESSAGE},
    {"thread", SQL_ROWS_THREAD, SQL_ROWS_THREAD},
    {"tag", SQL_ROWS_TAG, SQL_ROWS_TAG_PREFIX},
    {"folder", SQL_ROWS_FOLDER, SQL_ROWS_FOLDER_PREFIX},
    {"account", SQL_ROWS_ACCOUNT, SQL_ROWS_ACCOUNT_PREFIX},
};

/* A term as an FTS5 expression: quoted, so that nothing in it is syntax. */
static void write_term(const Query *query, const char *joint, GString *match)
{
    if (match->len > 0)
        g_string_append(match, joint);
    if (query->field)
        g_string_append_printf(match, "{\"%s\"} : ", query->field);
    g_string_append_c(match, '"');
    for (const char *at = query->value; *at; at++) {
        if (*at == '"')
            g_string_append_c(match, '"');
        g_string_append_c(match, *at);
    }
    g_string_append(match, query->prefix ? "\" *" : "\"");
}

static gboolean check_term(sqlite3 *db, const Query *query, GError **error)
{
    if (tokenizer_count(db, query->value) > 0)
        return TRUE;
    g_autofree char *safe = text_field(query->value);
    g_autofree char *shown = text_fit(safe, SHOWN_COLUMNS);
    return refuse(error, POSTERN_ERROR_INPUT, "query.syntax", "leave it out",
                  "\"%s\" holds no letter or digit to search for (character %" G_GSIZE_FORMAT
                  " of the query)",
                  shown, query->at);
}

gboolean query_check(sqlite3 *db, const Query *query, GError **error)
{
    if (query == NULL)
        return TRUE;
    if (query->kind == QUERY_TEXT)
        return check_term(db, query, error);
    return query_check(db, query->left, error) && query_check(db, query->right, error);
}

/* Which rows count. */
typedef struct {
    gint64 last;         /* no row lies above it */
    const GArray *spans; /* NULL: all */
} Scope;

static gboolean collect_span(Index *index, IndexUse *use, RowSet *rows, GError **error)
{
    gboolean more = TRUE;
    while (more) {
        if (!index_step(index, use, &more, error))
            return FALSE;
        if (more)
            rowset_add(rows, sqlite3_column_int64(use, 0));
    }
    return TRUE;
}

/* Adds the rows that a statement yields; takes USE as index_use() gave it. */
static gboolean collect(Index *index, IndexUse *use, const Scope *scope, RowSet *rows,
                        GError **error)
{
    static const RowSpan all = {G_MININT64, G_MAXINT64};
    g_autoptr(IndexUse) owned = use;
    if (owned == NULL)
        return FALSE;
    int first = sqlite3_bind_parameter_index(owned, ":first");
    int last = sqlite3_bind_parameter_index(owned, ":last");
    guint spans = first > 0 && scope->spans ? scope->spans->len : 1;
    for (guint i = 0; i < spans; i++) {
        RowSpan span = scope->spans ? g_array_index(scope->spans, RowSpan, i) : all;
        (void)sqlite3_reset(owned);
        if (first > 0) {
            (void)sqlite3_bind_int64(owned, first, span.first);
            (void)sqlite3_bind_int64(owned, last, span.last);
        }
        if (!collect_span(index, owned, rows, error))
            return FALSE;
    }
    return TRUE;
}

/* A look-up for all rows is not always the one for a few of them. */
static IndexSql statement_for(const Scope *scope, IndexSql which)
{
    if (scope->spans == NULL)
        return which;
    switch (which) {
    case SQL_ROWS_MATCH: return SQL_NEAR_MATCH;
    case SQL_ROWS_DATE: return SQL_NEAR_DATE;
    case SQL_ROWS_SIZE: return SQL_NEAR_SIZE;
    default: return which;
    }
}

static gboolean collect_match(Index *index, const char *match, const Scope *scope, RowSet *rows,
                              GError **error)
{
    IndexSql which = statement_for(scope, SQL_ROWS_MATCH);
    return collect(index, index_use(index, which, error, "t", match), scope, rows, error);
}

static IndexSql exact_statement(const Query *query)
{
    for (gsize i = 0; i < G_N_ELEMENTS(exacts); i++)
        if (strcmp(exacts[i].field, query->field) == 0)
            return query->prefix ? exacts[i].prefix_rows : exacts[i].rows;
    g_error("no field %s", query->field);
}

static IndexSql flag_statement(const Query *query, char **value)
{
    for (gsize i = 0; i < G_N_ELEMENTS(flags); i++) {
        if (strcmp(flags[i].field, query->field) != 0 || strcmp(flags[i].value, query->value) != 0)
            continue;
        *value = flags[i].rows == SQL_ROWS_TAG ? g_strdup(query->value) : NULL;
        return flags[i].rows;
    }
    g_error("no flag %s", query->value);
}

static char *and_match(const Query *query);

gboolean query_statement(const Query *query, IndexSql *which, char **value)
{
    g_autoptr(GString) match = g_string_new(NULL);
    *value = NULL;
    switch (query->kind) {
    case QUERY_TEXT:
        write_term(query, "", match);
        *value = g_strdup(match->str);
        *which = SQL_ROWS_MATCH;
        return TRUE;
    case QUERY_AND:
        *value = and_match(query);
        *which = SQL_ROWS_MATCH;
        return *value != NULL;
    case QUERY_EXACT:
        *value = strcmp(query->field, QUERY_MESSAGE_ID) == 0 ? g_strdup(query->value)
                                                             : index_fold(query->value);
        *which = exact_statement(query);
        return TRUE;
    case QUERY_FLAG: *which = flag_statement(query, value); return TRUE;
    case QUERY_DATE: *which = SQL_ROWS_DATE; return TRUE;
    case QUERY_SIZE: *which = SQL_ROWS_SIZE; return TRUE;
    default: return FALSE;
    }
}

static RowSet *evaluate(Index *index, const Query *query, const Scope *scope, GError **error);

/* What stands beside each other in a chain of ANDs. */
static void conjuncts(const Query *query, GPtrArray *list)
{
    if (query->kind != QUERY_AND) {
        g_ptr_array_add(list, (gpointer)query);
        return;
    }
    conjuncts(query->left, list);
    conjuncts(query->right, list);
}

/* The words of a chain in one MATCH, where a rare one spares reading a frequent one; NULL when it
 * has none. */
static char *and_match(const Query *query)
{
    g_autoptr(GPtrArray) parts = g_ptr_array_new();
    g_autoptr(GString) match = g_string_new(NULL);
    conjuncts(query, parts);
    for (guint i = 0; i < parts->len; i++) {
        const Query *part = parts->pdata[i];
        if (part->kind == QUERY_TEXT)
            write_term(part, " AND ", match);
    }
    return match->len > 0 ? g_strdup(match->str) : NULL;
}

/* Narrows ROWS to what PART finds as well. */
static gboolean narrow(Index *index, const Query *part, const Scope *scope, RowSet *rows,
                       GError **error)
{
    gboolean negated = part->kind == QUERY_NOT;
    g_autoptr(RowSet) found = evaluate(index, negated ? part->left : part, scope, error);
    if (found == NULL)
        return FALSE;
    if (negated)
        rowset_drop(rows, found);
    else
        rowset_keep(rows, found);
    return TRUE;
}

/* UNDATED: its ranges of dates are somebody else's. */
static RowSet *evaluate_and(Index *index, const Query *query, const Scope *scope, gboolean undated,
                            GError **error)
{
    g_autoptr(GPtrArray) parts = g_ptr_array_new();
    g_autofree char *match = and_match(query);
    g_autoptr(RowSet) rows = rowset_new(scope->last);
    conjuncts(query, parts);
    if (match == NULL)
        rowset_turn(rows);
    else if (!collect_match(index, match, scope, rows, error))
        return NULL;
    for (guint i = 0; i < parts->len && rowset_next(rows, 0) >= 0; i++) {
        const Query *part = parts->pdata[i];
        gboolean done = part->kind == QUERY_TEXT || (undated && part->kind == QUERY_DATE);
        if (!done && !narrow(index, part, scope, rows, error))
            return NULL;
    }
    return g_steal_pointer(&rows);
}

static RowSet *evaluate_or(Index *index, const Query *query, const Scope *scope, GError **error)
{
    g_autoptr(RowSet) left = evaluate(index, query->left, scope, error);
    g_autoptr(RowSet) right = left ? evaluate(index, query->right, scope, error) : NULL;
    if (right == NULL)
        return NULL;
    rowset_join(left, right);
    return g_steal_pointer(&left);
}

static RowSet *evaluate_not(Index *index, const Query *query, const Scope *scope, GError **error)
{
    RowSet *rows = evaluate(index, query->left, scope, error);
    if (rows)
        rowset_turn(rows);
    return rows;
}

static RowSet *evaluate_leaf(Index *index, const Query *query, const Scope *scope, GError **error)
{
    IndexSql which;
    g_autofree char *value = NULL;
    g_autoptr(RowSet) rows = rowset_new(scope->last);
    if (!query_statement(query, &which, &value)) {
        rowset_turn(rows);
        return g_steal_pointer(&rows);
    }
    which = statement_for(scope, which);
    gboolean range = query->kind == QUERY_DATE || query->kind == QUERY_SIZE;
    IndexUse *use = range   ? index_use(index, which, error, "ii", query->from, query->to)
                    : value ? index_use(index, which, error, "t", value)
                            : index_use(index, which, error, "");
    return collect(index, use, scope, rows, error) ? g_steal_pointer(&rows) : NULL;
}

static RowSet *evaluate(Index *index, const Query *query, const Scope *scope, GError **error)
{
    switch (query->kind) {
    case QUERY_AND: return evaluate_and(index, query, scope, FALSE, error);
    case QUERY_OR: return evaluate_or(index, query, scope, error);
    case QUERY_NOT: return evaluate_not(index, query, scope, error);
    default: return evaluate_leaf(index, query, scope, error);
    }
}

static gboolean scope_init(Scope *scope, Index *index, const Query *query, const GArray *spans,
                           GError **error)
{
    gboolean found;
    scope->spans = spans;
    return query_check(index->db, query, error) &&
           index_number(index, index_use(index, SQL_LAST_ROW, error, ""), &scope->last, &found,
                        error);
}

RowSet *query_rows_among(Index *index, const Query *query, const GArray *spans, GError **error)
{
    Scope scope;
    return scope_init(&scope, index, query, spans, error) ? evaluate(index, query, &scope, error)
                                                          : NULL;
}

RowSet *query_rows(Index *index, const Query *query, GError **error)
{
    return query_rows_among(index, query, NULL, error);
}

RowSet *query_rows_undated(Index *index, const Query *query, const GArray *spans, GError **error)
{
    Scope scope;
    if (query->kind != QUERY_AND && query->kind != QUERY_DATE)
        return query_rows_among(index, query, spans, error);
    return scope_init(&scope, index, query, spans, error)
               ? evaluate_and(index, query, &scope, TRUE, error)
               : NULL;
}

void query_dates(const Query *query, gint64 *from, gint64 *to)
{
    g_autoptr(GPtrArray) parts = g_ptr_array_new();
    conjuncts(query, parts);
    *from = G_MININT64;
    *to = G_MAXINT64;
    for (guint i = 0; i < parts->len; i++) {
        const Query *part = parts->pdata[i];
        if (part->kind != QUERY_DATE)
            continue;
        *from = MAX(*from, part->from);
        *to = MIN(*to, part->to);
    }
}

static void write_ranking(const Query *query, GString *match)
{
    if (query == NULL || query->kind == QUERY_NOT)
        return;
    if (query->kind == QUERY_TEXT)
        write_term(query, " OR ", match);
    write_ranking(query->left, match);
    write_ranking(query->right, match);
}

char *query_ranking(const Query *query)
{
    g_autoptr(GString) match = g_string_new(NULL);
    write_ranking(query, match);
    return match->len > 0 ? g_strdup(match->str) : NULL;
}
