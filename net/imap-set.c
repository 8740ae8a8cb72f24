/* See imap.h. */
#include "net/imap.h"

static gint by_first(gconstpointer a, gconstpointer b)
{
    const NumberRange *one = a, *other = b;
    return one->first < other->first ? -1 : one->first > other->first;
}

static NumberRange *at(const GArray *ranges, guint i)
{
    return &g_array_index(ranges, NumberRange, i);
}

GArray *uid_ranges_sorted(const NumberRange *ranges, gsize n)
{
    GArray *sorted = g_array_new(FALSE, FALSE, sizeof(NumberRange));
    for (gsize i = 0; i < n; i++) {
        NumberRange range = {MAX(ranges[i].first, 1), ranges[i].last};
        if (range.first <= range.last)
            g_array_append_val(sorted, range);
    }
    g_array_sort(sorted, by_first);
    guint kept = 0;
    for (guint i = 1; i < sorted->len; i++) {
        NumberRange next = *at(sorted, i);
        if ((guint64)at(sorted, kept)->last + 1 >= next.first)
            at(sorted, kept)->last = MAX(at(sorted, kept)->last, next.last);
        else
            *at(sorted, ++kept) = next;
    }
    g_array_set_size(sorted, MIN(sorted->len, kept + 1));
    return sorted;
}

guint uid_ranges_find(const GArray *ranges, guint32 uid)
{
    guint low = 0, high = ranges->len;
    while (low < high) {
        guint middle = (low + high) / 2;
        if (at(ranges, middle)->last < uid)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

gboolean uid_ranges_hold(const GArray *ranges, guint32 uid)
{
    guint found = uid_ranges_find(ranges, uid);
    return found < ranges->len && at(ranges, found)->first <= uid;
}

GArray *uid_ranges_cut(GArray *ranges, guint64 span)
{
    GArray *cut = g_array_new(FALSE, FALSE, sizeof(NumberRange));
    guint whole = 0;
    for (; whole < ranges->len && cut->len < UID_SET_RANGES && span > 0; whole++) {
        NumberRange *range = at(ranges, whole);
        NumberRange piece = {range->first, (guint32)MIN(range->last, range->first + span - 1)};
        g_array_append_val(cut, piece);
        span -= (guint64)piece.last - piece.first + 1;
        if (piece.last < range->last) {
            range->first = piece.last + 1;
            break;
        }
    }
    g_array_remove_range(ranges, 0, whole);
    return cut;
}

struct mailimap_set *uid_set_new(const GArray *ranges)
{
    struct mailimap_set *set = mailimap_set_new_empty();
    for (guint i = 0; set && i < ranges->len; i++) {
        if (mailimap_set_add_interval(set, at(ranges, i)->first, at(ranges, i)->last) !=
            MAILIMAP_NO_ERROR) {
            mailimap_set_free(set);
            return NULL;
        }
    }
    return set;
}

void uid_set_print(GString *out, const GArray *ranges)
{
    for (guint i = 0; i < ranges->len; i++) {
        const NumberRange *range = at(ranges, i);
        g_string_append_printf(out, "%s%u", i > 0 ? "," : "", range->first);
        if (range->last > range->first)
            g_string_append_printf(out, ":%u", range->last);
    }
}
