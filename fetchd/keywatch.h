/*
 * keywatch — the OpenPGP keys that open the store: those of accounts and the company's recovery
 * keys. When one of them is missing, expired or revoked nothing is fetched, for who should be able
 * to read it might not be (P5). Asks gpg for public keys alone, and for each good one again when
 * the keyring has changed, or after an hour (keynote.h).
 */
#pragma once

#include "core/config.h"

#define KEYWATCH_DAYS 30 /* who must renew a key needs some days for it */

/* May what ACCOUNTS (Account *) fetch be sealed? 78 "key.missing", "key.expired", "key.revoked",
 * "key.disabled", "key.unusable"; "openpgp.engine". */
gboolean keywatch_check(const Config *config, const GPtrArray *accounts,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Fingerprints (const char *, of CONFIG), each once: all accounts' keys and the recovery keys. */
GPtrArray *keywatch_keys(const Config *config);
/* What keywatch_check() says of one. *expiry: when it stops being fit, 0 for never. */
gboolean keywatch_good(const char *key, gint64 *expiry, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* GError *: what keywatch_check() will say one day, of all accounts' keys: 78 "key.expires" for a
 * key that does so within KEYWATCH_DAYS; and, with PRESENT, what it says now. */
GPtrArray *keywatch_warnings(const Config *config, gboolean present);
