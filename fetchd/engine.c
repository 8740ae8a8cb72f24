/* See engine.h. */
#include "fetchd/engine.h"

#include <errno.h>
#include <malloc.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "core/error.h"
#include "core/interrupt.h"
#include "core/limits.h"
#include "crypto/unlock.h"
#include "fetchd/keywatch.h"
#include "fetchd/link.h"
#include "fetchd/trip.h"
#include "store/matchkey.h"
#include "store/tagrules.h"
#include "store/vault-logins.h"
#include "store/vault-runs.h"

void outcome_free(Outcome *outcome)
{
    if (outcome == NULL)
        return;
    g_free(outcome->account);
    g_free(outcome->alert);
    g_clear_error(&outcome->failure);
    g_free(outcome);
}

static void free_outcome(gpointer outcome)
{
    outcome_free(outcome);
}

int outcomes_exit_code(const GPtrArray *outcomes)
{
    int code = 0;
    for (guint i = 0; i < outcomes->len; i++)
        code = postern_worse(code, postern_exit_code(((Outcome *)outcomes->pdata[i])->failure));
    return code;
}

typedef struct {
    TourGround ground;
    const EngineRun *run;
    const GPtrArray *accounts; /* Account * */
    const Secret *match_key;
    LoginGuard guard;
    GPtrArray *writers;  /* VaultWriter *: as many as were ever needed at once */
    GQueue idle;         /* those of them that nobody writes with */
    GPtrArray *outcomes; /* in the order of the accounts */
    GPtrArray *tours;    /* Tour *, likewise */
    GPtrArray *trips;    /* Trip * under way */
    guint running;       /* of them */
    gboolean stopped;    /* nothing new is begun */
    gboolean told;       /* by an outcome */
    gint64 began;        /* seconds since 1970 */
} Engine;

/* What ends by itself, or by a new connection. */
static gboolean is_lost(const GError *failure)
{
    static const char *const rules[] = {"server.closed",
                                        "server.unreachable",
                                        "server.timeout",
                                        "server.dns",
                                        "server.busy",
                                        "tls.truncated",
                                        "tls.handshake",
                                        "net.gone",
                                        "net.timeout",
                                        "server.tunnel",
                                        NULL};
    return postern_error_among(failure, rules);
}

/* --- writers ------------------------------------------------------------------------------- */

static VaultWriter *lend(Engine *engine, GError **error)
{
    if (!g_queue_is_empty(&engine->idle))
        return g_queue_pop_head(&engine->idle);
    VaultWriter *writer = vault_writer_beside(engine->writers->pdata[0], engine->match_key, error);
    if (writer)
        g_ptr_array_add(engine->writers, writer);
    return writer;
}

/* One that failed is not lent again. */
static void take_back(Engine *engine, VaultWriter *writer)
{
    if (writer && vault_writer_sound(writer))
        g_queue_push_head(&engine->idle, writer);
}

static gboolean note_run(Engine *engine, const Outcome *outcome, GError **error)
{
    RunRecord record = {
        .began = engine->began,
        .ended = g_get_real_time() / G_USEC_PER_SEC,
        .code = postern_exit_code(outcome->failure),
        .stored = outcome->stored,
        .known = outcome->known,
        .sensitive = outcome->sensitive,
        .skipped = outcome->skipped,
        .removed = outcome->removed,
    };
    const char *rule = postern_error_rule(outcome->failure);
    g_strlcpy(record.rule, rule ? rule : "", sizeof record.rule);
    VaultWriter *writer = lend(engine, error);
    gboolean noted = writer && vault_note_run(writer, outcome->account, &record, error);
    take_back(engine, writer);
    return noted;
}

/* --- trips --------------------------------------------------------------------------------- */

/* Its connection watches from now on, when it may stay open. */
static void keep_connection(const Engine *engine, Trip *trip)
{
    const Connection *connection = trip->connection;
    if (trip->may_stay && connection->watched && link_idle(connection->fetcher, NULL))
        g_hash_table_insert(engine->run->connections, g_strdup(trip->account->name),
                            g_steal_pointer(&trip->connection));
}

/* What became of an account. */
static void conclude(Engine *engine, Trip *trip, Outcome *outcome)
{
    outcome->failure = g_steal_pointer(&trip->failure);
    outcome->brief = trip->brief;
    outcome->lost = is_lost(outcome->failure);
    if (trip->connection) {
        outcome->alert = trip->connection->fetcher->alert(trip->connection->fetcher);
        keep_connection(engine, trip);
    }
    g_autoptr(GError) late = NULL;
    if (!note_run(engine, outcome, &late) && outcome->failure == NULL)
        outcome->failure = g_steal_pointer(&late);
}

static guint tour_number(const Engine *engine, const Trip *trip)
{
    guint at;
    gboolean found = g_ptr_array_find(engine->tours, trip->tour, &at);
    g_assert(found);
    return at;
}

/* Of accounts that were interrupted before their pass began, one tells it, and of the others there
 * is nothing to tell. */
