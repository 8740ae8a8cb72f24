/* See plan.h. */
#include "fetchd/plan.h"

/* Fewer messages than this are nobody's disaster. */
#define REMOVED_UNASKED 50

static guint32 listed_at(const GArray *listed, guint i)
{
    return g_array_index(listed, guint32, i);
}

GArray *plan_missing(const GArray *covered, const Selected *selected)
{
    GArray *wanted = g_array_new(FALSE, FALSE, sizeof(NumberRange));
    /* A server that names no UIDNEXT is asked for everything up to the last possible UID. */
    guint32 last = selected->uidnext ? selected->uidnext - 1 : G_MAXUINT32;
    if (selected->exists == 0 || last == 0)
        return wanted;
    g_autoptr(GArray) missing = ranges_missing(covered, 1, last);
    for (guint i = 0; i < missing->len; i++) {
        const UidRange *range = &g_array_index(missing, UidRange, i);
        NumberRange number = {range->first, range->last};
        g_array_append_val(wanted, number);
    }
    return wanted;
}

gboolean plan_list_every(const GArray *missing, guint32 most, GArray *listed)
{
    for (guint i = 0; i < missing->len; i++) {
        const NumberRange *range = &g_array_index(missing, NumberRange, i);
        if (range->last - range->first >= most - listed->len) {
            g_array_set_size(listed, 0);
            return FALSE;
        }
        for (guint32 number = range->first; number - 1 < range->last; number++)
            g_array_append_val(listed, number);
    }
    return TRUE;
}

void plan_cover_absent(GArray *covered, const GArray *listed, const Selected *selected)
{
    guint32 highest = listed->len ? listed_at(listed, listed->len - 1) : 0;
    if (selected->uidnext > 1 && highest < selected->uidnext - 1)
        ranges_add(covered, highest + 1, selected->uidnext - 1);
}

void plan_cover_arrived(GArray *covered, const GArray *listed, guint i)
{
    guint32 before = i > 0 ? listed_at(listed, i - 1) : 0;
    ranges_add(covered, before + 1, listed_at(listed, i));
}

gssize plan_find(const GArray *listed, guint32 number)
{
    guint low = 0, high = listed->len;
    while (low < high) {
        guint middle = low + (high - low) / 2;
        if (listed_at(listed, middle) < number)
            low = middle + 1;
        else
            high = middle;
    }
    return low < listed->len && listed_at(listed, low) == number ? (gssize)low : -1;
}

GArray *plan_batch(const GArray *missing, const GArray *listed, guint begin, guint end)
{
    GArray *ranges = g_array_new(FALSE, FALSE, sizeof(NumberRange));
    guint gap = 0; /* the missing range that holds the number at hand */
    for (guint i = begin; i < end; i++) {
        guint32 number = listed_at(listed, i);
        while (gap < missing->len && g_array_index(missing, NumberRange, gap).last < number)
            gap++;
        if (gap == missing->len || g_array_index(missing, NumberRange, gap).first > number)
            continue;
        NumberRange *last =
            ranges->len ? &g_array_index(ranges, NumberRange, ranges->len - 1) : NULL;
        if (last && g_array_index(missing, NumberRange, gap).first <= last->first) {
            last->last = number;
        } else {
            NumberRange range = {number, number};
            g_array_append_val(ranges, range);
        }
    }
    return ranges;
}

void plan_cover_listed(GArray *covered, const GArray *listed, const GArray *held, guint32 uidnext)
{
    guint32 next = 1;
    g_array_set_size(covered, 0);
    for (guint i = 0; i < listed->len; i++) {
        guint32 number = listed_at(listed, i);
        if (plan_find(held, number) >= 0)
            continue;
        ranges_add(covered, next, number - 1);
        next = number + 1;
    }
    /* What comes later is above UIDNEXT, or above all that was listed. */
    guint32 highest = listed->len ? listed_at(listed, listed->len - 1) : 0;
    guint32 last = uidnext ? uidnext - 1 : highest;
    if (next > 0)
        ranges_add(covered, next, last);
}

guint64 plan_removable(guint64 messages)
{
    return MAX(messages / 10, REMOVED_UNASKED);
}

gboolean plan_wants_folder(char *const *patterns, const char *name, guint uses)
{
    gboolean wanted = FALSE;
    for (; *patterns; patterns++) {
        gboolean exclude = **patterns == '!';
        const char *pattern = *patterns + (exclude ? 1 : 0);
        if (g_pattern_match_simple(pattern, name) || (uses & mailbox_use_named(pattern)) ||
            (g_ascii_strcasecmp(pattern, "INBOX") == 0 && g_ascii_strcasecmp(name, "INBOX") == 0))
            wanted = !exclude;
    }
    return wanted;
}
