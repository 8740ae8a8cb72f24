/* Letters as no program writes them, and what stays of a signature or an encryption in them. */
#include "core/error.h"
#include "crypto/pgp-outline.h"
#include "crypto/pgp.h"
#include "crypto/pgpmime-internal.h"
#include "tests/unit/crypto/mail-fixture.h"

#define OUTER "From: Friend <friend@corp.example>\r\nTo: jsmith@corp.example\r\n"

static Reading *open_by(OpenWay way, SessionKeys *keys, const char *fields, const char *entity)
{
    g_autofree char *text = g_strconcat(fields, "MIME-Version: 1.0\r\n", entity, NULL);
    g_autoptr(GBytes) bytes = bytes_of(text);
    return reading_open_by(bytes, way, keys);
}

static Reading *open_message(const char *fields, const char *entity)
{
    return open_by(OPEN_ANY, NULL, fields, entity);
}

static Reading *open_body(const char *text)
{
    g_autofree char *entity = g_strconcat("Content-Type: text/plain\r\n\r\n", text, NULL);
    return open_text(FRIEND, entity);
}

/* --- signatures ----------------------------------------------------------------------------- */

static void p7_73_the_worst_is_told_wherever_it_stands(void **state)
{
    (void)state;
    static const SignatureStatus orders[][3] = {
        {SIG_BAD, SIG_GOOD, SIG_UNKNOWN_KEY},
        {SIG_GOOD, SIG_BAD, SIG_ERROR},
        {SIG_GOOD, SIG_UNKNOWN_KEY, SIG_BAD},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(orders); i++) {
        Reading *reading = reading_new();
        for (guint n = 0; n < 3; n++) {
            reading_add_fault(reading, FALSE);
            ((Signature *)reading->protection->signatures->pdata[n])->status = orders[i][n];
        }
        assert_int_equal(reading_close_group(reading, 0, TRUE), (int)i);
        assert_int_equal(reading_close_group(reading, 3, TRUE), -1);
        reading_free(reading);
    }
    reading_free(NULL);
}

static void a_signed_part_may_begin_with_a_line_end(void **state)
{
    (void)state;
    g_autofree char *entity = signed_part("owner", "\r\nhello\r\n");
    g_autoptr(GString) text = g_string_new(entity);
    g_string_replace(text, "--s\r\n\r\nhello", "--s\r\n\nhello", 1);
    g_autoptr(Reading) reading = open_text("John <jsmith@corp.example>", text->str);
    assert_int_equal(signature_at(reading, 0)->status, SIG_GOOD);
}

static void p7_70_a_broken_signature_is_told_around_its_text(void **state)
{
    (void)state;
    g_autoptr(Reading) reading =
        open_body("-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nhello\n"
                  "-----BEGIN PGP SIGNATURE-----\n\nAAAA\n-----END PGP SIGNATURE-----\n");
    assert_int_equal(signature_at(reading, 0)->status, SIG_ERROR);
    assert_int_equal(block_at(reading, 0)->signature, 0);
    g_autofree char *shown = texts(reading);
    assert_non_null(strstr(shown, "hello"));
}

static void blank_lines_around_a_signed_text_are_no_text(void **state)
{
    (void)state;
    g_autofree char *clear = clear_signed("friend", "hello\n");
    g_autofree char *body = g_strconcat("\n \n", clear, "\n\n", clear, "behind\n", NULL);
    g_autoptr(Reading) reading = open_body(body);
    g_autofree char *shown = texts(reading);
    assert_string_equal(shown, "hello\n|hello\n|behind\n");
}

