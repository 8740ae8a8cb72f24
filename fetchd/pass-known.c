/*
 * See pass-mailbox.h: mail that was brought along by an import, and is now listed by its server. It
 * is known again by its looks (store/look.h), without being fetched: by its size and its whole
 * header, and only where one message here looks so and one in the mailbox. What is not sure is
 * fetched, and found by its bytes to be here or not. SECURITY.md says what that is worth (P6).
 *
 * Asked for in a mailbox's first pass alone, and of what that left; never of new mail.
 */
#include "core/error.h"
#include "core/limits.h"
#include "fetchd/pass-mailbox.h"
#include "fetchd/record.h"
#include "store/vault-import.h"

typedef struct {
    guint32 uid;
    guint64 size;
    gint64 date; /* INTERNALDATE */
    gint64 row;  /* of the message here; 0: none, or not sure */
} Candidate;

typedef struct {
    MailboxPass *mailbox;
    GArray *candidates; /* Candidate, by UID */
    GByteArray *head;   /* of the header that is coming, up to its limit and one byte more */
} Recognition;

static const char *account_of(const Recognition *self)
{
    return self->mailbox->pass->account->name;
}

static VaultWriter *writer_of(const Recognition *self)
{
    return self->mailbox->pass->writer;
}

/* What a server says no to is fetched. */
static gboolean unless_no(gboolean fine, GError *failure, GError **error)
{
    if (fine || pass_said_no(failure)) {
        g_clear_error(&failure);
        return TRUE;
    }
    g_propagate_error(error, failure);
    return FALSE;
}

/* --- candidates ------------------------------------------------------------------------------ */

static gint by_uid(gconstpointer left, gconstpointer right)
{
    const Candidate *a = left, *b = right;
    return (a->uid > b->uid) - (a->uid < b->uid);
}

static gint by_row(gconstpointer left, gconstpointer right)
{
    const Candidate *a = left, *b = right;
    return (a->row > b->row) - (a->row < b->row);
}

static Candidate *candidate(const Recognition *self, guint32 uid)
{
    guint at;
    const Candidate sought = {.uid = uid};
    return g_array_binary_search(self->candidates, &sought, by_uid, &at)
               ? &g_array_index(self->candidates, Candidate, at)
               : NULL;
}

static gboolean is_backlog(const MailboxPass *mailbox, guint32 uid)
{
    return uid < mailbox->backlog && plan_find(mailbox->listed, uid) >= 0 &&
           !ranges_contain(mailbox->state.covered, uid);
}

static gboolean take_sized(gpointer user, const Sized *sized, GError **error)
{
    gboolean any;
    Recognition *self = user;
    const Candidate made = {.uid = sized->number, .size = sized->size, .date = sized->internaldate};
    if (!is_backlog(self->mailbox, sized->number))
        return TRUE;
    if (!vault_awaits_size(writer_of(self), account_of(self), sized->size, &any, error))
        return FALSE;
    if (any)
        g_array_append_val(self->candidates, made);
    return TRUE;
}

/* Told twice, a size is not sure. */
static void drop_twice_told(GArray *candidates)
{
    g_array_sort(candidates, by_uid);
    guint kept = 0;
    for (guint i = 0, end; i < candidates->len; i = end) {
        const Candidate one = g_array_index(candidates, Candidate, i);
        for (end = i + 1; end < candidates->len; end++)
            if (g_array_index(candidates, Candidate, end).uid != one.uid)
                break;
        if (end == i + 1)
            g_array_index(candidates, Candidate, kept++) = one;
    }
    g_array_set_size(candidates, kept);
}

/* The ranges of NUMBERS (guint32, ascending) from *AT on, as many as go into one command. */
static GArray *next_ranges(const GArray *numbers, guint *at)
{
    GArray *ranges = g_array_new(FALSE, FALSE, sizeof(NumberRange));
    for (; *at < numbers->len; (*at)++) {
        guint32 number = g_array_index(numbers, guint32, *at);
        NumberRange *last =
            ranges->len > 0 ? &g_array_index(ranges, NumberRange, ranges->len - 1) : NULL;
        const NumberRange fresh = {number, number};
        if (last && last->last + 1 == number)
            last->last = number;
        else if (ranges->len == RECORD_RANGES)
            break;
        else
            g_array_append_val(ranges, fresh);
    }
    return ranges;
}

typedef gboolean (*Asking)(Recognition *self, const NumberRange *ranges, gsize n, GError **error);

