/* See vault-match.h. */
#include "store/vault-match.h"

#include <string.h>

#include "store/vault-names.h"
#include "store/vault-sql.h"

#define CONTEXT "match key"

GBytes *match_seal(const guint8 vault_id[static VAULT_ID_SIZE],
                   const guint8 vault_public[static KEY_SIZE], const Secret *match_key,
                   GError **error)
{
    guint8 ephemeral[KEY_SIZE];
    g_autoptr(BatchKey) key = batch_key_new(vault_id, vault_public, ephemeral, error);
    if (key == NULL)
        return NULL;
    g_autoptr(GBytes) record =
        record_seal(key, CONTEXT, secret_bytes(match_key), secret_size(match_key));
    gsize size;
    const guint8 *bytes = g_bytes_get_data(record, &size);
    GByteArray *copy = g_byte_array_new();
    g_byte_array_append(copy, ephemeral, sizeof ephemeral);
    g_byte_array_append(copy, bytes, (guint)size);
    return g_byte_array_free_to_bytes(copy);
}

void match_check_value(const Secret *match_key, guint8 check[static MAC_SIZE])
{
    g_autoptr(NameKey) names = name_key_new(match_key);
    name_mac(names, "check", "", "", check);
}

gboolean vault_match_fits(const Vault *vault, const Secret *match_key)
{
    guint8 check[MAC_SIZE];
    match_check_value(match_key, check);
    return memcmp(check, vault->match_check, MAC_SIZE) == 0;
}

static Secret *open_copy(const Vault *vault, const Secret *vault_private)
{
    gsize size;
    const guint8 *copy = g_bytes_get_data(vault->match_copy, &size);
    g_autoptr(BatchKey) key =
        size > KEY_SIZE ? batch_key_open(vault->id, vault_private, copy, NULL) : NULL;
    g_autoptr(GBytes) record =
        key ? record_open(key, CONTEXT, copy + KEY_SIZE, size - KEY_SIZE, NULL) : NULL;
    if (record == NULL)
        return NULL;
    gsize key_size;
    const guint8 *bytes = g_bytes_get_data(record, &key_size);
    Secret *match_key = key_size == KEY_SIZE ? secret_new(bytes, KEY_SIZE) : NULL;
    secret_wipe((void *)bytes, key_size);
    return match_key;
}

Secret *vault_match_key(const Vault *vault, const Secret *vault_private, GError **error)
{
    g_autoptr(Secret) match_key = open_copy(vault, vault_private);
    if (match_key && vault_match_fits(vault, match_key))
        return g_steal_pointer(&match_key);
    vault_damaged(vault, "its copy of the match key does not open", error);
    return NULL;
}