/* What the index says of a signature. */
static void p7_72_only_a_confirmed_senders_signature_counts_for_the_index(void **state)
{
    (void)state;
    static const struct {
        const char *key, *from;
        int said;
    } cases[] = {
        {"friend", FRIEND, SIGNATURE_GOOD_AT_INDEX},
        {"friend", "Other <other@corp.example>", SIGNATURE_PRESENT},
        {"stranger", FRIEND, SIGNATURE_PRESENT},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *entity = signed_part(cases[i].key, TEXT);
        g_autoptr(Reading) reading = open_text(cases[i].from, entity);
        g_autoptr(IndexDoc) doc = reading_index_doc(reading);
        assert_int_equal(doc->signature, cases[i].said);
    }
    /* Where gpg is not called, a text that looks signed is no more than that. */
    g_autofree char *clear = clear_signed("friend", "hello\n");
    g_autofree char *entity = g_strconcat("Content-Type: text/plain\r\n\r\n", clear, NULL);
    g_autoptr(Reading) closed = open_by(OPEN_NOT, NULL, OUTER, entity);
    g_autoptr(IndexDoc) doc = reading_index_doc(closed);
    assert_int_equal(doc->signature, SIGNATURE_PRESENT);
    /* Signed further in, and what is signed within an encryption. */
    g_autofree char *part = signed_part("friend", TEXT), *beside = mixed(TEXT, part);
    g_autoptr(Reading) unread = open_by(OPEN_NOT, NULL, OUTER, beside);
    g_autoptr(IndexDoc) other = reading_index_doc(unread);
    assert_int_equal(other->signature, SIGNATURE_PRESENT);
    g_autofree char *sealed =
        gpg("others", TEXT, "gpg --batch --quiet --trust-model always -u %s -r %s -a -s -e",
            key("friend"), key("owner"));
    g_autoptr(GBytes) bytes = bytes_of(sealed), whole = compose_encrypted(bytes);
    g_autofree char *envelope = string_of(whole);
    g_autoptr(Reading) inside = open_message(OUTER, envelope);
    g_autoptr(IndexDoc) inner = reading_index_doc(inside);
    assert_false(inside->is_signed);
    assert_int_equal(inner->signature, SIGNATURE_GOOD_AT_INDEX);
}

/* --- encryption ----------------------------------------------------------------------------- */

static void an_empty_text_is_nothing(void **state)
{
    (void)state;
    g_autoptr(Reading) reading = open_body("");
    assert_null(reading->locked);
    assert_false(reading->protection->encrypted);
}

static void without_its_session_key_it_is_not_opened_again(void **state)
{
    (void)state;
    g_autofree char *entity = encrypted_part(TEXT);
    g_autoptr(SessionKeys) keys = session_keys_new();
    g_autoptr(Reading) none = open_by(OPEN_AGAIN, keys, OUTER, entity);
    assert_string_equal(postern_error_rule(none->locked), "key.locked");
    g_autoptr(Reading) opened = open_by(OPEN_ANY, keys, OUTER, entity);
    assert_null(opened->locked);
    g_autoptr(Reading) again = open_by(OPEN_AGAIN, keys, OUTER, entity);
    assert_null(again->locked);
    assert_string_equal(block_at(again, 0)->text, "hello\n");
}

/* One that does not fit after all: the private key opens it. */
static void a_wrong_session_key_closes_nothing(void **state)
{
    (void)state;
    g_autofree char *sealed = armored("inside\n");
    g_autoptr(GBytes) bytes = bytes_of(sealed);
    g_autoptr(GBytes) clean = pgp_outline_encrypted(bytes, NULL, NULL);
    g_autoptr(SessionKeys) keys = session_keys_new();
    session_keys_add(keys, clean,
                     "9:00112233445566778899AABBCCDDEEFF00112233445566778899AABBCCDDEEFF");
    g_autofree char *entity = g_strconcat("Content-Type: text/plain\r\n\r\n", sealed, NULL);
    g_autoptr(Reading) reading = open_by(OPEN_ANY, keys, OUTER, entity);
    assert_string_equal(block_at(reading, 0)->text, "inside\n");
}

static void texts_that_do_not_open_among_others_stay_closed(void **state)
{
    (void)state;
    g_autoptr(Reading) broken = open_body("before\n-----BEGIN PGP MESSAGE-----\n\nhAwD\n"
                                          "-----END PGP MESSAGE-----\nafter\n");
    assert_non_null(block_at(broken, 1)->closed);
    g_autofree char *others =
        gpg("own", "inside\n", "gpg --batch --quiet --trust-model always -r %s -a --encrypt",
            key("friend"));
    g_autofree char *body = g_strconcat("before\n", others, NULL);
    g_autoptr(Reading) foreign = open_body(body);
    assert_non_null(block_at(foreign, 1)->closed);
    assert_string_equal(block_at(foreign, 1)->text, "");
}

static void p7_70_a_signature_within_an_encrypted_span_covers_the_span(void **state)
{
    (void)state;
    g_autofree char *sealed =
        gpg("others", "inside\n", "gpg --batch --quiet --trust-model always -u %s -r %s -a -s -e",
            key("friend"), key("owner"));
    g_autofree char *body = g_strconcat("before\n", sealed, NULL);
    g_autoptr(Reading) reading = open_body(body);
    assert_int_equal(block_at(reading, 0)->signature, -1);
    assert_int_equal(block_at(reading, 1)->signature, 0);
    assert_false(signature_at(reading, 0)->whole);
}

/* --- header fields -------------------------------------------------------------------------- */

