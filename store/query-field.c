/* One term of a query: which fields there are, and what value each may have. See query.h. */
#include "store/query-parser.h"

#include <string.h>

#include "core/base32.h"
#include "core/error.h"
#include "store/query-value.h"

#define ID_BYTES 10

/* A name that is further away than this is not taken for a slip of the finger. */
#define NEAR 2

typedef enum {
    FIELD_TEXT,
    FIELD_NAME,
    FIELD_ID,
    FIELD_THREAD,
    FIELD_FLAG,
    FIELD_DATE,
    FIELD_SIZE
} FieldKind;

typedef struct {
    const char *name;
    FieldKind kind;
    const char *values[5]; /* FLAG */
} Field;

static const Field fields[] = {
    {"from", FIELD_TEXT, {NULL}},
    {"to", FIELD_TEXT, {NULL}},
    {"cc", FIELD_TEXT, {NULL}},
    {"subject", FIELD_TEXT, {NULL}},
    {"body", FIELD_TEXT, {NULL}},
    {"list", FIELD_TEXT, {NULL}},
    {"filename", FIELD_TEXT, {NULL}},
    {"tag", FIELD_NAME, {NULL}},
    {"folder", FIELD_NAME, {NULL}},
    {"account", FIELD_NAME, {NULL}},
    {"id", FIELD_ID, {NULL}},
    {"thread", FIELD_THREAD, {NULL}},
    {"has", FIELD_FLAG, {"attachment", NULL}},
    {"is", FIELD_FLAG, {"encrypted", "signed", "sensitive", "unread", NULL}},
    {"date", FIELD_DATE, {NULL}},
    {"size", FIELD_SIZE, {NULL}},
};

/* A value as it stands in the text. */
typedef struct {
    const char *place; /* its first character, behind a quotation mark */
    char *text;
    gboolean quoted;
} Value;

static void value_clear(Value *value)
{
    g_free(value->text);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Value, value_clear)

/* Insertions, deletions and substitutions between two short words. */
static guint distance(const char *a, const char *b)
{
    guint row[16];
    gsize width = strlen(b);
    g_assert(width < G_N_ELEMENTS(row));
    for (gsize j = 0; j <= width; j++)
        row[j] = (guint)j;
    for (gsize i = 1; *a; a++, i++) {
        guint diagonal = row[0];
        row[0] = (guint)i;
        for (gsize j = 1; j <= width; j++) {
            guint substituted = diagonal + (g_ascii_tolower(*a) != b[j - 1]);
            diagonal = row[j];
            row[j] = MIN(substituted, MIN(row[j], row[j - 1]) + 1);
        }
    }
    return row[width];
}

static const Field *nearest_field(const char *name)
{
    const Field *nearest = NULL;
    guint least = NEAR + 1;
    for (gsize i = 0; i < G_N_ELEMENTS(fields); i++) {
        guint far = distance(name, fields[i].name);
        if (far < least && far < strlen(name)) {
            least = far;
            nearest = &fields[i];
        }
    }
    return nearest;
}

static Query *unknown_field(Parser *parser, const char *name)
{
    const Field *nearest = nearest_field(name);
    g_autofree char *shown = parser_shown(name);
    g_autofree char *mend =
        nearest
            ? g_strdup_printf("write %s:, or put the word into quotes if the colon belongs to it",
                              nearest->name)
            : g_strdup("put the word into quotes if the colon belongs to it; "
                       "postern help search lists the fields");
    return parser_wrong(parser, parser->at, mend, "there is no field \"%s\"", shown);
}

/* The field that stands before a colon, its value after; *name is NULL when there is no colon. */
static const Field *take_field(Parser *parser, char **name)
{
    const char *end = parser->at;
    while (g_ascii_isalpha(*end))
        end++;
    if (*end != ':' || end == parser->at)
        return NULL;
    *name = g_ascii_strdown(parser->at, end - parser->at);
    for (gsize i = 0; i < G_N_ELEMENTS(fields); i++) {
        if (strcmp(fields[i].name, *name) == 0) {
            parser->at = end + 1;
            return &fields[i];
        }
    }
    return NULL;
}

static gboolean take_quoted(Parser *parser, Value *value)
{
    const char *open = parser->at;
    const char *close = strchr(open + 1, '"');
    if (close == NULL)
        return parser_wrong(parser, open, "add the second quotation mark",
                            "the quotation mark is never closed") != NULL;
    *value = (Value){open + 1, g_strndup(open + 1, (gsize)(close - open - 1)), TRUE};
    parser->at = close + 1;
    return TRUE;
}

static gboolean take_value(Parser *parser, const Field *field, Value *value)
{
    const char *at = parser->at;
    if (*at == '"')
        return take_quoted(parser, value);
    const char *end = parser_word_end(at);
    if (*at == '(')
        return parser_wrong(parser, at, "write (subject:a OR subject:b)",
                            "a field takes one value, not parentheses") != NULL;
    if (end == at)
        return parser_wrong(parser, at, "write the value directly behind the colon",
                            "nothing follows \"%s:\"", field->name) != NULL;
    *value = (Value){at, g_strndup(at, (gsize)(end - at)), FALSE};
    parser->at = end;
    return TRUE;
}

