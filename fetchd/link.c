/* See link.h. */
#include "fetchd/link-state.h"

#include <sys/socket.h>
#include <unistd.h>

#include "core/error.h"
#include "core/interrupt.h"
#include "core/limits.h"
#include "core/text.h"
#include "fetchd/handover.h"
#include "fetchd/login.h"
#include "fetchd/patience.h"
#include "fetchd/spawn.h"
#include "fetchd/ticket.h"
#include "fetchd/trust.h"
#include "fetchd/tunnel.h"
#include "fetchd/wire.h"
#include "net/connect.h"

gboolean link_out_of_order(GError **error)
{
    return refuse(error, POSTERN_ERROR_BUG, "net.record", NULL,
                  "the connection's process answered out of order");
}

gboolean link_put(Link *link, WireType type, GError **error)
{
    gboolean fits = link->record->len <= LIMIT_FRAME;
    gboolean ok =
        fits ? wire_put(link->wire, type, link->record->data, link->record->len, error)
             : refuse(error, POSTERN_ERROR_INPUT, "send.recipients", "send it in several letters",
                      "the list is longer than one command takes");
    g_byte_array_set_size(link->record, 0);
    return ok;
}

static gboolean take_trace(Link *link, const Frame *frame, GError **error)
{
    g_autofree char *text = link->trace ? record_get_trace(frame, error) : NULL;
    if (text == NULL)
        return link->trace ? FALSE : link_out_of_order(error);
    tracelog_line(link->trace, link->account, link->host, text);
    return TRUE;
}

static gboolean take_alert(Link *link, const Frame *frame, GError **error)
{
    char *words = record_get_alert(frame, error);
    if (words == NULL)
        return FALSE;
    if (link->alert == NULL)
        link->alert = words;
    else
        g_free(words);
    return TRUE;
}

gboolean link_aside(Link *link, const Frame *frame, GError **error)
{
    return (frame->type == WIRE_TRACE ? take_trace : take_alert)(link, frame, error);
}

/* The next frame that is part of an answer. */
static gboolean next_frame(Link *link, Patience *patience, Frame *frame, GError **error)
{
    for (;;) {
        gint64 before = g_get_monotonic_time();
        if (!wire_get(link->wire, patience_left(patience), link->stop_fd, frame, error))
            return FALSE;
        gboolean aside = frame->type == WIRE_TRACE || frame->type == WIRE_ALERT;
        patience_spend(patience, g_get_monotonic_time() - before, aside ? 0 : frame->size);
        if (frame->type == WIRE_FETCHED || frame->type == WIRE_CHANGED ||
            frame->type == WIRE_GONE || frame->type == WIRE_SIZED)
            patience_renew(patience);
        if (!aside)
            return TRUE;
        if (!link_aside(link, frame, error))
            return FALSE;
    }
}

gboolean link_await(Link *link, gint64 base_ms, FrameTaker taker, gpointer user, GError **error)
{
    Patience patience = {.base_ms = base_ms};
    if (!wire_flush(link->wire, error))
        return FALSE;
    for (;;) {
        Frame frame;
        if (!next_frame(link, &patience, &frame, error))
            return FALSE;
        if (frame.type == WIRE_DONE)
            return TRUE;
        if (frame.type == WIRE_FAIL)
            return record_get_fail(&frame, error);
        if (taker == NULL || !taker(user, &frame, error))
            return taker ? FALSE : link_out_of_order(error);
    }
}

gboolean link_await_done(Link *link, FrameTaker taker, gpointer user, GError **error)
{
    return link_await(link, COMMAND_MS, taker, user, error);
}

/* --- list, get, remove --------------------------------------------------------------------- */

typedef struct {
    const NumberRange *ranges;
    gsize n;
    ListedTaker listed;
    gpointer user;
    guint64 count;
    const MessageTaker *taker;
    gboolean inside; /* between START and FETCHED */
} RangesCall;

static gboolean asked_for(const RangesCall *call, guint32 number)
{
    for (gsize i = 0; i < call->n; i++)
        if (number >= call->ranges[i].first && number <= call->ranges[i].last)
            return TRUE;
    return call->n == 0;
}

static gboolean take_listed(gpointer user, const Frame *frame, GError **error)
{
    RangesCall *call = user;
    guint32 number;
    g_autofree char *uidl = NULL;
    if (frame->type != WIRE_LISTED || ++call->count > LIMIT_SERVER_MESSAGES)
        return link_out_of_order(error);
    if (!record_get_listed(frame, &number, &uidl, error))
        return FALSE;
    const Listed listed = {.number = number, .uidl = uidl};
    return asked_for(call, number) ? call->listed(call->user, &listed, error)
                                   : link_out_of_order(error);
}

static gboolean link_list(Fetcher *fetcher, const NumberRange *ranges, gsize n, ListedTaker taker,
                          gpointer user, GError **error)
{
    Link *link = (Link *)fetcher;
    RangesCall call = {.ranges = ranges, .n = n, .listed = taker, .user = user};
    record_put_ranges(link->record, ranges, n);
    return link_put(link, WIRE_LIST, error) && link_await_done(link, take_listed, &call, error);
}

