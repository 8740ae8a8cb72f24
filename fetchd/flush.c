/* See flush.h. */
#include "fetchd/flush.h"

#include "core/error.h"
#include "core/interrupt.h"
#include "core/limits.h"
#include "core/text.h"
#include "fetchd/filing.h"
#include "fetchd/owncopy.h"
#include "policy/outgoing.h"

typedef struct {
    gint64 row;
    char *account;
} Waiting;

static void free_waiting(gpointer data)
{
    g_free(((Waiting *)data)->account);
    g_free(data);
}

typedef struct {
    const Flush *flush;
    GPtrArray *waiting;  /* Waiting * */
    GHashTable *sending; /* Sending *, by account */
    GHashTable *ended;   /* GError *, by account: why its letters are not tried any more */
    GHashTable *filing;  /* Filing *, by account */
    GHashTable *unfiled; /* GError *, by account: why its copies are not */
    int code;
} Run;

/* --- what is to be sent -------------------------------------------------------------------- */

static gboolean listed(char *const *list, const char *name)
{
    return list == NULL || g_strv_contains((const char *const *)list, name);
}

static gboolean take_entry(gpointer user, const OutboxEntry *entry, GError **error)
{
    (void)error;
    Run *run = user;
    const Flush *flush = run->flush;
    gint64 now = g_get_real_time() / G_USEC_PER_SEC;
    gboolean stuck = entry->state == OUTBOX_DOUBT || entry->state == OUTBOX_FAILED;
    if (entry->damaged || !listed(flush->accounts, entry->account) ||
        !listed(flush->ids, entry->id) || entry->state == OUTBOX_SENDING ||
        (stuck && !flush->again) || (flush->due && outbox_due(entry->tried, entry->tries) > now))
        return TRUE;
    Waiting *waiting = g_new0(Waiting, 1);
    *waiting = (Waiting){entry->row, g_strdup(entry->account)};
    g_ptr_array_add(run->waiting, waiting);
    return TRUE;
}

/* --- one letter ---------------------------------------------------------------------------- */

/* Policy and configuration may have changed since it was written. */
static gboolean may_go(const Run *run, const OutboxLetter *letter, GError **error)
{
    const char *outsider;
    const Company *company = &run->flush->config->company;
    if (!outgoing_vet(company, letter->recipients, &outsider, error))
        return FALSE;
    if (outsider == NULL || letter->encrypted)
        return TRUE;
    g_autofree char *shown = text_address(outsider);
    return refuse(error, POSTERN_ERROR_POLICY, "send.encrypt", "send it anew",
                  "this letter must be encrypted: it leaves the company, to %s", shown);
}

static gboolean is_fresh(const OutboxClaim *claim, GError **error)
{
    gint64 now = g_get_real_time() / G_USEC_PER_SEC;
    return now - outbox_claim_since(claim) <= LIMIT_OUTBOX_AGE_S ||
           refuse(error, POSTERN_ERROR_TEMPORARY, "send.old",
                  "see what is wrong, then 'postern outbox flush --again', or drop it",
                  "the letter could not be sent in %d days", LIMIT_OUTBOX_AGE_S / (24 * 3600));
}

/* Without a server having been asked: all its recipients get STATE because of FAILURE, taken. */
static gboolean settle_all(const Run *run, OutboxClaim *claim, OutboxState state, GError *failure,
                           Dispatch *result, GError **error)
{
    const GPtrArray *recipients = outbox_claim_letter(claim)->recipients;
    *result = (Dispatch){.recipients = g_ptr_array_new_with_free_func(g_free),
                         .states = g_new0(OutboxState, recipients->len),
                         .why = g_ptr_array_new_with_free_func((GDestroyNotify)g_error_free),
                         .failure = failure};
    for (guint i = 0; i < recipients->len; i++) {
        g_ptr_array_add(result->recipients, g_strdup(recipients->pdata[i]));
        g_ptr_array_add(result->why, g_error_copy(failure));
        result->states[i] = state;
    }
    return vault_outbox_settle(run->flush->vault, claim, result->states, result->why, NULL, error);
}

static Sending *sending_of(const Run *run, const char *name, GError **error)
{
    const Flush *flush = run->flush;
    Sending *sending = g_hash_table_lookup(run->sending, name);
    if (sending)
        return sending;
    const Account *account = config_account(flush->config, name, error);
    if (account == NULL)
        return NULL;
    sending = sending_new(flush->config, account, flush->store, flush->trace, flush->stop_fd);
    g_hash_table_insert(run->sending, g_strdup(name), sending);
    return sending;
}

