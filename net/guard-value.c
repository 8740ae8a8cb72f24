/* See guard-state.h: refusals, words, numbers, strings, literals, and lines made of them. */
#include "net/guard-state.h"

#include <string.h>

#include "core/error.h"
#include "core/limits.h"
#include "core/text.h"

#define MEND "tell the people who run the server; Postern has closed the connection"

gboolean scan_broken(const GuardScan *scan, GError **error, const char *fault)
{
    g_autofree char *text = text_utf8((const char *)scan->head, (gssize)scan->head_size);
    g_autofree char *head = text_field(text);
    return refuse(error, POSTERN_ERROR_PROTOCOL, "server.protocol", MEND,
                  "the server's reply \"%s…\" breaks IMAP: %s", head, fault);
}

gboolean scan_too_much(GError **error, const char *what, guint64 limit)
{
    return refuse(error, POSTERN_ERROR_PROTOCOL, "server.limit", MEND,
                  "the server sends %s over the limit of %" G_GUINT64_FORMAT, what, limit);
}

void scan_emit(GuardScan *scan, const guint8 *bytes, gsize size)
{
    if (!scan->silent)
        g_byte_array_append(scan->out, bytes, (guint)size);
}

void scan_word_clear(GuardScan *scan)
{
    scan->word_size = 0;
    scan->word[0] = '\0';
}

gboolean scan_word_add(GuardScan *scan, guint8 byte)
{
    if (scan->word_size == SCAN_WORD)
        return FALSE;
    scan->word[scan->word_size++] = g_ascii_toupper((char)byte);
    scan->word[scan->word_size] = '\0';
    return TRUE;
}

gboolean scan_word_is(const GuardScan *scan, const char *word)
{
    return strcmp(scan->word, word) == 0;
}

void scan_number_clear(GuardScan *scan)
{
    scan->number = 0;
    scan->digits = 0;
}

gboolean scan_number_add(GuardScan *scan, guint8 byte, const char *what, guint64 max,
                         GError **error)
{
    guint64 digit = byte - (guint64)'0';
    if (scan->digits == SCAN_WORD || scan->number > (max - digit) / 10)
        return scan_too_much(error, what, max);
    scan->number = scan->number * 10 + digit;
    scan->digits++;
    return TRUE;
}

gboolean scan_open_bracket(GuardScan *scan, GError **error)
{
    return ++scan->depth <= LIMIT_DEPTH || scan_too_much(error, "nested brackets", LIMIT_DEPTH);
}

/* ---- strings and literals ---- */

static gboolean in_string(GuardScan *scan, guint8 byte, GError **error);

static gboolean in_escape(GuardScan *scan, guint8 byte, GError **error)
{
    /* A lone backslash stands for itself, as libetpan has it. */
    scan->step = in_string;
    if (scan->keeping)
        g_string_append_c(scan->kept, byte == '"' ? '"' : '\\');
    if (byte != '"' && byte != '\\')
        return in_string(scan, byte, error);
    scan_emit(scan, &byte, 1);
    return TRUE;
}

static gboolean in_string(GuardScan *scan, guint8 byte, GError **error)
{
    if (byte == '\r')
        return scan_broken(scan, error, "a quoted string runs over the end of its line");
    scan_emit(scan, &byte, 1);
    if (byte == '\\') {
        scan->step = in_escape;
    } else if (byte == '"') {
        scan->before = 0;
        scan->step = scan->after;
    } else if (scan->keeping) {
        g_string_append_c(scan->kept, (char)byte);
    }
    return TRUE;
}

gboolean scan_at_literal(GuardScan *scan, guint8 byte, GError **error)
{
    (void)error;
    scan_emit(scan, &byte, 1);
    scan->literal = scan->number;
    scan->before = 0;
    scan->step = scan->after;
    return TRUE;
}

static gboolean after_count(GuardScan *scan, guint8 byte, GError **error)
{
    if (byte != '\r')
        return scan_broken(scan, error, "no line end after a literal's size");
    scan_emit(scan, &byte, 1);
    scan->step = scan_at_literal;
    return TRUE;
}

static gboolean in_count(GuardScan *scan, guint8 byte, GError **error)
{
    const char *what = scan->body ? "a message" : "a literal";
    guint64 limit = scan->body ? LIMIT_BODY_BYTES : LIMIT_LITERAL;
    if (g_ascii_isdigit((char)byte)) {
        if (!scan_number_add(scan, byte, what, limit, error))
            return FALSE;
    } else if (byte != '}' || scan->digits == 0) {
        return scan_broken(scan, error, "a literal's size is not a number");
    }
    scan_emit(scan, &byte, 1);
    if (byte == '}')
        scan->step = after_count;
    return TRUE;
}

gboolean scan_open_string(GuardScan *scan, guint8 byte, Step after, GError **error)
{
    if (scan->before != ' ' && scan->before != '(')
        return scan_broken(scan, error, "a string begins inside a word");
    scan_emit(scan, &byte, 1);
    scan_number_clear(scan);
    scan->after = after;
    scan->step = byte == '"' ? in_string : in_count;
    return TRUE;
}

gboolean scan_data(GuardScan *scan, guint8 byte, GError **error)
{
    if (scan->before == 0 && strchr(" )]\r", byte) == NULL)
        return scan_broken(scan, error, "a word runs on after a string");
    if (byte == '\r')
        return scan_line_ends(scan, error);
    if (byte == '"' || byte == '{')
        return scan_open_string(scan, byte, scan_data, error);
    if ((byte == '(' || byte == '[') && !scan_open_bracket(scan, error))
        return FALSE;
    if ((byte == ')' || byte == ']') && scan->depth > 0)
        scan->depth--;
    scan->before = byte;
    scan_emit(scan, &byte, 1);
    return TRUE;
}
