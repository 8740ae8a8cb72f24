/*
 * tlsport — how a server's port meets what must not be: TLS 1.0 or 1.1, and words in clear. For
 * `postern doctor` alone; nothing of the user's is ever sent. A function takes over FD, a fresh
 * connection, and returns TRUE when the server refuses what it should.
 *
 * Errors: 76 "tls.old-versions", "tls.clear" when it does not; those of tls.h, and of
 * submission.h before STARTTLS, when it cannot be told.
 */
#pragma once

#include "net/session.h"

gboolean tlsport_refuses_old(int fd, const Session *session,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Not for SCHEME_SUBMISSION, which begins in clear. */
gboolean tlsport_refuses_clear(int fd, const Session *session,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;