/* AGAIN: the user wants it, however old it is. */
static gboolean send_one(const Run *run, OutboxClaim *claim, Dispatch *result, GError **error)
{
    const OutboxLetter *letter = outbox_claim_letter(claim);
    const GError *ended = g_hash_table_lookup(run->ended, letter->account);
    GError *failure = NULL;
    if (!may_go(run, letter, &failure) || (!run->flush->again && !is_fresh(claim, &failure)))
        return settle_all(run, claim, OUTBOX_FAILED, failure, result, error);
    if (ended)
        return settle_all(run, claim, OUTBOX_QUEUED, g_error_copy(ended), result, error);
    Sending *sending = sending_of(run, letter->account, &failure);
    if (sending == NULL)
        return settle_all(run, claim, OUTBOX_QUEUED, failure, result, error);
    g_autofree char *account = g_strdup(letter->account);
    gboolean fine = dispatch(run->flush->vault, claim, sending, KEEP_ALL, result, error);
    if (result->ended)
        g_hash_table_replace(run->ended, g_steal_pointer(&account), g_error_copy(result->failure));
    return fine;
}

/* --- one copy ------------------------------------------------------------------------------ */

static Filing *filing_of(const Run *run, const Account *account)
{
    const Flush *flush = run->flush;
    Filing *filing = g_hash_table_lookup(run->filing, account->name);
    if (filing == NULL) {
        filing = filing_new(flush->config, account, flush->store, flush->trace, flush->stop_fd);
        g_hash_table_insert(run->filing, g_strdup(account->name), filing);
    }
    return filing;
}

/* *WHY: it is not on the server yet. What the configuration does not want there any more is done.
 */
static gboolean file_one(const Run *run, OutboxClaim *claim, GError **why, GError **error)
{
    Vault *vault = run->flush->vault;
    const char *name = outbox_claim_letter(claim)->account;
    const GError *ended = g_hash_table_lookup(run->unfiled, name);
    const Account *account = config_account(run->flush->config, name, why);
    if (account && !owncopy_filed(account))
        return filing_put_off(vault, claim, NULL, error);
    if (ended && account)
        g_propagate_error(why, g_error_copy(ended));
    if (ended || account == NULL)
        return filing_put_off(vault, claim, *why, error);
    if (!filing_claim(filing_of(run, account), vault, claim, why, error))
        return FALSE;
    if (*why)
        g_hash_table_replace(run->unfiled, g_strdup(account->name), g_error_copy(*why));
    return TRUE;
}

static gboolean file_copy(Run *run, OutboxClaim *claim, GError **error)
{
    GError *why = NULL;
    gboolean fine = file_one(run, claim, &why, error);
    const Dispatch result = {.failure = why};
    const FlushNews news = {claim, outbox_claim_letter(claim), &result, TRUE};
    run->code = postern_worse(run->code, postern_exit_code(why));
    if (run->flush->tell)
        run->flush->tell(run->flush->user, &news);
    g_clear_error(&why);
    return fine;
}

/* ------------------------------------------------------------------------------------------- */

static gboolean flush_letter(Run *run, OutboxClaim *claim, GError **error)
{
    g_auto(Dispatch) result = {0};
    gboolean fine = send_one(run, claim, &result, error);
    const FlushNews news = {claim, outbox_claim_letter(claim), &result, FALSE};
    run->code = postern_worse(run->code, postern_exit_code(result.failure));
    if (run->flush->tell)
        run->flush->tell(run->flush->user, &news);
    return fine && (result.filing == NULL || file_copy(run, result.filing, error));
}

static gboolean flush_row(Run *run, gint64 row, GError **error)
{
    const Flush *flush = run->flush;
    g_autoptr(GError) failure = NULL;
    g_autoptr(OutboxClaim) claim =
        vault_outbox_claim(flush->vault, flush->vault_private, row, flush->again, &failure);
    if (claim == NULL) {
        if (failure)
            g_propagate_error(error, g_steal_pointer(&failure));
        return error == NULL || *error == NULL; /* somebody else was faster */
    }
    return outbox_claim_state(claim) == OUTBOX_FILING ? file_copy(run, claim, error)
                                                      : flush_letter(run, claim, error);
}

gboolean flush_run(const Flush *flush, int *code, GError **error)
{
    g_autoptr(GPtrArray) waiting = g_ptr_array_new_with_free_func(free_waiting);
    g_autoptr(GHashTable) sending =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)sending_free);
    g_autoptr(GHashTable) ended =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_error_free);
    g_autoptr(GHashTable) filing =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)filing_free);
    g_autoptr(GHashTable) unfiled =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_error_free);
    Run run = {flush, waiting, sending, ended, filing, unfiled, 0};
    gboolean fine = vault_outbox_list(flush->vault, flush->vault_private, take_entry, &run, error);
    for (guint i = 0; fine && i < waiting->len; i++)
        fine = !interrupted(flush->stop_fd, error) &&
               flush_row(&run, ((Waiting *)waiting->pdata[i])->row, error);
    *code = run.code;
    return fine;
}
