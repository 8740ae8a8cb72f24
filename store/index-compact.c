/* See compact.h. */
#include "store/compact.h"
#include "store/index-private.h"
#include "store/shrink.h"

/* One step of what FTS5 calls merge: by a negative number of pages it is told to make one segment
 * of all, by a positive one to go on. *done: nothing was left to do. */
static gboolean merge(Index *index, const char *sql, gboolean *done, GError **error)
{
    int before = sqlite3_total_changes(index->db);
    if (!index_exec(index, sql, error))
        return FALSE;
    *done = sqlite3_total_changes(index->db) - before < 2;
    return TRUE;
}

static gboolean shrink(Index *index, const char *sql, gboolean *done, GError **error)
{
    (void)sql;
    gint64 before = 0, after = 0;
    int rc = shrink_free_pages(index->db, &before);
    *done = rc == SQLITE_OK && before == 0;
    if (rc == SQLITE_OK && !*done)
        rc = shrink_step(index->db);
    if (rc == SQLITE_OK && !*done)
        rc = shrink_free_pages(index->db, &after);
    *done |= after >= before;
    return rc == SQLITE_OK || index_failed_by(index, rc, error);
}

typedef gboolean (*Step)(Index *index, const char *sql, gboolean *done, GError **error);

/* Each in a transaction like any other of the index. */
static gboolean take(Index *index, Step step, const char *sql, gboolean *done, GError **error)
{
    if (!index_begin(index, error))
        return FALSE;
    if (step(index, sql, done, error))
        return index_commit(index, 0, error);
    index_rollback(index);
    return FALSE;
}

static gboolean take_all(Index *index, Step step, const char *sql, CompactProgress progress,
                         gpointer user, GError **error)
{
    gboolean done = FALSE;
    gint64 left = 0;
    while (!done) {
        if (!take(index, step, sql, &done, error))
            return FALSE;
        if (progress && shrink_free_pages(index->db, &left) == SQLITE_OK)
            progress(user, (guint64)left);
    }
    return TRUE;
}

gboolean index_shrink(Index *index, CompactProgress progress, gpointer user, GError **error)
{
    if (!take_all(index, shrink, NULL, progress, user, error))
        return FALSE;
    int rc = shrink_write_back(index->db);
    return rc == SQLITE_OK || index_failed_by(index, rc, error);
}

static const char merging[] =
    "INSERT INTO words(words, rank) VALUES ('merge', " SHRINK_AS_TEXT(SHRINK_PAGES) ")";

gboolean index_merge(Index *index, GError **error)
{
    return take_all(index, merge, merging, NULL, NULL, error);
}

static gboolean set(Index *index, const char *sql, gboolean *done, GError **error)
{
    *done = TRUE;
    return index_exec(index, sql, error);
}

gboolean index_expect_many(Index *index, GError **error)
{
    static const char gather[] =
        "INSERT INTO words(words, rank) VALUES ('automerge', 0), ('crisismerge', 1000)";
    gboolean done;
    return take(index, set, gather, &done, error);
}

gboolean index_expects_many(Index *index, gboolean *many, GError **error)
{
    gboolean found;
    gint64 segments = -1;
    IndexUse *use = index_use(index, SQL_AUTOMERGE, error, "");
    if (!index_number(index, use, &segments, &found, error))
        return FALSE;
    *many = segments == 0;
    return TRUE;
}

gboolean index_compact(Index *index, CompactProgress progress, gpointer user, GError **error)
{
    static const char beginning[] =
        "INSERT INTO words(words, rank) VALUES ('merge', -" SHRINK_AS_TEXT(SHRINK_PAGES) ")";
    static const char usual[] =
        "INSERT INTO words(words, rank) VALUES ('automerge', 4), ('crisismerge', 16)";
    gboolean done;
    return take(index, merge, beginning, &done, error) &&
           take_all(index, merge, merging, progress, user, error) &&
           take(index, set, usual, &done, error) && index_shrink(index, progress, user, error);
}
