/* See domain.h. */
#include "policy/domain.h"

#include <idn2.h>
#include <string.h>

/*
 * What libidn2 leaves to ask: it has refused names and labels that are too long, and labels that
 * begin or end with "-".
 */
static gboolean is_label(const char *label)
{
    gsize length = strlen(label);
    return length > 0 && strspn(label, "abcdefghijklmnopqrstuvwxyz0123456789-") == length;
}

static gboolean is_host_name(const char *ascii)
{
    g_auto(GStrv) labels = g_strsplit(ascii, ".", -1);
    for (guint i = 0; labels[i]; i++)
        if (!is_label(labels[i]))
            return FALSE;
    return *labels != NULL;
}

/* UTS #46, non-transitional; NULL when NAME is nothing to it. */
static char *to_ascii(const char *name)
{
    char *made = NULL;
    if (idn2_to_ascii_8z(name, &made, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL) != IDN2_OK)
        return NULL;
    char *ascii = g_strdup(made);
    idn2_free(made);
    return ascii;
}

static char *to_unicode(const char *ascii)
{
    char *made = NULL;
    (void)idn2_to_unicode_8z8z(ascii, &made, 0); /* MADE stays NULL when it fails */
    char *unicode = g_strdup(made);
    idn2_free(made);
    return unicode;
}

/*
 * The domain must be what it looks like: written either as its A-labels or as its U-labels. This
 * refuses full-width letters; an A-label that is none, like "xn--corp-", libidn2 has refused.
 */
static gboolean is_canonical(const char *written, const char *ascii)
{
    g_autofree char *unicode = to_unicode(ascii);
    return g_str_equal(written, ascii) || g_strcmp0(written, unicode) == 0;
}

char *domain_ascii(const char *name)
{
    if (!g_utf8_validate(name, -1, NULL))
        return NULL;
    g_autofree char *written = g_utf8_strdown(name, -1);
    if (g_str_has_suffix(written, "."))
        written[strlen(written) - 1] = '\0';
    g_autofree char *ascii = to_ascii(written);
    if (ascii == NULL || !is_host_name(ascii) || !is_canonical(written, ascii))
        return NULL;
    return g_steal_pointer(&ascii);
}

gboolean domain_lies_in(const char *domain, const char *parent)
{
    if (!g_str_has_suffix(domain, parent))
        return FALSE;
    gsize ahead = strlen(domain) - strlen(parent);
    return ahead == 0 || domain[ahead - 1] == '.';
}
