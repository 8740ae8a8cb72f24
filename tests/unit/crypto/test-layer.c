/* Which part protects which, by structure alone. */
#include "crypto/layer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static Message *parse(const char *entity)
{
    g_autofree char *text = g_strconcat("MIME-Version: 1.0\r\n", entity, NULL);
    g_autoptr(GBytes) bytes = g_bytes_new(text, strlen(text));
    return message_parse(bytes);
}

static LayerKind kind(const char *entity)
{
    g_autoptr(Message) message = parse(entity);
    return layer_of(message, 1).kind;
}

#define MULTIPART(type, one, two)                                                                  \
    "Content-Type: multipart/" type "; boundary=b\r\n\r\n--b\r\n" one "\r\n--b\r\n" two            \
    "\r\n--b--\r\n"
#define CONTROL(words) "Content-Type: application/pgp-encrypted\r\n\r\n" words
#define CIPHER "Content-Type: application/octet-stream\r\n\r\ncipher"
#define TEXT "Content-Type: text/plain\r\n\r\ntext"
#define ENCRYPTED "encrypted; protocol=\"application/pgp-encrypted\""

static void an_encryption_is_built_as_rfc_3156_wants(void **state)
{
    (void)state;
    static const char *const good[] = {
        MULTIPART(ENCRYPTED, CONTROL("Version: 1\r\n"), CIPHER),
        MULTIPART(ENCRYPTED, CONTROL("  version: 1  \r\nmore\r\n"), CIPHER),
        MULTIPART("encrypted; protocol=\"APPLICATION/PGP-Encrypted\"", CONTROL("Version: 1"),
                  CIPHER),
    };
    for (gsize i = 0; i < G_N_ELEMENTS(good); i++)
        assert_int_equal(kind(good[i]), LAYER_PGP_ENCRYPTED);
    static const char *const broken[] = {
        MULTIPART("encrypted", CONTROL("Version: 1"), CIPHER),
        MULTIPART("encrypted; protocol=\"application/other\"", CONTROL("Version: 1"), CIPHER),
        MULTIPART(ENCRYPTED, TEXT, CIPHER),
        MULTIPART(ENCRYPTED, CONTROL("Version: 2"), CIPHER),
        MULTIPART(ENCRYPTED, CONTROL("Version: 10"), CIPHER),
        MULTIPART(ENCRYPTED, CONTROL(""), CIPHER),
        "Content-Type: multipart/" ENCRYPTED "; boundary=b\r\n\r\n--b\r\n" TEXT "\r\n--b--\r\n",
        MULTIPART(ENCRYPTED, CONTROL("Version: 1"), CIPHER "\r\n--b\r\n" TEXT),
    };
    for (gsize i = 0; i < G_N_ELEMENTS(broken); i++)
        if (kind(broken[i]) != LAYER_BROKEN)
            fail_msg("case %zu", i);
}

#define THREE(one, two, three) MULTIPART("mixed", one, two "\r\n--b\r\n" three)
#define BLANK "Content-Type: text/plain\r\n\r\n \r\n\r\n"

static void an_encryption_that_exchange_took_apart_is_one(void **state)
{
    (void)state;
    g_autoptr(Message) message = parse(THREE(BLANK, CONTROL("Version: 1"), CIPHER));
    Layer layer = layer_of(message, 1);
    assert_int_equal(layer.kind, LAYER_PGP_ENCRYPTED);
    assert_int_equal(layer.content, 4);
    static const char *const mixtures[] = {
        THREE(TEXT, CONTROL("Version: 1"), CIPHER),
        THREE("Content-Type: text/html\r\n\r\n", CONTROL("Version: 1"), CIPHER),
        THREE(BLANK, CONTROL("Version: 2"), CIPHER),
        THREE(BLANK, CONTROL("Version: 1"), TEXT),
        THREE(BLANK, CIPHER, CONTROL("Version: 1")),
        THREE(BLANK, CONTROL("Version: 1"), CIPHER "\r\n--b\r\n" TEXT),
        MULTIPART("mixed", BLANK, CONTROL("Version: 1")),
    };
    for (gsize i = 0; i < G_N_ELEMENTS(mixtures); i++)
        if (kind(mixtures[i]) != LAYER_NONE)
            fail_msg("case %zu", i);
}

