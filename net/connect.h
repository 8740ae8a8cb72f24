/*
 * connect — from a VettedEndpoint to a connected socket. Resolves once (net/resolve.h), holds
 * every address against the company's networks (one outside refuses the whole name), and
 * connects to exactly those addresses, a quarter second apart; the first that answers wins. STOP_FD,
 * once readable, ends both (-1 for none).
 * Runs in the keeper. No proxies, no second look-up (P2: DNS rebinding).
 *
 * Errors: 78 "server.network", "server.office", "server.freemail"; 69 "server.dns", "server.unreachable";
 * 75 "server.timeout", "run.interrupted".
 */
#pragma once

#include <gio/gio.h>
#include <sys/socket.h>

#include "policy/endpoint.h"

/* A connected, close-on-exec stream socket, the caller's to close; -1 on failure. */
int connect_vetted(const VettedEndpoint *endpoint, const Company *company, int stop_fd,
                   GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* For a tunnel: looks up and vets likewise, but opens nothing, and does not ask where we are. One of
 * the addresses, IPv4 rather than IPv6; NULL on failure. */
GInetAddress *connect_address(const VettedEndpoint *endpoint, const Company *company, int stop_fd,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* --- for net/probe.c alone ---------------------------------------------------------------- */

typedef struct {
    struct sockaddr_storage name;
    socklen_t size;
} ConnectTarget;

/* The addresses (GInetAddress) that connect_vetted() would try, in its order: resolved once, all
 * the company's, each reachable from an office. */
GPtrArray *connect_addresses(const VettedEndpoint *endpoint, const Company *company, int stop_fd,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean connect_target(GInetAddress *address, guint16 port, ConnectTarget *target);
