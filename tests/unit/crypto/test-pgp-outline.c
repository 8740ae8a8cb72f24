/* What an OpenPGP message is, byte by byte and without gpg. */
#include "crypto/pgp-outline.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/error.h"
#include "core/limits.h"

/* Session keys for a key called 0102…08, for one not told, for a passphrase; and encrypted data. */
#define KEY "\x84\x0c\x03\x01\x02\x03\x04\x05\x06\x07\x08\x01\x00\x00"
#define HIDDEN "\xc1\x0a\x03\0\0\0\0\0\0\0\0\x01"
#define PHRASE "\xc3\x04\x04\x09\x00\x08"
#define DATA "\xd2\x03\x01xy"
#define OPEN "\xc9\x02xy"
#define MARK "\xca\x03PGP"

#define BYTES(literal) g_bytes_new_static(literal, sizeof(literal) - 1)

static void assert_refused(GBytes *message, const char *rule)
{
    g_autoptr(GBytes) owned = message;
    g_autoptr(GError) error = NULL;
    assert_null(pgp_outline_encrypted(owned, NULL, &error));
    assert_int_equal(error->code, POSTERN_ERROR_INPUT);
    assert_string_equal(postern_error_rule(error), rule);
}

static void assert_becomes(GBytes *message, GBytes *wanted)
{
    g_autoptr(GBytes) owned = message, expected = wanted;
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) clean = pgp_outline_encrypted(owned, NULL, &error);
    assert_null(error);
    assert_true(g_bytes_equal(clean, expected));
}

static void keys_and_data_are_a_message(void **state)
{
    (void)state;
    assert_becomes(BYTES(KEY DATA), BYTES(KEY DATA));
    assert_becomes(BYTES(KEY HIDDEN DATA), BYTES(KEY HIDDEN DATA));
    assert_becomes(BYTES(MARK KEY DATA), BYTES(KEY DATA));
    /* AEAD; partial lengths; the old form to the end; two and five octets of length. */
    assert_becomes(BYTES(KEY "\xd4\x03\x02xy"), BYTES(KEY "\xd4\x03\x02xy"));
    assert_becomes(BYTES(KEY "\xd2\xe1\x01x\xe0y\x01z"), BYTES(KEY "\xd2\xe1\x01x\xe0y\x01z"));
    assert_becomes(BYTES(KEY "\xd2\xff\0\0\0\x01x"), BYTES(KEY "\xd2\xff\0\0\0\x01x"));
}

static void lengths_of_two_octets_are_read(void **state)
{
    (void)state;
    g_autoptr(GByteArray) message = g_byte_array_new();
    g_byte_array_append(message, (const guint8 *)KEY "\xd2\xc1\x01",
                        sizeof(KEY "\xd2\xc1\x01") - 1);
    g_byte_array_set_size(message, message->len + 256 + 192 + 1);
    g_autoptr(GBytes) whole = g_bytes_new(message->data, message->len);
    g_autoptr(GBytes) clean = pgp_outline_encrypted(whole, NULL, NULL);
    assert_non_null(clean);
    assert_refused(g_bytes_new(message->data, message->len - 1), "openpgp.data");
}

static void the_keys_are_told(void **state)
{
    (void)state;
    g_autoptr(GPtrArray) keys = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GBytes) message = BYTES(KEY HIDDEN "\xc1\x17\x06\x15\x04"
                                                 "aaaaaaaaaaaaABCDEFGH" DATA);
    g_autoptr(GBytes) clean = pgp_outline_encrypted(message, keys, NULL);
    assert_non_null(clean);
    assert_int_equal(keys->len, 3);
    assert_string_equal(g_ptr_array_index(keys, 0), "0102030405060708");
    assert_string_equal(g_ptr_array_index(keys, 1), "0000000000000000");
    assert_string_equal(g_ptr_array_index(keys, 2), "4142434445464748");
    /* What is built in a way that nobody knows is for nobody who is known. */
    g_ptr_array_set_size(keys, 0);
    g_autoptr(GBytes) odd = BYTES("\xc1\x17\x06\x14\x04"
                                  "aaaaaaaaaaaaABCDEFGH"
                                  "\xc1\x17\x06\x15\x05"
                                  "aaaaaaaaaaaaABCDEFGH"
                                  "\xc1\x16\x06\x15\x04"
                                  "aaaaaaaaaaaABCDEFGH"
                                  "\xc1\x17\x05\x15\x04"
                                  "aaaaaaaaaaaaABCDEFGH" DATA);
    g_autoptr(GBytes) taken = pgp_outline_encrypted(odd, keys, NULL);
    assert_non_null(taken);
    assert_int_equal(keys->len, 4);
    for (guint i = 0; i < keys->len; i++)
        assert_string_equal(g_ptr_array_index(keys, i), "0000000000000000");
}

