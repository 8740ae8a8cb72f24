/* index-search — the rows that a search finds, in order: shared by the ways to list them. */
#pragma once

#include "store/index.h"

/* Appends to LIST (gint64) the rows that QUERY finds, in the order of SORT; LIMIT 0 means all. */
gboolean index_sorted_rows(Index *index, const Query *query, guint limit, SearchSort sort,
                           GArray *list, GError **error) G_GNUC_WARN_UNUSED_RESULT;

typedef gboolean (*IndexReading)(Index *index, gpointer user, GError **error);
/* READING out of one state, whatever is committed in between. */
gboolean index_in_one_state(Index *index, IndexReading reading, gpointer user,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;
