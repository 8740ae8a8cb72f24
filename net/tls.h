/*
 * tls — a connection with deadlines, and the only place that knows libssl.
 *
 * A Channel begins in clear (587 needs that for EHLO and STARTTLS) and becomes TLS once, by
 * channel_start_tls(); there is no way back. All the checks of P3 happen in there: TLS 1.2 or
 * newer, a chain to every CA set of the session, name match (RFC 9525), key usage, pins. No
 * environment variable and no openssl.cnf has a say.
 *
 * Errors: 76 "tls.handshake", "tls.version", "tls.chain", "tls.name", "tls.expired", "tls.pin",
 * "tls.staple", "tls.revoked", "tls.truncated" (end without close_notify), each naming the fault;
 * 75 "server.timeout"; 69 "server.closed" (end of a connection in clear).
 */
#pragma once

#include "net/report.h"
#include "net/session.h"

typedef struct Channel Channel;

/* Before any other use of OpenSSL: neither openssl.cnf nor OPENSSL_CONF is read. channel_new() does
 * it too. */
void tls_without_config(void);

/* Does ahead of time what a process does once, at its first handshake: OpenSSL looks its ciphers
 * up. */
void tls_get_ready(void);

/* Takes FD over; it becomes non-blocking. The deadline is LIMIT_CONNECT_MS from now. */
Channel *channel_new(int fd);
void channel_free(Channel *channel);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Channel, channel_free)

/* What is said from here on is told to TRACE (the caller's, or NULL) by who knows what it means:
 * net/line.c, net/guard.c and the protocols. */
void channel_set_trace(Channel *channel, Trace *trace);
Trace *channel_trace(const Channel *channel);

/* Everything that follows must be done within MS from now; a single silence may last at most
 * LIMIT_READ_MS. */
void channel_deadline(Channel *channel, guint ms);

/* A single silence may last this long instead, where a protocol knows long waits. */
void channel_silence(Channel *channel, guint ms);

/*
 * TLS from here on. Refuses with 76 "tls.injected" when bytes already wait on a channel that has
 * spoken in clear (CVE-2020-15953 and kin).
 */
gboolean channel_start_tls(Channel *channel, const Session *session,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* At least one byte, at most SIZE; 0 for a clean end (close_notify); -1 on failure. */
gssize channel_read(Channel *channel, guint8 *buffer, gsize size, GError **error);
gboolean channel_write(Channel *channel, const guint8 *data, gsize size,
                       GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* TRUE when a read would return at once, with bytes or with the connection's end. */
gboolean channel_pending(Channel *channel);
int channel_fd(const Channel *channel);

/* What binds a login to this very connection: tls-exporter (RFC 9266). NULL before TLS 1.3, where
 * it would prove nothing without more conditions, and in clear. */
GBytes *channel_binding(const Channel *channel);

/* Fills in what TLS has shown; all zero in clear. */
void channel_report(const Channel *channel, ServerReport *report);
