/* See seal.h: batch keys and the small things that lie directly under them. */
#include "crypto/seal.h"

#include <string.h>

#include "core/cursor.h"
#include "core/error.h"

struct BatchKey {
    guint8 vault_id[VAULT_ID_SIZE];
    GcmKey *wrap, *record;
};

/* Algorithm id of a record, so that another can follow. */
#define RECORD_BATCH 1
#define RECORD_HEAD (1 + GCM_NONCE)
#define RECORD_SMALLEST 64

/* The shared secret is wiped: it is of no use after this. */
static BatchKey *derive(const guint8 vault_id[static VAULT_ID_SIZE],
                        const guint8 ephemeral_public[static KEY_SIZE],
                        const guint8 vault_public[static KEY_SIZE], guint8 shared[static KEY_SIZE])
{
    static const char label[] = "postern batch 1";
    guint8 info[sizeof label - 1 + 2 * KEY_SIZE], keys[2 * KEY_SIZE];
    memcpy(info, label, sizeof label - 1);
    memcpy(info + sizeof label - 1, ephemeral_public, KEY_SIZE);
    memcpy(info + sizeof label - 1 + KEY_SIZE, vault_public, KEY_SIZE);
    hkdf_sha256(shared, KEY_SIZE, vault_id, VAULT_ID_SIZE, info, sizeof info, keys, sizeof keys);
    secret_wipe(shared, KEY_SIZE);

    BatchKey *self = g_new0(BatchKey, 1);
    memcpy(self->vault_id, vault_id, VAULT_ID_SIZE);
    self->wrap = gcm_key_new(keys);
    self->record = gcm_key_new(keys + KEY_SIZE);
    secret_wipe(keys, sizeof keys);
    return self;
}

BatchKey *batch_key_new(const guint8 vault_id[static VAULT_ID_SIZE],
                        const guint8 vault_public[static KEY_SIZE],
                        guint8 ephemeral_public[static KEY_SIZE], GError **error)
{
    guint8 ephemeral[KEY_SIZE], shared[KEY_SIZE];
    x25519_generate(ephemeral, ephemeral_public);
    gboolean agreed = x25519_agree(ephemeral, vault_public, shared);
    secret_wipe(ephemeral, sizeof ephemeral);
    if (agreed)
        return derive(vault_id, ephemeral_public, vault_public, shared);
    refuse(error, POSTERN_ERROR_STORE, "vault.key", "restore the vault from a backup",
           "the vault's public key is not a key");
    return NULL;
}

BatchKey *batch_key_open(const guint8 vault_id[static VAULT_ID_SIZE], const Secret *vault_private,
                         const guint8 ephemeral_public[static KEY_SIZE], GError **error)
{
    guint8 vault_public[KEY_SIZE], shared[KEY_SIZE];
    if (secret_size(vault_private) == KEY_SIZE &&
        x25519_agree(secret_bytes(vault_private), ephemeral_public, shared)) {
        x25519_public(secret_bytes(vault_private), vault_public);
        return derive(vault_id, ephemeral_public, vault_public, shared);
    }
    refuse(error, POSTERN_ERROR_STORE, "vault.batch", "run 'postern verify'",
           "a batch of the vault has a damaged key");
    return NULL;
}

void batch_key_free(BatchKey *key)
{
    if (key == NULL)
        return;
    gcm_key_free(key->wrap);
    gcm_key_free(key->record);
    g_free(key);
}

/* --- records ------------------------------------------------------------------------------- */

static GByteArray *record_ad(const BatchKey *key, const char *context)
{
    GByteArray *ad = g_byte_array_new();
    put_u8(ad, RECORD_BATCH);
    g_byte_array_append(ad, key->vault_id, VAULT_ID_SIZE);
    g_byte_array_append(ad, (const guint8 *)context, (guint)strlen(context));
    return ad;
}

