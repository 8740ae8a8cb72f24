/* What enters the index: a message, where it arrived and what its flags say. See index.h. */
#include "store/index-heard.h"
#include "store/index-private.h"
#include "store/index-words.h"

#include <string.h>

#include "core/error.h"
#include "core/limits.h"

char *index_fold(const char *name)
{
    g_autofree char *composed = g_utf8_normalize(name, -1, G_NORMALIZE_NFKC);
    return g_utf8_casefold(composed ? composed : name, -1);
}

const char *index_message_id(const IndexDoc *doc)
{
    const char *id = doc->message_id;
    return id && *id && strlen(id) <= LIMIT_MESSAGE_ID ? id : NULL;
}

gboolean index_find_or_add(Index *index, IndexUse *find, IndexSql add, const char *kinds,
                           const char *const values[4], gint64 *number, GError **error)
{
    gboolean found;
    if (!index_number(index, find, number, &found, error))
        return FALSE;
    if (found)
        return TRUE;
    IndexUse *use = index_use(index, add, error, kinds, values[0], values[1], values[2], values[3]);
    if (!index_run(index, use, error))
        return FALSE;
    *number = sqlite3_last_insert_rowid(index->db);
    return TRUE;
}

gboolean index_place(Index *index, const Arrival *arrival, gint64 *place, GError **error)
{
    const char *account = arrival->account, *folder = arrival->mailbox;
    g_autofree char *account_key = index_fold(account);
    g_autofree char *folder_key = index_fold(folder);
    const char *const values[] = {account, folder, account_key, folder_key};
    return index_find_or_add(index, index_use(index, SQL_FIND_PLACE, error, "tt", account, folder),
                             SQL_ADD_PLACE, "tttt", values, place, error);
}

static gboolean add_doc(Index *index, const JournalRecord *record, const IndexDoc *doc,
                        guint64 size, gint64 place, GError **error)
{
    gint64 row = record->row, thread;
    gboolean is_signed = doc->is_signed || doc->signature != SIGNATURE_NONE;
    if (!index_thread(index, doc, record->id, &thread, error))
        return FALSE;
    IndexUse *use = index_use(index, SQL_ADD_DOC, error, "itiiiiiiiiii", row, record->id, thread,
                              place, record->arrival.internaldate, (gint64)size,
                              (gint64)doc->attachments, (gint64)(doc->encrypted != FALSE),
                              (gint64)is_signed, (gint64)(doc->sensitive != FALSE),
                              (gint64)doc->signature, (gint64)(doc->truncated != FALSE));
    if (!index_run(index, use, error))
        return FALSE;
    use = index_use(index, SQL_ADD_CARD, error, "ittttt", row, doc->from, doc->to, doc->subject,
                    doc->snippet, index_message_id(doc));
    if (!index_run(index, use, error))
        return FALSE;
    return index_add_words(index, row, doc, error);
}

gboolean index_has(Index *index, gint64 row)
{
    gboolean found = FALSE;
    gint64 one;
    IndexUse *use = index_use(index, SQL_HAS_DOC, NULL, "i", row);
    return index_number(index, use, &one, &found, NULL) && found;
}

gboolean index_newest(Index *index, gint64 *row, char id[static 17], GError **error)
{
    gboolean found;
    g_autoptr(IndexUse) use = index_use(index, SQL_NEWEST_DOC, error, "");
    if (use == NULL || !index_step(index, use, &found, error))
        return FALSE;
    *row = found ? sqlite3_column_int64(use, 0) : 0;
    g_strlcpy(id, found ? (const char *)sqlite3_column_text(use, 1) : "", 17);
    return TRUE;
}

gboolean index_add(Index *index, const JournalRecord *record, const IndexDoc *doc, guint64 size,
                   GError **error)
{
    gint64 place, one;
    gboolean known;
    IndexUse *use = index_use(index, SQL_HAS_DOC, error, "i", record->row);
    if (!index_number(index, use, &one, &known, error))
        return FALSE;
    if (!known && doc == NULL)
        return refuse(error, POSTERN_ERROR_BUG, "index.row", "report this",
                      "message %s arrived again before it came", record->id);
    if (!index_place(index, &record->arrival, &place, error))
        return FALSE;
    if (!known && !add_doc(index, record, doc, size, place, error))
        return FALSE;
    if (!known && doc->carried &&
        !index_hear(index, doc->carried, record->arrival.internaldate, error))
        return FALSE;
    if (!known && !index_hear_gossip(index, record->row, doc, error))
        return FALSE;
    return index_arrive(index, record->row, place, &record->arrival, known ? NULL : doc, error);
}
