/* See base32.h. */
#include "core/base32.h"

#include <string.h>

static const char letters[] = "abcdefghijklmnopqrstuvwxyz234567";

char *base32_encode(const guint8 *bytes, gsize size)
{
    GString *text = g_string_sized_new((size * 8 + 4) / 5);
    guint32 window = 0;
    guint bits = 0;
    for (gsize i = 0; i < size; i++) {
        window = window << 8 | bytes[i];
        for (bits += 8; bits >= 5; bits -= 5)
            g_string_append_c(text, letters[window >> (bits - 5) & 31]);
    }
    if (bits > 0)
        g_string_append_c(text, letters[window << (5 - bits) & 31]);
    return g_string_free(text, FALSE);
}

gboolean base32_decode(const char *text, guint8 *bytes, gsize size)
{
    guint32 window = 0;
    guint bits = 0;
    gsize made = 0;
    if (strlen(text) != (size * 8 + 4) / 5)
        return FALSE;
    for (; *text; text++) {
        const char *found = strchr(letters, g_ascii_tolower(*text));
        if (found == NULL)
            return FALSE;
        window = window << 5 | (guint32)(found - letters);
        bits += 5;
        if (bits >= 8) {
            bits -= 8;
            bytes[made++] = (guint8)(window >> bits);
        }
    }
    return made == size && (window & ((1U << bits) - 1)) == 0;
}
