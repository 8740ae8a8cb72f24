/*
 * vault-rotate — what OpenPGP has sealed in the vault, sealed anew to other keys: the vault's
 * private half and login secrets. All in one transaction: whenever it is killed, either all is
 * sealed as before or all anew. No message is touched (see vault-rewrap.h).
 *
 * Errors: those of vault.h; 75 "vault.busy" when something was sealed by somebody else meanwhile.
 */
#pragma once

#include "store/vault.h"

typedef struct {
    const char *account;
    GBytes *before, *now;
} RotatedSecret;

/* PRIVATE_NOW in place of vault_wrapped_private(), and SECRETS (RotatedSecret *) in place of what
 * they were. */
gboolean vault_rotate(Vault *vault, const Secret *match_key, GBytes *private_now,
                      const GPtrArray *secrets, GError **error) G_GNUC_WARN_UNUSED_RESULT;
