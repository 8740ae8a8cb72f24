/* See search-format.h. */
#include "cli/search-format.h"

#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "core/error.h"
#include "core/nearest.h"
#include "core/text.h"

#define NEAR 2 /* changes of a letter that may be a slip of the finger */

/* Text, or where that is NULL a field. */
typedef struct {
    char *text;
    guint field;
} Piece;

struct SearchFormat {
    GArray *pieces; /* Piece */
};

static void clear_piece(gpointer data)
{
    g_free(((Piece *)data)->text);
}

void search_format_free(SearchFormat *format)
{
    if (format)
        g_array_unref(format->pieces);
    g_free(format);
}

static void end_text(SearchFormat *format, GString *text)
{
    if (text->len == 0)
        return;
    const Piece piece = {.text = g_strdup(text->str)};
    g_array_append_val(format->pieces, piece);
    g_string_truncate(text, 0);
}

static gboolean unknown_field(const char *name, const char *const *fields, GError **error)
{
    g_autofree char *shown = word_shown(name);
    g_autofree char *all = g_strjoinv(", ", (char **)fields);
    for (; *fields; fields++)
        if (*name && nearest_distance(name, *fields) <= NEAR) {
            g_autofree char *mend = g_strdup_printf("write {%s}", *fields);
            return refuse(error, POSTERN_ERROR_USAGE, "usage", mend, "--format knows no {%s}",
                          shown);
        }
    g_autofree char *mend = g_strdup_printf("it knows %s", all);
    return refuse(error, POSTERN_ERROR_USAGE, "usage", mend, "--format knows no {%s}", shown);
}

/* {field} at *AT, which is left behind it. */
static gboolean add_field(SearchFormat *format, const char **at, const char *const *fields,
                          GError **error)
{
    const char *end = strchr(*at, '}');
    if (end == NULL)
        return refuse(error, POSTERN_ERROR_USAGE, "usage", "write {{ for a bracket",
                      "a \"{\" in --format is never closed");
    g_autofree char *name = g_strndup(*at + 1, (gsize)(end - *at - 1));
    Piece piece = {.text = NULL};
    while (fields[piece.field] && strcmp(fields[piece.field], name) != 0)
        piece.field++;
    if (fields[piece.field] == NULL)
        return unknown_field(name, fields, error);
    g_array_append_val(format->pieces, piece);
    *at = end + 1;
    return TRUE;
}

/* What \c stands for; 0 for nothing. */
static char escaped(char c)
{
    switch (c) {
    case 't': return '\t';
    case 'n': return '\n';
    case '\\': return '\\';
    default: return 0;
    }
}

/* One character of text, or one that stands for another. FALSE sets *error. */
static gboolean add_character(GString *text, const char **at, GError **error)
{
    char c = **at;
    if (c == '\\' && (c = escaped((*at)[1])) == 0)
        return refuse(error, POSTERN_ERROR_USAGE, "usage", "write \\\\ for a backslash",
                      "--format knows \\t, \\n and \\\\ alone");
    if (**at == '}' && (*at)[1] != '}')
        return refuse(error, POSTERN_ERROR_USAGE, "usage", "write }} for a bracket",
                      "a \"}\" in --format closes nothing");
    *at += **at == '\\' || **at == '{' || **at == '}' ? 2 : 1;
    g_string_append_c(text, c);
    return TRUE;
}

SearchFormat *search_format_new(const char *words, const char *const *fields, GError **error)
{
    g_autoptr(SearchFormat) format = g_new0(SearchFormat, 1);
    g_autoptr(GString) text = g_string_new(NULL);
    format->pieces = g_array_new(FALSE, FALSE, sizeof(Piece));
    g_array_set_clear_func(format->pieces, clear_piece);
    for (const char *at = words; *at;) {
        if (*at == '{' && at[1] != '{') {
            end_text(format, text);
            if (!add_field(format, &at, fields, error))
                return NULL;
        } else if (!add_character(text, &at, error)) {
            return NULL;
        }
    }
    end_text(format, text);
    return g_steal_pointer(&format);
}

void search_format_print(const SearchFormat *format, const void *hit, FieldValue value)
{
    for (guint i = 0; i < format->pieces->len; i++) {
        const Piece *piece = &g_array_index(format->pieces, Piece, i);
        g_autofree char *text = piece->text ? NULL : value(hit, piece->field);
        g_autofree char *safe = text ? text_field(text) : NULL;
        fputs(piece->text ? piece->text : safe, stdout);
    }
    putchar('\n');
}
