/*
 * query — the search language as a tree. The grammar is its own; nothing of the user's text
 * ever becomes SQL or FTS5 syntax.
 *
 *   query  := [or | "*"] ;  or := and ("OR" and)* ;  and := not (["AND"] not)* ;
 *   not    := ["NOT" | "-"] primary ;  primary := "(" or ")" | [field ":"] value
 *   value  := word ["*"] | '"' words '"'
 */
#pragma once

#include <glib.h>

typedef struct Query Query;

/*
 * Parses TEXT. An empty query, or `*` alone, matches everything. On failure 65, rule "query.syntax", and the
 * sentence shows the character. NOW (seconds since 1970) is what `7d` counts from.
 */
Query *query_parse(const char *text, gint64 now, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void query_free(Query *query);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Query, query_free)

typedef enum {
    QUERY_ALL, QUERY_AND, QUERY_OR, QUERY_NOT, QUERY_TEXT, QUERY_DATE, QUERY_SIZE, QUERY_FLAG,
    QUERY_EXACT,
} QueryKind;

/* The field of an EXACT that holds a Message-ID, letter for letter. `id:` has it. */
#define QUERY_MESSAGE_ID "message-id"

/* Read by query-sql.c and by --explain. */
struct Query {
    QueryKind kind;
    Query *left, *right;      /* AND, OR; NOT uses left */
    char *field;              /* TEXT: FTS column or NULL for all; EXACT and FLAG: field name */
    char *value;              /* TEXT, EXACT, FLAG */
    gboolean phrase, prefix;  /* TEXT; EXACT has prefix for tag, folder, account */
    gint64 from, to;          /* DATE seconds, SIZE bytes; both ends included */
    gsize at;                 /* character in the text, for messages */
};
