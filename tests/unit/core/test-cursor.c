#include "core/cursor.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void what_is_put_is_read(void **state)
{
    (void)state;
    g_autoptr(GByteArray) out = g_byte_array_new();
    put_u8(out, 7);
    put_u16(out, 0x1234);
    put_u32(out, 0xdeadbeef);
    put_u64(out, G_GUINT64_CONSTANT(0x0102030405060708));
    put_string(out, "INBOX");
    put_block(out, "\0x", 2);

    Cursor cursor = cursor_over(out->data, out->len);
    assert_int_equal(cursor_u8(&cursor), 7);
    assert_int_equal(cursor_u16(&cursor), 0x1234);
    assert_int_equal(cursor_u32(&cursor), 0xdeadbeef);
    assert_true(cursor_u64(&cursor) == G_GUINT64_CONSTANT(0x0102030405060708));
    g_autofree char *name = cursor_string(&cursor, 10);
    assert_string_equal(name, "INBOX");
    gsize size;
    const guint8 *block = cursor_block(&cursor, 2, &size);
    assert_int_equal(size, 2);
    assert_memory_equal(block, "\0x", 2);
    assert_true(cursor_whole(&cursor));
}

static void every_cut_fails(void **state)
{
    (void)state;
    g_autoptr(GByteArray) out = g_byte_array_new();
    put_u32(out, 1);
    put_string(out, "abc");
    for (guint cut = 0; cut < out->len; cut++) {
        Cursor cursor = cursor_over(out->data, cut);
        cursor_u32(&cursor);
        g_autofree char *string = cursor_string(&cursor, 3);
        assert_null(string);
        assert_false(cursor_whole(&cursor));
    }
}

static void a_failure_sticks(void **state)
{
    (void)state;
    static const guint8 bytes[] = {0, 0, 0, 9, 1, 2};
    Cursor cursor = cursor_over(bytes, sizeof bytes);
    gsize size = 99;
    assert_null(cursor_block(&cursor, 8, &size)); /* claims 9, over the limit */
    assert_int_equal(size, 0);
    assert_int_equal(cursor_u8(&cursor), 0); /* although two bytes are there */
    assert_false(cursor_whole(&cursor));
}

static void a_string_has_no_nul(void **state)
{
    (void)state;
    static const guint8 bytes[] = {0, 0, 0, 2, 'a', 0};
    Cursor cursor = cursor_over(bytes, sizeof bytes);
    assert_null(cursor_string(&cursor, 8));
    assert_true(cursor.failed);
}

static void leftovers_are_not_whole(void **state)
{
    (void)state;
    static const guint8 bytes[] = {1, 2};
    Cursor cursor = cursor_over(bytes, sizeof bytes);
    cursor_u8(&cursor);
    assert_false(cursor_whole(&cursor));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_put_is_read),     cmocka_unit_test(every_cut_fails),
        cmocka_unit_test(a_failure_sticks),        cmocka_unit_test(a_string_has_no_nul),
        cmocka_unit_test(leftovers_are_not_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
