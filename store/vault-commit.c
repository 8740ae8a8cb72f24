/* See vault-commit.h. */
#include "store/vault-commit.h"

#include <string.h>

#include "store/ranges.h"

static gboolean add_batch(Batch *batch, GError **error)
{
    if (batch->id != 0)
        return TRUE;
    sqlite3_stmt *statement = vault_sql(batch->vault, SQL_ADD_BATCH, error);
    if (statement == NULL)
        return FALSE;
    sql_blob(statement, 1, batch->ephemeral, KEY_SIZE);
    if (!sql_done(batch->vault, statement, error))
        return FALSE;
    batch->id = sqlite3_last_insert_rowid(batch->vault->db);
    return TRUE;
}

static gboolean add_arriving(Batch *batch, BatchMessage *message, GError **error)
{
    if (message->row != 0)
        return TRUE;
    sqlite3_stmt *statement = vault_sql(batch->vault, SQL_ADD_ARRIVING, error);
    if (statement == NULL)
        return FALSE;
    sql_blob(statement, 1, message->id, MESSAGE_ID_SIZE);
    sql_int(statement, 2, batch->id);
    if (!sql_done(batch->vault, statement, error))
        return FALSE;
    message->row = sqlite3_last_insert_rowid(batch->vault->db);
    return TRUE;
}

/* Of each message that has a row. */
static gboolean add_chunks(Batch *batch, GError **error)
{
    sqlite3_stmt *statement = vault_sql(batch->vault, SQL_ADD_CHUNK, error);
    if (statement == NULL)
        return FALSE;
    for (guint i = 0; i < batch->chunks->len; i++) {
        const StagedChunk *chunk = &g_array_index(batch->chunks, StagedChunk, i);
        sql_int(statement, 1, chunk->message->row << CHUNK_BITS | chunk->n);
        sql_blob(statement, 2, batch->staged->data + chunk->at, chunk->size);
        if (!sql_done(batch->vault, statement, error))
            return FALSE;
    }
    return TRUE;
}

static void forget_staged(Batch *batch)
{
    g_byte_array_set_size(batch->staged, 0);
    g_array_set_size(batch->chunks, 0);
}

static gboolean add_all_arriving(Batch *batch, GError **error)
{
    for (guint i = 0; i < batch->chunks->len; i++)
        if (!add_arriving(batch, g_array_index(batch->chunks, StagedChunk, i).message, error))
            return FALSE;
    return TRUE;
}

gboolean batch_spill(Batch *batch, GError **error)
{
    Vault *vault = batch->vault;
    if (!sql_run(vault, SQL_LAZY, error) || !sql_run(vault, SQL_BEGIN, error))
        return FALSE;
    gboolean fine =
        add_batch(batch, error) && add_all_arriving(batch, error) && add_chunks(batch, error);
    if (!sql_end(vault, fine, error))
        return FALSE;
    forget_staged(batch);
    return TRUE;
}

static gboolean drop_chunks(Vault *vault, gint64 row, GError **error)
{
    sqlite3_stmt *statement = vault_sql(vault, SQL_DROP_CHUNKS, error);
    if (statement == NULL)
        return FALSE;
    sql_int(statement, 1, row << CHUNK_BITS);
    sql_int(statement, 2, ((row + 1) << CHUNK_BITS) - 1);
    return sql_done(vault, statement, error);
}

gboolean batch_drop_row(Batch *batch, gint64 row, GError **error)
{
    Vault *vault = batch->vault;
    if (!sql_run(vault, SQL_LAZY, error) || !sql_run(vault, SQL_BEGIN, error))
        return FALSE;
    gboolean fine =
        drop_chunks(vault, row, error) && sql_run_with(vault, SQL_DROP_ARRIVING, row, error);
    return sql_end(vault, fine, error);
}

