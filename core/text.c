/*
 * See text.h. A string is walked once by cleaned_line(): each character is kept, dropped,
 * turned into a blank or replaced by a visible mark. Only what the walk kept can be a control
 * of any kind, and that is a matched isolate, so nothing reaches past the field's end.
 */
#include "core/text.h"

#include <string.h>

#include "core/limits.h"

#define REPLACEMENT 0xFFFD
#define ZWNJ 0x200C
#define ZWJ 0x200D
#define FIRST_ISOLATE 0x2066 /* LRI, RLI, FSI */
#define LAST_OPENER 0x2068
#define PDI 0x2069
#define FSI_TEXT "\xE2\x81\xA8"
#define PDI_TEXT "\xE2\x81\xA9"
#define BLACK_FLAG 0x1F3F4

typedef enum { AS_FIELD, AS_NAME, AS_BODY } Manner;

char *text_utf8(const char *bytes, gssize size)
{
    gsize left = size < 0 ? strlen(bytes) : (gsize)size;
    GString *out = g_string_sized_new(left + 1);
    while (left > 0) {
        gunichar c = *bytes ? g_utf8_get_char_validated(bytes, (gssize)left) : REPLACEMENT;
        gboolean valid = *bytes && c < (gunichar)-2;
        gsize length = valid ? (gsize)(g_utf8_next_char(bytes) - bytes) : 1;
        g_string_append_unichar(out, valid ? c : REPLACEMENT);
        bytes += length;
        left -= length;
    }
    return g_string_free(out, FALSE);
}

static gboolean is_opener(gunichar c)
{
    return c >= FIRST_ISOLATE && c <= LAST_OPENER;
}

/* The blocks whose characters run from right to left, assigned or not, and what forces it. */
static gboolean is_right_to_left(gunichar c)
{
    return (c >= 0x0590 && c <= 0x08FF) || c == 0x200F || is_opener(c) ||
           (c >= 0xFB1D && c <= 0xFDFF) || (c >= 0xFE70 && c <= 0xFEFC) ||
           (c >= 0x10800 && c <= 0x10FFF) || (c >= 0x1E800 && c <= 0x1EFFF);
}

/* Draws nothing, or a blank that no one takes for one. */
static gboolean is_invisible(gunichar c)
{
    return c == 0x00AD || c == 0x034F || c == 0x061C || c == 0x115F || c == 0x1160 || c == 0x17B4 ||
           c == 0x17B5 || (c >= 0x180B && c <= 0x180F) || (c >= 0x200B && c <= 0x200F) ||
           (c >= 0x2060 && c <= 0x2064) || c == 0x2800 || c == 0x3164 ||
           (c >= 0xFE00 && c <= 0xFE0F) || c == 0xFEFF || c == 0xFFA0 ||
           (c >= 0xE0100 && c <= 0xE01EF);
}

/* Of those, the ones that a line may lose without harm: fillers of preheaders and hyphenation. */
static gboolean is_filler(gunichar c)
{
    return c == 0x00AD || c == 0x034F || c == 0x200B || (c >= 0x2060 && c <= 0x2064) || c == 0xFEFF;
}

/* Never shown as it is: embeddings, overrides, deprecated and annotation controls, noncharacters.
 */
static gboolean is_forbidden(gunichar c)
{
    return (c >= 0x202A && c <= 0x202E) || (c >= 0x206A && c <= 0x206F) ||
           (c >= 0xFFF9 && c <= 0xFFFB) || (c & 0xFFFE) == 0xFFFE || (c >= 0xFDD0 && c <= 0xFDEF) ||
           c == 0xE0001;
}

static gboolean is_tag(gunichar c)
{
    return c >= 0xE0020 && c <= 0xE007F;
}

/* The picture of a control character, else 0. */
static gunichar control_picture(gunichar c)
{
    if (c < 0x20)
        return 0x2400 + c;
    if (c == 0x7F)
        return 0x2421;
    if (c == 0x85 || c == 0x2028 || c == 0x2029)
        return 0x2424;
    return c > 0x7F && c < 0xA0 ? REPLACEMENT : 0;
}

static gboolean is_blank(gunichar c)
{
    return c == '\t' || g_unichar_type(c) == G_UNICODE_SPACE_SEPARATOR;
}

static gboolean is_combining(gunichar c)
{
    GUnicodeType type = g_unichar_type(c);
    return type == G_UNICODE_NON_SPACING_MARK || type == G_UNICODE_ENCLOSING_MARK;
}

/* Positions (guint) of the isolates that have a partner. */
static GHashTable *matched_isolates(const char *line, const char *end)
{
    GHashTable *matched = g_hash_table_new(NULL, NULL);
    g_autoptr(GArray) open = g_array_new(FALSE, FALSE, sizeof(guint));
    for (const char *at = line; at < end; at = g_utf8_next_char(at)) {
        gunichar c = g_utf8_get_char(at);
        guint position = (guint)(at - line);
        if (is_opener(c) && open->len < LIMIT_ISOLATES) {
            g_array_append_val(open, position);
        } else if (c == PDI && open->len > 0) {
            g_hash_table_add(matched, GUINT_TO_POINTER(position));
            g_hash_table_add(matched, GUINT_TO_POINTER(g_array_index(open, guint, open->len - 1)));
            g_array_set_size(open, open->len - 1);
        }
    }
    return matched;
}

