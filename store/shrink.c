/* See shrink.h. */
#include "store/shrink.h"

/* Number of a PRAGMA's answer. */
static int number(sqlite3 *db, const char *sql, gint64 *value)
{
    sqlite3_stmt *statement = NULL;
    int rc = sqlite3_prepare_v2(db, sql, -1, &statement, NULL);
    if (rc == SQLITE_OK && sqlite3_step(statement) == SQLITE_ROW)
        *value = sqlite3_column_int64(statement, 0);
    int finished = sqlite3_finalize(statement);
    return rc == SQLITE_OK ? finished : rc;
}

int shrink_free_pages(sqlite3 *db, gint64 *count)
{
    return number(db, "PRAGMA freelist_count", count);
}

int shrink_step(sqlite3 *db)
{
    return sqlite3_exec(db, "PRAGMA incremental_vacuum(" SHRINK_AS_TEXT(SHRINK_PAGES) ")", NULL,
                        NULL, NULL);
}

int shrink_write_back(sqlite3 *db)
{
    int rc = sqlite3_wal_checkpoint_v2(db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    return (rc & 0xff) == SQLITE_BUSY ? SQLITE_OK : rc;
}
