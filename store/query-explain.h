/* query-explain — how a query was understood, how SQLite answers each part, and what that finds. */
#pragma once

#include "store/index.h"

/* One part; what stands in brackets below it has a greater depth. Foreign text is not made safe. */
typedef struct {
    guint depth;
    gsize at;        /* character of the query */
    char *term;      /* "AND", "subject:invoic*", "date:2024-01-01T00:00:00+01:00.." */
    const char *sql; /* NULL: made of what is below */
    char *value;     /* the text that is bound in it, or NULL */
    GPtrArray *plan; /* char *: a line each, as EXPLAIN QUERY PLAN says */
    guint64 found;   /* messages */
} QueryPart;

typedef gboolean (*PartTaker)(gpointer user, const QueryPart *part, GError **error);

/* The whole first, then its parts in the order of the text, out of one state. */
gboolean query_explain(Index *index, const Query *query, PartTaker taker, gpointer user,
                       GError **error) G_GNUC_WARN_UNUSED_RESULT;
