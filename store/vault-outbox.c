/* See vault-outbox.h: what changes. */
#include "store/vault-outbox.h"

#include <string.h>
#include <unistd.h>

#include "core/base32.h"
#include "core/error.h"
#include "core/limits.h"
#include "store/vault-outbox-state.h"

struct OutboxClaim {
    int lock;
    gint64 row, letter_row, since;
    guint tries;
    gboolean files, unattended;
    char id[17];
    char ids[OUTBOX_FILING + 1][17]; /* of the row where those are who got that state; or "" */
    OutboxRecord record;
    OutboxLetter letter; /* points into the record, but for the bytes */
    GBytes *copy;        /* owned; or NULL */
};

void outbox_claim_free(OutboxClaim *claim)
{
    if (claim == NULL)
        return;
    if (claim->lock >= 0)
        close(claim->lock);
    outbox_record_clear(&claim->record);
    g_clear_pointer(&claim->letter.letter, g_bytes_unref);
    g_clear_pointer(&claim->copy, g_bytes_unref);
    g_free(claim);
}

const OutboxLetter *outbox_claim_letter(const OutboxClaim *claim)
{
    return &claim->letter;
}

const char *outbox_claim_id(const OutboxClaim *claim)
{
    return claim->id;
}

const char *outbox_claim_row(const OutboxClaim *claim, OutboxState state)
{
    return *claim->ids[state] ? claim->ids[state] : claim->id;
}

gint64 outbox_claim_since(const OutboxClaim *claim)
{
    return claim->since;
}

gboolean outbox_claim_files(const OutboxClaim *claim)
{
    return claim->files;
}

static void expose(OutboxClaim *claim)
{
    const OutboxRecord *record = &claim->record;
    claim->letter = (OutboxLetter){.account = record->account,
                                   .from = record->from,
                                   .subject = record->subject,
                                   .recipients = record->recipients,
                                   .encrypted = record->encrypted,
                                   .letter = claim->letter.letter,
                                   .copy = claim->copy,
                                   .unattended = claim->unattended,
                                   .sensitive = record->sensitive,
                                   .share = record->share,
                                   .notice = record->notice};
}

static gint64 now(void)
{
    return g_get_real_time() / G_USEC_PER_SEC;
}

/* --- rows ---------------------------------------------------------------------------------- */

/* A row as it is to be. */
typedef struct {
    gint64 row; /* 0: a new one */
    gint64 letter, copy, since, tried;
    guint tries;
    OutboxState state;
    gboolean unattended;
    const OutboxRecord *record;
} Row;

static gboolean row_id(Vault *vault, gint64 row, guint8 id[static MESSAGE_ID_SIZE], GError **error)
{
    gboolean found;
    sqlite3_stmt *statement = vault_sql(vault, SQL_OUTBOX_ID, error);
    if (statement == NULL)
        return FALSE;
    sql_int(statement, 1, row);
    if (!sql_row(vault, statement, &found, error))
        return FALSE;
    const guint8 *data = found ? sql_column(statement, 0, MESSAGE_ID_SIZE) : NULL;
    if (data)
        memcpy(id, data, MESSAGE_ID_SIZE);
    sqlite3_reset(statement);
    return data != NULL || vault_damaged(vault, "a letter in the outbox has no id", error);
}

static gboolean row_name(Vault *vault, gint64 row, char name[static 17], GError **error)
{
    guint8 id[MESSAGE_ID_SIZE];
    if (!row_id(vault, row, id, error))
        return FALSE;
    g_autofree char *text = base32_encode(id, sizeof id);
    g_strlcpy(name, text, 17);
    return TRUE;
}

/* Writes ROW, whose number it gets when it is new. */
static gboolean write_row(Vault *vault, Row *row, GError **error)
{
    guint8 id[MESSAGE_ID_SIZE];
    gsize size;
    random_bytes(id, sizeof id);
    if (row->row && !row_id(vault, row->row, id, error))
        return FALSE;
    g_autoptr(GBytes) plain = outbox_record_pack(row->record);
    const void *data = g_bytes_get_data(plain, &size);
    g_autoptr(GBytes) sealed =
        outbox_seal(vault, row->unattended, OUTBOX_ROW, id, data, size, error);
    sqlite3_stmt *statement =
        sealed ? vault_sql(vault, row->row ? SQL_SET_OUTBOX : SQL_ADD_OUTBOX, error) : NULL;
    if (statement == NULL)
        return FALSE;
    data = g_bytes_get_data(sealed, &size);
    sql_int(statement, 1, row->state);
    sql_int(statement, 2, row->tried);
    sql_int(statement, 3, row->tries);
    sql_blob(statement, 4, data, size);
    if (row->row) {
        sql_int(statement, 5, row->row);
        return sql_done(vault, statement, error);
    }
    sql_blob(statement, 5, id, sizeof id);
    sql_int(statement, 6, row->letter);
    sql_int(statement, 7, row->since);
    sql_int(statement, 8, row->copy);
    if (!sql_done(vault, statement, error))
        return FALSE;
    row->row = sqlite3_last_insert_rowid(vault->db);
    return TRUE;
}

