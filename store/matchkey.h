/*
 * matchkey — the HMAC key of identities and names. It lies apart from the vault (0600 in
 * $XDG_STATE_HOME/postern, one file a vault) and serves comparison only: who has the vault
 * alone cannot test whether a mail or a folder's name is in it. A copy that only the private key
 * opens lies in the vault (vault-match.h).
 */
#pragma once

#include "store/vault.h"

/* The key of a new vault: made, unless it is there already. 73, 74; 78 "vault.matchkey". */
Secret *matchkey_create(const guint8 vault_id[static VAULT_ID_SIZE],
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* 78 "vault.matchkey" when it is missing, no key, another vault's, or open to others. */
Secret *matchkey_load(const Vault *vault, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/*
 * Puts a file that is missing, no key or another vault's back from the copy in the vault; *restored
 * says whether it had to. One that is open to others, or no file, stays as it is: 78
 * "vault.matchkey". 74 "vault.damage" when the copy does not open, "store.write".
 */
gboolean matchkey_restore(const Vault *vault, const Secret *vault_private, gboolean *restored,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;
