/* See vault.h: what is told of the vault without opening a message. */
#include "core/base32.h"
#include "store/vault-sql.h"

static gboolean numbers(Vault *vault, VaultSql which, gint64 *first, gint64 *second, GError **error)
{
    gboolean row;
    sqlite3_stmt *statement = vault_sql(vault, which, error);
    if (statement == NULL || !sql_row(vault, statement, &row, error))
        return FALSE;
    *first = sqlite3_column_int64(statement, 0);
    if (second)
        *second = sqlite3_column_int64(statement, 1);
    sqlite3_reset(statement);
    return row || vault_damaged(vault, "its totals are missing", error);
}

gboolean vault_stat(Vault *vault, VaultStat *stat, GError **error)
{
    gint64 messages, bytes;
    if (!numbers(vault, SQL_TOTAL, &messages, &bytes, error))
        return FALSE;
    *stat = (VaultStat){.messages = (guint64)messages, .bytes = (guint64)bytes};
    return TRUE;
}

gboolean vault_journal_end(Vault *vault, gint64 *last, GError **error)
{
    return numbers(vault, SQL_JOURNAL_END, last, NULL, error);
}

gboolean vault_has_message(Vault *vault, gint64 row, const char *id, gboolean *has, GError **error)
{
    guint8 bytes[MESSAGE_ID_SIZE];
    *has = FALSE;
    if (!base32_decode(id, bytes, sizeof bytes))
        return TRUE;
    sqlite3_stmt *statement = vault_sql(vault, SQL_MESSAGE_ROW, error);
    if (statement == NULL)
        return FALSE;
    sql_int(statement, 1, row);
    sql_blob(statement, 2, bytes, sizeof bytes);
    if (!sql_row(vault, statement, has, error))
        return FALSE;
    sqlite3_reset(statement);
    return TRUE;
}
