/* See chunk.h and seal.h. */
#include "crypto/chunk.h"

#include <string.h>

guint64 padme(guint64 size)
{
    if (size < 2)
        return size;
    guint exponent = 63 - (guint)__builtin_clzll(size);
    guint kept = 32 - (guint)__builtin_clz(exponent); /* bits of the exponent itself */
    guint64 mask = (G_GUINT64_CONSTANT(1) << (exponent - kept)) - 1;
    return (size + mask) & ~mask;
}

void chunk_must(gboolean worked)
{
    if (!worked)
        g_error("there is no memory for zstd");
}

ChunkCipher chunk_cipher(const guint8 vault_id[static VAULT_ID_SIZE],
                         const guint8 message_id[static MESSAGE_ID_SIZE],
                         const guint8 message_key[static KEY_SIZE])
{
    static const char info[] = "postern body 1";
    guint8 body_key[KEY_SIZE];
    hkdf_sha256(message_key, KEY_SIZE, vault_id, VAULT_ID_SIZE, info, strlen(info), body_key,
                sizeof body_key);
    ChunkCipher cipher = {.key = gcm_key_new(body_key), .ad = {SEAL_FORMAT}};
    secret_wipe(body_key, sizeof body_key);
    memcpy(cipher.ad + 1, vault_id, VAULT_ID_SIZE);
    memcpy(cipher.ad + 1 + VAULT_ID_SIZE, message_id, MESSAGE_ID_SIZE);
    return cipher;
}

/* STREAM: an 11-byte big-endian counter, then 1 for the last chunk and 0 for the others. */
static void nonce_of(guint32 n, gboolean last, guint8 nonce[static GCM_NONCE])
{
    guint32 big_endian = GUINT32_TO_BE(n);
    memset(nonce, 0, GCM_NONCE);
    memcpy(nonce + 7, &big_endian, sizeof big_endian);
    nonce[11] = last ? 1 : 0;
}

void chunk_seal(ChunkCipher *cipher, guint32 n, gboolean last, guint8 *chunk, gsize size)
{
    guint8 nonce[GCM_NONCE];
    nonce_of(n, last, nonce);
    gcm_key_seal(cipher->key, nonce, cipher->ad, sizeof cipher->ad, chunk, size, chunk,
                 chunk + size);
}

gboolean chunk_open(ChunkCipher *cipher, guint32 n, gboolean last, const guint8 *sealed, gsize size,
                    guint8 *out)
{
    guint8 nonce[GCM_NONCE];
    nonce_of(n, last, nonce);
    return gcm_key_open(cipher->key, nonce, cipher->ad, sizeof cipher->ad, sealed, size - GCM_TAG,
                        out, sealed + size - GCM_TAG);
}
