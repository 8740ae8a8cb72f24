/* See text.h: domains and addresses as a reader sees them. */
#include "core/text.h"

#include <string.h>

/* Sets of scripts that one label may hold, Latin beside the East Asian ones (UTS #39). */
static const GUnicodeScript together[][4] = {
    {G_UNICODE_SCRIPT_LATIN, G_UNICODE_SCRIPT_HAN, G_UNICODE_SCRIPT_HIRAGANA,
     G_UNICODE_SCRIPT_KATAKANA},
    {G_UNICODE_SCRIPT_LATIN, G_UNICODE_SCRIPT_HAN, G_UNICODE_SCRIPT_HANGUL,
     G_UNICODE_SCRIPT_HANGUL},
    {G_UNICODE_SCRIPT_LATIN, G_UNICODE_SCRIPT_HAN, G_UNICODE_SCRIPT_BOPOMOFO,
     G_UNICODE_SCRIPT_BOPOMOFO},
};

static gboolean in_set(GUnicodeScript script, const GUnicodeScript *set)
{
    return script == set[0] || script == set[1] || script == set[2] || script == set[3];
}

static gboolean has_script(gunichar c)
{
    GUnicodeScript script = g_unichar_get_script(c);
    return script != G_UNICODE_SCRIPT_COMMON && script != G_UNICODE_SCRIPT_INHERITED;
}

static gboolean within(const char *label, const GUnicodeScript *set)
{
    for (const char *at = label; *at; at = g_utf8_next_char(at)) {
        gunichar c = g_utf8_get_char(at);
        if (has_script(c) && !in_set(g_unichar_get_script(c), set))
            return FALSE;
    }
    return TRUE;
}

/* All letters of one script, whichever it is. */
static gboolean is_uniform(const char *label)
{
    GUnicodeScript set[4] = {G_UNICODE_SCRIPT_COMMON, G_UNICODE_SCRIPT_COMMON,
                             G_UNICODE_SCRIPT_COMMON, G_UNICODE_SCRIPT_COMMON};
    for (const char *at = label; *at; at = g_utf8_next_char(at))
        if (has_script(g_utf8_get_char(at))) {
            set[0] = g_unichar_get_script(g_utf8_get_char(at));
            break;
        }
    return within(label, set);
}

gboolean text_one_script(const char *label)
{
    gboolean plain = is_uniform(label);
    for (gsize i = 0; !plain && i < G_N_ELEMENTS(together); i++)
        plain = within(label, together[i]);
    return plain;
}

char *text_domain(const char *domain)
{
    g_autofree char *valid = text_utf8(domain, -1);
    g_auto(GStrv) labels = g_strsplit(valid, ".", -1);
    for (guint i = 0; labels[i]; i++) {
        char *ascii = text_one_script(labels[i]) ? NULL : g_hostname_to_ascii(labels[i]);
        if (ascii) {
            g_free(labels[i]);
            labels[i] = ascii;
        }
    }
    g_autofree char *joined = g_strjoinv(".", labels);
    return text_name(joined);
}

char *text_address(const char *address)
{
    const char *at = strrchr(address, '@');
    if (at == NULL)
        return text_name(address);
    g_autofree char *domain = text_domain(at + 1);
    g_autofree char *local = g_strndup(address, (gsize)(at - address));
    g_autofree char *shown = text_name(local);
    return g_strconcat(shown, "@", domain, NULL);
}
