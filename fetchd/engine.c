/* See engine.h. */
#include "fetchd/engine.h"

#include <poll.h>

#include "core/error.h"
#include "core/interrupt.h"
#include "crypto/unlock.h"
#include "fetchd/call.h"
#include "fetchd/pass.h"
#include "store/absorb.h"
#include "store/matchkey.h"
#include "store/vault-logins.h"

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
    const EngineRun *run;
    VaultWriter *writer;
    LoginGuard guard;
    GPtrArray *calls;    /* Call *, or NULL where there is nothing to wait for any more */
    GPtrArray *outcomes; /* in the same order */
} Engine;

/* What ends by itself, or by a new connection. */
static gboolean is_lost(const GError *failure)
{
    static const char *const rules[] = {
        "server.closed", "server.unreachable", "server.timeout", "server.dns",  "server.busy",
        "tls.truncated", "tls.handshake",      "net.gone",       "net.timeout", "server.tunnel"};
    for (gsize i = 0; i < G_N_ELEMENTS(rules); i++)
        if (g_strcmp0(postern_error_rule(failure), rules[i]) == 0)
            return TRUE;
    return FALSE;
}

static gboolean wants_brief(const EngineRun *run, const char *account)
{
    return run->brief && g_strv_contains((const char *const *)run->brief, account);
}

/* Its connection watches from now on, when it may stay open. */
static void keep_connection(Engine *engine, const Account *account, Connection *connection)
{
    if (connection->watched && link_idle(connection->fetcher, NULL))
        g_hash_table_insert(engine->run->connections, g_strdup(account->name), connection);
    else
        connection_free(connection);
}

static gboolean fetch(Engine *engine, const Account *account, Call *call, Outcome *outcome,
                      GError **error)
{
    Connection *connection = call_take(call);
    gboolean imap = endpoint_scheme(call_endpoint(call)) == SCHEME_IMAPS;
    outcome->brief = connection->watched && wants_brief(engine->run, account->name);
    Pass pass = {
        .run = engine->run,
        .account = account,
        .writer = engine->writer,
        .fetcher = connection->fetcher,
        .outcome = outcome,
        .only = endpoint_mailbox(call_endpoint(call)),
        .watched = imap && engine->run->connections ? &connection->watched : NULL,
    };
    gboolean ok = imap ? pass_imap(&pass, error) : pass_pop3(&pass, error);
    g_clear_error(&pass.no);
    outcome->alert = connection->fetcher->alert(connection->fetcher);
    if (pass.watched && (ok || (error && pass_said_no(*error))))
        keep_connection(engine, account, connection);
    else
        connection_free(connection);
    return ok;
}

