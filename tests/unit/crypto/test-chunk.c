/* Sealing and opening of whole messages: what goes in comes out, and nothing else does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zstd.h>

#include <cmocka.h>

#include "tests/unit/crypto/chunk-fixture.h"

/* --- Padmé --------------------------------------------------------------------------------- */

static void padme_gives_the_published_sizes(void **state)
{
    (void)state;
    static const guint64 pairs[][2] = {
        {0, 0},
        {1, 1},
        {2, 2},
        {3, 3},
        {8, 8},
        {9, 10},
        {15, 16},
        {16, 16},
        {17, 18},
        {65, 72},
        {1000, 1024},
        {1025, 1088},
        {65537, 67584},
        {1000000, 1015808},
        {G_GUINT64_CONSTANT(1) << 40, G_GUINT64_CONSTANT(1) << 40},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(pairs); i++)
        assert_true(padme(pairs[i][0]) == pairs[i][1]);
}

static void padme_adds_at_most_an_eighth_and_the_trailer_fits(void **state)
{
    (void)state;
    guint64 before = 0;
    for (guint64 size = 1; size < 3000000; size++) {
        guint64 padded = padme(size);
        gboolean fine = padded >= size && padded <= size + size / 8 + 1 && padded >= before &&
                        padme(padded) == padded;
        /* The last chunk holds the whole trailer. */
        gsize last = (gsize)((padded - 1) % LIMIT_CHUNK) + 1;
        assert_true(fine && (padded <= LIMIT_CHUNK || last >= TRAILER_SIZE));
        before = padded;
    }
}

/* --- there and back ------------------------------------------------------------------------ */

static void assert_round_trip(gsize size, gboolean plain, gsize piece)
{
    g_autoptr(GBytes) bytes = message(size, plain);
    g_autoptr(GPtrArray) store = seal(bytes, piece);
    assert_null(opened(store, bytes));
}

static void every_size_around_a_border_comes_back(void **state)
{
    (void)state;
    static const gsize borders[] = {
        0, 16, 1024, LIMIT_CHUNK, 2 * LIMIT_CHUNK, 128 * 1024, 3 * LIMIT_CHUNK};
    for (gsize i = 0; i < G_N_ELEMENTS(borders); i++)
        for (gsize size = borders[i] > 40 ? borders[i] - 40 : 0; size <= borders[i] + 3; size++) {
            assert_round_trip(size, FALSE, size + 1);
            if (size % 9 == 0)
                assert_round_trip(size, TRUE, 4096);
        }
}

static void random_sizes_in_random_pieces_come_back(void **state)
{
    (void)state;
    GRand *dice = g_rand_new_with_seed(7);
    for (guint i = 0; i < 150; i++) {
        gsize size = (gsize)(g_rand_double(dice) * g_rand_double(dice) * 700000);
        assert_round_trip(size, i % 3 == 0, (gsize)g_rand_int_range(dice, 1, 100000));
    }
    g_rand_free(dice);
}

static void a_message_larger_than_the_window_comes_back(void **state)
{
    (void)state;
    assert_round_trip(9 * 1024 * 1024 + 5, FALSE, 64 * 1024);
    assert_round_trip(30 * 1024 * 1024, TRUE, 64 * 1024);
}

static void small_reads_give_the_same(void **state)
{
    (void)state;
    g_autoptr(GBytes) bytes = message(150000, FALSE);
    g_autoptr(GPtrArray) store = seal(bytes, 1000);
    g_autoptr(Source) source = source_over(store);
    g_autoptr(GByteArray) back = g_byte_array_new();
    guint8 buffer[777];
    gssize got;
    for (gsize size = 1; (got = source_read(source, buffer, size, NULL)) > 0; size = size % 777 + 1)
        g_byte_array_append(back, buffer, (guint)got);
    assert_int_equal(got, 0);
    assert_int_equal(source_read(source, buffer, sizeof buffer, NULL), 0);
    assert_int_equal(back->len, g_bytes_get_size(bytes));
    assert_memory_equal(back->data, g_bytes_get_data(bytes, NULL), back->len);
}

