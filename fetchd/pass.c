/* See pass.h. */
#include "fetchd/pass.h"

#include "core/error.h"
#include "core/limits.h"
#include "fetchd/pass-handoff.h"
#include "fetchd/pass-sent.h"
#include "store/share.h"
#include "store/vault-import.h"
#include "store/vault-single.h"

/* Bytes of one message after which progress is told within it. */
#define TELL_BYTES (256 * 1024)

static void tell_progress(Pass *pass, guint64 messages)
{
    tour_advance(pass->tour, pass->account->name, messages, pass->untold);
    pass->untold = 0;
}

guint64 pass_limit(const Pass *pass)
{
    guint64 limit = pass->run->large ? 0 : pass->account->max_size;
    return limit == 0 ? LIMIT_MESSAGE_BYTES : MIN(limit, LIMIT_MESSAGE_BYTES);
}

gboolean pass_take_start(gpointer user, GError **error)
{
    Pass *pass = *(Pass **)user;
    pass->size = 0;
    pass->too_large = FALSE;
    sensitive_watch_begin(pass->watch);
    pass_sent_begin(pass);
    return vault_message_start(pass->writer, error);
}

gboolean pass_take_data(gpointer user, const guint8 *bytes, gsize size, GError **error)
{
    Pass *pass = *(Pass **)user;
    pass->untold += size;
    if (pass->untold >= TELL_BYTES)
        tell_progress(pass, 0);
    pass->size += size;
    if (pass->too_large)
        return TRUE;
    pass->too_large = pass->size > pass_limit(pass);
    if (!pass->too_large) {
        sensitive_watch_write(pass->watch, bytes, size);
        pass_sent_write(pass, bytes, size);
        return vault_message_write(pass->writer, bytes, size, error);
    }
    vault_message_abort(pass->writer);
    return TRUE;
}

gboolean pass_left_out(Pass *pass, const Skipped *skipped, guint64 expected, GError **error)
{
    if (!vault_skip(pass->writer, skipped, error))
        return FALSE;
    tour_left_out(pass->tour, expected);
    return TRUE;
}

/* A POP3 server does not say when it took the message. */
static gboolean leave_arrived(Pass *pass, const Arrival *arrival, GError **error)
{
    const Skipped skipped = {
        .account = arrival->account,
        .mailbox = arrival->mailbox,
        .uid = arrival->uid,
        .uidl = arrival->uidl,
        .size = pass->size,
        .internaldate = arrival->uidl ? 0 : arrival->internaldate,
    };
    return pass_left_out(pass, &skipped, 0, error);
}

static gboolean seal_singly(Pass *pass, const Arrival *arrival, IndexShare share, GError **error)
{
    g_autoptr(GBytes) head = sensitive_watch_head(pass->watch);
    g_autoptr(GBytes) known = share_make(head, share, pass->size);
    tour_sensitive(pass->tour);
    return vault_message_finish_singly(pass->writer, arrival, known, error);
}

/* What is sensitive is handed on to nobody, unless the company lets it. */
static gboolean keep_arrived(Pass *pass, const Arrival *arrival, GError **error)
{
    g_auto(Verdict) verdict = {0};
    Arrival arrived = *arrival;
    gint64 sent;
    if (!pass_sent_row(pass, arrival, &sent, error))
        return FALSE;
    if (sent != 0) {
        vault_message_abort(pass->writer);
        return vault_arrive(pass->writer, sent, arrival, error);
    }
    sensitive_watch_end(pass->watch, arrival->account, arrival->mailbox, &verdict);
    arrived.hand_on_singly = pass->hands_on_sensitive;
    arrived.hand_on = pass->handoff && (!verdict.sensitive || arrived.hand_on_singly);
    return verdict.sensitive ? seal_singly(pass, &arrived, verdict.index, error)
                             : vault_message_finish(pass->writer, &arrived, error);
}

gboolean pass_arrived(Pass *pass, const Arrival *arrival, GError **error)
{
    if (!(pass->too_large ? leave_arrived : keep_arrived)(pass, arrival, error))
        return FALSE;
    tell_progress(pass, 1);
    return TRUE;
}

gboolean pass_commit(Pass *pass, GError **error)
{
    guint stored = 0, known = 0;
    if (!vault_commit(pass->writer, &stored, &known, error))
        return FALSE;
    tour_stored(pass->tour, stored, known);
    handoff_take(pass);
    return TRUE;
}

gboolean pass_get(Pass *pass, const GArray *ranges, const MessageTaker *taker, GError **error)
{
    const NumberRange *first = (const NumberRange *)(void *)ranges->data;
    gboolean ok = pass->fetcher->get(pass->fetcher, first, ranges->len, taker, error);
    if (!ok)
        vault_message_abort(pass->writer);
    return ok;
}

gboolean pass_sizes(Pass *pass, const NumberRange *ranges, gsize n, SizedTaker taker, gpointer user,
                    GError **error)
{
    GError *failure = NULL;
    if (pass->fetcher->sizes(pass->fetcher, ranges, n, taker, user, &failure))
        return TRUE;
    if (pass_said_no(failure)) {
        g_error_free(failure);
        return TRUE;
    }
    g_propagate_error(error, failure);
    return FALSE;
}

gboolean pass_said_no(const GError *failure)
{
    const char *rule = postern_error_rule(failure);
    return g_strcmp0(rule, "server.refused") == 0 || g_strcmp0(rule, "server.busy") == 0;
}

gboolean pass_goes_on(Pass *pass, GError *failure, const char *what, GError **error)
{
    if (!pass_said_no(failure) && g_strcmp0(postern_error_rule(failure), "server.count") != 0) {
        g_propagate_error(error, failure);
        return FALSE;
    }
    tour_refused(pass->tour, failure, what);
    return TRUE;
}