static void conclude_once(Engine *engine, Trip *trip)
{
    Outcome **outcome = (Outcome **)&engine->outcomes->pdata[tour_number(engine, trip)];
    gboolean stopped = was_interrupted(trip->failure);
    if (stopped && engine->told && trip->writer == NULL)
        g_clear_pointer(outcome, outcome_free);
    else
        conclude(engine, trip, *outcome);
    engine->told |= stopped;
}

static void end_trip(Engine *engine, guint at)
{
    g_autoptr(Trip) trip = g_ptr_array_steal_index(engine->trips, at);
    engine->running -= trip->writer != NULL;
    take_back(engine, trip->writer);
    if (trip->leads)
        conclude_once(engine, trip);
}

static void start_trip(Engine *engine, Trip *trip)
{
    GError *failure = NULL;
    VaultWriter *writer = lend(engine, &failure);
    if (writer)
        trip_start(trip, writer);
    else
        trip_give_up(trip, failure);
    if (trip->writer == NULL)
        take_back(engine, writer);
    engine->running += trip->writer != NULL;
}

/* The accounts of this run, each once; unknown names are refused. */
static GPtrArray *chosen(const EngineRun *run, GError **error)
{
    g_autoptr(GPtrArray) accounts = g_ptr_array_new();
    for (char *const *name = run->accounts; name && *name; name++) {
        const Account *account = config_account(run->config, *name, error);
        if (account == NULL)
            return NULL;
        if (account->fetch == NULL) {
            refuse(error, POSTERN_ERROR_POLICY, "config.fetch", "add a fetch = imaps://… line",
                   "account \"%s\" names no server to fetch from", *name);
            return NULL;
        }
        if (!g_ptr_array_find(accounts, account, NULL))
            g_ptr_array_add(accounts, (gpointer)account);
    }
    for (guint i = 0; run->accounts == NULL && i < run->config->accounts->len; i++) {
        Account *account = run->config->accounts->pdata[i];
        if (account->fetch)
            g_ptr_array_add(accounts, account);
    }
    if (accounts->len == 0) {
        refuse(error, POSTERN_ERROR_POLICY, "config.account", "add one with 'postern init'",
               "no account to fetch");
        return NULL;
    }
    return g_steal_pointer(&accounts);
}

/* --- all at once --------------------------------------------------------------------------- */

static void add_fd(GArray *fds, int fd)
{
    const struct pollfd one = {.fd = fd, .events = POLLIN};
    g_array_append_val(fds, one);
}

/* Until one of them may go on. */
static void await_trips(const Engine *engine)
{
    g_autoptr(GArray) fds = g_array_new(FALSE, FALSE, sizeof(struct pollfd));
    gint64 until = G_MAXINT64, now = g_get_monotonic_time();
    eventfd_t rung;
    add_fd(fds, engine->run->stop_fd);
    add_fd(fds, engine->ground.bell);
    for (guint i = 0; i < engine->trips->len; i++) {
        const Trip *trip = engine->trips->pdata[i];
        until = MIN(until, trip_deadline(trip));
        add_fd(fds, trip_fd(trip));
    }
    gint64 left = until == G_MAXINT64 ? -1 : (MAX(until - now, 0) + 999) / 1000;
    (void)poll((struct pollfd *)(void *)fds->data, fds->len, (int)MIN(left, G_MAXINT32));
    (void)!eventfd_read(engine->ground.bell, &rung);
}

static void begin(Engine *engine, guint at, const Trip *leader)
{
    Trip *trip = trip_new(engine->run, &engine->guard, engine->accounts->pdata[at],
                          engine->tours->pdata[at], leader);
    g_ptr_array_add(engine->trips, trip);
}

/* As many as its tour wants. */
static void send_help(Engine *engine, const Trip *leader)
{
    guint wanted = tour_wants(leader->tour);
    for (guint n = MIN(wanted, LIMIT_PASSES - 1); n > 0; n--)
        begin(engine, tour_number(engine, leader), leader);
}

static void go_on(Engine *engine)
{
    for (guint i = 0; i < engine->trips->len;) {
        Trip *trip = engine->trips->pdata[i];
        if (trip->leads && trip->state == TRIP_RUNNING && !engine->stopped)
            send_help(engine, trip);
        trip_go_on(trip);
        if (trip->state == TRIP_READY && engine->running < LIMIT_PASSES)
            start_trip(engine, trip);
        if (trip->state == TRIP_OVER)
            end_trip(engine, i);
        else
            i++;
    }
}

/* What runs ends by itself, with what is whole. */
static void stop(Engine *engine)
{
    engine->stopped = TRUE;
    for (guint i = 0; i < engine->trips->len;) {
        Trip *trip = engine->trips->pdata[i];
        if (trip->state != TRIP_RUNNING && interrupted(engine->run->stop_fd, &trip->failure))
            end_trip(engine, i);
        else
            i++;
    }
}

