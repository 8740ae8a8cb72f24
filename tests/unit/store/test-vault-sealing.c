/* What comes out of the sealing thread, beside what one thread alone makes of the same. */
#include "store/vault-sealing.h"

#include <string.h>

#include "core/limits.h"
#include "tests/unit/store/fixture.h"

/* What one thread makes of a message. */
typedef struct {
    GByteArray *chunks;
    guint8 identity[MAC_SIZE];
} Expected;

/* What was given to the taker, in order. */
typedef struct {
    GByteArray *chunks; /* of the message that is coming */
    guint32 n;
    guint calls, fails_at; /* 0: never */
    gsize taken;
    GPtrArray *expected; /* Expected *; NULL: aborted */
    Mac *digest;         /* of what was taken */
    guint ended;
} Taken;

static gboolean fails(Taken *taken, GError **error)
{
    assert_true(taken->fails_at == 0 || taken->calls < taken->fails_at);
    return ++taken->calls == taken->fails_at &&
           !refuse(error, POSTERN_ERROR_STORE, "vault.write", NULL, "no room");
}

static gboolean take_chunk(gpointer user, BatchMessage *message, guint32 n, const guint8 *sealed,
                           gsize size, GError **error)
{
    Taken *taken = user;
    (void)message;
    assert_int_equal(n, taken->n++);
    assert_in_range(size, 1, LIMIT_CHUNK + GCM_TAG);
    g_byte_array_append(taken->chunks, sealed, (guint)size);
    if (taken->digest)
        digest_chunk(taken->digest, sealed, size);
    taken->taken += size;
    return !fails(taken, error);
}

static void look_at(Taken *taken, const BatchMessage *message, const Expected *expected)
{
    guint8 chunks_mac[MAC_SIZE];
    if (expected == NULL)
        return;
    mac_finish(taken->digest, chunks_mac);
    assert_int_equal(taken->chunks->len, expected->chunks->len);
    assert_memory_equal(taken->chunks->data, expected->chunks->data, expected->chunks->len);
    assert_memory_equal(message->identity, expected->identity, MAC_SIZE);
    assert_memory_equal(message->chunks_mac, chunks_mac, MAC_SIZE);
}

static gboolean take_end(gpointer user, BatchMessage *message, gboolean whole, GError **error)
{
    Taken *taken = user;
    const Expected *expected = taken->expected ? taken->expected->pdata[taken->ended] : NULL;
    taken->ended++;
    if (taken->expected) {
        assert_int_equal(whole, expected != NULL);
        look_at(taken, message, expected);
        digest_begin(taken->digest);
    }
    g_byte_array_set_size(taken->chunks, 0);
    taken->n = 0;
    return !fails(taken, error);
}

static const SealingTaker taker = {take_chunk, take_end};

static gboolean keep(gpointer user, guint32 n, const guint8 *sealed, gsize size, GError **error)
{
    (void)n;
    (void)error;
    g_byte_array_append(user, sealed, (guint)size);
    return TRUE;
}

static Expected *made_alone(const Fixture *fixture, const BatchMessage *message, const guint8 *data,
                            gsize size)
{
    Expected *expected = g_new(Expected, 1);
    expected->chunks = g_byte_array_new();
    g_autoptr(Sink) sink =
        seal_sink(fixture->id, message->id, message->key, keep, expected->chunks);
    assert_true(sink_write(sink, data, size, NULL));
    assert_true(sink_finish(sink, NULL));
    Mac *mac = mac_new(secret_bytes(fixture->match_key), secret_size(fixture->match_key));
    mac_update(mac, data, size);
    mac_finish(mac, expected->identity);
    mac_free(mac);
    return expected;
}

static void expected_free(gpointer data)
{
    Expected *expected = data;
    if (expected == NULL)
        return;
    g_byte_array_unref(expected->chunks);
    g_free(expected);
}

static guint8 *random_data(GRand *random, gsize size)
{
    guint8 *data = g_malloc(size + 1);
    guint letters = g_rand_boolean(random) ? 256 : 4;
    for (gsize i = 0; i < size; i++)
        data[i] = (guint8)(g_rand_int(random) % letters);
    return data;
}

static gsize random_size(GRand *random)
{
    static const gsize sizes[] = {0, 1, 4000, 65519, 65536, 128 * 1024, 131073, 700000};
    return g_rand_int(random) % 5 == 0 ? sizes[g_rand_int(random) % G_N_ELEMENTS(sizes)]
                                       : g_rand_int(random) % 20000;
}

/* In pieces of any size. */
static gboolean put(Sealing *sealing, GRand *random, const guint8 *data, gsize size, GError **error)
{
    while (size > 0) {
        gsize now = g_rand_int(random) % 200000;
        now = MIN(size, now);
        if (!sealing_write(sealing, data, now, error))
            return FALSE;
        data += now;
        size -= now;
    }
    return TRUE;
}

static BatchMessage *next_message(GPtrArray *messages)
{
    BatchMessage *message = g_new0(BatchMessage, 1);
    random_bytes(message->id, sizeof message->id);
    random_bytes(message->key, sizeof message->key);
    g_ptr_array_add(messages, message);
    return message;
}

