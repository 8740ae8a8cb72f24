/* See vault-names.h. */
#include "store/vault-names.h"

#include <string.h>

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

static int by_name(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

void flags_mac(const NameKey *key, const guint8 mailbox_mac[static MAC_SIZE], guint32 uid,
               GStrv flags, guint8 out[static FLAGS_MAC_SIZE])
{
    guint8 whole[MAC_SIZE];
    g_autoptr(GByteArray) input = g_byte_array_new();
    g_autoptr(GPtrArray) sorted = g_ptr_array_new();
    for (GStrv flag = flags; flag && *flag; flag++)
        if (g_ascii_strcasecmp(*flag, "\\Recent") != 0)
            g_ptr_array_add(sorted, *flag);
    g_ptr_array_sort(sorted, by_name);
    put_string(input, "flags");
    g_byte_array_append(input, mailbox_mac, MAC_SIZE);
    put_u32(input, uid);
    for (guint i = 0; i < sorted->len; i++)
        put_string(input, sorted->pdata[i]);
    mac_update(key->mac, input->data, input->len);
    mac_finish(key->mac, whole);
    memcpy(out, whole, FLAGS_MAC_SIZE);
}
