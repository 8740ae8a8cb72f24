/* Does the index belong to the vault, and is there anything to absorb? See absorb.h. */
#include "core/error.h"
#include "crypto/pgp.h"
#include "store/absorb.h"

/* *END: the last record of the vault. */
static gboolean fits(Vault *vault, Index *index, gint64 *end, GError **error)
{
    gint64 row;
    char id[17];
    gboolean has = TRUE;
    if (!vault_journal_end(vault, end, error) || !index_newest(index, &row, id, error) ||
        (row > 0 && !vault_has_message(vault, row, id, &has, error)))
        return FALSE;
    return (has && index_position(index) <= *end) ||
           refuse(error, POSTERN_ERROR_STORE, "index.damage", INDEX_MEND,
                  "the index is newer than the vault: one of them was put back from a backup");
}

gboolean absorb_fits(Vault *vault, Index *index, GError **error)
{
    gint64 end;
    return fits(vault, index, &end, error);
}

gboolean absorb_is_due(Vault *vault, Index *index, gboolean *due, GError **error)
{
    gint64 end;
    Deferred next = {0};
    if (!fits(vault, index, &end, error) ||
        !index_deferred(index, pgp_secrets_stamp(), &next, error))
        return FALSE;
    *due = index_position(index) < end || next.row > 0;
    return TRUE;
}