static gboolean take_fetched(RangesCall *call, const Frame *frame, GError **error)
{
    Fetched fetched = {0};
    gboolean ok = record_get_fetched(frame, &fetched, error) &&
                  (asked_for(call, fetched.number) || link_out_of_order(error)) &&
                  call->taker->end(call->taker->user, &fetched, error);
    g_strfreev(fetched.flags);
    call->inside = FALSE;
    return ok;
}

static gboolean take_message(gpointer user, const Frame *frame, GError **error)
{
    RangesCall *call = user;
    if (frame->type == WIRE_START && !call->inside) {
        call->inside = TRUE;
        return call->taker->start(call->taker->user, error);
    }
    if (frame->type == WIRE_DATA && call->inside)
        return call->taker->data(call->taker->user, frame->payload, frame->size, error);
    if (frame->type == WIRE_FETCHED && call->inside)
        return take_fetched(call, frame, error);
    return link_out_of_order(error);
}

static gboolean get_by(Fetcher *fetcher, WireType command, const NumberRange *ranges, gsize n,
                       const MessageTaker *taker, GError **error)
{
    Link *link = (Link *)fetcher;
    RangesCall call = {.ranges = ranges, .n = n, .taker = taker};
    record_put_ranges(link->record, ranges, n);
    return link_put(link, command, error) && link_await_done(link, take_message, &call, error) &&
           (!call.inside || link_out_of_order(error));
}

static gboolean link_get(Fetcher *fetcher, const NumberRange *ranges, gsize n,
                         const MessageTaker *taker, GError **error)
{
    return get_by(fetcher, WIRE_GET, ranges, n, taker, error);
}

static gboolean link_headers(Fetcher *fetcher, const NumberRange *ranges, gsize n,
                             const MessageTaker *taker, GError **error)
{
    return get_by(fetcher, WIRE_HEADERS, ranges, n, taker, error);
}

static gboolean link_remove(Fetcher *fetcher, const guint32 *numbers, gsize n, GError **error)
{
    Link *link = (Link *)fetcher;
    record_put_numbers(link->record, numbers, n);
    return link_put(link, WIRE_REMOVE, error) && link_await_done(link, NULL, NULL, error);
}

static gboolean link_quit(Fetcher *fetcher, GError **error)
{
    Link *link = (Link *)fetcher;
    return link_put(link, WIRE_QUIT, error) && link_await_done(link, NULL, NULL, error);
}

/* Did the connection end, rather than show something wrong? */
static gboolean is_end(const GError *failure)
{
    static const char *const rules[] = {"tls.handshake", "server.closed", "tls.truncated", NULL};
    return postern_error_among(failure, rules);
}

void link_close(Link *link, GError **failure)
{
    g_autoptr(GError) tunnel = NULL, stopped = NULL;
    gboolean ended = failure && *failure && is_end(*failure);
    wire_free(link->wire);
    spawn_end(link->pid);
    if (link->tunnel)
        (void)tunnel_end(link->tunnel, link->host, &tunnel);
    /* Ctrl-C ends the tunnel's command together with us. */
    GError **why = interrupted(link->stop_fd, &stopped) ? &stopped : &tunnel;
    if (ended && *why) {
        g_clear_error(failure);
        *failure = g_steal_pointer(why);
    }
    ticket_free(link->ticket);
    g_byte_array_unref(link->record);
    g_free(link->account);
    g_free(link->alert);
    g_free(link->host);
    g_free(link);
}

static char *link_alert(Fetcher *fetcher)
{
    return g_steal_pointer(&((Link *)fetcher)->alert);
}

static void link_free(Fetcher *fetcher)
{
    link_close((Link *)fetcher, NULL);
}

/* --- opening ------------------------------------------------------------------------------- */

/* A child that reads no more must not hold us in a send() for ever. */
static gboolean bound_sending(int fd, GError **error)
{
    const struct timeval bound = {.tv_sec = COMMAND_MS / 1000};
    return setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &bound, sizeof bound) == 0 ||
           refuse(error, POSTERN_ERROR_BUG, "net.spawn", NULL, "the wire takes no deadline");
}

static void end_tunnel(pid_t tunnel)
{
    if (tunnel)
        (void)tunnel_end(tunnel, "", NULL);
}

void link_way_clear(LinkWay *way)
{
    g_clear_pointer(&way->ca_sets, g_ptr_array_unref);
    if (way->wire_fd >= 0)
        close(way->wire_fd);
    if (way->pid != 0)
        spawn_end(way->pid);
    if (way->fd >= 0) {
        close(way->fd);
        end_tunnel(way->tunnel);
    }
    *way = LINK_NO_WAY;
}

gboolean link_prepare(LinkWay *way, GPtrArray *ca_sets, GError **error)
{
    way->ca_sets = g_ptr_array_ref(ca_sets);
    way->wire_fd = spawn_net_child(&way->pid, error);
    return way->wire_fd >= 0;
}

