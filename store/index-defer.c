/* Messages whose text waits for a key. See index.h. */
#include "store/index-heard.h"
#include "store/index-private.h"
#include "store/index-words.h"

/* Words can only be taken out of the index by naming them exactly as they were put in. */
gboolean index_defer(Index *index, const JournalRecord *record, const IndexDoc *doc, gint64 tried,
                     GError **error)
{
    return index_run(index,
                     index_use(index, SQL_ADD_DEFERRED, error, "itttttttti", record->row,
                               record->id, doc->subject, doc->from, doc->to, doc->cc, doc->body,
                               doc->list, doc->filenames, tried),
                     error);
}

gboolean index_defer_on(Index *index, gint64 row, gint64 tried, GError **error)
{
    return index_run(index, index_use(index, SQL_SET_DEFERRED, error, "ii", row, tried), error);
}

gboolean index_deferred(Index *index, gint64 keys, Deferred *next, GError **error)
{
    gboolean found;
    g_autoptr(IndexUse) use = index_use(index, SQL_DEFERRED, error, "ii", next->row, keys);
    if (use == NULL || !index_step(index, use, &found, error))
        return FALSE;
    next->row = found ? sqlite3_column_int64(use, 0) : 0;
    if (!found)
        return TRUE;
    g_strlcpy(next->id, (const char *)sqlite3_column_text(use, 1), sizeof next->id);
    next->tried = sqlite3_column_int64(use, 2);
    return TRUE;
}

gboolean index_waiting(Index *index, guint64 *count, GError **error)
{
    gboolean found;
    g_autoptr(IndexUse) use = index_use(index, SQL_COUNT_DEFERRED, error, "");
    if (use == NULL || !index_step(index, use, &found, error))
        return FALSE;
    *count = found ? (guint64)sqlite3_column_int64(use, 0) : 0;
    return TRUE;
}

static gboolean replace(Index *index, gint64 row, const IndexDoc *doc, GError **error)
{
    gint64 is_signed = doc->is_signed || doc->signature != SIGNATURE_NONE;
    if (!index_remove_words(index, row, error) || !index_add_words(index, row, doc, error))
        return FALSE;
    IndexUse *use =
        index_use(index, SQL_SET_DOC, error, "iiiiiii", row, (gint64)doc->attachments,
                  (gint64)(doc->encrypted != FALSE), is_signed, (gint64)(doc->sensitive != FALSE),
                  (gint64)doc->signature, (gint64)(doc->truncated != FALSE));
    if (!index_run(index, use, error))
        return FALSE;
    use = index_use(index, SQL_SET_CARD, error, "ittttt", row, doc->from, doc->to, doc->subject,
                    doc->snippet, index_message_id(doc));
    return index_run(index, use, error) && index_retag(index, row, error);
}

gboolean index_settle(Index *index, gint64 row, const IndexDoc *doc, GError **error)
{
    if (doc && (!replace(index, row, doc, error) || !index_hear_gossip(index, row, doc, error)))
        return FALSE;
    return index_run(index, index_use(index, SQL_REMOVE_DEFERRED, error, "i", row), error);
}
