/*
 * A POP3 account's pass: what UIDL names and is not here is fetched; with `keep = no`, or when it
 * has been here for `keep = DAYS`, a message is deleted, only after it was committed and read back
 * from disk (P6). What is larger than the account takes is left where it is.
 */
#include <stdlib.h>

#include "core/error.h"
#include "core/limits.h"
#include "fetchd/pass-handoff.h"
#include "fetchd/record.h"
#include "store/vault-uidl.h"

#define SECONDS_A_DAY (24 * 60 * 60)

typedef enum {
    HERE,    /* since an earlier run */
    WANTED,  /* to be fetched */
    LEFT,    /* too large: stays there, whatever `keep` says */
    ARRIVED, /* not durable yet */
    SAFE,    /* durable, and read back when it is to be removed */
    REMOVED, /* the server was told to */
} State;

typedef struct {
    guint32 number; /* in this session */
    State state;
    gint64 since;      /* when it was fetched, of what is here */
    gboolean recalled; /* it was left out in an earlier run */
    const char *uidl;
    gboolean doubled; /* another message of this list bears the same UIDL */
} Item;

typedef struct {
    Pass *pass;          /* first: see pass_take_start() */
    GArray *items;       /* Item, by ascending number once all are listed */
    GStringChunk *uidls; /* whose text they point to */
    GPtrArray *arrived;  /* the items of the running batch */
    guint64 wanted;      /* how many are to be fetched */
    guint damaged;       /* messages from earlier runs that read back differently */
    gint64 now;
} Pop3Pass;

static Item *item_at(const Pop3Pass *self, guint at)
{
    return &g_array_index(self->items, Item, at);
}

/* As soon as it is safe. */
static gboolean removes_at_once(const Pop3Pass *self)
{
    return self->pass->account->keep == KEEP_NO;
}

/* Has it been left on the server long enough? */
static gboolean is_due(const Pop3Pass *self, const Item *item)
{
    const Account *account = self->pass->account;
    if (account->keep == KEEP_DAYS)
        return item->state == HERE && !item->doubled &&
               self->now - item->since >= (gint64)account->keep_days * SECONDS_A_DAY;
    return account->keep == KEEP_NO && (item->state == HERE || item->state == SAFE);
}

/* --- what the server has ------------------------------------------------------------------- */

static gboolean take_listed(gpointer user, const Listed *listed, GError **error)
{
    Pop3Pass *self = user;
    if (listed->uidl == NULL)
        return refuse(error, POSTERN_ERROR_PROTOCOL, "server.uidl",
                      "fetch this account by imaps:// or ask for a server with UIDL",
                      "the server does not say which messages are which (no UIDL)");
    const Item item = {
        .number = listed->number,
        .uidl = g_string_chunk_insert(self->uidls, listed->uidl),
    };
    g_array_append_val(self->items, item);
    return TRUE;
}

static int by_uidl(gconstpointer a, gconstpointer b)
{
    return strcmp(((const Item *)a)->uidl, ((const Item *)b)->uidl);
}

static int by_number(gconstpointer a, gconstpointer b)
{
    guint32 left = ((const Item *)a)->number, right = ((const Item *)b)->number;
    return (left > right) - (left < right);
}

static gboolean mark_doubles(Pop3Pass *self, GError **error)
{
    g_array_sort(self->items, by_uidl);
    for (guint i = 1; i < self->items->len; i++)
        if (by_uidl(item_at(self, i - 1), item_at(self, i)) == 0)
            item_at(self, i - 1)->doubled = item_at(self, i)->doubled = TRUE;
    g_array_sort(self->items, by_number);
    for (guint i = 1; i < self->items->len; i++)
        if (item_at(self, i - 1)->number == item_at(self, i)->number)
            return refuse(error, POSTERN_ERROR_PROTOCOL, "server.number",
                          "tell the server's operator", "the server lists message %u twice",
                          item_at(self, i)->number);
    return TRUE;
}

/* What was left out is not here, even when another message that had its UIDL is. */
static gboolean look_up(Pop3Pass *self, Item *item, GError **error)
{
    Pass *pass = self->pass;
    const char *account = pass->account->name;
    gboolean here;
    guint64 size;
    if (!vault_has_uidl(pass->writer, account, item->uidl, &here, &item->since, error) ||
        !vault_skipped_uidl(pass->writer, account, item->uidl, &item->recalled, &size, error))
        return FALSE;
    /* A UIDL that names two messages proves neither: what will be removed is fetched first. */
    item->state = here && !(item->doubled && removes_at_once(self)) ? HERE : WANTED;
    if (item->recalled)
        item->state = size > pass_limit(pass) ? LEFT : WANTED;
    self->wanted += item->state == WANTED;
    return TRUE;
}

