/*
 * An IMAP account's pass: each mailbox that is wanted, examined, planned and fetched newest
 * first. A mailbox's state commits together with the messages it speaks of.
 */
#include "core/error.h"
#include "core/limits.h"
#include "core/text.h"
#include "fetchd/pass-handoff.h"
#include "fetchd/pass-mailbox.h"
#include "fetchd/pass-sent.h"
#include "fetchd/record.h"

/* So many messages refused one after another, and no more are asked for. */
#define NOES_IN_A_ROW 3

/* In one command: many batches, so that the server goes on sending while one is being stored. */
#define GET_MESSAGES RECORD_RANGES

gboolean mailbox_save(MailboxPass *self, GError **error)
{
    return vault_set_mailbox_state(self->pass->writer, self->pass->account->name,
                                   self->mailbox->display, &self->state, error) &&
           pass_commit(self->pass, error);
}

static gboolean take_end(gpointer user, const Fetched *fetched, GError **error)
{
    MailboxPass *self = user;
    gssize at = plan_find(self->listed, fetched->number);
    if (at < 0 || ranges_contain(self->state.covered, fetched->number))
        return refuse(error, POSTERN_ERROR_PROTOCOL, "server.uid", "tell the server's operator",
                      "the server sent message %u, which was not asked for", fetched->number);
    const Arrival arrival = {
        .account = self->pass->account->name,
        .mailbox = self->mailbox->display,
        .uid = fetched->number,
        .internaldate = fetched->internaldate,
        .flags = fetched->flags,
    };
    if (!pass_arrived(self->pass, &arrival, error) ||
        (!self->pass->too_large && !mailbox_has_come(self, fetched->number, error)))
        return FALSE;
    plan_cover_arrived(self->state.covered, self->listed, (guint)at);
    return !vault_batch_due(self->pass->writer) || mailbox_save(self, error);
}

static gboolean take_listed(gpointer user, const Listed *listed, GError **error)
{
    GArray *numbers = user;
    guint n = numbers->len;
    if (n > 0 && g_array_index(numbers, guint32, n - 1) >= listed->number)
        return refuse(error, POSTERN_ERROR_PROTOCOL, "server.uid", "tell the server's operator",
                      "the server lists message %u twice", listed->number);
    g_array_append_val(numbers, listed->number);
    return TRUE;
}

gboolean mailbox_list(MailboxPass *self, const GArray *ranges, GArray *numbers, GError **error)
{
    const NumberRange *first = (const NumberRange *)(void *)ranges->data;
    Fetcher *fetcher = self->pass->fetcher;
    for (guint at = 0; at < ranges->len; at += RECORD_RANGES)
        if (!fetcher->list(fetcher, first + at, MIN(ranges->len - at, RECORD_RANGES), take_listed,
                           numbers, error))
            return FALSE;
    return TRUE;
}

static gboolean get(MailboxPass *self, const GArray *ranges, GError **error)
{
    const MessageTaker taker = {pass_take_start, pass_take_data, take_end, self};
    return pass_watch_sent(self->pass, self->mailbox, error) &&
           pass_get(self->pass, ranges, &taker, error);
}

/* The server said no to message UID alone. */
static gboolean pass_by(MailboxPass *self, guint32 uid, GError *failure, GError **error)
{
    g_autofree char *name = text_name(self->mailbox->display);
    g_autofree char *what = g_strdup_printf("message %u of %s", uid, name);
    self->given_up = ++self->noes >= NOES_IN_A_ROW;
    return pass_goes_on(self->pass, failure, what, error);
}

/* What is missing of LISTED [begin, end). Where the server says no to all of it together, each half
 * is asked for, down to the message that it means; a few of these in a row, and it means all. */
static gboolean get_part(MailboxPass *self, guint begin, guint end, GError **error)
{
    g_autoptr(GArray) missing = plan_missing(self->state.covered, &self->selected);
    g_autoptr(GArray) part = plan_batch(missing, self->listed, begin, end);
    GError *failure = NULL;
    if (part->len == 0)
        return TRUE;
    if (get(self, part, &failure)) {
        self->noes = 0;
        return TRUE;
    }
    if (!pass_said_no(failure)) {
        g_propagate_error(error, failure);
        return FALSE;
    }
    const NumberRange *first = &g_array_index(part, NumberRange, 0);
    if (part->len == 1 && first->first == first->last)
        return pass_by(self, first->first, failure, error);
    g_error_free(failure);
    guint middle = begin + (end - begin) / 2;
    return get_part(self, middle, end, error) &&
           (self->given_up || get_part(self, begin, middle, error));
}

