/* See cidr.h. On addresses alone, so that a search need not load GIO to read the configuration. */
#include "core/cidr.h"

#include <arpa/inet.h>
#include <string.h>

static guint bits_of(int family)
{
    return family == AF_INET ? 32 : 128;
}

/* Digits of a number up to MAX, without leading zero; -1 for anything else. */
static int prefix_length(const char *digits, guint max)
{
    gsize length = strspn(digits, "0123456789");
    if (length == 0 || length > 3 || digits[length] != '\0' || (*digits == '0' && length > 1))
        return -1;
    guint64 value = g_ascii_strtoull(digits, NULL, 10);
    return value <= max ? (int)value : -1;
}

static gboolean bit(const guint8 *bytes, guint n)
{
    return bytes[n / 8] >> (7 - n % 8) & 1;
}

static gboolean ends_in_zeros(const Cidr *cidr)
{
    for (guint n = cidr->length; n < bits_of(cidr->family); n++)
        if (bit(cidr->prefix, n))
            return FALSE;
    return TRUE;
}

gboolean cidr_parse(const char *text, Cidr *cidr)
{
    const char *slash = strchr(text, '/');
    if (slash == NULL)
        return FALSE;
    g_autofree char *start = g_strndup(text, (gsize)(slash - text));
    *cidr = (Cidr){.family = strchr(start, ':') ? AF_INET6 : AF_INET};
    if (inet_pton(cidr->family, start, cidr->prefix) != 1)
        return FALSE;
    int length = prefix_length(slash + 1, bits_of(cidr->family));
    if (length < 0)
        return FALSE;
    cidr->length = (guint)length;
    return ends_in_zeros(cidr);
}

char *cidr_text(const Cidr *cidr)
{
    char address[INET6_ADDRSTRLEN];
    inet_ntop(cidr->family, cidr->prefix, address, sizeof address);
    return g_strdup_printf("%s/%u", address, cidr->length);
}

gboolean cidr_covers(const Cidr *cidr, int family, const guint8 *address)
{
    if (family != cidr->family)
        return FALSE;
    for (guint n = 0; n < cidr->length; n++)
        if (bit(cidr->prefix, n) != bit(address, n))
            return FALSE;
    return TRUE;
}

gboolean cidr_contains(const Cidr *outer, const Cidr *inner)
{
    return inner->length >= outer->length && cidr_covers(outer, inner->family, inner->prefix);
}
