/* See imap.h. The numbers are collected by the guard (guard-scan.h). */
#include "core/limits.h"
#include "net/imap.h"

/* Even when every UID of it exists and has ten digits, the reply fits into LIMIT_SEARCH_LINE. */
#define SEARCH_SPAN (LIMIT_SEARCH_LINE / 12)

static gint ascending(gconstpointer a, gconstpointer b)
{
    guint32 one = *(const guint32 *)a, other = *(const guint32 *)b;
    return one < other ? -1 : one > other;
}

/* What lies beyond UIDNEXT is new and little, or nothing, and of few messages no reply is long: no
 * windows for four billion UIDs. */
static guint64 window(const Imap *imap, const GArray *ranges)
{
    guint32 first = g_array_index(ranges, NumberRange, 0).first;
    gboolean last = imap->uidnext != 0 && (guint64)first + SEARCH_SPAN >= imap->uidnext;
    return last || imap->exists < SEARCH_SPAN / 2 ? G_MAXUINT32 : SEARCH_SPAN;
}

/* Takes SET. */
static gboolean search(Imap *imap, struct mailimap_set *set, GError **error)
{
    struct mailimap_search_key *key = set ? mailimap_search_key_new_uid(set) : NULL;
    clist *unused = NULL;
    int r = MAILIMAP_ERROR_MEMORY;
    if (key) {
        guard_command(imap->guard, SCAN_SEARCH, LIMIT_COMMAND_MS);
        r = mailimap_uid_search(imap->etpan, NULL, key, &unused);
        mailimap_search_key_free(key);
    } else if (set) {
        mailimap_set_free(set);
    }
    if (unused) /* on NO as well, unlike FETCH */
        mailimap_search_result_free(unused);
    if (r == MAILIMAP_NO_ERROR && guard_scan_status(guard_scanner(imap->guard))->said == SAID_OK)
        return TRUE;
    return imap_fail(imap, r, "UID SEARCH", error);
}

static gboolean give(Imap *imap, const GArray *asked, GArray *found, ListedTaker taker,
                     gpointer user, GError **error)
{
    guint32 before = 0;
    g_array_sort(found, ascending);
    for (guint i = 0; i < found->len; i++) {
        Listed listed = {.number = g_array_index(found, guint32, i)};
        if (!uid_ranges_hold(asked, listed.number))
            return imap_violation(imap, error, "the server found UID %u, which was not asked for",
                                  listed.number);
        if (listed.number != before && !taker(user, &listed, error))
            return FALSE;
        before = listed.number;
    }
    return TRUE;
}

gboolean imap_list(Fetcher *self, const NumberRange *ranges, gsize n, ListedTaker taker,
                   gpointer user, GError **error)
{
    Imap *imap = (Imap *)self;
    g_autoptr(GArray) left = uid_ranges_sorted(ranges, n);
    guint64 total = 0;
    while (left->len > 0) {
        g_autoptr(GArray) cut = uid_ranges_cut(left, window(imap, left));
        GArray *found = guard_scan_found(guard_scanner(imap->guard));
        if (!imap_alive(imap, error) || !search(imap, uid_set_new(cut), error))
            return FALSE;
        total += found->len;
        if (total > LIMIT_SERVER_MESSAGES)
            return imap_too_much(imap, "messages in a mailbox", LIMIT_SERVER_MESSAGES, error);
        if (!give(imap, cut, found, taker, user, error))
            return FALSE;
    }
    return TRUE;
}

/* libetpan's 0 is "*". */
gboolean imap_find_uidnext(Imap *imap, guint32 *uidnext, GError **error)
{
    guint32 last = 0;
    g_autoptr(GError) no = NULL;
    *uidnext = 0;
    if (!search(imap, mailimap_set_new_single(0), &no))
        return imap_alive(imap, error);
    const GArray *found = guard_scan_found(guard_scanner(imap->guard));
    for (guint i = 0; i < found->len; i++)
        last = MAX(last, g_array_index(found, guint32, i));
    if (last < G_MAXUINT32)
        *uidnext = last > 0 ? last + 1 : 0;
    return TRUE;
}
