/* sealed_scan(): every page of a sealed database. See sealedvfs.h. */
#include "store/sealedvfs.h"

#define ATTEMPTS 10

static sqlite3_file *file_of(sqlite3 *db, int which)
{
    sqlite3_file *file = NULL;
    (void)sqlite3_file_control(db, "main", which, &file); /* both are there since sealed_open() */
    return file;
}

static int size_of(sqlite3 *db, int which, sqlite3_int64 *size)
{
    sqlite3_file *file = file_of(db, which);
    return file->pMethods->xFileSize(file, size);
}

/*
 * With all of the log in the file and the writer's lock held, the file stands still. Before, a
 * page that a killed checkpoint tore would look like damage, although the log still has it.
 */
static int still(sqlite3 *db)
{
    for (int i = 0; i < ATTEMPTS; i++) {
        sqlite3_int64 log;
        int rc = sqlite3_wal_checkpoint_v2(db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
        if (rc == SQLITE_OK)
            rc = sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
        if (rc == SQLITE_OK)
            rc = size_of(db, SQLITE_FCNTL_JOURNAL_POINTER, &log);
        if (rc != SQLITE_OK || log == 0)
            return rc;
        /* Somebody committed in between. */
        (void)sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
    }
    return SQLITE_BUSY;
}

static int read_all(sqlite3 *db, guint32 *pages, GArray *damaged)
{
    sqlite3_int64 size;
    sqlite3_file *file = file_of(db, SQLITE_FCNTL_FILE_POINTER);
    int rc = size_of(db, SQLITE_FCNTL_FILE_POINTER, &size);
    if (rc != SQLITE_OK)
        return rc;
    /* A piece of a page at the end counts as one, and does not open. */
    *pages = (guint32)((size + SEALED_PAGE - 1) / SEALED_PAGE);
    g_autofree guint8 *page = g_malloc(SEALED_PAGE);
    for (guint32 i = 0; i < *pages; i++) {
        guint32 number = i + 1;
        if (file->pMethods->xRead(file, page, SEALED_PAGE, (sqlite3_int64)i * SEALED_PAGE) !=
            SQLITE_OK)
            g_array_append_val(damaged, number);
    }
    secret_wipe(page, SEALED_PAGE);
    return SQLITE_OK;
}

int sealed_scan(sqlite3 *db, guint32 *pages, GArray *damaged)
{
    *pages = 0;
    int rc = still(db);
    if (rc == SQLITE_OK)
        rc = read_all(db, pages, damaged);
    if (!sqlite3_get_autocommit(db))
        sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
    return rc;
}
