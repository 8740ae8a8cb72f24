/*
 * unlock — the vault's private key: from the kernel keyring while it rests there, else by one
 * gpg call (then it rests there for a while). Any failure of the keyring means "not cached",
 * never an error.
 */
#pragma once

#include "core/secret.h"
#include "crypto/seal.h"

/* What rests in the keyring under the vault's name, or NULL. Calls no gpg; whether it is the key
 * unlock_vault() finds out, or whoever opens something with it. */
Secret *unlock_cached(const guint8 vault_id[static VAULT_ID_SIZE]);

/* Lets KEY rest there for SECONDS. */
void unlock_cache(const guint8 vault_id[static VAULT_ID_SIZE], const Secret *key, guint seconds);

/* unlock_cached(), else unwraps WRAPPED by gpg, checks it against PUBLIC and caches it for
 * SECONDS (0: not at all). 75 "key.locked", 78 "key.missing", 74 "vault.key". */
Secret *unlock_vault(const guint8 vault_id[static VAULT_ID_SIZE],
                     const guint8 vault_public[static KEY_SIZE], const guint8 *wrapped, gsize size,
                     guint seconds, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Forgets it; TRUE when there was something to forget. */
gboolean unlock_forget(const guint8 vault_id[static VAULT_ID_SIZE]);
