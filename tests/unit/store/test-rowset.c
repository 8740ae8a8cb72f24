#include "store/rowset.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void a_set_holds_what_was_added(void **state)
{
    (void)state;
    g_autoptr(RowSet) set = rowset_new(130);
    static const gint64 rows[] = {0, 63, 64, 128, 130};
    assert_int_equal(rowset_next(set, 0), -1);
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
        rowset_add(set, rows[i]);
    assert_int_equal(rowset_count(set), G_N_ELEMENTS(rows));
    gint64 at = -1;
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
        assert_int_equal(at = rowset_next(set, at + 1), rows[i]);
    assert_int_equal(rowset_next(set, at + 1), -1);
    rowset_remove(set, 64);
    assert_false(rowset_has(set, 64));
    assert_int_equal(rowset_next(set, 64), 128);
}

static void rows_beyond_the_last_are_never_in_it(void **state)
{
    (void)state;
    static const gint64 outside[] = {-1, 131, G_MAXINT64, G_MININT64};
    g_autoptr(RowSet) set = rowset_new(130);
    for (gsize i = 0; i < G_N_ELEMENTS(outside); i++) {
        rowset_add(set, outside[i]);
        rowset_remove(set, outside[i]);
        assert_false(rowset_has(set, outside[i]));
        assert_int_equal(rowset_next(set, outside[i]), -1);
    }
    assert_int_equal(rowset_count(set), 0);
    rowset_turn(set);
    assert_int_equal(rowset_count(set), 131);
}

static void the_empty_range_is_empty(void **state)
{
    (void)state;
    g_autoptr(RowSet) set = rowset_new(-1);
    rowset_add(set, 0);
    rowset_turn(set);
    assert_int_equal(rowset_count(set), 0);
    assert_int_equal(rowset_next(set, 0), -1);
}

static void arithmetic_agrees_row_by_row(void **state)
{
    (void)state;
    for (gint64 last = 0; last < 200; last += 7) {
        g_autoptr(RowSet) joined = rowset_new(last);
        g_autoptr(RowSet) kept = rowset_new(last);
        g_autoptr(RowSet) dropped = rowset_new(last);
        g_autoptr(RowSet) other = rowset_new(last);
        for (gint64 row = 0; row <= last; row++) {
            if (row % 2 == 0) {
                rowset_add(joined, row);
                rowset_add(kept, row);
                rowset_add(dropped, row);
            }
            if (row % 3 == 0)
                rowset_add(other, row);
        }
        rowset_join(joined, other);
        rowset_keep(kept, other);
        rowset_drop(dropped, other);
        rowset_turn(other);
        for (gint64 row = 0; row <= last; row++) {
            gboolean two = row % 2 == 0, three = row % 3 == 0;
            assert_int_equal(rowset_has(joined, row), two || three);
            assert_int_equal(rowset_has(kept, row), two && three);
            assert_int_equal(rowset_has(dropped, row), two && !three);
            assert_int_equal(rowset_has(other, row), !three);
        }
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_set_holds_what_was_added),
        cmocka_unit_test(rows_beyond_the_last_are_never_in_it),
        cmocka_unit_test(the_empty_range_is_empty),
        cmocka_unit_test(arithmetic_agrees_row_by_row),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
