/* See vault-digest.h. */
#include "store/vault-digest.h"

#include <string.h>

#include "core/cursor.h"

struct DigestKey {
    Secret *key;
};

DigestKey *digest_key_new(const Secret *match_key)
{
    static const char label[] = "postern digests 1";
    guint8 derived[KEY_SIZE];
    hkdf_sha256(secret_bytes(match_key), secret_size(match_key), NULL, 0, label, strlen(label),
                derived, sizeof derived);
    DigestKey *key = g_new0(DigestKey, 1);
    key->key = secret_new(derived, sizeof derived);
    secret_wipe(derived, sizeof derived);
    return key;
}

void digest_key_free(DigestKey *key)
{
    if (key == NULL)
        return;
    secret_free(key->key);
    g_free(key);
}

static Mac *begin(const DigestKey *key, const char *what)
{
    Mac *mac = mac_new(secret_bytes(key->key), secret_size(key->key));
    mac_update(mac, what, strlen(what) + 1);
    return mac;
}

Mac *digest_chunks(const DigestKey *key)
{
    return begin(key, "chunks");
}

void digest_chunk(Mac *mac, const guint8 *sealed, gsize size)
{
    g_autoptr(GByteArray) length = g_byte_array_new();
    put_u32(length, (guint32)size);
    mac_update(mac, length->data, length->len);
    mac_update(mac, sealed, size);
}

void digest_message(const DigestKey *key, const guint8 chunks[static MAC_SIZE],
                    const guint8 id[static MESSAGE_ID_SIZE],
                    const guint8 ephemeral[static KEY_SIZE], const guint8 *wrapped, gsize size,
                    guint8 digest[static MAC_SIZE])
{
    g_autoptr(Mac) mac = begin(key, "message");
    mac_update(mac, chunks, MAC_SIZE);
    mac_update(mac, id, MESSAGE_ID_SIZE);
    mac_update(mac, ephemeral, KEY_SIZE);
    mac_update(mac, wrapped, size);
    mac_finish(mac, digest);
}