typedef struct {
    GString *out;
    Manner manner;
    GHashTable *isolates;
    gunichar last;   /* what was kept last; 0 at the start and after a blank or a mark */
    guint combining; /* marks on the present base */
    gboolean blank;  /* a blank waits for the next character */
    gboolean rtl;
} Walk;

static void keep(Walk *walk, gunichar c)
{
    if (walk->blank && walk->out->len > 0)
        g_string_append_c(walk->out, ' ');
    walk->blank = FALSE;
    walk->rtl = walk->rtl || is_right_to_left(c);
    walk->last = c;
    if (!is_combining(c) && c != ZWJ && c != ZWNJ)
        walk->combining = 0;
    g_string_append_unichar(walk->out, c);
}

static void mark(Walk *walk, gunichar picture)
{
    keep(walk, picture);
    walk->last = 0;
}

static void blank(Walk *walk, gunichar c)
{
    walk->last = 0;
    if (walk->manner == AS_BODY)
        g_string_append_unichar(walk->out, c);
    else
        walk->blank = TRUE;
}

/* A joiner belongs inside a word: something before it, something visible after it. */
static void joiner(Walk *walk, gunichar c, const char *next, const char *end)
{
    gunichar after = next < end ? g_utf8_get_char(next) : 0;
    gboolean inside = walk->last != 0 && walk->last != ZWJ && walk->last != ZWNJ &&
                      g_unichar_isgraph(after) && !is_invisible(after);
    if (inside)
        keep(walk, c);
}

static void combining(Walk *walk, gunichar c)
{
    guint before = walk->combining;
    if (before < LIMIT_COMBINING)
        keep(walk, c);
    else if (before == LIMIT_COMBINING)
        mark(walk, REPLACEMENT);
    walk->combining = before + 1;
}

static gboolean is_harmful(const Walk *walk, gunichar c, guint position)
{
    gboolean isolate = is_opener(c) || c == PDI;
    if (walk->manner == AS_NAME && (isolate || is_invisible(c) || is_tag(c)))
        return TRUE;
    if (isolate)
        return !g_hash_table_contains(walk->isolates, GUINT_TO_POINTER(position));
    if (is_tag(c)) /* only the flags of regions are made of these */
        return walk->last != BLACK_FLAG && !is_tag(walk->last);
    return is_forbidden(c);
}

static void take(Walk *walk, gunichar c, guint position, const char *next, const char *end)
{
    if (is_blank(c))
        blank(walk, c);
    else if (control_picture(c) != 0)
        mark(walk, control_picture(c));
    else if (is_harmful(walk, c, position))
        mark(walk, REPLACEMENT);
    else if (c == ZWJ || c == ZWNJ)
        joiner(walk, c, next, end);
    else if (is_filler(c))
        return;
    else if (is_combining(c))
        combining(walk, c);
    else
        keep(walk, c);
}

/* LINE up to END is valid UTF-8; appends what may be shown of it. */
static void cleaned_line(GString *out, const char *line, const char *end, Manner manner)
{
    g_autoptr(GString) kept = g_string_sized_new((gsize)(end - line) + 1);
    g_autoptr(GHashTable) isolates = matched_isolates(line, end);
    Walk walk = {.out = kept, .manner = manner, .isolates = isolates};
    for (const char *at = line; at < end;) {
        const char *next = g_utf8_next_char(at);
        take(&walk, g_utf8_get_char(at), (guint)(at - line), next, end);
        at = next;
    }
    g_string_append(out, walk.rtl ? FSI_TEXT : "");
    g_string_append_len(out, kept->str, (gssize)kept->len);
    g_string_append(out, walk.rtl ? PDI_TEXT : "");
}

static char *cleaned(const char *string, Manner manner)
{
    g_autofree char *valid = text_utf8(string, -1);
    GString *out = g_string_new(NULL);
    cleaned_line(out, valid, valid + strlen(valid), manner);
    return g_string_free(out, FALSE);
}

char *text_field(const char *string)
{
    return cleaned(string, AS_FIELD);
}

char *text_name(const char *string)
{
    return cleaned(string, AS_NAME);
}

char *text_word(const char *string)
{
    g_autofree char *safe = text_name(string);
    gsize plain = strspn(safe, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "@%+=:,./_-");
    return plain > 0 && safe[plain] == '\0' ? g_steal_pointer(&safe) : g_shell_quote(safe);
}

char *text_body(const char *string)
{
    g_autofree char *valid = text_utf8(string, -1);
    GString *out = g_string_sized_new(strlen(valid) + 1);
    for (const char *line = valid;;) {
        const char *end = line + strcspn(line, "\n");
        gboolean crlf = *end == '\n' && end > line && end[-1] == '\r';
        cleaned_line(out, line, crlf ? end - 1 : end, AS_BODY);
        if (*end == '\0')
            return g_string_free(out, FALSE);
        g_string_append_c(out, '\n');
        line = end + 1;
    }
}
