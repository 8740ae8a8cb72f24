/*
 * vault-match — what the vault knows of its match key, which lies apart from it (matchkey.h): a
 * copy sealed to the vault's public key, so that the owner of the private key can put a lost one
 * back, and a check value that tells the right key from another. Neither helps who has the vault
 * alone.
 */
#pragma once

#include "store/vault.h"

/* The copy, as it lies in the vault. NULL with 74 "vault.key" when VAULT_PUBLIC is no key. */
GBytes *match_seal(const guint8 vault_id[static VAULT_ID_SIZE],
                   const guint8 vault_public[static KEY_SIZE], const Secret *match_key,
                   GError **error) G_GNUC_WARN_UNUSED_RESULT;
void match_check_value(const Secret *match_key, guint8 check[static MAC_SIZE]);

/* Is this the key by which the vault's identities and names were made? */
gboolean vault_match_fits(const Vault *vault, const Secret *match_key) G_GNUC_WARN_UNUSED_RESULT;
/* The copy, opened; 74 "vault.damage" when it does not open or is another key. */
Secret *vault_match_key(const Vault *vault, const Secret *vault_private,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;
