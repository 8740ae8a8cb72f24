/* query-parser — what query.c (the grammar) and query-field.c (one value) share. */
#pragma once

#include "store/query.h"

typedef struct {
    const char *text, *at;
    const char *waiting; /* the one that still waits for its right side, or NULL */
    gint64 now;
    guint depth, terms;
    GError **error;
} Parser;

/* `[field ":"] value` at parser->at, which is left behind it. */
Query *parser_value(Parser *parser);

Query *parser_node(const Parser *parser, QueryKind kind, const char *place);

/* Sets the error, with PLACE as character and excerpt; always NULL. */
void *parser_wrong(Parser *parser, const char *place, const char *mend, const char *format, ...)
    G_GNUC_PRINTF(4, 5);

/* Counted from 1. */
gsize parser_character(const Parser *parser, const char *place);

/* A word ends at a blank, a parenthesis or a quotation mark. */
const char *parser_word_end(const char *at);

/* WORD made safe and short, for a sentence (g_free). */
char *parser_shown(const char *word);
