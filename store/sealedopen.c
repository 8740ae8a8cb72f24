/* sealed_open(): making and opening a sealed database. See sealedvfs.h. */
#include <errno.h>
#include <glib/gstdio.h>
#include <unistd.h>

#include "core/base32.h"
#include "core/error.h"
#include "core/text.h"
#include "store/files.h"
#include "store/index.h"
#include "store/sealedvfs.h"

#define BUSY_MS 10000 /* longer than the longest transaction of the index */

G_DEFINE_AUTOPTR_CLEANUP_FUNC(sqlite3, sqlite3_close)

static gboolean damage(const char *path, GError **error)
{
    g_autofree char *shown = text_name(path);
    return refuse(error, POSTERN_ERROR_STORE, "index.damage", INDEX_MEND,
                  "%s does not open with this key: another key made it, or it is damaged", shown);
}

static gboolean failed(const char *path, int rc, GError **error)
{
    int primary = rc & 0xff;
    g_autofree char *shown = text_name(path);
    if (rc == SQLITE_IOERR_DATA || primary == SQLITE_CORRUPT || primary == SQLITE_NOTADB)
        return damage(path, error);
    if (primary == SQLITE_BUSY || primary == SQLITE_LOCKED)
        return refuse(error, POSTERN_ERROR_TEMPORARY, "index.busy", "try again in a moment",
                      "another process holds %s", shown);
    gboolean full = primary == SQLITE_FULL || primary == SQLITE_READONLY;
    return refuse(error, POSTERN_ERROR_STORE, full ? "index.write" : "index.read",
                  "check the store's folder and the disk", "%s cannot be used: %s", shown,
                  sqlite3_errstr(rc));
}

static int run(sqlite3 *db, const char *sql)
{
    return sqlite3_exec(db, sql, NULL, NULL, NULL);
}

/* On each connection, before anything else. */
static int settle(sqlite3 *db)
{
    sqlite3_busy_timeout(db, BUSY_MS);
    int rc = run(db, "PRAGMA temp_store=MEMORY; PRAGMA mmap_size=0; PRAGMA secure_delete=OFF;"
                     "PRAGMA synchronous=NORMAL; PRAGMA trusted_schema=OFF");
    if (rc == SQLITE_OK)
        rc = sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    return rc;
}

static int column_is_wal(void *user, int columns, char **values, char **names)
{
    (void)columns;
    (void)names;
    *(gboolean *)user = g_strcmp0(values[0], "wal") == 0;
    return 0;
}

/* Size and reserve of its pages, before the first is written; the journal in memory, for a rollback
 * journal is a file. What stands free may be given back. */
static int lay_out_pages(sqlite3 *db)
{
    int reserve = SEALED_RESERVE;
    g_autofree char *sql =
        g_strdup_printf("PRAGMA page_size=%d; PRAGMA journal_mode=MEMORY", SEALED_PAGE);
    int rc = run(db, sql);
    if (rc == SQLITE_OK)
        rc = sqlite3_file_control(db, "main", SQLITE_FCNTL_RESERVE_BYTES, &reserve);
    return rc == SQLITE_OK ? run(db, "PRAGMA auto_vacuum=INCREMENTAL") : rc;
}

/*
 * Turning a fresh database to WAL goes through a rollback journal, so that is held in memory
 * for this one transaction.
 */
static int lay_out(sqlite3 *db)
{
    gboolean wal = FALSE;
    int rc = lay_out_pages(db);
    if (rc == SQLITE_OK)
        rc = sqlite3_exec(db, "PRAGMA journal_mode=WAL", column_is_wal, &wal, NULL);
    return rc == SQLITE_OK && !wal ? SQLITE_CANTOPEN : rc;
}

static char *fresh_name(const char *path)
{
    guint8 random[10];
    random_bytes(random, sizeof random);
    g_autofree char *suffix = base32_encode(random, sizeof random);
    return g_strdup_printf("%s.%s", path, suffix);
}

