/*
 * resolve — the one look-up of a host, whose answer is held against P2 from then on: its addresses,
 * and the name at the end of its aliases (CNAME). GResolver tells no aliases, so this asks the C
 * library, with the deadline and interruption of net/lookup.h.
 */
#pragma once

#include <gio/gio.h>

/*
 * Every address of HOST (GInetAddress), at most LIMIT_ADDRESSES, the caller's to free
 * (g_resolver_free_addresses); NULL on failure: 69 "server.dns", 75 "server.timeout",
 * "run.interrupted", 78 "server.freemail" for another name of a freemail provider's host.
 */
GList *resolve_host(const char *host, int stop_fd, GError **error) G_GNUC_WARN_UNUSED_RESULT;