static void passphrases_are_left_out(void **state)
{
    (void)state;
    assert_becomes(BYTES(PHRASE KEY PHRASE DATA), BYTES(KEY DATA));
    assert_refused(BYTES(PHRASE DATA), "openpgp.symmetric");
}

/* EFAIL: data without protection against changes, however its length is written. */
static void p7_66_unprotected_data_is_refused(void **state)
{
    (void)state;
    assert_refused(BYTES(KEY OPEN), "openpgp.unprotected");
    assert_refused(BYTES(KEY "\xa7xy"), "openpgp.unprotected");
    assert_refused(BYTES(PHRASE OPEN), "openpgp.unprotected");
}

static void p7_what_is_not_encrypted_is_refused(void **state)
{
    (void)state;
    assert_refused(BYTES(DATA), "openpgp.data");             /* to nobody */
    assert_refused(BYTES(KEY "\xcb\x02xy"), "openpgp.data"); /* literal */
    assert_refused(BYTES("\xc8\x02xy"), "openpgp.data");     /* compressed */
    assert_refused(BYTES(KEY "\x7f\x02xy"), "openpgp.data"); /* no packet */
    assert_refused(BYTES(""), "openpgp.data");
    assert_refused(BYTES("text"), "openpgp.data");
}

/* A second message behind the first would be shown as if it had been encrypted too. */
static void p7_what_goes_on_behind_the_end_is_refused(void **state)
{
    (void)state;
    assert_refused(BYTES(KEY DATA "\xcb\x02xy"), "openpgp.data");
    assert_refused(BYTES(KEY DATA KEY DATA), "openpgp.data");
    assert_refused(BYTES(KEY DATA "x"), "openpgp.data");
}

static void p7_67_every_cut_is_refused(void **state)
{
    (void)state;
    static const char message[] = PHRASE KEY HIDDEN "\xd2\xe1\x01x\xe0y\x01z";
    for (gsize cut = 0; cut < sizeof message - 1; cut++)
        assert_refused(g_bytes_new(message, cut), "openpgp.data");
    static const char again[] = KEY DATA;
    for (gsize cut = 0; cut < sizeof again - 1; cut++)
        assert_refused(g_bytes_new(again, cut), "openpgp.data");
}

static GBytes *many(const char *packet, gsize size, guint count)
{
    g_autoptr(GByteArray) message = g_byte_array_new();
    for (guint i = 0; i < count; i++)
        g_byte_array_append(message, (const guint8 *)packet, (guint)size);
    g_byte_array_append(message, (const guint8 *)DATA, sizeof DATA - 1);
    return g_byte_array_free_to_bytes(g_steal_pointer(&message));
}

static void p8_89_limit_session_keys(void **state)
{
    (void)state;
    g_autoptr(GBytes) most = many(KEY, sizeof KEY - 1, LIMIT_SESSION_KEYS);
    g_autoptr(GBytes) clean = pgp_outline_encrypted(most, NULL, NULL);
    assert_non_null(clean);
    assert_refused(many(KEY, sizeof KEY - 1, LIMIT_SESSION_KEYS + 1), "openpgp.data");
    g_autoptr(GBytes) hidden = many(HIDDEN, sizeof HIDDEN - 1, LIMIT_HIDDEN_KEYS);
    g_autoptr(GBytes) tried = pgp_outline_encrypted(hidden, NULL, NULL);
    assert_non_null(tried);
    assert_refused(many(HIDDEN, sizeof HIDDEN - 1, LIMIT_HIDDEN_KEYS + 1), "openpgp.data");
}

/* --- armor --------------------------------------------------------------------------------- */

#define BEGIN "-----BEGIN PGP MESSAGE-----\n"
#define END "-----END PGP MESSAGE-----\n"
#define BODY "hAwDAQIDBAUGBwgBAADSAwF4eQ==\n"

