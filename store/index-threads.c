/* See index-threads.h. */
#include "store/index-threads.h"

#include "store/index-private.h"
#include "store/index-search.h"
#include "store/rowset.h"

static void thread_clear(ThreadHit *hit)
{
    g_free(hit->thread);
    g_free(hit->subject);
    g_clear_pointer(&hit->authors, g_ptr_array_unref);
    g_clear_pointer(&hit->tags, g_ptr_array_unref);
    g_clear_pointer(&hit->ids, g_ptr_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(ThreadHit, thread_clear)

static const char *text_of(IndexUse *use, int column)
{
    const char *text = (const char *)sqlite3_column_text(use, column);
    return text ? text : "";
}

static void add_once(GPtrArray *list, const char *text)
{
    if (*text && !g_ptr_array_find_with_equal_func(list, text, g_str_equal, NULL))
        g_ptr_array_add(list, g_strdup(text));
}

/* One message of the conversation, the oldest comes first. */
static void add_message(ThreadHit *hit, IndexUse *use, const RowSet *matched)
{
    hit->messages++;
    add_once(hit->authors, text_of(use, 3));
    if (hit->subject == NULL && *text_of(use, 4))
        hit->subject = g_strdup(text_of(use, 4));
    if (!rowset_has(matched, sqlite3_column_int64(use, 0)))
        return;
    hit->matched++;
    hit->date = sqlite3_column_int64(use, 2);
    g_ptr_array_add(hit->ids, g_strdup(text_of(use, 1)));
}

static gboolean fill_messages(Index *index, gint64 thread, const RowSet *matched, ThreadHit *hit,
                              GError **error)
{
    gboolean more;
    g_autoptr(IndexUse) use = index_use(index, SQL_THREAD_DOCS, error, "i", thread);
    if (use == NULL)
        return FALSE;
    while (index_step(index, use, &more, error)) {
        if (!more)
            return TRUE;
        add_message(hit, use, matched);
    }
    return FALSE;
}

static gboolean fill_tags(Index *index, gint64 thread, GPtrArray *tags, GError **error)
{
    gboolean more;
    g_autoptr(IndexUse) use = index_use(index, SQL_THREAD_TAGS, error, "i", thread);
    if (use == NULL)
        return FALSE;
    while (index_step(index, use, &more, error)) {
        if (!more)
            return TRUE;
        g_ptr_array_add(tags, g_strdup(text_of(use, 0)));
    }
    return FALSE;
}

typedef struct {
    const Query *query;
    guint limit;
    SearchSort sort;
    ThreadTaker taker;
    gpointer user;
} Search;

static gboolean give(Index *index, const Search *search, gint64 thread, const char *name,
                     const RowSet *matched, GError **error)
{
    g_auto(ThreadHit) hit = {.thread = g_strdup(name),
                             .authors = g_ptr_array_new_with_free_func(g_free),
                             .tags = g_ptr_array_new_with_free_func(g_free),
                             .ids = g_ptr_array_new_with_free_func(g_free)};
    if (!fill_messages(index, thread, matched, &hit, error) ||
        !fill_tags(index, thread, hit.tags, error))
        return FALSE;
    if (hit.subject == NULL)
        hit.subject = g_strdup("");
    return search->taker(search->user, &hit, error);
}

/* The thread of ROW; 0 for a row that has none. */
static gboolean thread_of(Index *index, gint64 row, gint64 *thread, char **name, GError **error)
{
    gboolean found;
    g_autoptr(IndexUse) use = index_use(index, SQL_THREAD_OF_ROW, error, "i", row);
    if (use == NULL || !index_step(index, use, &found, error))
        return FALSE;
    *thread = found ? sqlite3_column_int64(use, 0) : 0;
    *name = found ? g_strdup(text_of(use, 1)) : NULL;
    return TRUE;
}

static RowSet *set_of(const GArray *rows)
{
    gint64 last = -1;
    for (guint i = 0; i < rows->len; i++)
        last = MAX(last, g_array_index(rows, gint64, i));
    RowSet *set = rowset_new(last);
    for (guint i = 0; i < rows->len; i++)
        rowset_add(set, g_array_index(rows, gint64, i));
    return set;
}

static gboolean give_threads(Index *index, gpointer user, GError **error)
{
    const Search *search = user;
    g_autoptr(GArray) rows = g_array_new(FALSE, FALSE, sizeof(gint64));
    g_autoptr(GHashTable) given = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    if (!index_sorted_rows(index, search->query, 0, search->sort, rows, error))
        return FALSE;
    g_autoptr(RowSet) matched = set_of(rows);
    for (guint i = 0; i < rows->len; i++) {
        gint64 thread;
        g_autofree char *name = NULL;
        if (search->limit > 0 && g_hash_table_size(given) >= search->limit)
            break;
        if (!thread_of(index, g_array_index(rows, gint64, i), &thread, &name, error))
            return FALSE;
        if (thread == 0 || !g_hash_table_add(given, g_memdup2(&thread, sizeof thread)))
            continue;
        if (!give(index, search, thread, name, matched, error))
            return FALSE;
    }
    return TRUE;
}

gboolean index_search_threads(Index *index, const Query *query, guint limit, SearchSort sort,
                              ThreadTaker taker, gpointer user, GError **error)
{
    Search search = {query, limit, sort, taker, user};
    return index_in_one_state(index, give_threads, &search, error);
}