static void a_sink_serves_one_message_after_another(void **state)
{
    (void)state;
    g_autoptr(GPtrArray) store = new_store();
    g_autoptr(Sink) sink = seal_sink(vault_id, message_id, message_key, keep, store);
    static const gsize sizes[] = {10, 300000, 0, 70000, 5};
    for (gsize i = 0; i < G_N_ELEMENTS(sizes); i++) {
        g_autoptr(GBytes) bytes = message(sizes[i], FALSE);
        gsize size;
        const guint8 *data = g_bytes_get_data(bytes, &size);
        assert_true(sink_write(sink, (const guint8 *)"given up", 8, NULL));
        assert_true(i == 0 || sink_write(sink, data, size, NULL));
        g_ptr_array_set_size(store, 0);
        seal_sink_again(sink, message_id, message_key);
        assert_true(sink_write(sink, data, size, NULL));
        assert_true(sink_finish(sink, NULL));
        assert_null(opened(store, bytes));
        g_autoptr(GPtrArray) alone = seal(bytes, size + 1);
        assert_int_equal(alone->len, store->len);
        for (guint n = 0; n < alone->len; n++)
            assert_true(g_bytes_equal(alone->pdata[n], store->pdata[n]));
        seal_sink_again(sink, message_id, message_key);
        g_ptr_array_set_size(store, 0);
    }
}

static guint64 sealed_size(gsize size)
{
    g_autoptr(GBytes) bytes = message(size, FALSE);
    g_autoptr(GPtrArray) store = seal(bytes, 4096);
    guint64 total = 0;
    for (guint n = 0; n < store->len; n++)
        total += g_bytes_get_size(store->pdata[n]);
    return total;
}

static void p4_36_sizes_show_only_roughly(void **state)
{
    (void)state;
    assert_int_equal(sealed_size(10001), sealed_size(10200));
    assert_int_equal(sealed_size(500001), sealed_size(507000));
}

/* --- damage -------------------------------------------------------------------------------- */

static void flip(GPtrArray *store, guint n, gsize bit)
{
    gsize size;
    guint8 *bytes = g_bytes_unref_to_data(store->pdata[n], &size);
    bytes[bit / 8] ^= (guint8)(1 << bit % 8);
    store->pdata[n] = g_bytes_new_take(bytes, size);
}

static void p4_40_every_flipped_bit_is_noticed(void **state)
{
    (void)state;
    g_autoptr(GBytes) bytes = message(200, TRUE);
    g_autoptr(GPtrArray) store = seal(bytes, 50);
    assert_int_equal(store->len, 1);
    for (gsize bit = 0; bit < 8 * g_bytes_get_size(store->pdata[0]); bit++) {
        flip(store, 0, bit);
        assert_damaged(store);
        flip(store, 0, bit);
    }
    assert_null(opened(store, bytes));
}

static void p4_40_every_cut_is_noticed(void **state)
{
    (void)state;
    g_autoptr(GBytes) bytes = message(200, TRUE);
    g_autoptr(GPtrArray) whole = seal(bytes, 50);
    for (gsize cut = 0; cut < g_bytes_get_size(whole->pdata[0]); cut++) {
        g_autoptr(GPtrArray) store = new_store();
        g_ptr_array_add(store, g_bytes_new_from_bytes(whole->pdata[0], 0, cut));
        assert_damaged(store);
    }
}

/* Which chunks of a message of four the store holds, in its order; x: of another message. */
static const char *const orders[] = {"",     "0",    "3",     "012",   "123",   "013",   "0132",
                                     "1023", "3210", "0112",  "01123", "01233", "00123", "0x23",
                                     "012x", "x123", "0123x", "1230",  "0000"};

static void p4_40_swapped_lost_doubled_and_foreign_chunks_are_noticed(void **state)
{
    (void)state;
    g_autoptr(GBytes) bytes = message(3 * LIMIT_CHUNK + 2000, FALSE);
    g_autoptr(GPtrArray) whole = seal(bytes, 5000);
    assert_int_equal(whole->len, 4);
    g_autoptr(GPtrArray) foreign = new_store();
    static const guint8 other_id[MESSAGE_ID_SIZE] = "other";
    g_autoptr(Sink) sink = seal_sink(vault_id, other_id, message_key, keep, foreign);
    assert_true(sink_write(sink, g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes), NULL));
    assert_true(sink_finish(sink, NULL));
    for (gsize i = 0; i < G_N_ELEMENTS(orders); i++) {
        g_autoptr(GPtrArray) store = new_store();
        for (const char *n = orders[i]; *n; n++)
            g_ptr_array_add(store, g_bytes_ref(*n == 'x' ? foreign->pdata[store->len % 4]
                                                         : whole->pdata[*n - '0']));
        assert_damaged(store);
    }
    assert_null(opened(whole, bytes));
    assert_damaged(foreign);
}

