/* See secret.h. */
#include "core/secret.h"

#include <openssl/crypto.h>
#include <string.h>

struct Secret {
    gsize size;
    guint8 bytes[];
};

/* Room for the keys and passwords of one run; what is beyond it lies on the plain heap. */
#define SECURE_HEAP_BYTES (256 * 1024)
#define SECURE_HEAP_SMALLEST 32

static void secure_heap(void)
{
    static gsize ready;
    if (g_once_init_enter(&ready)) {
        /* Status 2 means: made, but could not be locked (RLIMIT_MEMLOCK); still apart and wiped. */
        (void)CRYPTO_secure_malloc_init(SECURE_HEAP_BYTES, SECURE_HEAP_SMALLEST);
        g_once_init_leave(&ready, 1);
    }
}

Secret *secret_new(const void *bytes, gsize size)
{
    secure_heap();
    /* A full secure heap gives NULL, and is no reason to stop: freeing wipes either kind. */
    Secret *secret = OPENSSL_secure_zalloc(sizeof *secret + size + 1);
    if (secret == NULL)
        secret = OPENSSL_zalloc(sizeof *secret + size + 1);
    if (secret == NULL)
        g_error("out of memory for a secret of %" G_GSIZE_FORMAT " bytes", size);
    secret->size = size;
    if (size > 0)
        memcpy(secret->bytes, bytes, size);
    return secret;
}

Secret *secret_copy(const Secret *secret)
{
    return secret_new(secret->bytes, secret->size);
}

void secret_free(Secret *secret)
{
    if (secret)
        OPENSSL_secure_clear_free(secret, sizeof *secret + secret->size + 1);
}

gboolean secret_equal(const Secret *a, const Secret *b)
{
    return a->size == b->size && CRYPTO_memcmp(a->bytes, b->bytes, a->size) == 0;
}

const guint8 *secret_bytes(const Secret *secret)
{
    return secret->bytes;
}

gsize secret_size(const Secret *secret)
{
    return secret->size;
}

void secret_wipe(void *memory, gsize size)
{
    OPENSSL_cleanse(memory, size);
}
