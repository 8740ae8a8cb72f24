/* See text.h: columns on a terminal, and words for numbers. */
#include "core/text.h"

#include <string.h>

#include "core/limits.h"

#define ELLIPSIS "\xE2\x80\xA6"
#define FIRST_ISOLATE 0x2066
#define LAST_OPENER 0x2068
#define PDI 0x2069
#define PDI_TEXT "\xE2\x81\xA9"

static guint columns_of(gunichar c)
{
    if (g_unichar_iszerowidth(c))
        return 0;
    return g_unichar_iswide(c) ? 2 : 1;
}

guint text_width(const char *string)
{
    g_autofree char *valid = text_utf8(string, -1);
    guint width = 0;
    for (const char *at = valid; *at; at = g_utf8_next_char(at))
        width += columns_of(g_utf8_get_char(at));
    return width;
}

char *text_fit(const char *string, guint columns)
{
    g_autofree char *valid = text_utf8(string, -1);
    if (text_width(valid) <= columns)
        return g_steal_pointer(&valid);
    if (columns == 0)
        return g_strdup("");

    guint width = 0, isolates = 0;
    const char *at = valid;
    for (; *at; at = g_utf8_next_char(at)) {
        gunichar c = g_utf8_get_char(at);
        if (width + columns_of(c) > columns - 1)
            break;
        width += columns_of(c);
        if (c >= FIRST_ISOLATE && c <= LAST_OPENER)
            isolates++;
        else if (c == PDI && isolates > 0)
            isolates--;
    }
    GString *out = g_string_new_len(valid, at - valid);
    g_string_append(out, ELLIPSIS);
    for (; isolates > 0; isolates--) /* what the cut left open must not reach past the field */
        g_string_append(out, PDI_TEXT);
    return g_string_free(out, FALSE);
}

/* --- wrapping ------------------------------------------------------------------------------ */

typedef struct {
    GPtrArray *lines;
    GString *line;
    guint width;
    gunichar isolates[LIMIT_ISOLATES]; /* open ones, which a new line opens anew */
    guint depth;
} Wrap;

static void end_line(Wrap *wrap, gboolean goes_on)
{
    for (guint i = 0; i < wrap->depth; i++)
        g_string_append(wrap->line, PDI_TEXT);
    g_ptr_array_add(wrap->lines, g_string_free(wrap->line, FALSE));
    wrap->line = g_string_new(NULL);
    wrap->width = 0;
    wrap->depth = goes_on ? wrap->depth : 0;
    for (guint i = 0; i < wrap->depth; i++)
        g_string_append_unichar(wrap->line, wrap->isolates[i]);
}

static void wrap_one(Wrap *wrap, gunichar c, guint columns)
{
    guint width = c == '\t' ? 8 : columns_of(c);
    if (columns > 0 && wrap->width + width > columns && wrap->width > 0)
        end_line(wrap, TRUE);
    wrap->width += width;
    g_string_append_unichar(wrap->line, c);
    if (c >= FIRST_ISOLATE && c <= LAST_OPENER && wrap->depth < LIMIT_ISOLATES)
        wrap->isolates[wrap->depth++] = c;
    else if (c == PDI && wrap->depth > 0)
        wrap->depth--;
}

char **text_wrap(const char *string, guint columns)
{
    g_autofree char *valid = text_utf8(string, -1);
    Wrap wrap = {.lines = g_ptr_array_new(), .line = g_string_new(NULL)};
    for (const char *at = valid; *at; at = g_utf8_next_char(at)) {
        gunichar c = g_utf8_get_char(at);
        if (c == '\n')
            end_line(&wrap, FALSE);
        else
            wrap_one(&wrap, c, columns);
    }
    end_line(&wrap, FALSE);
    g_string_free(wrap.line, TRUE);
    g_ptr_array_add(wrap.lines, NULL);
    return (char **)g_ptr_array_free(wrap.lines, FALSE);
}

char *text_count(guint64 n, const char *singular, const char *plural)
{
    return g_strdup_printf("%" G_GUINT64_FORMAT " %s", n, n == 1 ? singular : plural);
}