static gboolean ask_all(Recognition *self, const GArray *numbers, Asking asking, GError **error)
{
    for (guint at = 0; at < numbers->len;) {
        g_autoptr(GArray) ranges = next_ranges(numbers, &at);
        const NumberRange *first = (const NumberRange *)(void *)ranges->data;
        if (!asking(self, first, ranges->len, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean ask_sizes(Recognition *self, const NumberRange *ranges, gsize n, GError **error)
{
    return pass_sizes(self->mailbox->pass, ranges, n, take_sized, self, error);
}

static GArray *backlog(const MailboxPass *mailbox)
{
    GArray *numbers = g_array_new(FALSE, FALSE, sizeof(guint32));
    for (guint i = 0; i < mailbox->listed->len; i++) {
        guint32 uid = g_array_index(mailbox->listed, guint32, i);
        if (is_backlog(mailbox, uid))
            g_array_append_val(numbers, uid);
    }
    return numbers;
}

static GArray *numbers_of(const GArray *candidates)
{
    GArray *numbers = g_array_new(FALSE, FALSE, sizeof(guint32));
    for (guint i = 0; i < candidates->len; i++)
        g_array_append_val(numbers, g_array_index(candidates, Candidate, i).uid);
    return numbers;
}

/* --- headers --------------------------------------------------------------------------------- */

static gboolean take_start(gpointer user, GError **error)
{
    (void)error;
    g_byte_array_set_size(((Recognition *)user)->head, 0);
    return TRUE;
}

static gboolean take_data(gpointer user, const guint8 *bytes, gsize size, GError **error)
{
    (void)error;
    GByteArray *head = ((Recognition *)user)->head;
    gsize room = LIMIT_LOOK_HEADER + 1 - head->len;
    g_byte_array_append(head, bytes, (guint)MIN(size, room));
    return TRUE;
}

static gboolean take_end(gpointer user, const Fetched *fetched, GError **error)
{
    Look look;
    Recognition *self = user;
    const GByteArray *head = self->head;
    Candidate *found = candidate(self, fetched->number);
    if (found == NULL || head->len > LIMIT_LOOK_HEADER ||
        !look_at(head->data, head->len, found->size, &look))
        return TRUE;
    return vault_awaited(writer_of(self), account_of(self), self->mailbox->mailbox->display, &look,
                         &found->row, error);
}

static gboolean ask_headers(Recognition *self, const NumberRange *ranges, gsize n, GError **error)
{
    GError *failure = NULL;
    const MessageTaker taker = {take_start, take_data, take_end, self};
    Fetcher *fetcher = self->mailbox->pass->fetcher;
    gboolean fine = fetcher->headers(fetcher, ranges, n, &taker, &failure);
    return unless_no(fine, failure, error);
}

/* Two here that look the same are none: vault_awaited(). Neither are two there. */
static void keep_unique(GArray *candidates)
{
    guint kept = 0;
    g_array_sort(candidates, by_row);
    for (guint i = 0, end; i < candidates->len; i = end) {
        const Candidate one = g_array_index(candidates, Candidate, i);
        for (end = i + 1; end < candidates->len; end++)
            if (g_array_index(candidates, Candidate, end).row != one.row)
                break;
        if (one.row != 0 && end == i + 1)
            g_array_index(candidates, Candidate, kept++) = one;
    }
    g_array_set_size(candidates, kept);
    g_array_sort(candidates, by_uid);
}

/* --- flags, and with them it is here --------------------------------------------------------- */

static gboolean take_flags(gpointer user, guint32 uid, GStrv flags, GError **error)
{
    Recognition *self = user;
    MailboxPass *mailbox = self->mailbox;
    Candidate *found = candidate(self, uid);
    gssize at = plan_find(mailbox->listed, uid);
    if (found == NULL || found->row == 0 || at < 0)
        return TRUE;
    const Arrival arrival = {.account = account_of(self),
                             .mailbox = mailbox->mailbox->display,
                             .uid = uid,
                             .internaldate = found->date,
                             .flags = flags};
    if (!vault_arrive(writer_of(self), found->row, &arrival, error))
        return FALSE;
    found->row = 0; /* flags may be told twice; the next pass has the later ones */
    plan_cover_arrived(mailbox->state.covered, mailbox->listed, (guint)at);
    tour_advance(mailbox->pass->tour, account_of(self), 1, 0);
    return !vault_batch_due(writer_of(self)) || mailbox_save(mailbox, error);
}

/* What is not there any more does not come, and is no trouble of ours. */
static gboolean take_gone(gpointer user, guint32 first, guint32 last, GError **error)
{
    (void)user;
    (void)first;
    (void)last;
    (void)error;
    return TRUE;
}

static gboolean ask_flags(Recognition *self, const NumberRange *ranges, gsize n, GError **error)
{
    GError *failure = NULL;
    const ChangeTaker taker = {take_flags, take_gone, self};
    Fetcher *fetcher = self->mailbox->pass->fetcher;
    gboolean fine = fetcher->changes(fetcher, ranges, n, 0, &taker, &failure);
    return unless_no(fine, failure, error);
}

/* --- all of it ------------------------------------------------------------------------------- */

static gboolean find_candidates(Recognition *self, GError **error)
{
    g_autoptr(GArray) numbers = backlog(self->mailbox);
    if (!ask_all(self, numbers, ask_sizes, error))
        return FALSE;
    drop_twice_told(self->candidates);
    return TRUE;
}

static gboolean recognise(Recognition *self, GError **error)
{
    if (!find_candidates(self, error))
        return FALSE;
    g_autoptr(GArray) sized = numbers_of(self->candidates);
    if (!ask_all(self, sized, ask_headers, error))
        return FALSE;
    keep_unique(self->candidates);
    g_autoptr(GArray) known = numbers_of(self->candidates);
    return ask_all(self, known, ask_flags, error);
}

gboolean mailbox_know_again(MailboxPass *mailbox, GError **error)
{
    gboolean any;
    if (mailbox->pass->brief || mailbox->backlog == 0)
        return TRUE;
    if (!vault_awaits(mailbox->pass->writer, mailbox->pass->account->name, &any, error))
        return FALSE;
    if (!any)
        return TRUE;
    Recognition self = {.mailbox = mailbox,
                        .candidates = g_array_new(FALSE, FALSE, sizeof(Candidate)),
                        .head = g_byte_array_new()};
    gboolean fine = recognise(&self, error);
    g_array_unref(self.candidates);
    g_byte_array_unref(self.head);
    return fine;
}
