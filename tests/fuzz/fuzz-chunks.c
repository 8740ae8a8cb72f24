/*
 * fuzz-chunks — the reader of sealed chunks. The first byte says how far in the rest begins:
 * even, it is what the store holds, chunk by chunk; odd, it is what somebody who has the key
 * would seal: a trailer (two sizes) and a frame, padded as a writer would.
 */
#include <string.h>

#include "crypto/chunk.h"

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

static const guint8 vault_id[VAULT_ID_SIZE], message_id[MESSAGE_ID_SIZE], message_key[KEY_SIZE];

static GBytes *fetch(gpointer user, guint32 n, GError **error)
{
    (void)error;
    return g_bytes_ref(((GPtrArray *)user)->pdata[n]);
}

/* Chunks of the sizes that two bytes before each name. */
static void split(GPtrArray *store, const guint8 *data, gsize size)
{
    while (size >= 2) {
        gsize now = MIN((gsize)(data[0] << 8 | data[1]), size - 2);
        g_ptr_array_add(store, g_bytes_new(data + 2, now));
        data += 2 + now;
        size -= 2 + now;
    }
}

static void seal(GPtrArray *store, const guint8 *data, gsize size)
{
    gsize frame = size - TRAILER_SIZE, total = padme(size);
    g_autofree guint8 *plain = g_malloc0(total);
    memcpy(plain, data + TRAILER_SIZE, frame);
    memcpy(plain + total - TRAILER_SIZE, data, TRAILER_SIZE);
    ChunkCipher cipher = chunk_cipher(vault_id, message_id, message_key);
    for (gsize at = 0; at < total; at += LIMIT_CHUNK) {
        guint8 chunk[LIMIT_CHUNK + GCM_TAG];
        gsize now = MIN(LIMIT_CHUNK, total - at);
        memcpy(chunk, plain + at, now);
        chunk_seal(&cipher, store->len, at + now == total, chunk, now);
        g_ptr_array_add(store, g_bytes_new(chunk, now + GCM_TAG));
    }
    gcm_key_free(cipher.key);
}

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
    g_autoptr(GPtrArray) store = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
    guint64 claimed = 0, returned = 0;
    if (size < 1 + TRAILER_SIZE)
        return 0;
    if (data[0] % 2 == 0) {
        split(store, data + 1, size - 1);
    } else {
        seal(store, data + 1, size - 1);
        memcpy(&claimed, data + 1 + 8, sizeof claimed);
        claimed = GUINT64_FROM_BE(claimed);
    }
    g_autoptr(Source) source =
        open_source(vault_id, message_id, message_key, store->len, fetch, store);
    guint8 buffer[8192];
    gssize got;
    while ((got = source_read(source, buffer, sizeof buffer, NULL)) > 0) {
        returned += (guint64)got;
        if (returned > claimed)
            g_error("more came out than was authenticated");
        if (returned > 64 * 1024 * 1024) /* long enough for a fuzzer */
            return 0;
    }
    if (got == 0 && returned != claimed)
        g_error("it ended before its authenticated size");
    return 0;
}
