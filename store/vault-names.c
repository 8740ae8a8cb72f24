/* See vault-names.h. */
#include "store/vault-names.h"

#include "core/cursor.h"

struct NameKey {
    Mac *mac;
};

NameKey *name_key_new(const Secret *match_key)
{
    NameKey *key = g_new0(NameKey, 1);
    g_autoptr(Secret) derived = derive_key(match_key, "postern names 1");
    key->mac = mac_new(secret_bytes(derived), secret_size(derived));
    return key;
}

void name_key_free(NameKey *key)
{
    if (key == NULL)
        return;
    mac_free(key->mac);
    g_free(key);
}

void name_mac(const NameKey *key, const char *kind, const char *account, const char *name,
              guint8 out[static MAC_SIZE])
{
    g_autoptr(GByteArray) input = g_byte_array_new();
    put_string(input, kind);
    put_string(input, account);
    put_string(input, name);
    mac_update(key->mac, input->data, input->len);
    mac_finish(key->mac, out);
}
