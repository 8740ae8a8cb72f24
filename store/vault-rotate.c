/* See vault-rotate.h. */
#include "store/vault-rotate.h"

#include "core/error.h"
#include "store/vault-sql.h"

static gboolean changed_meanwhile(GError **error)
{
    return refuse(error, POSTERN_ERROR_TEMPORARY, "vault.busy", "try again",
                  "the vault was sealed anew by somebody else meanwhile");
}

static gboolean swap_private(Vault *vault, GBytes *now, GError **error)
{
    gsize before_size, now_size;
    const void *before = g_bytes_get_data(vault->wrapped_private, &before_size);
    const void *bytes = g_bytes_get_data(now, &now_size);
    sqlite3_stmt *statement = vault_sql(vault, SQL_SET_WRAPPED, error);
    if (statement == NULL)
        return FALSE;
    sql_blob(statement, 1, bytes, now_size);
    sql_blob(statement, 2, before, before_size);
    if (!sql_done(vault, statement, error))
        return FALSE;
    return sqlite3_changes(vault->db) == 1 || changed_meanwhile(error);
}

static gboolean swap_secret(Vault *vault, const Secret *match_key, const RotatedSecret *secret,
                            GError **error)
{
    g_autoptr(GError) failure = NULL;
    g_autoptr(GBytes) there = vault_get_secret(vault, match_key, secret->account, &failure);
    if (failure) {
        g_propagate_error(error, g_steal_pointer(&failure));
        return FALSE;
    }
    if (there == NULL || !g_bytes_equal(there, secret->before))
        return changed_meanwhile(error);
    return vault_put_secret(vault, match_key, secret->account, secret->now, error);
}

static gboolean swap_all(Vault *vault, const Secret *match_key, GBytes *private_now,
                         const GPtrArray *secrets, GError **error)
{
    if (!swap_private(vault, private_now, error))
        return FALSE;
    for (guint i = 0; i < secrets->len; i++)
        if (!swap_secret(vault, match_key, secrets->pdata[i], error))
            return FALSE;
    return TRUE;
}

gboolean vault_rotate(Vault *vault, const Secret *match_key, GBytes *private_now,
                      const GPtrArray *secrets, GError **error)
{
    if (!sql_begin(vault, SQL_STRICT, error) ||
        !sql_end(vault, swap_all(vault, match_key, private_now, secrets, error), error))
        return FALSE;
    g_bytes_unref(vault->wrapped_private);
    vault->wrapped_private = g_bytes_ref(private_now);
    return TRUE;
}
