/* See text.h: columns on a terminal, and words for numbers. */
#include "core/text.h"

#include <string.h>

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

char *text_count(guint64 n, const char *singular, const char *plural)
{
    return g_strdup_printf("%" G_GUINT64_FORMAT " %s", n, n == 1 ? singular : plural);
}