static gboolean fetch(MailboxPass *self, GError **error)
{
    for (guint end = self->listed->len; end > 0 && !self->given_up;) {
        guint begin = end > GET_MESSAGES ? end - GET_MESSAGES : 0;
        if (!mailbox_leave_out(self, begin, end, error) || !get_part(self, begin, end, error) ||
            !handoff_make_room(self->pass, error))
            return FALSE;
        end = begin;
    }
    return TRUE;
}

/* What is covered, and up to where the changes are known: MODSEQ, unless something is gone, which
 * is told again while it waits. With mail to come, all this is committed together with that. */
static gboolean settle(MailboxPass *self, guint64 modseq, GError **error)
{
    GArray *covered = self->state.covered;
    guint64 known = self->gone->len > 0 ? self->state.modseq : modseq;
    gboolean same = self->state.modseq == known && self->missing->len == 0 && !self->anew;
    plan_cover_absent(covered, self->listed, &self->selected);
    self->state.modseq = known;
    if (self->listed->len > 0)
        return TRUE;
    return same ? pass_commit(self->pass, error) : mailbox_save(self, error);
}

static gboolean fetch_listed(MailboxPass *self, GError **error)
{
    if (self->listed->len == 0)
        return TRUE;
    g_autoptr(GError) late = NULL;
    gboolean fetched = mailbox_know_again(self, &late) && fetch(self, &late);
    /* What came whole before the failure is kept; the failure is told all the same. */
    if (!mailbox_save(self, fetched ? error : NULL) && fetched)
        return FALSE;
    if (!fetched)
        g_propagate_error(error, g_steal_pointer(&late));
    return fetched;
}

/* When all that may be new must be there for the numbers to add up, as with mail that came since
 * the last pass, nobody is asked: it saves a round trip. A number that is not there after all does
 * not come, and is listed by the next pass. */
static gboolean list_missing(MailboxPass *self, GError **error)
{
    gboolean sure = FALSE;
    if (plan_list_every(self->missing, self->selected.exists, self->listed) &&
        !mailbox_fits(self, &sure, error))
        return FALSE;
    if (sure)
        return TRUE;
    g_array_set_size(self->listed, 0);
    return mailbox_list(self, self->missing, self->listed, error);
}

static gboolean fetch_new(MailboxPass *self, GError **error)
{
    g_autoptr(GError) miscounted = NULL;
    if (!mailbox_open(self, error) || !mailbox_recall(self, error))
        return FALSE;
    self->missing = plan_missing(self->state.covered, &self->selected);
    if (self->missing->len > 0 && !list_missing(self, error))
        return FALSE;
    if (!mailbox_recount(self, &miscounted) &&
        g_strcmp0(postern_error_rule(miscounted), "server.count") != 0) {
        g_propagate_error(error, g_steal_pointer(&miscounted));
        return FALSE;
    }
    if (miscounted == NULL && !mailbox_forget_left(self, error))
        return FALSE;
    tour_expect(self->pass->tour, self->listed->len);
    /* A server that cannot count is asked for everything again. */
    if (!settle(self, miscounted ? self->state.modseq : self->selected.modseq, error) ||
        !fetch_listed(self, error))
        return FALSE;
    if (miscounted == NULL) {
        mailbox_depart(self);
        return TRUE;
    }
    g_propagate_error(error, g_steal_pointer(&miscounted));
    return FALSE;
}

static MailboxPass *mailbox_pass_new(Pass *pass, const MailboxName *name)
{
    MailboxPass *self = g_new0(MailboxPass, 1);
    self->pass = pass;
    self->mailbox = name;
    self->listed = g_array_new(FALSE, FALSE, sizeof(guint32));
    self->gone = ranges_new();
    self->left = g_array_new(FALSE, FALSE, sizeof(guint32));
    self->recalled = g_array_new(FALSE, FALSE, sizeof(guint32));
    return self;
}

