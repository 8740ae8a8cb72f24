/*
 * certificate — is this chain our server's? The checks of P3 on X.509 certificates, away from
 * the connection, so that tls.c is about bytes and this about trust. Opens no file.
 *
 * Errors: 76 "tls.chain", "tls.name", "tls.expired", "tls.pin"; 78 "tls.ca" for a CA set that
 * cannot be used.
 */
#pragma once

#include <openssl/x509.h>

#include "net/session.h"

/* One X509_STORE for each set of PEM text (GBytes); refuses no sets, and a set without a
 * certificate. */
GPtrArray *certificate_stores(const GPtrArray *ca_sets, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* When it ends to be valid, seconds since 1970; 0 when that cannot be told. */
gint64 certificate_end(const X509 *certificate);

/*
 * Checks LEAF, with the certificates the server SENT beside it, against every store, the host's
 * name, and the pins. *code is what TLS tells the server (an X509_V_ value); *chain, when not
 * NULL, becomes the verified chain of the first set, the caller's.
 */
gboolean certificate_check(X509 *leaf, STACK_OF(X509) * sent, const GPtrArray *stores,
                           const Session *session, int *code, STACK_OF(X509) * *chain,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;
