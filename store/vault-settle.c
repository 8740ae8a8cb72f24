/* See vault-commit.h: when a batch meets what another writer has stored meanwhile. */
#include <string.h>

#include "core/error.h"
#include "core/text.h"
#include "store/vault-commit.h"
#include "store/vault-record.h"

/* Records name their message, so that they cannot change places: they are sealed anew. */
static gboolean rename_records(Batch *batch, const BatchMessage *message, const guint8 *id,
                               GError **error)
{
    for (guint i = 0; i < batch->arrivals->len; i++) {
        BatchArrival *arrival = g_ptr_array_index(batch->arrivals, i);
        if (arrival->message != message)
            continue;
        gsize size;
        const guint8 *sealed = g_bytes_get_data(arrival->record, &size);
        g_autoptr(GBytes) plain =
            message_record_open(batch->key, RECORD_JOURNAL, message->id, sealed, size, error);
        if (plain == NULL)
            return FALSE;
        g_bytes_unref(arrival->record);
        arrival->record = message_record_seal(batch->key, RECORD_JOURNAL, id, plain);
    }
    return TRUE;
}

/* What is staged of it is left out by add_chunks(). */
static gboolean drop_bytes(Batch *batch, const BatchMessage *message, GError **error)
{
    return message->row == 0 ||
           (vault_drop_chunks(batch->vault, message->row, error) &&
            sql_run_with(batch->vault, SQL_DROP_ARRIVING, message->row, error));
}

static gboolean settle_new(Batch *batch, BatchMessage *message, GError **error)
{
    StoredMessage stored;
    if (!vault_find_stored(batch->vault, message->identity, &stored, error))
        return FALSE;
    if (stored.row == 0)
        return TRUE;
    if (!drop_bytes(batch, message, error) || !rename_records(batch, message, stored.id, error))
        return FALSE;
    message->row = stored.row;
    memcpy(message->id, stored.id, MESSAGE_ID_SIZE);
    message->singly = stored.singly;
    message->known = TRUE;
    return TRUE;
}

/* Of another account `gone = remove` may have removed it just now. */
static gboolean settle_known(Batch *batch, const BatchMessage *message, GError **error)
{
    gboolean there;
    sqlite3_stmt *statement = vault_sql(batch->vault, SQL_IS_STORED, error);
    if (statement == NULL)
        return FALSE;
    sql_int(statement, 1, message->row);
    if (!sql_row(batch->vault, statement, &there, error))
        return FALSE;
    sqlite3_reset(statement);
    if (there)
        return TRUE;
    g_autofree char *shown = text_name(batch->vault->dir);
    return refuse(error, POSTERN_ERROR_TEMPORARY, "vault.changed", "run sync again",
                  "a message in %s was removed for another account while it arrived anew", shown);
}

gboolean batch_settle(Batch *batch, GError **error)
{
    gint64 version;
    if (batch->key == NULL)
        return TRUE;
    if (!vault_data_version(batch->vault, &version, error))
        return FALSE;
    if (version == batch->version_before &&
        turn_changes(batch->vault->turn) == batch->changes_before)
        return TRUE;
    for (guint i = 0; i < batch->messages->len; i++) {
        BatchMessage *message = g_ptr_array_index(batch->messages, i);
        if (!(message->known ? settle_known(batch, message, error)
                             : settle_new(batch, message, error)))
            return FALSE;
    }
    return TRUE;
}
