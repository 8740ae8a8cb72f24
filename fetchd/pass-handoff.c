/* See pass-handoff.h. */
#include "fetchd/pass-handoff.h"

#include "core/error.h"
#include "core/interrupt.h"
#include "core/limits.h"
#include "fetchd/deliver.h"
#include "store/vault-pending.h"

/* Messages fetched again by one command: when the reader goes away, the rest is for nothing. */
#define AGAIN 50
#define LOSSES 2 /* one after another: then it is not because of the message */

struct Handoff {
    Deliverer *deliverer; /* NULL until it is needed */
    gboolean down;        /* no more in this pass */
    guint losses;
    gint64 began;       /* microseconds since 1970 */
    GPtrArray *waiting; /* Waiting *, with their keys */
    GPtrArray *done;    /* Waiting *: handed on, and still marked */
    GPtrArray *tried;   /* Waiting *: in vain */
    GError *failure;    /* the first */
    /* of a message that is fetched again: */
    gboolean begun;
    GError *why; /* it is not going on */
};

static GPtrArray *new_list(void)
{
    return g_ptr_array_new_with_free_func((GDestroyNotify)waiting_free);
}

void handoff_help(Pass *pass)
{
    if (pass->account->deliver == NULL)
        return;
    pass->handoff = g_new0(Handoff, 1);
    pass->handoff->began = g_get_real_time();
    pass->handoff->waiting = new_list();
    pass->handoff->done = new_list();
    pass->handoff->tried = new_list();
}

gboolean handoff_begin(Pass *pass, GError **error)
{
    handoff_help(pass);
    return pass->handoff || vault_pending_forget(pass->writer, pass->account->name, error);
}

static void handoff_free(Handoff *self)
{
    deliverer_free(self->deliverer);
    g_ptr_array_unref(self->waiting);
    g_ptr_array_unref(self->done);
    g_ptr_array_unref(self->tried);
    g_clear_error(&self->failure);
    g_clear_error(&self->why);
    g_free(self);
}

/* --- the reader ---------------------------------------------------------------------------- */

static gboolean is_one_of(const GError *failure, const char *const *rules)
{
    const char *rule = postern_error_rule(failure);
    return rule && g_strv_contains(rules, rule);
}

/* Takes FAILURE. FALSE when it says nothing of the message that was to be handed on. */
static gboolean note_failure(Handoff *self, GError *failure)
{
    static const char *const of_reader[] = {"deliver.unreachable",
                                            "deliver.recipient",
                                            "deliver.write",
                                            "deliver.directory",
                                            "deliver.socket",
                                            "deliver.address",
                                            NULL};
    static const char *const of_both[] = {"deliver.timeout", "deliver.protocol", NULL};
    gboolean of_message = !is_one_of(failure, of_reader);
    gboolean lost = g_strcmp0(postern_error_rule(failure), "deliver.lost") == 0;
    self->losses = lost ? self->losses + 1 : 0;
    self->down |= !of_message || is_one_of(failure, of_both) || self->losses == LOSSES;
    if (self->failure == NULL)
        self->failure = failure;
    else
        g_error_free(failure);
    return of_message;
}

static gboolean reach(Pass *pass)
{
    Handoff *self = pass->handoff;
    GError *failure = NULL;
    if (self->down || interrupted(pass->run->stop_fd, NULL))
        return FALSE;
    if (self->deliverer == NULL &&
        (self->deliverer = deliver_open(pass->account, &failure)) == NULL) {
        (void)note_failure(self, failure);
        self->down = TRUE;
    }
    return self->deliverer != NULL;
}

/* The marks of what was handed on go. What the reader cannot promise to have stays marked. */
static gboolean settle(Pass *pass, gboolean last, GError **error)
{
    Handoff *self = pass->handoff;
    const char *account = pass->account->name;
    GError *failure = NULL;
    if (self->done->len > 0 && !self->deliverer->settle(self->deliverer, &failure)) {
        (void)note_failure(self, failure);
        g_ptr_array_set_size(self->done, 0);
    }
    gboolean fine = vault_pending_tried(pass->writer, account, self->tried, error) &&
                    vault_pending_done(pass->writer, account, self->done, last, error);
    g_ptr_array_set_size(self->done, 0);
    g_ptr_array_set_size(self->tried, 0);
    return fine;
}

