/*
 * staple — the OCSP response that a server sends along (RFC 6066, 8; RFC 7633). A certificate that
 * says "must staple" is accepted only with a good, fresh response of its issuer; on any other
 * certificate a response counts when it says "revoked". Nothing is fetched: what is not sent
 * does not exist.
 *
 * Errors: 76 "tls.staple", "tls.revoked".
 */
#pragma once

#include <glib.h>
#include <openssl/x509.h>

/* CHAIN is the verified one, leaf first; RESPONSE may be NULL. */
gboolean staple_check(STACK_OF(X509) * chain, X509_STORE *store, const guint8 *response, gsize size,
                      const char *host, GError **error) G_GNUC_WARN_UNUSED_RESULT;
