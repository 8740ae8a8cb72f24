/* See vault-outbox.h: what becomes of a row. */
#include <unistd.h>

#include "core/limits.h"
#include "store/vault-outbox-state.h"

/* Those of the claim's recipients who are in STATE. */
static void pick(const OutboxClaim *claim, const OutboxState *states, const GPtrArray *why,
                 OutboxState state, OutboxRecord *part)
{
    const OutboxRecord *all = &claim->record;
    *part = outbox_record_like(&claim->letter);
    for (guint i = 0; i < all->recipients->len; i++) {
        if (states[i] != state)
            continue;
        const GError *reason = why ? why->pdata[i] : NULL;
        const char *words = reason ? reason->message : all->answers->pdata[i];
        g_autofree char *cut = g_strndup(words, LIMIT_OUTBOX_ANSWER);
        g_ptr_array_add(part->recipients, g_strdup(all->recipients->pdata[i]));
        g_ptr_array_add(part->answers, g_utf8_make_valid(cut, -1));
    }
}

typedef struct {
    OutboxRecord kept; /* of those in doubt */
    gboolean any;      /* the claim's own row is in use */
    gint64 copy;       /* the row of the sender's own, 0: none, or it has moved */
} Settling;

static gboolean settle_part(Vault *vault, OutboxClaim *claim, const OutboxState *states,
                            const GPtrArray *why, OutboxState state, Settling *settling,
                            GError **error)
{
    g_auto(OutboxRecord) part = {0};
    pick(claim, states, why, state, &part);
    if (part.recipients->len == 0)
        return TRUE;
    gboolean tried = state != OUTBOX_DOUBT;
    OutboxRow row = {.row = settling->any ? 0 : claim->row,
                     .letter = claim->letter_row,
                     .copy = settling->copy,
                     .since = claim->since,
                     .tried = g_get_real_time() / G_USEC_PER_SEC,
                     .tries = claim->tries + (tried ? 1 : 0),
                     .state = state,
                     .unattended = claim->unattended,
                     .record = &part};
    if (!outbox_row_write(vault, &row, error) ||
        !outbox_row_name(vault, row.row, claim->ids[state], error))
        return FALSE;
    settling->any = TRUE;
    if (state == OUTBOX_DOUBT) {
        settling->kept = part;
        part = (OutboxRecord){0};
    }
    return TRUE;
}

/* A row for the copy that lies in LETTER: it is to be filed, and the claim on it. The lock before
 * the commit, as of a new letter. */
static gboolean add_filing(Vault *vault, const OutboxClaim *claim, gint64 letter,
                           OutboxClaim **filing, GError **error)
{
    OutboxLetter copied = claim->letter;
    copied.letter = claim->copy ? claim->copy : claim->letter.letter;
    copied.copy = NULL;
    g_autoptr(OutboxClaim) made = outbox_claim_new(&copied);
    made->state = OUTBOX_FILING;
    made->letter_row = letter;
    OutboxRow row = {.letter = letter,
                     .since = made->since,
                     .state = made->state,
                     .unattended = made->unattended,
                     .record = &made->record};
    if (!outbox_row_write(vault, &row, error) || !outbox_claim_take(vault, made, row.row, error))
        return FALSE;
    *filing = g_steal_pointer(&made);
    return TRUE;
}

/* Known within the transaction alone: somebody else may have sent another row of the letter. */
static gboolean move_copy(Vault *vault, const OutboxClaim *claim, OutboxMove *move,
                          Settling *settling, GError **error)
{
    gboolean found;
    sqlite3_stmt *statement = vault_sql(vault, SQL_OUTBOX_COPY, error);
    if (statement == NULL)
        return FALSE;
    sql_int(statement, 1, claim->row);
    if (!sql_row(vault, statement, &found, error))
        return FALSE;
    settling->copy = found ? sqlite3_column_int64(statement, 0) : 0;
    sqlite3_reset(statement);
    if (move == NULL || settling->copy == 0)
        return TRUE;
    gint64 row = settling->copy;
    settling->copy = 0;
    return (move->copy == NULL || own_copy_store(move->copy, error)) &&
           sql_run_with(vault, SQL_FORGET_COPY, row, error) &&
           (!move->file || add_filing(vault, claim, row, &move->filing, error));
}

static gboolean drop_row(Vault *vault, gint64 row, GError **error)
{
    return sql_run_with(vault, SQL_DROP_OUTBOX, row, error) &&
           sql_run(vault, SQL_SWEEP_LETTERS, error);
}

static gboolean settle(Vault *vault, OutboxClaim *claim, const OutboxState *states,
                       const GPtrArray *why, OutboxMove *move, Settling *settling, GError **error)
{
    /* The doubt first: it stays in the claim's row. */
    static const OutboxState order[] = {OUTBOX_DOUBT, OUTBOX_QUEUED, OUTBOX_FAILED, OUTBOX_FILING};
    if (!move_copy(vault, claim, move, settling, error))
        return FALSE;
    for (gsize i = 0; i < G_N_ELEMENTS(order); i++)
        if (!settle_part(vault, claim, states, why, order[i], settling, error))
            return FALSE;
    return settling->any ? sql_run(vault, SQL_SWEEP_LETTERS, error)
                         : drop_row(vault, claim->row, error);
}

gboolean vault_outbox_settle(Vault *vault, OutboxClaim *claim, const OutboxState *states,
                             const GPtrArray *why, OutboxMove *move, GError **error)
{
    Settling settling = {.any = FALSE};
    gboolean fine =
        sql_begin(vault, SQL_STRICT, error) &&
        sql_end(vault, settle(vault, claim, states, why, move, &settling, error), error);
    if (!fine && move)
        g_clear_pointer(&move->filing, outbox_claim_free);
    if (fine && settling.kept.recipients) {
        outbox_record_clear(&claim->record);
        claim->record = settling.kept;
        outbox_claim_expose(claim);
    } else {
        outbox_record_clear(&settling.kept);
    }
    return fine;
}

gboolean outbox_take_back(Vault *vault, const OutboxClaim *claim, GError **error)
{
    return sql_run_with(vault, SQL_DROP_OUTBOX_LETTER, claim->letter_row, error) &&
           sql_run(vault, SQL_SWEEP_LETTERS, error);
}

static gboolean drop_one(Vault *vault, gint64 row, gboolean *dropped, GError **error)
{
    if (!sql_run_with(vault, SQL_DROP_OUTBOX, row, error))
        return FALSE;
    *dropped = sqlite3_changes(vault->db) == 1;
    return sql_run(vault, SQL_SWEEP_LETTERS, error);
}

gboolean vault_outbox_drop(Vault *vault, gint64 row, gboolean *dropped, GError **error)
{
    g_autoptr(GError) failure = NULL;
    int lock = outbox_lock(vault, row, &failure);
    *dropped = FALSE;
    if (failure)
        g_propagate_error(error, g_steal_pointer(&failure));
    if (lock < 0)
        return error == NULL || *error == NULL;
    gboolean fine = sql_begin(vault, SQL_STRICT, error) &&
                    sql_end(vault, drop_one(vault, row, dropped, error), error);
    close(lock);
    return fine;
}