/* Before one more is handed on. The last few wait for the disk, and the others with them. */
static gboolean make_few(Pass *pass, GError **error)
{
    const Handoff *self = pass->handoff;
    return self->done->len == 0 || self->done->len < self->deliverer->many ||
           settle(pass, FALSE, error);
}

/* WAITING, which is taken, was handed on, or FAILURE says why not. */
static void conclude(Handoff *self, Waiting *waiting, GError *failure)
{
    if (failure == NULL) {
        self->losses = 0;
        g_ptr_array_add(self->done, waiting);
    } else if (note_failure(self, failure)) {
        g_ptr_array_add(self->tried, waiting);
    } else {
        waiting_free(waiting);
    }
}

/* --- from the vault ------------------------------------------------------------------------ */

static gboolean pour(Deliverer *deliverer, Source *source, GError **error)
{
    guint8 buffer[16 * 1024];
    gssize got;
    gboolean fine = TRUE;
    while (fine && (got = source_read(source, buffer, sizeof buffer, error)) != 0)
        fine = got > 0 && deliverer->write(deliverer, buffer, (gsize)got, error);
    secret_wipe(buffer, sizeof buffer);
    if (!fine)
        deliverer->abort(deliverer);
    return fine;
}

/* The last dot, or the rename, comes after the source's end, which says that all of it is right. */
static void give(Handoff *self, Waiting *waiting, Source *source, gboolean again)
{
    GError *failure = NULL;
    Deliverer *deliverer = self->deliverer;
    (void)(deliverer->start(deliverer, &failure) && pour(deliverer, source, &failure) &&
           deliverer->finish(deliverer, waiting_id(waiting), again, &failure));
    conclude(self, waiting, failure);
}

/* With VAULT_PRIVATE, or with the keys that LIST has. */
static gboolean give_all(Pass *pass, GPtrArray *list, const Secret *vault_private, GError **error)
{
    Handoff *self = pass->handoff;
    gboolean fine = TRUE;
    while (fine && list->len > 0 && reach(pass)) {
        g_autoptr(Waiting) waiting = g_ptr_array_steal_index(list, list->len - 1);
        g_autoptr(Source) source =
            vault_private ? vault_pending_unlock(pass->writer, waiting, vault_private, error)
                          : vault_pending_open(pass->writer, waiting, error);
        fine = source && make_few(pass, error);
        if (fine)
            give(self, g_steal_pointer(&waiting), source, vault_private != NULL);
    }
    return settle(pass, TRUE, fine ? error : NULL) && fine;
}

void handoff_take(Pass *pass)
{
    if (pass->handoff && !pass->handoff->down)
        vault_pending_take(pass->writer, pass->handoff->waiting);
}

static gboolean give_kept(Pass *pass, GError **error)
{
    tour_take_waiting(pass->tour, pass->handoff->waiting);
    gboolean fine = give_all(pass, pass->handoff->waiting, NULL, error);
    g_ptr_array_set_size(pass->handoff->waiting, 0);
    return fine;
}

gboolean handoff_make_room(Pass *pass, GError **error)
{
    return pass->handoff == NULL || pass->handoff->waiting->len < LIMIT_HANDOFF_KEYS ||
           give_kept(pass, error);
}

gboolean handoff_run(Pass *pass, GError **error)
{
    if (pass->handoff == NULL)
        return TRUE;
    if (!give_kept(pass, error))
        return FALSE;
    g_autoptr(Secret) vault_private = vault_pending_key(pass->writer);
    if (vault_private == NULL)
        return TRUE;
    g_autoptr(GPtrArray) list = new_list();
    return vault_pending_list(pass->writer, pass->account->name, pass->handoff->began, list,
                              error) &&
           give_all(pass, list, vault_private, error);
}

/* --- from the server ----------------------------------------------------------------------- */

GArray *handoff_uids(Pass *pass, const char *mailbox, GError **error)
{
    if (pass->handoff == NULL || pass->handoff->down)
        return g_array_new(FALSE, FALSE, sizeof(guint32));
    return vault_pending_uids(pass->writer, pass->account->name, mailbox, pass->handoff->began,
                              error);
}

