/* Life of the index: opening, transactions, dropping. See index.h. */
#include "store/index-private.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>

#include "core/error.h"
#include "core/text.h"
#include "store/sealedvfs.h"
#include "store/tokenizer.h"

#define FILE_NAME "index.db"
#define PAGE_INFO "postern index 1"
#define THREAD_INFO "postern thread 1"

/* 32 MB of pages: the upper levels of every tree, and the leaves of the last searches. */
#define SETTINGS "PRAGMA cache_size=-32768"

static gboolean read_position(Index *index, GError **error)
{
    gboolean found;
    return index_number(index, index_use(index, SQL_POSITION, error, ""), &index->position, &found,
                        error);
}

static gboolean settle(Index *index, GError **error)
{
    return tokenizer_register(index->db, error) && index_exec(index, SETTINGS, error) &&
           index_schema(index, error) && read_position(index, error);
}

Index *index_open(const char *dir, const guint8 vault_id[static VAULT_ID_SIZE],
                  const Secret *vault_private, GError **error)
{
    guint8 key[KEY_SIZE];
    g_autofree char *path = g_build_filename(dir, FILE_NAME, NULL);
    g_autoptr(Index) index = g_new0(Index, 1);
    hkdf_sha256(secret_bytes(vault_private), secret_size(vault_private), vault_id, VAULT_ID_SIZE,
                PAGE_INFO, strlen(PAGE_INFO), key, sizeof key);
    hkdf_sha256(key, sizeof key, vault_id, VAULT_ID_SIZE, THREAD_INFO, strlen(THREAD_INFO),
                index->thread_key, KEY_SIZE);
    index->db = sealed_open(path, key, TRUE, error);
    secret_wipe(key, sizeof key);
    return index->db && settle(index, error) ? g_steal_pointer(&index) : NULL;
}

void index_close(Index *index)
{
    if (index == NULL)
        return;
    for (gsize i = 0; i < SQL_STATEMENTS; i++)
        sqlite3_finalize(index->statements[i]);
    sqlite3_close(index->db);
    secret_wipe(index->thread_key, KEY_SIZE);
    g_free(index);
}

gboolean index_drop(const char *dir, GError **error)
{
    /* The database first: a log without its database is never replayed. */
    static const char *const names[] = {FILE_NAME, FILE_NAME "-wal", FILE_NAME "-shm"};
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *path = g_build_filename(dir, names[i], NULL);
        g_autofree char *shown = text_name(path);
        if (g_unlink(path) != 0 && errno != ENOENT)
            return refuse(error, POSTERN_ERROR_STORE, "index.write", "check the store's folder",
                          "%s cannot be removed: %s", shown, g_strerror(errno));
    }
    return TRUE;
}

gint64 index_position(Index *index)
{
    /* Another process may have gone on; if it cannot be read, what was known still holds. */
    (void)read_position(index, NULL);
    return index->position;
}

gboolean index_begin(Index *index, GError **error)
{
    if (!index_exec(index, "BEGIN IMMEDIATE", error))
        return FALSE;
    return TRUE;
}

gboolean index_commit(Index *index, gint64 sequence, GError **error)
{
    /* Fresh random bytes in every transaction: see sealedvfs.h. */
    gboolean fine =
        index_run(index, index_use(index, SQL_SET_POSITION, error, "i", sequence), error) &&
        index_run(index, index_use(index, SQL_SET_SALT, error, ""), error) &&
        index_exec(index, "COMMIT", error);
    if (!fine) {
        index_rollback(index);
        return FALSE;
    }
    return TRUE;
}

void index_rollback(Index *index)
{
    /* After some failures SQLite has rolled back already. */
    if (!sqlite3_get_autocommit(index->db))
        sqlite3_exec(index->db, "ROLLBACK", NULL, NULL, NULL);
}

gboolean index_stat(Index *index, IndexStat *stat, GError **error)
{
    gboolean row;
    g_autoptr(IndexUse) use = index_use(index, SQL_STAT, error, "");
    if (use == NULL || !index_step(index, use, &row, error))
        return FALSE;
    stat->messages = (guint64)sqlite3_column_int64(use, 0);
    stat->bytes = (guint64)sqlite3_column_int64(use, 1);
    return TRUE;
}
