/* See keylines.h. */
#include "core/keylines.h"

#include <string.h>

#include "core/error.h"
#include "core/limits.h"
#include "core/text.h"

typedef struct {
    const char *name;
    guint line;
    const char *section;  /* the one we are in, or NULL */
    GHashTable *sections; /* text to line number */
    GHashTable *keys;     /* of this section, likewise */
    GPtrArray *lines;
    GError **error;
} Reading;

static void key_line_free(gpointer data)
{
    KeyLine *line = data;
    g_free(line->section);
    g_free(line->key);
    g_free(line->value);
    g_free(line);
}

static gboolean wrong(const Reading *reading, const char *mend, const char *why)
{
    g_autofree char *file = text_name(reading->name);
    return refuse(reading->error, POSTERN_ERROR_POLICY, "config.syntax", mend, "%s:%u: %s", file,
                  reading->line, why);
}

/* Remembers WHAT; refuses when SEEN knows it already. */
static gboolean first_time(const Reading *reading, GHashTable *seen, const char *what)
{
    guint before = GPOINTER_TO_UINT(g_hash_table_lookup(seen, what));
    if (before == 0) {
        g_hash_table_insert(seen, g_strdup(what), GUINT_TO_POINTER(reading->line));
        return TRUE;
    }
    g_autofree char *shown = text_field(what);
    g_autofree char *why = g_strdup_printf("\"%s\" stands already in line %u", shown, before);
    return wrong(reading, "keep one of the two", why);
}

static KeyLine *add(const Reading *reading, const char *section)
{
    KeyLine *line = g_new0(KeyLine, 1);
    line->section = g_strdup(section);
    line->line = reading->line;
    g_ptr_array_add(reading->lines, line);
    return line;
}

static gboolean read_section(Reading *reading, char *text)
{
    gsize length = strlen(text);
    gboolean closed = length > 2 && text[length - 1] == ']';
    if (closed)
        text[length - 1] = '\0';
    if (!closed || strpbrk(text + 1, "[]"))
        return wrong(reading, "write [company] or [account \"work\"]", "not a section");
    if (!first_time(reading, reading->sections, text + 1))
        return FALSE;
    g_hash_table_remove_all(reading->keys);
    reading->section = add(reading, text + 1)->section;
    return TRUE;
}

static gboolean read_key(Reading *reading, char *text)
{
    char *equals = strchr(text, '=');
    if (equals == NULL || equals == text)
        return wrong(reading, "write KEY = VALUE; a comment begins with #",
                     "neither a section nor a key with a value");
    if (reading->section == NULL)
        return wrong(reading, "put [company] or [account \"work\"] before it",
                     "a key before the first section");
    *equals = '\0';
    char *key = g_strchomp(text);
    if (!first_time(reading, reading->keys, key))
        return FALSE;
    KeyLine *line = add(reading, reading->section);
    line->key = g_strdup(key);
    line->value = g_strdup(g_strstrip(equals + 1));
    return TRUE;
}

static gboolean is_clean(const char *bytes, gsize size)
{
    for (gsize i = 0; i < size; i++)
        if ((g_ascii_iscntrl(bytes[i]) && bytes[i] != '\t'))
            return FALSE;
    return TRUE;
}

static gboolean read_line(Reading *reading, const char *bytes, gsize size)
{
    if (size > 0 && bytes[size - 1] == '\r')
        size--;
    if (!is_clean(bytes, size))
        return wrong(reading, "take the character out", "a control character");
    if (!g_utf8_validate(bytes, (gssize)size, NULL))
        return wrong(reading, "save the file as UTF-8", "not UTF-8");

    g_autofree char *copy = g_strndup(bytes, size);
    char *text = g_strstrip(copy);
    if (*text == '\0' || *text == '#')
        return TRUE;
    return *text == '[' ? read_section(reading, text) : read_key(reading, text);
}

static gboolean read_lines(Reading *reading, const char *text, gsize size)
{
    if (size > LIMIT_CONFIG_BYTES)
        return wrong(reading, "name a configuration file", "the file is too large");
    const char *end = text + size;
    while (text < end) {
        const char *feed = memchr(text, '\n', (gsize)(end - text));
        const char *stop = feed ? feed : end;
        reading->line++;
        if (!read_line(reading, text, (gsize)(stop - text)))
            return FALSE;
        text = feed ? feed + 1 : end;
    }
    return TRUE;
}

GPtrArray *keylines_read(const char *text, gsize size, const char *name, GError **error)
{
    g_autoptr(GHashTable) sections = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GHashTable) keys = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(key_line_free);
    Reading reading = {
        .name = name, .sections = sections, .keys = keys, .lines = lines, .error = error};
    return read_lines(&reading, text, size) ? g_steal_pointer(&lines) : NULL;
}
