#include "store/sealedpage.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#define CONTENT (SEALED_PAGE - SEALED_RESERVE)

static const guint8 right_key[KEY_SIZE] = "a key", wrong_key[KEY_SIZE] = "another key";
static guint8 plain[SEALED_PAGE], sealed[SEALED_PAGE], opened[SEALED_PAGE];

static int set_up(void **state)
{
    for (gsize i = 0; i < CONTENT; i++)
        plain[i] = (guint8)(i * 7 + (i >> 8));
    *state = sealed_keys_new(right_key);
    return 0;
}

static int tear_down(void **state)
{
    sealed_keys_unref(*state);
    sealed_keys_unref(NULL);
    return 0;
}

static void seal(SealedKeys *keys)
{
    assert_true(sealed_page_seal(keys, SEALED_MAIN, 7, 6 * SEALED_PAGE, plain, sealed));
}

static gboolean opens(SealedKeys *keys)
{
    memset(opened, 0xee, sizeof opened);
    return sealed_page_open(keys, SEALED_MAIN, 7, 6 * SEALED_PAGE, sealed, opened);
}

static void assert_wiped(void)
{
    for (gsize i = 0; i < SEALED_PAGE; i++)
        assert_int_equal(opened[i], 0);
}

static void a_page_comes_back_also_in_place(void **state)
{
    seal(*state);
    assert_true(opens(*state));
    assert_memory_equal(opened, plain, SEALED_PAGE);
    guint8 *page = g_memdup2(sealed, SEALED_PAGE);
    assert_true(sealed_page_open(*state, SEALED_MAIN, 7, 6 * SEALED_PAGE, page, page));
    assert_memory_equal(page, plain, SEALED_PAGE);
    g_free(page);
}

static void p4_36_the_same_page_never_looks_the_same(void **state)
{
    guint8 first[SEALED_PAGE];
    seal(*state);
    memcpy(first, sealed, sizeof first);
    seal(*state);
    assert_memory_not_equal(first, sealed, CONTENT);
    assert_memory_not_equal(first + CONTENT, sealed + CONTENT, GCM_NONCE);
}

/* Nonce, tag and the last four bytes whole; of the content a bit here and there. */
static void p4_40_a_flipped_bit_anywhere_opens_nothing(void **state)
{
    seal(*state);
    for (gsize bit = 0; bit < 8 * SEALED_PAGE; bit += bit < (gsize)8 * CONTENT - 331 ? 331 : 1) {
        sealed[bit / 8] ^= (guint8)(1 << bit % 8);
        assert_false(opens(*state));
        assert_wiped();
        sealed[bit / 8] ^= (guint8)(1 << bit % 8);
    }
    assert_true(opens(*state));
}

static void p4_40_a_page_opens_only_where_it_was_sealed(void **state)
{
    static const struct {
        SealedPlace place;
        guint32 number;
        guint64 offset;
    } elsewhere[] = {
        {SEALED_WAL, 7, 6 * SEALED_PAGE},
        {SEALED_MAIN, 8, 6 * SEALED_PAGE},
        {SEALED_MAIN, 7, 7 * SEALED_PAGE},
        {SEALED_MAIN, 7, 6 * SEALED_PAGE + (G_GUINT64_CONSTANT(1) << 32)},
    };
    seal(*state);
    for (gsize i = 0; i < G_N_ELEMENTS(elsewhere); i++) {
        assert_false(sealed_page_open(*state, elsewhere[i].place, elsewhere[i].number,
                                      elsewhere[i].offset, sealed, opened));
        assert_wiped();
    }
}

static void p4_40_another_key_opens_nothing(void **state)
{
    SealedKeys *other = sealed_keys_new(wrong_key);
    seal(*state);
    assert_false(opens(other));
    assert_wiped();
    sealed_keys_unref(other);
}

/* As doc/vault-format.md says: no seal of one page knows that another is newer. */
static void p4_41_an_older_page_at_its_place_opens(void **state)
{
    guint8 older[SEALED_PAGE];
    seal(*state);
    memcpy(older, sealed, sizeof older);
    plain[0] ^= 1;
    seal(*state);
    memcpy(sealed, older, sizeof older);
    assert_true(opens(*state));
    assert_int_not_equal(opened[0], plain[0]);
}

static void what_the_reserved_bytes_hold_is_refused(void **state)
{
    for (gsize i = CONTENT; i < SEALED_PAGE; i++) {
        plain[i] = 1;
        assert_false(sealed_page_seal(*state, SEALED_MAIN, 7, 6 * SEALED_PAGE, plain, sealed));
        plain[i] = 0;
    }
}

static void a_frame_header_shows_its_page_and_nothing_else(void **state)
{
    guint8 header[FRAME_HEADER], hidden[FRAME_HEADER], back[FRAME_HEADER];
    for (gsize i = 0; i < sizeof header; i++)
        header[i] = (guint8)i;
    sealed_header(*state, TRUE, header, hidden);
    assert_memory_equal(hidden, header, 8);
    for (gsize i = 8; i < sizeof header - 4; i++)
        assert_memory_not_equal(hidden + i, header + i, 4);
    sealed_header(*state, FALSE, hidden, back);
    assert_memory_equal(back, header, sizeof header);
    sealed_header(*state, FALSE, hidden, hidden);
    assert_memory_equal(hidden, header, sizeof header);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(a_page_comes_back_also_in_place),
        TEST(p4_36_the_same_page_never_looks_the_same),
        TEST(p4_40_a_flipped_bit_anywhere_opens_nothing),
        TEST(p4_40_a_page_opens_only_where_it_was_sealed),
        TEST(p4_40_another_key_opens_nothing),
        TEST(p4_41_an_older_page_at_its_place_opens),
        TEST(what_the_reserved_bytes_hold_is_refused),
        TEST(a_frame_header_shows_its_page_and_nothing_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