static gboolean drop_row(Vault *vault, gint64 row, GError **error)
{
    return sql_run_with(vault, SQL_DROP_OUTBOX, row, error) &&
           sql_run(vault, SQL_SWEEP_LETTERS, error);
}

/* --- new letters --------------------------------------------------------------------------- */

static gboolean write_letter(Vault *vault, GBytes *letter, gboolean unattended, gint64 *row,
                             GError **error)
{
    guint8 id[MESSAGE_ID_SIZE];
    gsize size;
    const void *data = g_bytes_get_data(letter, &size);
    random_bytes(id, sizeof id);
    g_autoptr(GBytes) sealed = outbox_seal(vault, unattended, OUTBOX_LETTER, id, data, size, error);
    sqlite3_stmt *statement = sealed ? vault_sql(vault, SQL_ADD_LETTER, error) : NULL;
    if (statement == NULL)
        return FALSE;
    data = g_bytes_get_data(sealed, &size);
    sql_blob(statement, 1, id, sizeof id);
    sql_blob(statement, 2, data, size);
    if (!sql_done(vault, statement, error))
        return FALSE;
    *row = sqlite3_last_insert_rowid(vault->db);
    return TRUE;
}

static OutboxClaim *claim_new(const OutboxLetter *letter)
{
    OutboxClaim *claim = g_new0(OutboxClaim, 1);
    OutboxRecord *record = &claim->record;
    claim->lock = -1;
    claim->since = now();
    claim->unattended = letter->unattended;
    *record = outbox_record_like(letter);
    for (guint i = 0; i < letter->recipients->len; i++) {
        g_ptr_array_add(record->recipients, g_strdup(letter->recipients->pdata[i]));
        g_ptr_array_add(record->answers, g_strdup(""));
    }
    claim->letter.letter = g_bytes_ref(letter->letter);
    claim->copy = letter->copy ? g_bytes_ref(letter->copy) : NULL;
    expose(claim);
    return claim;
}

/* CLAIM becomes one on ROW, which is new. */
static gboolean take_row(Vault *vault, OutboxClaim *claim, gint64 row, GError **error)
{
    if (!row_name(vault, row, claim->id, error))
        return FALSE;
    claim->row = row;
    claim->lock = outbox_lock(vault, row, error);
    return claim->lock >= 0 ||
           (error && *error == NULL && vault_damaged(vault, "a new letter is not new", error));
}

/* The lock before the commit: nobody sees the row without it. COPY: the row of that, 0 before the
 * first. */
static gboolean add(Vault *vault, OutboxClaim *claim, gint64 *copy, GError **error)
{
    const OutboxLetter *letter = &claim->letter;
    if (!write_letter(vault, letter->letter, letter->unattended, &claim->letter_row, error))
        return FALSE;
    if (*copy == 0 && letter->copy && letter->copy == letter->letter)
        *copy = claim->letter_row;
    else if (*copy == 0 && letter->copy &&
             !write_letter(vault, letter->copy, letter->unattended, copy, error))
        return FALSE;
    Row row = {.letter = claim->letter_row,
               .copy = *copy,
               .since = claim->since,
               .state = OUTBOX_QUEUED,
               .unattended = claim->unattended,
               .record = &claim->record};
    return write_row(vault, &row, error) && take_row(vault, claim, row.row, error);
}

gboolean outbox_add_all(Vault *vault, const GPtrArray *letters, GPtrArray *claims, GError **error)
{
    gint64 copy = 0;
    g_ptr_array_set_free_func(claims, (GDestroyNotify)outbox_claim_free);
    for (guint i = 0; i < letters->len; i++) {
        OutboxClaim *claim = claim_new(letters->pdata[i]);
        g_ptr_array_add(claims, claim);
        if (!add(vault, claim, &copy, error))
            return FALSE;
    }
    return TRUE;
}

gboolean vault_outbox_add(Vault *vault, const GPtrArray *letters, GPtrArray *claims, GError **error)
{
    return sql_begin(vault, SQL_STRICT, error) &&
           sql_end(vault, outbox_add_all(vault, letters, claims, error), error);
}

/* --- claims -------------------------------------------------------------------------------- */

/* A letter's bytes as they lie there. */
typedef struct {
    guint8 id[MESSAGE_ID_SIZE];
    GBytes *sealed; /* NULL: none */
} SealedLetter;

