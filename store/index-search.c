/* What leaves the index: the rows that a query finds, and their cards. See index.h. */
#include "store/index-private.h"

#include <string.h>

#include "core/error.h"
#include "store/index-search.h"

static const char *const signatures[] = {
    [SIGNATURE_NONE] = "none",
    [SIGNATURE_PRESENT] = "present",
    [SIGNATURE_GOOD_AT_INDEX] = "good-at-index",
};

void hit_free(Hit *hit)
{
    if (hit == NULL)
        return;
    g_free(hit->id);
    g_free(hit->thread);
    g_free(hit->from);
    g_ptr_array_unref(hit->to);
    g_free(hit->subject);
    g_free(hit->account);
    g_ptr_array_unref(hit->folders);
    g_ptr_array_unref(hit->tags);
    g_free(hit->snippet);
    g_free(hit->message_id);
    g_free(hit);
}

static void hit_destroy(gpointer hit)
{
    hit_free(hit);
}

static char *text_column(IndexUse *use, int column)
{
    const char *text = (const char *)sqlite3_column_text(use, column);
    return g_strdup(text ? text : "");
}

static gboolean fill_list(Index *index, IndexSql which, gint64 row, GPtrArray *list, GError **error)
{
    g_autoptr(IndexUse) use = index_use(index, which, error, "i", row);
    gboolean more = use != NULL;
    while (more) {
        if (!index_step(index, use, &more, error))
            return FALSE;
        if (more)
            g_ptr_array_add(list, text_column(use, 0));
    }
    return use != NULL;
}

static void fill_recipients(const char *list, GPtrArray *out)
{
    g_auto(GStrv) lines = g_strsplit(list, "\n", -1);
    for (guint i = 0; lines[i]; i++)
        if (*lines[i])
            g_ptr_array_add(out, g_strdup(lines[i]));
}

static void fill_card(Hit *hit, IndexUse *use)
{
    int signature = sqlite3_column_int(use, 7);
    hit->id = text_column(use, 0);
    hit->thread = text_column(use, 1);
    hit->date = sqlite3_column_int64(use, 2);
    hit->size = (guint64)sqlite3_column_int64(use, 3);
    hit->attachments = (guint)sqlite3_column_int(use, 4);
    hit->encrypted = sqlite3_column_int(use, 5) != 0;
    hit->sensitive = sqlite3_column_int(use, 6) != 0;
    hit->signature = signatures[CLAMP(signature, 0, (int)G_N_ELEMENTS(signatures) - 1)];
    hit->account = text_column(use, 8);
    hit->from = text_column(use, 9);
    g_autofree char *recipients = text_column(use, 10);
    fill_recipients(recipients, hit->to);
    hit->subject = text_column(use, 11);
    hit->snippet = text_column(use, 12);
    hit->message_id = text_column(use, 13);
}

static Hit *hit_of(Index *index, gint64 row, GError **error)
{
    g_autoptr(Hit) hit = g_new0(Hit, 1);
    hit->to = g_ptr_array_new_with_free_func(g_free);
    hit->folders = g_ptr_array_new_with_free_func(g_free);
    hit->tags = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(IndexUse) use = index_use(index, SQL_HIT, error, "i", row);
    gboolean found;
    if (use == NULL || !index_step(index, use, &found, error))
        return NULL;
    if (!found) {
        refuse(error, POSTERN_ERROR_STORE, "index.damage", INDEX_MEND,
               "the index lacks what belongs to row %" G_GINT64_FORMAT, row);
        return NULL;
    }
    fill_card(hit, use);
    if (!fill_list(index, SQL_HIT_FOLDERS, row, hit->folders, error) ||
        !fill_list(index, SQL_HIT_TAGS, row, hit->tags, error))
        return NULL;
    return g_steal_pointer(&hit);
}

GPtrArray *index_places(Index *index, const char *id, GError **error)
{
    gboolean more;
    g_autoptr(GPtrArray) places = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(IndexUse) use = index_use(index, SQL_PLACES_OF, error, "t", id);
    while (use && index_step(index, use, &more, error)) {
        if (!more)
            return g_steal_pointer(&places);
        g_ptr_array_add(places, text_column(use, 0));
        g_ptr_array_add(places, text_column(use, 1));
    }
    return NULL;
}

gboolean index_in_one_state(Index *index, IndexReading reading, gpointer user, GError **error)
{
    gboolean own = sqlite3_get_autocommit(index->db) != 0;
    if (own && !index_exec(index, "BEGIN", error))
        return FALSE;
    gboolean fine = reading(index, user, error);
    if (own)
        sqlite3_exec(index->db, "COMMIT", NULL, NULL, NULL);
    return fine;
}

typedef struct {
    const Query *query;
    guint limit;
    SearchSort sort;
    HitTaker taker;
    gpointer user;
} Search;

static gboolean give_hits(Index *index, gpointer user, GError **error)
{
    const Search *search = user;
    g_autoptr(GArray) list = g_array_new(FALSE, FALSE, sizeof(gint64));
    if (!index_sorted_rows(index, search->query, search->limit, search->sort, list, error))
        return FALSE;
    for (guint i = 0; i < list->len; i++) {
        g_autoptr(Hit) hit = hit_of(index, g_array_index(list, gint64, i), error);
        if (hit == NULL || !search->taker(search->user, hit, error))
            return FALSE;
    }
    return TRUE;
}

/* Rows and their cards out of one state. */
gboolean index_search_each(Index *index, const Query *query, guint limit, SearchSort sort,
                           HitTaker taker, gpointer user, GError **error)
{
    Search search = {query, limit, sort, taker, user};
    return index_in_one_state(index, give_hits, &search, error);
}

/* A copy, of which the lists are shared. */
static gboolean collect(gpointer user, const Hit *hit, GError **error)
{
    (void)error;
    Hit *own = g_new(Hit, 1);
    *own = *hit;
    own->id = g_strdup(hit->id);
    own->thread = g_strdup(hit->thread);
    own->from = g_strdup(hit->from);
    own->subject = g_strdup(hit->subject);
    own->account = g_strdup(hit->account);
    own->snippet = g_strdup(hit->snippet);
    own->message_id = g_strdup(hit->message_id);
    g_ptr_array_ref(own->to);
    g_ptr_array_ref(own->folders);
    g_ptr_array_ref(own->tags);
    g_ptr_array_add(user, own);
    return TRUE;
}

GPtrArray *index_search(Index *index, const Query *query, guint limit, SearchSort sort,
                        GError **error)
{
    g_autoptr(GPtrArray) hits = g_ptr_array_new_with_free_func(hit_destroy);
    return index_search_each(index, query, limit, sort, collect, hits, error)
               ? g_steal_pointer(&hits)
               : NULL;
}
