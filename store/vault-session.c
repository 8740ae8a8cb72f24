/* See vault-session.h. */
#include "store/vault-session.h"

#include "core/base32.h"
#include "store/vault-read.h"
#include "store/vault-record.h"
#include "store/vault-sql.h"

typedef struct {
    gint64 row, batch; /* row 0: keys are not to be kept of it */
    GBytes *record;    /* or NULL */
} Kept;

static gboolean look_up(Vault *vault, const guint8 id[static MESSAGE_ID_SIZE], Kept *kept,
                        GError **error)
{
    gboolean row;
    *kept = (Kept){.record = NULL};
    sqlite3_stmt *statement = sql_look_up(vault, SQL_SESSION, id, MESSAGE_ID_SIZE, &row, error);
    if (statement == NULL)
        return FALSE;
    if (row) {
        kept->row = sqlite3_column_int64(statement, 0);
        kept->batch = sqlite3_column_int64(statement, 1);
        if (sqlite3_column_type(statement, 2) == SQLITE_BLOB)
            kept->record = g_bytes_new(sqlite3_column_blob(statement, 2),
                                       (gsize)sqlite3_column_bytes(statement, 2));
    }
    sqlite3_reset(statement);
    return TRUE;
}

/* An empty set for a record that does not open. */
static SessionKeys *open_record(const BatchKey *key, const guint8 id[static MESSAGE_ID_SIZE],
                                GBytes *record)
{
    gsize size;
    const guint8 *sealed = g_bytes_get_data(record, &size);
    g_autoptr(GBytes) plain = message_record_open(key, RECORD_SESSION, id, sealed, size, NULL);
    if (plain == NULL)
        return session_keys_new();
    const guint8 *bytes = g_bytes_get_data(plain, &size);
    SessionKeys *keys = session_keys_read(bytes, size);
    secret_wipe((void *)bytes, size);
    return keys ? keys : session_keys_new();
}

SessionKeys *vault_session_keys(Vault *vault, const Secret *vault_private, const char *id,
                                GError **error)
{
    Kept kept;
    guint8 bytes[MESSAGE_ID_SIZE] = {0};
    if (!base32_decode(id, bytes, sizeof bytes) || !look_up(vault, bytes, &kept, error) ||
        kept.row == 0)
        return NULL;
    if (kept.record == NULL)
        return session_keys_new();
    g_autoptr(GBytes) record = kept.record;
    const BatchKey *key = vault_batch_key(vault, vault_private, kept.batch, error);
    return key ? open_record(key, bytes, record) : NULL;
}

static gboolean put(Vault *vault, gint64 row, GBytes *record, GError **error)
{
    gsize size;
    const void *data = g_bytes_get_data(record, &size);
    sqlite3_stmt *statement = vault_sql(vault, SQL_SET_SESSION, error);
    if (statement == NULL)
        return FALSE;
    sql_int(statement, 1, row);
    sql_blob(statement, 2, data, size);
    return sql_done(vault, statement, error);
}

gboolean vault_keep_session_keys(Vault *vault, const Secret *vault_private, const char *id,
                                 const SessionKeys *keys, GError **error)
{
    Kept kept;
    guint8 bytes[MESSAGE_ID_SIZE] = {0};
    if (!base32_decode(id, bytes, sizeof bytes))
        return TRUE;
    if (!look_up(vault, bytes, &kept, error))
        return FALSE;
    g_clear_pointer(&kept.record, g_bytes_unref);
    if (kept.row == 0)
        return TRUE;
    const BatchKey *key = vault_batch_key(vault, vault_private, kept.batch, error);
    if (key == NULL)
        return FALSE;
    g_autoptr(Secret) packed = session_keys_pack(keys);
    g_autoptr(GBytes) plain = g_bytes_new_static(secret_bytes(packed), secret_size(packed));
    g_autoptr(GBytes) record = message_record_seal(key, RECORD_SESSION, bytes, plain);
    return sql_begin(vault, SQL_LAZY, error) &&
           sql_end(vault, put(vault, kept.row, record, error), error);
}

gboolean vault_forget_session_keys(Vault *vault, GError **error)
{
    gboolean any;
    sqlite3_stmt *statement = vault_sql(vault, SQL_ANY_SESSION, error);
    if (statement == NULL || !sql_row(vault, statement, &any, error))
        return FALSE;
    sqlite3_reset(statement);
    return !any || (sql_begin(vault, SQL_STRICT, error) &&
                    sql_end(vault, sql_run(vault, SQL_DROP_SESSIONS, error), error));
}
