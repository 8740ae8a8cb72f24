/* See vault-digest.h. */
#include "store/vault-digest.h"

#include <string.h>

Mac *digest_new(const Secret *match_key)
{
    g_autoptr(Secret) key = derive_key(match_key, "postern digests 1");
    return mac_new(secret_bytes(key), secret_size(key));
}

static void begin(Mac *mac, const char *what)
{
    mac_reset(mac);
    mac_update(mac, what, strlen(what) + 1);
}

void digest_begin(Mac *mac)
{
    begin(mac, "chunks");
}

void digest_chunk(Mac *mac, const guint8 *sealed, gsize size)
{
    guint32 length = GUINT32_TO_BE((guint32)size);
    mac_update(mac, &length, sizeof length);
    mac_update(mac, sealed, size);
}

void digest_message(Mac *mac, const guint8 chunks[static MAC_SIZE],
                    const guint8 id[static MESSAGE_ID_SIZE],
                    const guint8 ephemeral[static KEY_SIZE], const guint8 *wrapped, gsize size,
                    guint8 digest[static MAC_SIZE])
{
    begin(mac, "message");
    mac_update(mac, chunks, MAC_SIZE);
    mac_update(mac, id, MESSAGE_ID_SIZE);
    mac_update(mac, ephemeral, KEY_SIZE);
    mac_update(mac, wrapped, size);
    mac_finish(mac, digest);
}
