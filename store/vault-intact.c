/* See vault-intact.h, and vault-single.h for who has no writer. */
#include "store/vault-intact.h"

#include <string.h>

#include "core/error.h"
#include "store/vault-read.h"
#include "store/vault-single.h"

gboolean vault_answer_damage(GError *failure, gboolean *intact, GError **error)
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

void vault_sealed_clear(SealedRow *sealed)
{
    g_clear_pointer(&sealed->wrapped, g_bytes_unref);
}

static gboolean copy_column(sqlite3_stmt *statement, int n, guint8 *out, gsize size)
{
    const guint8 *data = sql_column(statement, n, size);
    if (data)
        memcpy(out, data, size);
    return data != NULL;
}

gboolean vault_sealed_row(Vault *vault, gint64 row, SealedRow *sealed, gboolean *found,
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

static gboolean mac_chunks(Mac *mac, Vault *vault, gint64 row, guint32 chunks,
                           guint8 out[static MAC_SIZE], GError **error)
{
    digest_begin(mac);
    for (guint32 n = 0; n < chunks; n++) {
        g_autoptr(GBytes) chunk = vault_chunk(vault, row, n, error);
        if (chunk == NULL)
            return FALSE;
        gsize size;
        const guint8 *sealed = g_bytes_get_data(chunk, &size);
        digest_chunk(mac, sealed, size);
    }
    mac_finish(mac, out);
    return TRUE;
}

gboolean vault_sealed_intact(Vault *vault, Mac *chunks, Mac *digest, gint64 row,
                             const SealedRow *sealed, guint8 of_chunks[static MAC_SIZE],
                             gboolean *intact, GError **error)
{
    gsize size;
    guint8 whole[MAC_SIZE];
    GError *failure = NULL;
    if (!mac_chunks(chunks, vault, row, sealed->chunks, of_chunks, &failure))
        return vault_answer_damage(failure, intact, error);
    const guint8 *wrapped = g_bytes_get_data(sealed->wrapped, &size);
    digest_message(digest, of_chunks, sealed->id, sealed->ephemeral, wrapped, size, whole);
    *intact = memcmp(whole, sealed->digest, MAC_SIZE) == 0;
    return TRUE;
}

gboolean vault_digest_holds(Vault *vault, Mac *chunks, Mac *digest, gint64 row, gboolean *intact,
                            GError **error)
{
    guint8 of_chunks[MAC_SIZE];
    g_auto(SealedRow) sealed = {.wrapped = NULL};
    if (!vault_sealed_row(vault, row, &sealed, intact, error))
        return FALSE;
    return !*intact ||
           vault_sealed_intact(vault, chunks, digest, row, &sealed, of_chunks, intact, error);
}

gboolean vault_row_intact(Vault *vault, const Secret *match_key, gint64 row, gboolean *intact,
                          GError **error)
{
    Mac *chunks = digest_new(match_key), *digest = digest_new(match_key);
    gboolean fine = vault_digest_holds(vault, chunks, digest, row, intact, error);
    mac_free(chunks);
    mac_free(digest);
    return fine;
}
