/*
 * query-sql — a query's tree answered by SQL: one statement a leaf, set arithmetic in between.
 * So no query, however deep, becomes an expression that SQLite's parser must hold. All of the
 * user's text travels as bound values; in a MATCH value every term is a quoted FTS5 string.
 */
#pragma once

#include <sqlite3.h>

#include "store/index-private.h"
#include "store/rowset.h"

/*
 * The rows that QUERY finds; rows that the index does not have may be among them. 65
 * "query.syntax" for a term without a letter or digit.
 */
RowSet *query_rows(Index *index, const Query *query, GError **error) G_GNUC_WARN_UNUSED_RESULT;

typedef struct {
    gint64 first, last;
} RowSpan;

/* Likewise, with no more work than the rows of SPANS (RowSpan) take; beside them the set means
 * nothing. */
RowSet *query_rows_among(Index *index, const Query *query, const GArray *spans,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;

/*
 * What QUERY as a whole demands of a message's date, seconds since 1970, both ends included; and
 * the rows that it finds but for that demand. SPANS as above, or NULL for all rows. Who walks in
 * the order of dates keeps between them at no cost.
 */
void query_dates(const Query *query, gint64 *from, gint64 *to);
RowSet *query_rows_undated(Index *index, const Query *query, const GArray *spans,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;

/*
 * The one statement that answers QUERY, or of a chain of ANDs the one for all its words, and the
 * text that is bound in it (g_free; NULL for none). FALSE when there is none: it is made of others.
 */
gboolean query_statement(const Query *query, IndexSql *which, char **value);

/* Has each term something to search for? DB knows the tokenizer. Else 65 "query.syntax". */
gboolean query_check(sqlite3 *db, const Query *query, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The terms that a hit is ranked by, as a MATCH value (g_free); NULL when there are none. */
char *query_ranking(const Query *query);
