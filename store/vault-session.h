/*
 * vault-session — the session keys (crypto/session.h) of mail that arrived encrypted and was opened
 * once, sealed as a record of the message's batch: whoever opens them has the vault's private half.
 * They lie in the vault since the index is made anew from it, and then nobody shall be asked again.
 * Never of a message that is sealed singly.
 */
#pragma once

#include "crypto/session.h"
#include "store/vault.h"

/* Those of the message with this id (base32): a set, perhaps an empty one; NULL without *error for
 * a message that is sealed singly, or is not here, whose keys are not to be kept. A damaged record
 * is as none, for the private key is still there. */
SessionKeys *vault_session_keys(Vault *vault, const Secret *vault_private, const char *id,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* KEYS in the place of what was kept. Not as durable as mail: a power loss may cost another
 * opening. */
gboolean vault_keep_session_keys(Vault *vault, const Secret *vault_private, const char *id,
                                 const SessionKeys *keys, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Of all messages: none is kept any more. */
gboolean vault_forget_session_keys(Vault *vault, GError **error) G_GNUC_WARN_UNUSED_RESULT;
