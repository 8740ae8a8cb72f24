/* See vault-commit.h. */
#include "store/vault-commit.h"

#include <string.h>

gboolean batch_add_row(Batch *batch, GError **error)
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
        if (chunk->message->known)
            continue;
        sql_int(statement, 1, chunk->message->row << CHUNK_BITS | chunk->n);
        sql_blob(statement, 2, batch->staged->data + chunk->at, chunk->size);
        if (!sql_done(batch->vault, statement, error))
            return FALSE;
    }
    return TRUE;
}

static void forget_staged(Batch *batch)
{
    turn_stage(batch->vault->turn, -(gssize)batch->staged->len);
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
    if (!sql_begin(vault, SQL_LAZY, error))
        return FALSE;
    gboolean fine =
        batch_add_row(batch, error) && add_all_arriving(batch, error) && add_chunks(batch, error);
    if (!sql_end(vault, fine, error))
        return FALSE;
    forget_staged(batch);
    return TRUE;
}

gboolean vault_drop_chunks(Vault *vault, gint64 row, GError **error)
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
    if (!sql_begin(vault, SQL_LAZY, error))
        return FALSE;
    gboolean fine =
        vault_drop_chunks(vault, row, error) && sql_run_with(vault, SQL_DROP_ARRIVING, row, error);
    return sql_end(vault, fine, error);
}

gboolean vault_find_stored(Vault *vault, const guint8 identity[static MAC_SIZE],
                           StoredMessage *found, GError **error)
{
    gboolean row;
    *found = (StoredMessage){.row = 0};
    sqlite3_stmt *statement = sql_look_up(vault, SQL_KNOWN, identity, MAC_SIZE, &row, error);
    if (statement == NULL)
        return FALSE;
    const guint8 *id = row ? sql_column(statement, 1, MESSAGE_ID_SIZE) : NULL;
    if (id) {
        found->row = sqlite3_column_int64(statement, 0);
        found->singly = sqlite3_column_int(statement, 2) != 0;
        memcpy(found->id, id, MESSAGE_ID_SIZE);
    }
    sqlite3_reset(statement);
    return !row || id || vault_damaged(vault, "a message has no id", error);
}

gboolean batch_find_stored(Batch *batch, const guint8 identity[static MAC_SIZE],
                           BatchMessage **found, GError **error)
{
    StoredMessage stored;
    *found = NULL;
    if (!vault_find_stored(batch->vault, identity, &stored, error))
        return FALSE;
    if (stored.row == 0)
        return TRUE;
    BatchMessage *message = g_new0(BatchMessage, 1);
    memcpy(message->id, stored.id, MESSAGE_ID_SIZE);
    message->row = stored.row;
    message->singly = stored.singly;
    message->known = TRUE;
    batch_add(batch, message);
    *found = message;
    return TRUE;
}

/* --- the last transaction ------------------------------------------------------------------ */

/* The message's key, as it is stored. */
static GBytes *wrap(const Batch *batch, const BatchMessage *message)
{
    guint8 wrapped[WRAP_SIZE];
    if (message->singly)
        return g_bytes_ref(message->single);
    key_wrap(batch->key, message->id, message->key, wrapped);
    return g_bytes_new(wrapped, sizeof wrapped);
}

static gboolean store_message(Batch *batch, BatchMessage *message, GError **error)
{
    gsize size;
    guint8 digest[MAC_SIZE];
    gboolean fresh = message->row == 0;
    sqlite3_stmt *statement =
        vault_sql(batch->vault, fresh ? SQL_ADD_STORED : SQL_SET_STORED, error);
    if (statement == NULL)
        return FALSE;
    g_autoptr(GBytes) wrap_bytes = wrap(batch, message);
    const guint8 *wrapped = g_bytes_get_data(wrap_bytes, &size);
    digest_message(batch->digest, message->chunks_mac, message->id, batch->ephemeral, wrapped, size,
                   digest);
    int n = 1;
    if (fresh) {
        sql_blob(statement, n++, message->id, MESSAGE_ID_SIZE);
        sql_int(statement, n++, batch->id);
    } else {
        sql_int(statement, n++, message->row);
    }
    sql_int(statement, n++, message->chunks);
    sql_blob(statement, n++, wrapped, size);
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
        if (!store_message(batch, message, error) || !batch_store_share(batch, message, error))
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

static gboolean store_records(Batch *batch, GError **error)
{
    return (batch->arrivals->len == 0 && batch->flags->len == 0) ||
           (batch_add_row(batch, error) && store_messages(batch, error) &&
            batch_store_arrivals(batch, error) && batch_store_flags(batch, error));
}

gboolean batch_store_within(Batch *batch, GError **error)
{
    return batch_settle(batch, error) && batch_store_mailboxes(batch, error) &&
           store_records(batch, error) && batch_store_skips(batch, error);
}

gboolean batch_store(Batch *batch, GError **error)
{
    Vault *vault = batch->vault;
    if (!sql_begin(vault, SQL_STRICT, error))
        return FALSE;
    gboolean fine = batch_store_within(batch, error);
    turn_change(vault->turn);
    if (!sql_end(vault, fine, error))
        return FALSE;
    forget_staged(batch);
    return TRUE;
}

/*
 * Also brings what an earlier writer committed into the database file: had its last fsync
 * failed, the bytes were in the system's memory alone, and are written and synced anew by this.
 */
gboolean vault_sweep(Vault *vault, gint64 batch, GError **error)
{
    if (!sql_begin(vault, SQL_STRICT, error))
        return FALSE;
    gboolean fine = sql_run(vault, SQL_DEFER, error) &&
                    sql_run_with(vault, SQL_SWEEP_CHUNKS, batch, error) &&
                    sql_run_with(vault, SQL_SWEEP_BATCHES, batch, error) &&
                    sql_run_with(vault, SQL_SWEEP_MESSAGES, batch, error);
    return sql_end(vault, fine, error) && sql_run(vault, SQL_CHECKPOINT, error);
}
