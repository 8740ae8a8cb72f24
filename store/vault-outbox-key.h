/*
 * vault-outbox-key — a key pair by which an unattended host opens letters that wait to be sent, and
 * nothing else of the vault: those of accounts with `outbox_key` are sealed to it in place of the
 * vault's. Its private half lies in the vault, sealed to that, so that who has the vault's key
 * opens them as well; to the host it comes as a credential.
 */
#pragma once

#include "store/vault.h"

/* Is there one? */
gboolean vault_outbox_key_there(Vault *vault, gboolean *there,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Makes one, which takes no private key, in place of one that is there, to which nothing waiting
 * may be sealed; the private half, of KEY_SIZE bytes. 75 "outbox.waiting". */
Secret *vault_outbox_key_make(Vault *vault, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The private half, by the vault's. 78 "outbox.key": there is none. */
Secret *vault_outbox_key_open(Vault *vault, const Secret *vault_private,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* 78 "outbox.key": KEY is not the private half of the vault's pair. */
gboolean vault_outbox_key_check(Vault *vault, const Secret *key,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;