static void a_signature_is_of_the_protocol_that_is_named(void **state)
{
    (void)state;
#define SIGNATURE(type) "Content-Type: application/" type "\r\n\r\nsignature"
    static const struct {
        const char *entity;
        LayerKind kind;
    } cases[] = {
        {MULTIPART("signed; protocol=\"application/pgp-signature\"", TEXT,
                   SIGNATURE("pgp-signature")),
         LAYER_PGP_SIGNED},
        {MULTIPART("signed; protocol=\"application/pkcs7-signature\"", TEXT,
                   SIGNATURE("pkcs7-signature")),
         LAYER_SMIME_SIGNED},
        {MULTIPART("signed; protocol=\"application/x-pkcs7-signature\"", TEXT,
                   SIGNATURE("x-pkcs7-signature")),
         LAYER_SMIME_SIGNED},
        {MULTIPART("signed; protocol=\"application/pgp-signature\"", TEXT,
                   SIGNATURE("pkcs7-signature")),
         LAYER_NONE},
        {MULTIPART("signed", TEXT, SIGNATURE("pgp-signature")), LAYER_NONE},
        {MULTIPART("signed; protocol=\"application/pgp-signature\"", TEXT, TEXT), LAYER_NONE},
        {MULTIPART("signed; protocol=\"application/pgp-signature\"", TEXT,
                   TEXT "\r\n--b\r\n" SIGNATURE("pgp-signature")),
         LAYER_NONE},
        {MULTIPART("mixed", TEXT, SIGNATURE("pgp-signature")), LAYER_NONE},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
        if (kind(cases[i].entity) != cases[i].kind)
            fail_msg("case %zu", i);
}

static void cms_is_a_layer_unless_it_says_that_it_is_none(void **state)
{
    (void)state;
#define CMS(type)                                                                                  \
    "Content-Type: application/" type "\r\nContent-Transfer-Encoding: base64\r\n\r\nMAA=\r\n"
    assert_int_equal(kind(CMS("pkcs7-mime")), LAYER_SMIME);
    assert_int_equal(kind(CMS("x-pkcs7-mime")), LAYER_SMIME);
    assert_int_equal(kind(CMS("pkcs7-mime; smime-type=enveloped-data")), LAYER_SMIME);
    assert_int_equal(kind(CMS("pkcs7-mime; smime-type=certs-only")), LAYER_NONE);
    assert_int_equal(kind(CMS("x-pkcs7-mime; smime-type=compressed-data")), LAYER_NONE);
    assert_int_equal(kind(CMS("pkcs7-something")), LAYER_NONE);
}

#define ARMOR "-----BEGIN PGP MESSAGE-----\r\n\r\nabcd\r\n-----END PGP MESSAGE-----\r\n"
#define FILE_OF(name, body)                                                                        \
    "Content-Type: application/octet-stream\r\nContent-Disposition: attachment; filename=\"" name  \
    "\"\r\n\r\n" body

static void only_what_holds_a_cipher_text_is_closed(void **state)
{
    (void)state;
    static const struct {
        const char *part;
        ClosedKind closed;
    } cases[] = {
        {FILE_OF("report.asc", ARMOR), CLOSED_FILE},
        {FILE_OF("REPORT.PGP", ARMOR), CLOSED_FILE},
        {FILE_OF("report.gpg", ARMOR), CLOSED_FILE},
        {FILE_OF("report.asc", "text"), CLOSED_NOT},
        {FILE_OF("report.txt", ARMOR), CLOSED_NOT},
        {"Content-Type: application/octet-stream\r\n\r\n" ARMOR, CLOSED_NOT},
        {"Content-Type: text/plain\r\n\r\n" ARMOR, CLOSED_FILE},
        {TEXT, CLOSED_NOT},
        {CMS("pkcs7-mime"), CLOSED_LAYER},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *entity = g_strdup_printf(MULTIPART("mixed", "%s", TEXT), cases[i].part);
        g_autoptr(Message) message = parse(entity);
        if (layer_closed(message, 2) != cases[i].closed)
            fail_msg("case %zu", i);
        assert_int_equal(layer_closed(message, 1), CLOSED_NOT);
        assert_int_equal(layer_closed(message, 99), CLOSED_NOT);
    }
    g_autoptr(Message) message =
        parse(MULTIPART(ENCRYPTED, CONTROL("Version: 1"), FILE_OF("encrypted.asc", ARMOR)));
    assert_int_equal(layer_closed(message, 1), CLOSED_LAYER);
    assert_int_equal(layer_closed(message, 3), CLOSED_NOT); /* opened as the whole, not alone */
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_encryption_is_built_as_rfc_3156_wants),
        cmocka_unit_test(an_encryption_that_exchange_took_apart_is_one),
        cmocka_unit_test(a_signature_is_of_the_protocol_that_is_named),
        cmocka_unit_test(cms_is_a_layer_unless_it_says_that_it_is_none),
        cmocka_unit_test(only_what_holds_a_cipher_text_is_closed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