static void p4_40_another_vault_or_key_opens_nothing(void **state)
{
    (void)state;
    g_autoptr(GBytes) bytes = message(100, TRUE);
    g_autoptr(GPtrArray) store = seal(bytes, 100);
    guint8 other_vault[VAULT_ID_SIZE] = "vaulU", other_key[KEY_SIZE] = "kex", buffer[100];
    g_autoptr(Source) elsewhere =
        open_source(other_vault, message_id, message_key, 1, fetch, store);
    g_autoptr(Source) otherwise = open_source(vault_id, message_id, other_key, 1, fetch, store);
    assert_int_equal(source_read(elsewhere, buffer, sizeof buffer, NULL), -1);
    assert_int_equal(source_read(otherwise, buffer, sizeof buffer, NULL), -1);
}

/* The chunk that is damaged holds nothing but padding; still the message is not given as whole. */
static void p4_40_a_damaged_end_withholds_the_last_bytes(void **state)
{
    (void)state;
    g_autoptr(GBytes) bytes = message(8 * 1024 * 1024 + 1000, FALSE);
    g_autoptr(GPtrArray) store = seal(bytes, 5000);
    assert_true(store->len - 2 > g_bytes_get_size(bytes) / LIMIT_CHUNK);
    flip(store, store->len - 2, 99);
    g_autoptr(Source) source = source_over(store);
    guint8 buffer[1000];
    gsize total = 0;
    gssize got;
    while ((got = source_read(source, buffer, sizeof buffer, NULL)) > 0)
        total += (gsize)got;
    assert_int_equal(got, -1);
    assert_in_range(total, 8 * 1024 * 1024, g_bytes_get_size(bytes) - 1);
}

/* --- both ends fail ------------------------------------------------------------------------ */

static gboolean full(gpointer user, guint32 n, const guint8 *sealed, gsize size, GError **error)
{
    (void)sealed, (void)size;
    return n < *(guint32 *)user ||
           refuse(error, POSTERN_ERROR_STORE, "test.full", NULL, "the disk is full");
}

static void a_failing_store_is_told(void **state)
{
    (void)state;
    g_autoptr(GBytes) bytes = message(400000, FALSE);
    for (guint32 room = 0; room < 7; room++) {
        g_autoptr(Sink) sink = seal_sink(vault_id, message_id, message_key, full, &room);
        g_autoptr(GError) error = NULL;
        gboolean fine =
            sink_write(sink, g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes), &error) &&
            sink_finish(sink, &error);
        assert_false(fine);
        assert_string_equal(postern_error_rule(error), "test.full");
    }
    /* As it comes: the beginning is kept until more follows. */
    for (guint32 room = 0; room < 7; room++) {
        g_autoptr(Sink) sink = seal_sink(vault_id, message_id, message_key, full, &room);
        const guint8 *data = g_bytes_get_data(bytes, NULL);
        gboolean fine = TRUE;
        for (gsize at = 0; fine && at < 400000; at += 4096)
            fine = sink_write(sink, data + at, MIN(4096, 400000 - at), NULL);
        assert_false(fine && sink_finish(sink, NULL));
    }
    g_autoptr(GPtrArray) store = seal(bytes, 400000);
    for (guint32 n = 0; n < store->len; n++) {
        g_autoptr(Source) source =
            open_source(vault_id, message_id, message_key, store->len + n + 1, fetch, store);
        g_autoptr(GError) error = NULL;
        g_autoptr(GBytes) none = source_drain(source, G_MAXINT32, &error);
        assert_null(none);
        assert_string_equal(postern_error_rule(error), "test.absent");
    }
}

/* The one chunk of a short message, and those that only the end brings out. */
static void a_store_that_fails_at_the_end_is_told(void **state)
{
    (void)state;
    gsize sizes[6 + 40] = {0, 1, 1000, LIMIT_CHUNK - 100, LIMIT_CHUNK, 3 * LIMIT_CHUNK + 5};
    for (gsize i = 0; i < 40; i++) /* one of these packs to just a chunk, and padding follows */
        sizes[6 + i] = LIMIT_CHUNK - 40 + i;
    for (gsize i = 0; i < G_N_ELEMENTS(sizes); i++) {
        g_autoptr(GBytes) bytes = message(sizes[i], FALSE);
        g_autoptr(GPtrArray) store = seal(bytes, LIMIT_CHUNK);
        for (guint32 room = 0; room <= store->len; room++) {
            g_autoptr(Sink) sink = seal_sink(vault_id, message_id, message_key, full, &room);
            g_autoptr(GError) error = NULL;
            gboolean fine = sink_write(sink, g_bytes_get_data(bytes, NULL), sizes[i], &error) &&
                            sink_finish(sink, &error);
            assert_int_equal(fine, room == store->len);
            if (!fine)
                assert_string_equal(postern_error_rule(error), "test.full");
        }
    }
}