static GPtrArray *messages_new(void)
{
    return g_ptr_array_new_with_free_func((GDestroyNotify)batch_message_free);
}

static void what_comes_out_is_what_one_thread_makes(void **state)
{
    const Fixture *fixture = *state;
    g_autoptr(GPtrArray) messages = messages_new();
    g_autoptr(GPtrArray) expected = g_ptr_array_new_with_free_func(expected_free);
    Taken taken = {.chunks = g_byte_array_new(),
                   .expected = expected,
                   .digest = digest_new(fixture->match_key)};
    digest_begin(taken.digest);
    Sealing *sealing = sealing_new(fixture->id, fixture->match_key, &taker, &taken);
    GRand *random = g_rand_new_with_seed(7);
    for (guint i = 0; i < 400; i++) {
        gboolean whole = g_rand_int(random) % 9 > 0;
        gsize size = random_size(random);
        g_autofree guint8 *data = random_data(random, size);
        BatchMessage *message = next_message(messages);
        g_ptr_array_add(expected, whole ? made_alone(fixture, message, data, size) : NULL);
        assert_true(sealing_start(sealing, message, NULL));
        assert_true(put(sealing, random, data, size, NULL));
        assert_true(sealing_end(sealing, whole, NULL));
        if (g_rand_int(random) % 40 == 0) {
            assert_true(sealing_settle(sealing, NULL));
            assert_int_equal(taken.ended, i + 1);
        }
    }
    assert_true(sealing_settle(sealing, NULL));
    assert_int_equal(taken.ended, 400);
    sealing_free(sealing);
    g_rand_free(random);
    mac_free(taken.digest);
    g_byte_array_unref(taken.chunks);
}

static void p10_what_waits_in_the_thread_is_bounded(void **state)
{
    const Fixture *fixture = *state;
    g_autoptr(GPtrArray) messages = messages_new();
    Taken taken = {.chunks = g_byte_array_new()};
    Sealing *sealing = sealing_new(fixture->id, fixture->match_key, &taker, &taken);
    guint8 piece[8192];
    gsize written = 0;
    assert_true(sealing_start(sealing, next_message(messages), NULL));
    while (written < 40 * 1024 * 1024) {
        random_bytes(piece, sizeof piece);
        assert_true(sealing_write(sealing, piece, sizeof piece, NULL));
        written += sizeof piece;
        /* Beside it the sink has a head and a chunk of its own. */
        assert_true(written < taken.taken + 2 * LIMIT_SEALING_BYTES + 4 * LIMIT_CHUNK);
    }
    assert_true(sealing_end(sealing, TRUE, NULL));
    assert_true(sealing_settle(sealing, NULL));
    assert_true(taken.taken > written);
    sealing_free(sealing);
    g_byte_array_unref(taken.chunks);
}

/* Until a call fails, or nothing is left to be done. */
static gboolean run(const Fixture *fixture, Taken *taken, GPtrArray *messages, guint n,
                    gboolean settle, GError **error)
{
    GRand *random = g_rand_new_with_seed(n);
    Sealing *sealing = sealing_new(fixture->id, fixture->match_key, &taker, taken);
    gboolean fine = TRUE;
    for (guint i = 0; fine && i < n; i++) {
        gsize size = g_rand_int(random) % 300000;
        g_autofree guint8 *data = random_data(random, size);
        fine = sealing_start(sealing, next_message(messages), error) &&
               put(sealing, random, data, size, error) && sealing_end(sealing, i % 4 > 0, error);
    }
    fine = fine && (!settle || sealing_settle(sealing, error));
    sealing_free(sealing);
    g_rand_free(random);
    return fine;
}

static void p6_after_a_failure_nothing_more_is_taken(void **state)
{
    for (guint at = 1; at < 60; at += 3) {
        g_autoptr(GPtrArray) messages = messages_new();
        g_autoptr(GError) error = NULL;
        Taken taken = {.chunks = g_byte_array_new(), .fails_at = at};
        assert_false(run(*state, &taken, messages, 40, TRUE, &error));
        assert_rule(error, POSTERN_ERROR_STORE, "vault.write");
        assert_int_equal(taken.calls, at);
        g_byte_array_unref(taken.chunks);
    }
}

static void what_is_left_in_it_is_forgotten(void **state)
{
    for (guint n = 0; n < 30; n++) {
        g_autoptr(GPtrArray) messages = messages_new();
        Taken taken = {.chunks = g_byte_array_new()};
        assert_true(run(*state, &taken, messages, n, FALSE, NULL));
        assert_true(taken.ended <= n);
        g_byte_array_unref(taken.chunks);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_comes_out_is_what_one_thread_makes, fixture_set_up,
                                        fixture_tear_down),
        cmocka_unit_test_setup_teardown(p10_what_waits_in_the_thread_is_bounded, fixture_set_up,
                                        fixture_tear_down),
        cmocka_unit_test_setup_teardown(p6_after_a_failure_nothing_more_is_taken, fixture_set_up,
                                        fixture_tear_down),
        cmocka_unit_test_setup_teardown(what_is_left_in_it_is_forgotten, fixture_set_up,
                                        fixture_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
