/* vault-check — the structure of the vault's database, for which no key is needed. */
#pragma once

#include "store/vault.h"

/*
 * Holds the database against SQLite's own rules: each fault adds a sentence (char *) to FAULTS.
 * What is sealed in it is not opened. FALSE only when it could not be looked.
 */
gboolean vault_check(Vault *vault, GPtrArray *faults, GError **error) G_GNUC_WARN_UNUSED_RESULT;
