/* See pass-mailbox.h: messages that the server has no more. */
#include "core/error.h"
#include "fetchd/pass-mailbox.h"

/* A server that suddenly has nothing is not believed so easily. */
static gboolean is_held_back(const MailboxPass *self)
{
    const Pass *pass = self->pass;
    return self->gone->len > 0 && self->state.messages > 0 && self->selected.exists == 0 &&
           pass->account->gone == GONE_REMOVE && !pass->run->accept_removals;
}

static gboolean is_whole(const MailboxPass *self)
{
    for (guint i = 0; i < self->listed->len; i++)
        if (!ranges_contain(self->state.covered, g_array_index(self->listed, guint32, i)))
            return FALSE;
    return TRUE;
}

void mailbox_depart(MailboxPass *self)
{
    Pass *pass = self->pass;
    gboolean renumbered = self->state.renumbered && !self->given_up && is_whole(self);
    if (is_held_back(self) || (self->gone->len == 0 && !renumbered))
        return;
    Departure *departure = g_new0(Departure, 1);
    departure->mailbox = g_strdup(self->mailbox->display);
    departure->uids = g_array_ref(self->gone);
    departure->renumbered = renumbered;
    departure->modseq = self->selected.modseq;
    tour_depart(pass->tour, departure);
}

static gboolean brake(const Pass *pass, const Removal *removal, guint64 messages, GError **error)
{
    return refuse(error, POSTERN_ERROR_TEMPORARY, "sync.brake",
                  "look whether they are gone from the server by your will; then run 'postern sync "
                  "--accept-removals', or set gone = keep",
                  "account \"%s\" lacks %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT
                  " messages on its server; none was removed here",
                  pass->account->name, removal->removed, messages);
}

gboolean pass_end_gone(Pass *pass, GError **error)
{
    guint64 messages;
    gboolean remove = pass->account->gone == GONE_REMOVE;
    /* Where the server said no, or was not asked, what is missing may lie. */
    const GPtrArray *departures = tour_departures(pass->tour);
    if (departures->len == 0 || pass->brief || (remove && tour_was_refused(pass->tour)))
        return TRUE;
    if (!pass_commit(pass, error) ||
        !vault_messages(pass->writer, pass->account->name, &messages, error))
        return FALSE;
    Removal removal = {
        .remove = remove,
        .most = pass->run->accept_removals ? G_MAXUINT64 : plan_removable(messages),
    };
    if (!vault_depart(pass->writer, pass->account->name, departures, &removal, error))
        return FALSE;
    if (removal.braked)
        return brake(pass, &removal, messages, error);
    tour_removed(pass->tour, (guint)removal.removed);
    return TRUE;
}

/* There is an INBOX always (RFC 3501, 5.1): a list without it is no list. */
static gboolean has_inbox(const GPtrArray *listed)
{
    for (guint i = 0; i < listed->len; i++)
        if (g_ascii_strcasecmp(listed->pdata[i], "INBOX") == 0)
            return TRUE;
    return FALSE;
}

/* Even with gone = remove: a mailbox that only changed hands or rights is not listed either. */
gboolean pass_end_unlisted(Pass *pass, GError **error)
{
    guint64 ended;
    return pass->listed == NULL || tour_was_refused(pass->tour) || !has_inbox(pass->listed) ||
           (pass_commit(pass, error) &&
            vault_depart_unlisted(pass->writer, pass->account->name, pass->listed, &ended, error));
}
