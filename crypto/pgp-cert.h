/*
 * pgp-cert — public keys that a stranger made, before gpg sees them: their packets are counted here
 * (RFC 9580, 4.2 and 10.1), and only what belongs to one address is handed on. Whether a signature
 * is good is gpg's business. Pure.
 */
#pragma once

#include <glib.h>

/*
 * GBytes *: each key in DATA (binary) that has a user id with ADDRESS, without its other user ids
 * and pictures. None is no error. 65 "key.input" for what is cut, is or holds no public key, or for
 * more than LIMIT_KEYS of them or one of more than LIMIT_SUBKEYS subkeys, LIMIT_USER_IDS user ids
 * or LIMIT_KEY_SIGNATURES signatures.
 */
GPtrArray *pgp_cert_sift(GBytes *data, const char *address,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;
