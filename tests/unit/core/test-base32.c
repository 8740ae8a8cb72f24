#include "core/base32.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

static void the_vectors_of_the_rfc_hold(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        const char *text;
    } cases[] = {
        {"", ""},
        {"f", "my"},
        {"fo", "mzxq"},
        {"foo", "mzxw6"},
        {"foob", "mzxw6yq"},
        {"fooba", "mzxw6ytb"},
        {"foobar", "mzxw6ytboi"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        gsize size = strlen(cases[i].bytes);
        g_autofree char *text = base32_encode((const guint8 *)cases[i].bytes, size);
        assert_string_equal(text, cases[i].text);
        g_autofree char *upper = g_ascii_strup(text, -1);
        guint8 bytes[8] = {0};
        assert_true(base32_decode(upper, bytes, size));
        assert_memory_equal(bytes, cases[i].bytes, size);
    }
}

static void anything_else_is_no_id(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "",
        "aaaaaaaaaaaaaaa",
        "aaaaaaaaaaaaaaaaa",
        "aaaaaaaaaaaaaaa1",
        "aaaaaaaaaaaaaaa=",
        "aaaaaaaa aaaaaaa",
        "aaaaaaaaaaaaaaa8",
    };
    guint8 bytes[10];
    for (gsize i = 0; i < G_N_ELEMENTS(wrong); i++)
        assert_false(base32_decode(wrong[i], bytes, sizeof bytes));
    assert_true(base32_decode("aaaaaaaaaaaaaaaa", bytes, sizeof bytes));
    assert_true(base32_decode("my", bytes, 1));
    assert_false(base32_decode("mz", bytes, 1)); /* bits behind the end */
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_vectors_of_the_rfc_hold),
        cmocka_unit_test(anything_else_is_no_id),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