static gboolean list(Pop3Pass *self, GError **error)
{
    Pass *pass = self->pass;
    Selected selected;
    if (!pass->fetcher->select(pass->fetcher, "INBOX", NULL, NULL, &selected, error) ||
        !pass->fetcher->list(pass->fetcher, NULL, 0, take_listed, self, error) ||
        !mark_doubles(self, error))
        return FALSE;
    for (guint i = 0; i < self->items->len; i++)
        if (!look_up(self, item_at(self, i), error))
            return FALSE;
    return TRUE;
}

/* --- what is too large --------------------------------------------------------------------- */

static Item *find_item(const Pop3Pass *self, guint32 number)
{
    const Item key = {.number = number};
    return bsearch(&key, self->items->data, self->items->len, sizeof(Item), by_number);
}

static Skipped place_of(const Pop3Pass *self, const Item *item)
{
    return (Skipped){.account = self->pass->account->name, .mailbox = "INBOX", .uidl = item->uidl};
}

static gboolean take_sized(gpointer user, const Sized *sized, GError **error)
{
    Pop3Pass *self = user;
    Item *item = find_item(self, sized->number);
    if (item == NULL || item->state != WANTED || sized->size <= pass_limit(self->pass))
        return TRUE;
    Skipped skipped = place_of(self, item);
    skipped.size = sized->size;
    item->state = LEFT;
    self->wanted--;
    return pass_left_out(self->pass, &skipped, 0, error) &&
           (!vault_batch_due(self->pass->writer) || pass_commit(self->pass, error));
}

/* Asked only where it matters. */
static gboolean leave_out(Pop3Pass *self, GError **error)
{
    return pass_limit(self->pass) == LIMIT_MESSAGE_BYTES || self->wanted == 0 ||
           pass_sizes(self->pass, NULL, 0, take_sized, self, error);
}

/* A UIDL that names another message, too, may still stand for one that is left. */
static gboolean has_come(const Pop3Pass *self, const Item *item, GError **error)
{
    const Skipped come = place_of(self, item);
    return !item->recalled || item->doubled || vault_unskip(self->pass->writer, &come, error);
}

/* --- fetching ------------------------------------------------------------------------------ */

static gboolean commit(Pop3Pass *self, GError **error)
{
    if (!pass_commit(self->pass, error) ||
        (removes_at_once(self) && !vault_read_back(self->pass->writer, error)))
        return FALSE;
    for (guint i = 0; i < self->arrived->len; i++)
        ((Item *)self->arrived->pdata[i])->state = SAFE;
    g_ptr_array_set_size(self->arrived, 0);
    return TRUE;
}

static gboolean take_end(gpointer user, const Fetched *fetched, GError **error)
{
    Pop3Pass *self = user;
    Item *item = find_item(self, fetched->number);
    if (item == NULL || item->state != WANTED)
        return refuse(error, POSTERN_ERROR_PROTOCOL, "server.number", "tell the server's operator",
                      "the server sent message %u, which was not asked for", fetched->number);
    const Arrival arrival = {
        .account = self->pass->account->name,
        .mailbox = "INBOX",
        .uidl = item->uidl,
        .internaldate = self->now,
    };
    if (!pass_arrived(self->pass, &arrival, error) ||
        (!self->pass->too_large && !has_come(self, item, error)))
        return FALSE;
    item->state = self->pass->too_large ? LEFT : ARRIVED;
    if (item->state == ARRIVED)
        g_ptr_array_add(self->arrived, item);
    return !vault_batch_due(self->pass->writer) || commit(self, error);
}

G_STATIC_ASSERT(sizeof(UidRange) == sizeof(NumberRange));

static gboolean get(Pop3Pass *self, const GArray *ranges, GError **error)
{
    const MessageTaker taker = {pass_take_start, pass_take_data, take_end, self};
    GError *failure = NULL;
    return pass_get(self->pass, ranges, &taker, &failure) ||
           pass_goes_on(self->pass, failure, "INBOX", error);
}

/* Newest first; many batches in one command, so that the server goes on sending while one is being
 * stored. */
static gboolean get_wanted(Pop3Pass *self, GError **error)
{
    for (guint end = self->items->len; end > 0;) {
        g_autoptr(GArray) ranges = ranges_new();
        for (guint n = 0; end > 0 && n < RECORD_RANGES; end--) {
            const Item *item = item_at(self, end - 1);
            if (item->state != WANTED)
                continue;
            ranges_add(ranges, item->number, item->number);
            n++;
        }
        if (ranges->len > 0 && (!get(self, ranges, error) || !handoff_make_room(self->pass, error)))
            return FALSE;
    }
    return TRUE;
}

