/* See pass-mailbox.h: what is different in a mailbox since the last pass. */
#include "core/error.h"
#include "core/text.h"
#include "fetchd/pass-mailbox.h"
#include "fetchd/record.h"

/* So many messages are compared at a time, where the server counts no changes. */
#define COMPARED 5000

G_STATIC_ASSERT(sizeof(UidRange) == sizeof(NumberRange));

static const char *account_of(const MailboxPass *self)
{
    return self->pass->account->name;
}

/* --- flags --------------------------------------------------------------------------------- */

static gboolean take_flags(gpointer user, guint32 uid, GStrv flags, GError **error)
{
    MailboxPass *self = user;
    VaultWriter *writer = self->pass->writer;
    if (!vault_set_flags(writer, account_of(self), self->mailbox->display, uid, flags, error))
        return FALSE;
    /* Not with a new state: it holds when all was told. */
    return !vault_batch_due(writer) || pass_commit(self->pass, error);
}

static gboolean take_gone(gpointer user, guint32 first, guint32 last, GError **error)
{
    (void)error;
    MailboxPass *self = user;
    ranges_add(self->gone, first, last);
    return TRUE;
}

static gboolean ask_since(MailboxPass *self, const NumberRange *ranges, guint n, guint64 since,
                          GError **error)
{
    const ChangeTaker taker = {take_flags, take_gone, self};
    Fetcher *fetcher = self->pass->fetcher;
    for (guint at = 0; at < n; at += RECORD_RANGES)
        if (!fetcher->changes(fetcher, ranges + at, MIN(n - at, RECORD_RANGES), since, &taker,
                              error))
            return FALSE;
    return TRUE;
}

/* A server that counts no changes, or counts backwards, tells all flags. */
static gboolean compare(MailboxPass *self, GError **error)
{
    g_autoptr(GArray) uids = g_array_new(FALSE, FALSE, sizeof(guint32));
    guint32 after = 0;
    do {
        g_array_set_size(uids, 0);
        if (!vault_uids(self->pass->writer, account_of(self), self->mailbox->display, after,
                        COMPARED, uids, error))
            return FALSE;
        if (uids->len == 0)
            break;
        after = g_array_index(uids, guint32, uids->len - 1);
        const NumberRange page = {g_array_index(uids, guint32, 0), after};
        if (!ask_since(self, &page, 1, 0, error))
            return FALSE;
    } while (uids->len == COMPARED);
    return TRUE;
}

static gboolean catch_up(MailboxPass *self, GError **error)
{
    guint64 then = self->state.modseq, now = self->selected.modseq;
    if (self->state.messages == 0 || (then > 0 && then == now))
        return TRUE;
    if (then == 0 || now < then)
        return self->selected.exists == 0 || compare(self, error);
    const GArray *covered = self->state.covered;
    return self->selected.told ||
           ask_since(self, (const NumberRange *)(void *)covered->data, covered->len, then, error);
}

/* --- opening ------------------------------------------------------------------------------- */

/* Renumbered: all is fetched again, and what is here already is recognised by its content. */
static void begin_anew(MailboxPass *self)
{
    MailboxState *state = &self->state;
    self->anew = TRUE;
    vault_drop_flags(self->pass->writer);
    g_array_set_size(self->gone, 0);
    g_array_set_size(state->covered, 0);
    state->renumbered |= state->uidvalidity != 0;
    state->uidvalidity = self->selected.uidvalidity;
    state->modseq = 0;
    state->messages = 0;
}

gboolean mailbox_begin(MailboxPass *self, GError **error)
{
    MailboxState *state = &self->state;
    if (!vault_mailbox_state(self->pass->writer, account_of(self), self->mailbox->display, state,
                             error))
        return FALSE;
    self->known = (Known){.uidvalidity = state->uidvalidity,
                          .modseq = state->modseq,
                          .ranges = (const NumberRange *)(void *)state->covered->data,
                          .n = state->covered->len};
    self->changes = (ChangeTaker){take_flags, take_gone, self};
    gboolean ask = state->modseq > 0 && state->covered->len > 0;
    self->opening = (Opening){.name = self->mailbox->name,
                              .known = ask ? &self->known : NULL,
                              .changes = ask ? &self->changes : NULL};
    return TRUE;
}

static gboolean select_it(MailboxPass *self, GError **error)
{
    Opening *opening = &self->opening;
    Fetcher *fetcher = self->pass->fetcher;
    if (!mailbox_begin(self, error))
        return FALSE;
    opening->opened = fetcher->select(fetcher, opening->name, opening->known, opening->changes,
                                      &opening->selected, error);
    return opening->opened;
}

