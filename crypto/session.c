/* See session.h. */
#include "crypto/session.h"

#include <string.h>

#include "core/cursor.h"
#include "core/limits.h"

#define DIGEST_SIZE 32
#define KEY_LENGTH 80 /* "9:" and 32 bytes in hexadecimal, and room for what comes */

typedef struct {
    guint8 digest[DIGEST_SIZE];
    Secret *key;
} SessionKey;

struct SessionKeys {
    GPtrArray *keys; /* SessionKey */
    gboolean grew;
};

static void key_free(gpointer data)
{
    SessionKey *key = data;
    secret_free(key->key);
    g_free(key);
}

SessionKeys *session_keys_new(void)
{
    SessionKeys *self = g_new0(SessionKeys, 1);
    self->keys = g_ptr_array_new_with_free_func(key_free);
    return self;
}

void session_keys_free(SessionKeys *self)
{
    if (self == NULL)
        return;
    g_ptr_array_unref(self->keys);
    g_free(self);
}

static void digest_of(GBytes *message, guint8 digest[static DIGEST_SIZE])
{
    gsize size, written = DIGEST_SIZE;
    const guint8 *bytes = g_bytes_get_data(message, &size);
    GChecksum *sum = g_checksum_new(G_CHECKSUM_SHA256);
    while (size > 0) {
        gsize piece = MIN(size, G_MAXINT);
        g_checksum_update(sum, bytes, (gssize)piece);
        bytes += piece;
        size -= piece;
    }
    g_checksum_get_digest(sum, digest, &written);
    g_checksum_free(sum);
}

const Secret *session_keys_find(const SessionKeys *self, GBytes *message)
{
    guint8 digest[DIGEST_SIZE];
    if (!session_keys_any(self))
        return NULL;
    digest_of(message, digest);
    for (guint i = 0; i < self->keys->len; i++) {
        const SessionKey *key = self->keys->pdata[i];
        if (memcmp(key->digest, digest, sizeof digest) == 0)
            return key->key;
    }
    return NULL;
}

gboolean session_keys_any(const SessionKeys *self)
{
    return self && self->keys->len > 0;
}

gboolean session_keys_grew(const SessionKeys *self)
{
    return self && self->grew;
}

/* It goes to gpg as it is: a number, a colon, hexadecimal digits. */
static gboolean is_key(const char *text, gsize size)
{
    gsize n = 0;
    while (n < size && g_ascii_isdigit(text[n]))
        n++;
    if (n == 0 || n > 3 || n == size || text[n] != ':' || size > KEY_LENGTH)
        return FALSE;
    gsize digits = size - n - 1;
    for (n++; n < size; n++)
        if (!g_ascii_isxdigit(text[n]))
            return FALSE;
    return digits >= 32 && digits % 2 == 0;
}

static void add(SessionKeys *self, const guint8 digest[static DIGEST_SIZE], const char *text,
                gsize size)
{
    SessionKey *key = g_new0(SessionKey, 1);
    memcpy(key->digest, digest, DIGEST_SIZE);
    key->key = secret_new(text, size);
    g_ptr_array_add(self->keys, key);
}

void session_keys_add(SessionKeys *self, GBytes *message, const char *key)
{
    guint8 digest[DIGEST_SIZE];
    if (!is_key(key, strlen(key)) || self->keys->len >= LIMIT_KEPT_KEYS)
        return;
    digest_of(message, digest);
    add(self, digest, key, strlen(key));
    self->grew = TRUE;
}

/* --- as bytes ------------------------------------------------------------------------------ */

Secret *session_keys_pack(const SessionKeys *self)
{
    /* Of its full size from the start: growing would leave copies behind. */
    GByteArray *out = g_byte_array_sized_new(LIMIT_KEPT_KEYS * (DIGEST_SIZE + 4 + KEY_LENGTH));
    for (guint i = 0; i < self->keys->len; i++) {
        const SessionKey *key = self->keys->pdata[i];
        g_byte_array_append(out, key->digest, DIGEST_SIZE);
        put_block(out, secret_bytes(key->key), secret_size(key->key));
    }
    Secret *packed = secret_new(out->data, out->len);
    secret_wipe(out->data, out->len);
    g_byte_array_unref(out);
    return packed;
}

SessionKeys *session_keys_read(const guint8 *bytes, gsize size)
{
    g_autoptr(SessionKeys) self = session_keys_new();
    Cursor cursor = cursor_over(bytes, size);
    while (cursor.left > 0) {
        gsize length = 0;
        const guint8 *digest = cursor_bytes(&cursor, DIGEST_SIZE);
        const char *text = (const char *)cursor_block(&cursor, KEY_LENGTH, &length);
        if (digest == NULL || text == NULL || !is_key(text, length) ||
            self->keys->len >= LIMIT_KEPT_KEYS)
            return NULL;
        add(self, digest, text, length);
    }
    return g_steal_pointer(&self);
}
