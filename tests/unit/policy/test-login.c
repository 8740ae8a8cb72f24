#include "policy/login.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void a_login_may_be_told_by_the_address(void **state)
{
    (void)state;
    static const struct {
        const char *login, *address;
        gboolean is;
    } cases[] = {
        {"jsmith", "jsmith@corp.example", TRUE},
        {"JSmith", "jsmith@corp.example", TRUE},
        {"jsmith@corp.example", "jsmith@corp.example", TRUE},
        {"jsmith@CORP.example", "JSMITH@corp.example", TRUE},
        {"GRÜN", "grün@corp.example", TRUE},
        {"gru\xCC\x88n", "gr\xC3\xBCn@corp.example", TRUE},
        {"a@b", "\"a@b\"@corp.example", FALSE},
        {"john", "jsmith@corp.example", FALSE},
        {"john", "jsmith", FALSE},
        {"jsmith2", "jsmith@corp.example", FALSE},
        {"jsmit", "jsmith@corp.example", FALSE},
        {"jsmith@other.example", "jsmith@corp.example", FALSE},
        {"corp.example", "jsmith@corp.example", FALSE},
        {"", "jsmith@corp.example", FALSE},
        {"\xFF", "\xFE@corp.example", TRUE}, /* what is no text may be anything */
        {"nobody", "nobody", TRUE},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
        if (login_is_address(cases[i].login, cases[i].address) != cases[i].is)
            fail_msg("%s of %s", cases[i].login, cases[i].address);
}

static void one_login_is_the_same_in_any_case(void **state)
{
    (void)state;
    assert_true(login_same("john", "JOHN"));
    assert_true(login_same("stra\xC3\x9F"
                           "e",
                           "STRASSE"));
    assert_false(login_same("john", "john2"));
    assert_false(login_same("john", ""));
}

static void shared_passwords_are_found(void **state)
{
    (void)state;
    g_autoptr(Secret) one = secret_new("hunter2", 7);
    g_autoptr(Secret) same = secret_new("hunter2", 7);
    g_autoptr(Secret) longer = secret_new("hunter22", 8);
    g_autoptr(Secret) other = secret_new("hunter3", 7);
    const Secret *passwords[] = {one, NULL, longer, other, same, NULL};
    static const guint shared[] = {4, 6, 6, 6, 0, 6};
    for (guint i = 0; i < G_N_ELEMENTS(passwords); i++)
        assert_int_equal(password_shared(passwords, G_N_ELEMENTS(passwords), i), shared[i]);
    assert_int_equal(password_shared(passwords, 1, 0), 1);
}

static void the_first_of_several_that_share_is_told(void **state)
{
    (void)state;
    g_autoptr(Secret) one = secret_new("x", 1);
    const Secret *passwords[] = {one, one, one};
    assert_int_equal(password_shared(passwords, 3, 0), 1);
    assert_int_equal(password_shared(passwords, 3, 1), 0);
    assert_int_equal(password_shared(passwords, 3, 2), 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_login_may_be_told_by_the_address),
        cmocka_unit_test(one_login_is_the_same_in_any_case),
        cmocka_unit_test(shared_passwords_are_found),
        cmocka_unit_test(the_first_of_several_that_share_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
