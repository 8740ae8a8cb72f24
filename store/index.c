/* Life of the index: opening, transactions, dropping. See index.h. */
#include "store/index-private.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

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

static gboolean settle(Index *index, gboolean *ours, GError **error)
{
    return tokenizer_register(index->db, error) && index_exec(index, SETTINGS, error) &&
           index_schema(index, ours, error) && (!*ours || read_position(index, error));
}

/* With its keys, of which PAGE_KEY is for opening it. */
static Index *index_new(const guint8 vault_id[static VAULT_ID_SIZE], const Secret *vault_private,
                        guint8 page_key[static KEY_SIZE])
{
    Index *index = g_new0(Index, 1);
    hkdf_sha256(secret_bytes(vault_private), secret_size(vault_private), vault_id, VAULT_ID_SIZE,
                PAGE_INFO, strlen(PAGE_INFO), page_key, KEY_SIZE);
    hkdf_sha256(page_key, KEY_SIZE, vault_id, VAULT_ID_SIZE, THREAD_INFO, strlen(THREAD_INFO),
                index->thread_key, KEY_SIZE);
    return index;
}

/* As it lies there; NULL without *error when another release made it. */
static Index *open_it(const char *dir, const guint8 vault_id[static VAULT_ID_SIZE],
                      const Secret *vault_private, GError **error)
{
    guint8 key[KEY_SIZE];
    gboolean ours = FALSE;
    g_autofree char *path = g_build_filename(dir, FILE_NAME, NULL);
    g_autoptr(Index) index = index_new(vault_id, vault_private, key);
    index->db = sealed_open(path, key, TRUE, error);
    secret_wipe(key, sizeof key);
    return index->db && settle(index, &ours, error) && ours ? g_steal_pointer(&index) : NULL;
}

Index *index_aside(const char *dir, const guint8 vault_id[static VAULT_ID_SIZE],
                   const Secret *vault_private, GError **error)
{
    guint8 key[KEY_SIZE];
    gboolean ours;
    g_autoptr(Index) index = index_new(vault_id, vault_private, key);
    secret_wipe(key, sizeof key);
    index->db = sealed_aside(dir, error);
    if (index->db == NULL || !settle(index, &ours, error))
        return NULL;
    index->sums = g_array_new(FALSE, TRUE, sizeof(guint64));
    index->terms = term_reader_new(index->db);
    return index->terms || index_failed(index, error) ? g_steal_pointer(&index) : NULL;
}

/*
 * Database and log are two files, opened one after the other: who opened the database just before
 * it was dropped and the log just after would hold two that do not belong together. So opening
 * shares a lock on the folder, and dropping has it alone.
 */
static int lock_folder(const char *dir, int how, GError **error)
{
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), rc = -1;
    while (fd >= 0 && (rc = flock(fd, how)) != 0 && errno == EINTR)
        ;
    if (fd >= 0 && rc == 0)
        return fd;
    int reason = errno;
    if (fd >= 0)
        (void)close(fd);
    g_autofree char *shown = text_name(dir);
    refuse(error, POSTERN_ERROR_STORE, "index.read", "check the store's folder",
           "%s cannot be locked: %s", shown, g_strerror(reason));
    return -1;
}

static gboolean drop(const char *dir, GError **error)
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

/* Anew, unless somebody else just did it. */
static Index *renew(const char *dir, const guint8 vault_id[static VAULT_ID_SIZE],
                    const Secret *vault_private, GError **error)
{
    g_autoptr(GError) failure = NULL;
    Index *index = open_it(dir, vault_id, vault_private, &failure);
    if (index == NULL && failure == NULL && drop(dir, &failure))
        index = open_it(dir, vault_id, vault_private, &failure);
    if (index == NULL && failure == NULL)
        refuse(&failure, POSTERN_ERROR_TEMPORARY, "index.busy", "end the other release",
               "another release of postern keeps making the index anew");
    if (failure)
        g_propagate_error(error, g_steal_pointer(&failure));
    return index;
}

Index *index_open(const char *dir, const guint8 vault_id[static VAULT_ID_SIZE],
                  const Secret *vault_private, GError **error)
{
    g_autoptr(GError) failure = NULL;
    int lock = lock_folder(dir, LOCK_SH, error);
    if (lock < 0)
        return NULL;
    Index *index = open_it(dir, vault_id, vault_private, &failure);
    (void)close(lock);
    if (index || failure) {
        if (failure)
            g_propagate_error(error, g_steal_pointer(&failure));
        return index;
    }
    lock = lock_folder(dir, LOCK_EX, error);
    if (lock < 0)
        return NULL;
    index = renew(dir, vault_id, vault_private, error);
    (void)close(lock);
    return index;
}

void index_close(Index *index)
{
    if (index == NULL)
        return;
    for (gsize i = 0; i < SQL_STATEMENTS; i++)
        sqlite3_finalize(index->statements[i]);
    term_reader_free(index->terms);
    sqlite3_close(index->db);
    g_clear_pointer(&index->sums, g_array_unref);
    secret_wipe(index->thread_key, KEY_SIZE);
    g_free(index);
}

gboolean index_drop(const char *dir, GError **error)
{
    int lock = lock_folder(dir, LOCK_EX, error);
    if (lock < 0)
        return FALSE;
    gboolean dropped = drop(dir, error);
    (void)close(lock);
    return dropped;
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
    stat->truncated = (guint64)sqlite3_column_int64(use, 2);
    return TRUE;
}