static void mailbox_pass_free(MailboxPass *self)
{
    g_clear_pointer(&self->state.covered, g_array_unref);
    g_array_unref(self->gone);
    g_array_unref(self->left);
    g_array_unref(self->recalled);
    g_array_unref(self->listed);
    g_clear_pointer(&self->missing, g_array_unref);
    g_free(self);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MailboxPass, mailbox_pass_free)

static gboolean visit_opened(MailboxPass *self, GError **error)
{
    GError *failure = NULL;
    g_autofree char *shown = text_name(self->mailbox->display);
    return fetch_new(self, &failure) || pass_goes_on(self->pass, failure, shown, error);
}

static gboolean visit(Pass *pass, const MailboxName *name, GError **error)
{
    g_autoptr(MailboxPass) self = mailbox_pass_new(pass, name);
    return visit_opened(self, error);
}

typedef struct {
    Pass *pass;
    GPtrArray *wanted; /* MailboxName * */
} MailboxList;

/* RFC 3501, 5.1: INBOX has no case. */
static gboolean is_named(const Pass *pass, const char *display)
{
    return pass->only == NULL || g_str_equal(pass->only, display) ||
           (g_ascii_strcasecmp(pass->only, "INBOX") == 0 &&
            g_ascii_strcasecmp(display, "INBOX") == 0);
}

static gboolean no_mailbox(const Pass *pass, GError **error)
{
    g_autofree char *name = text_name(pass->only);
    return refuse(error, POSTERN_ERROR_POLICY, "server.mailbox",
                  "correct the end of fetch =, or see that folders = does not leave it out",
                  "the server has no mailbox %s that is wanted", name);
}

static void free_name(gpointer name)
{
    mailbox_name_free(name);
}

static gboolean take_mailbox(gpointer user, const MailboxName *name, GError **error)
{
    (void)error;
    MailboxList *self = user;
    if (name == NULL) {
        g_clear_pointer(&self->pass->listed, g_ptr_array_unref);
        return TRUE;
    }
    if (name->selectable && self->pass->listed)
        g_ptr_array_add(self->pass->listed, g_strdup(name->display));
    if (!name->selectable || !is_named(self->pass, name->display) ||
        !plan_wants_folder(self->pass->account->folders, name->display, name->uses))
        return TRUE;
    MailboxName *copy = g_new0(MailboxName, 1);
    *copy = (MailboxName){g_strdup(name->name), g_strdup(name->display), TRUE, name->uses};
    g_ptr_array_add(self->wanted, copy);
    return TRUE;
}

/* --- INBOX in front ------------------------------------------------------------------------ */

static const MailboxName inbox_name = {(char *)"INBOX", (char *)"INBOX", TRUE, 0};

/* Every server has it (RFC 3501, 5.1), so it may be opened before the list is known; NULL when it
 * is not wanted. */
static MailboxPass *begin_inbox(Pass *pass, GError **error)
{
    if (!is_named(pass, inbox_name.display) ||
        !plan_wants_folder(pass->account->folders, inbox_name.display, 0))
        return NULL;
    g_autoptr(MailboxPass) inbox = mailbox_pass_new(pass, &inbox_name);
    return mailbox_begin(inbox, error) ? g_steal_pointer(&inbox) : NULL;
}

/* To the front of WANTED. FALSE when the list does not have it, or it was not opened: then it is a
 * mailbox like others. */
static gboolean is_opened(const MailboxPass *inbox, GPtrArray *wanted)
{
    for (guint i = 0; inbox && inbox->opening.opened && i < wanted->len; i++)
        if (g_str_equal(((MailboxName *)wanted->pdata[i])->name, inbox_name.name)) {
            g_ptr_array_insert(wanted, 0, g_ptr_array_steal_index(wanted, i));
            return TRUE;
        }
    return FALSE;
}

/* INBOX where it is wanted, else what the server names first. */
static MailboxName *to_watch(GPtrArray *wanted)
{
    for (guint i = 0; i < wanted->len; i++)
        if (g_ascii_strcasecmp(((MailboxName *)wanted->pdata[i])->name, "INBOX") == 0)
            return g_ptr_array_steal_index(wanted, i);
    return wanted->len > 0 ? g_ptr_array_steal_index(wanted, 0) : NULL;
}

/* The mailbox to be watched is selected once more behind the others: what came in the meantime is
 * news to nobody else. */
