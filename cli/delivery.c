/* See delivery.h. */
#include "cli/delivery.h"

#include "core/error.h"
#include "core/interrupt.h"
#include "fetchd/dispatch.h"
#include "fetchd/filing.h"
#include "fetchd/owncopy.h"
#include "mime/address.h"

/* --- copies -------------------------------------------------------------------------------- */

static void free_copy(gpointer data)
{
    OutboxLetter *copy = data;
    g_ptr_array_unref(copy->recipients);
    g_bytes_unref(copy->letter);
    g_clear_pointer(&copy->copy, g_bytes_unref);
    g_free(copy);
}

typedef struct {
    const Account *account;
    const Letter *letter;
    const LetterIdentity *identity;
    const Protect *protect;
    const Notice *notice;
    GPtrArray *copies;
} Copying;

static gboolean add_copy(const Copying *self, GPtrArray *envelope, char **keys, GError **error)
{
    GBytes *bytes =
        pgpmime_finish(self->letter, self->identity, keys, self->protect->signer, error);
    if (bytes == NULL)
        return FALSE;
    OutboxLetter *copy = g_new0(OutboxLetter, 1);
    *copy = (OutboxLetter){.account = self->account->name,
                           .from = self->letter->from->address,
                           .subject = self->letter->subject,
                           .recipients = g_ptr_array_ref(envelope),
                           .encrypted = keys != NULL,
                           .letter = bytes,
                           .unattended = self->account->outbox_key != NULL,
                           .sensitive = self->protect->sensitive,
                           .share = self->protect->share,
                           .notice = *self->notice};
    g_ptr_array_add(self->copies, copy);
    return TRUE;
}

static gboolean add_hidden(const Copying *self, GError **error)
{
    const GPtrArray *bcc = self->letter->bcc;
    for (guint i = 0; i < bcc->len; i++) {
        g_autoptr(GPtrArray) envelope = g_ptr_array_new();
        g_ptr_array_add(envelope, ((Mailbox *)bcc->pdata[i])->address);
        if (!add_copy(self, envelope, self->protect->bcc_keys->pdata[i], error))
            return FALSE;
    }
    return TRUE;
}

/* What the sender keeps: what the others got or, where it names those of Bcc, one that nobody else
 * gets, in the same form. */
static GBytes *make_own(const Copying *self, GError **error)
{
    Letter own = *self->letter;
    char *const keys[] = {self->account->key, NULL};
    own.own = TRUE;
    if (own.bcc->len == 0)
        return g_bytes_ref(((OutboxLetter *)self->copies->pdata[0])->letter);
    return pgpmime_finish(&own, self->identity, self->protect->encrypt_to ? (char **)keys : NULL,
                          self->protect->signer, error);
}

static gboolean add_own(const Copying *self, GError **error)
{
    if (!owncopy_wanted(self->account))
        return TRUE;
    g_autoptr(GBytes) own = make_own(self, error);
    for (guint i = 0; own && i < self->copies->len; i++)
        ((OutboxLetter *)self->copies->pdata[i])->copy = g_bytes_ref(own);
    return own != NULL;
}

GPtrArray *delivery_copies(const Account *account, const Letter *letter,
                           const LetterIdentity *identity, const Protect *protect,
                           const Notice *notice, GError **error)
{
    g_autoptr(GPtrArray) copies = g_ptr_array_new_with_free_func(free_copy);
    const Copying self = {account, letter, identity, protect, notice, copies};
    g_autoptr(GPtrArray) envelope = g_ptr_array_new();
    address_gather(letter->to, envelope);
    address_gather(letter->cc, envelope);
    if (protect->encrypt_to == NULL)
        address_gather(letter->bcc, envelope);
    gboolean fine = (envelope->len == 0 || add_copy(&self, envelope, protect->encrypt_to, error)) &&
                    (protect->encrypt_to == NULL || add_hidden(&self, error)) &&
                    add_own(&self, error);
    return fine ? g_steal_pointer(&copies) : NULL;
}

