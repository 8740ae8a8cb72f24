/* rowset — a set of index rows, one bit each: rows are dense, so it is small and exact. */
#pragma once

#include <glib.h>

typedef struct RowSet RowSet;

/* The empty set out of rows 0 to LAST; rows outside that are never in it. */
RowSet *rowset_new(gint64 last);
void rowset_free(RowSet *set);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RowSet, rowset_free)

void rowset_add(RowSet *set, gint64 row);
void rowset_remove(RowSet *set, gint64 row);
gboolean rowset_has(const RowSet *set, gint64 row);
gsize rowset_count(const RowSet *set);
/* The first row of the set that is >= ROW, or -1. */
gint64 rowset_next(const RowSet *set, gint64 row);

/* SET becomes its union, intersection or difference with OTHER, made with the same last row. */
void rowset_join(RowSet *set, const RowSet *other);
void rowset_keep(RowSet *set, const RowSet *other);
void rowset_drop(RowSet *set, const RowSet *other);
/* SET becomes all rows that it did not hold. */
void rowset_turn(RowSet *set);
