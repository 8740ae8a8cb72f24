/*
 * query-sql — a query's tree answered by SQL: one statement a leaf, set arithmetic in between.
 * So no query, however deep, becomes an expression that SQLite's parser must hold. All of the
 * user's text travels as bound values; in a MATCH value every term is a quoted FTS5 string.
 */
#pragma once

#include "store/index.h"
#include "store/rowset.h"

/*
 * The rows that QUERY finds; rows that the index does not have may be among them. 65
 * "query.syntax" for a term without a letter or digit.
 */
RowSet *query_rows(Index *index, const Query *query, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The terms that a hit is ranked by, as a MATCH value (g_free); NULL when there are none. */
char *query_ranking(const Query *query);
