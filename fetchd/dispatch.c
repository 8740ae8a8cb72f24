/* See dispatch.h. */
#include "fetchd/dispatch.h"

#include "core/error.h"

typedef struct {
    Vault *vault;
    OutboxClaim *claim;
    DispatchKeep keep;
    Dispatch *result;
    OutboxMove *move; /* of the sender's copy, once it is sent */
    gboolean asked;   /* the dot may be out */
    GError *trouble;  /* with the outbox */
} Run;

static gboolean says(const GError *failure, const char *rule)
{
    return g_strcmp0(postern_error_rule(failure), rule) == 0;
}

gboolean dispatch_may_wait(const GError *failure)
{
    int code = postern_exit_code(failure);
    return !says(failure, "send.doubt") &&
           (code == POSTERN_ERROR_TEMPORARY || code == POSTERN_ERROR_UNREACHABLE);
}

static void clear_reason(gpointer reason)
{
    if (reason)
        g_error_free(reason);
}

void dispatch_clear(Dispatch *dispatch)
{
    g_clear_pointer(&dispatch->recipients, g_ptr_array_unref);
    g_clear_pointer(&dispatch->states, g_free);
    g_clear_pointer(&dispatch->why, g_ptr_array_unref);
    g_clear_error(&dispatch->failure);
    g_clear_pointer(&dispatch->filing, outbox_claim_free);
}

static void begin(Dispatch *result, const OutboxLetter *letter)
{
    guint n = letter->recipients->len;
    result->recipients = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < n; i++)
        g_ptr_array_add(result->recipients, g_strdup(letter->recipients->pdata[i]));
    result->states = g_new0(OutboxState, n);
    result->why = g_ptr_array_new_with_free_func(clear_reason);
    g_ptr_array_set_size(result->why, (gint)n);
}

/* What becomes of those who do not get it because of FAILURE. */
static OutboxState kept(const Run *run, const GError *failure)
{
    if (says(failure, "send.doubt"))
        return OUTBOX_DOUBT;
    if (dispatch_may_wait(failure))
        return OUTBOX_QUEUED;
    if (run->keep == KEEP_WAITING)
        return OUTBOX_GONE;
    return postern_exit_code(failure) == POSTERN_ERROR_INPUT ? OUTBOX_FAILED : OUTBOX_QUEUED;
}

static void note(const Run *run, guint i, const GError *failure)
{
    run->result->states[i] = kept(run, failure);
    run->result->why->pdata[i] = g_error_copy(failure);
}

/* The server has said who does not get it; now the others may. */
static gboolean before_dot(gpointer user, const GPtrArray *refused, GError **error)
{
    Run *run = user;
    Dispatch *result = run->result;
    if (run->asked || refused->len != result->recipients->len)
        return refuse(error, POSTERN_ERROR_BUG, "send.dot", NULL, "a letter was to end twice");
    for (guint i = 0; i < refused->len; i++)
        if (refused->pdata[i])
            note(run, i, refused->pdata[i]);
        else
            result->states[i] = OUTBOX_DOUBT;
    run->asked = vault_outbox_settle(run->vault, run->claim, result->states, result->why, NULL,
                                     &run->trouble);
    if (run->asked)
        return TRUE;
    g_propagate_error(error, g_error_copy(run->trouble));
    return FALSE;
}

/* The last word on those whose fate is open still: FAILURE, or NULL when they have it. */
static gboolean settle(Run *run, const GError *failure, const GPtrArray *refused, GError **error)
{
    Dispatch *result = run->result;
    g_autofree OutboxState *states = g_new0(OutboxState, result->recipients->len);
    g_autoptr(GPtrArray) why = g_ptr_array_new();
    guint open = 0;
    for (guint i = 0; i < result->recipients->len; i++) {
        const GError *own = !run->asked && i < refused->len ? refused->pdata[i] : NULL;
        if (run->asked && result->states[i] != OUTBOX_DOUBT)
            continue;
        result->states[i] = OUTBOX_GONE;
        if (failure)
            note(run, i, own ? own : failure);
        states[open++] = result->states[i];
        g_ptr_array_add(why, result->why->pdata[i]);
    }
    return vault_outbox_settle(run->vault, run->claim, states, why, failure ? NULL : run->move,
                               error);
}

/* TRIED: it got as far as the server. */
static void sum_up(Dispatch *result, gboolean tried, GError *failure)
{
    result->ended = tried && failure && !sending_goes_on(failure);
    result->failure = failure;
    for (guint i = 0; i < result->why->len && result->failure == NULL; i++)
        if (result->why->pdata[i])
            result->failure = g_error_copy(result->why->pdata[i]);
}

gboolean dispatch(Vault *vault, OutboxClaim *claim, Sending *sending, DispatchKeep keep,
                  Dispatch *result, GError **error)
{
    const OutboxLetter *letter = outbox_claim_letter(claim);
    g_autoptr(GPtrArray) refused = link_refusals_new();
    GError *failure = NULL;
    g_autoptr(OwnCopy) copy = sending_copy(sending, vault, letter, &failure);
    OutboxMove move = {.copy = copy, .file = sending_files(sending)};
    Run run = {.vault = vault, .claim = claim, .keep = keep, .result = result, .move = &move};
    LetterWay way = {refused, before_dot, &run, &letter->notice};
    *result = (Dispatch){.failure = NULL};
    begin(result, letter);
    gboolean tried = failure == NULL;
    if (tried)
        (void)!sending_letter(sending, letter->from, result->recipients, letter->letter, &way,
                              &failure);
    gboolean fine = run.trouble == NULL && settle(&run, failure, refused, error);
    if (run.trouble) {
        for (guint i = 0; i < result->recipients->len; i++)
            result->states[i] = OUTBOX_QUEUED;
        g_propagate_error(error, run.trouble);
    }
    result->filing = move.filing;
    sum_up(result, tried, failure);
    return fine;
}

gboolean dispatch_arrived(Vault *vault, OutboxClaim *claim, Sending *sending, GError **error)
{
    const OutboxLetter *letter = outbox_claim_letter(claim);
    g_autofree OutboxState *gone = g_new0(OutboxState, letter->recipients->len);
    g_autoptr(GError) failure = NULL;
    g_autoptr(OwnCopy) copy = sending_copy(sending, vault, letter, &failure);
    OutboxMove move = {.copy = copy, .file = sending_files(sending)};
    if (failure) {
        g_propagate_error(error, g_steal_pointer(&failure));
        return FALSE;
    }
    gboolean fine = vault_outbox_settle(vault, claim, gone, NULL, &move, error);
    outbox_claim_free(move.filing);
    return fine;
}