/*
 * A new database is made under another name and linked to its own when it is whole: nobody
 * ever sees it half made, and of two who make it at once one wins.
 */
static gboolean make(const char *path, const guint8 key[static KEY_SIZE], GError **error)
{
    g_autofree char *fresh = fresh_name(path);
    if (!store_file_make(fresh, POSTERN_ERROR_STORE, "index.write", error))
        return FALSE;
    g_autoptr(sqlite3) db = NULL;
    int rc = sealed_vfs_open(fresh, key, &db);
    if (rc == SQLITE_OK)
        rc = settle(db);
    if (rc == SQLITE_OK)
        rc = lay_out(db);
    if (rc == SQLITE_OK)
        rc = sqlite3_close(g_steal_pointer(&db));
    gboolean linked = rc == SQLITE_OK && (link(fresh, path) == 0 || errno == EEXIST);
    int reason = errno;
    (void)g_unlink(fresh);
    if (rc != SQLITE_OK)
        return failed(path, rc, error);
    g_autofree char *shown = text_name(path);
    return linked || refuse(error, POSTERN_ERROR_STORE, "index.write",
                            "see that there is room, and that you may write there",
                            "%s cannot be made: %s", shown, g_strerror(reason));
}

/*
 * A log without its database must not be replayed into a new one. It is looked for first: who
 * makes a database has it under its name before a log appears.
 */
static gboolean present(const char *path, const guint8 key[static KEY_SIZE], gboolean create,
                        GError **error)
{
    g_autofree char *log = g_strconcat(path, "-wal", NULL);
    GStatBuf facts = {0};
    gboolean stray = g_lstat(log, &facts) == 0;
    if (create && g_lstat(path, &facts) != 0 && errno == ENOENT) {
        if (stray)
            return damage(path, error);
        if (!make(path, key, error))
            return FALSE;
    }
    if (!store_file_private(path, POSTERN_ERROR_STORE, "index.read", error))
        return FALSE;
    facts.st_size = 0;
    (void)g_lstat(path, &facts);
    return facts.st_size > 0 || damage(path, error);
}

sqlite3 *sealed_open(const char *path, const guint8 key[static KEY_SIZE], gboolean create,
                     GError **error)
{
    g_autofree char *whole = g_canonicalize_filename(path, NULL);
    if (!present(whole, key, create, error))
        return NULL;
    g_autoptr(sqlite3) db = NULL;
    gboolean wal = FALSE;
    int rc = sealed_vfs_open(whole, key, &db);
    if (rc == SQLITE_OK)
        rc = settle(db);
    if (rc == SQLITE_OK)
        rc = sqlite3_exec(db, "PRAGMA journal_mode", column_is_wal, &wal, NULL);
    if (rc == SQLITE_OK)
        rc = wal ? run(db, "SELECT count(*) FROM sqlite_schema") : SQLITE_CORRUPT;
    if (rc == SQLITE_OK)
        return g_steal_pointer(&db);
    failed(whole, rc, error);
    return NULL;
}

sqlite3 *sealed_aside(const char *dir, GError **error)
{
    guint8 key[KEY_SIZE];
    g_autofree char *whole = g_canonicalize_filename(dir, NULL);
    g_autofree char *base = g_build_filename(whole, "aside", NULL);
    g_autofree char *path = fresh_name(base);
    if (!store_file_make(path, POSTERN_ERROR_STORE, "index.write", error))
        return NULL;
    g_autoptr(sqlite3) db = NULL;
    random_bytes(key, sizeof key);
    int rc = sealed_vfs_open(path, key, &db);
    secret_wipe(key, sizeof key);
    (void)g_unlink(path);
    if (rc == SQLITE_OK)
        rc = settle(db);
    if (rc == SQLITE_OK)
        rc = lay_out_pages(db);
    if (rc == SQLITE_OK)
        rc = run(db, "PRAGMA synchronous=OFF; PRAGMA locking_mode=EXCLUSIVE");
    if (rc == SQLITE_OK)
        return g_steal_pointer(&db);
    failed(dir, rc, error);
    return NULL;
}
