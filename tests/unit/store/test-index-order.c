/* The order of hits, and that the first few are the first few wherever they lie. */
#include "store/index-search.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/store/index-fixture.h"

#define DAY 86400
#define LETTERS 1500
#define FAR 40000 /* rows from here on are many enough for the first to be looked at first */

/* More hits than are sorted by their dates. */
static void many_hits_come_in_their_order(void **state)
{
    Fixture *fixture = *state;
    static const char *const texts[] = {"", "beta", "NOT beta"};
    g_autoptr(GPtrArray) letters = letters_new();
    for (gint64 row = 1; row <= 5000; row++) {
        Letter *letter = letter_new(row);
        letter->date = row * 7919 % 1000;
        letter->doc->body = g_strdup(row % 2 ? "alpha" : "beta");
        g_ptr_array_add(letters, letter);
    }
    add_all(fixture->index, letters, 5000);
    letters_sort(letters);
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        assert_as_oracle(fixture->index, letters, texts[i], 0, FALSE);
        assert_as_oracle(fixture->index, letters, texts[i], 0, TRUE);
        assert_as_oracle(fixture->index, letters, texts[i], 20, FALSE);
    }
}

/* How the rows of mail lie to its dates. */
typedef enum { RISING, FALLING, TWO_ACCOUNTS, SCATTERED } Lie;

static gint64 row_of(GRand *random, Lie lie, guint i, gint64 before)
{
    switch (lie) {
    case FALLING: return FAR + LETTERS - i;
    case TWO_ACCOUNTS: return FAR + (i % 3 ? i : 3 * LETTERS + i);
    case SCATTERED: return before + g_rand_int_range(random, 1, 300);
    default: return FAR + i;
    }
}

static GPtrArray *letters_lying(GRand *random, Lie lie)
{
    GPtrArray *letters = letters_new();
    gint64 row = 0;
    for (guint i = 0; i < LETTERS; i++) {
        row = row_of(random, lie, i, row);
        Letter *letter = letter_random(random, row);
        if (lie != SCATTERED)
            letter->date = (gint64)i * 10 * DAY / LETTERS;
        g_ptr_array_add(letters, letter);
    }
    return letters;
}

static void the_first_few_are_what_an_oracle_finds_first(void **state)
{
    static const char *const texts[] = {"",
                                        "beta",
                                        "alpha beta",
                                        "NOT beta",
                                        "from:alpha date:1970-01-03..1970-01-05",
                                        "date:1970-01-03..1970-01-05",
                                        "date:1970-01-03..1970-01-05 date:1970-01-05..",
                                        "date:1970-01-05.. date:..1970-01-03",
                                        "nowhere",
                                        "bet*",
                                        "from:al* be*",
                                        "NOT BET* date:1970-01-03..1970-01-05",
                                        "nowher*",
                                        "(gam* OR bet*) a*",
                                        "beta (date:1970-01-02 OR date:1970-01-09)",
                                        "has:attachment -is:unread"};
    Fixture *fixture = *state;
    g_autoptr(GRand) random = g_rand_new_with_seed(20251);
    for (Lie lie = RISING; lie <= SCATTERED; lie++) {
        g_autoptr(GPtrArray) letters = letters_lying(random, lie);
        index_close(fixture->index);
        assert_true(index_drop(fixture->dir, NULL));
        fixture->index = open_index(fixture);
        add_all(fixture->index, letters, 1);
        letters_sort(letters);
        for (guint i = 0; i < G_N_ELEMENTS(texts) * 4; i++)
            assert_as_oracle(fixture->index, letters, texts[i / 4], i % 4 < 2 ? 20 : 0, i % 2);
        for (guint i = 0; i < 60; i++) {
            g_autofree char *text = query_random(random, i % 4);
            assert_as_oracle(fixture->index, letters, text, (guint)g_rand_int_range(random, 1, 300),
                             i % 2);
        }
    }
}

/* More words than are looked up one by one. */
static void a_beginning_of_many_words_finds_them_all(void **state)
{
    Fixture *fixture = *state;
    g_autoptr(GPtrArray) letters = letters_new();
    for (guint i = 0; i < 40; i++) {
        Letter *letter = letter_new(FAR + i);
        letter->date = i * DAY;
        letter->doc->body = g_strdup_printf("many%02u", i);
        g_ptr_array_add(letters, letter);
    }
    add_all(fixture->index, letters, 1);
    letters_sort(letters);
    assert_as_oracle(fixture->index, letters, "many*", 20, FALSE);
    assert_as_oracle(fixture->index, letters, "many*", 20, TRUE);
    assert_as_oracle(fixture->index, letters, "MANY1*", 20, TRUE);
}

static void a_term_without_letters_is_refused_in_a_large_index(void **state)
{
    Fixture *fixture = *state;
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) letters = letters_new();
    g_autoptr(Query) query = query_parse("date:..1969 subject:\"...\"", 0, NULL);
    g_autoptr(GArray) rows = g_array_new(FALSE, FALSE, sizeof(gint64));
    g_ptr_array_add(letters, letter_new(FAR));
    add_all(fixture->index, letters, 1);
    assert_non_null(query);
    assert_false(index_sorted_rows(fixture->index, query, 20, SORT_NEWEST, rows, &error));
    assert_non_null(error);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(many_hits_come_in_their_order, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_first_few_are_what_an_oracle_finds_first, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_beginning_of_many_words_finds_them_all, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_term_without_letters_is_refused_in_a_large_index, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
