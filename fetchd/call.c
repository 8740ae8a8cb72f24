/* See call.h. */
#include "fetchd/call.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "core/error.h"
#include "core/limits.h"
#include "fetchd/login.h"
#include "fetchd/sensitive.h"
#include "fetchd/trust.h"

/* How long an open connection may take to end its IDLE, a round trip, before a new one is worth
 * more. */
#define WAKE_MS 10000

typedef enum { WAKING, REACHING, LOGGING_IN, READY } Stage;

struct Call {
    const EngineRun *run;
    const LoginGuard *guard;
    VettedEndpoint *endpoint;
    GPtrArray *ca_sets;
    char *terms; /* NULL: no connection stays open */
    Secret *secret;
    LinkTarget target;
    Stage stage;
    Connection *connection;
    gint64 deadline;
    Fetcher *fetcher; /* that logs in */

    /* While REACHING, the thread's own until `reached` is readable. */
    GThread *thread;
    int reached;
    LinkWay way;
    GError *failure;
};

static void enter(Call *call, Stage stage, gint64 ms)
{
    call->stage = stage;
    call->deadline = g_get_monotonic_time() + ms * 1000;
}

/* --- a new connection ---------------------------------------------------------------------- */

/* Look-up and connection alone: a child would end with this thread, and was begun before it. */
static gpointer reach(gpointer user)
{
    Call *call = user;
    (void)!link_reach(&call->target, &call->way, &call->failure);
    (void)!eventfd_write(call->reached, 1);
    return NULL;
}

static gboolean dial(Call *call, GError **error)
{
    const LinkTarget *target = &call->target;
    if (call->secret == NULL)
        call->secret = login_secret(target->account, call->endpoint, call->guard->vault,
                                    call->guard->match_key, target->stop_fd, error);
    call->target.secret = call->secret;
    if (call->secret == NULL || !link_prepare(&call->way, call->ca_sets, error) ||
        !loginguard_ask(call->guard, target, error))
        return FALSE;
    call->reached = eventfd(0, EFD_CLOEXEC);
    g_autoptr(GError) failure = NULL;
    if (call->reached >= 0)
        call->thread = g_thread_try_new("reach", reach, call, &failure);
    if (call->thread == NULL)
        return refuse(error, POSTERN_ERROR_BUG, "net.spawn", NULL,
                      "no thread can be started to connect");
    call->stage = REACHING;
    call->deadline = G_MAXINT64; /* connect.h has its own */
    return TRUE;
}

/* The server has given its verdict on the login, or nobody was asked for one. */
static gboolean failed(Call *call, GError *failure, GError **error)
{
    loginguard_tell(call->guard, &call->target, failure);
    g_propagate_error(error, failure);
    return FALSE;
}

static gboolean begin_login(Call *call, GError **error)
{
    g_thread_join(g_steal_pointer(&call->thread));
    if (call->failure)
        return failed(call, g_steal_pointer(&call->failure), error);
    GError *failure = NULL;
    call->fetcher = link_begin(&call->target, &call->way, &failure);
    if (call->fetcher == NULL)
        return failed(call, failure, error);
    enter(call, LOGGING_IN, LIMIT_COMMAND_MS + LIMIT_CONNECT_MS);
    return TRUE;
}

static gboolean login_failed(Call *call, GError *failure, GError **error)
{
    login_name_account(call->target.account, call->endpoint, failure);
    link_drop(g_steal_pointer(&call->fetcher), &failure);
    return failed(call, failure, error);
}

static gboolean late(const Call *call)
{
    return g_get_monotonic_time() >= call->deadline;
}

static gboolean go_on_logging_in(Call *call, GError **error)
{
    GError *failure = NULL;
    LinkEvent event = link_look(call->fetcher, &failure);
    if (event == LINK_QUIET && late(call))
        refuse(&failure, POSTERN_ERROR_TEMPORARY, "net.timeout", "try again later",
               "the connection's process makes no progress");
    if (failure)
        return login_failed(call, failure, error);
    if (event == LINK_DONE) {
        loginguard_tell(call->guard, &call->target, NULL);
        call->connection = connection_new(g_steal_pointer(&call->fetcher), call->terms);
        call->stage = READY;
    }
    return TRUE;
}

/* --- the open connection -------------------------------------------------------------------------
 */

