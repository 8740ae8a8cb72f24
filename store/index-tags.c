/* See index-tags.h. */
#include "store/index-tags.h"

#include <string.h>

#include "core/base32.h"
#include "store/index-private.h"
#include "store/index-search.h"
#include "store/vault-tags.h"

#define ID_BYTES 10

/* The tag of this name; made when there is none that is taken for it. */
static gboolean tag_of(Index *index, const char *name, gint64 *tag, GError **error)
{
    g_autofree char *key = index_fold(name);
    const char *const values[4] = {name, key};
    return index_find_or_add(index, index_use(index, SQL_FIND_TAG_KEY, error, "t", key),
                             SQL_ADD_TAG, "tt", values, tag, error);
}

gboolean index_tag(Index *index, const JournalRecord *record, GError **error)
{
    for (GStrv change = record->arrival.flags; change && *change; change++) {
        gint64 tag, given = **change == '+';
        if (!tag_of(index, *change + 1, &tag, error) ||
            !index_run(index, index_use(index, SQL_SET_OWN, error, "iii", record->row, tag, given),
                       error))
            return FALSE;
    }
    return index_retag(index, record->row, error);
}

/* --- what is to be written ----------------------------------------------------------------- */

typedef enum { OWN_GIVEN, OWN_TAKEN, OWN_UNSAID } Own;

static gboolean own_of(Index *index, gint64 row, const char *key, Own *own, GError **error)
{
    gint64 given;
    gboolean found;
    if (!index_number(index, index_use(index, SQL_OWN, error, "it", row, key), &given, &found,
                      error))
        return FALSE;
    *own = !found ? OWN_UNSAID : given ? OWN_GIVEN : OWN_TAKEN;
    return TRUE;
}

static gboolean has_tag(Index *index, gint64 row, const char *key, gboolean *has, GError **error)
{
    gint64 one;
    return index_number(index, index_use(index, SQL_HAS_TAG, error, "it", row, key), &one, has,
                        error);
}

/* *needed: it changes something. *kept: the tag stays all the same, or is not ours to take. */
static gboolean judge(Index *index, gint64 row, const char *change, TagHow how, gboolean *needed,
                      gboolean *kept, GError **error)
{
    Own own;
    g_autofree char *key = index_fold(change + 1);
    if (!own_of(index, row, key, &own, error))
        return FALSE;
    if (*change == '+') {
        *needed = how == TAG_BY_RULE ? own == OWN_UNSAID : own != OWN_GIVEN;
        return TRUE;
    }
    *needed = own == OWN_GIVEN;
    return *needed || has_tag(index, row, key, kept, error);
}

static gboolean plan(Index *index, gint64 row, GPtrArray *needed, GPtrArray *list, GError **error)
{
    gboolean found;
    g_autoptr(IndexUse) use = index_use(index, SQL_ID_OF_ROW, error, "i", row);
    if (use == NULL || !index_step(index, use, &found, error))
        return FALSE;
    g_ptr_array_add(needed, NULL);
    if (found)
        tag_changes_add(list, (const char *)sqlite3_column_text(use, 0),
                        (const char *const *)needed->pdata);
    return TRUE;
}

gboolean index_plan_tags(Index *index, gint64 row, const char *const *changes, TagHow how,
                         GPtrArray *list, TagCount *count, GError **error)
{
    g_autoptr(GPtrArray) needed = g_ptr_array_new();
    gboolean any_kept = FALSE;
    for (; *changes; changes++) {
        gboolean is_needed = FALSE, kept = FALSE;
        if (!judge(index, row, *changes, how, &is_needed, &kept, error))
            return FALSE;
        if (is_needed)
            g_ptr_array_add(needed, (gpointer)*changes);
        any_kept |= kept;
    }
    count->found++;
    count->changed += needed->len > 0;
    count->kept += any_kept;
    return needed->len == 0 || plan(index, row, needed, list, error);
}

/* --- messages by name, and all that have own tags ------------------------------------------ */

static gboolean add_rows(Index *index, IndexUse *use, GArray *rows, GError **error)
{
    g_autoptr(IndexUse) owned = use;
    gboolean more = owned != NULL;
    while (more) {
        if (!index_step(index, owned, &more, error))
            return FALSE;
        gint64 row = more ? sqlite3_column_int64(owned, 0) : 0;
        if (more)
            g_array_append_val(rows, row);
    }
    return owned != NULL;
}

gboolean index_rows_named(Index *index, const char *name, GArray *rows, GError **error)
{
    guint8 bytes[ID_BYTES];
    guint before = rows->len;
    g_autofree char *lower = g_ascii_strdown(name, -1);
    if (base32_decode(name, bytes, sizeof bytes) &&
        !add_rows(index, index_use(index, SQL_ROWS_ID, error, "t", lower), rows, error))
        return FALSE;
    return rows->len > before ||
           add_rows(index, index_use(index, SQL_ROWS_MESSAGE, error, "t", name), rows, error);
}

static gboolean fill_tags(Index *index, gint64 row, GPtrArray *tags, GError **error)
{
    gboolean more;
    g_autoptr(IndexUse) use = index_use(index, SQL_OWN_TAGS, error, "i", row);
    if (use == NULL)
        return FALSE;
    while (index_step(index, use, &more, error)) {
        if (!more)
            return TRUE;
        g_ptr_array_add(tags, g_strdup((const char *)sqlite3_column_text(use, 0)));
    }
    return FALSE;
}

typedef struct {
    OwnedTaker taker;
    gpointer user;
} Giving;

/* The next message behind *row; 0 when there is none. */
static gboolean give_next(Index *index, gint64 *row, const Giving *self, GError **error)
{
    gboolean found;
    g_autoptr(GPtrArray) tags = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(IndexUse) use = index_use(index, SQL_NEXT_OWNED, error, "i", *row);
    if (use == NULL || !index_step(index, use, &found, error))
        return FALSE;
    *row = found ? sqlite3_column_int64(use, 0) : 0;
    return !found || (fill_tags(index, *row, tags, error) &&
                      self->taker(self->user, (const char *)sqlite3_column_text(use, 1),
                                  (const char *)sqlite3_column_text(use, 2), tags, error));
}

static gboolean give_all(Index *index, gpointer user, GError **error)
{
    gint64 row = 0;
    do {
        if (!give_next(index, &row, user, error))
            return FALSE;
    } while (row > 0);
    return TRUE;
}

gboolean index_each_owned(Index *index, OwnedTaker taker, gpointer user, GError **error)
{
    Giving giving = {taker, user};
    return index_in_one_state(index, give_all, &giving, error);
}
