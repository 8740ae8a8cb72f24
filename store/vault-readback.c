/* See vault.h: is what was committed really there? Asked before a server may delete. */
#include <string.h>

#include "core/error.h"
#include "store/vault-read.h"
#include "store/vault-writer.h"

static gboolean differs(const VaultWriter *writer, GError **error)
{
    return vault_damaged(writer->vault, "a message just stored reads back differently", error);
}

/* Opens the message with the key it was sealed with and works its identity out again. */
static gboolean reads_back(const VaultWriter *writer, Vault *fresh, const BatchMessage *message,
                           GError **error)
{
    guint8 buffer[16 * 1024], identity[MAC_SIZE];
    gssize got;
    g_autoptr(Source) source =
        vault_chunks(fresh, message->row, message->id, message->key, message->chunks);
    g_autoptr(Mac) mac = mac_new(secret_bytes(writer->match_key), secret_size(writer->match_key));
    while ((got = source_read(source, buffer, sizeof buffer, error)) > 0)
        mac_update(mac, buffer, (gsize)got);
    secret_wipe(buffer, sizeof buffer);
    if (got < 0)
        return FALSE;
    mac_finish(mac, identity);
    return memcmp(identity, message->identity, MAC_SIZE) == 0 || differs(writer, error);
}

/* A message of an earlier batch: its key is gone, but its pieces must be there. */
static gboolean is_there(const VaultWriter *writer, Vault *fresh, const BatchMessage *message,
                         GError **error)
{
    gboolean row;
    sqlite3_stmt *statement = vault_sql(fresh, SQL_COUNT_CHUNKS, error);
    if (statement == NULL)
        return FALSE;
    sql_int(statement, 1, message->row);
    if (!sql_row(fresh, statement, &row, error))
        return FALSE;
    gint64 want = row ? sqlite3_column_int64(statement, 0) : 0;
    gint64 have = row ? sqlite3_column_int64(statement, 1) : -1;
    sqlite3_reset(statement);
    return (want > 0 && want == have) || differs(writer, error);
}

/* Through a connection of its own, so that nothing comes out of the writer's page cache. */
gboolean vault_read_back(VaultWriter *writer, GError **error)
{
    if (!writer_sound(writer, error))
        return FALSE;
    g_autoptr(Vault) fresh = vault_open(writer->vault->dir, error);
    if (fresh == NULL)
        return FALSE;
    for (guint i = 0; i < writer->committed->len; i++) {
        const BatchMessage *message = g_ptr_array_index(writer->committed, i);
        if (!(message->known ? is_there(writer, fresh, message, error)
                             : reads_back(writer, fresh, message, error)))
            return FALSE;
    }
    return TRUE;
}