static void sealed_letter_clear(SealedLetter *letter)
{
    g_clear_pointer(&letter->sealed, g_bytes_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(SealedLetter, sealed_letter_clear)

/* From column N, its id, and the next one. */
static void take_letter(sqlite3_stmt *statement, int n, SealedLetter *letter)
{
    const guint8 *id = sql_column(statement, n, MESSAGE_ID_SIZE);
    if (id == NULL)
        return;
    memcpy(letter->id, id, MESSAGE_ID_SIZE);
    letter->sealed = g_bytes_new(sqlite3_column_blob(statement, n + 1),
                                 (gsize)sqlite3_column_bytes(statement, n + 1));
}

static GBytes *open_letter(Vault *vault, const Secret *vault_private, const SealedLetter *letter,
                           GError **error)
{
    gsize size;
    const guint8 *bytes = g_bytes_get_data(letter->sealed, &size);
    return outbox_open(vault, vault_private, OUTBOX_LETTER, letter->id, bytes, size, NULL, error);
}

/* What the row holds, once the lock on it is ours; FALSE without *error: not what is wanted. */
static gboolean read_row(Vault *vault, const Secret *vault_private, OutboxClaim *claim,
                         gboolean again, SealedLetter *letter, SealedLetter *copy, GError **error)
{
    gboolean found;
    sqlite3_stmt *statement = vault_sql(vault, SQL_OUTBOX_ROW, error);
    if (statement == NULL)
        return FALSE;
    sql_int(statement, 1, claim->row);
    if (!sql_row(vault, statement, &found, error))
        return FALSE;
    gint64 state = found ? sqlite3_column_int64(statement, 1) : OUTBOX_GONE;
    gboolean wanted = state == OUTBOX_QUEUED || state == OUTBOX_FILING ||
                      (again && (state == OUTBOX_DOUBT || state == OUTBOX_FAILED));
    const guint8 *id = wanted ? sql_column(statement, 0, MESSAGE_ID_SIZE) : NULL;
    if (id)
        take_letter(statement, 6, letter);
    g_autoptr(GBytes) plain = NULL;
    if (id && letter->sealed) {
        g_autofree char *text = base32_encode(id, MESSAGE_ID_SIZE);
        g_strlcpy(claim->id, text, sizeof claim->id);
        take_letter(statement, 8, copy);
        claim->files = state == OUTBOX_FILING;
        claim->since = sqlite3_column_int64(statement, 2);
        claim->tries = (guint)sqlite3_column_int64(statement, 3);
        claim->letter_row = sqlite3_column_int64(statement, 4);
        plain = outbox_open(vault, vault_private, OUTBOX_ROW, id, sqlite3_column_blob(statement, 5),
                            (gsize)sqlite3_column_bytes(statement, 5), &claim->unattended, error);
    } else if (wanted) {
        vault_damaged(vault, "a letter in the outbox has no id", error);
    }
    sqlite3_reset(statement);
    return plain && outbox_record_read(vault, plain, &claim->record, error);
}

OutboxClaim *vault_outbox_claim(Vault *vault, const Secret *vault_private, gint64 row,
                                gboolean again, GError **error)
{
    g_auto(SealedLetter) letter = {.sealed = NULL}, copy = {.sealed = NULL};
    int lock = outbox_lock(vault, row, error);
    if (lock < 0)
        return NULL;
    g_autoptr(OutboxClaim) claim = g_new0(OutboxClaim, 1);
    claim->lock = lock;
    claim->row = row;
    if (!read_row(vault, vault_private, claim, again, &letter, &copy, error))
        return NULL;
    claim->letter.letter = open_letter(vault, vault_private, &letter, error);
    if (claim->letter.letter == NULL)
        return NULL;
    if (copy.sealed && memcmp(copy.id, letter.id, MESSAGE_ID_SIZE) == 0)
        claim->copy = g_bytes_ref(claim->letter.letter);
    else if (copy.sealed && !(claim->copy = open_letter(vault, vault_private, &copy, error)))
        return NULL;
    expose(claim);
    return g_steal_pointer(&claim);
}

/* --- what becomes of them ------------------------------------------------------------------ */

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
    Row row = {.row = settling->any ? 0 : claim->row,
               .letter = claim->letter_row,
               .copy = settling->copy,
               .since = claim->since,
               .tried = now(),
               .tries = claim->tries + (tried ? 1 : 0),
               .state = state,
               .unattended = claim->unattended,
               .record = &part};
    if (!write_row(vault, &row, error) || !row_name(vault, row.row, claim->ids[state], error))
        return FALSE;
    settling->any = TRUE;
    if (state == OUTBOX_DOUBT) {
        settling->kept = part;
        part = (OutboxRecord){0};
    }
    return TRUE;
}

/* A row for the copy that lies in LETTER: it is to be filed, and the claim on it. The lock before
 * the commit, as in add(). */
static gboolean add_filing(Vault *vault, const OutboxClaim *claim, gint64 letter,
                           OutboxClaim **filing, GError **error)
{
    OutboxLetter copied = claim->letter;
    copied.letter = claim->copy ? claim->copy : claim->letter.letter;
    copied.copy = NULL;
    g_autoptr(OutboxClaim) made = claim_new(&copied);
    made->files = TRUE;
    made->letter_row = letter;
    Row row = {.letter = letter,
               .since = made->since,
               .state = OUTBOX_FILING,
               .unattended = made->unattended,
               .record = &made->record};
    if (!write_row(vault, &row, error) || !take_row(vault, made, row.row, error))
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
        expose(claim);
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
