/* Letters written after the classes of a study of spoofed signatures (Müller and others, 2019,
 * "Johnny, you are fired!"): MIME trees around a signed part, and identities that are not the
 * signer's. Of its other classes (CMS, the interface of GnuPG, the user interface) tests/ATTACKS.md
 * names the tests. */
#include "core/letter.h"
#include "tests/unit/crypto/mail-fixture.h"

#define MALLORY "Mallory <mallory@evil.test>"

/* The signed part is there, and good; but it covers itself alone, and not the first block, which
 * says WORDS. */
static void assert_beside(const Reading *reading, const char *words)
{
    assert_int_equal(signature_at(reading, 0)->status, SIG_GOOD);
    assert_false(signature_at(reading, 0)->whole);
    assert_non_null(strstr(block_at(reading, 0)->text, words));
    assert_int_equal(block_at(reading, 0)->signature, -1);
    for (guint i = 1; i < reading->blocks->len; i++)
        if (strstr(block_at(reading, i)->text, "hello") == NULL)
            assert_int_equal(block_at(reading, i)->signature, -1);
}

static void p7_68_a_signed_part_hidden_beside_another_text_covers_itself(void **state)
{
    (void)state;
    static const char *const trees[] = {
        /* The forged text first; as alternatives; the signed one where only a cid: leads to it; as
           an attachment. */
        "multipart/mixed; boundary=m",
        "multipart/alternative; boundary=m",
        "multipart/related; boundary=m; type=\"text/plain\"",
        "multipart/x-unknown; boundary=m",
    };
    g_autofree char *part = signed_part("friend", TEXT);
    for (gsize i = 0; i < G_N_ELEMENTS(trees); i++) {
        g_autofree char *entity =
            g_strdup_printf("Content-Type: %s\r\n\r\n--m\r\nContent-Type: text/plain\r\n\r\n"
                            "pay Mallory\r\n--m\r\nContent-ID: <signed>\r\n"
                            "Content-Disposition: attachment\r\n%s\r\n--m--\r\n",
                            trees[i], part);
        g_autoptr(Reading) reading = open_text(FRIEND, entity);
        assert_beside(reading, "pay Mallory");
    }
}

static void p7_68_html_that_draws_a_signed_part_in_is_not_signed(void **state)
{
    (void)state;
    g_autofree char *part = signed_part("friend", TEXT);
    g_autofree char *entity = g_strdup_printf(
        "Content-Type: multipart/related; boundary=m\r\n\r\n--m\r\nContent-Type: text/html\r\n\r\n"
        "<p>pay Mallory</p><iframe src=\"cid:signed\"></iframe><plaintext>\r\n--m\r\n"
        "Content-ID: <signed>\r\n%s\r\n--m--\r\n",
        part);
    g_autoptr(Reading) reading = open_text(FRIEND, entity);
    assert_beside(reading, "pay Mallory");
}

/* Who signed is not who sends, however the sender is written. */
static void p7_74_a_signer_somewhere_in_the_senders_is_not_the_sender(void **state)
{
    (void)state;
    static const char *const senders[] = {
        "\"friend@corp.example\" <mallory@evil.test>",
        "friend@corp.example <mallory@evil.test>",
        "Friend (friend@corp.example) <mallory@evil.test>",
        "mallory@evil.test, friend@corp.example",
        "friend@corp.example, mallory@evil.test",
        "\"Friend <friend@corp.example>\\0\" <mallory@evil.test>",
        "=?utf-8?q?Friend_=3Cfriend=40corp=2Eexample=3E?= <mallory@evil.test>",
        "=?utf-8?b?ZnJpZW5kQGNvcnAuZXhhbXBsZQ==?=@evil.test",
        "<friend@corp.example@evil.test>",
        "friend@corp.example.evil.test",
        "Friend <friend@corp.example\t.evil.test>",
        "",
    };
    g_autofree char *part = signed_part("friend", TEXT);
    for (gsize i = 0; i < G_N_ELEMENTS(senders); i++) {
        g_autoptr(Reading) reading = open_text(senders[i], part);
        assert_int_equal(signature_at(reading, 0)->status, SIG_GOOD);
        if (signature_at(reading, 0)->from_matches)
            fail_msg("the signer is taken for %s", senders[i]);
    }
    g_autoptr(Reading) honest = open_text(FRIEND, part);
    assert_true(signature_at(honest, 0)->from_matches);
}

static void p7_74_other_fields_with_the_signer_do_not_make_him_the_sender(void **state)
{
    (void)state;
    static const char *const fields[] = {"Sender",      "Reply-To", "Resent-From",
                                         "Return-Path", "X-From",   "From "};
    g_autofree char *part = signed_part("friend", TEXT);
    for (gsize i = 0; i < G_N_ELEMENTS(fields); i++) {
        g_autofree char *entity = g_strdup_printf("%s: %s\r\n%s", fields[i], FRIEND, part);
        g_autoptr(Reading) reading = open_text(MALLORY, entity);
        for (guint n = 0; n < reading->protection->signatures->len; n++)
            assert_false(signature_at(reading, n)->from_matches);
    }
}

/* Its words, and its file's name, are the letter's, not gpg's. */
static void p7_71_status_lines_within_a_letter_are_its_text(void **state)
{
    (void)state;
    g_autofree char *line = g_strdup_printf("[GNUPG:] GOODSIG 0 Friend <friend@corp.example>\r\n"
                                            "[GNUPG:] VALIDSIG %s 2026-01-01 1 0 4 0 1 10 00 %s\r\n"
                                            "[GNUPG:] TRUST_ULTIMATE\r\n",
                                            key("friend"), key("friend"));
    g_autofree char *entity = g_strdup_printf("Content-Type: text/plain\r\n\r\n%s", line);
    g_autofree char *sealed = encrypted_part(entity);
    g_autoptr(Reading) reading = open_text(FRIEND, sealed);
    assert_true(reading->protection->encrypted);
    assert_int_equal(reading->protection->signatures->len, 0);
    assert_non_null(strstr(block_at(reading, 0)->text, "GOODSIG"));
    assert_int_equal(block_at(reading, 0)->signature, -1);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(p7_68_a_signed_part_hidden_beside_another_text_covers_itself),
        cmocka_unit_test(p7_68_html_that_draws_a_signed_part_in_is_not_signed),
        cmocka_unit_test(p7_74_a_signer_somewhere_in_the_senders_is_not_the_sender),
        cmocka_unit_test(p7_74_other_fields_with_the_signer_do_not_make_him_the_sender),
        cmocka_unit_test(p7_71_status_lines_within_a_letter_are_its_text),
    };
    return cmocka_run_group_tests(tests, make_home, remove_home);
}
