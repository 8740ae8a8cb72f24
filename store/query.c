/*
 * See query.h. A parser by recursive descent: one function a rule of the grammar, in its order.
 * What a field's value may be is decided in query-field.c.
 */
#include "store/query-parser.h"

#include <string.h>

#include "core/error.h"
#include "core/limits.h"
#include "core/text.h"

/* Characters of the query shown on either side of a fault, and of a word that is named. */
#define SHOWN_CHARACTERS 24
#define SHOWN_COLUMNS 40

typedef enum {
    TOKEN_END,
    TOKEN_OPEN,
    TOKEN_CLOSE,
    TOKEN_AND,
    TOKEN_OR,
    TOKEN_NOT,
    TOKEN_VALUE
} Token;

void query_free(Query *query)
{
    if (query == NULL)
        return;
    query_free(query->left);
    query_free(query->right);
    g_free(query->field);
    g_free(query->value);
    g_free(query);
}

gsize parser_character(const Parser *parser, const char *place)
{
    return (gsize)g_utf8_pointer_to_offset(parser->text, place) + 1;
}

Query *parser_node(const Parser *parser, QueryKind kind, const char *place)
{
    Query *query = g_new0(Query, 1);
    query->kind = kind;
    query->at = parser_character(parser, place);
    return query;
}

/* The query around PLACE, with a caret in front of it: `…voice ^fron:bob…`. */
static char *excerpt(const Parser *parser, const char *place)
{
    const char *begin = place, *end = place;
    for (guint i = 0; i < SHOWN_CHARACTERS && begin > parser->text; i++)
        begin = g_utf8_prev_char(begin);
    for (guint i = 0; i < SHOWN_CHARACTERS && *end; i++)
        end = g_utf8_next_char(end);
    g_autofree char *before = g_strndup(begin, (gsize)(place - begin));
    g_autofree char *after = g_strndup(place, (gsize)(end - place));
    g_autofree char *joined =
        g_strconcat(begin > parser->text ? "…" : "", before, "^", after, *end ? "…" : "", NULL);
    return text_field(joined);
}

void *parser_wrong(Parser *parser, const char *place, const char *mend, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *why = g_strdup_vprintf(format, args);
    va_end(args);
    g_autofree char *shown = excerpt(parser, place);
    refuse(parser->error, POSTERN_ERROR_INPUT, "query.syntax", mend,
           "%s (character %" G_GSIZE_FORMAT " of the query: %s)", why,
           parser_character(parser, place), shown);
    return NULL;
}

char *parser_shown(const char *word)
{
    g_autofree char *safe = text_field(word);
    return text_fit(safe, SHOWN_COLUMNS);
}

static const char *skip_blanks(const char *at)
{
    while (*at && g_unichar_isspace(g_utf8_get_char(at)))
        at = g_utf8_next_char(at);
    return at;
}

const char *parser_word_end(const char *at)
{
    while (*at && strchr("()\"", *at) == NULL && !g_unichar_isspace(g_utf8_get_char(at)))
        at = g_utf8_next_char(at);
    return at;
}

static gboolean word_is(const char *at, const char *word)
{
    gsize size = strlen(word);
    return (gsize)(parser_word_end(at) - at) == size && memcmp(at, word, size) == 0;
}

/* A minus means NOT only when what it negates follows at once. */
static gboolean minus(const char *at)
{
    const char *next = skip_blanks(at + 1);
    return *at == '-' && next == at + 1 && *next && *next != ')';
}

static Token peek(Parser *parser)
{
    parser->at = skip_blanks(parser->at);
    switch (*parser->at) {
    case '\0': return TOKEN_END;
    case '(': return TOKEN_OPEN;
    case ')': return TOKEN_CLOSE;
    default: break;
    }
    if (word_is(parser->at, "AND"))
        return TOKEN_AND;
    if (word_is(parser->at, "OR"))
        return TOKEN_OR;
    return word_is(parser->at, "NOT") || minus(parser->at) ? TOKEN_NOT : TOKEN_VALUE;
}

static void take_operator(Parser *parser)
{
    parser->waiting = parser->at;
    parser->at += *parser->at == '-' ? 1 : parser_word_end(parser->at) - parser->at;
}

static Query *join(const Parser *parser, QueryKind kind, const char *place, Query *left,
                   Query *right)
{
    Query *query = parser_node(parser, kind, place);
    query->left = left;
    query->right = right;
    return query;
}

