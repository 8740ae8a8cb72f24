/* See vault-outbox.h: looking. */
#include <string.h>
#include <unistd.h>

#include "core/base32.h"
#include "core/limits.h"
#include "store/vault-outbox-state.h"

gint64 outbox_due(gint64 tried, guint tries)
{
    gint64 wait = tries == 0 ? 0 : LIMIT_OUTBOX_WAIT_S;
    for (guint i = 1; i < tries && wait < LIMIT_OUTBOX_LONGEST_S; i++)
        wait *= 2;
    return tried + MIN(wait, LIMIT_OUTBOX_LONGEST_S);
}

/* Somebody has a claim on it. */
static gboolean is_claimed(const Vault *vault, gint64 row, gboolean *claimed, GError **error)
{
    GError *failure = NULL;
    int lock = outbox_lock(vault, row, &failure);
    *claimed = lock < 0;
    if (lock >= 0)
        close(lock);
    if (failure)
        g_propagate_error(error, failure);
    return failure == NULL;
}

static gboolean read_entry(Vault *vault, sqlite3_stmt *statement, OutboxEntry *entry,
                           GError **error)
{
    const guint8 *id = sql_column(statement, 1, MESSAGE_ID_SIZE);
    gint64 state = sqlite3_column_int64(statement, 2);
    gboolean claimed;
    if (id == NULL || state < OUTBOX_QUEUED || state == OUTBOX_SENDING || state > OUTBOX_FILING)
        return vault_damaged(vault, "a letter in the outbox is none", error);
    g_autofree char *text = base32_encode(id, MESSAGE_ID_SIZE);
    g_strlcpy(entry->id, text, sizeof entry->id);
    entry->row = sqlite3_column_int64(statement, 0);
    entry->since = sqlite3_column_int64(statement, 3);
    entry->tried = sqlite3_column_int64(statement, 4);
    entry->tries = (guint)sqlite3_column_int64(statement, 5);
    entry->bytes = (guint64)sqlite3_column_int64(statement, 7);
    if (!is_claimed(vault, entry->row, &claimed, error))
        return FALSE;
    entry->state = claimed ? OUTBOX_SENDING : (OutboxState)state;
    return TRUE;
}

static void open_entry(Vault *vault, const Secret *vault_private, OutboxEntry *entry,
                       GBytes *sealed, OutboxRecord *record)
{
    guint8 id[MESSAGE_ID_SIZE];
    gsize size;
    const guint8 *bytes = g_bytes_get_data(sealed, &size);
    g_autoptr(GBytes) plain = NULL;
    if (base32_decode(entry->id, id, sizeof id))
        plain = outbox_open(vault, vault_private, OUTBOX_ROW, id, bytes, size, NULL, NULL);
    entry->damaged = plain == NULL || !outbox_record_read(vault, plain, record, NULL);
    if (entry->damaged)
        return;
    entry->account = record->account;
    entry->from = record->from;
    entry->subject = record->subject;
    entry->recipients = record->recipients;
    entry->answers = record->answers;
    entry->encrypted = record->encrypted;
}

/* One that is damaged keeps no other back. */
static gboolean take_entry(Vault *vault, const Secret *vault_private, OutboxEntry *entry,
                           GBytes *sealed, OutboxTaker taker, gpointer user, GError **error)
{
    g_auto(OutboxRecord) record = {0};
    if (vault_private)
        open_entry(vault, vault_private, entry, sealed, &record);
    return taker(user, entry, error);
}

/* The rows are read before TAKER is called for any, which may write. */
gboolean vault_outbox_list(Vault *vault, const Secret *vault_private, OutboxTaker taker,
                           gpointer user, GError **error)
{
    gboolean row, fine;
    g_autoptr(GArray) entries = g_array_new(FALSE, TRUE, sizeof(OutboxEntry));
    g_autoptr(GPtrArray) records = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
    sqlite3_stmt *statement = vault_sql(vault, SQL_OUTBOX, error);
    if (statement == NULL || !sql_row(vault, statement, &row, error))
        return FALSE;
    for (fine = TRUE; fine && row; fine = fine && sql_row(vault, statement, &row, error)) {
        OutboxEntry entry = {.row = 0};
        fine = read_entry(vault, statement, &entry, error);
        g_array_append_val(entries, entry);
        g_ptr_array_add(records, g_bytes_new(sqlite3_column_blob(statement, 6),
                                             (gsize)sqlite3_column_bytes(statement, 6)));
    }
    sqlite3_reset(statement);
    for (guint i = 0; fine && i < entries->len; i++)
        fine = take_entry(vault, vault_private, &g_array_index(entries, OutboxEntry, i),
                          records->pdata[i], taker, user, error);
    return fine;
}

static gboolean count(gpointer user, const OutboxEntry *entry, GError **error)
{
    (void)error;
    OutboxStat *stat = user;
    switch (entry->state) {
    case OUTBOX_DOUBT: stat->doubt++; break;
    case OUTBOX_FAILED: stat->failed++; break;
    case OUTBOX_FILING:
        stat->filing++;
        stat->due = MIN(stat->due, outbox_due(entry->tried, entry->tries));
        break;
    default:
        stat->queued++;
        if (stat->oldest == 0)
            stat->oldest = entry->since;
        if (entry->state == OUTBOX_QUEUED)
            stat->due = MIN(stat->due, outbox_due(entry->tried, entry->tries));
    }
    return TRUE;
}

gboolean vault_outbox_stat(Vault *vault, OutboxStat *stat, GError **error)
{
    *stat = (OutboxStat){.due = G_MAXINT64};
    return vault_outbox_list(vault, NULL, count, stat, error);
}
