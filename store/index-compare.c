/* See index-compare.h. */
#include "store/index-compare.h"

#include <string.h>

#include "core/error.h"
#include "store/index-private.h"
#include "store/index-words.h"

/* What a column says; TEXT ones follow from what is in the message. */
typedef struct {
    const char *what;
    gboolean text;
} Column;

enum { COLUMN_ROW, COLUMN_ID, COLUMN_DEFERRED, COLUMN_ENCRYPTED, COLUMN_THREAD };

static const Column columns[] = {
    {"row", FALSE},       {"id", FALSE},         {"waiting", TRUE},         {"encryption", FALSE},
    {"thread", FALSE},    {"date", FALSE},       {"size", FALSE},           {"attachments", TRUE},
    {"signature", TRUE},  {"sensitivity", TRUE}, {"what is cut off", TRUE}, {"sender", TRUE},
    {"recipients", TRUE}, {"subject", TRUE},     {"beginning", TRUE},       {"Message-ID", TRUE},
    {"account", FALSE},   {"folders", FALSE},    {"flags and tags", TRUE},  {"own tags", FALSE},
};

/* One row of it a message, a column for each of the above. Numbers of places, tags and threads are
 * each index's own, so their names are compared. */
static const char facts_sql[] =
    "SELECT d.row, d.id, EXISTS (SELECT 1 FROM deferred w WHERE w.row = d.row), d.encrypted,"
    " d.thread, d.date, d.size, d.attachments, d.signed || '/' || d.signature, d.sensitive,"
    " d.truncated, c.sender, c.recipients, c.subject, c.snippet, c.message_id,"
    " (SELECT account FROM place WHERE no = d.place),"
    " (SELECT group_concat(x) FROM (SELECT coalesce(quote(p.account) || quote(p.folder), '?') ||"
    "  a.uid || '/' || a.gone || a.seen AS x FROM arrival a LEFT JOIN place p ON p.no = a.place"
    "  WHERE a.row = d.row ORDER BY x)),"
    " (SELECT group_concat(x) FROM (SELECT DISTINCT coalesce(quote(t.key), '?') AS x FROM tagged g"
    "  LEFT JOIN tag t ON t.no = g.tag WHERE g.row = d.row ORDER BY x)),"
    " (SELECT group_concat(x) FROM (SELECT coalesce(quote(t.key), '?') || o.given AS x FROM own o"
    "  LEFT JOIN tag t ON t.no = o.tag WHERE o.row = d.row ORDER BY x))"
    " FROM doc d LEFT JOIN card c ON c.row = d.row ORDER BY d.row";

/* --- words --------------------------------------------------------------------------------- */

static guint64 words_of(const GArray *sums, gint64 row)
{
    return row >= 0 && row < sums->len ? g_array_index(sums, guint64, row) : 0;
}

/* --- one message --------------------------------------------------------------------------- */

typedef struct {
    Index *index, *fresh;
    sqlite3_stmt *mine, *other;
    GArray *my_words, *other_words;
    GHashTable *threads; /* a thread of FRESH -> the one of INDEX that its messages must be in */
    DifferenceTaker taker;
    gpointer user;
    guint64 unopened;
} Comparison;

static gboolean same(sqlite3_stmt *mine, sqlite3_stmt *other, int n)
{
    int size = sqlite3_column_bytes(mine, n);
    const void *a = sqlite3_column_blob(mine, n), *b = sqlite3_column_blob(other, n);
    return size == sqlite3_column_bytes(other, n) && (size == 0 || memcmp(a, b, (gsize)size) == 0);
}

/* What belongs together must be together here, too; here more may be, by mail that is gone. */
static gboolean same_thread(Comparison *self)
{
    gint64 theirs = sqlite3_column_int64(self->other, COLUMN_THREAD);
    gint64 ours = sqlite3_column_int64(self->mine, COLUMN_THREAD);
    gpointer known;
    if (!g_hash_table_lookup_extended(self->threads, GSIZE_TO_POINTER((gsize)theirs), NULL,
                                      &known)) {
        g_hash_table_insert(self->threads, GSIZE_TO_POINTER((gsize)theirs),
                            GSIZE_TO_POINTER((gsize)ours));
        return TRUE;
    }
    return (gint64)GPOINTER_TO_SIZE(known) == ours;
}

