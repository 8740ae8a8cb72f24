/* See notice.h. */
#include "core/notice.h"

#include <string.h>

#include "core/error.h"
#include "core/text.h"

static const struct {
    const char *name;
    NoticeWhen when;
} names[] = {
    {"never", NOTICE_NEVER},
    {"success", NOTICE_SUCCESS},
    {"failure", NOTICE_FAILURE},
    {"delay", NOTICE_DELAY},
};

static guint named(const char *word)
{
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++)
        if (g_ascii_strcasecmp(word, names[i].name) == 0)
            return names[i].when;
    return 0;
}

gboolean notice_sound(guint when)
{
    return when <= NOTICE_NEVER;
}

gboolean notice_read(const char *words, Notice *notice, GError **error)
{
    g_auto(GStrv) list = g_strsplit(words, ",", -1);
    guint when = 0;
    gboolean known = list[0] != NULL;
    for (char **word = list; *word && known; word++) {
        guint one = named(g_strstrip(*word));
        known = one != 0;
        when |= one;
    }
    if (known && notice_sound(when)) {
        notice->when = when;
        return TRUE;
    }
    g_autofree char *shown = text_name(words);
    return refuse(error, POSTERN_ERROR_USAGE, "usage",
                  "say never, or some of success,failure,delay",
                  "\"%s\" does not say of what a notice is wanted", shown);
}

char *notice_words(const Notice *notice, const char *comma)
{
    GString *words = g_string_new(NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++)
        if (notice->when & names[i].when)
            g_string_append_printf(words, "%s%s", words->len > 0 ? comma : "", names[i].name);
    return g_string_free(words, FALSE);
}

char *notice_xtext(const char *text)
{
    GString *out = g_string_new(NULL);
    for (; *text; text++)
        if (g_ascii_isgraph(*text) && *text != '+' && *text != '=')
            g_string_append_c(out, *text);
        else
            g_string_append_printf(out, "+%02X", (guint)(guchar)*text);
    return g_string_free(out, FALSE);
}

static gboolean is_name(const char *id)
{
    const char *at = id;
    while (g_ascii_isprint(*at))
        at++;
    g_autofree char *coded = *at == '\0' ? notice_xtext(id) : NULL;
    return at > id && coded && strlen(coded) <= NOTICE_ID;
}

gboolean notice_name(Notice *notice, const char *id)
{
    gboolean good = is_name(id);
    g_strlcpy(notice->id, good ? id : "", sizeof notice->id);
    return good;
}