static gboolean give_up_connection(Call *call, GError **error)
{
    g_clear_pointer(&call->connection, connection_free);
    return dial(call, error);
}

static gboolean go_on_waking(Call *call, GError **error)
{
    LinkEvent event = link_look(call->connection->fetcher, NULL);
    if (event == LINK_DONE)
        call->stage = READY;
    return event == LINK_FAILED || (event != LINK_DONE && late(call))
               ? give_up_connection(call, error)
               : TRUE;
}

/* The one there is, unless the terms have changed. */
static Connection *take_connection(const Call *call)
{
    g_autofree char *name = NULL;
    g_autoptr(Connection) connection = NULL;
    if (call->run->connections == NULL ||
        !g_hash_table_steal_extended(call->run->connections, call->target.account->name,
                                     (gpointer *)&name, (gpointer *)&connection))
        return NULL;
    return g_str_equal(connection->terms, call->terms) ? g_steal_pointer(&connection) : NULL;
}

static gboolean begin(Call *call, GError **error)
{
    call->connection = take_connection(call);
    if (call->connection == NULL)
        return dial(call, error);
    enter(call, WAKING, WAKE_MS);
    return link_wake(call->connection->fetcher, NULL) || give_up_connection(call, error);
}

/* --- all together -------------------------------------------------------------------------- */

Call *call_new(const EngineRun *run, const LoginGuard *guard, const Account *account,
               const Secret *secret, GError **error)
{
    const Company *company = &run->config->company;
    g_autoptr(Call) call = g_new0(Call, 1);
    call->run = run;
    call->guard = guard;
    call->secret = secret ? secret_copy(secret) : NULL;
    call->reached = -1;
    call->way = LINK_NO_WAY;
    call->endpoint = endpoint_of(account, account->fetch, company, error);
    call->target = (LinkTarget){.company = company,
                                .account = account,
                                .endpoint = call->endpoint,
                                .trace = run->trace,
                                .stop_fd = run->stop_fd};
    if (call->endpoint && sensitive_has_key(run->config, account, error) &&
        endpoint_fits(call->endpoint, FALSE, error) &&
        (call->ca_sets = trust_load(company, error)) != NULL) {
        if (run->connections)
            call->terms = connection_terms(company, account, call->endpoint, call->ca_sets);
        return begin(call, error) ? g_steal_pointer(&call) : NULL;
    }
    if (run->connections)
        g_hash_table_remove(run->connections, account->name);
    return NULL;
}

void call_free(Call *call)
{
    if (call == NULL)
        return;
    if (call->thread)
        g_thread_join(call->thread);
    link_way_clear(&call->way);
    if (call->reached >= 0)
        close(call->reached);
    fetcher_free(call->fetcher);
    connection_free(call->connection);
    g_clear_error(&call->failure);
    endpoint_free(call->endpoint);
    secret_free(call->secret);
    g_clear_pointer(&call->ca_sets, g_ptr_array_unref);
    g_free(call->terms);
    g_free(call);
}

int call_fd(const Call *call)
{
    switch (call->stage) {
    case WAKING: return link_fd(call->connection->fetcher);
    case REACHING: return call->reached;
    case LOGGING_IN: return link_fd(call->fetcher);
    default: return -1;
    }
}

gint64 call_deadline(const Call *call)
{
    return call->stage == READY ? 0 : call->deadline;
}

static gboolean has_reached(const Call *call)
{
    struct pollfd fd = {.fd = call->reached, .events = POLLIN};
    return poll(&fd, 1, 0) > 0;
}

CallState call_go_on(Call *call, GError **error)
{
    gboolean ok = TRUE;
    if (call->stage == WAKING)
        ok = go_on_waking(call, error);
    if (ok && call->stage == REACHING && has_reached(call))
        ok = begin_login(call, error);
    if (ok && call->stage == LOGGING_IN)
        ok = go_on_logging_in(call, error);
    return !ok ? CALL_FAILED : call->stage == READY ? CALL_READY : CALL_WAITING;
}

Connection *call_take(Call *call)
{
    return g_steal_pointer(&call->connection);
}

const Secret *call_secret(const Call *call)
{
    return call->secret;
}

const VettedEndpoint *call_endpoint(const Call *call)
{
    return call->endpoint;
}
