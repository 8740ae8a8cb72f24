/* See trip.h. */
#include "fetchd/trip.h"

#include "core/error.h"
#include "fetchd/pass-handoff.h"
#include "store/vault-single.h"

Trip *trip_new(const EngineRun *run, const LoginGuard *guard, const Account *account, Tour *tour,
               const Trip *leader)
{
    Trip *trip = g_new0(Trip, 1);
    trip->run = run;
    trip->account = account;
    trip->tour = tour;
    trip->leads = leader == NULL;
    const Secret *secret = leader ? call_secret(leader->call) : NULL;
    trip->call = call_new(run, guard, account, secret, &trip->failure);
    trip->state = trip->call ? TRIP_CALLING : TRIP_OVER;
    return trip;
}

void trip_free(Trip *trip)
{
    if (trip == NULL)
        return;
    if (trip->thread)
        g_thread_join(trip->thread);
    g_clear_error(&trip->failure);
    connection_free(trip->connection);
    call_free(trip->call);
    g_free(trip);
}

/* --- the pass ------------------------------------------------------------------------------ */

static gboolean wants_brief(const Trip *trip)
{
    char *const *brief = trip->run->brief;
    return trip->connection->watched && brief &&
           g_strv_contains((const char *const *)brief, trip->account->name);
}

static void lead(Trip *trip, Pass *pass)
{
    gboolean imap = endpoint_scheme(call_endpoint(trip->call)) == SCHEME_IMAPS;
    trip->brief = pass->brief = wants_brief(trip);
    pass->watched = imap && trip->run->connections ? &trip->connection->watched : NULL;
    gboolean ok =
        handoff_begin(pass, &trip->failure) && (imap ? pass_imap : pass_pop3)(pass, &trip->failure);
    trip->may_stay = pass->watched && (ok || pass_said_no(trip->failure));
    (void)!handoff_end(pass, ok ? &trip->failure : NULL);
}

static void help(Trip *trip, Pass *pass)
{
    GError *failure = NULL;
    handoff_help(pass);
    (void)!pass_imap_help(pass, &failure);
    handoff_leave(pass);
    tour_leave(trip->tour, failure);
}

static void wrap_to_owner(const Trip *trip)
{
    g_auto(GStrv) all = sensitive_keys(trip->run->config, trip->account);
    vault_writer_set_keys(trip->writer, all);
}

static gpointer run(gpointer user)
{
    Trip *trip = user;
    Pass pass = {
        .run = trip->run,
        .account = trip->account,
        .writer = trip->writer,
        .fetcher = trip->connection->fetcher,
        .tour = trip->tour,
        .only = endpoint_mailbox(call_endpoint(trip->call)),
        .watch = sensitive_watch_new(trip->run->config->sensitive),
        .hands_on_sensitive = trip->run->config->company.deliver_sensitive,
    };
    if (pass.watch)
        wrap_to_owner(trip);
    (trip->leads ? lead : help)(trip, &pass);
    sensitive_watch_free(pass.watch);
    g_clear_pointer(&pass.sent, g_byte_array_unref);
    g_atomic_int_set(&trip->ended, TRUE);
    tour_ring(trip->tour);
    return NULL;
}

void trip_give_up(Trip *trip, GError *failure)
{
    trip->state = TRIP_OVER;
    trip->failure = failure;
}

void trip_start(Trip *trip, VaultWriter *writer)
{
    GError *failure = NULL;
    if (!trip->leads && !tour_join(trip->tour)) {
        trip->state = TRIP_OVER;
        return;
    }
    trip->connection = call_take(trip->call);
    trip->writer = writer;
    trip->state = TRIP_RUNNING;
    trip->thread = g_thread_try_new("pass", run, trip, NULL);
    if (trip->thread)
        return;
    trip->state = TRIP_OVER;
    refuse(&failure, POSTERN_ERROR_BUG, "net.spawn", NULL, "no thread can be started to fetch");
    if (trip->leads)
        trip->failure = failure;
    else
        tour_leave(trip->tour, failure);
}

/* --- going on ------------------------------------------------------------------------------ */

static void go_on_calling(Trip *trip)
{
    switch (call_go_on(trip->call, &trip->failure)) {
    case CALL_WAITING: break;
    case CALL_READY: trip->state = TRIP_READY; break;
    case CALL_FAILED: trip->state = TRIP_OVER; break;
    }
}

void trip_go_on(Trip *trip)
{
    if (trip->state == TRIP_CALLING)
        go_on_calling(trip);
    if (trip->state == TRIP_RUNNING && g_atomic_int_get(&trip->ended)) {
        g_thread_join(g_steal_pointer(&trip->thread));
        trip->state = TRIP_OVER;
    }
}

int trip_fd(const Trip *trip)
{
    return trip->state == TRIP_CALLING ? call_fd(trip->call) : -1;
}

gint64 trip_deadline(const Trip *trip)
{
    return trip->state == TRIP_CALLING ? call_deadline(trip->call) : G_MAXINT64;
}
