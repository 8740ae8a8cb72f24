/*
 * See link-state.h: the mailboxes, opening one, the news of it, and the sizes of what is new. The
 * store acts on what is said here, so nothing passes but UIDs that were asked about.
 */
#include "fetchd/link-state.h"
#include "store/ranges.h"

typedef struct {
    const GArray *asked; /* UidRange; empty: no news are due */
    const ChangeTaker *taker;
    gboolean cut; /* a span of the ranges was sent: what falls between them is nobody's fault */
    guint64 given;
    Selected *selected; /* NULL: only news */
    gboolean seen;
} ChangesCall;

static gboolean count(ChangesCall *call, GError **error)
{
    return ++call->given <= LIMIT_SERVER_MESSAGES || link_out_of_order(error);
}

static gboolean take_changed(ChangesCall *call, const Frame *frame, GError **error)
{
    guint32 uid;
    g_auto(GStrv) flags = NULL;
    if (!count(call, error) || !record_get_changed(frame, &uid, &flags, error))
        return FALSE;
    if (!ranges_contain(call->asked, uid))
        return call->cut || link_out_of_order(error);
    return call->taker->flags(call->taker->user, uid, flags, error);
}

/* The first range that ends at or behind UID. */
static guint find(const GArray *ranges, guint32 uid)
{
    guint low = 0, high = ranges->len;
    while (low < high) {
        guint middle = low + (high - low) / 2;
        if (g_array_index(ranges, UidRange, middle).last < uid)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static gboolean take_gone(ChangesCall *call, const Frame *frame, GError **error)
{
    NumberRange gone;
    guint64 before = call->given;
    if (!record_get_gone(frame, &gone, error))
        return FALSE;
    for (guint i = find(call->asked, gone.first); i < call->asked->len; i++) {
        const UidRange *range = &g_array_index(call->asked, UidRange, i);
        if (range->first > gone.last)
            break;
        if (!count(call, error) ||
            !call->taker->gone(call->taker->user, MAX(gone.first, range->first),
                               MIN(gone.last, range->last), error))
            return FALSE;
    }
    return call->given > before || (call->cut && count(call, error)) || link_out_of_order(error);
}

static gboolean take_news(gpointer user, const Frame *frame, GError **error)
{
    ChangesCall *call = user;
    if (frame->type == WIRE_CHANGED && !call->seen)
        return take_changed(call, frame, error);
    if (frame->type == WIRE_GONE && !call->seen && call->selected)
        return take_gone(call, frame, error);
    if (frame->type != WIRE_SELECTED || call->seen || call->selected == NULL)
        return link_out_of_order(error);
    call->seen = TRUE;
    return record_get_selected(frame, call->selected, error);
}

/* What the child says of another mailbox than the one that was known says nothing. */
static gboolean coherent(const ChangesCall *call, const Known *known)
{
    gboolean same = known && known->uidvalidity == call->selected->uidvalidity;
    return call->seen && (same || (call->given == 0 && !call->selected->told));
}

/* Of KNOWN, into the record; the ranges sorted, which are the caller's. */
static GArray *put_select(Link *link, const char *name, const Known *known)
{
    GArray *asked = ranges_new();
    for (gsize i = 0; known && i < known->n; i++)
        ranges_add(asked, known->ranges[i].first, known->ranges[i].last);
    if (asked->len > 0) {
        const Known sent = {known->uidvalidity, known->modseq,
                            (const NumberRange *)(void *)asked->data, asked->len};
        record_put_select(link->record, name, &sent);
    } else {
        record_put_select(link->record, name, NULL);
    }
    return asked;
}

gboolean link_select(Fetcher *fetcher, const char *name, const Known *known,
                     const ChangeTaker *changes, Selected *selected, GError **error)
{
    Link *link = (Link *)fetcher;
    g_autoptr(GArray) asked = put_select(link, name, known);
    ChangesCall call = {
        .asked = asked, .taker = changes, .cut = asked->len > RECORD_RANGES, .selected = selected};
    return link_put(link, WIRE_SELECT, error) && link_await_done(link, take_news, &call, error) &&
           (coherent(&call, known) || link_out_of_order(error));
}

/* --- mailboxes ------------------------------------------------------------------------------- */

typedef struct {
    ChangesCall news; /* of the one in front */
    MailboxTaker taker;
    gpointer user;
    guint count;
} MailboxesCall;

static gboolean take_mailbox(MailboxesCall *call, const Frame *frame, GError **error)
{
    MailboxName name = {0};
    if (++call->count > LIMIT_MAILBOXES || call->news.seen)
        return link_out_of_order(error);
    if (frame->type == WIRE_PARTIAL)
        return call->taker(call->user, NULL, error);
    gboolean ok = record_get_mailbox(frame, &name, error) && call->taker(call->user, &name, error);
    g_free(name.name);
    g_free(name.display);
    return ok;
}

static gboolean take_listing(gpointer user, const Frame *frame, GError **error)
{
    MailboxesCall *call = user;
    if (frame->type == WIRE_MAILBOX || frame->type == WIRE_PARTIAL)
        return take_mailbox(call, frame, error);
    if (frame->type != WIRE_SELECTED && call->count > 0)
        return link_out_of_order(error);
    return take_news(&call->news, frame, error);
}

static gboolean all_mailboxes(Link *link, MailboxesCall *call, GError **error)
{
    return link_put(link, WIRE_MAILBOXES, error) &&
           link_await_done(link, take_listing, call, error);
}

gboolean link_mailboxes(Fetcher *fetcher, Opening *first, MailboxTaker taker, gpointer user,
                        GError **error)
{
    Link *link = (Link *)fetcher;
    g_autoptr(GArray) asked = first ? put_select(link, first->name, first->known) : ranges_new();
    MailboxesCall call = {
        .news = {.asked = asked, .cut = asked->len > RECORD_RANGES}, .taker = taker, .user = user};
    if (first == NULL)
        return all_mailboxes(link, &call, error);
    call.news.taker = first->changes;
    call.news.selected = &first->selected;
    if (!all_mailboxes(link, &call, error))
        return FALSE;
    first->opened = call.news.seen;
    return !first->opened || coherent(&call.news, first->known) || link_out_of_order(error);
}

static gboolean some_changes(Link *link, const NumberRange *ranges, gsize n, guint64 since,
                             ChangesCall *call, GError **error)
{
    g_autoptr(GArray) asked = ranges_new();
    for (gsize i = 0; i < n; i++)
        ranges_add(asked, ranges[i].first, ranges[i].last);
    call->asked = asked;
    record_put_changes(link->record, since, ranges, n);
    return link_put(link, WIRE_CHANGES, error) && link_await_done(link, take_news, call, error);
}

gboolean link_changes(Fetcher *fetcher, const NumberRange *ranges, gsize n, guint64 since,
                      const ChangeTaker *taker, GError **error)
{
    ChangesCall call = {.taker = taker};
    for (gsize at = 0; at < n; at += RECORD_RANGES)
        if (!some_changes((Link *)fetcher, ranges + at, MIN(n - at, RECORD_RANGES), since, &call,
                          error))
            return FALSE;
    return TRUE;
}

/* --- sizes --------------------------------------------------------------------------------- */

typedef struct {
    const GArray *asked; /* UidRange; empty: of all there are */
    SizedTaker taker;
    gpointer user;
    guint64 given;
} SizesCall;

static gboolean take_sized(gpointer user, const Frame *frame, GError **error)
{
    SizesCall *call = user;
    Sized sized;
    if (frame->type != WIRE_SIZED || ++call->given > LIMIT_SERVER_MESSAGES)
        return link_out_of_order(error);
    if (!record_get_sized(frame, &sized, error))
        return FALSE;
    gboolean asked = call->asked->len == 0 || ranges_contain(call->asked, sized.number);
    return asked ? call->taker(call->user, &sized, error) : link_out_of_order(error);
}

gboolean link_sizes(Fetcher *fetcher, const NumberRange *ranges, gsize n, SizedTaker taker,
                    gpointer user, GError **error)
{
    Link *link = (Link *)fetcher;
    g_autoptr(GArray) asked = ranges_new();
    for (gsize i = 0; i < n; i++)
        ranges_add(asked, ranges[i].first, ranges[i].last);
    SizesCall call = {.asked = asked, .taker = taker, .user = user};
    record_put_ranges(link->record, ranges, n);
    return link_put(link, WIRE_SIZES, error) && link_await_done(link, take_sized, &call, error);
}
