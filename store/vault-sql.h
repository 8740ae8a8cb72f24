/*
 * vault-sql — the vault's statements: all SQL of the embedded engine stands in vault-sql.c, and
 * each statement is prepared once a connection. Only the store/vault-*.c files use this.
 */
#pragma once

#include <sqlite3.h>

#include "crypto/seal.h"
#include "store/vault-statements.h"
#include "store/vault-turn.h"
#include "store/vault.h"

struct Vault {
    char *dir;
    sqlite3 *db;
    VaultTurn *turn; /* where a writer of this process writes through it, else NULL */
    sqlite3_stmt *statements[SQL_STATEMENTS];
    guint8 id[VAULT_ID_SIZE];
    guint8 public_key[KEY_SIZE];
    GBytes *wrapped_private, *match_copy;
    guint8 match_check[MAC_SIZE];
    gint64 opened_batch; /* whose key is in opened_key; 0 for none */
    BatchKey *opened_key;
};

#define CHUNK_BITS 20 /* of a chunk's key: its number; above it stands the message's row */
#define MAX_CHUNKS ((1 << CHUNK_BITS) - 1)

/* Ready for binding; NULL on failure. */
sqlite3_stmt *vault_sql(Vault *vault, VaultSql which, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* These cannot fail but for lack of memory, which ends the process. DATA stays the caller's
 * and must live until the statement is done; NULL is SQL's NULL. */
void sql_int(sqlite3_stmt *statement, int n, gint64 value);
void sql_blob(sqlite3_stmt *statement, int n, const void *data, gsize size);

/* Runs a statement that gives no rows, and resets it. */
gboolean sql_done(Vault *vault, sqlite3_stmt *statement, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* One step: *row says whether there is a row. The caller resets. */
gboolean sql_row(Vault *vault, sqlite3_stmt *statement, gboolean *row,
                 GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The first row of WHICH, whose only parameter are the SIZE bytes at KEY: *row says whether there
 * is one. NULL on failure. The caller resets. */
sqlite3_stmt *sql_look_up(Vault *vault, VaultSql which, const void *key, gsize size, gboolean *row,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* A statement without parameters or rows. */
gboolean sql_run(Vault *vault, VaultSql which, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* A statement whose only parameter is VALUE, without rows; and one with two. */
gboolean sql_run_with(Vault *vault, VaultSql which, gint64 value,
                      GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean sql_run_with_two(Vault *vault, VaultSql which, gint64 first, gint64 second,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Begins a transaction as durable as SQL_LAZY or SQL_STRICT says, when it is our turn. */
gboolean sql_begin(Vault *vault, VaultSql durability, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Ends it: commits when FINE, else rolls back. TRUE when it was committed. */
gboolean sql_end(Vault *vault, gboolean fine, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Takes it back, though nothing failed. */
gboolean sql_cancel(Vault *vault, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Another number whenever somebody else, by whatever connection, has written since. */
gboolean vault_data_version(Vault *vault, gint64 *version,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The blob in a column, when it has exactly SIZE bytes; else NULL. */
const guint8 *sql_column(sqlite3_stmt *statement, int n, gsize size);

/* Puts SQLite's failure into words; always FALSE. */
gboolean vault_failed(sqlite3 *db, const char *dir, GError **error);
/* 74 "vault.damage": what the database says cannot be; always FALSE. */
gboolean vault_damaged(const Vault *vault, const char *what, GError **error);
