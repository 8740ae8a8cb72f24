/*
 * matchkey — the HMAC key of identities and names. It lies apart from the vault (0600 in
 * $XDG_STATE_HOME/postern, one file a vault) and serves comparison only: who has the vault
 * alone cannot test whether a mail or a folder's name is in it.
 */
#pragma once

#include "core/secret.h"
#include "crypto/seal.h"

/* Makes the key of a new vault; a key that is there already stays as it is. 73, 74. */
gboolean matchkey_create(const guint8 vault_id[static VAULT_ID_SIZE],
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* 78 "vault.matchkey" when it is missing, not a key, or open to others. */
Secret *matchkey_load(const guint8 vault_id[static VAULT_ID_SIZE],
                      GError **error) G_GNUC_WARN_UNUSED_RESULT;
