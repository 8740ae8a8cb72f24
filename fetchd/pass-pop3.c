/*
 * A POP3 account's pass: what UIDL names and is not here is fetched; with `keep = no` a message
 * is deleted only after it was committed, read back from disk and opened (P6).
 */
#include "core/error.h"
#include "core/limits.h"
#include "fetchd/pass.h"
#include "fetchd/record.h"

typedef struct {
    Pass *pass;          /* first: see pass_take_start() */
    GHashTable *uidls;   /* message number -> its UIDL */
    GArray *wanted;      /* guint32: numbers to get, ascending */
    GArray *uncommitted; /* guint32: arrived, not durable yet */
    GArray *removable;   /* guint32: durable and read back, or known from an earlier run */
    gint64 now;
} Pop3Pass;

static GArray *numbers_new(void)
{
    return g_array_new(FALSE, FALSE, sizeof(guint32));
}

static gboolean take_listed(gpointer user, const Listed *listed, GError **error)
{
    Pop3Pass *self = user;
    if (listed->uidl == NULL)
        return refuse(error, POSTERN_ERROR_PROTOCOL, "server.uidl",
                      "fetch this account by imaps:// or ask for a server with UIDL",
                      "the server does not say which messages are which (no UIDL)");
    gboolean here;
    if (!vault_has_uidl(self->pass->writer, self->pass->account->name, listed->uidl, &here, error))
        return FALSE;
    g_array_append_val(here ? self->removable : self->wanted, listed->number);
    if (!here)
        g_hash_table_insert(self->uidls, GUINT_TO_POINTER(listed->number), g_strdup(listed->uidl));
    return TRUE;
}

static gboolean commit(Pop3Pass *self, GError **error)
{
    if (!pass_commit(self->pass, error))
        return FALSE;
    if (self->pass->account->keep == KEEP_NO) {
        if (!vault_read_back(self->pass->writer, error))
            return FALSE;
        g_array_append_vals(self->removable, self->uncommitted->data, self->uncommitted->len);
    }
    g_array_set_size(self->uncommitted, 0);
    return TRUE;
}

static gboolean take_end(gpointer user, const Fetched *fetched, GError **error)
{
    Pop3Pass *self = user;
    g_autofree char *uidl = NULL;
    if (!g_hash_table_steal_extended(self->uidls, GUINT_TO_POINTER(fetched->number), NULL,
                                     (gpointer *)&uidl))
        return refuse(error, POSTERN_ERROR_PROTOCOL, "server.number", "tell the server's operator",
                      "the server sent message %u, which was not asked for", fetched->number);
    const Arrival arrival = {
        .account = self->pass->account->name,
        .mailbox = "INBOX",
        .uidl = uidl,
        .internaldate = self->now,
    };
    if (!pass_arrived(self->pass, &arrival, error))
        return FALSE;
    g_array_append_val(self->uncommitted, fetched->number);
    return !vault_batch_due(self->pass->writer) || commit(self, error);
}

static int ascending(gconstpointer a, gconstpointer b)
{
    guint32 left = *(const guint32 *)a, right = *(const guint32 *)b;
    return (left > right) - (left < right);
}

static GArray *as_ranges(const GArray *numbers, guint begin, guint end)
{
    GArray *ranges = ranges_new();
    for (guint i = begin; i < end; i++) {
        guint32 number = g_array_index(numbers, guint32, i);
        ranges_add(ranges, number, number);
    }
    return ranges;
}

G_STATIC_ASSERT(sizeof(UidRange) == sizeof(NumberRange));

static gboolean fetch(Pop3Pass *self, GError **error)
{
    const MessageTaker taker = {pass_take_start, pass_take_data, take_end, self};
    Fetcher *fetcher = self->pass->fetcher;
    for (guint end = self->wanted->len; end > 0;) {
        guint begin = end > LIMIT_BATCH_MESSAGES ? end - LIMIT_BATCH_MESSAGES : 0;
        g_autoptr(GArray) ranges = as_ranges(self->wanted, begin, end);
        if (!fetcher->get(fetcher, (const NumberRange *)(void *)ranges->data, ranges->len, &taker,
                          error))
            return FALSE;
        end = begin;
    }
    return TRUE;
}

static gboolean remove_kept(Pop3Pass *self, GError **error)
{
    Fetcher *fetcher = self->pass->fetcher;
    const guint32 *numbers = (const guint32 *)(void *)self->removable->data;
    for (guint at = 0; at < self->removable->len; at += RECORD_RANGES)
        if (!fetcher->remove(fetcher, numbers + at, MIN(self->removable->len - at, RECORD_RANGES),
                             error))
            return FALSE;
    return TRUE;
}

static gboolean fetch_new(Pop3Pass *self, GError **error)
{
    Pass *pass = self->pass;
    Selected selected;
    if (!pass->fetcher->select(pass->fetcher, "INBOX", &selected, error) ||
        !pass->fetcher->list(pass->fetcher, NULL, 0, take_listed, self, error))
        return FALSE;
    g_array_sort(self->wanted, ascending);
    pass->total = self->wanted->len;

    g_autoptr(GError) late = NULL;
    gboolean fetched = fetch(self, &late);
    if (!fetched)
        vault_message_abort(pass->writer);
    if (!commit(self, fetched ? error : NULL) && fetched)
        return FALSE;
    if (!fetched) {
        g_propagate_error(error, g_steal_pointer(&late));
        return FALSE;
    }
    if (pass->account->keep == KEEP_NO && !remove_kept(self, error))
        return FALSE;
    /* Only a QUIT that the server confirmed makes the deletions real (RFC 1939, 6). */
    return pass->fetcher->quit(pass->fetcher, error);
}

gboolean pass_pop3(Pass *pass, GError **error)
{
    Pop3Pass self = {
        .pass = pass,
        .uidls = g_hash_table_new_full(NULL, NULL, NULL, g_free),
        .wanted = numbers_new(),
        .uncommitted = numbers_new(),
        .removable = numbers_new(),
        .now = g_get_real_time() / G_USEC_PER_SEC,
    };
    gboolean ok = fetch_new(&self, error);
    g_hash_table_unref(self.uidls);
    g_array_unref(self.wanted);
    g_array_unref(self.uncommitted);
    g_array_unref(self.removable);
    return ok;
}
