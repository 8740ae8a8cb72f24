/* See filename.h. */
#include "core/filename.h"

#include <string.h>

#include "core/limits.h"

/* A longer one is no ending. */
#define ENDING_BYTES 16

/* Nothing that a shell, Windows or a path gives a meaning, and nothing that is not seen: a
 * character that turns the direction makes "gpj.exe" of "exe.jpg". */
static gboolean is_fit(gunichar c)
{
    switch (g_unichar_type(c)) {
    case G_UNICODE_CONTROL:
    case G_UNICODE_FORMAT:
    case G_UNICODE_SURROGATE:
    case G_UNICODE_PRIVATE_USE:
    case G_UNICODE_UNASSIGNED:
    case G_UNICODE_LINE_SEPARATOR:
    case G_UNICODE_PARAGRAPH_SEPARATOR: return FALSE;
    default: return c >= 0x80 || strchr("/\\:*?\"<>|$`;&", (int)c) == NULL;
    }
}

static void add(GString *name, gunichar c)
{
    if (g_unichar_isspace(c))
        c = ' ';
    if (c != ' ' || (name->len > 0 && name->str[name->len - 1] != ' '))
        g_string_append_unichar(name, c == ' ' || is_fit(c) ? c : '_');
}

/* Where the ending begins, or the end of NAME. */
static gsize ending_at(const char *name)
{
    const char *dot = strrchr(name, '.');
    gsize length = strlen(name);
    return dot && dot > name && length - (gsize)(dot - name) <= ENDING_BYTES ? (gsize)(dot - name)
                                                                             : length;
}

/* Cuts what stands before the ending, on a character. */
static void cut(GString *name)
{
    gsize ending = ending_at(name->str);
    if (name->len <= LIMIT_FILE_NAME)
        return;
    const char *end = name->str + (ending - (name->len - LIMIT_FILE_NAME));
    while (((guchar)*end & 0xC0) == 0x80)
        end--;
    gsize at = (gsize)(end - name->str);
    g_string_erase(name, (gssize)at, (gssize)(ending - at));
}

char *filename_safe(const char *proposed, const char *otherwise)
{
    GString *name = g_string_new(NULL);
    g_autofree char *valid = g_utf8_make_valid(proposed ? proposed : "", -1);
    const char *p = valid + strspn(valid, ". -\t\r\n");
    for (; *p; p = g_utf8_next_char(p))
        add(name, g_utf8_get_char(p));
    while (name->len > 0 && strchr(" .", name->str[name->len - 1]))
        g_string_truncate(name, name->len - 1);
    cut(name);
    if (name->len == 0)
        g_string_assign(name, otherwise);
    return g_string_free(name, FALSE);
}

char *filename_numbered(const char *name, guint n)
{
    gsize ending = ending_at(name);
    return g_strdup_printf("%.*s-%u%s", (int)ending, name, n, name + ending);
}