gboolean batch_find_stored(Batch *batch, const guint8 identity[static MAC_SIZE],
                           BatchMessage **found, GError **error)
{
    Vault *vault = batch->vault;
    gboolean row;
    *found = NULL;
    sqlite3_stmt *statement = vault_sql(vault, SQL_KNOWN, error);
    if (statement == NULL)
        return FALSE;
    sql_blob(statement, 1, identity, MAC_SIZE);
    if (!sql_row(vault, statement, &row, error))
        return FALSE;
    const guint8 *id = row ? sql_column(statement, 1, MESSAGE_ID_SIZE) : NULL;
    if (id) {
        BatchMessage *message = g_new0(BatchMessage, 1);
        memcpy(message->id, id, MESSAGE_ID_SIZE);
        message->row = sqlite3_column_int64(statement, 0);
        message->known = TRUE;
        batch_add(batch, message);
        *found = message;
    }
    sqlite3_reset(statement);
    return !row || id || vault_damaged(vault, "a message has no id", error);
}

/* --- the last transaction ------------------------------------------------------------------ */

static gboolean store_message(Batch *batch, BatchMessage *message, GError **error)
{
    guint8 wrapped[WRAP_SIZE], digest[MAC_SIZE];
    gboolean fresh = message->row == 0;
    sqlite3_stmt *statement =
        vault_sql(batch->vault, fresh ? SQL_ADD_STORED : SQL_SET_STORED, error);
    if (statement == NULL)
        return FALSE;
    key_wrap(batch->key, message->id, message->key, wrapped);
    digest_message(batch->digest, message->chunks_mac, message->id, batch->ephemeral, wrapped,
                   sizeof wrapped, digest);
    int n = 1;
    if (fresh) {
        sql_blob(statement, n++, message->id, MESSAGE_ID_SIZE);
        sql_int(statement, n++, batch->id);
    } else {
        sql_int(statement, n++, message->row);
    }
    sql_int(statement, n++, message->chunks);
    sql_blob(statement, n++, wrapped, sizeof wrapped);
    sql_blob(statement, n++, message->identity, MAC_SIZE);
    sql_int(statement, n++, (gint64)message->bytes);
    sql_blob(statement, n++, digest, sizeof digest);
    if (!sql_done(batch->vault, statement, error))
        return FALSE;
    if (fresh)
        message->row = sqlite3_last_insert_rowid(batch->vault->db);
    return TRUE;
}

static gboolean store_messages(Batch *batch, GError **error)
{
    gint64 messages = 0, bytes = 0;
    for (guint i = 0; i < batch->messages->len; i++) {
        BatchMessage *message = g_ptr_array_index(batch->messages, i);
        if (message->known)
            continue;
        if (!store_message(batch, message, error))
            return FALSE;
        messages++;
        bytes += (gint64)message->bytes;
    }
    sqlite3_stmt *statement = vault_sql(batch->vault, SQL_ADD_TOTAL, error);
    if (statement == NULL)
        return FALSE;
    sql_int(statement, 1, messages);
    sql_int(statement, 2, bytes);
    return sql_done(batch->vault, statement, error) && add_chunks(batch, error);
}

/* The account's row, made when it is new. */
static gboolean account_id(Vault *vault, const guint8 mac[static MAC_SIZE], gint64 *id,
                           GError **error)
{
    gboolean row;
    sqlite3_stmt *add = vault_sql(vault, SQL_ADD_ACCOUNT, error);
    sqlite3_stmt *find = vault_sql(vault, SQL_ACCOUNT, error);
    if (add == NULL || find == NULL)
        return FALSE;
    sql_blob(add, 1, mac, MAC_SIZE);
    sql_blob(find, 1, mac, MAC_SIZE);
    if (!sql_done(vault, add, error) || !sql_row(vault, find, &row, error))
        return FALSE;
    *id = row ? sqlite3_column_int64(find, 0) : 0;
    sqlite3_reset(find);
    return row || vault_damaged(vault, "an account is missing", error);
}

static gboolean count_arrivals(Vault *vault, gint64 account, gint64 count, GError **error)
{
    if (count == 0)
        return TRUE;
    sqlite3_stmt *statement = vault_sql(vault, SQL_ADD_ARRIVALS, error);
    if (statement == NULL)
        return FALSE;
    sql_int(statement, 1, account);
    sql_int(statement, 2, count);
    return sql_done(vault, statement, error);
}

