/*
 * network — is this address the company's? CIDR sets, with v4-mapped,
 * NAT64 and 6to4 addresses unwrapped first (P2). Pure: resolves and opens nothing.
 */
#pragma once

#include <gio/gio.h>

#include "core/config.h"

/*
 * TRUE when a server may be at ADDRESS: inside `networks` when those are set; else any address
 * that is not special (loopback, link-local, multicast, unspecified, documentation …).
 * Code 78, rule "server.network".
 */
gboolean network_allows(const Company *company, GInetAddress *address, const char *host,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* As above for our own address and `offices`; rule "server.office". */
gboolean network_in_office(const Company *company, GInetAddress *own,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Checks the CIDR lists themselves; rule "config.value". */
gboolean network_check_lists(const Company *company, GError **error) G_GNUC_WARN_UNUSED_RESULT;
