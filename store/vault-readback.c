/*
 * See vault-uidl.h: is what was committed really there? Asked before a server may delete. All is
 * read through a connection of its own, so that nothing comes out of the writer's page cache.
 */
#include <string.h>

#include "core/error.h"
#include "core/text.h"
#include "store/vault-read.h"
#include "store/vault-uidl.h"
#include "store/vault-writer.h"

Vault *writer_fresh(VaultWriter *writer, GError **error)
{
    if (writer->fresh == NULL)
        writer->fresh = vault_open(writer->vault->dir, error);
    return writer->fresh;
}

/* A failure to read a part that is gone or changed is an answer; any other is a failure. */
static gboolean answer_damage(GError *failure, gboolean *intact, GError **error)
{
    *intact = failure == NULL;
    if (failure == NULL)
        return TRUE;
    if (g_strcmp0(postern_error_rule(failure), "vault.damage") == 0) {
        g_error_free(failure);
        return TRUE;
    }
    g_propagate_error(error, failure);
    return FALSE;
}

/* Opens the message with the key it was sealed with and works its identity out again. */
static gboolean opens(VaultWriter *writer, const BatchMessage *message, gboolean *intact,
                      GError **error)
{
    guint8 buffer[16 * 1024], identity[MAC_SIZE];
    gssize got;
    GError *failure = NULL;
    Vault *vault = writer_fresh(writer, error);
    if (vault == NULL)
        return FALSE;
    g_autoptr(Source) source =
        vault_chunks(vault, message->row, message->id, message->key, message->chunks);
    mac_reset(writer->identity);
    while ((got = source_read(source, buffer, sizeof buffer, &failure)) > 0)
        mac_update(writer->identity, buffer, (gsize)got);
    secret_wipe(buffer, sizeof buffer);
    mac_finish(writer->identity, identity);
    if (!answer_damage(failure, intact, error))
        return FALSE;
    *intact = *intact && memcmp(identity, message->identity, MAC_SIZE) == 0;
    return TRUE;
}

/* What the database says of a message that is not open to us. */
typedef struct {
    guint32 chunks;
    guint8 id[MESSAGE_ID_SIZE], ephemeral[KEY_SIZE], digest[MAC_SIZE];
    GBytes *wrapped;
} Sealed;

static void sealed_clear(Sealed *sealed)
{
    g_clear_pointer(&sealed->wrapped, g_bytes_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Sealed, sealed_clear)

static gboolean copy_column(sqlite3_stmt *statement, int n, guint8 *out, gsize size)
{
    const guint8 *data = sql_column(statement, n, size);
    if (data)
        memcpy(out, data, size);
    return data != NULL;
}

static gboolean find_sealed(Vault *vault, gint64 row, Sealed *sealed, gboolean *found,
                            GError **error)
{
    sqlite3_stmt *statement = vault_sql(vault, SQL_INTACT, error);
    if (statement == NULL)
        return FALSE;
    sql_int(statement, 1, row);
    if (!sql_row(vault, statement, found, error))
        return FALSE;
    if (*found) {
        sealed->chunks = (guint32)CLAMP(sqlite3_column_int64(statement, 0), 0, MAX_CHUNKS);
        sealed->wrapped = g_bytes_new(sqlite3_column_blob(statement, 3),
                                      (gsize)sqlite3_column_bytes(statement, 3));
        *found = copy_column(statement, 1, sealed->id, MESSAGE_ID_SIZE) &&
                 copy_column(statement, 2, sealed->ephemeral, KEY_SIZE) &&
                 copy_column(statement, 4, sealed->digest, MAC_SIZE);
    }
    sqlite3_reset(statement);
    return TRUE;
}

static gboolean mac_chunks(VaultWriter *writer, Vault *vault, gint64 row, guint32 chunks,
                           guint8 out[static MAC_SIZE], GError **error)
{
    digest_begin(writer->chunks);
    for (guint32 n = 0; n < chunks; n++) {
        g_autoptr(GBytes) chunk = vault_chunk(vault, row, n, error);
        if (chunk == NULL)
            return FALSE;
        gsize size;
        const guint8 *sealed = g_bytes_get_data(chunk, &size);
        digest_chunk(writer->chunks, sealed, size);
    }
    mac_finish(writer->chunks, out);
    return TRUE;
}

/* A message of an earlier batch: its key is gone, but the digest says what must be there. */
static gboolean digest_holds(VaultWriter *writer, gint64 row, gboolean *intact, GError **error)
{
    guint8 chunks[MAC_SIZE], digest[MAC_SIZE];
    g_auto(Sealed) sealed = {.wrapped = NULL};
    GError *failure = NULL;
    Vault *vault = writer_fresh(writer, error);
    if (vault == NULL || !find_sealed(vault, row, &sealed, intact, error))
        return FALSE;
    if (!*intact)
        return TRUE;
    if (!mac_chunks(writer, vault, row, sealed.chunks, chunks, &failure))
        return answer_damage(failure, intact, error);
    gsize size;
    const guint8 *wrapped = g_bytes_get_data(sealed.wrapped, &size);
    digest_message(writer->digest, chunks, sealed.id, sealed.ephemeral, wrapped, size, digest);
    *intact = memcmp(digest, sealed.digest, MAC_SIZE) == 0;
    return TRUE;
}

static gboolean reads_back(VaultWriter *writer, const BatchMessage *message, gboolean *intact,
                           GError **error)
{
    *intact = TRUE;
    return (message->known || opens(writer, message, intact, error)) &&
           (!*intact || digest_holds(writer, message->row, intact, error));
}

/* The damaged copy stays, for `verify` to name; but nothing that arrives is held for it again. */
static gboolean disown(VaultWriter *writer, gint64 row, GError **error)
{
    Vault *vault = writer->vault;
    if (!sql_begin(vault, SQL_STRICT, error))
        return FALSE;
    turn_change(vault->turn);
    gboolean fine = sql_run_with(vault, SQL_DISOWN, row, error) &&
                    sql_run_with(vault, SQL_DROP_UIDLS, row, error) &&
                    sql_run_with_two(vault, SQL_DROP_PENDING, row, 0, error);
    return sql_end(vault, fine, error);
}

gboolean vault_read_back(VaultWriter *writer, GError **error)
{
    gboolean all = TRUE;
    if (!writer_sound(writer, error))
        return FALSE;
    g_clear_pointer(&writer->fresh, vault_close);
    for (guint i = 0; i < writer->committed->len; i++) {
        const BatchMessage *message = g_ptr_array_index(writer->committed, i);
        gboolean intact;
        if (!reads_back(writer, message, &intact, error) ||
            (!intact && !disown(writer, message->row, error)))
            return FALSE;
        all = all && intact;
    }
    g_autofree char *shown = text_name(writer->vault->dir);
    return all || refuse(error, POSTERN_ERROR_STORE, "vault.damage",
                         "see that the disk is sound, then fetch again: it is still on the server",
                         "a message just stored in %s reads back differently", shown);
}

gboolean vault_uidl_intact(VaultWriter *writer, const char *account, const char *uidl,
                           gboolean *intact, GError **error)
{
    gint64 row;
    *intact = FALSE;
    if (!writer_sound(writer, error) || !vault_uidl_row(writer, account, uidl, &row, error))
        return FALSE;
    if (row == 0)
        return TRUE;
    return digest_holds(writer, row, intact, error) && (*intact || disown(writer, row, error));
}
