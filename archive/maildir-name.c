/* See maildir-name.h. */
#include "archive/maildir-name.h"

#include <string.h>

#include "core/limits.h"

#define DIGEST_CHARS 12

/* UTF-16 in base64, with "," for "/" and without "=". */
static void put_shifted(GString *out, const gunichar *chars, gsize n)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    glong units = 0;
    g_autofree gunichar2 *utf16 = g_ucs4_to_utf16(chars, (glong)n, NULL, &units, NULL);
    for (glong i = 0; i < units; i++) {
        const guint8 pair[] = {(guint8)(utf16[i] >> 8), (guint8)utf16[i]};
        g_byte_array_append(bytes, pair, sizeof pair);
    }
    g_autofree char *text = g_base64_encode(bytes->data, bytes->len);
    text[strcspn(text, "=")] = '\0';
    g_string_append_printf(out, "&%s-", g_strdelimit(text, "/", ','));
}

static gboolean is_plain(gunichar c)
{
    return c >= ' ' && c < 0x7f;
}

static void put_char(GString *out, gunichar c)
{
    if (c == '&')
        g_string_append(out, "&-");
    else
        g_string_append_c(out, c == '/' ? '.' : (char)c);
}

/* Valid UTF-8 without control characters. */
static char *encode(const char *folder)
{
    GString *out = g_string_new(NULL);
    glong count = 0;
    g_autofree gunichar *chars = g_utf8_to_ucs4_fast(folder, -1, &count);
    for (glong at = 0, end; at < count; at = end) {
        end = at;
        while (end < count && !is_plain(chars[end]))
            end++;
        if (end > at)
            put_shifted(out, chars + at, (gsize)(end - at));
        else
            put_char(out, chars[end++]);
    }
    return g_string_free(out, FALSE);
}

/* Empty levels would be "..", or no folder of their own. */
static char *levels_of(const char *folder)
{
    g_autofree char *valid = g_utf8_make_valid(folder, -1);
    for (char *at = valid; *at; at++)
        if ((guchar)*at < ' ' || *at == 0x7f)
            *at = '_';
    g_auto(GStrv) levels = g_strsplit_set(*valid ? valid : "_", "/.", -1);
    for (char **level = levels; *level; level++)
        if (**level == '\0') {
            g_free(*level);
            *level = g_strdup("_");
        }
    return g_strjoinv("/", levels);
}

char *maildir_name(const char *folder)
{
    if (g_ascii_strcasecmp(folder, "INBOX") == 0)
        return g_strdup("");
    g_autofree char *levels = levels_of(folder);
    g_autofree char *encoded = encode(levels);
    if (strlen(encoded) < LIMIT_FILE_NAME)
        return g_strconcat(".", encoded, NULL);
    g_autofree char *digest = g_compute_checksum_for_string(G_CHECKSUM_SHA256, folder, -1);
    return g_strdup_printf(".%.*s-%.*s", LIMIT_FILE_NAME - DIGEST_CHARS - 2, encoded, DIGEST_CHARS,
                           digest);
}