static void p4_40_a_chunk_that_is_too_long_or_short_is_noticed(void **state)
{
    (void)state;
    g_autoptr(GBytes) bytes = message(200000, FALSE);
    g_autoptr(GPtrArray) store = seal(bytes, 200000);
    static const guint8 longer[LIMIT_CHUNK + GCM_TAG + 1];
    static const gsize sizes[] = {0, GCM_TAG, TRAILER_SIZE + GCM_TAG, LIMIT_CHUNK + GCM_TAG - 1,
                                  sizeof longer};
    for (guint32 n = 0; n < store->len; n++)
        for (gsize i = 0; i < G_N_ELEMENTS(sizes); i++) {
            GBytes *whole = store->pdata[n];
            store->pdata[n] = g_bytes_new_static(longer, sizes[i]);
            assert_damaged(store);
            g_bytes_unref(store->pdata[n]);
            store->pdata[n] = whole;
        }
    assert_null(opened(store, bytes));
}

static void asking_for_nothing_gets_nothing(void **state)
{
    (void)state;
    guint8 byte;
    g_autoptr(GBytes) bytes = message(10, TRUE);
    g_autoptr(GPtrArray) store = seal(bytes, 10);
    g_autoptr(Source) source = source_over(store);
    assert_int_equal(source_read(source, &byte, 0, NULL), 0);
    assert_int_equal(source_read(source, &byte, 1, NULL), 1);
}

static void leave(const char *domain, GLogLevelFlags level, const char *text, gpointer user)
{
    (void)domain, (void)level, (void)text, (void)user;
    exit(3);
}

static void without_memory_for_zstd_the_process_ends(void **state)
{
    (void)state;
    pid_t child = fork();
    if (child == 0) {
        g_log_set_default_handler(leave, NULL);
        chunk_must(TRUE);
        chunk_must(FALSE);
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 3);
}

static void a_message_over_the_limit_is_refused(void **state)
{
    (void)state;
    g_autoptr(GPtrArray) store = new_store();
    g_autoptr(Sink) sink = seal_sink(vault_id, message_id, message_key, keep, store);
    g_autoptr(GError) error = NULL;
    assert_true(sink_write(sink, (const guint8 *)"x", 1, NULL));
    /* Refused by its size: the bytes are not looked at. */
    assert_false(sink_write(sink, (const guint8 *)"x", (gsize)LIMIT_MESSAGE_BYTES, &error));
    assert_string_equal(postern_error_rule(error), "message.size");
    assert_int_equal(error->code, POSTERN_ERROR_INPUT);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(padme_gives_the_published_sizes),
        cmocka_unit_test(padme_adds_at_most_an_eighth_and_the_trailer_fits),
        cmocka_unit_test(every_size_around_a_border_comes_back),
        cmocka_unit_test(random_sizes_in_random_pieces_come_back),
        cmocka_unit_test(a_message_larger_than_the_window_comes_back),
        cmocka_unit_test(small_reads_give_the_same),
        cmocka_unit_test(a_sink_serves_one_message_after_another),
        cmocka_unit_test(p4_36_sizes_show_only_roughly),
        cmocka_unit_test(p4_40_every_flipped_bit_is_noticed),
        cmocka_unit_test(p4_40_every_cut_is_noticed),
        cmocka_unit_test(p4_40_swapped_lost_doubled_and_foreign_chunks_are_noticed),
        cmocka_unit_test(p4_40_another_vault_or_key_opens_nothing),
        cmocka_unit_test(p4_40_a_damaged_end_withholds_the_last_bytes),
        cmocka_unit_test(a_failing_store_is_told),
        cmocka_unit_test(a_store_that_fails_at_the_end_is_told),
        cmocka_unit_test(p4_40_a_chunk_that_is_too_long_or_short_is_noticed),
        cmocka_unit_test(a_message_over_the_limit_is_refused),
        cmocka_unit_test(asking_for_nothing_gets_nothing),
        cmocka_unit_test(without_memory_for_zstd_the_process_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
