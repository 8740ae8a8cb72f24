/*
 * index-private — what the files of the index share: the handle, its prepared statements and
 * the one way in which SQLite's failures become ours.
 */
#pragma once

#include <sqlite3.h>

#include "crypto/aead.h"
#include "store/index-statements.h"
#include "store/index.h"
#include "store/tokenizer.h"

struct Index {
    sqlite3 *db;
    gint64 position;             /* as last read */
    GArray *sums;                /* of an index that lies aside: index-words.h; else NULL */
    TermReader *terms;           /* for them */
    guint8 thread_key[KEY_SIZE]; /* names of threads and of the message ids that make them */
    sqlite3_stmt *statements[SQL_STATEMENTS];
};

/* Makes the tables in a fresh database; *ours FALSE for the layout of another release. */
gboolean index_schema(Index *index, gboolean *ours, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Sets the error for what SQLite just answered; always FALSE. */
gboolean index_failed(Index *index, GError **error);
/* The same for an extended result CODE in hand. */
gboolean index_failed_by(Index *index, int code, GError **error);
gboolean index_exec(Index *index, const char *sql, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* A statement in use: reset, and so without a lock, when it goes out of scope. */
typedef sqlite3_stmt IndexUse;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(IndexUse, sqlite3_reset)

/* A statement with its values bound, one letter each in KINDS: `i` gint64, `t` string or NULL, both
 * valid until it is reset. NULL on failure. */
IndexUse *index_use(Index *index, IndexSql which, GError **error, const char *kinds,
                    ...) G_GNUC_WARN_UNUSED_RESULT;
/* The next row, or with *row FALSE the end. */
gboolean index_step(Index *index, IndexUse *use, gboolean *row,
                    GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Steps a statement that yields no rows; takes USE as index_use() gave it, NULL too. */
gboolean index_run(Index *index, IndexUse *use, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The first column of the only row; *found FALSE when there is none. Takes USE likewise. */
gboolean index_number(Index *index, IndexUse *use, gint64 *number, gboolean *found,
                      GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The thread that DOC belongs to, made or merged as its references demand. */
gboolean index_thread(Index *index, const IndexDoc *doc, const char *id, gint64 *thread,
                      GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The number of a row that FIND, as index_use() gave it, finds, or that ADD makes of VALUES. */
gboolean index_find_or_add(Index *index, IndexUse *find, IndexSql add, const char *kinds,
                           const char *const values[4], gint64 *number,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean index_place(Index *index, const Arrival *arrival, gint64 *place,
                     GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The message in ROW lies at PLACE, with the arrival's flags; DOC is its own when it is new. */
gboolean index_arrive(Index *index, gint64 row, gint64 place, const Arrival *arrival,
                      const IndexDoc *doc, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Its tags follow from what is known of it. What ended counts only while nothing else is left. */
gboolean index_retag(Index *index, gint64 row, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* A message id as the card keeps it; NULL for none, and for one that is too long. */
const char *index_message_id(const IndexDoc *doc);

/* A tag, folder or account name in the form in which it is compared (g_free). */
char *index_fold(const char *name);