static void p7_76_what_is_no_hp_outer_excuses_nothing(void **state)
{
    (void)state;
    g_autofree char *entity =
        encrypted_part("Content-Type: text/plain; hp=\"cipher\"\r\n" OUTER
                       "Subject: inner\r\nHP-Outer: Subject [...]\r\n\r\nhello\r\n");
    g_autoptr(Reading) reading = open_message(OUTER "Subject: [...]\r\n", entity);
    assert_true(warns(reading, "headers-differ"));
    /* A field that stands outside alone. */
    g_autoptr(Reading) added =
        open_message(OUTER "Subject: [...]\r\nCc: other@corp.example\r\n", entity);
    assert_null(message_header(added->message, "Cc"));
    assert_true(warns(added, "headers-differ"));
}

static void p7_76_only_a_subject_is_veiled_in_the_older_form(void **state)
{
    (void)state;
    g_autofree char *entity =
        encrypted_part("Content-Type: text/plain; protected-headers=\"v1\"\r\n" OUTER
                       "Subject: inner\r\n\r\nhello\r\n");
    g_autoptr(Reading) reading =
        open_message("From: " FRIEND "\r\nTo: ...\r\nSubject: ...\r\n", entity);
    assert_true(warns(reading, "headers-differ"));
    g_autofree char *other = encrypted_part("Content-Type: text/plain; protected-headers=\"v2\"\r\n"
                                            "Subject: inner\r\n\r\nhello\r\n");
    g_autoptr(Reading) unknown = open_message(OUTER "Subject: outer\r\n", other);
    assert_string_equal(message_header(unknown->message, "Subject"), "outer");
}

/* An inner From is nobody's where two stand there, or nobody's key is of it. */
static void p7_76_an_inner_sender_needs_a_confirmed_key_of_his_own(void **state)
{
    (void)state;
    static const char *const froms[] = {
        "From: boss@corp.example\r\nFrom: friend@corp.example\r\n",
        "From: nobody@corp.example\r\n",
        "From: twin@corp.example\r\n",
    };
    for (gsize i = 0; i < G_N_ELEMENTS(froms); i++) {
        g_autofree char *entity = g_strconcat("Content-Type: text/plain; hp=\"clear\"\r\n",
                                              froms[i], "Subject: inner\r\n\r\nhello\r\n", NULL);
        g_autofree char *part = signed_part("friend", entity);
        g_autoptr(Reading) reading = open_message(OUTER "Subject: outer\r\n", part);
        assert_string_equal(message_header(reading->message, "From"), FRIEND);
        assert_string_equal(message_header(reading->message, "Subject"), "inner");
    }
}

static void p7_76_fields_of_what_is_not_verified_are_ignored(void **state)
{
    (void)state;
    static const char claims[] =
        "Content-Type: text/plain; hp=\"clear\"\r\n" OUTER "Subject: inner\r\n\r\nhello\r\n";
    g_autofree char *part = signed_part("friend", claims);
    g_autoptr(GString) other = g_string_new(part);
    g_string_replace(other, "protocol=\"application/pgp-signature\"", "protocol=\"x/y\"", 1);
    g_autoptr(Reading) unknown = open_message(OUTER "Subject: outer\r\n", other->str);
    assert_string_equal(message_header(unknown->message, "Subject"), "outer");
    /* Something else in the letter is signed. */
    g_autofree char *inner = signed_part("friend", TEXT);
    g_autofree char *mix = mixed(inner, TEXT);
    g_autoptr(GString) beside = g_string_new(mix);
    g_string_replace(beside, "boundary=m", "boundary=m; hp=\"clear\"", 1);
    g_autoptr(Reading) around = open_message(OUTER "Subject: outer\r\n", beside->str);
    assert_false(around->protection->header_protection);
    /* No part at all. */
    static const char *const empties[] = {
        "Content-Type: multipart/signed; hp=\"clear\"\r\n\r\n",
        "Content-Type: multipart/signed; hp=\"clear\"; boundary=s\r\n\r\n--s--\r\n",
        "Content-Type: multipart/signed; hp=\"clear\"; boundary=s\r\n\r\n",
    };
    for (gsize i = 0; i < G_N_ELEMENTS(empties); i++) {
        g_autoptr(Reading) empty = open_message(OUTER "Subject: outer\r\n", empties[i]);
        assert_false(empty->protection->header_protection);
    }
}