static void armor_is_undone(void **state)
{
    (void)state;
    static const char *const good[] = {
        BEGIN "\n" BODY "=aBcD\n" END,
        "\n \n" BEGIN "Version: x\nComment: y\n \n" BODY END,
        BEGIN "\n" BODY "\n\n" END "\ntext behind",
        "-----BEGIN PGP MESSAGE-----\r\n\r\nhAwDAQIDBAUGBwgBAADS\r\nAwF4eQ==\r\n"
        "-----END PGP MESSAGE-----",
    };
    for (gsize i = 0; i < G_N_ELEMENTS(good); i++)
        assert_becomes(g_bytes_new(good[i], strlen(good[i])), BYTES(KEY DATA));
}

static void broken_armor_is_refused(void **state)
{
    (void)state;
    static const char *const broken[] = {
        "text before\n" BEGIN "\n" BODY END,
        BEGIN "\n" BODY,
        BEGIN BODY END,
        BEGIN "\n" END,
        BEGIN "\nhAwDAQIDBAUGBwgBAADSAwF4e===\n" END,
        BEGIN "\nhAwDAQIDBAUGBwgBAADSAwF4eQ=\n" END,
        BEGIN "\n" BODY BODY END,
        BEGIN "\n=aBcD\n" BODY END,
        BEGIN "\nhAwDAQIDBAUGBwgBAADSAwF4===\n" END,
        BEGIN "\n" BODY "hAwD\n" END,
        BEGIN "\nhAwDAQIDBAUGBwgBAADSAwF4eQ*=\n" END,
        BEGIN "\n" BODY "=aBcD\n=aBcD\n" END,
        BEGIN "\nhAwD*QIDBAUGBwgBAADSAwF4eQ==\n" END,
        BEGIN "\n" BODY BEGIN END,
        "-----BEGIN PGP SIGNATURE-----\n\n" BODY END,
        BEGIN,
        "\n",
    };
    for (gsize i = 0; i < G_N_ELEMENTS(broken); i++)
        assert_refused(g_bytes_new(broken[i], strlen(broken[i])), "openpgp.data");
    /* A zero byte is no blank. */
    assert_refused(BYTES(BEGIN "\nhAwDAQIDBAUGBwgBAADSAwF4eQ==\0\n" END), "openpgp.data");
}

static void p7_67_armor_cut_at_each_byte_is_refused(void **state)
{
    (void)state;
    static const char message[] = BEGIN "\n" BODY "=aBcD\n" END;
    for (gsize cut = 0; cut < sizeof message - 2; cut++)
        assert_refused(g_bytes_new(message, cut), "openpgp.data");
}

static void what_looks_encrypted_is_known(void **state)
{
    (void)state;
    g_autoptr(GBytes) binary = BYTES(KEY DATA), text = BYTES("\n" BEGIN), data = BYTES(DATA);
    g_autoptr(GBytes) nothing = BYTES(""), words = BYTES("words"), phrase = BYTES(PHRASE "x");
    assert_true(pgp_outline_is_encrypted(binary));
    assert_true(pgp_outline_is_encrypted(text));
    assert_true(pgp_outline_is_encrypted(phrase));
    assert_false(pgp_outline_is_encrypted(data));
    assert_false(pgp_outline_is_encrypted(nothing));
    assert_false(pgp_outline_is_encrypted(words));
    g_autoptr(GBytes) pieces = BYTES("\xc1\xe1\x03x"), cut = BYTES("\xc1\x10\x03");
    assert_false(pgp_outline_is_encrypted(pieces));
    assert_false(pgp_outline_is_encrypted(cut));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_and_data_are_a_message),
        cmocka_unit_test(lengths_of_two_octets_are_read),
        cmocka_unit_test(the_keys_are_told),
        cmocka_unit_test(passphrases_are_left_out),
        cmocka_unit_test(p7_66_unprotected_data_is_refused),
        cmocka_unit_test(p7_what_is_not_encrypted_is_refused),
        cmocka_unit_test(p7_what_goes_on_behind_the_end_is_refused),
        cmocka_unit_test(p7_67_every_cut_is_refused),
        cmocka_unit_test(p8_89_limit_session_keys),
        cmocka_unit_test(armor_is_undone),
        cmocka_unit_test(broken_armor_is_refused),
        cmocka_unit_test(p7_67_armor_cut_at_each_byte_is_refused),
        cmocka_unit_test(what_looks_encrypted_is_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
