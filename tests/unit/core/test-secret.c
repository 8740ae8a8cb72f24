#include "core/secret.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <openssl/crypto.h>
#include <string.h>

static void a_secret_is_a_copy(void **state)
{
    (void)state;
    char plain[] = "hunter2";
    g_autoptr(Secret) secret = secret_new(plain, 7);
    secret_wipe(plain, sizeof plain);
    assert_memory_equal(plain, "\0\0\0\0\0\0\0\0", 8);
    assert_int_equal(secret_size(secret), 7);
    assert_string_equal((const char *)secret_bytes(secret), "hunter2"); /* a zero byte follows */

    g_autoptr(Secret) copy = secret_copy(secret);
    assert_true(secret_bytes(copy) != secret_bytes(secret));
    assert_memory_equal(secret_bytes(copy), "hunter2", 8);
}

static void equal_secrets_hold_the_same_bytes(void **state)
{
    (void)state;
    g_autoptr(Secret) one = secret_new("hunter2", 7);
    g_autoptr(Secret) same = secret_copy(one);
    g_autoptr(Secret) other = secret_new("hunter3", 7);
    g_autoptr(Secret) head = secret_new("hunter", 6);
    g_autoptr(Secret) nothing = secret_new(NULL, 0);
    assert_true(secret_equal(one, same) && secret_equal(nothing, nothing));
    assert_false(secret_equal(one, other) || secret_equal(one, head) || secret_equal(one, nothing));
}

static void nothing_is_a_secret_too(void **state)
{
    (void)state;
    g_autoptr(Secret) secret = secret_new(NULL, 0);
    assert_int_equal(secret_size(secret), 0);
    assert_int_equal(*secret_bytes(secret), 0);
    secret_free(NULL);
}

static void p4_45_a_secret_lies_apart(void **state)
{
    (void)state;
    g_autoptr(Secret) secret = secret_new("hunter2", 7);
    assert_true(CRYPTO_secure_allocated(secret));
}

static void more_secrets_than_the_secure_heap_holds_are_kept(void **state)
{
    (void)state;
    Secret *secrets[200];
    char plain[4096] = "hunter2";
    for (gsize i = 0; i < G_N_ELEMENTS(secrets); i++)
        secrets[i] = secret_new(plain, sizeof plain);
    for (gsize i = 0; i < G_N_ELEMENTS(secrets); i++) {
        assert_memory_equal(secret_bytes(secrets[i]), plain, sizeof plain);
        secret_free(secrets[i]);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_secret_is_a_copy),
        cmocka_unit_test(equal_secrets_hold_the_same_bytes),
        cmocka_unit_test(nothing_is_a_secret_too),
        cmocka_unit_test(more_secrets_than_the_secure_heap_holds_are_kept),
        cmocka_unit_test(p4_45_a_secret_lies_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