/* Lines for programs that do not know protected fields are left out, and no others. */
static void p7_76_only_field_lines_are_lines_for_older_programs(void **state)
{
    (void)state;
    static const struct {
        const char *lines;
        gboolean shown;
    } cases[] = {
        {"Subject: inner\r\n\tgoes on\r\n", FALSE},
        {"Subject: inner\r\n goes on\r\n", FALSE},
        {"Subjects are here\r\n", TRUE},
        {"Fields: x\r\n", TRUE},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *entity = g_strconcat(
            "Content-Type: multipart/mixed; boundary=d; protected-headers=\"v1\"\r\n"
            "Subject: inner\r\n\r\n--d\r\nContent-Type: text/plain; protected-headers=\"v1\""
            "\r\n\r\n",
            cases[i].lines, "\r\n--d\r\n" TEXT "\r\n--d--\r\n", NULL);
        g_autofree char *sealed = encrypted_part(entity);
        g_autoptr(Reading) reading = open_message(OUTER "Subject: ...\r\n", sealed);
        assert_int_equal(reading->blocks->len, cases[i].shown ? 2 : 1);
    }
}

static void p7_76_only_a_first_text_is_for_older_programs(void **state)
{
    (void)state;
    static const char *const entities[] = {
        "Content-Type: text/plain; protected-headers=\"v1\"\r\n\r\nSubject: x\r\n",
        "Content-Type: multipart/mixed; boundary=d; protected-headers=\"v1\"\r\n\r\n--d\r\n"
        "Content-Type: text/html; protected-headers=\"v1\"\r\n\r\nSubject: x\r\n--d--\r\n",
        "Content-Type: multipart/mixed; boundary=d; hp=\"cipher\"\r\n\r\n--d\r\n"
        "Content-Type: text/plain; protected-headers=\"v1\"\r\n\r\nSubject: x\r\n--d--\r\n",
    };
    for (gsize i = 0; i < G_N_ELEMENTS(entities); i++) {
        g_autofree char *sealed = encrypted_part(entities[i]);
        g_autoptr(Reading) reading = open_message(OUTER "Subject: ...\r\n", sealed);
        g_autofree char *shown = texts(reading);
        assert_non_null(strstr(shown, "Subject: x"));
    }
    /* Behind a part that holds nothing comes another's. */
    g_autofree char *nested = encrypted_part(
        "Content-Type: multipart/mixed; boundary=d\r\n\r\n--d\r\n"
        "Content-Type: multipart/signed; boundary=e; protected-headers=\"v1\"\r\n\r\n"
        "--e\r\nContent-Type: text/plain; protected-headers=\"v1\"\r\n\r\nx\r\n--e--\r\n--d--\r\n");
    g_autoptr(Reading) other = open_message(OUTER "Subject: ...\r\n", nested);
    assert_false(other->protection->header_protection);
}

static void p7_74_a_sender_without_a_domain_is_compared(void **state)
{
    (void)state;
    static char *addresses[] = {(char *)"jsmith@corp.example", NULL};
    static char *domains[] = {(char *)"corp.example", NULL};
    g_autoptr(Reading) local = open_text("root", TEXT);
    reading_compare(local, addresses, domains);
    assert_false(warns(local, "look-alike"));
    g_autoptr(Reading) alike = open_text("x@c0rp.example", TEXT);
    reading_compare(alike, addresses, domains);
    assert_true(warns(alike, "look-alike"));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(p7_73_the_worst_is_told_wherever_it_stands),
        cmocka_unit_test(a_signed_part_may_begin_with_a_line_end),
        cmocka_unit_test(p7_70_a_broken_signature_is_told_around_its_text),
        cmocka_unit_test(blank_lines_around_a_signed_text_are_no_text),
        cmocka_unit_test(p7_72_only_a_confirmed_senders_signature_counts_for_the_index),
        cmocka_unit_test(an_empty_text_is_nothing),
        cmocka_unit_test(without_its_session_key_it_is_not_opened_again),
        cmocka_unit_test(a_wrong_session_key_closes_nothing),
        cmocka_unit_test(texts_that_do_not_open_among_others_stay_closed),
        cmocka_unit_test(p7_70_a_signature_within_an_encrypted_span_covers_the_span),
        cmocka_unit_test(p7_76_what_is_no_hp_outer_excuses_nothing),
        cmocka_unit_test(p7_76_only_a_subject_is_veiled_in_the_older_form),
        cmocka_unit_test(p7_76_an_inner_sender_needs_a_confirmed_key_of_his_own),
        cmocka_unit_test(p7_76_fields_of_what_is_not_verified_are_ignored),
        cmocka_unit_test(p7_76_only_field_lines_are_lines_for_older_programs),
        cmocka_unit_test(p7_76_only_a_first_text_is_for_older_programs),
        cmocka_unit_test(p7_74_a_sender_without_a_domain_is_compared),
    };
    return cmocka_run_group_tests(tests, make_home, remove_home);
}
