/* See compact.h. */
#include "store/compact.h"
#include "store/shrink.h"
#include "store/vault-commit.h"
#include "store/vault-turn.h"

/* Before it is cut off, a page may have been the last of a message that was removed a moment ago:
 * the next step sees that. It ends when a step moves nothing. */
static int shrink_vault(sqlite3 *db, CompactProgress progress, gpointer user)
{
    gint64 before = G_MAXINT64, left = 0;
    int rc = shrink_free_pages(db, &left);
    while (rc == SQLITE_OK && left > 0 && left < before) {
        if (progress)
            progress(user, (guint64)left);
        before = left;
        rc = shrink_step(db);
        if (rc == SQLITE_OK)
            rc = shrink_free_pages(db, &left);
    }
    return rc;
}

static gboolean compact_locked(Vault *vault, CompactProgress progress, gpointer user,
                               GError **error)
{
    if (!vault_sweep(vault, 0, error) || !sql_run(vault, SQL_STRICT, error))
        return FALSE;
    int rc = shrink_vault(vault->db, progress, user);
    if (rc == SQLITE_OK)
        rc = shrink_write_back(vault->db);
    return rc == SQLITE_OK || vault_failed(vault->db, vault->dir, error);
}

gboolean vault_compact(Vault *vault, CompactProgress progress, gpointer user, GError **error)
{
    VaultTurn *turn = turn_take(vault->dir, error);
    if (turn == NULL)
        return FALSE;
    gboolean fine = compact_locked(vault, progress, user, error);
    turn_leave(turn);
    return fine;
}