/* What came whole before a failure is kept; the failure is told all the same. */
static gboolean fetch(Pop3Pass *self, GError **error)
{
    g_autoptr(GError) late = NULL;
    gboolean fetched = get_wanted(self, &late);
    if (!commit(self, fetched ? error : NULL) && fetched)
        return FALSE;
    if (!fetched)
        g_propagate_error(error, g_steal_pointer(&late));
    return fetched;
}

/* --- handing on ---------------------------------------------------------------------------- */

/* What waits since an earlier pass is fetched again. */
static gboolean hand_on(Pop3Pass *self, GError **error)
{
    if (!handoff_run(self->pass, error))
        return FALSE;
    g_autoptr(GArray) numbers = g_array_new(FALSE, FALSE, sizeof(guint32));
    for (guint i = 0; self->pass->handoff && i < self->items->len; i++) {
        const Item *item = item_at(self, i);
        gboolean waits, due;
        if (!handoff_uidl(self->pass, item->uidl, &waits, &due, error))
            return FALSE;
        if (due && item->state == HERE)
            g_array_append_val(numbers, item->number);
    }
    GError *failure = NULL;
    return handoff_fetch(self->pass, numbers, &failure) ||
           pass_goes_on(self->pass, failure, "INBOX", error);
}

/* --- removing ------------------------------------------------------------------------------ */

/* A run that ended between its commit and its read-back left what only the digest vouches for. */
static gboolean may_remove(Pop3Pass *self, const Item *item, gboolean *may, GError **error)
{
    gboolean waits, due;
    *may = is_due(self, item);
    /* What waits to be handed on can be had from the server alone. */
    if (*may && !handoff_uidl(self->pass, item->uidl, &waits, &due, error))
        return FALSE;
    *may = *may && !waits;
    if (!*may || item->state == SAFE)
        return TRUE;
    if (!vault_uidl_intact(self->pass->writer, self->pass->account->name, item->uidl, may, error))
        return FALSE;
    self->damaged += !*may;
    return TRUE;
}

static gboolean remove_safe(Pop3Pass *self, GError **error)
{
    Fetcher *fetcher = self->pass->fetcher;
    g_autofree guint32 *numbers = g_new(guint32, RECORD_RANGES);
    for (guint at = 0; at < self->items->len;) {
        gsize n = 0;
        for (; at < self->items->len && n < RECORD_RANGES; at++) {
            Item *item = item_at(self, at);
            gboolean may;
            if (!may_remove(self, item, &may, error))
                return FALSE;
            if (!may)
                continue;
            numbers[n++] = item->number;
            item->state = REMOVED;
        }
        if (n > 0 && !fetcher->remove(fetcher, numbers, n, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean forget_gone(const Pop3Pass *self, GError **error)
{
    g_autoptr(GPtrArray) listed = g_ptr_array_new();
    for (guint i = 0; i < self->items->len; i++)
        if (item_at(self, i)->state != REMOVED)
            g_ptr_array_add(listed, (gpointer)item_at(self, i)->uidl);
    VaultWriter *writer = self->pass->writer;
    const char *account = self->pass->account->name;
    return vault_forget_uidls(writer, account, listed, error) &&
           vault_skipped_uidls(writer, account, listed, error);
}

static gboolean run(Pop3Pass *self, GError **error)
{
    Fetcher *fetcher = self->pass->fetcher;
    if (!list(self, error) || !leave_out(self, error))
        return FALSE;
    tour_expect(self->pass->tour, self->wanted);
    if (!fetch(self, error) || !hand_on(self, error) || !remove_safe(self, error))
        return FALSE;
    /* Only a QUIT that the server confirmed makes the deletions real (RFC 1939, 6). */
    if (!fetcher->quit(fetcher, error) || !forget_gone(self, error))
        return FALSE;
    if (self->damaged == 0)
        return tour_end(self->pass->tour, error);
    return refuse(error, POSTERN_ERROR_STORE, "vault.damage",
                  "see that the disk is sound and fetch again: they are still on the server",
                  "%u messages held here read back differently from what was sealed",
                  self->damaged);
}

gboolean pass_pop3(Pass *pass, GError **error)
{
    Pop3Pass self = {
        .pass = pass,
        .items = g_array_new(FALSE, FALSE, sizeof(Item)),
        .uidls = g_string_chunk_new(4096),
        .arrived = g_ptr_array_new(),
        .now = g_get_real_time() / G_USEC_PER_SEC,
    };
    gboolean ok = run(&self, error);
    g_array_unref(self.items);
    g_string_chunk_free(self.uidls);
    g_ptr_array_unref(self.arrived);
    return ok;
}
