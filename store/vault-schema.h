/* vault-schema — the vault's tables and their version. */
#pragma once

#include <sqlite3.h>

#include "core/error.h"

/* Lays the tables out in a fresh database. */
int vault_schema_make(sqlite3 *db) G_GNUC_WARN_UNUSED_RESULT;

/* On each connection: settings, then 74 "vault.damage" when DB is no vault, "vault.version" when
 * another release made it. */
gboolean vault_schema_check(sqlite3 *db, const char *dir, GError **error) G_GNUC_WARN_UNUSED_RESULT;
