/* See vault-outbox-state.h: a row as it is written. */
#include <string.h>

#include "core/base32.h"
#include "store/vault-outbox-state.h"

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

gboolean outbox_row_name(Vault *vault, gint64 row, char name[static 17], GError **error)
{
    guint8 id[MESSAGE_ID_SIZE];
    if (!row_id(vault, row, id, error))
        return FALSE;
    g_autofree char *text = base32_encode(id, sizeof id);
    g_strlcpy(name, text, 17);
    return TRUE;
}

gboolean outbox_row_write(Vault *vault, OutboxRow *row, GError **error)
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
