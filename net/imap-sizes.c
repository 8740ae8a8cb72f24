/*
 * See imap.h and fetcher.h: how large messages are. The guard takes the answers off the stream, as
 * it does with changes, and so the numbers of a million messages need no memory.
 */
#include <stdio.h>
#include <string.h>

#include "core/limits.h"
#include "net/imap.h"

typedef struct {
    const GArray *asked; /* NumberRange */
    SizedTaker taker;
    gpointer user;
} Sizes;

/* RFC 3501, date-time: " 1-Feb-2026 23:59:00 +0100"; 0 for anything else. */
static gint64 unix_time(const char *text)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    int day, year, hour, minute, second, zone;
    char name[4];
    if (sscanf(text, "%2d-%3[A-Za-z]-%4d %2d:%2d:%2d %5d", &day, name, &year, &hour, &minute,
               &second, &zone) != 7 ||
        zone < -2400 || zone > 2400)
        return 0;
    const char *month = strstr(months, name);
    if (month == NULL || strlen(name) != 3 || (month - months) % 3 != 0)
        return 0;
    g_autoptr(GDateTime) local = g_date_time_new_utc(year, (int)(month - months) / 3 + 1, day, hour,
                                                     minute, CLAMP(second, 0, 59));
    return local ? g_date_time_to_unix(local) - (zone / 100 * 60 + zone % 100) * 60 : 0;
}

/* Of a message that was not asked for: somebody has just changed it. */
static gboolean take_size(gpointer user, guint32 uid, guint64 size, const char *date,
                          GError **error)
{
    const Sizes *self = user;
    const Sized sized = {.number = uid, .size = size, .internaldate = unix_time(date)};
    return !uid_ranges_hold(self->asked, uid) || self->taker(self->user, &sized, error);
}

static gboolean fetch_some(Imap *imap, Sizes *self, GError **error)
{
    g_autoptr(GString) words = g_string_new("UID FETCH ");
    uid_set_print(words, self->asked);
    g_string_append(words, " (UID RFC822.SIZE INTERNALDATE)");
    guard_scan_sizer(guard_scanner(imap->guard), take_size, self);
    int r = imap_say(imap, SCAN_SIZES, NULL, words->str);
    guard_scan_sizer(guard_scanner(imap->guard), NULL, NULL);
    if (r == MAILIMAP_NO_ERROR && guard_scan_status(guard_scanner(imap->guard))->said == SAID_OK)
        return TRUE;
    return imap_fail(imap, r, "UID FETCH", error);
}

gboolean imap_sizes(Fetcher *fetcher, const NumberRange *ranges, gsize n, SizedTaker taker,
                    gpointer user, GError **error)
{
    Imap *imap = (Imap *)fetcher;
    g_autoptr(GArray) left = uid_ranges_sorted(ranges, n);
    while (left->len > 0) {
        g_autoptr(GArray) cut = uid_ranges_cut(left, G_MAXUINT32);
        Sizes self = {.asked = cut, .taker = taker, .user = user};
        if (!imap_alive(imap, error) || !fetch_some(imap, &self, error))
            return FALSE;
    }
    return TRUE;
}
