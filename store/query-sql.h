/*
 * query-sql — a query's tree as an SQL condition. All of the user's text travels as bound
 * values; inside a MATCH value every term is a quoted FTS5 string.
 */
#pragma once

#include <sqlite3.h>

#include "store/query.h"

typedef struct {
    char *condition;   /* over `doc d`; its parameters are the first of the statement */
    char *ranking;     /* MATCH value of the terms a hit is ranked by; NULL when there are none */
    GPtrArray *values; /* see query_sql_bind() */
} QuerySql;

/*
 * 65 "query.syntax" for a term without a letter or digit. DB is asked what the tokenizer makes
 * of a term.
 */
QuerySql *query_sql(const Query *query, sqlite3 *db, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void query_sql_free(QuerySql *sql);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(QuerySql, query_sql_free)

/* Binds the condition's values; returns the number of the next free parameter. SQL must outlive
 * the statement's run. */
int query_sql_bind(const QuerySql *sql, sqlite3_stmt *statement);