static gboolean watch(Pass *pass, GPtrArray *wanted, GError **error)
{
    gboolean last = wanted->len == 1;
    g_clear_pointer(pass->watched, mailbox_name_free);
    *pass->watched = to_watch(wanted);
    return last || *pass->watched == NULL || visit(pass, *pass->watched, error);
}

/* What is left of the mailboxes, one after another. */
static gboolean visit_all(Pass *pass, GError **error)
{
    for (const MailboxName *name; (name = tour_next(pass->tour)) != NULL;)
        if (!visit(pass, name, error))
            return FALSE;
    return TRUE;
}

/* Those who help are waited for, whatever becomes of this connection. */
static gboolean visit_together(Pass *pass, GPtrArray *wanted, MailboxPass *inbox, GError **error)
{
    gboolean begun = is_opened(inbox, wanted);
    if (!begun)
        vault_drop_flags(pass->writer);
    tour_share(pass->tour, wanted, begun ? 1 : 0, pass->account->connections);
    gboolean fine = (!begun || visit_opened(inbox, error)) && visit_all(pass, error);
    return tour_gather(pass->tour, fine ? error : NULL) && fine;
}

/* Everything is committed; a server that is rude at the good-bye loses nothing. */
static void part(Pass *pass)
{
    (void)!pass->fetcher->quit(pass->fetcher, NULL);
}

/* What stays in mailboxes that are not there any more, or not wanted, is nothing to be told of. */
static gboolean forget_elsewhere(const Pass *pass, const GPtrArray *wanted, GError **error)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    for (guint i = 0; i < wanted->len; i++)
        g_ptr_array_add(names, ((MailboxName *)wanted->pdata[i])->display);
    return pass->listed == NULL ||
           vault_skipped_mailboxes(pass->writer, pass->account->name, names, error);
}

/* What waits to be handed on since an earlier pass is fetched again. */
static gboolean hand_on_of(Pass *pass, const MailboxName *name, GError **error)
{
    Selected selected;
    g_autoptr(GArray) uids = handoff_uids(pass, name->display, error);
    if (uids == NULL)
        return FALSE;
    if (uids->len == 0)
        return TRUE;
    g_autofree char *shown = text_name(name->display);
    GError *failure = NULL;
    return (pass->fetcher->select(pass->fetcher, name->name, NULL, NULL, &selected, &failure) &&
            handoff_fetch(pass, uids, &failure)) ||
           pass_goes_on(pass, failure, shown, error);
}

static gboolean hand_on(Pass *pass, const GPtrArray *wanted, GError **error)
{
    gboolean fine = handoff_run(pass, error);
    for (guint i = 0; fine && i < wanted->len; i++)
        fine = hand_on_of(pass, wanted->pdata[i], error);
    return fine;
}

static gboolean all_mailboxes(Pass *pass, GError **error)
{
    if (pass->brief)
        return visit(pass, *pass->watched, error) && handoff_run(pass, error);
    g_autoptr(GError) failure = NULL;
    g_autoptr(MailboxPass) inbox = begin_inbox(pass, &failure);
    g_autoptr(GPtrArray) wanted = g_ptr_array_new_with_free_func(free_name);
    MailboxList mailboxes = {pass, wanted};
    pass->listed = g_ptr_array_new_with_free_func(g_free);
    if (failure) {
        g_propagate_error(error, g_steal_pointer(&failure));
        return FALSE;
    }
    if (!pass->fetcher->mailboxes(pass->fetcher, inbox ? &inbox->opening : NULL, take_mailbox,
                                  &mailboxes, error))
        return FALSE;
    if (pass->only && wanted->len == 0)
        return no_mailbox(pass, error);
    if (!forget_elsewhere(pass, wanted, error) || !visit_together(pass, wanted, inbox, error) ||
        !hand_on(pass, wanted, error))
        return FALSE;
    if (pass->watched)
        return watch(pass, wanted, error);
    part(pass);
    return TRUE;
}

gboolean pass_imap(Pass *pass, GError **error)
{
    gboolean fine =
        all_mailboxes(pass, error) && pass_end_gone(pass, error) && pass_end_unlisted(pass, error);
    g_clear_pointer(&pass->listed, g_ptr_array_unref);
    return fine && tour_end(pass->tour, error);
}

gboolean pass_imap_help(Pass *pass, GError **error)
{
    if (!visit_all(pass, error))
        return FALSE;
    part(pass);
    return TRUE;
}
