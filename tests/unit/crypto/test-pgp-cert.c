/* Which packets of strangers' keys are handed on, byte by byte and without gpg. */
#include "crypto/pgp-cert.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/error.h"
#include "core/limits.h"

#define KEY "\xc6\x01k"
#define OLD_KEY "\x98\x01k"
#define SIGN "\xc2\x01s"
#define SUB "\xce\x01k"
#define MINE "\xcd\x05<a@b>"
#define OTHER "\xcd\x05<a@c>"
#define PICTURE "\xd1\x01p"
#define SECRET "\xc5\x01k"
#define MARK "\xca\x03PGP"

#define BYTES(literal) g_bytes_new_static(literal, sizeof(literal) - 1)

static void assert_refused(GBytes *data)
{
    g_autoptr(GBytes) owned = data;
    g_autoptr(GError) error = NULL;
    assert_null(pgp_cert_sift(owned, "a@b", &error));
    assert_int_equal(error->code, POSTERN_ERROR_INPUT);
    assert_string_equal(postern_error_rule(error), "key.input");
}

/* WANTED is the first of N keys, NULL for none. */
static void assert_becomes(GBytes *data, guint n, GBytes *wanted)
{
    g_autoptr(GBytes) owned = data, expected = wanted;
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) keys = pgp_cert_sift(owned, "A@b", &error);
    assert_null(error);
    assert_int_equal(keys->len, n);
    if (n > 0)
        assert_true(g_bytes_equal(keys->pdata[0], expected));
}

static void p7_82_only_the_user_ids_of_the_address_stay(void **state)
{
    (void)state;
    assert_becomes(BYTES(KEY MINE SIGN SUB SIGN), 1, BYTES(KEY MINE SIGN SUB SIGN));
    assert_becomes(BYTES(KEY SIGN OTHER SIGN SIGN MINE SIGN PICTURE SIGN SUB SIGN), 1,
                   BYTES(KEY SIGN MINE SIGN SUB SIGN));
    assert_becomes(BYTES(KEY MINE SIGN OTHER SIGN), 1, BYTES(KEY MINE SIGN));
    assert_becomes(BYTES(MARK OLD_KEY MARK MINE SIGN), 1, BYTES(OLD_KEY MINE SIGN));
    assert_becomes(BYTES(KEY "\xcc\x01t" MINE "\xcc\x01t" SIGN), 1, BYTES(KEY MINE SIGN));
    assert_becomes(BYTES(KEY OTHER SIGN SUB SIGN), 0, NULL);
    assert_becomes(BYTES(KEY OTHER SIGN KEY MINE SIGN), 1, BYTES(KEY MINE SIGN));
    assert_becomes(BYTES(KEY MINE KEY OTHER SIGN KEY MINE), 2, BYTES(KEY MINE));
}

static void a_user_id_carries_what_stands_last(void **state)
{
    (void)state;
    assert_becomes(BYTES(KEY "\xcd\x03"
                             "a@B"),
                   1,
                   BYTES(KEY "\xcd\x03"
                             "a@B"));
    assert_becomes(BYTES(KEY "\xcd\x0b<a@c> <a@b>"), 1, BYTES(KEY "\xcd\x0b<a@c> <a@b>"));
    assert_becomes(BYTES(KEY "\xcd\x0b<a@b> <a@c>"), 0, NULL);
    assert_becomes(BYTES(KEY "\xcd\x04"
                             "a@b>"),
                   0, NULL);
    assert_becomes(BYTES(KEY "\xcd\x05<a@b "), 0, NULL);
    assert_becomes(BYTES(KEY "\xcd\x06<a@b\0>"), 0, NULL);
    assert_becomes(BYTES(KEY "\xcd\x01>"), 0, NULL);
    assert_becomes(BYTES(KEY "\xcd\x00"), 0, NULL);
}

static void p7_82_what_is_not_only_public_keys_is_refused(void **state)
{
    (void)state;
    assert_refused(BYTES(""));
    assert_refused(BYTES("-----BEGIN PGP PUBLIC KEY BLOCK-----"));
    assert_refused(BYTES(MINE SIGN));
    assert_refused(BYTES(SECRET MINE));
    assert_refused(BYTES(KEY MINE SIGN SECRET));
    assert_refused(BYTES(KEY MINE "\xcb\x01x"));
    /* A body in pieces, which no part of a key may have. */
    assert_refused(BYTES(KEY "\xcd\xe2<a@b\x01>"));
}

static void p7_82_every_cut_is_refused_or_ends_a_packet(void **state)
{
    (void)state;
    static const char whole[] = KEY MINE SIGN SUB SIGN;
    for (gsize i = 1; i < sizeof whole - 1; i++) {
        g_autoptr(GBytes) cut = g_bytes_new_static(whole, i);
        g_autoptr(GPtrArray) keys = pgp_cert_sift(cut, "a@b", NULL);
        gboolean between = i == 3 || i == 10 || i == 13 || i == 16;
        assert_int_equal(keys != NULL, between);
    }
}

/* KEY with so many of PART. */
static GBytes *many(const char *part, guint n)
{
    GByteArray *bytes = g_byte_array_new();
    g_byte_array_append(bytes, (const guint8 *)KEY MINE, sizeof(KEY MINE) - 1);
    for (guint i = 0; i < n; i++)
        g_byte_array_append(bytes, (const guint8 *)part, (guint)strlen(part));
    return g_byte_array_free_to_bytes(bytes);
}

static void p7_82_limit_parts_of_a_key(void **state)
{
    (void)state;
    static const struct {
        const char *part;
        guint most;
    } parts[] = {
        {SUB, LIMIT_SUBKEYS - 1},     {OTHER, LIMIT_USER_IDS - 1}, {PICTURE, LIMIT_USER_IDS - 1},
        {SIGN, LIMIT_KEY_SIGNATURES}, {KEY, LIMIT_KEYS - 1},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(parts); i++) {
        g_autoptr(GBytes) fits = many(parts[i].part, parts[i].most);
        g_autoptr(GPtrArray) keys = pgp_cert_sift(fits, "a@b", NULL);
        assert_int_equal(keys->len, 1);
        assert_refused(many(parts[i].part, parts[i].most + 1));
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(p7_82_only_the_user_ids_of_the_address_stay),
        cmocka_unit_test(a_user_id_carries_what_stands_last),
        cmocka_unit_test(p7_82_what_is_not_only_public_keys_is_refused),
        cmocka_unit_test(p7_82_every_cut_is_refused_or_ends_a_packet),
        cmocka_unit_test(p7_82_limit_parts_of_a_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
