/* See delivery.h. */
#include "cli/delivery.h"

#include "core/error.h"
#include "fetchd/sending.h"

typedef struct {
    const Letter *letter;
    const LetterIdentity *identity;
    const Protect *protect;
    CopyTaker taker;
    gpointer user;
    Delivery *result;
    gboolean stopped; /* nothing further is tried */
} Run;

static void add_addresses(GPtrArray *all, const GPtrArray *mailboxes)
{
    for (guint i = 0; i < mailboxes->len; i++)
        g_ptr_array_add(all, ((Mailbox *)mailboxes->pdata[i])->address);
}

static gboolean says(const GError *failure, const char *rule)
{
    return g_strcmp0(postern_error_rule(failure), rule) == 0;
}

/* Of several failures the worse one is told. */
static void keep(Delivery *result, GError *failure)
{
    int code = postern_exit_code(failure), known = postern_exit_code(result->failure);
    if (result->failure && postern_worse(code, known) == known) {
        g_error_free(failure);
        return;
    }
    g_clear_error(&result->failure);
    result->failure = failure;
}

static void hand_over(Run *run, const GPtrArray *envelope, char **keys)
{
    g_autoptr(GError) failure = NULL;
    Fate fate = FATE_UNSENT;
    if (!run->stopped) {
        g_autoptr(GBytes) copy =
            pgpmime_finish(run->letter, run->identity, keys, run->protect->signer, &failure);
        if (copy && run->taker(run->user, envelope, copy, &failure))
            fate = FATE_SENT;
        else if (says(failure, "send.doubt"))
            fate = FATE_DOUBT;
    }
    for (guint i = 0; i < envelope->len; i++)
        g_ptr_array_add(run->result->recipients[fate], envelope->pdata[i]);
    if (failure == NULL)
        return;
    run->stopped = !sending_goes_on(failure);
    keep(run->result, g_steal_pointer(&failure));
}

static void hand_over_bcc(Run *run)
{
    for (guint i = 0; i < run->letter->bcc->len; i++) {
        g_autoptr(GPtrArray) envelope = g_ptr_array_new();
        g_ptr_array_add(envelope, ((Mailbox *)run->letter->bcc->pdata[i])->address);
        hand_over(run, envelope, run->protect->bcc_keys->pdata[i]);
    }
}

void delivery_run(const Letter *letter, const LetterIdentity *identity, const Protect *protect,
                  CopyTaker taker, gpointer user, Delivery *result)
{
    Run run = {letter, identity, protect, taker, user, result, FALSE};
    for (guint i = 0; i < N_FATES; i++)
        result->recipients[i] = g_ptr_array_new();
    result->failure = NULL;
    g_autoptr(GPtrArray) envelope = g_ptr_array_new();
    add_addresses(envelope, letter->to);
    add_addresses(envelope, letter->cc);
    if (protect->encrypt_to == NULL)
        add_addresses(envelope, letter->bcc);
    if (envelope->len > 0)
        hand_over(&run, envelope, protect->encrypt_to);
    /* A letter that is not taken is to be sent again as a whole. */
    run.stopped |= result->failure != NULL;
    if (protect->encrypt_to)
        hand_over_bcc(&run);
}

void delivery_clear(Delivery *delivery)
{
    for (guint i = 0; i < N_FATES; i++)
        g_clear_pointer(&delivery->recipients[i], g_ptr_array_unref);
    g_clear_error(&delivery->failure);
}