static void run_all(Engine *engine)
{
    for (guint i = 0; i < engine->accounts->len; i++) {
        Outcome *outcome = g_new0(Outcome, 1);
        outcome->account = g_strdup(((const Account *)engine->accounts->pdata[i])->name);
        g_ptr_array_add(engine->outcomes, outcome);
        g_ptr_array_add(engine->tours, tour_new(&engine->ground, outcome));
    }
    for (guint i = 0; i < engine->accounts->len; i++)
        begin(engine, i, NULL);
    for (go_on(engine); engine->trips->len > 0; go_on(engine)) {
        await_trips(engine);
        if (!engine->stopped && interrupted(engine->run->stop_fd, NULL))
            stop(engine);
    }
    while (g_ptr_array_remove(engine->outcomes, NULL))
        ;
}

/* The first writer has a vault of its own, for the guard is asked while it writes. */
static gboolean run_on(Engine *engine, Vault *vault, GError **error)
{
    VaultWriter *writer = vault_writer_new(vault, engine->match_key, error);
    if (writer == NULL)
        return FALSE;
    g_ptr_array_add(engine->writers, writer);
    take_back(engine, writer);
    engine->ground.bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (engine->ground.bell < 0)
        return refuse(error, POSTERN_ERROR_BUG, "net.spawn", NULL, "no eventfd: %s",
                      g_strerror(errno));
    /* What a batch staged goes back to the system, rather than to the heap of its thread. */
    (void)mallopt(M_MMAP_THRESHOLD, LIMIT_STAGE_BYTES / 8);
    run_all(engine);
    close(engine->ground.bell);
    return TRUE;
}

static void free_trip(gpointer trip)
{
    trip_free(trip);
}

static void free_tour(gpointer tour)
{
    tour_free(tour);
}

static void free_writer(gpointer writer)
{
    vault_writer_free(writer);
}

GPtrArray *engine_sync(const EngineRun *run, GError **error)
{
    g_autoptr(GPtrArray) accounts = chosen(run, error);
    /* Before a server is asked for anything. */
    gboolean sealable = accounts && keywatch_check(run->config, accounts, error);
    g_autoptr(Vault) vault = sealable ? vault_open(run->store, error) : NULL;
    g_autoptr(Vault) own = vault ? vault_open(run->store, error) : NULL;
    g_autoptr(Secret) match_key = own ? matchkey_load(vault, error) : NULL;
    if (match_key == NULL)
        return NULL;
    g_autoptr(GPtrArray) writers = g_ptr_array_new_with_free_func(free_writer);
    g_autoptr(GPtrArray) outcomes = g_ptr_array_new_with_free_func(free_outcome);
    g_autoptr(GPtrArray) tours = g_ptr_array_new_with_free_func(free_tour);
    g_autoptr(GPtrArray) trips = g_ptr_array_new_with_free_func(free_trip);
    Engine engine = {
        .ground = {.run = run, .bell = -1},
        .run = run,
        .began = g_get_real_time() / G_USEC_PER_SEC,
        .accounts = accounts,
        .match_key = match_key,
        .guard = {vault, match_key},
        .writers = writers,
        .idle = G_QUEUE_INIT,
        .outcomes = outcomes,
        .tours = tours,
        .trips = trips,
    };
    g_mutex_init(&engine.ground.telling);
    gboolean ran = run_on(&engine, own, error);
    g_mutex_clear(&engine.ground.telling);
    g_queue_clear(&engine.idle);
    return ran ? g_steal_pointer(&outcomes) : NULL;
}
gboolean engine_absorb_unlocked(const Config *config, const char *store, AbsorbProgress progress,
                                gpointer user, guint64 *absorbed, GError **error)
{
    *absorbed = 0;
    g_autoptr(Vault) vault = vault_open(store, error);
    if (vault == NULL)
        return FALSE;
    g_autoptr(Secret) key = unlock_cached(vault_id(vault));
    if (key == NULL)
        return TRUE;
    g_autoptr(Index) index = index_open(store, vault_id(vault), key, error);
    g_autoptr(GPtrArray) rules =
        index ? tagrules_parse(config, g_get_real_time() / G_USEC_PER_SEC, error) : NULL;
    const AbsorbOptions options = {.share = config->crypto_index,
                                   .rules = rules,
                                   .hear = config->autocrypt != AUTOCRYPT_NO,
                                   .progress = progress,
                                   .user = user};
    return rules && absorb(vault, key, index, &options, absorbed, error);
}

gboolean engine_retry_logins(const char *store, char *const *accounts, GError **error)
{
    g_autoptr(Vault) vault = vault_open(store, error);
    g_autoptr(Secret) match_key = vault ? matchkey_load(vault, error) : NULL;
    if (match_key == NULL)
        return FALSE;
    if (accounts == NULL)
        return vault_forget_login_refused(vault, match_key, NULL, NULL, NULL, error);
    for (char *const *name = accounts; *name; name++)
        if (!vault_forget_login_refused(vault, match_key, *name, NULL, NULL, error))
            return FALSE;
    return TRUE;
}