gboolean mailbox_open(MailboxPass *self, GError **error)
{
    MailboxState *state = &self->state;
    if (!self->opening.opened && !select_it(self, error))
        return FALSE;
    self->selected = self->opening.selected;
    if (state->uidvalidity != self->selected.uidvalidity)
        begin_anew(self);
    guint ranges = state->covered->len;
    self->backlog =
        ranges > 0 ? g_array_index(state->covered, UidRange, ranges - 1).last : G_MAXUINT32;
    if (self->selected.modseq < state->modseq) /* what such a server tells is not all */
        self->selected.told = FALSE;
    return catch_up(self, error);
}

/* --- counting ------------------------------------------------------------------------------ */

static gint ascending(gconstpointer a, gconstpointer b)
{
    guint32 one = *(const guint32 *)a, other = *(const guint32 *)b;
    return (one > other) - (one < other);
}

/* Of what is here, and of what stays there. */
static gboolean all_uids(MailboxPass *self, GArray *uids, GError **error)
{
    guint before;
    do {
        guint32 after = uids->len ? g_array_index(uids, guint32, uids->len - 1) : 0;
        before = uids->len;
        if (!vault_uids(self->pass->writer, account_of(self), self->mailbox->display, after,
                        COMPARED, uids, error))
            return FALSE;
    } while (uids->len > before);
    g_array_append_vals(uids, self->left->data, self->left->len);
    g_array_sort(uids, ascending);
    return TRUE;
}

/* What is here and not listed is gone; what is listed and not here is fetched. */
static gboolean compare_lists(MailboxPass *self, const GArray *listed, GError **error)
{
    g_autoptr(GArray) held = g_array_new(FALSE, FALSE, sizeof(guint32));
    if (!all_uids(self, held, error))
        return FALSE;
    g_array_set_size(self->gone, 0);
    for (guint i = 0; i < held->len; i++) {
        guint32 uid = g_array_index(held, guint32, i);
        if (plan_find(listed, uid) < 0)
            ranges_add(self->gone, uid, uid);
    }
    plan_cover_listed(self->state.covered, listed, held, self->selected.uidnext);
    g_array_set_size(self->listed, 0);
    for (guint i = 0; i < listed->len; i++) {
        guint32 uid = g_array_index(listed, guint32, i);
        if (plan_find(held, uid) < 0)
            g_array_append_val(self->listed, uid);
    }
    g_array_unref(self->missing);
    self->missing = plan_missing(self->state.covered, &self->selected);
    return TRUE;
}

static gboolean list_all(MailboxPass *self, GArray *listed, GError **error)
{
    const NumberRange all = {1, G_MAXUINT32};
    g_autoptr(GArray) everything = g_array_new(FALSE, FALSE, sizeof(NumberRange));
    g_array_append_val(everything, all);
    g_array_set_size(listed, 0);
    return mailbox_list(self, everything, listed, error);
}

gboolean mailbox_fits(MailboxPass *self, gboolean *fit, GError **error)
{
    guint64 gone;
    if (!vault_count_uids(self->pass->writer, account_of(self), self->mailbox->display, self->gone,
                          &gone, error))
        return FALSE;
    *fit = self->state.messages + mailbox_count_left(self) + self->listed->len ==
           self->selected.exists + gone;
    return TRUE;
}

gboolean mailbox_recount(MailboxPass *self, GError **error)
{
    gboolean fit = FALSE;
    Selected *selected = &self->selected;
    Fetcher *fetcher = self->pass->fetcher;
    if (!mailbox_fits(self, &fit, error) || fit)
        return fit;
    g_autoptr(GArray) listed = g_array_new(FALSE, FALSE, sizeof(guint32));
    if (!list_all(self, listed, error))
        return FALSE;
    if (listed->len != selected->exists) {
        /* Something may have come or gone just now. */
        Selected again;
        if (!fetcher->select(fetcher, self->mailbox->name, NULL, NULL, &again, error) ||
            !list_all(self, listed, error))
            return FALSE;
        g_array_set_size(self->gone, 0);
        if (listed->len != again.exists || again.uidvalidity != selected->uidvalidity) {
            g_autofree char *name = text_name(self->mailbox->display);
            return refuse(error, POSTERN_ERROR_PROTOCOL, "server.count",
                          "tell the server's operator; nothing was taken for gone",
                          "%s has %u messages, says the server, and lists %u", name, again.exists,
                          listed->len);
        }
        /* The older mod-sequence: what changed since the first look will be told again. */
        selected->exists = again.exists;
        selected->uidnext = again.uidnext;
    }
    return compare_lists(self, listed, error);
}