static gboolean reach(const LinkTarget *target, LinkWay *way, GError **error)
{
    way->tunnel = 0;
    way->fd = target->account->tunnel
                  ? tunnel_open(target, &way->tunnel, error)
                  : connect_vetted(target->endpoint, target->company, target->stop_fd, error);
    return way->fd >= 0;
}

gboolean link_reach(const LinkTarget *target, LinkWay *way, GError **error)
{
    if (secret_size(target->secret) > LIMIT_SECRET)
        return refuse(error, POSTERN_ERROR_POLICY, "secret.size", "use a shorter one",
                      "the login secret is longer than %d bytes", LIMIT_SECRET);
    return reach(target, way, error);
}

/* The child of WAY, which knows nothing yet, gets the socket. Both are taken. */
static Link *link_start(const LinkTarget *target, LinkWay *way, GError **error)
{
    gboolean given = handover_give(way->wire_fd, way->fd, error);
    close(way->fd);
    way->fd = -1;
    if (!given) {
        end_tunnel(way->tunnel);
        return NULL;
    }
    Link *link = g_new0(Link, 1);
    link->tunnel = way->tunnel;
    link->host = g_strdup(endpoint_host(target->endpoint));
    link->account = g_strdup(target->account->name);
    link->trace = target->trace;
    link->fetcher = (Fetcher){
        .mailboxes = link_mailboxes,
        .select = link_select,
        .list = link_list,
        .sizes = link_sizes,
        .headers = link_headers,
        .changes = link_changes,
        .get = link_get,
        .remove = link_remove,
        .file = link_file,
        .quit = link_quit,
        .alert = link_alert,
        .free = link_free,
    };
    link->wire = wire_new(way->wire_fd);
    link->pid = way->pid;
    way->wire_fd = -1;
    way->pid = 0;
    link->stop_fd = target->stop_fd;
    link->record = g_byte_array_new();
    if (bound_sending(wire_fd(link->wire), error))
        return link;
    link_free(&link->fetcher);
    return NULL;
}

Fetcher *link_begin(const LinkTarget *target, LinkWay *way, GError **error)
{
    Link *link = link_start(target, way, error);
    if (link && (!link_introduce(link, target, way->ca_sets, error))) {
        link_free(&link->fetcher);
        link = NULL;
    }
    link_way_clear(way);
    return link ? &link->fetcher : NULL;
}

static gboolean take_login_frame(gpointer user, const Frame *frame, GError **error)
{
    return link_login_frame(user, frame, error);
}

Link *link_open(const LinkTarget *target, GError **error)
{
    LinkWay way = LINK_NO_WAY;
    g_autoptr(GPtrArray) ca_sets = trust_load(target->company, error);
    gboolean reached =
        ca_sets && link_prepare(&way, ca_sets, error) && link_reach(target, &way, error);
    Link *link = reached ? (Link *)link_begin(target, &way, error) : NULL;
    g_autoptr(GError) failure = NULL;
    link_way_clear(&way);
    if (link == NULL)
        return NULL;
    if (link_await_done(link, take_login_frame, link, &failure)) {
        link_logged_in(link);
        return link;
    }
    login_name_account(target->account, target->endpoint, failure);
    link_close(link, &failure);
    g_propagate_error(error, g_steal_pointer(&failure));
    return NULL;
}

Fetcher *link_fetcher(const LinkTarget *target, GError **error)
{
    Link *link = link_open(target, error);
    return link ? &link->fetcher : NULL;
}

typedef struct {
    ServerReport *report;
    gboolean seen;
} ReportCall;

static gboolean take_report(gpointer user, const Frame *frame, GError **error)
{
    ReportCall *call = user;
    if (frame->type != WIRE_REPORTED || call->seen)
        return link_out_of_order(error);
    call->seen = TRUE;
    return record_get_report(frame, call->report, error);
}

static gboolean ask_report(Link *link, ServerReport *report, GError **error)
{
    ReportCall call = {report, FALSE};
    return link_put(link, WIRE_REPORT, error) && link_await_done(link, take_report, &call, error) &&
           (call.seen || link_out_of_order(error));
}

gboolean link_try(const LinkTarget *target, ServerReport *report, GError **error)
{
    Link *link = link_open(target, error);
    if (link == NULL)
        return FALSE;
    gboolean works = report == NULL || ask_report(link, report, error);
    if (works)
        (void)link_quit(&link->fetcher, NULL); /* it let us in; a bad good-bye changes nothing */
    link_free(&link->fetcher);
    return works;
}

gboolean link_probe(const LinkTarget *target, ProbeKind kind, GError **error)
{
    LinkWay way = LINK_NO_WAY;
    g_autoptr(GPtrArray) none = g_ptr_array_new();
    Link *link = link_prepare(&way, none, error) && reach(target, &way, error)
                     ? link_start(target, &way, error)
                     : NULL;
    link_way_clear(&way);
    if (link == NULL)
        return FALSE;
    link_put_session(link, target, none);
    gboolean good = link_put(link, WIRE_SESSION, error);
    record_put_probe(link->record, kind);
    good = good && link_put(link, WIRE_PROBE, error) && link_await_done(link, NULL, NULL, error);
    link_free(&link->fetcher);
    return good;
}
