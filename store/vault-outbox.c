/* See vault-outbox.h: new letters, and claims on them. */
#include "store/vault-outbox.h"

#include <string.h>
#include <unistd.h>

#include "core/base32.h"
#include "core/error.h"
#include "core/limits.h"
#include "store/vault-outbox-state.h"

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

OutboxState outbox_claim_state(const OutboxClaim *claim)
{
    return claim->state;
}

void outbox_claim_expose(OutboxClaim *claim)
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

OutboxClaim *outbox_claim_new(const OutboxLetter *letter)
{
    OutboxClaim *claim = g_new0(OutboxClaim, 1);
    OutboxRecord *record = &claim->record;
    claim->lock = -1;
    claim->since = g_get_real_time() / G_USEC_PER_SEC;
    claim->unattended = letter->unattended;
    claim->state = OUTBOX_QUEUED;
    *record = outbox_record_like(letter);
    for (guint i = 0; i < letter->recipients->len; i++) {
        g_ptr_array_add(record->recipients, g_strdup(letter->recipients->pdata[i]));
        g_ptr_array_add(record->answers, g_strdup(""));
    }
    claim->letter.letter = g_bytes_ref(letter->letter);
    claim->copy = letter->copy ? g_bytes_ref(letter->copy) : NULL;
    outbox_claim_expose(claim);
    return claim;
}

gboolean outbox_claim_take(Vault *vault, OutboxClaim *claim, gint64 row, GError **error)
{
    if (!outbox_row_name(vault, row, claim->id, error))
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
    OutboxRow row = {.letter = claim->letter_row,
                     .copy = *copy,
                     .since = claim->since,
                     .state = OUTBOX_QUEUED,
                     .unattended = claim->unattended,
                     .record = &claim->record};
    return outbox_row_write(vault, &row, error) && outbox_claim_take(vault, claim, row.row, error);
}

gboolean outbox_add_all(Vault *vault, const GPtrArray *letters, GPtrArray *claims, GError **error)
{
    gint64 copy = 0;
    g_ptr_array_set_free_func(claims, (GDestroyNotify)outbox_claim_free);
    for (guint i = 0; i < letters->len; i++) {
        OutboxClaim *claim = outbox_claim_new(letters->pdata[i]);
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
        claim->state = (OutboxState)state;
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
    outbox_claim_expose(claim);
    return g_steal_pointer(&claim);
}
