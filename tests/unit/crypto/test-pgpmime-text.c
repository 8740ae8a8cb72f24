/* OpenPGP within texts: what is framed, to the character, and what is opened. */
#include "core/error.h"
#include "core/limits.h"
#include "tests/unit/crypto/mail-fixture.h"

#define PLAIN "Content-Type: text/plain; charset=utf-8\r\n\r\n"

static Reading *open_body(const char *body)
{
    g_autofree char *entity = g_strconcat(PLAIN, body, NULL);
    return open_text(FRIEND, entity);
}

static char *replaced(const char *text, const char *find, const char *by)
{
    g_autoptr(GString) out = g_string_new(text);
    assert_int_equal(g_string_replace(out, find, by, 1), 1);
    return g_string_free(g_steal_pointer(&out), FALSE);
}

static void a_signed_text_covers_the_whole_when_it_is_all(void **state)
{
    (void)state;
    g_autofree char *text = clear_signed("friend", "Grüße\n- dash\n-- \nJohn\n");
    g_autoptr(Reading) reading = open_body(text);
    g_autofree char *shown = texts(reading);
    assert_string_equal(shown,
                        "Grüße\n- dash\n--\nJohn\n"); /* white space at an end is not signed */
    assert_int_equal(signature_at(reading, 0)->status, SIG_GOOD);
    assert_true(signature_at(reading, 0)->whole);
    assert_int_equal(block_at(reading, 0)->signature, 0);
    g_autoptr(IndexDoc) doc = reading_index_doc(reading);
    assert_int_equal(doc->signature, SIGNATURE_GOOD_AT_INDEX);
}

static void p7_70_only_the_signed_span_is_framed(void **state)
{
    (void)state;
    g_autofree char *text = clear_signed("friend", "inside\n");
    g_autofree char *body = g_strconcat("Pay Mallory.\n", text, "And pay twice.\n", NULL);
    g_autoptr(Reading) reading = open_body(body);
    g_autofree char *shown = texts(reading);
    assert_string_equal(shown, "Pay Mallory.\n|inside\n|And pay twice.\n");
    assert_int_equal(block_at(reading, 0)->signature, -1);
    assert_int_equal(block_at(reading, 1)->signature, 0);
    assert_int_equal(block_at(reading, 2)->signature, -1);
    assert_false(signature_at(reading, 0)->whole);
    g_autoptr(IndexDoc) doc = reading_index_doc(reading);
    assert_int_equal(doc->signature, SIGNATURE_PRESENT);
}

/* Content-Type stands outside of such a signature, so it joins no lines under it. */
static void p7_70_format_flowed_changes_no_signed_text(void **state)
{
    (void)state;
    g_autofree char *text = clear_signed("friend", " pay\n nothing\n");
    g_autofree char *entity =
        g_strconcat("Content-Type: text/plain; format=flowed\r\n\r\n", text, NULL);
    g_autoptr(Reading) reading = open_text(FRIEND, entity);
    g_autofree char *shown = texts(reading);
    assert_string_equal(shown, " pay\n nothing\n");
}

static void a_text_that_flowed_is_shown_whole(void **state)
{
    (void)state;
    g_autoptr(Reading) reading =
        open_text(FRIEND, "Content-Type: text/plain; format=flowed\r\n\r\none \r\ntwo\r\n");
    g_autofree char *shown = texts(reading);
    assert_string_equal(shown, "one two\n");
}

static void p7_70_two_signed_texts_are_two_signatures(void **state)
{
    (void)state;
    g_autofree char *one = clear_signed("friend", "first\n");
    g_autofree char *two = clear_signed("stranger", "second\n");
    g_autofree char *body = g_strconcat(one, "\nbetween\n", two, NULL);
    g_autoptr(Reading) reading = open_body(body);
    g_autofree char *shown = texts(reading);
    assert_string_equal(shown, "first\n|\nbetween\n|second\n");
    assert_int_equal(block_at(reading, 0)->signature, 0);
    assert_int_equal(block_at(reading, 1)->signature, -1);
    assert_int_equal(block_at(reading, 2)->signature, 1);
    assert_int_equal(signature_at(reading, 0)->trust, TRUST_CONFIRMED);
    assert_int_equal(signature_at(reading, 1)->trust, TRUST_SEEN);
    assert_false(signature_at(reading, 0)->whole);
}

