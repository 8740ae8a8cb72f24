/* See tour.h. */
#include "fetchd/tour.h"

#include <sys/eventfd.h>

#include "core/error.h"
#include "store/vault-pending.h"

struct Tour {
    TourGround *ground;
    Outcome *outcome;
    GMutex lock; /* around all that follows */
    GCond left;  /* one that helps has */
    const GPtrArray *mailboxes;
    guint next;
    guint wanted;    /* connections that nobody was told of yet */
    guint helping;   /* that have joined */
    gboolean closed; /* nobody may join any more */
    GError *failure; /* the first that ended one who helped */
    GError *no;      /* the first thing that the server only said no to */
    guint noes;      /* how many there were */
    GPtrArray *departures;
    GPtrArray *waiting;         /* Waiting *, see pass-handoff.h */
    guint64 total, done, bytes; /* what progress knows */
};

Tour *tour_new(TourGround *ground, Outcome *outcome)
{
    Tour *tour = g_new0(Tour, 1);
    tour->ground = ground;
    tour->outcome = outcome;
    tour->closed = TRUE;
    tour->departures = g_ptr_array_new_with_free_func((GDestroyNotify)departure_free);
    tour->waiting = g_ptr_array_new_with_free_func((GDestroyNotify)waiting_free);
    g_mutex_init(&tour->lock);
    g_cond_init(&tour->left);
    return tour;
}

void tour_free(Tour *tour)
{
    if (tour == NULL)
        return;
    g_clear_error(&tour->failure);
    g_clear_error(&tour->no);
    g_ptr_array_unref(tour->departures);
    g_ptr_array_unref(tour->waiting);
    g_cond_clear(&tour->left);
    g_mutex_clear(&tour->lock);
    g_free(tour);
}

/* --- the mailboxes ------------------------------------------------------------------------- */

void tour_share(Tour *tour, const GPtrArray *mailboxes, guint begun, guint connections)
{
    g_mutex_lock(&tour->lock);
    tour->mailboxes = mailboxes;
    tour->next = begun;
    tour->wanted = MAX(MIN(connections, mailboxes->len), 1) - 1;
    tour->closed = tour->wanted == 0;
    gboolean ring = !tour->closed;
    g_mutex_unlock(&tour->lock);
    if (ring)
        tour_ring(tour);
}

void tour_ring(const Tour *tour)
{
    if (tour->ground->bell >= 0)
        (void)!eventfd_write(tour->ground->bell, 1);
}

const MailboxName *tour_next(Tour *tour)
{
    g_mutex_lock(&tour->lock);
    const MailboxName *next =
        tour->next < tour->mailboxes->len ? tour->mailboxes->pdata[tour->next++] : NULL;
    g_mutex_unlock(&tour->lock);
    return next;
}

gboolean tour_gather(Tour *tour, GError **error)
{
    g_mutex_lock(&tour->lock);
    tour->closed = TRUE;
    while (tour->helping > 0)
        g_cond_wait(&tour->left, &tour->lock);
    GError *failure = g_steal_pointer(&tour->failure);
    g_mutex_unlock(&tour->lock);
    if (failure)
        g_propagate_error(error, failure);
    return failure == NULL;
}

guint tour_wants(Tour *tour)
{
    g_mutex_lock(&tour->lock);
    guint wanted = tour->wanted;
    tour->wanted = 0;
    g_mutex_unlock(&tour->lock);
    return wanted;
}

gboolean tour_join(Tour *tour)
{
    g_mutex_lock(&tour->lock);
    gboolean joined = !tour->closed && tour->next < tour->mailboxes->len;
    tour->helping += joined;
    g_mutex_unlock(&tour->lock);
    return joined;
}

void tour_leave(Tour *tour, GError *failure)
{
    g_mutex_lock(&tour->lock);
    tour->helping--;
    if (tour->failure == NULL)
        tour->failure = g_steal_pointer(&failure);
    g_cond_signal(&tour->left);
    g_mutex_unlock(&tour->lock);
    g_clear_error(&failure);
}

/* --- what was found ------------------------------------------------------------------------ */

void tour_expect(Tour *tour, guint64 messages)
{
    g_mutex_lock(&tour->lock);
    tour->total += messages;
    g_mutex_unlock(&tour->lock);
}

void tour_advance(Tour *tour, const char *account, guint64 messages, guint64 bytes)
{
    const EngineRun *run = tour->ground->run;
    g_mutex_lock(&tour->ground->telling);
    g_mutex_lock(&tour->lock);
    guint64 done = tour->done += messages, all = tour->bytes += bytes, total = tour->total;
    g_mutex_unlock(&tour->lock);
    if (run->progress)
        run->progress(run->user, account, done, total, all);
    g_mutex_unlock(&tour->ground->telling);
}

void tour_left_out(Tour *tour, guint64 expected)
{
    g_mutex_lock(&tour->lock);
    tour->outcome->skipped++;
    tour->total -= expected;
    g_mutex_unlock(&tour->lock);
}

void tour_stored(Tour *tour, guint stored, guint known)
{
    g_mutex_lock(&tour->lock);
    tour->outcome->stored += stored;
    tour->outcome->known += known;
    g_mutex_unlock(&tour->lock);
}

void tour_sensitive(Tour *tour)
{
    g_mutex_lock(&tour->lock);
    tour->outcome->sensitive++;
    g_mutex_unlock(&tour->lock);
}

void tour_removed(Tour *tour, guint removed)
{
    tour->outcome->removed += removed;
}

void tour_pending(Tour *tour, guint64 waiting, guint64 astray)
{
    tour->outcome->waiting = waiting;
    tour->outcome->astray = astray;
}

static void move_all(Tour *tour, GPtrArray *from, GPtrArray *to)
{
    g_mutex_lock(&tour->lock);
    while (from->len > 0)
        g_ptr_array_add(to, g_ptr_array_steal_index(from, from->len - 1));
    g_mutex_unlock(&tour->lock);
}

void tour_leave_waiting(Tour *tour, GPtrArray *list)
{
    move_all(tour, list, tour->waiting);
}

void tour_take_waiting(Tour *tour, GPtrArray *list)
{
    move_all(tour, tour->waiting, list);
}

void tour_refused(Tour *tour, GError *failure, const char *what)
{
    g_mutex_lock(&tour->lock);
    if (tour->noes++ == 0)
        refuse(&tour->no, failure->code, postern_error_rule(failure), postern_error_mend(failure),
               "%s: %s", what, failure->message);
    g_mutex_unlock(&tour->lock);
    g_error_free(failure);
}

gboolean tour_was_refused(Tour *tour)
{
    g_mutex_lock(&tour->lock);
    gboolean refused = tour->noes > 0;
    g_mutex_unlock(&tour->lock);
    return refused;
}

gboolean tour_end(Tour *tour, GError **error)
{
    g_autoptr(GError) no = g_steal_pointer(&tour->no);
    if (no == NULL)
        return TRUE;
    if (tour->noes == 1)
        g_propagate_error(error, g_steal_pointer(&no));
    else
        refuse(error, no->code, postern_error_rule(no), postern_error_mend(no), "%s (and %u more)",
               no->message, tour->noes - 1);
    return FALSE;
}

void tour_depart(Tour *tour, Departure *departure)
{
    g_mutex_lock(&tour->lock);
    g_ptr_array_add(tour->departures, departure);
    g_mutex_unlock(&tour->lock);
}

const GPtrArray *tour_departures(Tour *tour)
{
    return tour->departures;
}
