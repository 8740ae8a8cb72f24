/* See cidr.h. GLib 2.74 takes "::/129" for "::/0" and lets blanks and signs into the prefix. */
#include "core/cidr.h"

#include <string.h>

/* Digits of a number up to MAX, without leading zero; -1 for anything else. */
static int prefix_length(const char *digits, guint max)
{
    gsize length = strspn(digits, "0123456789");
    if (length == 0 || length > 3 || digits[length] != '\0' || (*digits == '0' && length > 1))
        return -1;
    guint64 value = g_ascii_strtoull(digits, NULL, 10);
    return value <= max ? (int)value : -1;
}

GInetAddressMask *cidr_parse(const char *text)
{
    const char *slash = strchr(text, '/');
    if (slash == NULL)
        return NULL;
    g_autofree char *start = g_strndup(text, (gsize)(slash - text));
    g_autoptr(GInetAddress) address = g_inet_address_new_from_string(start);
    if (address == NULL)
        return NULL;
    int length = prefix_length(slash + 1, (guint)g_inet_address_get_native_size(address) * 8);
    return length < 0 ? NULL : g_inet_address_mask_new(address, (guint)length, NULL);
}

gboolean cidr_contains(GInetAddressMask *outer, GInetAddressMask *inner)
{
    return g_inet_address_mask_get_length(inner) >= g_inet_address_mask_get_length(outer) &&
           g_inet_address_mask_matches(outer, g_inet_address_mask_get_address(inner));
}
