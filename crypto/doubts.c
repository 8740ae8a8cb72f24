/* See doubts.h. A handful of letters is enough: which of a name's letters are foreign is shown by
 * core/text.h anyway. */
#include "crypto/doubts.h"

#include <gio/gio.h>
#include <string.h>

#define SHORT 6 /* letters below which one that differs says nothing */

/* Letters that look like others, and those others. */
static const struct {
    const char *seen, *meant;
} alike[] = {
    {"rn", "m"}, {"vv", "w"}, {"cl", "d"}, {"0", "o"}, {"1", "l"}, {"i", "l"}, {"|", "l"},
    {"5", "s"},  {"-", ""},   {"_", ""},   {".", ""},  {"а", "a"}, {"е", "e"}, {"о", "o"},
    {"р", "p"},  {"с", "c"},  {"х", "x"},  {"у", "y"}, {"і", "l"}, {"ѕ", "s"}, {"ј", "j"},
    {"к", "k"},  {"м", "m"},  {"т", "t"},  {"в", "b"}, {"н", "h"}, {"ο", "o"}, {"α", "a"},
    {"ν", "v"},  {"ρ", "p"},  {"ι", "l"},  {"κ", "k"}, {"ı", "l"}, {"ɑ", "a"}, {"ո", "n"},
};

/* TEXT as a glance sees it: lower case, no marks on letters, look-alikes made one. */
static char *glance(const char *text)
{
    g_autofree char *lower = g_utf8_casefold(text, -1);
    g_autofree char *split = g_utf8_normalize(lower, -1, G_NORMALIZE_ALL);
    g_autoptr(GString) out = g_string_new(NULL);
    for (const char *at = split ? split : ""; *at; at = g_utf8_next_char(at)) {
        gunichar c = g_utf8_get_char(at);
        if (!g_unichar_iszerowidth(c) && !g_unichar_ismark(c))
            g_string_append_unichar(out, c);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(alike); i++)
        g_string_replace(out, alike[i].seen, alike[i].meant, 0);
    return g_string_free(g_steal_pointer(&out), FALSE);
}

/* One letter changed, added, left out, or two that are next to each other swapped. */
static gboolean one_slip(const char *a, const char *b)
{
    gsize la = strlen(a), lb = strlen(b), head = 0, tail = 0;
    if (la < SHORT || lb < SHORT || la > lb + 1 || lb > la + 1)
        return FALSE;
    while (head < la && head < lb && a[head] == b[head])
        head++;
    while (tail < la - head && tail < lb - head && a[la - 1 - tail] == b[lb - 1 - tail])
        tail++;
    gsize ra = la - head - tail, rb = lb - head - tail;
    return (ra <= 1 && rb <= 1) ||
           (ra == 2 && rb == 2 && a[head] == b[head + 1] && a[head + 1] == b[head]);
}

static char *unicode_domain(const char *domain)
{
    char *unicode = g_hostname_to_unicode(domain);
    return unicode ? unicode : g_strdup(domain);
}

static gboolean is_below(const char *domain, const char *known)
{
    g_autofree char *ending = g_strconcat(".", known, NULL);
    g_autofree char *lower = g_ascii_strdown(domain, -1);
    return g_ascii_strcasecmp(domain, known) == 0 || g_str_has_suffix(lower, ending);
}

gboolean doubt_domain(const char *domain, const char *known)
{
    if (is_below(domain, known))
        return FALSE;
    g_autofree char *unicode = unicode_domain(domain);
    g_autofree char *seen = glance(unicode), *wanted = glance(known);
    gsize length = strlen(known);
    gboolean begins = g_ascii_strncasecmp(unicode, known, length) == 0 &&
                      (unicode[length] == '.' || unicode[length] == '-');
    return begins || strcmp(seen, wanted) == 0 || one_slip(seen, wanted);
}

gboolean doubt_address(const char *address, const char *known)
{
    const char *at = strrchr(address, '@'), *known_at = strrchr(known, '@');
    if (at == NULL || known_at == NULL || g_ascii_strcasecmp(at, known_at) != 0 ||
        g_ascii_strcasecmp(address, known) == 0)
        return FALSE;
    g_autofree char *local = g_strndup(address, (gsize)(at - address));
    g_autofree char *known_local = g_strndup(known, (gsize)(known_at - known));
    g_autofree char *seen = glance(local), *wanted = glance(known_local);
    return strcmp(seen, wanted) == 0;
}

char *doubt_name(const char *name, const char *address)
{
    g_auto(GStrv) words = g_strsplit_set(name ? name : "", " \t\n,;:<>()[]\"'", -1);
    for (char **word = words; *word; word++) {
        const char *at = strchr(*word, '@');
        if (at != NULL && at > *word && strchr(at, '.') != NULL &&
            g_ascii_strcasecmp(*word, address) != 0)
            return g_strdup(*word);
    }
    return NULL;
}
