/*
 * keyfind — keys of others that lie elsewhere: in their domain's web key directory (WKD,
 * draft-koch-openpgp-webkey-service). keyfind_wkd() is the only place from which GnuPG is let to
 * the network; its dirmngr asks, by HTTPS, trusting the authorities of the system. Nothing here
 * enters the keyring.
 *
 * Errors: 69 "server.unreachable", 75 "server.timeout", 76 "wkd.tls" and "wkd.answer"; 78
 * "openpgp.engine" without dirmngr; 65 "key.input" as pgp-cert.h.
 */
#pragma once

#include "crypto/keyring.h"

/* A key with the user ids of one address alone. */
typedef struct {
    GBytes *bytes;
    KeyInfo *key;
} FoundKey;

void found_key_free(FoundKey *found);

/* FoundKey *: the keys in DATA that gpg, too, calls ADDRESS's: what is not signed by the key itself
 * counts for nothing. */
GPtrArray *keyfind_sift(GBytes *data, const char *address,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The key FINGERPRINT of the keyring as a letter from ADDRESS may carry it: fit to encrypt to, and with
 * no other user id. NULL when it is not, or not of that address. */
GBytes *keyfind_carried(const char *fingerprint, const char *address);

/*
 * Asks the domain of ADDRESS, "local@domain", and then for at most LIMIT_WKD_MS. What it has, at
 * most LIMIT_WKD_BYTES, and in *SOURCE (g_free) from where; NULL without error when it has none.
 */
GBytes *keyfind_wkd(const char *address, char **source, GError **error) G_GNUC_WARN_UNUSED_RESULT;
