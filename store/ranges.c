/* See ranges.h. */
#include "store/ranges.h"

#include "core/cursor.h"

#define PACKED 8 /* two 32-bit numbers */

static const UidRange *range_at(const GArray *set, guint i)
{
    return &g_array_index(set, UidRange, i);
}

GArray *ranges_new(void)
{
    return g_array_new(FALSE, FALSE, sizeof(UidRange));
}

/* The first range that ends at UID or later; set->len when there is none. */
static guint find(const GArray *set, guint64 uid)
{
    guint low = 0, high = set->len;
    while (low < high) {
        guint middle = low + (high - low) / 2;
        if (range_at(set, middle)->last < uid)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void ranges_add(GArray *set, guint32 first, guint32 last)
{
    UidRange merged = {MAX(first, 1), last};
    if (merged.first > merged.last)
        return;
    /* One less, so that a neighbour on the left melts in too; the sums are 64 bits wide because
     * the highest UID has no successor in 32. */
    guint at = find(set, merged.first - 1);
    guint end = at;
    while (end < set->len && range_at(set, end)->first <= (guint64)merged.last + 1) {
        merged.first = MIN(merged.first, range_at(set, end)->first);
        merged.last = MAX(merged.last, range_at(set, end)->last);
        end++;
    }
    if (end == at) {
        g_array_insert_val(set, at, merged);
        return;
    }
    g_array_index(set, UidRange, at) = merged;
    if (end - at > 1)
        g_array_remove_range(set, at + 1, end - at - 1);
}

void ranges_remove(GArray *set, guint32 uid)
{
    if (!ranges_contain(set, uid))
        return;
    guint at = find(set, uid);
    UidRange *range = &g_array_index(set, UidRange, at);
    const UidRange behind = {uid + 1, range->last};
    gboolean more = uid < range->last;
    if (range->first < uid) {
        range->last = uid - 1;
        if (more)
            g_array_insert_val(set, at + 1, behind);
    } else if (more) {
        *range = behind;
    } else {
        g_array_remove_index(set, at);
    }
}

gboolean ranges_contain(const GArray *set, guint32 uid)
{
    guint at = find(set, uid);
    return uid > 0 && at < set->len && range_at(set, at)->first <= uid;
}

GArray *ranges_missing(const GArray *set, guint32 first, guint32 last)
{
    GArray *missing = ranges_new();
    guint64 next = MAX(first, 1);
    for (guint i = find(set, next); i < set->len && range_at(set, i)->first <= last; i++) {
        const UidRange *held = range_at(set, i);
        if (held->first > next)
            ranges_add(missing, (guint32)next, held->first - 1);
        next = (guint64)held->last + 1;
    }
    if (next <= last)
        ranges_add(missing, (guint32)next, last);
    return missing;
}

GBytes *ranges_pack(const GArray *set)
{
    GByteArray *out = g_byte_array_sized_new(set->len * PACKED);
    for (guint i = 0; i < set->len; i++) {
        put_u32(out, range_at(set, i)->first);
        put_u32(out, range_at(set, i)->last);
    }
    return g_byte_array_free_to_bytes(out);
}

GArray *ranges_unpack(const guint8 *bytes, gsize size)
{
    if (size % PACKED != 0)
        return NULL;
    g_autoptr(GArray) set = ranges_new();
    Cursor cursor = cursor_over(bytes, size);
    guint64 next = 1; /* where the next range may begin: a gap of one lies between two */
    while (cursor.left > 0) {
        UidRange range = {.first = cursor_u32(&cursor)};
        range.last = cursor_u32(&cursor);
        if (range.first < next || range.first > range.last)
            return NULL;
        next = (guint64)range.last + 2;
        g_array_append_val(set, range);
    }
    return g_steal_pointer(&set);
}
