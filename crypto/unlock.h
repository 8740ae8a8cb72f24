/*
 * unlock — the vault's private key: from the kernel keyring while it rests there, else by one
 * gpg call (then it rests there for a while). Any failure of the keyring means "not cached",
 * never an error.
 */
#pragma once

#include "core/secret.h"
#include "crypto/seal.h"

/* The private key from the keyring, or NULL. Calls no gpg. */
Secret *unlock_cached(const guint8 vault_id[static VAULT_ID_SIZE]);

/* unlock_cached(), else unwraps WRAPPED by gpg, checks it against PUBLIC and caches it for
 * SECONDS (0: not at all). 75 "key.locked", 78 "key.missing", 74 "vault.key". */
Secret *unlock_vault(const guint8 vault_id[static VAULT_ID_SIZE],
                     const guint8 vault_public[static KEY_SIZE], const guint8 *wrapped, gsize size,
                     guint seconds, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Forgets it; TRUE when there was something to forget. */
gboolean unlock_forget(const guint8 vault_id[static VAULT_ID_SIZE]);
