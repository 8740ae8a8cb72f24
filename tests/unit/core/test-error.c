#include "core/error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <gio/gio.h>

static void a_refusal_carries_rule_value_and_mend(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    assert_false(refuse(&error, POSTERN_ERROR_POLICY, "transport.port", "use 993", "port %d", 143));
    assert_string_equal(error->message, "port 143");
    assert_string_equal(postern_error_rule(error), "transport.port");
    assert_string_equal(postern_error_mend(error), "use 993");
    assert_int_equal(postern_exit_code(error), 78);

    g_autoptr(GError) copy = g_error_copy(error);
    assert_string_equal(postern_error_rule(copy), "transport.port");
}

static void foreign_errors_are_our_bug(void **state)
{
    (void)state;
    g_autoptr(GError) error = g_error_new(G_IO_ERROR, G_IO_ERROR_FAILED, "x");
    assert_int_equal(postern_exit_code(error), 70);
    assert_null(postern_error_rule(error));
    assert_int_equal(postern_exit_code(NULL), 0);
}

static void p10_111_the_worst_code_wins(void **state)
{
    (void)state;
    static const int order[] = {78, 77, 76, 70, 74, 73, 69, 75, 65, 64, 1, 0};
    for (gsize i = 0; i < G_N_ELEMENTS(order); i++)
        for (gsize j = 0; j < G_N_ELEMENTS(order); j++)
            assert_int_equal(postern_worse(order[i], order[j]), order[MIN(i, j)]);
}

static void a_mend_can_be_made_more_exact(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    refuse(&error, POSTERN_ERROR_LOGIN, "login.refused", "set it", "no");
    postern_error_set_mend(error, "set it for work");
    assert_string_equal(postern_error_mend(error), "set it for work");
    assert_string_equal(postern_error_rule(error), "login.refused");
    postern_error_set_mend(NULL, "x");
    g_autoptr(GError) foreign = g_error_new(G_IO_ERROR, G_IO_ERROR_FAILED, "x");
    postern_error_set_mend(foreign, "x");
    assert_null(postern_error_mend(foreign));
}

static void an_error_is_among_rules_by_its_own(void **state)
{
    (void)state;
    static const char *const rules[] = {"login.refused", "login.rate", NULL}, *const none[] = {
                                                                                  NULL};
    g_autoptr(GError) error = NULL;
    g_autoptr(GError) foreign = g_error_new(G_IO_ERROR, G_IO_ERROR_FAILED, "login.rate");
    refuse(&error, POSTERN_ERROR_LOGIN, "login.rate", NULL, "no");
    assert_true(postern_error_among(error, rules));
    assert_false(postern_error_among(error, none));
    assert_false(postern_error_among(NULL, rules));
    assert_false(postern_error_among(foreign, rules));
    g_autoptr(GError) other = NULL;
    refuse(&other, POSTERN_ERROR_LOGIN, "login", NULL, "no");
    assert_false(postern_error_among(other, rules));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_refusal_carries_rule_value_and_mend),
        cmocka_unit_test(foreign_errors_are_our_bug),
        cmocka_unit_test(p10_111_the_worst_code_wins),
        cmocka_unit_test(a_mend_can_be_made_more_exact),
        cmocka_unit_test(an_error_is_among_rules_by_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
