/* See tagging.h. */
#include "store/tagging.h"

#include "core/limits.h"
#include "store/index-private.h"
#include "store/index-search.h"
#include "store/query-sql.h"
#include "store/vault-tags.h"

static gboolean write_waiting(Tagging *self, GError **error)
{
    guint64 written;
    gboolean fine = self->vault == NULL || vault_tag(self->vault, self->waiting, &written, error);
    g_ptr_array_set_size(self->waiting, 0);
    return fine;
}

static gboolean change(Tagging *self, gint64 row, const char *const *changes, GError **error)
{
    if (self->waiting == NULL)
        self->waiting = tag_changes_new();
    return index_plan_tags(self->index, row, changes, self->how, self->waiting, &self->count,
                           error) &&
           (self->waiting->len < LIMIT_BATCH_MESSAGES || write_waiting(self, error));
}

/* All that is asked of the index is asked of one state. */
typedef struct {
    Tagging *tagging;
    const Query *query;
    const char *const *changes;
} Finding;

static gboolean change_found(Index *index, gpointer user, GError **error)
{
    const Finding *self = user;
    g_autoptr(RowSet) rows = query_rows(index, self->query, error);
    if (rows == NULL)
        return FALSE;
    for (gint64 row = rowset_next(rows, 0); row >= 0; row = rowset_next(rows, row + 1))
        if (index_has(index, row) && !change(self->tagging, row, self->changes, error))
            return FALSE;
    return TRUE;
}

gboolean tagging_query(Tagging *self, const Query *query, const char *const *changes,
                       GError **error)
{
    Finding finding = {self, query, changes};
    return index_in_one_state(self->index, change_found, &finding, error);
}

gboolean tagging_named(Tagging *self, const char *name, const char *const *changes, gboolean *known,
                       GError **error)
{
    g_autoptr(GArray) rows = g_array_new(FALSE, FALSE, sizeof(gint64));
    if (!index_rows_named(self->index, name, rows, error))
        return FALSE;
    *known = rows->len > 0;
    for (guint i = 0; i < rows->len; i++)
        if (!change(self, g_array_index(rows, gint64, i), changes, error))
            return FALSE;
    return TRUE;
}

gboolean tagging_end(Tagging *self, gboolean fine, GError **error)
{
    fine = fine && (self->waiting == NULL || write_waiting(self, error));
    g_clear_pointer(&self->waiting, g_ptr_array_unref);
    return fine;
}