/* No value where one must stand: at a closing bracket, an operator or the end. */
static Query *missing(Parser *parser, Token token)
{
    const char *waiting = parser->waiting;
    g_autofree char *named =
        waiting
            ? g_strndup(waiting, *waiting == '-' ? 1 : (gsize)(parser_word_end(waiting) - waiting))
            : NULL;
    if (token == TOKEN_NOT)
        return parser_wrong(parser, parser->at, "write one NOT, or parentheses",
                            "NOT stands twice in a row");
    if (token == TOKEN_AND || token == TOKEN_OR)
        return parser_wrong(parser, parser->at,
                            "put a term on both sides, or quote it to search for the word",
                            "%s has nothing on its left", token == TOKEN_AND ? "AND" : "OR");
    if (named)
        return parser_wrong(parser, waiting,
                            "put a term behind it, or quote it to search for the word",
                            "%s has nothing on its right", named);
    if (parser->depth == 0)
        return parser_wrong(parser, parser->at, "remove it, or quote it", "\")\" closes nothing");
    return parser_wrong(parser, parser->at, "put a term between the parentheses",
                        "the parentheses are empty");
}

static Query *parse_or(Parser *parser);

static Query *parse_parentheses(Parser *parser)
{
    const char *open = parser->at++;
    parser->waiting = NULL;
    if (++parser->depth > LIMIT_QUERY_DEPTH)
        return parser_wrong(parser, open, "write it with fewer parentheses",
                            "parentheses nest deeper than %d", LIMIT_QUERY_DEPTH);
    if (peek(parser) == TOKEN_END)
        return parser_wrong(parser, open, "add the \")\"", "\"(\" is never closed");
    g_autoptr(Query) inner = parse_or(parser);
    if (inner == NULL)
        return NULL;
    if (peek(parser) != TOKEN_CLOSE)
        return parser_wrong(parser, open, "add the \")\"", "\"(\" is never closed");
    parser->at++;
    parser->depth--;
    return g_steal_pointer(&inner);
}

static Query *parse_primary(Parser *parser)
{
    Token token = peek(parser);
    if (token == TOKEN_OPEN)
        return parse_parentheses(parser);
    if (token != TOKEN_VALUE)
        return missing(parser, token);
    if (++parser->terms > LIMIT_QUERY_TERMS)
        return parser_wrong(parser, parser->at, "search for fewer words",
                            "a query holds at most %d terms", LIMIT_QUERY_TERMS);
    parser->waiting = NULL;
    return parser_value(parser);
}

static Query *parse_not(Parser *parser)
{
    if (peek(parser) != TOKEN_NOT)
        return parse_primary(parser);
    const char *place = parser->at;
    take_operator(parser);
    Query *inner = parse_primary(parser);
    return inner ? join(parser, QUERY_NOT, place, inner, NULL) : NULL;
}

static Query *parse_and(Parser *parser)
{
    g_autoptr(Query) left = parse_not(parser);
    while (left) {
        Token token = peek(parser);
        const char *place = parser->at;
        if (token == TOKEN_END || token == TOKEN_CLOSE || token == TOKEN_OR)
            break;
        if (token == TOKEN_AND)
            take_operator(parser);
        Query *right = parse_not(parser);
        if (right == NULL)
            return NULL;
        left = join(parser, QUERY_AND, place, g_steal_pointer(&left), right);
    }
    return g_steal_pointer(&left);
}

static Query *parse_or(Parser *parser)
{
    g_autoptr(Query) left = parse_and(parser);
    while (left && peek(parser) == TOKEN_OR) {
        const char *place = parser->at;
        take_operator(parser);
        Query *right = parse_and(parser);
        if (right == NULL)
            return NULL;
        left = join(parser, QUERY_OR, place, g_steal_pointer(&left), right);
    }
    return g_steal_pointer(&left);
}

/* Nothing, or a star alone. */
static gboolean means_all(Parser *parser)
{
    return peek(parser) == TOKEN_END ||
           (*parser->at == '*' && *skip_blanks(parser->at + 1) == '\0');
}

Query *query_parse(const char *text, gint64 now, GError **error)
{
    const char *invalid;
    if (strlen(text) > LIMIT_QUERY) {
        refuse(error, POSTERN_ERROR_INPUT, "query.syntax", "search for fewer words",
               "the query is longer than %d bytes", LIMIT_QUERY);
        return NULL;
    }
    if (!g_utf8_validate(text, -1, &invalid)) {
        refuse(error, POSTERN_ERROR_INPUT, "query.syntax", "write the query in UTF-8",
               "character %ld of the query is not UTF-8", g_utf8_strlen(text, invalid - text) + 1);
        return NULL;
    }
    Parser parser = {.text = text, .at = text, .now = now, .error = error};
    if (means_all(&parser))
        return parser_node(&parser, QUERY_ALL, parser.at);
    g_autoptr(Query) query = parse_or(&parser);
    if (query && peek(&parser) != TOKEN_END) {
        parser.waiting = NULL;
        return missing(&parser, TOKEN_CLOSE);
    }
    return g_steal_pointer(&query);
}