/* --- sending ------------------------------------------------------------------------------- */

/* Of several failures the worse one is told. */
static void keep(GError **kept, const GError *failure)
{
    int code = postern_exit_code(failure), known = postern_exit_code(*kept);
    if (*kept && postern_worse(code, known) == known)
        return;
    g_clear_error(kept);
    *kept = g_error_copy(failure);
}

static void add_to(Delivery *result, Fate fate, const char *recipient)
{
    g_ptr_array_add(result->recipients[fate], g_strdup(recipient));
}

static void add_all(Delivery *result, Fate fate, const OutboxClaim *claim)
{
    const GPtrArray *recipients = outbox_claim_letter(claim)->recipients;
    for (guint i = 0; i < recipients->len; i++)
        add_to(result, fate, recipients->pdata[i]);
    if (fate == FATE_QUEUED)
        g_ptr_array_add(result->waiting, g_strdup(outbox_claim_id(claim)));
}

typedef struct {
    const Context *context;
    Sending *sending;
    Delivery *result;
    const PostedDraft *draft;
    OutboxClaim *filing; /* the sender's copy, for the server; or NULL */
    gboolean stopped;    /* nothing further is tried, */
    gboolean dropped;    /* nor kept */
} Run;

/* Is there anybody who got it, may have got it or will get it? */
static gboolean is_on_its_way(const Delivery *result)
{
    return result->recipients[FATE_SENT]->len + result->recipients[FATE_DOUBT]->len +
               result->recipients[FATE_QUEUED]->len >
           0;
}

/* Takes it back: it is to be sent again as a whole. */
static void drop(const Run *run, OutboxClaim *claim)
{
    guint n = outbox_claim_letter(claim)->recipients->len;
    g_autofree OutboxState *states = g_new0(OutboxState, n);
    g_autoptr(GError) failure = NULL;
    if (run->draft) { /* with the others, or not at all */
        add_all(run->result, is_on_its_way(run->result) ? FATE_QUEUED : FATE_UNSENT, claim);
        return;
    }
    add_all(run->result, FATE_UNSENT, claim);
    if (!vault_outbox_settle(run->context->vault, claim, states, NULL, NULL, &failure))
        keep(&run->result->failure, failure);
}

/* TRUE when somebody has the letter, may have it, or will. */
static gboolean take_fates(const Run *run, const Dispatch *sent, const OutboxClaim *claim)
{
    Delivery *result = run->result;
    gboolean any = FALSE, waiting[OUTBOX_FILING + 1] = {FALSE};
    for (guint i = 0; i < sent->recipients->len; i++) {
        const GError *why = sent->why->pdata[i];
        gboolean ends = run->draft && why && !dispatch_may_wait(why) && !is_on_its_way(result);
        Fate fate = sent->states[i] == OUTBOX_DOUBT             ? FATE_DOUBT
                    : sent->states[i] == OUTBOX_QUEUED && !ends ? FATE_QUEUED
                    : why                                       ? FATE_UNSENT
                                                                : FATE_SENT;
        add_to(result, fate, sent->recipients->pdata[i]);
        any |= fate != FATE_UNSENT;
        waiting[sent->states[i]] |=
            fate == FATE_QUEUED || fate == FATE_DOUBT || sent->states[i] == OUTBOX_FAILED;
        if (why)
            keep(fate == FATE_QUEUED ? &result->reason : &result->failure, why);
    }
    for (OutboxState state = OUTBOX_QUEUED; state <= OUTBOX_FAILED; state++)
        if (waiting[state])
            g_ptr_array_add(result->waiting, g_strdup(outbox_claim_row(claim, state)));
    if (waiting[OUTBOX_DOUBT])
        g_ptr_array_add(result->doubtful, g_strdup(outbox_claim_row(claim, OUTBOX_DOUBT)));
    return any;
}