static gboolean store_arrival(Batch *batch, const BatchArrival *arrival, gint64 account,
                              GError **error)
{
    gsize size;
    const void *record = g_bytes_get_data(arrival->record, &size);
    sqlite3_stmt *journal = vault_sql(batch->vault, SQL_ADD_JOURNAL, error);
    if (journal == NULL)
        return FALSE;
    sql_int(journal, 1, batch->id);
    sql_int(journal, 2, arrival->message->row);
    sql_blob(journal, 3, record, size);
    if (!sql_done(batch->vault, journal, error))
        return FALSE;
    if (!arrival->has_uidl)
        return TRUE;
    sqlite3_stmt *uidl = vault_sql(batch->vault, SQL_ADD_UIDL, error);
    if (uidl == NULL)
        return FALSE;
    sql_int(uidl, 1, account);
    sql_blob(uidl, 2, arrival->uidl_mac, MAC_SIZE);
    sql_int(uidl, 3, arrival->message->row);
    sql_int(uidl, 4, arrival->since);
    return sql_done(batch->vault, uidl, error);
}

/* Arrivals of one account mostly stand together, so its row is looked for once a run of them. */
static gboolean store_arrivals(Batch *batch, GError **error)
{
    const guint8 *current = NULL;
    gint64 account = 0, count = 0;
    for (guint i = 0; i < batch->arrivals->len; i++) {
        const BatchArrival *arrival = g_ptr_array_index(batch->arrivals, i);
        if (current == NULL || memcmp(current, arrival->account_mac, MAC_SIZE) != 0) {
            if (!count_arrivals(batch->vault, account, count, error) ||
                !account_id(batch->vault, arrival->account_mac, &account, error))
                return FALSE;
            current = arrival->account_mac;
            count = 0;
        }
        if (!store_arrival(batch, arrival, account, error))
            return FALSE;
        count++;
    }
    return count_arrivals(batch->vault, account, count, error);
}

static gboolean store_mailbox(Vault *vault, const BatchMailbox *mailbox, GError **error)
{
    gint64 account;
    sqlite3_stmt *statement = vault_sql(vault, SQL_SET_MAILBOX, error);
    if (statement == NULL || !account_id(vault, mailbox->account_mac, &account, error))
        return FALSE;
    g_autoptr(GBytes) covered = ranges_pack(mailbox->covered);
    gsize size;
    const void *data = g_bytes_get_data(covered, &size);
    sql_int(statement, 1, account);
    sql_blob(statement, 2, mailbox->name_mac, MAC_SIZE);
    sql_int(statement, 3, mailbox->uidvalidity);
    sql_blob(statement, 4, size > 0 ? data : "", size); /* an empty set is no NULL */
    return sql_done(vault, statement, error);
}

static gboolean store_mailboxes(Batch *batch, GError **error)
{
    for (guint i = 0; i < batch->mailboxes->len; i++)
        if (!store_mailbox(batch->vault, g_ptr_array_index(batch->mailboxes, i), error))
            return FALSE;
    return TRUE;
}

static gboolean store_mail(Batch *batch, GError **error)
{
    return batch->arrivals->len == 0 || (add_batch(batch, error) && store_messages(batch, error) &&
                                         store_arrivals(batch, error));
}

gboolean batch_store(Batch *batch, GError **error)
{
    Vault *vault = batch->vault;
    if (!sql_run(vault, SQL_STRICT, error) || !sql_run(vault, SQL_BEGIN, error))
        return FALSE;
    gboolean fine = store_mail(batch, error) && store_mailboxes(batch, error);
    if (!sql_end(vault, fine, error))
        return FALSE;
    forget_staged(batch);
    return TRUE;
}

/*
 * Also brings what an earlier writer committed into the database file: had its last fsync
 * failed, the bytes were in the system's memory alone, and are written and synced anew by this.
 */
gboolean vault_sweep(Vault *vault, GError **error)
{
    if (!sql_run(vault, SQL_STRICT, error) || !sql_run(vault, SQL_BEGIN, error))
        return FALSE;
    gboolean fine = sql_run(vault, SQL_SWEEP_CHUNKS, error) &&
                    sql_run(vault, SQL_SWEEP_MESSAGES, error) &&
                    sql_run(vault, SQL_SWEEP_BATCHES, error);
    return sql_end(vault, fine, error) && sql_run(vault, SQL_CHECKPOINT, error);
}
