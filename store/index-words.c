/* See index-words.h. */
#include "store/index-words.h"

#include <string.h>

#include "core/error.h"
#include "store/index-private.h"

/* As in the table. */
static const char *const columns[] = {"subject", "from", "to", "cc", "body", "list", "filename"};

/* --- sums ---------------------------------------------------------------------------------- */

/* FNV-1a: whoever wrote the mail gains nothing by two sums that are alike. */
static guint64 hash_bytes(guint64 hash, const void *data, gsize size)
{
    const guint8 *bytes = data;
    for (gsize i = 0; i < size; i++)
        hash = (hash ^ bytes[i]) * G_GUINT64_CONSTANT(0x100000001b3);
    return hash;
}

/* So that what is alike in many words does not cancel out in the sum. */
static guint64 spread(guint64 hash)
{
    hash = (hash ^ (hash >> 30)) * G_GUINT64_CONSTANT(0xbf58476d1ce4e5b9);
    hash = (hash ^ (hash >> 27)) * G_GUINT64_CONSTANT(0x94d049bb133111eb);
    return hash ^ (hash >> 31);
}

static guint64 hash_word(const char *word, gsize size, const char *column, gint64 offset)
{
    guint64 hash = hash_bytes(G_GUINT64_CONSTANT(0xcbf29ce484222325), word, size);
    hash = hash_bytes(hash, column, strlen(column) + 1);
    return spread(hash_bytes(hash, &offset, sizeof offset));
}

static GArray *sums_new(gint64 last)
{
    GArray *sums = g_array_new(FALSE, TRUE, sizeof(guint64));
    return g_array_set_size(sums, (guint)(last + 1));
}

typedef struct {
    guint64 sum;
    const char *column;
} Summing;

static void add_word(gpointer user, const char *word, gsize size, gint64 offset)
{
    Summing *self = user;
    self->sum += hash_word(word, size, self->column, offset);
}

static gboolean sum_up(Index *index, gint64 row, const char *const *texts, GError **error)
{
    Summing summing = {.sum = 0};
    for (gsize i = 0; i < G_N_ELEMENTS(columns); i++) {
        summing.column = columns[i];
        if (texts[i] && !term_reader_read(index->terms, texts[i], add_word, &summing))
            return refuse(error, POSTERN_ERROR_BUG, "index.sql", "report this",
                          "the words of row %" G_GINT64_FORMAT " cannot be told apart", row);
    }
    if (row >= index->sums->len)
        g_array_set_size(index->sums, (guint)(row + 1));
    g_array_index(index->sums, guint64, row) = summing.sum;
    return TRUE;
}

/* --- in and out ---------------------------------------------------------------------------- */

gboolean index_add_words(Index *index, gint64 row, const IndexDoc *doc, GError **error)
{
    const char *const texts[] = {doc->subject, doc->from, doc->to,       doc->cc,
                                 doc->body,    doc->list, doc->filenames};
    if (index->sums)
        return sum_up(index, row, texts, error);
    return index_run(index,
                     index_use(index, SQL_ADD_WORDS, error, "ittttttt", row, texts[0], texts[1],
                               texts[2], texts[3], texts[4], texts[5], texts[6]),
                     error);
}

gboolean index_remove_words(Index *index, gint64 row, GError **error)
{
    return index->sums ||
           index_run(index, index_use(index, SQL_REMOVE_WORDS, error, "i", row), error);
}

/* --- what lies in the index ---------------------------------------------------------------- */

static void add_instance(sqlite3_stmt *statement, GArray *sums)
{
    gint64 row = sqlite3_column_int64(statement, 0);
    const char *word = (const char *)sqlite3_column_text(statement, 1);
    const char *column = (const char *)sqlite3_column_text(statement, 2);
    /* Beyond the last: of a message that was taken out. */
    if (word && column && row >= 0 && row < sums->len)
        g_array_index(sums, guint64, row) +=
            hash_word(word, (gsize)sqlite3_column_bytes(statement, 1), column,
                      sqlite3_column_int64(statement, 3));
}

static int add_instances(sqlite3 *db, GArray *sums)
{
    sqlite3_stmt *statement = NULL;
    int rc = sqlite3_prepare_v2(db, "SELECT doc, term, col, offset FROM temp.instances", -1,
                                &statement, NULL);
    while (rc == SQLITE_OK && sqlite3_step(statement) == SQLITE_ROW)
        add_instance(statement, sums);
    int finished = sqlite3_finalize(statement);
    return rc == SQLITE_OK ? finished : rc;
}

GArray *index_word_sums(Index *index, GError **error)
{
    gint64 last = -1;
    gboolean found;
    if (index->sums)
        return g_array_ref(index->sums);
    if (!index_number(index, index_use(index, SQL_LAST_ROW, error, ""), &last, &found, error))
        return NULL;
    g_autoptr(GArray) sums = sums_new(last);
    int rc = sqlite3_exec(index->db,
                          "CREATE VIRTUAL TABLE temp.instances USING"
                          " fts5vocab(main, words, instance)",
                          NULL, NULL, NULL);
    if (rc == SQLITE_OK)
        rc = add_instances(index->db, sums);
    (void)sqlite3_exec(index->db, "DROP TABLE IF EXISTS temp.instances", NULL, NULL, NULL);
    if (rc == SQLITE_OK)
        return g_steal_pointer(&sums);
    index_failed_by(index, rc, error);
    return NULL;
}
