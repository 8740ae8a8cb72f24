/* See rowset.h. */
#include "store/rowset.h"

#define BITS 64

struct RowSet {
    gint64 last;
    gsize words;
    guint64 bits[];
};

RowSet *rowset_new(gint64 last)
{
    gsize words = last < 0 ? 0 : (gsize)last / BITS + 1;
    RowSet *set = g_malloc0(sizeof *set + words * sizeof set->bits[0]);
    set->last = last;
    set->words = words;
    return set;
}

void rowset_free(RowSet *set)
{
    g_free(set);
}

static gboolean inside(const RowSet *set, gint64 row)
{
    return row >= 0 && row <= set->last;
}

static guint64 bit(gint64 row)
{
    return G_GUINT64_CONSTANT(1) << (row % BITS);
}

void rowset_add(RowSet *set, gint64 row)
{
    if (inside(set, row))
        set->bits[row / BITS] |= bit(row);
}

void rowset_remove(RowSet *set, gint64 row)
{
    if (inside(set, row))
        set->bits[row / BITS] &= ~bit(row);
}

gboolean rowset_has(const RowSet *set, gint64 row)
{
    return inside(set, row) && (set->bits[row / BITS] & bit(row)) != 0;
}

gsize rowset_count(const RowSet *set)
{
    gsize count = 0;
    for (gsize i = 0; i < set->words; i++)
        count += (gsize)__builtin_popcountll(set->bits[i]);
    return count;
}

gint64 rowset_next(const RowSet *set, gint64 row)
{
    if (!inside(set, row))
        return -1;
    gsize i = (gsize)row / BITS;
    guint64 left = set->bits[i] & ~(bit(row) - 1);
    while (left == 0) {
        if (++i == set->words)
            return -1;
        left = set->bits[i];
    }
    return (gint64)i * BITS + __builtin_ctzll(left);
}

void rowset_join(RowSet *set, const RowSet *other)
{
    for (gsize i = 0; i < set->words; i++)
        set->bits[i] |= other->bits[i];
}

void rowset_keep(RowSet *set, const RowSet *other)
{
    for (gsize i = 0; i < set->words; i++)
        set->bits[i] &= other->bits[i];
}

void rowset_drop(RowSet *set, const RowSet *other)
{
    for (gsize i = 0; i < set->words; i++)
        set->bits[i] &= ~other->bits[i];
}

void rowset_turn(RowSet *set)
{
    for (gsize i = 0; i < set->words; i++)
        set->bits[i] = ~set->bits[i];
    /* The last word's bits beyond `last` stay out of every count. */
    if (set->words > 0 && (set->last + 1) % BITS != 0)
        set->bits[set->words - 1] &= bit(set->last + 1) - 1;
}
