/* See rfc2047.h. */
#include "mime/rfc2047.h"

#include <string.h>

#include "mime/charset.h"
#include "mime/transfer.h"

#define CHARSET_MAX 64
#define WORD_BYTES 39 /* 64 characters when encoded: "Subject: " and they fit a line of 76 */
#define PLAIN_WORD 64

typedef struct {
    char charset[CHARSET_MAX];
    char encoding; /* 'b' or 'q' */
    const char *text;
    gsize size;   /* of text */
    gsize length; /* of the whole word */
} Word;

static gboolean is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* "charset?" or "charset*language?"; where the text after it begins, or NULL. */
static const char *read_charset(const char *at, Word *word)
{
    gsize n = strcspn(at, "?* \t\r\n");
    if (n == 0 || n >= CHARSET_MAX)
        return NULL;
    memcpy(word->charset, at, n);
    word->charset[n] = '\0';
    at += n;
    if (*at == '*') {
        gsize language = strcspn(at, "? \t\r\n");
        if (language >= CHARSET_MAX)
            return NULL;
        at += language;
    }
    return *at == '?' ? at + 1 : NULL;
}

/* The text ends at "?="; blanks inside are tolerated, another "=?" says it never ends. */
static gboolean read_text(const char *at, Word *word)
{
    word->text = at;
    for (; *at; at++) {
        if (at[0] == '?' && at[1] == '=') {
            word->size = (gsize)(at - word->text);
            return TRUE;
        }
        if (at[0] == '=' && at[1] == '?' && at[2] != '=')
            return FALSE;
    }
    return FALSE;
}

static gboolean read_word(const char *at, Word *word)
{
    const char *start = at;
    if (at[0] != '=' || at[1] != '?')
        return FALSE;
    at = read_charset(at + 2, word);
    if (at == NULL || at[0] == '\0' || at[1] != '?')
        return FALSE;
    word->encoding = g_ascii_tolower(at[0]);
    if ((word->encoding != 'b' && word->encoding != 'q') || !read_text(at + 2, word))
        return FALSE;
    word->length = (gsize)(word->text + word->size + 2 - start);
    return TRUE;
}

gsize rfc2047_word(const char *text)
{
    Word word;
    return read_word(text, &word) ? word.length : 0;
}

static void append_q(GByteArray *out, const char *text, gsize size)
{
    for (gsize i = 0; i < size; i++) {
        guint8 c = text[i] == '_' ? ' ' : (guint8)text[i];
        if (c == '=' && i + 2 < size && g_ascii_isxdigit(text[i + 1]) &&
            g_ascii_isxdigit(text[i + 2])) {
            c = (guint8)(g_ascii_xdigit_value(text[i + 1]) << 4 |
                         g_ascii_xdigit_value(text[i + 2]));
            i += 2;
        }
        g_byte_array_append(out, &c, 1);
    }
}

static void append_one_line(GString *out, const char *utf8)
{
    for (; *utf8; utf8++)
        g_string_append_c(out, is_blank(*utf8) ? ' ' : *utf8);
}

/* Decodes what was collected under one charset. */
static void flush_words(GString *out, GByteArray *pending, const char *charset)
{
    if (pending->len == 0)
        return;
    g_autofree char *utf8 = charset_to_utf8(charset, pending->data, pending->len);
    append_one_line(out, utf8);
    g_byte_array_set_size(pending, 0);
}

/* Decodes the run of words that starts with WORD; where it ends. */
static const char *decode_run(const char *at, Word word, GString *out)
{
    g_autoptr(GByteArray) pending = g_byte_array_new();
    char charset[CHARSET_MAX];
    g_strlcpy(charset, word.charset, sizeof charset);
    while (TRUE) {
        if (g_ascii_strcasecmp(charset, word.charset) != 0) {
            flush_words(out, pending, charset);
            g_strlcpy(charset, word.charset, sizeof charset);
        }
        if (word.encoding == 'b')
            base64_append(pending, (const guint8 *)word.text, word.size);
        else
            append_q(pending, word.text, word.size);
        at += word.length;
        const char *next = at;
        while (is_blank(*next))
            next++;
        if (!read_word(next, &word))
            break;
        at = next;
    }
    flush_words(out, pending, charset);
    return at;
}

/* strstr() of the sanitizers measures the whole rest each time. */
static const char *find_word(const char *at)
{
    while (*at && (at[0] != '=' || at[1] != '?'))
        at++;
    return *at ? at : NULL;
}

char *rfc2047_decode(const char *raw)
{
    g_autoptr(GString) out = g_string_new(NULL);
    while (*raw) {
        const char *next = find_word(raw);
        gsize plain = next ? (gsize)(next - raw) : strlen(raw);
        Word word;
        gboolean found = next != NULL && read_word(next, &word);
        if (next != NULL && !found)
            plain += 2;
        g_autofree char *utf8 = charset_to_utf8(NULL, raw, plain);
        append_one_line(out, utf8);
        raw += plain;
        if (found)
            raw = decode_run(raw, word, out);
    }
    return g_string_free(g_steal_pointer(&out), FALSE);
}

static gboolean needs_encoding(const char *utf8)
{
    gsize length = 0; /* of a word with the blanks before it: a line is broken before these alone */
    for (const char *at = utf8; *at; at++) {
        length = *at == ' ' && (at == utf8 || at[-1] != ' ') ? 0 : length + 1;
        if ((guchar)*at >= 127 || (guchar)*at < ' ' || length > PLAIN_WORD)
            return TRUE;
    }
    return strstr(utf8, "=?") != NULL;
}

char *rfc2047_encode(const char *utf8)
{
    if (!needs_encoding(utf8))
        return g_strdup(utf8);
    g_autoptr(GString) out = g_string_new(NULL);
    while (*utf8) {
        const char *end = utf8;
        for (const char *next = g_utf8_next_char(end); *end && next - utf8 <= WORD_BYTES;
             next = g_utf8_next_char(next))
            end = next;
        g_autofree char *base64 = g_base64_encode((const guchar *)utf8, (gsize)(end - utf8));
        g_string_append_printf(out, "%s=?utf-8?B?%s?=", out->len > 0 ? " " : "", base64);
        utf8 = end;
    }
    return g_string_free(g_steal_pointer(&out), FALSE);
}
