/* See flowed.h. */
#include "mime/flowed.h"

#include <string.h>

#define LONGEST 78 /* RFC 3676, 4.2: with the space at the end and the one at the head */
#define BREAK_AT 72
#define DEEPEST 20 /* a line with more quote marks than this is left: each piece repeats them */
/* RFC 3676, 4.3: the one line that ends with a space and does not go on. */
#define SIGNATURE "-- "

typedef struct {
    const char *line;
    gsize depth;  /* its quote marks */
    gsize prefix; /* these, and the space behind them or before an unquoted text */
    gsize size;   /* of all, without the line end */
} Line;

static Line line_at(const char *text)
{
    Line self = {.line = text, .depth = strspn(text, ">"), .size = strcspn(text, "\n")};
    self.prefix = self.depth + (text[self.depth] == ' ');
    return self;
}

static const char *content(const Line *self)
{
    return self->line + self->prefix;
}

static gsize content_size(const Line *self)
{
    return self->size - self->prefix;
}

static gboolean is_signature(const Line *self)
{
    return content_size(self) == strlen(SIGNATURE) &&
           memcmp(content(self), SIGNATURE, strlen(SIGNATURE)) == 0;
}

static gboolean goes_on(const Line *self)
{
    gsize size = content_size(self);
    return size > 0 && content(self)[size - 1] == ' ' && !is_signature(self);
}

char *flowed_read(const char *text, gboolean delsp)
{
    GString *out = g_string_sized_new(strlen(text));
    gboolean open = FALSE;
    gsize depth = 0;
    while (*text) {
        Line line = line_at(text);
        gboolean joins = open && line.depth == depth && !is_signature(&line);
        if (open && !joins)
            g_string_append_c(out, '\n');
        if (!joins && line.depth > 0)
            g_string_append_len(out, line.line, (gssize)line.prefix);
        open = goes_on(&line);
        depth = line.depth;
        g_string_append_len(out, content(&line), (gssize)(content_size(&line) - (open && delsp)));
        text += line.size;
        if (*text == '\n') {
            text++;
            if (!open || *text == '\0')
                g_string_append_c(out, '\n');
        }
    }
    return g_string_free(out, FALSE);
}

/* --- writing -------------------------------------------------------------------------------- */

static gsize characters(const char *bytes, gsize size)
{
    return (gsize)g_utf8_strlen(bytes, (gssize)size);
}

/* What others read line by line, exactly. */
static gboolean is_verbatim(const Line *self)
{
    static const char *const heads[] = {"diff ", "@@ -", "-----BEGIN PGP "};
    for (gsize i = 0; i < G_N_ELEMENTS(heads); i++)
        if (g_str_has_prefix(self->line, heads[i]))
            return TRUE;
    return FALSE;
}

/* Of an unquoted line that nobody has written yet, the space at its head is its own. */
static Line unwritten_at(const char *text)
{
    Line self = line_at(text);
    if (self.depth == 0)
        self.prefix = 0;
    return self;
}

static gboolean may_flow(const char *text)
{
    gboolean any = FALSE;
    while (*text) {
        Line line = unwritten_at(text);
        if (goes_on(&line) || is_verbatim(&line))
            return FALSE;
        any |= characters(line.line, line.size) > LONGEST;
        text += line.size + (text[line.size] == '\n');
    }
    return any;
}

/* The bytes up to and with the space at which SIZE bytes are broken, of which COLUMNS characters
 * have room; all of them when there is no such space. */
static gsize piece(const char *bytes, gsize size, gsize columns)
{
    gsize best = 0, column = 0;
    for (const char *at = bytes; at < bytes + size; at = g_utf8_next_char(at)) {
        gsize length = (gsize)(at - bytes) + 1;
        if (*at == ' ' && !(length == strlen(SIGNATURE) && g_str_has_prefix(bytes, SIGNATURE)))
            best = length;
        if (++column > columns && best > 0)
            return best;
    }
    return size;
}

/* All of SIZE bytes behind PREFIX on one line; what is far too long is not counted. */
static gboolean fits(gsize prefix, const char *bytes, gsize size)
{
    return size <= LONGEST * 4 && prefix + characters(bytes, size) <= LONGEST;
}

static void write_line(GString *out, const Line *line)
{
    g_autoptr(GString) prefix = g_string_new_len(line->line, (gssize)line->prefix);
    const char *at = content(line);
    gsize left = content_size(line);
    gboolean whole = line->depth > DEEPEST;
    do {
        gboolean stuffed = line->depth == 0 && (*at == ' ' || *at == '>');
        gsize head = prefix->len + stuffed;
        gsize size = whole || fits(head, at, left) ? left : piece(at, left, BREAK_AT - head);
        g_string_append_printf(out, "%s%s%.*s\n", prefix->str, stuffed ? " " : "", (int)size, at);
        at += size;
        left -= size;
        g_string_truncate(prefix, line->depth);
        g_string_append(prefix, line->depth > 0 ? " " : "");
    } while (left > 0);
}

char *flowed_write(const char *text)
{
    if (!may_flow(text))
        return NULL;
    GString *out = g_string_sized_new(strlen(text) + strlen(text) / BREAK_AT);
    while (*text) {
        Line line = unwritten_at(text);
        write_line(out, &line);
        text += line.size + (text[line.size] == '\n');
    }
    return g_string_free(out, FALSE);
}
