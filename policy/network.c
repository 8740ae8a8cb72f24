/* See network.h. */
#include "policy/network.h"

#include <string.h>

#include "core/cidr.h"
#include "core/error.h"
#include "core/text.h"

/*
 * Addresses that no mail server of a company has by accident (IANA special-purpose registries).
 * Private ones (RFC 1918, RFC 4193) are not here: companies use them.
 */
static const char *const special[] = {
    "0.0.0.0/8",       /* this network */
    "127.0.0.0/8",     /* loopback */
    "169.254.0.0/16",  /* link-local, and the metadata services of clouds */
    "192.0.0.0/24",    /* protocol assignments */
    "192.0.2.0/24",    /* documentation */
    "192.88.99.0/24",  /* 6to4 relays */
    "198.18.0.0/15",   /* benchmarks */
    "198.51.100.0/24", /* documentation */
    "203.0.113.0/24",  /* documentation */
    "224.0.0.0/4",     /* multicast */
    "240.0.0.0/4",     /* reserved, broadcast */
    "::/96",           /* unspecified, loopback, IPv4-compatible */
    "64:ff9b:1::/48",  /* local NAT64: what is behind cannot be told */
    "100::/64",        /* discard */
    "2001::/23",       /* protocol assignments, Teredo */
    "2001:db8::/32",   /* documentation */
    "3fff::/20",       /* documentation */
    "5f00::/16",       /* segment routing */
    "fe80::/10",       /* link-local */
    "fec0::/10",       /* site-local */
    "ff00::/8",        /* multicast */
};

/* IPv6 addresses that only carry an IPv4 one, and where in them it stands. */
static const struct {
    const char *network;
    gsize at;
} wrappers[] = {
    {"::ffff:0:0/96", 12}, /* v4-mapped */
    {"64:ff9b::/96", 12},  /* NAT64 */
    {"2002::/16", 2},      /* 6to4 */
};

static gboolean lies_in(GInetAddress *address, const char *network)
{
    Cidr cidr;
    return cidr_parse(network, &cidr) && cidr_covers(&cidr, (int)g_inet_address_get_family(address),
                                                     g_inet_address_to_bytes(address));
}

/* The address that is meant. */
static GInetAddress *unwrapped(GInetAddress *address)
{
    for (gsize i = 0; i < G_N_ELEMENTS(wrappers); i++)
        if (lies_in(address, wrappers[i].network))
            return g_inet_address_new_from_bytes(g_inet_address_to_bytes(address) + wrappers[i].at,
                                                 G_SOCKET_FAMILY_IPV4);
    return g_object_ref(address);
}

static const char *special_range(GInetAddress *address)
{
    for (gsize i = 0; i < G_N_ELEMENTS(special); i++)
        if (lies_in(address, special[i]))
            return special[i];
    return NULL;
}

static gboolean is_within(const char *network, const char *range)
{
    Cidr inner, outer;
    return cidr_parse(network, &inner) && cidr_parse(range, &outer) &&
           cidr_contains(&outer, &inner);
}

/* "0.0.0.0/0" does not mean loopback: a network speaks for a special range only from inside. */
static gboolean is_listed(char **networks, GInetAddress *address)
{
    const char *range = special_range(address);
    for (guint i = 0; networks[i]; i++)
        if (lies_in(address, networks[i]) && (range == NULL || is_within(networks[i], range)))
            return TRUE;
    return FALSE;
}

gboolean network_allows(const Company *company, GInetAddress *address, const char *host,
                        GError **error)
{
    g_autoptr(GInetAddress) meant = unwrapped(address);
    gboolean bounded = *company->networks != NULL;
    if (bounded ? is_listed(company->networks, meant) : special_range(meant) == NULL)
        return TRUE;
    g_autofree char *shown = text_name(host);
    g_autofree char *written = g_inet_address_to_string(address);
    return refuse(error, POSTERN_ERROR_POLICY, "server.network",
                  "ask who answers your DNS; a network that is the company's belongs into "
                  "[company] networks",
                  "server %s is at %s, %s", shown, written,
                  bounded ? "outside the company's networks" : "where no server can be");
}

gboolean network_in_office(const Company *company, GInetAddress *own, GError **error)
{
    g_autoptr(GInetAddress) meant = unwrapped(own);
    if (*company->offices == NULL || is_listed(company->offices, meant))
        return TRUE;
    g_autofree char *written = g_inet_address_to_string(own);
    return refuse(error, POSTERN_ERROR_POLICY, "server.office",
                  "connect from an office, or through the company's VPN",
                  "our own address %s lies in none of the company's offices", written);
}

static gboolean check_network(const char *key, const char *network, GError **error)
{
    g_autofree char *shown = text_field(network);
    Cidr cidr;
    if (!cidr_parse(network, &cidr))
        return refuse(error, POSTERN_ERROR_POLICY, "config.value",
                      "write it like 10.0.0.0/8 or 2001:db8::/32, with no bit set behind the "
                      "prefix",
                      "%s: \"%s\" is not a network", key, shown);
    for (gsize i = 0; i < G_N_ELEMENTS(wrappers); i++)
        if (is_within(network, wrappers[i].network))
            return refuse(error, POSTERN_ERROR_POLICY, "config.value",
                          "write the IPv4 network that is meant",
                          "%s: \"%s\" only wraps an IPv4 network", key, shown);
    return TRUE;
}

gboolean network_check_lists(const Company *company, GError **error)
{
    for (guint i = 0; company->networks[i]; i++)
        if (!check_network("networks", company->networks[i], error))
            return FALSE;
    for (guint i = 0; company->offices[i]; i++)
        if (!check_network("offices", company->offices[i], error))
            return FALSE;
    return TRUE;
}
