/* See vault-uidl.h: which messages of a POP3 server are here. */
#include <string.h>

#include "store/vault-uidl.h"
#include "store/vault-writer.h"

static gboolean find(VaultWriter *writer, const char *account, const char *uidl, gint64 *row,
                     gint64 *since, GError **error)
{
    gboolean found;
    guint8 account_mac[MAC_SIZE], uidl_mac[MAC_SIZE];
    sqlite3_stmt *statement = vault_sql(writer->vault, SQL_UIDL, error);
    if (statement == NULL)
        return FALSE;
    name_mac(writer->names, "account", account, "", account_mac);
    name_mac(writer->names, "uidl", account, uidl, uidl_mac);
    sql_blob(statement, 1, account_mac, MAC_SIZE);
    sql_blob(statement, 2, uidl_mac, MAC_SIZE);
    if (!sql_row(writer->vault, statement, &found, error))
        return FALSE;
    *row = found ? sqlite3_column_int64(statement, 0) : 0;
    *since = found ? sqlite3_column_int64(statement, 1) : 0;
    sqlite3_reset(statement);
    return TRUE;
}

gboolean vault_uidl_row(VaultWriter *writer, const char *account, const char *uidl, gint64 *row,
                        GError **error)
{
    gint64 since;
    return find(writer, account, uidl, row, &since, error);
}

gboolean vault_has_uidl(VaultWriter *writer, const char *account, const char *uidl, gboolean *has,
                        gint64 *since, GError **error)
{
    gint64 row, when;
    if (!find(writer, account, uidl, &row, &when, error))
        return FALSE;
    *has = row != 0;
    if (since)
        *since = when;
    return TRUE;
}

/* --- forgetting ---------------------------------------------------------------------------- */

static GHashTable *macs_of(const VaultWriter *writer, const char *account, const GPtrArray *uidls)
{
    GHashTable *set =
        g_hash_table_new_full(g_bytes_hash, g_bytes_equal, (GDestroyNotify)g_bytes_unref, NULL);
    for (guint i = 0; i < uidls->len; i++) {
        guint8 mac[MAC_SIZE];
        name_mac(writer->names, "uidl", account, uidls->pdata[i], mac);
        g_hash_table_add(set, g_bytes_new(mac, MAC_SIZE));
    }
    return set;
}

/* The account's marks that are not in SET. */
static GPtrArray *foreign(Vault *vault, const guint8 account_mac[static MAC_SIZE], GHashTable *set,
                          GError **error)
{
    gboolean row, fine;
    sqlite3_stmt *statement = vault_sql(vault, SQL_UIDLS, error);
    if (statement == NULL)
        return NULL;
    sql_blob(statement, 1, account_mac, MAC_SIZE);
    g_autoptr(GPtrArray) found = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
    while ((fine = sql_row(vault, statement, &row, error)) && row) {
        g_autoptr(GBytes) mac = g_bytes_new(sqlite3_column_blob(statement, 0),
                                            (gsize)sqlite3_column_bytes(statement, 0));
        if (!g_hash_table_contains(set, mac))
            g_ptr_array_add(found, g_steal_pointer(&mac));
    }
    sqlite3_reset(statement);
    return fine ? g_steal_pointer(&found) : NULL;
}

static gboolean drop_all(Vault *vault, const guint8 account_mac[static MAC_SIZE],
                         const GPtrArray *uidl_macs, GError **error)
{
    sqlite3_stmt *statement = vault_sql(vault, SQL_DROP_UIDL, error);
    if (statement == NULL)
        return FALSE;
    for (guint i = 0; i < uidl_macs->len; i++) {
        gsize size;
        const void *mac = g_bytes_get_data(uidl_macs->pdata[i], &size);
        sql_blob(statement, 1, account_mac, MAC_SIZE);
        sql_blob(statement, 2, mac, size);
        if (!sql_done(vault, statement, error))
            return FALSE;
    }
    return TRUE;
}

gboolean vault_forget_uidls(VaultWriter *writer, const char *account, const GPtrArray *listed,
                            GError **error)
{
    Vault *vault = writer->vault;
    guint8 account_mac[MAC_SIZE];
    if (!writer_sound(writer, error))
        return FALSE;
    name_mac(writer->names, "account", account, "", account_mac);
    g_autoptr(GHashTable) set = macs_of(writer, account, listed);
    g_autoptr(GPtrArray) gone = foreign(vault, account_mac, set, error);
    if (gone == NULL)
        return FALSE;
    if (gone->len == 0)
        return TRUE;
    if (!sql_begin(vault, SQL_LAZY, error))
        return FALSE;
    return sql_end(vault, drop_all(vault, account_mac, gone, error), error);
}
