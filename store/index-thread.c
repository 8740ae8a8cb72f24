/*
 * Threads: message ids that name each other are one set. An id is known by its HMAC, so that
 * nobody can make two ids collide; the first id heard of a thread, oldest reference first, gives
 * the thread its public name. When a message joins two threads the smaller one is moved, which
 * keeps a chain of merges cheap whoever wrote it, and the name that is older stays.
 */
#include "store/index-private.h"

#include <string.h>

#include "core/base32.h"

/* A mention's name has the length of a public id. */
#define NAME_BYTES 10

static char *name_of(const Index *index, const char *message_id)
{
    guint8 digest[MAC_SIZE];
    g_autoptr(Mac) mac = mac_new(index->thread_key, KEY_SIZE);
    mac_update(mac, message_id, strlen(message_id));
    mac_finish(mac, digest);
    return base32_encode(digest, NAME_BYTES);
}

/* Names of the ids that DOC mentions, oldest first, its own last. */
static GPtrArray *names_of(const Index *index, const IndexDoc *doc, const char *id)
{
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    const char *own = doc->message_id && *doc->message_id ? doc->message_id : id;
    for (guint i = 0; i < doc->references->len; i++) {
        const char *reference = doc->references->pdata[i];
        if (*reference)
            g_ptr_array_add(names, name_of(index, reference));
    }
    g_ptr_array_add(names, name_of(index, own));
    return names;
}

static gboolean members(Index *index, gint64 thread, gint64 *count, GError **error)
{
    gboolean found;
    *count = 0;
    return index_number(index, index_use(index, SQL_FIND_THREAD, error, "i", thread), count, &found,
                        error);
}

/* Makes A and B one; *merged is the number that stays. */
static gboolean merge(Index *index, gint64 a, gint64 b, gint64 *merged, GError **error)
{
    gint64 members_a, members_b;
    if (!members(index, a, &members_a, error) || !members(index, b, &members_b, error))
        return FALSE;
    gint64 stays = members_a >= members_b ? a : b, goes = stays == a ? b : a;
    static const IndexSql steps[] = {SQL_MERGE_THREAD, SQL_MOVE_MENTIONS, SQL_MOVE_DOCS};
    for (gsize i = 0; i < G_N_ELEMENTS(steps); i++)
        if (!index_run(index, index_use(index, steps[i], error, "ii", stays, goes), error))
            return FALSE;
    *merged = stays;
    return index_run(index, index_use(index, SQL_REMOVE_THREAD, error, "i", goes), error);
}

/* Joins the threads that already hold one of NAMES; *thread stays 0 when there is none. */
static gboolean join(Index *index, const GPtrArray *names, gint64 *thread, GError **error)
{
    for (guint i = 0; i < names->len; i++) {
        gint64 other;
        gboolean found;
        IndexUse *use = index_use(index, SQL_FIND_MENTION, error, "t", names->pdata[i]);
        if (!index_number(index, use, &other, &found, error))
            return FALSE;
        if (!found || other == *thread)
            continue;
        if (*thread == 0)
            *thread = other;
        else if (!merge(index, *thread, other, thread, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean mention(Index *index, const char *name, gint64 thread, GError **error)
{
    IndexUse *use = index_use(index, SQL_ADD_MENTION, error, "ti", name, thread);
    if (!index_run(index, use, error))
        return FALSE;
    return sqlite3_changes(index->db) == 0 ||
           index_run(index, index_use(index, SQL_GROW_THREAD, error, "i", thread), error);
}

gboolean index_thread(Index *index, const IndexDoc *doc, const char *id, gint64 *thread,
                      GError **error)
{
    g_autoptr(GPtrArray) names = names_of(index, doc, id);
    *thread = 0;
    if (!join(index, names, thread, error))
        return FALSE;
    if (*thread == 0) {
        IndexUse *use = index_use(index, SQL_ADD_THREAD, error, "t", names->pdata[0]);
        if (!index_run(index, use, error))
            return FALSE;
        *thread = sqlite3_last_insert_rowid(index->db);
    }
    for (guint i = 0; i < names->len; i++)
        if (!mention(index, names->pdata[i], *thread, error))
            return FALSE;
    return TRUE;
}
