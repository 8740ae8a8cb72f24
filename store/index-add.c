/* What enters the index: a message, where it arrived and what its flags say. See index.h. */
#include "store/index-private.h"

#include <string.h>

#include "core/error.h"

#define UNREAD "unread"

/* Server flags that have a name of ours; other keywords keep theirs. */
static const struct {
    const char *flag, *tag;
} known_flags[] = {
    {"\\Answered", "replied"}, {"\\Flagged", "flagged"},    {"\\Draft", "draft"},
    {"\\Deleted", "deleted"},  {"$Forwarded", "forwarded"},
};

char *index_fold(const char *name)
{
    g_autofree char *composed = g_utf8_normalize(name, -1, G_NORMALIZE_NFKC);
    return g_utf8_casefold(composed ? composed : name, -1);
}

/* The number of a row that is made when it is not there yet. */
static gboolean find_or_add(Index *index, IndexUse *find, IndexSql add, const char *kinds,
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

static gboolean place_of(Index *index, const Arrival *arrival, gint64 *place, GError **error)
{
    const char *account = arrival->account, *folder = arrival->mailbox;
    g_autofree char *account_key = index_fold(account);
    g_autofree char *folder_key = index_fold(folder);
    const char *const values[] = {account, folder, account_key, folder_key};
    return find_or_add(index, index_use(index, SQL_FIND_PLACE, error, "tt", account, folder),
                       SQL_ADD_PLACE, "tttt", values, place, error);
}

static gboolean tag_of(Index *index, const char *name, gint64 *tag, GError **error)
{
    g_autofree char *key = index_fold(name);
    const char *const values[4] = {name, key};
    return find_or_add(index, index_use(index, SQL_FIND_TAG, error, "t", name), SQL_ADD_TAG, "tt",
                       values, tag, error);
}

static gboolean set_tag(Index *index, gint64 row, const char *name, gboolean on, GError **error)
{
    gint64 tag;
    return tag_of(index, name, &tag, error) &&
           index_run(
               index,
               index_use(index, on ? SQL_ADD_TAGGED : SQL_REMOVE_TAGGED, error, "ii", row, tag),
               error);
}

/* NULL for a flag that is no tag: \Seen, \Recent and system flags of servers to come. */
static const char *tag_name(const char *flag)
{
    for (gsize i = 0; i < G_N_ELEMENTS(known_flags); i++)
        if (g_ascii_strcasecmp(flag, known_flags[i].flag) == 0)
            return known_flags[i].tag;
    return *flag == '\\' || *flag == '\0' || !g_utf8_validate(flag, -1, NULL) ? NULL : flag;
}

static gboolean is_seen(const Arrival *arrival)
{
    for (GStrv flag = arrival->flags; flag && *flag; flag++)
        if (g_ascii_strcasecmp(*flag, "\\Seen") == 0)
            return TRUE;
    return FALSE;
}

/* Tags are those of all arrivals; a message read in one folder is read. */
static gboolean add_tags(Index *index, gint64 row, const Arrival *arrival, gboolean new,
                         GError **error)
{
    gboolean seen = is_seen(arrival);
    for (GStrv flag = arrival->flags; flag && *flag; flag++) {
        const char *name = tag_name(*flag);
        if (name && !set_tag(index, row, name, TRUE, error))
            return FALSE;
    }
    if (new && !seen)
        return set_tag(index, row, UNREAD, TRUE, error);
    return new || !seen || set_tag(index, row, UNREAD, FALSE, error);
}

static gboolean add_doc(Index *index, const JournalRecord *record, const IndexDoc *doc,
                        guint64 size, gint64 place, GError **error)
{
    gint64 row = record->row, thread;
    gboolean is_signed = doc->is_signed || doc->signature != SIGNATURE_NONE;
    if (!index_thread(index, doc, record->id, &thread, error))
        return FALSE;
    IndexUse *use =
        index_use(index, SQL_ADD_DOC, error, "itiiiiiiiii", row, record->id, thread, place,
                  record->arrival.internaldate, (gint64)size, (gint64)doc->attachments,
                  (gint64)(doc->encrypted != FALSE), (gint64)is_signed,
                  (gint64)(doc->sensitive != FALSE), (gint64)doc->signature);
    if (!index_run(index, use, error))
        return FALSE;
    use = index_use(index, SQL_ADD_CARD, error, "itttt", row, doc->from, doc->to, doc->subject,
                    doc->snippet);
    if (!index_run(index, use, error))
        return FALSE;
    use = index_use(index, SQL_ADD_WORDS, error, "ittttttt", row, doc->subject, doc->from, doc->to,
                    doc->cc, doc->body, doc->list, doc->filenames);
    return index_run(index, use, error);
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
    if (!place_of(index, &record->arrival, &place, error))
        return FALSE;
    if (!known && !add_doc(index, record, doc, size, place, error))
        return FALSE;
    use = index_use(index, SQL_ADD_ARRIVAL, error, "ii", record->row, place);
    return index_run(index, use, error) &&
           add_tags(index, record->row, &record->arrival, !known, error);
}
