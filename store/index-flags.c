/*
 * Where a message lies and what its flags say there. See index.h. Each arrival knows the tags of
 * its own flags, so that one that changes or ends takes away no tag that another still gives.
 */
#include "store/index-private.h"
#include "store/index-words.h"

#include <string.h>

#define UNREAD "unread"
#define GONE "gone"
#define TRUNCATED "truncated"

static const char *const ours[] = {UNREAD, GONE, TRUNCATED};

/* Server flags that have a name of ours; other keywords keep theirs. */
static const struct {
    const char *flag, *tag;
} known_flags[] = {
    {"\\Answered", "replied"}, {"\\Flagged", "flagged"},    {"\\Draft", "draft"},
    {"\\Deleted", "deleted"},  {"$Forwarded", "forwarded"},
};

/* NULL for a flag that is no tag: \Seen, \Recent and system flags of servers to come; and what a
 * server may not say, for it is ours. */
static const char *tag_name(const char *flag)
{
    for (gsize i = 0; i < G_N_ELEMENTS(known_flags); i++)
        if (g_ascii_strcasecmp(flag, known_flags[i].flag) == 0)
            return known_flags[i].tag;
    if (*flag == '\\' || *flag == '\0' || !g_utf8_validate(flag, -1, NULL))
        return NULL;
    for (gsize i = 0; i < G_N_ELEMENTS(ours); i++)
        if (g_ascii_strcasecmp(flag, ours[i]) == 0)
            return NULL;
    return flag;
}

static gboolean is_seen(GStrv flags)
{
    for (; flags && *flags; flags++)
        if (g_ascii_strcasecmp(*flags, "\\Seen") == 0)
            return TRUE;
    return FALSE;
}

static gboolean tag_of(Index *index, const char *name, gint64 *tag, GError **error)
{
    g_autofree char *key = index_fold(name);
    const char *const values[4] = {name, key};
    return index_find_or_add(index, index_use(index, SQL_FIND_TAG, error, "t", name), SQL_ADD_TAG,
                             "tt", values, tag, error);
}

/* The numbers of the tags that FLAGS stand for, with blanks between; NULL for none. */
static gboolean tags_of(Index *index, GStrv flags, char **tags, GError **error)
{
    g_autoptr(GString) list = g_string_new(NULL);
    for (; flags && *flags; flags++) {
        gint64 tag;
        const char *name = tag_name(*flags);
        if (name == NULL)
            continue;
        if (!tag_of(index, name, &tag, error))
            return FALSE;
        g_string_append_printf(list, "%s%" G_GINT64_FORMAT, list->len ? " " : "", tag);
    }
    *tags = list->len ? g_string_free(g_steal_pointer(&list), FALSE) : NULL;
    return TRUE;
}

/* --- the tags of a message ------------------------------------------------------------------ */

typedef struct {
    GString *tags; /* numbers, with blanks between */
    gboolean seen, here, truncated;
} Sum;

static void add_up(Sum *sum, gboolean gone, gboolean seen, const char *tags)
{
    sum->here |= !gone;
    sum->seen |= seen;
    if (tags && *tags)
        g_string_append_printf(sum->tags, "%s%s", sum->tags->len ? " " : "", tags);
}

static gboolean add_tag(Index *index, gint64 row, gint64 tag, GError **error)
{
    return index_run(index, index_use(index, SQL_ADD_TAGGED, error, "ii", row, tag), error);
}

static gboolean add_named(Index *index, gint64 row, const char *name, GError **error)
{
    gint64 tag;
    return tag_of(index, name, &tag, error) && add_tag(index, row, tag, error);
}

/* A message read in one folder is read. */
static gboolean set_tags(Index *index, gint64 row, const Sum *sum, GError **error)
{
    g_auto(GStrv) numbers = g_strsplit(sum->tags->str, " ", -1);
    for (guint i = 0; numbers[i]; i++)
        if (*numbers[i] && !add_tag(index, row, g_ascii_strtoll(numbers[i], NULL, 10), error))
            return FALSE;
    return (sum->seen || add_named(index, row, UNREAD, error)) &&
           (sum->here || add_named(index, row, GONE, error)) &&
           (!sum->truncated || add_named(index, row, TRUNCATED, error));
}

static gboolean add_up_all(Index *index, gint64 row, Sum *sum, GError **error)
{
    gboolean more;
    g_autoptr(IndexUse) use = index_use(index, SQL_ARRIVALS, error, "i", row);
    if (use == NULL)
        return FALSE;
    while (index_step(index, use, &more, error)) {
        if (!more)
            return TRUE;
        sum->truncated = sqlite3_column_int(use, 3) != 0;
        add_up(sum, sqlite3_column_int(use, 0) != 0, sqlite3_column_int(use, 1) != 0,
               (const char *)sqlite3_column_text(use, 2));
    }
    return FALSE;
}

/* What ended counts only while nothing else is left; then tags follow from what there is. */
gboolean index_retag(Index *index, gint64 row, GError **error)
{
    Sum sum = {.tags = g_string_new(NULL)};
    static const IndexSql steps[] = {SQL_DROP_GONE, SQL_MOVE_DOC, SQL_REMOVE_TAGGED};
    gboolean fine = TRUE;
    for (gsize i = 0; fine && i < G_N_ELEMENTS(steps); i++)
        fine = index_run(index, index_use(index, steps[i], error, "i", row), error);
    fine = fine && add_up_all(index, row, &sum, error) && set_tags(index, row, &sum, error) &&
           index_run(index, index_use(index, SQL_ADD_OWN, error, "i", row), error);
    g_string_free(sum.tags, TRUE);
    return fine;
}