gboolean handoff_uidl(Pass *pass, const char *uidl, gboolean *waits, gboolean *due, GError **error)
{
    *waits = *due = FALSE;
    return pass->handoff == NULL || vault_pending_uidl(pass->writer, pass->account->name, uidl,
                                                       pass->handoff->began, waits, due, error);
}

static gboolean again_start(gpointer user, GError **error)
{
    Pass *pass = user;
    Handoff *self = pass->handoff;
    if (!make_few(pass, error))
        return FALSE;
    vault_pending_begin(pass->writer);
    g_clear_error(&self->why);
    self->begun = reach(pass) && self->deliverer->start(self->deliverer, &self->why);
    return TRUE;
}

static gboolean again_data(gpointer user, const guint8 *bytes, gsize size, GError **error)
{
    (void)error;
    Pass *pass = user;
    Handoff *self = pass->handoff;
    vault_pending_write(pass->writer, bytes, size);
    if (self->begun && !self->deliverer->write(self->deliverer, bytes, size, &self->why)) {
        self->deliverer->abort(self->deliverer);
        self->begun = FALSE;
    }
    return TRUE;
}

/* Only now is it known which message it was, and whether it is one that waits. */
static gboolean again_end(gpointer user, const Fetched *fetched, GError **error)
{
    (void)fetched;
    Pass *pass = user;
    Handoff *self = pass->handoff;
    g_autoptr(Waiting) waiting = NULL;
    gboolean fine = vault_pending_end(pass->writer, pass->account->name, &waiting, error);
    if (self->begun && waiting == NULL)
        self->deliverer->abort(self->deliverer);
    else if (self->begun)
        (void)!self->deliverer->finish(self->deliverer, waiting_id(waiting), TRUE, &self->why);
    if (waiting && (self->begun || self->why))
        conclude(self, g_steal_pointer(&waiting), g_steal_pointer(&self->why));
    self->begun = FALSE;
    return fine;
}

static gboolean fetch_part(Pass *pass, const GArray *numbers, guint at, GError **error)
{
    NumberRange ranges[AGAIN];
    guint n = MIN(numbers->len - at, AGAIN);
    const MessageTaker taker = {again_start, again_data, again_end, pass};
    for (guint i = 0; i < n; i++)
        ranges[i].first = ranges[i].last = g_array_index(numbers, guint32, at + i);
    gboolean fine = pass->fetcher->get(pass->fetcher, ranges, n, &taker, error);
    if (pass->handoff->begun) /* the line was cut within a message */
        pass->handoff->deliverer->abort(pass->handoff->deliverer);
    pass->handoff->begun = FALSE;
    return settle(pass, TRUE, fine ? error : NULL) && fine;
}

gboolean handoff_fetch(Pass *pass, const GArray *numbers, GError **error)
{
    for (guint at = 0; at < numbers->len && reach(pass); at += AGAIN)
        if (!fetch_part(pass, numbers, at, error))
            return FALSE;
    return TRUE;
}

/* --- the end ------------------------------------------------------------------------------- */

static gboolean tell(const Handoff *self, const PendingStat *stat, GError **error)
{
    const GError *failure = self->failure;
    if (failure == NULL || stat->waiting == 0)
        return TRUE;
    return refuse(error, failure->code, postern_error_rule(failure), postern_error_mend(failure),
                  "%" G_GUINT64_FORMAT " of its messages %s to be handed on; %s", stat->waiting,
                  stat->waiting == 1 ? "waits" : "wait", failure->message);
}

gboolean handoff_end(Pass *pass, GError **error)
{
    PendingStat stat = {0};
    Handoff *self = pass->handoff;
    if (self == NULL)
        return TRUE;
    gboolean fine = give_kept(pass, error);
    fine = vault_pending_count(pass->writer, pass->account->name, &stat, fine ? error : NULL) &&
           fine && tell(self, &stat, error);
    tour_pending(pass->tour, stat.waiting, stat.lost);
    g_clear_pointer(&pass->handoff, handoff_free);
    return fine;
}

void handoff_leave(Pass *pass)
{
    if (pass->handoff == NULL)
        return;
    tour_leave_waiting(pass->tour, pass->handoff->waiting);
    g_clear_pointer(&pass->handoff, handoff_free);
}
