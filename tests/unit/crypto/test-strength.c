#include "crypto/strength.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pwquality.h>
#include <string.h>

#include "tests/lib/dies.h"

static char *judge(const char *password, const char *user)
{
    char *why = NULL;
    g_autoptr(Secret) secret = secret_new(password, strlen(password));
    gboolean stands = strength_judge(secret, user, &why);
    assert_int_equal(stands, why == NULL);
    return why;
}

/* libpwquality says this instead; 1000: what it thinks. */
static int said = 1000;

int __real_pwquality_check(pwquality_settings_t *settings, const char *password, const char *old,
                           const char *user, void **detail);
int __wrap_pwquality_check(pwquality_settings_t *settings, const char *password, const char *old,
                           const char *user, void **detail);
int __wrap_pwquality_check(pwquality_settings_t *settings, const char *password, const char *old,
                           const char *user, void **detail)
{
    assert_null(detail); /* it would quote the password */
    return said < 1000 ? said : __real_pwquality_check(settings, password, old, user, detail);
}

static gboolean no_memory;
pwquality_settings_t *__real_pwquality_default_settings(void);
pwquality_settings_t *__wrap_pwquality_default_settings(void);
pwquality_settings_t *__wrap_pwquality_default_settings(void)
{
    return no_memory ? NULL : __real_pwquality_default_settings();
}

static void judge_without_memory(void)
{
    no_memory = TRUE;
    g_free(judge("hunter2", "john"));
}

static void nobody_goes_on_without_memory(void **state)
{
    (void)state;
    assert_true(dies(judge_without_memory, "out of memory"));
}

static void each_reason_has_its_words(void **state)
{
    (void)state;
    static const struct {
        int code;
        const char *why;
    } cases[] = {
        {PWQ_ERROR_MIN_LENGTH, "is too short"},
        {PWQ_ERROR_PALINDROME, "reads the same backwards"},
        {PWQ_ERROR_USER_CHECK, "holds the login"},
        {PWQ_ERROR_CRACKLIB_CHECK, "is made of a word in the dictionary"},
        {PWQ_ERROR_EMPTY_PASSWORD, "is empty"},
        {PWQ_ERROR_MEM_ALLOC, "is too simple"},
        {19, "is too simple"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        said = cases[i].code;
        g_autofree char *why = judge("correct horse battery staple", NULL);
        said = 1000;
        assert_string_equal(why, cases[i].why);
    }
}

static void weak_passwords_are_refused_with_a_reason(void **state)
{
    (void)state;
    static const struct {
        const char *password, *why;
    } cases[] = {
        {"", "is empty"},
        {"hunter2", "is too short"},
        {"Xk4,vQ9-pLm", "is too short"}, /* eleven */
        {"Xk4,vQ99Qv,4kX", "reads the same backwards"},
        {"aaaaaaaaaaaaab", "is too simple"},
        {"123456789012", "is too simple"},
        {"qwertyqwerty1", "is too simple"},
        {"Jsmith-Jsmith-77", "holds the login"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *why = judge(cases[i].password, "jsmith");
        assert_non_null(why);
        assert_string_equal(why, cases[i].why);
    }
}

static void strong_ones_stand(void **state)
{
    (void)state;
    static const char *const strong[] = {
        "e2385f1abdef123d9ef950cf",
        "zHfNJW6fBVco",
        "correct horse battery staple",
        "Gr\303\274\303\237e aus dem Teutoburger Wald, 9 n. Chr.",
    };
    for (gsize i = 0; i < G_N_ELEMENTS(strong); i++) {
        g_autofree char *why = judge(strong[i], NULL);
        if (why)
            fail_msg("%s %s", strong[i], why);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody_goes_on_without_memory),
        cmocka_unit_test(each_reason_has_its_words),
        cmocka_unit_test(weak_passwords_are_refused_with_a_reason),
        cmocka_unit_test(strong_ones_stand),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