static void note(GString *what, const char *name)
{
    g_string_append_printf(what, "%s%s", what->len ? ", " : "", name);
}

static gboolean compare_one(Comparison *self, GError **error)
{
    gint64 row = sqlite3_column_int64(self->mine, COLUMN_ROW);
    const char *id = (const char *)sqlite3_column_text(self->mine, COLUMN_ID);
    gboolean opened = same(self->mine, self->other, COLUMN_DEFERRED) ||
                      sqlite3_column_int(self->mine, COLUMN_ENCRYPTED) == 0;
    g_autoptr(GString) what = g_string_new(NULL);
    self->unopened += !opened;
    for (int n = COLUMN_ID; n < (int)G_N_ELEMENTS(columns); n++)
        if (n != COLUMN_THREAD && (opened || !columns[n].text) && !same(self->mine, self->other, n))
            note(what, columns[n].what);
    if (!same_thread(self))
        note(what, columns[COLUMN_THREAD].what);
    if (opened && words_of(self->my_words, row) != words_of(self->other_words, row))
        note(what, "words");
    return what->len == 0 || self->taker(self->user, row, id ? id : "", what->str, error);
}

/* --- all ----------------------------------------------------------------------------------- */

/* *row: that of the next message, or G_MAXINT64. */
static gboolean advance(Index *index, sqlite3_stmt *statement, gint64 *row, GError **error)
{
    gboolean more;
    if (!index_step(index, statement, &more, error))
        return FALSE;
    *row = more ? sqlite3_column_int64(statement, COLUMN_ROW) : G_MAXINT64;
    return TRUE;
}

static gboolean lacking(gint64 row, GError **error)
{
    return refuse(error, POSTERN_ERROR_STORE, "index.damage", INDEX_MEND,
                  "the index lacks what belongs to row %" G_GINT64_FORMAT, row);
}

/* Both lists, in the order of rows. */
static gboolean walk(Comparison *self, GError **error)
{
    gint64 mine, other;
    if (!advance(self->index, self->mine, &mine, error) ||
        !advance(self->fresh, self->other, &other, error))
        return FALSE;
    while (mine < G_MAXINT64 || other < G_MAXINT64) {
        const char *id = (const char *)sqlite3_column_text(self->mine, COLUMN_ID);
        if (other < mine)
            return lacking(other, error);
        if (!(mine == other ? compare_one(self, error)
                            : self->taker(self->user, mine, id ? id : "", NULL, error)))
            return FALSE;
        if (mine == other && !advance(self->fresh, self->other, &other, error))
            return FALSE;
        if (!advance(self->index, self->mine, &mine, error))
            return FALSE;
    }
    return TRUE;
}

static sqlite3_stmt *facts_of(Index *index, GError **error)
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(index->db, facts_sql, -1, &statement, NULL) != SQLITE_OK)
        index_failed(index, error);
    return statement;
}

gboolean index_compare(Index *index, Index *fresh, DifferenceTaker taker, gpointer user,
                       guint64 *unopened, GError **error)
{
    Comparison self = {.index = index, .fresh = fresh, .taker = taker, .user = user};
    g_autoptr(GArray) my_words = index_word_sums(index, error);
    g_autoptr(GArray) other_words = my_words ? index_word_sums(fresh, error) : NULL;
    g_autoptr(GHashTable) threads = g_hash_table_new(NULL, NULL);
    self.my_words = my_words;
    self.other_words = other_words;
    self.threads = threads;
    self.mine = other_words ? facts_of(index, error) : NULL;
    self.other = self.mine ? facts_of(fresh, error) : NULL;
    gboolean fine = self.other && walk(&self, error);
    sqlite3_finalize(self.mine);
    sqlite3_finalize(self.other);
    *unopened = self.unopened;
    return fine;
}
