/* See unlock.h. */
#include "crypto/unlock.h"

#include <string.h>

#include "core/error.h"
#include "crypto/pgp.h"

static gboolean fits(const Secret *key, const guint8 vault_public[static KEY_SIZE])
{
    guint8 derived[KEY_SIZE];
    if (secret_size(key) != KEY_SIZE)
        return FALSE;
    x25519_public(secret_bytes(key), derived);
    return memcmp(derived, vault_public, KEY_SIZE) == 0;
}

Secret *unlock_vault(const guint8 vault_id[static VAULT_ID_SIZE],
                     const guint8 vault_public[static KEY_SIZE], const guint8 *wrapped, gsize size,
                     guint seconds, GError **error)
{
    g_autoptr(Secret) cached = unlock_cached(vault_id);
    if (cached && fits(cached, vault_public))
        return g_steal_pointer(&cached);
    g_autoptr(GError) failure = NULL;
    g_autoptr(Secret) key = pgp_unwrap(wrapped, size, &failure);
    if (key == NULL) {
        if (failure->code == POSTERN_ERROR_TEMPORARY && !pgp_may_ask())
            postern_error_set_mend(failure, "run 'postern unlock' on a terminal or a desktop "
                                            "first: the vault then stays open for unlock_timeout");
        g_propagate_error(error, g_steal_pointer(&failure));
        return NULL;
    }
    if (!fits(key, vault_public)) {
        refuse(error, POSTERN_ERROR_STORE, "vault.key", "restore the vault from a backup",
               "the private key that lies in the vault is not the one it was sealed for");
        return NULL;
    }
    if (seconds > 0)
        unlock_cache(vault_id, key, seconds);
    return g_steal_pointer(&key);
}
