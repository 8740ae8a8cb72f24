/* See vault-rewrap.h. */
#include "store/vault-rewrap.h"

#include "core/error.h"
#include "store/vault-intact.h"
#include "store/vault-single.h"

typedef struct {
    Vault *vault;
    const Secret *match_key;
    SingleWrapper wrapper;
    gpointer user;
    Mac *chunks, *digest;
    guint64 *anew;
} Rewrapping;

/* In place of what SEALED has, unless somebody was faster. */
static gboolean put(Rewrapping *self, gint64 row, const SealedRow *sealed, GBytes *now,
                    const guint8 digest[static MAC_SIZE], GError **error)
{
    gsize now_size, before_size;
    const void *bytes = g_bytes_get_data(now, &now_size);
    const void *before = g_bytes_get_data(sealed->wrapped, &before_size);
    sqlite3_stmt *statement = vault_sql(self->vault, SQL_SET_SINGLE, error);
    if (statement == NULL)
        return FALSE;
    sql_int(statement, 1, row);
    sql_blob(statement, 2, bytes, now_size);
    sql_blob(statement, 3, digest, MAC_SIZE);
    sql_blob(statement, 4, before, before_size);
    if (!sql_done(self->vault, statement, error))
        return FALSE;
    *self->anew += (guint64)sqlite3_changes(self->vault->db);
    return TRUE;
}

/* The digest covers the wrapped key, and must not make a damaged message a good one. */
static gboolean rewrap(Rewrapping *self, gint64 row, const SealedRow *sealed, GError **error)
{
    gsize size;
    gboolean intact;
    guint8 of_chunks[MAC_SIZE], whole[MAC_SIZE];
    const guint8 *wrapped = g_bytes_get_data(sealed->wrapped, &size);
    if (!vault_sealed_intact(self->vault, self->chunks, self->digest, row, sealed, of_chunks,
                             &intact, error))
        return FALSE;
    if (!intact || size == 0)
        return TRUE;
    GError *failure = NULL;
    g_autoptr(GBytes) openpgp = self->wrapper(self->user, wrapped + 1, size - 1, &failure);
    if (openpgp == NULL) {
        if (failure)
            g_propagate_error(error, failure);
        return failure == NULL;
    }
    g_autoptr(GBytes) now = single_wrap(openpgp);
    wrapped = g_bytes_get_data(now, &size);
    digest_message(self->digest, of_chunks, sealed->id, sealed->ephemeral, wrapped, size, whole);
    return sql_begin(self->vault, SQL_STRICT, error) &&
           sql_end(self->vault, put(self, row, sealed, now, whole, error), error);
}

static gboolean next_row(Vault *vault, gint64 *row, gboolean *found, GError **error)
{
    sqlite3_stmt *statement = vault_sql(vault, SQL_NEXT_SHARE, error);
    if (statement == NULL)
        return FALSE;
    sql_int(statement, 1, *row);
    if (!sql_row(vault, statement, found, error))
        return FALSE;
    if (*found)
        *row = sqlite3_column_int64(statement, 0);
    sqlite3_reset(statement);
    return TRUE;
}

static gboolean rewrap_all(Rewrapping *self, GError **error)
{
    gint64 row = 0;
    gboolean more, found;
    while (next_row(self->vault, &row, &more, error)) {
        g_auto(SealedRow) sealed = {.wrapped = NULL};
        if (!more)
            return TRUE;
        if (!vault_sealed_row(self->vault, row, &sealed, &found, error) ||
            (found && !rewrap(self, row, &sealed, error)))
            return FALSE;
    }
    return FALSE;
}

gboolean vault_rewrap_singles(Vault *vault, const Secret *match_key, SingleWrapper wrapper,
                              gpointer user, guint64 *anew, GError **error)
{
    *anew = 0;
    g_autoptr(Mac) chunks = digest_new(match_key);
    g_autoptr(Mac) digest = digest_new(match_key);
    Rewrapping self = {vault, match_key, wrapper, user, chunks, digest, anew};
    return rewrap_all(&self, error);
}
