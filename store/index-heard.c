/* See index-heard.h. */
#include "store/index-heard.h"

#include "core/limits.h"
#include "store/index-private.h"

/* The future is not believed, and what is not dated counts by its arrival. */
static gint64 date_of(const CarriedKey *carried, gint64 arrived)
{
    return carried->date > 0 && carried->date <= arrived ? carried->date : arrived;
}

gboolean index_hear(Index *index, const CarriedKey *carried, gint64 arrived, GError **error)
{
    gsize size;
    const guchar *bytes = g_bytes_get_data(carried->key, &size);
    g_autofree char *letters = g_base64_encode(bytes, size);
    g_autofree char *digest = g_compute_checksum_for_bytes(G_CHECKSUM_SHA256, carried->key);
    const char *sayer = carried->sayer ? carried->sayer : "";
    return index_run(index,
                     index_use(index, SQL_HEAR, error, "tttit", carried->address, digest, letters,
                               date_of(carried, arrived), sayer),
                     error) &&
           index_run(index,
                     index_use(index, SQL_FORGET_HEARD, error, "tit", carried->address,
                               (gint64)LIMIT_HEARD_KEYS, sayer),
                     error);
}

gboolean index_hear_gossip(Index *index, gint64 row, const IndexDoc *doc, GError **error)
{
    gint64 arrived;
    gboolean there;
    if (doc->gossip == NULL)
        return TRUE;
    IndexUse *use = index_use(index, SQL_DATE_OF_ROW, error, "i", row);
    gboolean fine = index_number(index, use, &arrived, &there, error);
    for (guint i = 0; fine && there && i < doc->gossip->len; i++)
        fine = index_hear(index, doc->gossip->pdata[i], arrived, error);
    return fine;
}

gboolean index_last_seen(Index *index, const char *address, gint64 *seen, GError **error)
{
    gboolean row;
    g_autofree char *lower = g_ascii_strdown(address, -1);
    g_autoptr(IndexUse) use = index_use(index, SQL_LAST_SEEN, error, "t", lower);
    if (use == NULL || !index_step(index, use, &row, error))
        return FALSE;
    *seen = row ? sqlite3_column_int64(use, 0) : 0;
    return TRUE;
}

void heard_key_free(HeardKey *heard)
{
    if (heard == NULL)
        return;
    g_bytes_unref(heard->key);
    g_free(heard->sayer);
    g_free(heard);
}

static void destroy(gpointer heard)
{
    heard_key_free(heard);
}

GPtrArray *index_heard(Index *index, const char *address, GError **error)
{
    g_autofree char *lower = g_ascii_strdown(address, -1);
    g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func(destroy);
    g_autoptr(IndexUse) use = index_use(index, SQL_HEARD, error, "t", lower);
    gboolean row = use != NULL;
    while (row) {
        if (!index_step(index, use, &row, error))
            return NULL;
        if (!row)
            return g_steal_pointer(&all);
        gsize size;
        guchar *bytes = g_base64_decode((const char *)sqlite3_column_text(use, 0), &size);
        HeardKey *heard = g_new0(HeardKey, 1);
        heard->key = g_bytes_new_take(bytes, size);
        heard->messages = (guint64)sqlite3_column_int64(use, 1);
        heard->last = sqlite3_column_int64(use, 2);
        const char *sayer = (const char *)sqlite3_column_text(use, 3);
        heard->sayer = *sayer ? g_strdup(sayer) : NULL;
        g_ptr_array_add(all, heard);
    }
    return NULL;
}
