/* The key in the kernel's keyring; see unlock.h. */
#include <keyutils.h>

#include "crypto/unlock.h"

/* "postern:" and the vault's id in hex. */
static char *name_of(const guint8 vault_id[static VAULT_ID_SIZE])
{
    GString *name = g_string_new("postern:");
    for (gsize i = 0; i < VAULT_ID_SIZE; i++)
        g_string_append_printf(name, "%02x", vault_id[i]);
    return g_string_free(name, FALSE);
}

/* Without this a process whose session keyring does not know the user's (cron, a service, a
 * new session) finds the key but may not read it. */
static void reach_user_keyring(void)
{
    (void)keyctl_link(KEY_SPEC_USER_KEYRING, KEY_SPEC_PROCESS_KEYRING);
}

/* Its serial number, or -1. */
static key_serial_t find(const guint8 vault_id[static VAULT_ID_SIZE])
{
    g_autofree char *name = name_of(vault_id);
    reach_user_keyring();
    return (key_serial_t)keyctl_search(KEY_SPEC_USER_KEYRING, "user", name, 0);
}

Secret *unlock_cached(const guint8 vault_id[static VAULT_ID_SIZE])
{
    key_serial_t serial = find(vault_id);
    if (serial < 0)
        return NULL;
    char buffer[KEY_SIZE + 1];
    long size = keyctl_read(serial, buffer, sizeof buffer);
    Secret *key = size == KEY_SIZE ? secret_new(buffer, KEY_SIZE) : NULL;
    secret_wipe(buffer, sizeof buffer);
    return key;
}

gboolean unlock_forget(const guint8 vault_id[static VAULT_ID_SIZE])
{
    key_serial_t serial = find(vault_id);
    if (serial < 0)
        return FALSE;
    /* Revoking takes it from whoever holds it by number, unlinking frees the quota. */
    (void)keyctl_revoke(serial);
    (void)keyctl_unlink(serial, KEY_SPEC_USER_KEYRING);
    return TRUE;
}

void unlock_cache(const guint8 vault_id[static VAULT_ID_SIZE], const Secret *key, guint seconds)
{
    g_autofree char *name = name_of(vault_id);
    reach_user_keyring();
    key_serial_t serial =
        add_key("user", name, secret_bytes(key), secret_size(key), KEY_SPEC_USER_KEYRING);
    if (serial < 0)
        return;
    /* A key that would stay for ever, or that others may read, is worse than none. */
    if (keyctl_set_timeout(serial, seconds) != 0 || keyctl_setperm(serial, KEY_POS_ALL) != 0)
        (void)unlock_forget(vault_id);
}
