/* See tagtext.h. */
#include "store/tagtext.h"

#include <string.h>

#include "core/error.h"
#include "core/limits.h"
#include "core/tagname.h"
#include "core/text.h"

#define MEND "write +tag +tag -- id:MESSAGE-ID, as notmuch dump does"

typedef struct {
    const char *name;
    guint line;
    guint64 *left_out;
    GError **error;
} Reading;

static void free_line(gpointer data)
{
    TagLine *line = data;
    g_strfreev(line->changes);
    g_free(line->id);
    g_free(line);
}

static gboolean wrong(const Reading *self, const char *mend, const char *why)
{
    g_autofree char *file = text_name(self->name);
    return refuse(self->error, POSTERN_ERROR_INPUT, "tag.file", mend, "%s:%u: %s", file, self->line,
                  why);
}

/* --- reading ------------------------------------------------------------------------------- */

/* TEXT with its %XX decoded; NULL where one is none. */
static char *decoded(const char *text)
{
    g_autoptr(GString) out = g_string_new(NULL);
    for (; *text; text++) {
        if (*text != '%') {
            g_string_append_c(out, *text);
            continue;
        }
        int high = g_ascii_xdigit_value(text[1]);
        int low = high < 0 ? -1 : g_ascii_xdigit_value(text[2]);
        if (low < 0 || high + low == 0)
            return NULL;
        g_string_append_c(out, (char)(high * 16 + low));
        text += 2;
    }
    return g_string_free(g_steal_pointer(&out), FALSE);
}

static gboolean add_change(const Reading *self, GPtrArray *changes, const char *word)
{
    g_autoptr(GError) failure = NULL;
    if (*word != '+' && *word != '-')
        return wrong(self, MEND, "a tag has neither \"+\" nor \"-\" in front");
    g_autofree char *text = decoded(word + 1);
    if (text == NULL)
        return wrong(self, "write a % as %25", "a \"%\" is not followed by two hexadecimal digits");
    if (g_utf8_validate(text, -1, NULL) && tagname_reserved(text)) {
        (*self->left_out)++;
        return TRUE;
    }
    g_autofree char *name = tagname_check(text, &failure);
    if (name == NULL)
        return wrong(self, postern_error_mend(failure), failure->message);
    if (changes->len >= LIMIT_FLAGS)
        return wrong(self, "part it into two lines",
                     "it has more than " G_STRINGIFY(LIMIT_FLAGS) " tags");
    g_ptr_array_add(changes, g_strdup_printf("%c%s", *word, name));
    return TRUE;
}

/* An id behind "id:", bare or between quotation marks. NULL for one that is neither. */
static char *unquoted(const char *text)
{
    g_autoptr(GString) out = g_string_new(NULL);
    if (*text != '"')
        return *text && strpbrk(text, " \t\"") == NULL ? g_strdup(text) : NULL;
    for (text++; *text; text++) {
        if (*text == '"' && text[1] != '"')
            return out->len > 0 && text[1] == '\0' ? g_string_free(g_steal_pointer(&out), FALSE)
                                                   : NULL;
        text += *text == '"';
        g_string_append_c(out, *text);
    }
    return NULL;
}

static gboolean read_line(const Reading *self, char *text, GPtrArray *lines)
{
    char *ids = g_str_has_prefix(text, "-- ") ? text : strstr(text, " -- ");
    if (ids == NULL)
        return wrong(self, MEND, "there is no \" -- \" between the tags and the message");
    const char *query = g_strstrip(strstr(ids, "-- ") + 3);
    *ids = '\0';
    g_autofree char *id = g_str_has_prefix(query, "id:") ? unquoted(query + 3) : NULL;
    if (id == NULL || !g_utf8_validate(id, -1, NULL))
        return wrong(self, MEND, "behind \" -- \" stands no id:MESSAGE-ID");
    g_autoptr(GPtrArray) changes = g_ptr_array_new_with_free_func(g_free);
    g_auto(GStrv) words = g_strsplit_set(text, " \t", -1);
    for (GStrv word = words; *word; word++)
        if (**word && !add_change(self, changes, *word))
            return FALSE;
    if (changes->len == 0)
        return TRUE;
    TagLine *line = g_new0(TagLine, 1);
    g_ptr_array_add(changes, NULL);
    line->changes = (GStrv)g_ptr_array_free(g_steal_pointer(&changes), FALSE);
    line->id = g_steal_pointer(&id);
    g_ptr_array_add(lines, line);
    return TRUE;
}

GPtrArray *tagtext_read(const char *text, gsize size, const char *name, guint64 *left_out,
                        GError **error)
{
    g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(free_line);
    Reading self = {.name = name, .left_out = left_out, .error = error};
    *left_out = 0;
    for (const char *at = text, *end = text + size; at < end;) {
        const char *stop = memchr(at, '\n', (gsize)(end - at));
        g_autofree char *line = g_strndup(at, (gsize)((stop ? stop : end) - at));
        gboolean whole = strlen(line) == (gsize)((stop ? stop : end) - at);
        self.line++;
        at = stop ? stop + 1 : end;
        if (!whole) {
            wrong(&self, MEND, "there is a zero byte in it");
            return NULL;
        }
        g_strchomp(line);
        if (*line && *line != '#' && !read_line(&self, line, lines))
            return NULL;
    }
    return g_steal_pointer(&lines);
}

/* --- writing ------------------------------------------------------------------------------- */

static void add_tag(GString *out, const char *tag)
{
    g_string_append_c(out, '+');
    for (; *tag; tag++)
        if (g_ascii_isalnum(*tag) || strchr("@=.,_+-", *tag))
            g_string_append_c(out, *tag);
        else
            g_string_append_printf(out, "%%%02x", (guint8)*tag);
    g_string_append_c(out, ' ');
}

/* What notmuch's query parser would not read as one word is quoted. */
static gboolean is_plain(const char *id)
{
    for (; *id; id++)
        if (*id <= ' ' || *id == 0x7f || strchr("\"()", *id))
            return FALSE;
    return TRUE;
}

char *tagtext_line(const GPtrArray *tags, const char *id)
{
    GString *out = g_string_new(NULL);
    for (guint i = 0; i < tags->len; i++)
        add_tag(out, tags->pdata[i]);
    g_string_append(out, "-- id:");
    gboolean plain = is_plain(id);
    if (!plain)
        g_string_append_c(out, '"');
    for (; *id; id++) {
        if (*id == '"')
            g_string_append_c(out, '"');
        g_string_append_c(out, *id);
    }
    g_string_append(out, plain ? "\n" : "\"\n");
    return g_string_free(out, FALSE);
}
