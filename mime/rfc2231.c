/* See rfc2231.h. */
#include "mime/rfc2231.h"

#include <string.h>

#include "core/limits.h"
#include "mime/charset.h"
#include "mime/rfc2047.h"

/* One "name*3*=value": SECTION is -1 without a number. */
typedef struct {
    char *name;
    char *value;
    int section;
    gboolean extended;
} Piece;

struct Parameters {
    char *value;
    GArray *pieces;
};

static void piece_clear(gpointer data)
{
    Piece *piece = data;
    g_free(piece->name);
    g_free(piece->value);
}

static const char *skip_comment(const char *at)
{
    guint depth = 0;
    for (; *at; at++) {
        if (*at == '\\' && at[1])
            at++;
        else if (*at == '(')
            depth++;
        else if (*at == ')' && --depth == 0)
            return at + 1;
    }
    return at;
}

static const char *skip_blank(const char *at)
{
    while (g_ascii_isspace(*at) || *at == '(')
        at = *at == '(' ? skip_comment(at) : at + 1;
    return at;
}

static char *take_quoted(const char **at)
{
    GString *out = g_string_new(NULL);
    const char *p = *at + 1;
    for (; *p && *p != '"'; p++) {
        if (*p == '\\' && p[1])
            p++;
        g_string_append_c(out, *p);
    }
    *at = p + strcspn(p, ";");
    return g_string_free(out, FALSE);
}

/* Unquoted: a file name may hold blanks although it must not, other values end at one. */
static char *take_bare(const char **at, const char *name)
{
    gsize whole = strcspn(*at, ";");
    gboolean file = g_str_has_suffix(name, "name");
    gsize size = file ? whole : MIN(whole, strcspn(*at, " \t("));
    char *value = g_strchomp(g_strndup(*at, size));
    *at += whole;
    return value;
}

/* Splits "title*12*" into its parts; FALSE when the number is not one. */
static gboolean name_piece(Piece *piece, const char *name, gsize size)
{
    piece->section = -1;
    piece->name = g_ascii_strdown(name, (gssize)size);
    char *star = strchr(piece->name, '*');
    if (star == NULL)
        return size > 0;
    *star++ = '\0';
    if (*star) {
        guint64 section;
        gsize length = strlen(star);
        piece->extended = star[length - 1] == '*';
        if (piece->extended)
            star[length - 1] = '\0';
        if (!g_ascii_string_to_unsigned(star, 10, 0, LIMIT_PARAMETERS, &section, NULL))
            return FALSE;
        piece->section = (int)section;
    } else {
        piece->extended = TRUE;
    }
    return *piece->name != '\0';
}

static const char *read_piece(Parameters *parameters, const char *at)
{
    gsize size = strcspn(at, "=; \t");
    const char *after = at + size + strspn(at + size, " \t");
    if (*after != '=')
        return at + strcspn(at, ";");
    Piece piece = {0};
    gboolean good = name_piece(&piece, at, size);
    at = skip_blank(after + 1);
    piece.value = *at == '"' ? take_quoted(&at) : take_bare(&at, piece.name);
    if (good)
        g_array_append_val(parameters->pieces, piece);
    else
        piece_clear(&piece);
    return at;
}

Parameters *parameters_parse(const char *raw)
{
    Parameters *parameters = g_new0(Parameters, 1);
    parameters->pieces = g_array_new(FALSE, TRUE, sizeof(Piece));
    g_array_set_clear_func(parameters->pieces, piece_clear);
    const char *at = skip_blank(raw ? raw : "");
    gsize size = strcspn(at, "; \t(");
    parameters->value = g_ascii_strdown(at, (gssize)size);
    at += size;
    at += strcspn(at, ";");
    while (*at == ';' && parameters->pieces->len < LIMIT_PARAMETERS)
        at = read_piece(parameters, skip_blank(at + 1));
    return parameters;
}

void parameters_free(Parameters *parameters)
{
    if (parameters == NULL)
        return;
    g_free(parameters->value);
    g_array_unref(parameters->pieces);
    g_free(parameters);
}

const char *parameters_value(const Parameters *parameters)
{
    return parameters->value;
}

static const Piece *find(const Parameters *parameters, const char *name, int section,
                         gboolean extended)
{
    for (guint i = 0; i < parameters->pieces->len; i++) {
        const Piece *piece = &g_array_index(parameters->pieces, Piece, i);
        if (piece->section == section && piece->extended == extended &&
            g_ascii_strcasecmp(piece->name, name) == 0)
            return piece;
    }
    return NULL;
}

static const Piece *find_section(const Parameters *parameters, const char *name, int section)
{
    const Piece *piece = find(parameters, name, section, TRUE);
    return piece ? piece : find(parameters, name, section, FALSE);
}

static void append_percent(GString *out, const char *value)
{
    for (; *value; value++) {
        if (*value == '%' && g_ascii_isxdigit(value[1]) && g_ascii_isxdigit(value[2])) {
            int byte = g_ascii_xdigit_value(value[1]) << 4 | g_ascii_xdigit_value(value[2]);
            g_string_append_c(out, (char)byte);
            value += 2;
        } else {
            g_string_append_c(out, *value);
        }
    }
}

/* The pieces from FIRST on; charset'language' stands at the head of the first extended one. */
static char *assemble(const Parameters *parameters, const Piece *first)
{
    g_autoptr(GString) bytes = g_string_new(NULL);
    g_autofree char *charset = NULL;
    const char *text = first->value;
    const char *quote = first->extended ? strchr(text, '\'') : NULL;
    const char *second = quote ? strchr(quote + 1, '\'') : NULL;
    if (second != NULL) {
        charset = g_strndup(text, (gsize)(quote - text));
        text = second + 1;
    }
    if (first->extended)
        append_percent(bytes, text);
    else
        g_string_append(bytes, text);
    const Piece *piece = first;
    for (int n = 1; first->section == 0 && n <= LIMIT_PARAMETERS; n++) {
        piece = find_section(parameters, first->name, n);
        if (piece == NULL)
            break;
        if (piece->extended)
            append_percent(bytes, piece->value);
        else
            g_string_append(bytes, piece->value);
    }
    return charset_to_utf8(charset, bytes->str, bytes->len);
}

char *parameters_get(const Parameters *parameters, const char *name)
{
    const Piece *first = find(parameters, name, -1, TRUE);
    if (first == NULL)
        first = find_section(parameters, name, 0);
    const Piece *plain = find(parameters, name, -1, FALSE);
    if (first == NULL && plain == NULL)
        return NULL;
    char *value = first ? assemble(parameters, first) : rfc2047_decode(plain->value);
    return g_strdelimit(value, "\r\n", ' ');
}

char *parameters_get_raw(const Parameters *parameters, const char *name)
{
    const Piece *plain = find(parameters, name, -1, FALSE);
    return plain ? g_strdup(plain->value) : parameters_get(parameters, name);
}
