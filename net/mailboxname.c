/* See mailboxname.h. */
#include "net/mailboxname.h"

#include <string.h>

#include "core/text.h"

static int sextet(char letter)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";
    const char *found = letter ? strchr(alphabet, letter) : NULL;
    return found ? (int)(found - alphabet) : -1;
}

/* One UTF-16 unit; *high keeps the first half of a pair. ASCII has no business in base64. */
static gboolean add_unit(GString *out, guint32 unit, guint32 *high)
{
    if (*high != 0) {
        if (unit < 0xDC00 || unit > 0xDFFF)
            return FALSE;
        g_string_append_unichar(out, 0x10000 + ((*high - 0xD800) << 10) + (unit - 0xDC00));
        *high = 0;
        return TRUE;
    }
    if (unit >= 0xD800 && unit <= 0xDBFF) {
        *high = unit;
        return TRUE;
    }
    if (unit < 0x80 || (unit >= 0xDC00 && unit <= 0xDFFF))
        return FALSE;
    g_string_append_unichar(out, unit);
    return TRUE;
}

/* From behind "&" to "-"; the place of that "-", or NULL. */
static const char *decode_shift(const char *at, GString *out)
{
    guint32 bits = 0, high = 0;
    guint held = 0, units = 0;
    for (; *at != '-'; at++) {
        int value = sextet(*at);
        if (value < 0)
            return NULL;
        bits = bits << 6 | (guint32)value;
        held += 6;
        if (held < 16)
            continue;
        held -= 16;
        units++;
        if (!add_unit(out, bits >> held & 0xFFFF, &high))
            return NULL;
        bits &= (1u << held) - 1;
    }
    return units > 0 && high == 0 && held < 6 && bits == 0 ? at : NULL;
}

char *mailbox_name_decode(const char *name)
{
    g_autoptr(GString) out = g_string_new(NULL);
    for (const char *at = name; at && *at; at++) {
        if (*at < 0x20 || *at > 0x7E)
            return text_utf8(name, -1);
        if (*at != '&') {
            g_string_append_c(out, *at);
        } else if (at[1] == '-') {
            g_string_append_c(out, '&');
            at++;
        } else if ((at = decode_shift(at + 1, out)) == NULL) {
            return text_utf8(name, -1);
        }
    }
    return g_string_free(g_steal_pointer(&out), FALSE);
}

gboolean mailbox_name_sendable(const char *name)
{
    for (const char *at = name; *at; at++)
        if (g_ascii_iscntrl(*at))
            return FALSE;
    return *name != '\0';
}
