/* See chunk-fixture.h. */
#include "tests/unit/crypto/chunk-fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

const guint8 vault_id[VAULT_ID_SIZE] = "vault";
const guint8 message_id[MESSAGE_ID_SIZE] = "message";
const guint8 message_key[KEY_SIZE] = "key";

GPtrArray *new_store(void)
{
    return g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
}

gboolean keep(gpointer user, guint32 n, const guint8 *sealed, gsize size, GError **error)
{
    (void)error;
    GPtrArray *store = user;
    assert_int_equal(n, store->len);
    assert_true(size <= LIMIT_CHUNK + GCM_TAG);
    g_ptr_array_add(store, g_bytes_new(sealed, size));
    return TRUE;
}

GBytes *fetch(gpointer user, guint32 n, GError **error)
{
    GPtrArray *store = user;
    if (n < store->len)
        return g_bytes_ref(store->pdata[n]);
    refuse(error, POSTERN_ERROR_STORE, "test.absent", NULL, "no chunk %u", n);
    return NULL;
}

GBytes *message(gsize size, gboolean plain)
{
    guint8 *bytes = g_malloc(size + 1);
    guint32 dice = (guint32)size * 2654435761u + 1;
    for (gsize i = 0; i < size; i++) {
        dice = dice * 1664525u + 1013904223u;
        bytes[i] = plain ? (guint8) "tell the needle "[(dice >> 28) & 15] : (guint8)(dice >> 24);
    }
    return g_bytes_new_take(bytes, size);
}

GPtrArray *seal(GBytes *bytes, gsize piece)
{
    GPtrArray *store = new_store();
    g_autoptr(Sink) sink = seal_sink(vault_id, message_id, message_key, keep, store);
    gsize size;
    const guint8 *data = g_bytes_get_data(bytes, &size);
    for (gsize at = 0; at < size; at += piece)
        assert_true(sink_write(sink, data + at, MIN(piece, size - at), NULL));
    assert_true(sink_finish(sink, NULL));
    return store;
}

Source *source_over(GPtrArray *store)
{
    return open_source(vault_id, message_id, message_key, store->len, fetch, store);
}

const char *opened(GPtrArray *store, GBytes *expected)
{
    g_autoptr(Source) source = source_over(store);
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) back = source_drain(source, G_MAXINT32, &error);
    if (back == NULL)
        return g_intern_string(postern_error_rule(error));
    if (expected)
        assert_true(g_bytes_equal(back, expected));
    return NULL;
}

void assert_damaged(GPtrArray *store)
{
    assert_string_equal(opened(store, NULL), "vault.damage");
}