GBytes *record_seal(const BatchKey *key, const char *context, const void *data, gsize size)
{
    g_autoptr(GByteArray) ad = record_ad(key, context);
    g_autoptr(GByteArray) plain = g_byte_array_new();
    put_block(plain, data, size);
    guint used = plain->len;
    g_byte_array_set_size(plain, (guint)MAX(RECORD_SMALLEST, padme(used)));
    memset(plain->data + used, 0, plain->len - used);

    gsize sealed_size = RECORD_HEAD + plain->len + GCM_TAG;
    g_autofree guint8 *sealed = g_malloc(sealed_size);
    sealed[0] = RECORD_BATCH;
    random_bytes(sealed + 1, GCM_NONCE);
    gcm_key_seal(key->record, sealed + 1, ad->data, ad->len, plain->data, plain->len,
                 sealed + RECORD_HEAD, sealed + sealed_size - GCM_TAG);
    secret_wipe(plain->data, plain->len);
    return g_bytes_new_take(g_steal_pointer(&sealed), sealed_size);
}

static gboolean all_zero(const guint8 *bytes, gsize size)
{
    guint8 any = 0;
    for (gsize i = 0; i < size; i++)
        any |= bytes[i];
    return any == 0;
}

/* The record inside the padding; NULL when the padding is not as record_seal() makes it. */
static GBytes *unpad(const guint8 *plain, gsize size)
{
    Cursor cursor = cursor_over(plain, size);
    gsize data_size;
    const guint8 *data = cursor_block(&cursor, size, &data_size);
    if (data == NULL || size != MAX(RECORD_SMALLEST, padme(sizeof(guint32) + data_size)) ||
        !all_zero(cursor.data, cursor.left))
        return NULL;
    return g_bytes_new(data, data_size);
}

GBytes *record_open(const BatchKey *key, const char *context, const guint8 *sealed, gsize size,
                    GError **error)
{
    GBytes *record = NULL;
    if (size >= RECORD_HEAD + GCM_TAG && sealed[0] == RECORD_BATCH) {
        g_autoptr(GByteArray) ad = record_ad(key, context);
        gsize plain_size = size - RECORD_HEAD - GCM_TAG;
        g_autofree guint8 *plain = g_malloc(plain_size + 1);
        if (gcm_key_open(key->record, sealed + 1, ad->data, ad->len, sealed + RECORD_HEAD,
                         plain_size, plain, sealed + size - GCM_TAG))
            record = unpad(plain, plain_size);
        secret_wipe(plain, plain_size);
    }
    if (record == NULL)
        refuse(error, POSTERN_ERROR_STORE, "vault.record", "run 'postern verify'",
               "a sealed record (%s) of the vault is damaged", context);
    return record;
}

/* --- message keys -------------------------------------------------------------------------- */

#define WRAP_AD_SIZE (1 + VAULT_ID_SIZE + MESSAGE_ID_SIZE)

static void wrap_ad(const BatchKey *key, const guint8 message_id[static MESSAGE_ID_SIZE],
                    guint8 ad[static WRAP_AD_SIZE])
{
    ad[0] = WRAP_BATCH;
    memcpy(ad + 1, key->vault_id, VAULT_ID_SIZE);
    memcpy(ad + 1 + VAULT_ID_SIZE, message_id, MESSAGE_ID_SIZE);
}

void key_wrap(const BatchKey *key, const guint8 message_id[static MESSAGE_ID_SIZE],
              const guint8 message_key[static KEY_SIZE], guint8 wrapped[static WRAP_SIZE])
{
    guint8 ad[WRAP_AD_SIZE];
    wrap_ad(key, message_id, ad);
    wrapped[0] = WRAP_BATCH;
    random_bytes(wrapped + 1, GCM_NONCE);
    gcm_key_seal(key->wrap, wrapped + 1, ad, sizeof ad, message_key, KEY_SIZE,
                 wrapped + 1 + GCM_NONCE, wrapped + WRAP_SIZE - GCM_TAG);
}

gboolean key_unwrap(const BatchKey *key, const guint8 message_id[static MESSAGE_ID_SIZE],
                    const guint8 *wrapped, gsize size, guint8 message_key[static KEY_SIZE],
                    GError **error)
{
    guint8 ad[WRAP_AD_SIZE];
    wrap_ad(key, message_id, ad);
    if (size == WRAP_SIZE && wrapped[0] == WRAP_BATCH &&
        gcm_key_open(key->wrap, wrapped + 1, ad, sizeof ad, wrapped + 1 + GCM_NONCE, KEY_SIZE,
                     message_key, wrapped + WRAP_SIZE - GCM_TAG))
        return TRUE;
    secret_wipe(message_key, KEY_SIZE);
    return refuse(error, POSTERN_ERROR_STORE, "vault.wrap", "run 'postern verify'",
                  "the key of a message is damaged");
}
