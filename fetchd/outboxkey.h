/*
 * outboxkey — the key that `outbox_key = credential:NAME` names: by it a host sends what waits
 * while the vault is locked.
 */
#pragma once

#include "core/config.h"
#include "core/secret.h"
#include "store/vault.h"

/* As people carry it: base64, on a line. */
char *outboxkey_text(const Secret *key);

/*
 * Of ACCOUNT, which has an outbox_key, held against the vault's pair. 78 "secret.credential" as for
 * passwords, and "outbox.key" for one that is none, or another vault's.
 */
Secret *outboxkey_load(const Account *account, Vault *vault,
                       GError **error) G_GNUC_WARN_UNUSED_RESULT;