/* Takes the star off the end of a word, where alone it may stand. */
static gboolean take_star(Parser *parser, Value *value, gboolean *prefix)
{
    char *star = value->quoted ? NULL : strchr(value->text, '*');
    if (star == NULL)
        return TRUE;
    if (star == value->text)
        return parser_wrong(parser, value->place,
                            "write the beginning of a word before it; alone, as the whole query, "
                            "it means every message",
                            "\"*\" has no word on its left") != NULL;
    if (star[1] != '\0')
        return parser_wrong(parser, value->place + (star - value->text),
                            "write invoic*, or quote the word",
                            "\"*\" may only end a word") != NULL;
    *star = '\0';
    *prefix = TRUE;
    return TRUE;
}

static Query *worded(Parser *parser, const char *place, const Field *field, Value *value)
{
    gboolean prefix = FALSE;
    if (!take_star(parser, value, &prefix))
        return NULL;
    if (*value->text == '\0')
        return parser_wrong(parser, place, "put a word between them",
                            "the quotation marks are empty");
    Query *query =
        parser_node(parser, field && field->kind == FIELD_NAME ? QUERY_EXACT : QUERY_TEXT, place);
    query->field = field ? g_strdup(field->name) : NULL;
    query->value = g_steal_pointer(&value->text);
    query->phrase = value->quoted;
    query->prefix = prefix;
    return query;
}

/* What its sender called it, with or without angle brackets. NULL: something else. */
static char *message_id(const char *text)
{
    gsize size = strlen(text);
    if (size > 2 && text[0] == '<' && text[size - 1] == '>')
        return g_strndup(text + 1, size - 2);
    return strchr(text, '@') ? g_strdup(text) : NULL;
}

static Query *identified(Parser *parser, const char *place, const Field *field, Value *value)
{
    guint8 bytes[ID_BYTES];
    gboolean ours = base32_decode(value->text, bytes, sizeof bytes);
    gboolean message = field->kind == FIELD_ID;
    g_autofree char *theirs = message ? message_id(value->text) : NULL;
    g_autofree char *shown = parser_shown(value->text);
    if (!ours && theirs == NULL)
        return parser_wrong(parser, value->place, "copy it from the output of search",
                            "\"%s\" is no id: those have 16 letters and digits%s", shown,
                            message ? ", or they are a Message-ID, with its @" : "");
    Query *query = parser_node(parser, QUERY_EXACT, place);
    query->field = g_strdup(ours ? field->name : QUERY_MESSAGE_ID);
    query->value = ours ? g_ascii_strdown(value->text, -1) : g_steal_pointer(&theirs);
    return query;
}

static Query *flagged(Parser *parser, const char *place, const Field *field, Value *value)
{
    for (gsize i = 0; field->values[i]; i++) {
        if (g_ascii_strcasecmp(field->values[i], value->text) != 0)
            continue;
        Query *query = parser_node(parser, QUERY_FLAG, place);
        query->field = g_strdup(field->name);
        query->value = g_strdup(field->values[i]);
        return query;
    }
    g_autofree char *shown = parser_shown(value->text);
    g_autofree char *known = g_strjoinv(", ", (char **)field->values);
    g_autofree char *mend = g_strdup_printf("write %s: with one of: %s", field->name, known);
    return parser_wrong(parser, value->place, mend, "%s: knows no \"%s\"", field->name, shown);
}

static Query *ranged(Parser *parser, const char *place, const Field *field, Value *value)
{
    ValueFault fault;
    gint64 from = 0, to = 0;
    gboolean date = field->kind == FIELD_DATE;
    gboolean fine = date ? query_date(value->text, parser->now, &from, &to, &fault)
                         : query_size(value->text, &from, &to, &fault);
    if (!fine) {
        g_autofree char *shown = parser_shown(value->text + fault.at);
        return parser_wrong(parser, value->place + fault.at, fault.mend, "%s: \"%s\"", fault.why,
                            shown);
    }
    Query *query = parser_node(parser, date ? QUERY_DATE : QUERY_SIZE, place);
    query->from = from;
    query->to = to;
    return query;
}

Query *parser_value(Parser *parser)
{
    const char *place = parser->at;
    g_autofree char *name = NULL;
    g_auto(Value) value = {0};
    const Field *field = take_field(parser, &name);
    if (field == NULL && name != NULL)
        return unknown_field(parser, name);
    if (!take_value(parser, field, &value))
        return NULL;
    switch (field ? field->kind : FIELD_TEXT) {
    case FIELD_ID:
    case FIELD_THREAD: return identified(parser, place, field, &value);
    case FIELD_FLAG: return flagged(parser, place, field, &value);
    case FIELD_DATE:
    case FIELD_SIZE: return ranged(parser, place, field, &value);
    case FIELD_TEXT:
    case FIELD_NAME: break;
    }
    return worded(parser, place, field, &value);
}