static void p7_70_a_changed_text_is_bad(void **state)
{
    (void)state;
    g_autofree char *text = clear_signed("friend", "pay 10\n");
    g_autofree char *more = replaced(text, "pay 10", "pay 99");
    g_autoptr(Reading) reading = open_body(more);
    assert_int_equal(signature_at(reading, 0)->status, SIG_BAD);
    assert_int_equal(block_at(reading, 0)->signature, 0);
}

/* A reader would take such lines for machinery, or a reader of ours for text. */
static void p7_70_forged_armor_lines_are_no_signature(void **state)
{
    (void)state;
    g_autofree char *text = clear_signed("friend", "inside\n");
    static const char *const lines[] = {
        "Hash: SHA512\nComment: pay Mallory\n",
        "Hash: pay Mallory\n",
        "NotDashEscaped: You need GnuPG to verify this message\nHash: SHA512\n",
        "Hash: SHA512,\n",
        "Hash: SHA512\n \n",
        "hash: SHA512\n",
        "Hash: SHA512\f\n",
        "Charset: utf-8\nHash: SHA512\n",
    };
    for (gsize i = 0; i < G_N_ELEMENTS(lines); i++) {
        g_autofree char *forged = replaced(text, "Hash: SHA512\n", lines[i]);
        g_autoptr(Reading) reading = open_body(forged);
        assert_int_equal(reading->protection->signatures->len, 0);
        assert_int_equal(block_at(reading, 0)->signature, -1);
        assert_true(warns(reading, "text-malformed"));
    }
    g_autofree char *two = replaced(text, "Hash: SHA512\n", "Hash: SHA256, SHA512\n");
    g_autoptr(Reading) good = open_body(two);
    assert_int_equal(signature_at(good, 0)->status, SIG_GOOD);
}

static void p7_70_a_bare_dash_is_no_signed_text(void **state)
{
    (void)state;
    g_autofree char *text = clear_signed("friend", "-dash\n");
    g_autofree char *bare = replaced(text, "\n- -dash", "\n-dash");
    g_autoptr(Reading) reading = open_body(bare);
    assert_int_equal(reading->protection->signatures->len, 0);
    assert_true(warns(reading, "text-malformed"));
}

/* A label that no signature covers must not make another text of the same bytes. */
static void p7_70_the_charset_changes_no_signed_text(void **state)
{
    (void)state;
    g_autofree char *text = clear_signed("friend", "10 € +AGE-\n");
    static const char *const charsets[] = {"utf-7", "iso-8859-1", "koi8-r", "utf-16", "ibm037"};
    for (gsize i = 0; i < G_N_ELEMENTS(charsets); i++) {
        g_autofree char *entity =
            g_strdup_printf("Content-Type: text/plain; charset=%s\r\n\r\n%s", charsets[i], text);
        g_autoptr(Reading) reading = open_text(FRIEND, entity);
        g_autofree char *shown = texts(reading);
        assert_string_equal(shown, "10 € +AGE-\n");
    }
}

/* What stands in base64 is found only where a reader would see it. */
static void p7_70_armor_within_base64_is_the_same_text(void **state)
{
    (void)state;
    g_autofree char *text = clear_signed("friend", "inside\n");
    g_autofree char *body = g_strconcat("before\n", text, NULL);
    g_autofree char *base64 = g_base64_encode((const guchar *)body, strlen(body));
    g_autofree char *entity = g_strconcat(
        "Content-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\n", base64, NULL);
    g_autoptr(Reading) reading = open_text(FRIEND, entity);
    g_autofree char *shown = texts(reading);
    assert_string_equal(shown, "before\n|inside\n");
    assert_int_equal(block_at(reading, 0)->signature, -1);
    g_autofree char *file = g_strconcat(
        "Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\r\n",
        base64, NULL);
    g_autoptr(Reading) attached = open_text(FRIEND, file);
    assert_int_equal(attached->protection->signatures->len, 0);
}

/* A style sheet can hide one text and show another. */
static void p7_75_html_is_never_looked_into(void **state)
{
    (void)state;
    g_autofree char *text = clear_signed("friend", "inside\n");
    g_autofree char *entity =
        g_strconcat("Content-Type: text/html\r\n\r\n<pre>\n", text, "</pre>\n", NULL);
    g_autoptr(Reading) reading = open_text(FRIEND, entity);
    assert_int_equal(reading->protection->signatures->len, 0);
    assert_int_equal(block_at(reading, 0)->signature, -1);
}

