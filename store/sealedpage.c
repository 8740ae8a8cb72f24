/* See sealedpage.h. */
#include "store/sealedpage.h"

#include <string.h>

#define CONTENT (SEALED_PAGE - SEALED_RESERVE)
#define CLEAR_HEADER 8 /* page number and commit mark of a frame */
#define AD_SIZE 12     /* page number, offset */

struct SealedKeys {
    GcmKey *page[2]; /* by SealedPlace */
    guint8 header[KEY_SIZE];
};

static void derive(const guint8 key[static KEY_SIZE], const char *info,
                   guint8 derived[static KEY_SIZE])
{
    hkdf_sha256(key, KEY_SIZE, NULL, 0, info, strlen(info), derived, KEY_SIZE);
}

static GcmKey *subkey(const guint8 key[static KEY_SIZE], const char *info)
{
    guint8 derived[KEY_SIZE];
    derive(key, info, derived);
    GcmKey *made = gcm_key_new(derived);
    secret_wipe(derived, sizeof derived);
    return made;
}

SealedKeys *sealed_keys_new(const guint8 key[static KEY_SIZE])
{
    SealedKeys *keys = g_rc_box_new0(SealedKeys);
    keys->page[SEALED_MAIN] = subkey(key, "postern sealed page 1");
    keys->page[SEALED_WAL] = subkey(key, "postern sealed frame 1");
    derive(key, "postern sealed header 1", keys->header);
    return keys;
}

SealedKeys *sealed_keys_ref(SealedKeys *keys)
{
    return g_rc_box_acquire(keys);
}

static void clear(gpointer data)
{
    SealedKeys *keys = data;
    gcm_key_free(keys->page[SEALED_MAIN]);
    gcm_key_free(keys->page[SEALED_WAL]);
    secret_wipe(keys->header, sizeof keys->header);
}

void sealed_keys_unref(SealedKeys *keys)
{
    if (keys)
        g_rc_box_release_full(keys, clear);
}

static gboolean all_zero(const guint8 *bytes, gsize size)
{
    guint8 any = 0;
    for (gsize i = 0; i < size; i++)
        any |= bytes[i];
    return any == 0;
}

static void associate(guint8 ad[static AD_SIZE], guint32 number, guint64 offset)
{
    guint32 big_number = GUINT32_TO_BE(number);
    guint64 big_offset = GUINT64_TO_BE(offset);
    memcpy(ad, &big_number, sizeof big_number);
    memcpy(ad + sizeof big_number, &big_offset, sizeof big_offset);
}

gboolean sealed_page_seal(SealedKeys *keys, SealedPlace place, guint32 number, guint64 offset,
                          const guint8 in[static SEALED_PAGE], guint8 out[static SEALED_PAGE])
{
    /* What stood there would read back as zero, and SQLite's checksum over it would not hold. */
    if (!all_zero(in + CONTENT, SEALED_RESERVE))
        return FALSE;
    guint8 ad[AD_SIZE], *nonce = out + CONTENT;
    associate(ad, number, offset);
    random_bytes(nonce, GCM_NONCE);
    gcm_key_seal(keys->page[place], nonce, ad, sizeof ad, in, CONTENT, out, nonce + GCM_NONCE);
    memset(nonce + GCM_NONCE + GCM_TAG, 0, SEALED_RESERVE - GCM_NONCE - GCM_TAG);
    return TRUE;
}

gboolean sealed_page_open(SealedKeys *keys, SealedPlace place, guint32 number, guint64 offset,
                          const guint8 in[static SEALED_PAGE], guint8 out[static SEALED_PAGE])
{
    guint8 ad[AD_SIZE];
    const guint8 *nonce = in + CONTENT, *rest = nonce + GCM_NONCE + GCM_TAG;
    associate(ad, number, offset);
    gboolean good =
        all_zero(rest, SEALED_RESERVE - GCM_NONCE - GCM_TAG) &&
        gcm_key_open(keys->page[place], nonce, ad, sizeof ad, in, CONTENT, out, nonce + GCM_NONCE);
    if (good)
        memset(out + CONTENT, 0, SEALED_RESERVE);
    else
        memset(out, 0, SEALED_PAGE);
    return good;
}

/*
 * One bare AES block may look alike twice only when salts and checksum are both alike. Salts
 * change with each restart of the log and the checksum is a chain over all frames before, so
 * within one log that takes a collision of 64 bits; across two states of the disk it tells that
 * the same transaction was written again at the same place, and no more.
 */
void sealed_header(const SealedKeys *keys, gboolean seal, const guint8 in[static FRAME_HEADER],
                   guint8 out[static FRAME_HEADER])
{
    guint8 block[FRAME_HEADER - CLEAR_HEADER];
    aes_block(keys->header, seal, in + CLEAR_HEADER, block);
    memmove(out, in, CLEAR_HEADER);
    memcpy(out + CLEAR_HEADER, block, sizeof block);
}
