/* See vault-single.h. */
#include "store/vault-single.h"

#include "core/base32.h"
#include "core/error.h"
#include "crypto/pgp.h"
#include "store/share.h"
#include "store/vault-commit.h"
#include "store/vault-read.h"
#include "store/vault-record.h"
#include "store/vault-writer.h"

void vault_writer_set_keys(VaultWriter *writer, char *const *fingerprints)
{
    g_strfreev(writer->keys);
    writer->keys = g_strdupv((char **)fingerprints);
}

/* --- before the transaction ---------------------------------------------------------------- */

GBytes *single_wrap(GBytes *openpgp)
{
    gsize size;
    const void *data = g_bytes_get_data(openpgp, &size);
    GByteArray *wrapped = g_byte_array_sized_new((guint)size + 1);
    const guint8 algorithm = WRAP_OPENPGP;
    g_byte_array_append(wrapped, &algorithm, 1);
    g_byte_array_append(wrapped, data, (guint)size);
    return g_byte_array_free_to_bytes(wrapped);
}

static gboolean is_to_wrap(const BatchMessage *message)
{
    return message->singly && !message->known && message->single == NULL;
}

gboolean batch_wrap(Batch *batch, char *const *keys, GError **error)
{
    g_autoptr(GPtrArray) messages = g_ptr_array_new();
    for (guint i = 0; i < batch->messages->len; i++)
        if (is_to_wrap(batch->messages->pdata[i]))
            g_ptr_array_add(messages, batch->messages->pdata[i]);
    if (messages->len == 0)
        return TRUE;
    g_autofree PgpWrap *wraps = g_new0(PgpWrap, messages->len);
    for (guint i = 0; i < messages->len; i++)
        wraps[i].secret = ((BatchMessage *)messages->pdata[i])->key;
    if (!pgp_wrap_all(keys, wraps, messages->len, KEY_SIZE, error))
        return FALSE;
    for (guint i = 0; i < messages->len; i++) {
        ((BatchMessage *)messages->pdata[i])->single = single_wrap(wraps[i].wrapped);
        g_bytes_unref(wraps[i].wrapped);
    }
    return TRUE;
}

/* --- within it ----------------------------------------------------------------------------- */

gboolean batch_store_share(const Batch *batch, BatchMessage *message, GError **error)
{
    if (!message->singly)
        return TRUE;
    gsize size;
    const void *data = g_bytes_get_data(message->share, &size);
    sqlite3_stmt *statement = vault_sql(batch->vault, SQL_ADD_SHARE, error);
    if (statement == NULL)
        return FALSE;
    sql_int(statement, 1, message->row);
    sql_blob(statement, 2, data, size);
    return sql_done(batch->vault, statement, error);
}

/* --- reading ------------------------------------------------------------------------------- */

static IndexDoc *open_share(Vault *vault, const Secret *vault_private, sqlite3_stmt *statement,
                            const guint8 id[static MESSAGE_ID_SIZE], guint64 *size, GError **error)
{
    const guint8 *sealed = sqlite3_column_blob(statement, 1);
    gsize length = (gsize)sqlite3_column_bytes(statement, 1);
    const BatchKey *key =
        vault_batch_key(vault, vault_private, sqlite3_column_int64(statement, 0), error);
    g_autoptr(GBytes) plain =
        key ? message_record_open(key, RECORD_SHARE, id, sealed, length, error) : NULL;
    if (plain == NULL)
        return NULL;
    const guint8 *bytes = g_bytes_get_data(plain, &length);
    IndexDoc *doc = share_read(bytes, length, size);
    if (doc == NULL)
        vault_damaged(vault, "what the index may know of a message cannot be understood", error);
    return doc;
}

IndexDoc *vault_share(Vault *vault, const Secret *vault_private, const char *id, guint64 *size,
                      GError **error)
{
    gboolean row = FALSE;
    guint8 bytes[MESSAGE_ID_SIZE] = {0};
    (void)!base32_decode(id, bytes, sizeof bytes);
    sqlite3_stmt *statement = sql_look_up(vault, SQL_SHARE, bytes, sizeof bytes, &row, error);
    if (statement == NULL)
        return NULL;
    IndexDoc *doc = NULL;
    if (!row)
        refuse(error, POSTERN_ERROR_INPUT, "message.id", "take an id that 'postern search' shows",
               "there is no message %s", id);
    else if (sqlite3_column_type(statement, 1) != SQLITE_BLOB)
        vault_damaged(vault, "what the index may know of a message is missing", error);
    else
        doc = open_share(vault, vault_private, statement, bytes, size, error);
    sqlite3_reset(statement);
    return doc;
}

gboolean vault_singles(Vault *vault, guint64 *count, GError **error)
{
    gboolean row;
    sqlite3_stmt *statement = vault_sql(vault, SQL_COUNT_SHARES, error);
    if (statement == NULL || !sql_row(vault, statement, &row, error))
        return FALSE;
    *count = (guint64)sqlite3_column_int64(statement, 0);
    sqlite3_reset(statement);
    return TRUE;
}