static void limit_signed_texts(void **state)
{
    (void)state;
    g_autofree char *text = clear_signed("friend", "inside\n");
    g_autoptr(GString) body = g_string_new(NULL);
    for (guint i = 0; i < LIMIT_SIGNED_PARTS + 2; i++)
        g_string_append(body, text);
    g_autoptr(Reading) reading = open_body(body->str);
    assert_int_equal(reading->protection->signatures->len, LIMIT_SIGNED_PARTS);
    assert_int_equal(block_at(reading, LIMIT_SIGNED_PARTS)->signature, -1);
}

/* Its header fields are not within the signature. */
static void p7_76_a_signed_text_protects_no_header_field(void **state)
{
    (void)state;
    g_autofree char *text = clear_signed("friend", "inside\n");
    g_autofree char *entity =
        g_strconcat("Content-Type: text/plain; protected-headers=\"v1\"\r\n\r\n", text, NULL);
    g_autoptr(Reading) reading = open_text(FRIEND, entity);
    assert_int_equal(signature_at(reading, 0)->status, SIG_GOOD);
    assert_false(reading->protection->header_protection);
}

/* --- encrypted ----------------------------------------------------------------------------- */

static void p7_76_an_encrypted_text_protects_no_header_field(void **state)
{
    (void)state;
    g_autofree char *text = armored("Subject: inner\n\nhello\n");
    g_autofree char *entity = g_strconcat(
        "Content-Type: text/plain; protected-headers=\"v1\"; hp=\"cipher\"\r\n\r\n", text, NULL);
    g_autoptr(Reading) reading = open_text(FRIEND, entity);
    assert_true(reading->protection->encrypted);
    assert_false(reading->protection->header_protection);
    assert_string_equal(message_header(reading->message, "Subject"), "outer");
}

static void an_encrypted_text_is_the_message_when_it_is_all(void **state)
{
    (void)state;
    g_autofree char *text = armored("Grüße\n");
    g_autoptr(Reading) reading = open_body(text);
    g_autofree char *shown = texts(reading);
    assert_null(reading->locked);
    assert_true(reading->protection->encrypted);
    assert_string_equal(shown, "Grüße\n");
    assert_true(block_at(reading, 0)->encrypted);
    assert_string_equal(message_header(reading->message, "Subject"), "outer");
    g_autoptr(IndexDoc) doc = reading_index_doc(reading);
    assert_true(doc->encrypted);
    assert_string_equal(doc->body, "Grüße\n");
}

static void a_signature_within_the_encryption_is_told(void **state)
{
    (void)state;
    g_autofree char *text =
        gpg("others", "inside\n", "gpg --batch --quiet --trust-model always -u %s -r %s -a -s -e",
            key("friend"), key("owner"));
    g_autoptr(Reading) reading = open_body(text);
    assert_int_equal(signature_at(reading, 0)->status, SIG_GOOD);
    assert_true(signature_at(reading, 0)->whole);
    g_autofree char *clear = clear_signed("friend", "inside\n");
    g_autofree char *around = armored(clear);
    g_autoptr(Reading) nested = open_body(around);
    assert_int_equal(signature_at(nested, 0)->status, SIG_GOOD);
    assert_int_equal(block_at(nested, 0)->signature, 0);
    assert_true(block_at(nested, 0)->encrypted);
}

static void p7_70_only_what_was_encrypted_is_called_so(void **state)
{
    (void)state;
    g_autofree char *text = armored("inside\n");
    g_autofree char *body = g_strconcat("before\n", text, "after\n", NULL);
    g_autoptr(Reading) reading = open_body(body);
    g_autofree char *shown = texts(reading);
    assert_string_equal(shown, "before\n|inside\n|after\n");
    assert_false(reading->protection->encrypted);
    assert_false(block_at(reading, 0)->encrypted);
    assert_true(block_at(reading, 1)->encrypted);
    assert_false(block_at(reading, 2)->encrypted);
    g_autoptr(IndexDoc) doc = reading_index_doc(reading);
    assert_null(strstr(doc->body, "inside"));
}

static void p7_78_a_text_further_in_stays_closed(void **state)
{
    (void)state;
    g_autofree char *text = armored("inside\n");
    g_autofree char *second = g_strconcat(PLAIN, text, NULL);
    g_autofree char *entity = mixed(PLAIN "Please reply.", second);
    g_autoptr(Reading) reading = open_text(FRIEND, entity);
    g_autofree char *shown = texts(reading);
    assert_null(strstr(shown, "inside"));
    assert_non_null(block_at(reading, 1)->closed);
    assert_false(block_at(reading, 1)->encrypted);
    assert_true(reading_part_closed(reading, 3));
    assert_false(reading_part_closed(reading, 2));
    g_autoptr(Reading) part = reading_open_part(reading, 3, NULL);
    g_autofree char *opened = string_of(part->file);
    assert_string_equal(opened, "inside\n");
}

