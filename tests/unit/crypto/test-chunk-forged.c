/* Sealed messages that somebody forged who has the key. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <zstd.h>

#include <cmocka.h>

#include "core/cursor.h"
#include "tests/unit/crypto/chunk-fixture.h"

typedef struct {
    const char *what;
    const char *frame; /* literal bytes, or NULL: a frame made of `text` */
    gsize frame_size;
    gint64 compressed_more, true_more; /* what the trailer says too much */
    guint8 padding;
    gsize zeros; /* of text */
} Forgery;

static GPtrArray *forge(const Forgery *forgery)
{
    g_autofree guint8 *text = g_malloc0(forgery->zeros + 1);
    gsize bound = ZSTD_compressBound(forgery->zeros);
    g_autoptr(GByteArray) plain = g_byte_array_new();
    g_byte_array_set_size(plain, (guint)bound);
    gsize size = ZSTD_compress(plain->data, bound, text, forgery->zeros, 3);
    g_byte_array_set_size(plain, (guint)size);
    if (forgery->frame) {
        g_byte_array_set_size(plain, 0);
        g_byte_array_append(plain, (const guint8 *)forgery->frame, (guint)forgery->frame_size);
        size = forgery->frame_size;
    }
    guint64 total = padme(size + TRAILER_SIZE);
    while (plain->len < total - TRAILER_SIZE)
        put_u8(plain, forgery->padding);
    put_u64(plain, size + (guint64)forgery->compressed_more);
    put_u64(plain, forgery->zeros + (guint64)forgery->true_more);

    GPtrArray *store = new_store();
    ChunkCipher cipher = chunk_cipher(vault_id, message_id, message_key);
    guint8 chunk[LIMIT_CHUNK + GCM_TAG];
    for (gsize at = 0; at < plain->len; at += LIMIT_CHUNK) {
        gsize now = MIN(LIMIT_CHUNK, plain->len - at);
        memcpy(chunk, plain->data + at, now);
        chunk_seal(&cipher, store->len, at + now == plain->len, chunk, now);
        g_ptr_array_add(store, g_bytes_new(chunk, now + GCM_TAG));
    }
    gcm_key_free(cipher.key);
    return store;
}

#define MAGIC "\x28\xb5\x2f\xfd"
#define FRAME(text) text, sizeof text - 1

static const Forgery forgeries[] = {
    {"says less than comes out", NULL, 0, 0, -1, 0, 1000},
    {"says nothing comes out", NULL, 0, 0, -1000, 0, 1000},
    {"says more than comes out", NULL, 0, 0, 1, 0, 1000},
    {"a bomb that calls itself small", NULL, 0, 0, -64000000 + 10, 0, 64000000},
    {"more than a message may have", NULL, 0, 0, (gint64)LIMIT_MESSAGE_BYTES, 0, 1000},
    {"the largest number", NULL, 0, 0, -1001, 0, 1000},
    {"compressed size too small", NULL, 0, -1, 0, 0, 1000},
    {"compressed size too large", NULL, 0, 1, 0, 0, 1000},
    {"compressed size beyond the chunks", NULL, 0, 1000, 0, 0, 1000},
    {"compressed size beyond all numbers", NULL, 0, -40, 0, 0, 1000},
    {"no compressed bytes at all", NULL, 0, -19, 0, 0, 1000},
    {"padding is not zero", NULL, 0, 0, 0, 1, 100},
    {"no frame", FRAME("Dear John, this is text"), 0, 0, 0, 0},
    {"an empty stretch", FRAME(""), 0, 0, 0, 0},
    {"magic alone", FRAME(MAGIC), 0, 0, 0, 0},
    {"a skippable frame", FRAME("\x50\x2a\x4d\x18\x04\0\0\0abcd"), 0, 0, 0, 0},
    {"a window of 4 MiB", FRAME(MAGIC "\x00\x60\x01\0\0"), 0, 0, 0, 0},
    {"a window of terabytes", FRAME(MAGIC "\x00\xff\x01\0\0"), 0, 0, 0, 0},
    {"a dictionary", FRAME(MAGIC "\x21\x07\x00\x01\0\0"), 0, 0, 0, 0},
    {"a second frame", FRAME(MAGIC "\x20\x00\x01\0\0" MAGIC "\x20\x00\x01\0\0"), 0, 0, 0, 0},
    {"a frame without its end", FRAME(MAGIC "\x20\x00\x00\0\0"), 0, 0, 0, 0},
    {"a reserved block", FRAME(MAGIC "\x20\x00\x07\0\0"), 0, 0, 0, 0},
};

static void p4_42_what_somebody_with_the_key_forged_stays_within_limits(void **state)
{
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(forgeries); i++) {
        g_autoptr(GPtrArray) store = forge(&forgeries[i]);
        const char *rule = opened(store, NULL);
        if (rule == NULL)
            print_error("%s\n", forgeries[i].what);
        assert_string_equal(rule, "vault.damage");
    }
    static const Forgery honest = {"honest", NULL, 0, 0, 0, 0, 64000000};
    static const Forgery by_hand = {"empty", FRAME(MAGIC "\x20\x00\x01\0\0"), 0, 0, 0, 0};
    g_autoptr(GPtrArray) store = forge(&honest);
    assert_null(opened(store, NULL));
    g_autoptr(GPtrArray) small = forge(&by_hand);
    assert_null(opened(small, NULL));
}

/* Not found out at the end, after all that was there had been given. */
static void p4_42_a_size_beyond_the_limit_gives_no_byte(void **state)
{
    (void)state;
    static const Forgery beyond = {"beyond", NULL, 0, 0, (gint64)LIMIT_MESSAGE_BYTES, 0, 1000};
    g_autoptr(GPtrArray) store = forge(&beyond);
    g_autoptr(Source) source = source_over(store);
    guint8 buffer[10];
    assert_int_equal(source_read(source, buffer, sizeof buffer, NULL), -1);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(p4_42_what_somebody_with_the_key_forged_stays_within_limits),
        cmocka_unit_test(p4_42_a_size_beyond_the_limit_gives_no_byte),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