static void hand_over(Run *run, OutboxClaim *claim, gboolean leads)
{
    g_auto(Dispatch) sent = {0};
    g_autoptr(GError) failure = NULL;
    if (!dispatch(run->context->vault, claim, run->sending, run->draft ? KEEP_ALL : KEEP_WAITING,
                  &sent, &failure))
        keep(&run->result->failure, failure);
    if (run->filing == NULL)
        run->filing = g_steal_pointer(&sent.filing);
    gboolean any = take_fates(run, &sent, claim);
    if (was_interrupted(sent.failure))
        keep(&run->result->failure, sent.failure);
    run->stopped = sent.ended || (leads && sent.failure && !any) || failure;
    run->dropped = run->stopped && !any;
}

static void run_all(Run *run, const GPtrArray *claims, gboolean leads)
{
    for (guint i = 0; i < claims->len; i++)
        if (!run->stopped)
            hand_over(run, claims->pdata[i], leads && i == 0);
        else if (run->dropped)
            drop(run, claims->pdata[i]);
        else
            add_all(run->result, FATE_QUEUED, claims->pdata[i]);
}

/* What is not done now waits. */
static void file_copy(const Run *run, const Account *account)
{
    const Context *context = run->context;
    g_autoptr(GError) failure = NULL;
    g_autoptr(Filing) filing =
        filing_new(context->config, account, context->store, context->trace, interrupt_open(FALSE));
    if (!filing_claim(filing, context->vault, run->filing, &run->result->unfiled, &failure))
        keep(&run->result->failure, failure);
}

static void take_back(const Context *context, PostedDraft *draft, const GPtrArray *claims,
                      Delivery *result)
{
    g_autoptr(GError) failure = NULL;
    draft->returned =
        vault_draft_return(context->vault, draft->draft, draft->content, claims, &failure);
    if (draft->returned)
        g_ptr_array_set_size(result->waiting, 0);
    else
        keep(&result->failure, failure);
}

static gboolean put_down(const Context *context, const GPtrArray *copies, const PostedDraft *draft,
                         GPtrArray *claims, GError **error)
{
    return draft ? vault_draft_submit(context->vault, draft->draft, copies, claims, error)
                 : vault_outbox_add(context->vault, copies, claims, error);
}

gboolean delivery_run(const Context *context, const Account *account, const GPtrArray *copies,
                      gboolean leads, gboolean queue, gboolean file, PostedDraft *draft,
                      Delivery *result, GError **error)
{
    *result = (Delivery){.waiting = g_ptr_array_new_with_free_func(g_free),
                         .doubtful = g_ptr_array_new_with_free_func(g_free)};
    for (guint i = 0; i < N_FATES; i++)
        result->recipients[i] = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) claims = g_ptr_array_new();
    if (!put_down(context, copies, draft, claims, error))
        return FALSE;
    g_autoptr(Sending) sending = NULL;
    Run run = {.context = context, .result = result, .draft = draft, .stopped = queue};
    if (!queue)
        run.sending = sending = sending_new(context->config, account, context->store,
                                            context->trace, interrupt_open(FALSE));
    run_all(&run, claims, leads);
    if (run.filing && file)
        file_copy(&run, account);
    outbox_claim_free(run.filing);
    if (draft && !is_on_its_way(result))
        take_back(context, draft, claims, result);
    return TRUE;
}

void delivery_clear(Delivery *delivery)
{
    for (guint i = 0; i < N_FATES; i++)
        g_clear_pointer(&delivery->recipients[i], g_ptr_array_unref);
    g_clear_pointer(&delivery->waiting, g_ptr_array_unref);
    g_clear_pointer(&delivery->doubtful, g_ptr_array_unref);
    g_clear_error(&delivery->failure);
    g_clear_error(&delivery->reason);
    g_clear_error(&delivery->unfiled);
}