/* What is within an encryption is not opened once more. */
static void p7_78_an_encryption_within_an_encryption_stays_closed(void **state)
{
    (void)state;
    g_autofree char *text = armored("inside\n");
    g_autofree char *second = g_strconcat(PLAIN, text, NULL);
    g_autofree char *entity = encrypted_part(second);
    g_autoptr(Reading) reading = open_text(FRIEND, entity);
    assert_null(reading->locked);
    assert_true(reading->protection->encrypted);
    assert_non_null(block_at(reading, 0)->closed);
    g_autofree char *twice = armored(text);
    g_autoptr(Reading) both = open_body(twice);
    assert_true(both->protection->encrypted);
    assert_non_null(block_at(both, 0)->closed);
}

static void limit_opened_texts(void **state)
{
    (void)state;
    g_autofree char *text = armored("inside\n");
    g_autoptr(GString) body = g_string_new("before\n");
    for (guint i = 0; i <= LIMIT_OPENED_TEXTS; i++)
        g_string_append(body, text);
    g_autoptr(Reading) reading = open_body(body->str);
    assert_null(block_at(reading, LIMIT_OPENED_TEXTS)->closed);
    assert_non_null(block_at(reading, LIMIT_OPENED_TEXTS + 1)->closed);
}

static void a_text_that_does_not_open_says_why(void **state)
{
    (void)state;
    g_autofree char *text = gpg("own", "inside\n",
                                "gpg --batch --quiet --trust-model always "
                                "-r %s -a --encrypt",
                                key("friend"));
    g_autofree char *body = g_strconcat("before\n", text, NULL);
    g_autoptr(Reading) reading = open_body(body);
    assert_null(reading->locked);
    assert_non_null(block_at(reading, 1)->closed);
    g_autoptr(Reading) all = open_body(text);
    assert_string_equal(postern_error_rule(all->locked), "key.missing");
    assert_int_equal(all->protection->recipients->len, 1);
}

static void p7_67_a_cut_text_shows_nothing(void **state)
{
    (void)state;
    g_autofree char *text = armored("inside\n");
    for (gsize cut = 0; cut < strlen(text) - 1; cut += 7) {
        g_autofree char *head = g_strndup(text, cut);
        g_autoptr(Reading) reading = open_body(head);
        g_autofree char *shown = texts(reading);
        assert_null(strstr(shown, "inside"));
        assert_false(reading->protection->encrypted);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_signed_text_covers_the_whole_when_it_is_all),
        cmocka_unit_test(p7_70_only_the_signed_span_is_framed),
        cmocka_unit_test(p7_70_format_flowed_changes_no_signed_text),
        cmocka_unit_test(a_text_that_flowed_is_shown_whole),
        cmocka_unit_test(p7_70_two_signed_texts_are_two_signatures),
        cmocka_unit_test(p7_70_a_changed_text_is_bad),
        cmocka_unit_test(p7_70_forged_armor_lines_are_no_signature),
        cmocka_unit_test(p7_70_a_bare_dash_is_no_signed_text),
        cmocka_unit_test(p7_70_the_charset_changes_no_signed_text),
        cmocka_unit_test(p7_70_armor_within_base64_is_the_same_text),
        cmocka_unit_test(p7_75_html_is_never_looked_into),
        cmocka_unit_test(limit_signed_texts),
        cmocka_unit_test(p7_76_a_signed_text_protects_no_header_field),
        cmocka_unit_test(p7_76_an_encrypted_text_protects_no_header_field),
        cmocka_unit_test(an_encrypted_text_is_the_message_when_it_is_all),
        cmocka_unit_test(a_signature_within_the_encryption_is_told),
        cmocka_unit_test(p7_70_only_what_was_encrypted_is_called_so),
        cmocka_unit_test(p7_78_a_text_further_in_stays_closed),
        cmocka_unit_test(p7_78_an_encryption_within_an_encryption_stays_closed),
        cmocka_unit_test(limit_opened_texts),
        cmocka_unit_test(a_text_that_does_not_open_says_why),
        cmocka_unit_test(p7_67_a_cut_text_shows_nothing),
    };
    return cmocka_run_group_tests(tests, make_home, remove_home);
}
