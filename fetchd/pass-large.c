/*
 * See pass-mailbox.h: messages that are larger than the account takes. They stay on the server:
 * covered, so that they are not asked for again, and known, so that they can be told and fetched
 * later. What the server says of sizes only saves the transfer; what it sends is measured
 * (pass_take_data()).
 */
#include "core/limits.h"
#include "fetchd/pass-mailbox.h"
#include "fetchd/record.h"

static Skipped place_of(const MailboxPass *self, guint32 uid)
{
    return (Skipped){
        .account = self->pass->account->name, .mailbox = self->mailbox->display, .uid = uid};
}

/* --- those of earlier passes --------------------------------------------------------------- */

gboolean mailbox_recall(MailboxPass *self, GError **error)
{
    guint64 limit = pass_limit(self->pass);
    g_autoptr(GArray) known = NULL;
    if (self->anew) /* they had other numbers */
        return TRUE;
    known = vault_skipped_uids(self->pass->writer, self->pass->account->name,
                               self->mailbox->display, error);
    for (guint i = 0; known && i < known->len; i++) {
        const SkippedUid *one = &g_array_index(known, SkippedUid, i);
        gboolean fits = one->size <= limit;
        g_array_append_val(fits ? self->recalled : self->left, one->uid);
        if (fits)
            ranges_remove(self->state.covered, one->uid);
        else
            ranges_add(self->state.covered, one->uid, one->uid);
    }
    return known != NULL;
}

guint mailbox_count_left(const MailboxPass *self)
{
    guint count = 0;
    for (guint i = 0; i < self->left->len; i++)
        count += !ranges_contain(self->gone, g_array_index(self->left, guint32, i));
    return count;
}

gboolean mailbox_forget_left(MailboxPass *self, GError **error)
{
    VaultWriter *writer = self->pass->writer;
    for (guint i = 0; i < self->left->len; i++) {
        const Skipped one = place_of(self, g_array_index(self->left, guint32, i));
        if (ranges_contain(self->gone, one.uid) && !vault_unskip(writer, &one, error))
            return FALSE;
    }
    for (guint i = 0; i < self->recalled->len; i++) {
        const Skipped one = place_of(self, g_array_index(self->recalled, guint32, i));
        if (plan_find(self->listed, one.uid) < 0 && !vault_unskip(writer, &one, error))
            return FALSE;
    }
    return TRUE;
}

gboolean mailbox_has_come(MailboxPass *self, guint32 uid, GError **error)
{
    const Skipped one = place_of(self, uid);
    return plan_find(self->recalled, uid) < 0 || vault_unskip(self->pass->writer, &one, error);
}

/* --- those that are new -------------------------------------------------------------------- */

typedef struct {
    const GArray *listed;
    guint begin, end;
    Sized *sizes; /* of listed [begin, end); number 0: not told */
} Measure;

/* Told twice, the larger counts. */
static gboolean take_sized(gpointer user, const Sized *sized, GError **error)
{
    (void)error;
    const Measure *measure = user;
    gssize at = plan_find(measure->listed, sized->number);
    if (at < measure->begin || at >= measure->end)
        return TRUE;
    Sized *known = &measure->sizes[at - measure->begin];
    if (known->number == 0 || known->size < sized->size)
        *known = *sized;
    return TRUE;
}

static gboolean leave(MailboxPass *self, guint at, const Sized *sized, GError **error)
{
    Skipped skipped = place_of(self, sized->number);
    skipped.size = sized->size;
    skipped.internaldate = sized->internaldate;
    if (!pass_left_out(self->pass, &skipped, 1, error))
        return FALSE;
    plan_cover_arrived(self->state.covered, self->listed, at);
    return !vault_batch_due(self->pass->writer) || mailbox_save(self, error);
}

gboolean mailbox_leave_out(MailboxPass *self, guint begin, guint end, GError **error)
{
    guint64 limit = pass_limit(self->pass);
    g_autoptr(GArray) missing = plan_missing(self->state.covered, &self->selected);
    g_autoptr(GArray) ranges = plan_batch(missing, self->listed, begin, end);
    /* To know it costs some servers much: only who has set a limit pays. */
    if (limit == LIMIT_MESSAGE_BYTES || ranges->len == 0)
        return TRUE;
    g_autofree Sized *sizes = g_new0(Sized, end - begin);
    Measure measure = {self->listed, begin, end, sizes};
    const NumberRange *first = (const NumberRange *)(void *)ranges->data;
    if (!pass_sizes(self->pass, first, ranges->len, take_sized, &measure, error))
        return FALSE;
    for (guint i = begin; i < end; i++) {
        const Sized *sized = &sizes[i - begin];
        if (sized->size > limit && !ranges_contain(self->state.covered, sized->number) &&
            !leave(self, i, sized, error))
            return FALSE;
    }
    return TRUE;
}