/* The call has come to its end, READY or not: the pass, and what becomes of it. */
static void conclude(Engine *engine, const Account *account, guint at, gboolean ready)
{
    Outcome *outcome = engine->outcomes->pdata[at];
    Call *call = engine->calls->pdata[at];
    gboolean ok = ready && fetch(engine, account, call, outcome, &outcome->failure);
    g_clear_pointer((Call **)&engine->calls->pdata[at], call_free);
    int code = ok ? 0 : postern_exit_code(outcome->failure);
    outcome->lost = is_lost(outcome->failure);
    g_autoptr(GError) late = NULL;
    if (!vault_note_sync(engine->writer, account->name, code, &late) && ok)
        outcome->failure = g_steal_pointer(&late);
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

/* --- many calls at once -------------------------------------------------------------------- */

static gboolean was_interrupted(const Outcome *outcome)
{
    return g_strcmp0(postern_error_rule(outcome->failure), "run.interrupted") == 0;
}

static guint waiting(const Engine *engine)
{
    guint n = 0;
    for (guint i = 0; i < engine->calls->len; i++)
        n += engine->calls->pdata[i] != NULL;
    return n;
}

/* Until a call may go on. */
static void await_calls(const Engine *engine)
{
    g_autoptr(GArray) fds = g_array_new(FALSE, FALSE, sizeof(struct pollfd));
    struct pollfd fd = {.fd = engine->run->stop_fd, .events = POLLIN};
    gint64 until = G_MAXINT64, now = g_get_monotonic_time();
    g_array_append_val(fds, fd);
    for (guint i = 0; i < engine->calls->len; i++) {
        const Call *call = engine->calls->pdata[i];
        if (call == NULL)
            continue;
        fd.fd = call_fd(call);
        until = MIN(until, call_deadline(call));
        g_array_append_val(fds, fd);
    }
    gint64 left = until == G_MAXINT64 ? -1 : (MAX(until - now, 0) + 999) / 1000;
    (void)poll((struct pollfd *)(void *)fds->data, fds->len, (int)MIN(left, G_MAXINT32));
}

/* FALSE when the run is over before its time. */
static gboolean go_on(Engine *engine, const GPtrArray *accounts)
{
    for (guint i = 0; i < engine->calls->len; i++) {
        Outcome *outcome = engine->outcomes->pdata[i];
        if (engine->calls->pdata[i] == NULL)
            continue;
        if (interrupted(engine->run->stop_fd, &outcome->failure))
            return FALSE;
        CallState state = call_go_on(engine->calls->pdata[i], &outcome->failure);
        if (state == CALL_WAITING)
            continue;
        conclude(engine, accounts->pdata[i], i, state == CALL_READY);
        if (was_interrupted(outcome))
            return FALSE;
    }
    return TRUE;
}

/* Of an account whose pass did not begin there is nothing to tell. */
static void forget_rest(Engine *engine)
{
    for (guint i = engine->calls->len; i-- > 0;) {
        const Outcome *outcome = engine->outcomes->pdata[i];
        if (engine->calls->pdata[i] && outcome->failure == NULL)
            g_ptr_array_remove_index(engine->outcomes, i);
    }
}

static void free_call(gpointer call)
{
    call_free(call);
}

static GPtrArray *run_all(Engine *engine, const GPtrArray *accounts)
{
    g_autoptr(GPtrArray) calls = g_ptr_array_new_with_free_func(free_call);
    engine->calls = calls;
    engine->outcomes = g_ptr_array_new_with_free_func(free_outcome);
    gboolean going = TRUE;
    for (guint i = 0; going && i < accounts->len; i++) {
        Outcome *outcome = g_new0(Outcome, 1);
        const Account *account = accounts->pdata[i];
        outcome->account = g_strdup(account->name);
        g_ptr_array_add(engine->outcomes, outcome);
        g_ptr_array_add(calls, call_new(engine->run, &engine->guard, account, &outcome->failure));
        if (calls->pdata[i] == NULL)
            conclude(engine, account, i, FALSE);
        going = !was_interrupted(outcome);
    }
    for (going = going && go_on(engine, accounts); going && waiting(engine) > 0;
         going = go_on(engine, accounts))
        await_calls(engine);
    forget_rest(engine);
    return engine->outcomes;
}

GPtrArray *engine_sync(const EngineRun *run, GError **error)
{
    g_autoptr(GPtrArray) accounts = chosen(run, error);
    g_autoptr(Vault) vault = accounts ? vault_open(run->store, error) : NULL;
    g_autoptr(Secret) match_key = vault ? matchkey_load(vault, error) : NULL;
    g_autoptr(VaultWriter) writer = match_key ? vault_writer_new(vault, match_key, error) : NULL;
    if (writer == NULL)
        return NULL;
    Engine engine = {.run = run, .writer = writer, .guard = {vault, match_key}};
    return run_all(&engine, accounts);
}

gboolean engine_absorb_unlocked(const Config *config, const char *store, guint64 *absorbed,
                                GError **error)
{
    *absorbed = 0;
    g_autoptr(Vault) vault = vault_open(store, error);
    if (vault == NULL)
        return FALSE;
    g_autoptr(Secret) key = unlock_cached(vault_id(vault));
    if (key == NULL)
        return TRUE;
    g_autoptr(Index) index = index_open(store, vault_id(vault), key, error);
    const AbsorbOptions options = {.share = config->crypto_index, .may_decrypt = FALSE};
    return index && absorb(vault, key, index, &options, absorbed, error);
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
