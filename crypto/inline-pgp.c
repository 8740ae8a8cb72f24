/* See inline-pgp.h. */
#include "crypto/inline-pgp.h"

#include <string.h>

typedef struct {
    const char *text;
    gsize size;
} Text;

typedef struct {
    const char *at; /* without white space at its end */
    gsize size;
    gsize next; /* where the line behind it begins */
} Line;

static Line line_at(const Text *text, gsize at)
{
    const char *start = text->text + at;
    const char *feed = memchr(start, '\n', text->size - at);
    Line line = {start, (gsize)((feed ? feed : text->text + text->size) - start), 0};
    line.next = at + line.size + (feed ? 1 : 0);
    while (line.size > 0 && (start[line.size - 1] == ' ' || start[line.size - 1] == '\t' ||
                             start[line.size - 1] == '\r'))
        line.size--;
    return line;
}

static gboolean is(const Line *line, const char *words)
{
    return line->size == strlen(words) && memcmp(line->at, words, line->size) == 0;
}

/* --- signed -------------------------------------------------------------------------------- */

static gboolean is_hash(const char *name)
{
    static const char *const names[] = {"MD5",    "SHA1",   "RIPEMD160", "SHA224",   "SHA256",
                                        "SHA384", "SHA512", "SHA3-256",  "SHA3-512", NULL};
    return g_strv_contains(names, name);
}

/* "Hash: SHA256, SHA512": a reader takes this line for machinery, so it must be nothing else. */
static gboolean is_hash_line(const Line *line)
{
    if (line->size <= strlen("Hash: ") || memcmp(line->at, "Hash: ", strlen("Hash: ")) != 0 ||
        memchr(line->at, '\0', line->size) != NULL)
        return FALSE;
    g_autofree char *names = g_strndup(line->at + strlen("Hash: "), line->size - strlen("Hash: "));
    g_auto(GStrv) each = g_strsplit(names, ",", -1);
    for (char **name = each; *name; name++)
        if (!is_hash(**name == ' ' ? *name + 1 : *name))
            return FALSE;
    return TRUE;
}

/* Behind the armor's header lines and the empty line; FALSE when there is another line. */
static gboolean skip_head(const Text *text, gsize *at)
{
    while (*at < text->size) {
        Line line = line_at(text, *at);
        gboolean empty = *line.at == '\n' || (*line.at == '\r' && line.next - *at == 2);
        if (!empty && !is_hash_line(&line))
            return FALSE;
        *at = line.next;
        if (empty)
            return TRUE;
    }
    return FALSE;
}

/* Behind the lines that are escaped as they must be; they end at the line BEGIN. */
static gboolean skip_escaped(const Text *text, gsize *at, const char *begin)
{
    while (*at < text->size) {
        Line line = line_at(text, *at);
        if (is(&line, begin)) {
            *at = line.next;
            return TRUE;
        }
        if (*line.at == '-' && !(*at + 1 < text->size && line.at[1] == ' '))
            return FALSE;
        *at = line.next;
    }
    return FALSE;
}

/* Behind the line END, before which no line of dashes stands. */
static gboolean skip_armor(const Text *text, gsize *at, const char *end)
{
    while (*at < text->size) {
        Line line = line_at(text, *at);
        if (is(&line, end)) {
            *at = line.next;
            return TRUE;
        }
        if (*line.at == '-')
            return FALSE;
        *at = line.next;
    }
    return FALSE;
}

/* --- spans --------------------------------------------------------------------------------- */

/* What begins at the line that ends at *AT; *AT moves behind it, or to where it breaks. */
static gboolean take(const Text *text, SpanKind kind, gsize *at)
{
    if (kind == SPAN_ENCRYPTED)
        return skip_armor(text, at, "-----END PGP MESSAGE-----");
    return skip_head(text, at) && skip_escaped(text, at, "-----BEGIN PGP SIGNATURE-----") &&
           skip_armor(text, at, "-----END PGP SIGNATURE-----");
}

static void add(GArray *spans, SpanKind kind, gsize start, gsize end)
{
    Span span = {kind, start, end};
    if (end > start)
        g_array_append_val(spans, span);
}

GArray *inline_pgp_spans(const char *bytes, gsize size, gboolean *malformed)
{
    const Text text = {bytes, size};
    GArray *spans = g_array_new(FALSE, FALSE, sizeof(Span));
    gsize plain = 0;
    *malformed = FALSE;
    for (gsize at = 0; at < size;) {
        Line line = line_at(&text, at);
        gsize start = at;
        gboolean encrypted = is(&line, "-----BEGIN PGP MESSAGE-----");
        at = line.next;
        if (!encrypted && !is(&line, "-----BEGIN PGP SIGNED MESSAGE-----"))
            continue;
        SpanKind kind = encrypted ? SPAN_ENCRYPTED : SPAN_SIGNED;
        if (!take(&text, kind, &at)) {
            *malformed = TRUE;
            continue;
        }
        add(spans, SPAN_PLAIN, plain, start);
        add(spans, kind, start, at);
        plain = at;
    }
    add(spans, SPAN_PLAIN, plain, size);
    return spans;
}

static gboolean is_blank(const char *text, const Span *span)
{
    for (gsize i = span->start; i < span->end; i++)
        if (!g_ascii_isspace(text[i]))
            return FALSE;
    return TRUE;
}

SpanKind inline_pgp_whole(const char *text, gsize size, Span *span)
{
    gboolean malformed;
    g_autoptr(GArray) spans = inline_pgp_spans(text, size, &malformed);
    SpanKind kind = SPAN_PLAIN;
    for (guint i = 0; i < spans->len; i++) {
        const Span *each = &g_array_index(spans, Span, i);
        if (each->kind == SPAN_PLAIN && is_blank(text, each))
            continue;
        if (each->kind == SPAN_PLAIN || kind != SPAN_PLAIN)
            return SPAN_PLAIN;
        kind = each->kind;
        *span = *each;
    }
    return kind;
}
