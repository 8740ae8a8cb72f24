#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/error.h"
#include "crypto/aead.h"
#include "crypto/pgp.h"
#include "tests/lib/gnupg-home.h"

#define MANY 20

static char *key(const char *name)
{
    return (char *)gnupg_home_key(home, name);
}

static void assert_opens(GBytes *wrapped, const guint8 *secret)
{
    gsize size;
    const guint8 *bytes = g_bytes_get_data(wrapped, &size);
    g_autoptr(Secret) open = pgp_unwrap(bytes, size, NULL);
    assert_non_null(open);
    assert_int_equal(secret_size(open), KEY_SIZE);
    assert_memory_equal(secret_bytes(open), secret, KEY_SIZE);
}

static void each_of_many_secrets_opens_for_each_recipient(void **state)
{
    (void)state;
    guint8 secrets[MANY][KEY_SIZE];
    PgpWrap wraps[MANY];
    char *to[] = {key("owner"), key("friend"), NULL};
    random_bytes(secrets[0], sizeof secrets);
    for (guint i = 0; i < MANY; i++)
        wraps[i].secret = secrets[i];
    assert_true(pgp_wrap_all(to, wraps, MANY, KEY_SIZE, NULL));
    for (guint i = 0; i < MANY; i += MANY - 1) {
        gnupg_home_use(home, "own");
        assert_opens(wraps[i].wrapped, secrets[i]);
        gnupg_home_use(home, "others");
        assert_opens(wraps[i].wrapped, secrets[i]);
    }
    gnupg_home_use(home, "own");
    for (guint i = 0; i < MANY; i++)
        g_bytes_unref(wraps[i].wrapped);
    assert_true(pgp_wrap_all(to, wraps, 0, KEY_SIZE, NULL));
}

static void p4_none_is_wrapped_when_one_recipient_is_unusable(void **state)
{
    (void)state;
    static const char *const cases[][2] = {{"expired", "key.expired"},
                                           {"revoked", "key.revoked"},
                                           {"old-subkey", "key.expired"},
                                           {"sign-only", "key.unusable"}};
    guint8 secret[KEY_SIZE] = {7};
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        PgpWrap wraps[] = {{secret, NULL}, {secret, NULL}};
        char *to[] = {key("owner"), key(cases[i][0]), NULL};
        assert_false(pgp_wrap_all(to, wraps, 2, KEY_SIZE, &error));
        assert_int_equal(error->code, POSTERN_ERROR_POLICY);
        assert_string_equal(postern_error_rule(error), cases[i][1]);
        assert_null(wraps[0].wrapped);
        assert_null(wraps[1].wrapped);
    }
    PgpWrap wrap = {secret, NULL};
    g_autoptr(GError) error = NULL;
    assert_false(pgp_wrap_all(NULL, &wrap, 1, KEY_SIZE, &error));
    assert_string_equal(postern_error_rule(error), "key.missing");
}

static void a_key_without_a_passphrase_opens_unasked_and_garbage_does_not(void **state)
{
    (void)state;
    guint8 secret[KEY_SIZE] = {9};
    PgpWrap wrap = {secret, NULL};
    char *to[] = {key("owner"), NULL};
    gsize size;
    assert_true(pgp_wrap_all(to, &wrap, 1, KEY_SIZE, NULL));
    const guint8 *bytes = g_bytes_get_data(wrap.wrapped, &size);
    g_autoptr(Secret) open = pgp_unwrap_asking(bytes, size, NULL);
    assert_non_null(open);
    static const char *const garbage[] = {
        "", "\x84", "\x84\x05\x03", "\xc1\xff\xff\xff\xff\xff", "\x87\x01", "\x85\xff", "x"};
    for (guint i = 0; i < G_N_ELEMENTS(garbage); i++) {
        g_autoptr(GError) error = NULL;
        assert_null(pgp_unwrap_asking((const guint8 *)garbage[i], strlen(garbage[i]), &error));
        assert_non_null(error);
    }
    g_bytes_unref(wrap.wrapped);
}

static void a_wrap_tells_for_whose_parts_it_is(void **state)
{
    (void)state;
    guint8 secret[KEY_SIZE] = {9};
    PgpWrap wrap = {secret, NULL};
    char *to[] = {key("owner"), key("friend"), NULL};
    gsize size;
    assert_true(pgp_wrap_all(to, &wrap, 1, KEY_SIZE, NULL));
    const guint8 *bytes = g_bytes_get_data(wrap.wrapped, &size);
    static const char *const whose[] = {"owner", "friend", "twin-one"};
    for (gsize i = 0; i < G_N_ELEMENTS(whose); i++) {
        g_auto(GStrv) parts = pgp_parts(key(whose[i]), NULL);
        assert_int_equal(pgp_is_for(bytes, size, parts), i < 2);
        assert_false(pgp_is_for((const guint8 *)"x", 1, parts));
    }
    assert_null(pgp_parts("0123456789012345678901234567890123456789", NULL));
    g_bytes_unref(wrap.wrapped);
}

/* Nobody here has a passphrase for it that could be forgotten. */
static void what_is_for_others_is_not_opened_by_asking(void **state)
{
    (void)state;
    guint8 secret[KEY_SIZE] = {9};
    PgpWrap wrap = {secret, NULL};
    char *to[] = {key("friend"), NULL};
    gsize size;
    g_autoptr(GError) error = NULL;
    assert_true(pgp_wrap_all(to, &wrap, 1, KEY_SIZE, NULL));
    const guint8 *bytes = g_bytes_get_data(wrap.wrapped, &size);
    assert_null(pgp_unwrap_asking(bytes, size, &error));
    assert_string_equal(postern_error_rule(error), "key.missing");
    g_bytes_unref(wrap.wrapped);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_of_many_secrets_opens_for_each_recipient),
        cmocka_unit_test(p4_none_is_wrapped_when_one_recipient_is_unusable),
        cmocka_unit_test(a_key_without_a_passphrase_opens_unasked_and_garbage_does_not),
        cmocka_unit_test(a_wrap_tells_for_whose_parts_it_is),
        cmocka_unit_test(what_is_for_others_is_not_opened_by_asking),
    };
    return cmocka_run_group_tests(tests, make_home, remove_home);
}
