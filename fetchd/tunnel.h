/*
 * tunnel — starts an account's tunnel and gives the socket that leads through it. What may be
 * started is decided by policy/tunnel.h; what stands at its other end is TLS's to prove.
 */
#pragma once

#include <sys/types.h>

#include "fetchd/link.h"

/*
 * A stream socket to TARGET's server through its account's tunnel, the caller's to close; *pid is to
 * be ended with tunnel_end(). The command keeps our standard error and environment, and may ask
 * on the terminal. Errors: 78 "config.tunnel", those of net/connect.h for the look-up, 69
 * "server.tunnel" when it cannot be started.
 */
int tunnel_open(const LinkTarget *target, pid_t *pid, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Ends the command: it has a moment to leave by itself. TRUE when it had failed before, so that
 * what became of the connection is its doing: 69 "server.tunnel". */
gboolean tunnel_end(pid_t pid, const char *host, GError **error);
