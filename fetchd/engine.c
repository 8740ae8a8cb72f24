/* See engine.h. */
#include "fetchd/engine.h"

#include "core/error.h"
#include "crypto/unlock.h"
#include "fetchd/login.h"
#include "fetchd/loginguard.h"
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
    Vault *vault;
    const Secret *match_key;
    VaultWriter *writer;
} Engine;

static gboolean fetch(Engine *engine, const Account *account, Outcome *outcome, GError **error)
{
    const Company *company = &engine->run->config->company;
    g_autoptr(VettedEndpoint) endpoint = endpoint_of(account, account->fetch, company, error);
    if (endpoint == NULL || !endpoint_fits(endpoint, FALSE, error))
        return FALSE;
    g_autoptr(Secret) secret = login_secret(account, endpoint, engine->vault, engine->match_key,
                                            engine->run->stop_fd, error);
    if (secret == NULL)
        return FALSE;
    const LinkTarget target = {
        .company = company,
        .account = account,
        .endpoint = endpoint,
        .secret = secret,
        .trace = engine->run->trace,
        .stop_fd = engine->run->stop_fd,
    };
    const LoginGuard guard = {engine->vault, engine->match_key};
    g_autoptr(Fetcher) fetcher = loginguard_fetcher(&guard, &target, error);
    if (fetcher == NULL)
        return FALSE;
    Pass pass = {
        .run = engine->run,
        .account = account,
        .writer = engine->writer,
        .fetcher = fetcher,
        .outcome = outcome,
        .only = endpoint_mailbox(endpoint),
    };
    gboolean ok = endpoint_scheme(endpoint) == SCHEME_IMAPS ? pass_imap(&pass, error)
                                                            : pass_pop3(&pass, error);
    g_clear_error(&pass.no);
    outcome->alert = fetcher->alert(fetcher);
    return ok;
}

static Outcome *pass_over(Engine *engine, const Account *account)
{
    Outcome *outcome = g_new0(Outcome, 1);
    outcome->account = g_strdup(account->name);
    gboolean ok = fetch(engine, account, outcome, &outcome->failure);
    int code = ok ? 0 : postern_exit_code(outcome->failure);
    g_autoptr(GError) late = NULL;
    if (!vault_note_sync(engine->writer, account->name, code, &late) && ok)
        outcome->failure = g_steal_pointer(&late);
    return outcome;
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

static gboolean was_interrupted(const Outcome *outcome)
{
    return g_strcmp0(postern_error_rule(outcome->failure), "run.interrupted") == 0;
}

GPtrArray *engine_sync(const EngineRun *run, GError **error)
{
    g_autoptr(GPtrArray) accounts = chosen(run, error);
    g_autoptr(Vault) vault = accounts ? vault_open(run->store, error) : NULL;
    g_autoptr(Secret) match_key = vault ? matchkey_load(vault, error) : NULL;
    g_autoptr(VaultWriter) writer = match_key ? vault_writer_new(vault, match_key, error) : NULL;
    if (writer == NULL)
        return NULL;
    Engine engine = {run, vault, match_key, writer};
    GPtrArray *outcomes = g_ptr_array_new_with_free_func(free_outcome);
    for (guint i = 0; i < accounts->len; i++) {
        Outcome *outcome = pass_over(&engine, accounts->pdata[i]);
        g_ptr_array_add(outcomes, outcome);
        if (was_interrupted(outcome))
            break;
    }
    return outcomes;
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