static gboolean put(Index *index, IndexSql how, gint64 row, gint64 place, const Arrival *arrival,
                    const char *tags, GError **error)
{
    return index_run(index,
                     index_use(index, how, error, "iiiit", row, place, (gint64)arrival->uid,
                               (gint64)is_seen(arrival->flags), tags),
                     error);
}

/* Where it lies on its account's server, the server says how it is tagged; a folder it was brought
 * along in stays, unless the server's is called so, too. */
static gboolean meet_server(Index *index, gint64 row, gint64 place, GError **error)
{
    return index_run(index, index_use(index, SQL_DROP_LOCAL, error, "ii", row, place), error) &&
           index_run(index, index_use(index, SQL_MUTE_LOCAL, error, "ii", row, place), error);
}

/* A message that was here before was brought along: *add is FALSE when its server has it in that
 * folder, and *flags are not its own when the server has it elsewhere. */
static gboolean meet_local(Index *index, gint64 row, gint64 place, gboolean *add, GStrv *flags,
                           GError **error)
{
    gint64 there;
    gboolean served;
    IndexUse *use = index_use(index, SQL_SERVED, error, "ii", row, place);
    if (!index_number(index, use, &there, &served, error))
        return FALSE;
    *add = !served || !there;
    if (served)
        *flags = NULL;
    return TRUE;
}

gboolean index_arrive(Index *index, gint64 row, gint64 place, const Arrival *arrival,
                      const IndexDoc *doc, GError **error)
{
    g_autofree char *tags = NULL;
    Arrival arrived = *arrival;
    gboolean add = TRUE;
    if (doc == NULL && !(arrival->uid ? meet_server(index, row, place, error)
                                      : meet_local(index, row, place, &add, &arrived.flags, error)))
        return FALSE;
    if (add && (!tags_of(index, arrived.flags, &tags, error) ||
                !put(index, SQL_ADD_ARRIVAL, row, place, &arrived, tags, error)))
        return FALSE;
    if (doc == NULL)
        return index_retag(index, row, error);
    Sum sum = {.tags = g_string_new(NULL), .truncated = doc->truncated};
    add_up(&sum, FALSE, is_seen(arrival->flags), tags);
    gboolean fine = set_tags(index, row, &sum, error);
    g_string_free(sum.tags, TRUE);
    return fine;
}

gboolean index_set_flags(Index *index, const JournalRecord *record, GError **error)
{
    gint64 place;
    g_autofree char *tags = NULL;
    const Arrival *arrival = &record->arrival;
    return index_place(index, arrival, &place, error) &&
           tags_of(index, arrival->flags, &tags, error) &&
           put(index, SQL_SET_ARRIVAL, record->row, place, arrival, tags, error) &&
           index_retag(index, record->row, error);
}

gboolean index_gone(Index *index, const JournalRecord *record, GError **error)
{
    gint64 place;
    if (!index_place(index, &record->arrival, &place, error))
        return FALSE;
    IndexUse *use = index_use(index, SQL_GONE_ARRIVAL, error, "iii", record->row, place,
                              (gint64)record->arrival.uid);
    return index_run(index, use, error) && index_retag(index, record->row, error);
}

/* The next place behind *place where the message lies in that account; 0: none. */
static gboolean next_place(Index *index, const JournalRecord *record, gint64 *place, char **folder,
                           GError **error)
{
    gboolean more;
    g_autoptr(IndexUse) use =
        index_use(index, SQL_ONE_PLACE, error, "iti", record->row, record->arrival.account, *place);
    if (use == NULL || !index_step(index, use, &more, error))
        return FALSE;
    *place = more ? sqlite3_column_int64(use, 0) : 0;
    g_free(*folder);
    *folder = more ? g_strdup((const char *)sqlite3_column_text(use, 1)) : NULL;
    return TRUE;
}

gboolean index_only(Index *index, const JournalRecord *record, GError **error)
{
    const char *const none[] = {NULL};
    const char *const *left =
        record->arrival.flags ? (const char *const *)record->arrival.flags : none;
    g_autofree char *folder = NULL;
    for (gint64 place = 0;;) {
        if (!next_place(index, record, &place, &folder, error))
            return FALSE;
        if (place == 0)
            return index_retag(index, record->row, error);
        if (folder && !g_strv_contains(left, folder) &&
            !index_run(index, index_use(index, SQL_GONE_PLACE, error, "ii", record->row, place),
                       error))
            return FALSE;
    }
}

gboolean index_remove(Index *index, gint64 row, GError **error)
{
    /* Its words can be taken out only by naming them; those that waited for a key can be named. */
    static const IndexSql steps[] = {SQL_REMOVE_DEFERRED, SQL_REMOVE_TAGGED, SQL_REMOVE_OWN,
                                     SQL_REMOVE_ARRIVALS, SQL_REMOVE_CARD,   SQL_REMOVE_DOC};
    if (!index_remove_words(index, row, error))
        return FALSE;
    for (gsize i = 0; i < G_N_ELEMENTS(steps); i++)
        if (!index_run(index, index_use(index, steps[i], error, "i", row), error))
            return FALSE;
    return TRUE;
}
