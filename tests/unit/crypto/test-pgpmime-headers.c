/* Header fields inside and outside of the protection (RFC 9788 and its forerunner), and who says
 * so. */
#include "core/error.h"
#include "crypto/pgp.h"
#include "tests/unit/crypto/mail-fixture.h"

static Reading *open_message(const char *fields, const char *entity)
{
    g_autofree char *text = g_strconcat(fields, "MIME-Version: 1.0\r\n", entity, NULL);
    g_autoptr(GBytes) bytes = bytes_of(text);
    return reading_open(bytes, TRUE);
}

static const char *outer_of(const Reading *reading, const char *name)
{
    for (guint i = 0; i < reading->protection->outer->len; i++) {
        const OuterField *field = g_ptr_array_index(reading->protection->outer, i);
        if (strcmp(field->name, name) == 0)
            return field->value;
    }
    return NULL;
}

#define INNER "From: Friend <friend@corp.example>\r\nTo: jsmith@corp.example\r\nSubject: inner\r\n"
#define OUTER "From: Friend <friend@corp.example>\r\nTo: jsmith@corp.example\r\n"

static void p7_76_what_differs_outside_is_told(void **state)
{
    (void)state;
    g_autofree char *entity =
        encrypted_part("Content-Type: text/plain; hp=\"cipher\"\r\n" INNER
                       "HP-Outer: Subject: [...]\r\nHP-Outer: To: jsmith@corp.example\r\n"
                       "\r\nhello\r\n");
    g_autoptr(Reading) usual = open_message(OUTER "Subject: [...]\r\n", entity);
    assert_string_equal(message_header(usual->message, "Subject"), "inner");
    assert_string_equal(outer_of(usual, "Subject"), "[...]");
    assert_null(outer_of(usual, "From"));
    assert_false(warns(usual, "headers-differ"));
    g_autoptr(Reading) forged = open_message(OUTER "Subject: pay at once\r\n", entity);
    assert_string_equal(message_header(forged->message, "Subject"), "inner");
    assert_string_equal(outer_of(forged, "Subject"), "pay at once");
    assert_true(warns(forged, "headers-differ"));
}

static void p7_76_a_veil_of_the_older_form_is_no_difference(void **state)
{
    (void)state;
    static const char *const veils[] = {"...", "Encrypted Message", "[...]"};
    g_autofree char *entity = encrypted_part(
        "Content-Type: text/plain; protected-headers=\"v1\"\r\n" INNER "\r\nhello\r\n");
    for (gsize i = 0; i < G_N_ELEMENTS(veils); i++) {
        g_autofree char *fields = g_strdup_printf(OUTER "Subject: %s\r\n", veils[i]);
        g_autoptr(Reading) reading = open_message(fields, entity);
        assert_string_equal(message_header(reading->message, "Subject"), "inner");
        assert_false(warns(reading, "headers-differ"));
    }
    g_autoptr(Reading) other = open_message(OUTER "Subject: other\r\n", entity);
    assert_true(warns(other, "headers-differ"));
}

/* Nobody needs to veil what is only signed. */
static void p7_76_signed_fields_that_changed_on_the_way_are_told(void **state)
{
    (void)state;
    g_autofree char *entity =
        signed_part("friend", "Content-Type: text/plain; hp=\"clear\"\r\n" INNER "\r\nhello\r\n");
    g_autoptr(Reading) same = open_message(OUTER "Subject: inner\r\n", entity);
    assert_true(same->protection->header_protection);
    assert_false(warns(same, "headers-differ"));
    assert_int_equal(same->protection->outer->len, 0);
    g_autoptr(Reading) changed = open_message(OUTER "Subject: [list] inner\r\n", entity);
    assert_string_equal(message_header(changed->message, "Subject"), "inner");
    assert_true(warns(changed, "headers-differ"));
}

/* Signed fields say what stood outside; whoever forwards them cannot make them say it of his own.
 */
static void p7_76_a_forged_hp_outer_is_found_out(void **state)
{
    (void)state;
    g_autofree char *bare = g_strconcat("HP-Outer: Subject: inner\r\n", TEXT, NULL);
    g_autoptr(Reading) reading = open_message(OUTER "Subject: outer\r\n", bare);
    assert_string_equal(message_header(reading->message, "Subject"), "outer");
    assert_false(reading->protection->header_protection);
    g_autofree char *entity =
        signed_part("friend", "Content-Type: text/plain; hp=\"clear\"\r\n" INNER
                              "HP-Outer: Subject: pay\r\n\r\nhello\r\n");
    g_autoptr(Reading) forged = open_message(OUTER "Subject: pay\r\n", entity);
    assert_string_equal(message_header(forged->message, "Subject"), "inner");
    assert_true(warns(forged, "headers-differ"));
}

static void p7_76_an_inner_sender_that_nobody_vouches_for_is_told(void **state)
{
    (void)state;
    g_autofree char *entity =
        encrypted_part("Content-Type: text/plain; hp=\"cipher\"\r\n" INNER "\r\nhello\r\n");
    g_autoptr(Reading) reading =
        open_message("From: Mallory <m@evil.test>\r\nSubject: [...]\r\n", entity);
    assert_string_equal(message_header(reading->message, "From"), "Mallory <m@evil.test>");
    assert_true(warns(reading, "from-unvouched"));
    g_autofree char *strange =
        signed_part("stranger", "Content-Type: text/plain; hp=\"clear\"\r\n" INNER "\r\nhello\r\n");
    g_autoptr(Reading) stranger =
        open_message("From: Mallory <m@evil.test>\r\nSubject: inner\r\n", strange);
    assert_string_equal(message_header(stranger->message, "From"), "Mallory <m@evil.test>");
    assert_true(warns(stranger, "from-unvouched"));
}

/* Fields deeper than the head of what is covered are nobody's. */
static void p7_76_fields_further_in_are_ignored(void **state)
{
    (void)state;
    g_autofree char *entity =
        mixed(TEXT, "Content-Type: text/plain; protected-headers=\"v1\"\r\n" INNER "\r\nx\r\n");
    g_autofree char *sealed = encrypted_part(entity);
    g_autoptr(Reading) reading = open_message(OUTER "Subject: outer\r\n", sealed);
    assert_string_equal(message_header(reading->message, "Subject"), "outer");
    assert_false(reading->protection->header_protection);
    g_autofree char *part =
        signed_part("friend", "Content-Type: text/plain; hp=\"clear\"\r\n" INNER "\r\nhello\r\n");
    g_autofree char *beside = mixed(part, TEXT);
    g_autoptr(Reading) other = open_message(OUTER "Subject: outer\r\n", beside);
    assert_string_equal(message_header(other->message, "Subject"), "outer");
    assert_false(other->protection->header_protection);
}

static void p7_76_fields_that_no_mark_announces(void **state)
{
    (void)state;
    static const struct {
        const char *head;
        gboolean taken;
    } cases[] = {
        {"Content-Type: text/plain\r\n" INNER, TRUE},
        {"Content-Type: text/plain\r\nSubject: inner\r\n", FALSE},
        {"Content-Type: text/plain\r\nFrom: Friend <friend@corp.example>\r\n", FALSE},
        {"Content-Type: text/plain; protected-headers=\"v9\"\r\n" INNER, FALSE},
        {"Content-Type: text/plain; hp=\"none\"\r\n" INNER, FALSE},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *inner = g_strconcat(cases[i].head, "\r\nhello\r\n", NULL);
        g_autofree char *sealed = encrypted_part(inner);
        g_autofree char *signed_one = signed_part("friend", inner);
        const char *const entities[] = {sealed, signed_one};
        for (gsize n = 0; n < G_N_ELEMENTS(entities); n++) {
            g_autoptr(Reading) reading = open_message(OUTER "Subject: ...\r\n", entities[n]);
            assert_string_equal(message_header(reading->message, "Subject"),
                                cases[i].taken ? "inner" : "...");
            assert_int_equal(reading->protection->header_protection, cases[i].taken);
        }
    }
}

/* The head of a letter has such fields, whoever signed its text. */
static void p7_76_a_letters_own_head_is_no_protected_field(void **state)
{
    (void)state;
    g_autofree char *text = clear_signed("friend", "hello\n");
    g_autofree char *entity = g_strconcat("Content-Type: text/plain\r\n\r\n", text, NULL);
    g_autoptr(Reading) reading = open_message(OUTER "Subject: outer\r\n", entity);
    assert_int_equal(reading->protection->signatures->len, 1);
    assert_false(reading->protection->header_protection);
}

/* --- legacy display ------------------------------------------------------------------------ */

static void p7_76_lines_for_older_programs_are_left_out(void **state)
{
    (void)state;
    static const struct {
        const char *head, *text, *shown;
    } cases[] = {
        {"text/plain; hp=\"cipher\"; hp-legacy-display=1", "Subject: inner\r\n\r\nhello\r\n",
         "hello\n"},
        {"text/plain; hp=\"cipher\"; hp-legacy-display=1",
         "Subject: inner\r\n more\r\nTo: x\r\n\r\nhello\r\n", "hello\n"},
        {"text/html; hp=\"cipher\"; hp-legacy-display=1",
         "<div class=\"header-protection-legacy-display\"><pre>Subject: inner</pre></div>"
         "<p>hello</p>",
         "hello\n"},
        {"text/plain; hp=\"cipher\"", "Subject: inner\r\n\r\nhello\r\n",
         "Subject: inner\n\nhello\n"},
        {"text/plain; hp=\"cipher\"; hp-legacy-display=1", "Dear John\r\n\r\nhello\r\n",
         "Dear John\n\nhello\n"},
        {"text/plain; hp=\"cipher\"; hp-legacy-display=1", "Subject: inner\r\nhello\r\n",
         "Subject: inner\nhello\n"},
        {"text/plain; hp=\"cipher\"; hp-legacy-display=1", "Subject: inner\r\n",
         "Subject: inner\n"},
        {"text/plain; protected-headers=\"v1\"; hp-legacy-display=1",
         "Subject: inner\r\n\r\nhello\r\n", "Subject: inner\n\nhello\n"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *inner =
            g_strdup_printf("Content-Type: %s\r\n" INNER "\r\n%s", cases[i].head, cases[i].text);
        g_autofree char *entity = encrypted_part(inner);
        g_autoptr(Reading) reading = open_message(OUTER "Subject: [...]\r\n", entity);
        g_autofree char *shown = texts(reading);
        assert_string_equal(shown, cases[i].shown);
    }
}

static char *older(const char *display)
{
    return g_strdup_printf(
        "Content-Type: multipart/mixed; boundary=d; protected-headers=\"v1\"\r\n" INNER
        "\r\n--d\r\n"
        "%s\r\n--d\r\nContent-Type: text/plain\r\n\r\nhello\r\n--d--\r\n",
        display);
}

static void p7_76_the_older_forms_display_part_is_left_out(void **state)
{
    (void)state;
    static const struct {
        const char *part;
        gboolean left_out;
    } cases[] = {
        {"Content-Type: text/plain; protected-headers=\"v1\"\r\n\r\nSubject: inner\r\n", TRUE},
        {"Content-Type: text/plain; protected-headers=\"v1\"\r\n\r\nSubject: inner\r\nPay.", FALSE},
        {"Content-Type: text/plain\r\n\r\nSubject: inner\r\n", FALSE},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *inner = older(cases[i].part);
        g_autofree char *entity = encrypted_part(inner);
        g_autoptr(Reading) reading = open_message(OUTER "Subject: ...\r\n", entity);
        assert_string_equal(message_header(reading->message, "Subject"), "inner");
        assert_int_equal(reading->blocks->len, cases[i].left_out ? 1 : 2);
        /* Where nobody vouches for the fields, nothing is left out. */
        g_autoptr(Reading) bare = open_message(OUTER "Subject: ...\r\n", inner);
        assert_int_equal(bare->blocks->len, 2);
    }
}

/* --- who, to whom, when -------------------------------------------------------------------- */

static void p7_80_recipients_outside_must_stand_inside(void **state)
{
    (void)state;
    g_autofree char *inner =
        signed_part("friend", "Content-Type: text/plain; hp=\"cipher\"\r\n"
                              "From: Friend <friend@corp.example>\r\nTo: Mallory <m@evil.test>\r\n"
                              "Cc: Jane <jane@corp.example>\r\nSubject: inner\r\n\r\nI resign\r\n");
    g_autofree char *entity = encrypted_part(inner);
    g_autoptr(Reading) passed_on = open_message(
        "From: Friend <friend@corp.example>\r\nTo: jsmith@corp.example\r\nSubject: [...]\r\n",
        entity);
    assert_true(warns(passed_on, "recipients-differ"));
    g_autoptr(Reading) straight = open_message(
        "From: Friend <friend@corp.example>\r\nTo: M@evil.test\r\nCc: jane@corp.example\r\n"
        "Subject: [...]\r\n",
        entity);
    assert_false(warns(straight, "recipients-differ"));
}

static void p7_81_a_signature_of_another_time_is_told(void **state)
{
    (void)state;
    g_autofree char *entity = signed_part("friend", TEXT);
    g_autoptr(GDateTime) now = g_date_time_new_now_utc();
    g_autofree char *fresh = g_date_time_format(now, OUTER "Date: %a, %d %b %Y %H:%M:%S +0000\r\n");
    g_autoptr(Reading) in_time = open_message(fresh, entity);
    assert_false(warns(in_time, "signature-date"));
    static const char *const others[] = {"Fri, 1 Mar 2019 10:00:00 +0000",
                                         "Fri, 1 Mar 2069 10:00:00 +0000"};
    for (gsize i = 0; i < G_N_ELEMENTS(others); i++) {
        g_autofree char *fields = g_strdup_printf(OUTER "Date: %s\r\n", others[i]);
        g_autoptr(Reading) replayed = open_message(fields, entity);
        assert_int_equal(signature_at(replayed, 0)->status, SIG_GOOD);
        assert_true(warns(replayed, "signature-date"));
    }
    g_autoptr(Reading) undated = open_message(OUTER, entity);
    assert_false(warns(undated, "signature-date"));
}

static void p7_74_senders_that_pass_for_others_are_told(void **state)
{
    (void)state;
    static const struct {
        const char *fields, *warning;
    } cases[] = {
        {"From: \"friend@corp.example\" <x@evil.test>\r\n", "name-is-address"},
        {"From: =?utf-8?q?friend=40corp.example=00?= <x@evil.test>\r\n", "name-is-address"},
        {"From: =?utf-8?q?friend=40corp.example=0A?= <x@evil.test>\r\n", "name-is-address"},
        {"From: a@evil.test, b@evil.test\r\n", "several-senders"},
        {"From: a@evil.test\r\nFrom: b@evil.test\r\n", "several-senders"},
        {"From: Boss <boss@corp.exarnple>\r\n", "look-alike"},
        {"From: Boss <x@evil.test>\r\nReply-To: boss@c0rp.example\r\n", "look-alike"},
        {"From: Boss <x@evil.test>\r\nSender: jsm1th@corp.example\r\n", "look-alike"},
    };
    char *own[] = {(char *)"jsmith@corp.example", NULL};
    char *domains[] = {(char *)"corp.example", NULL};
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Reading) reading = open_message(cases[i].fields, TEXT);
        reading_compare(reading, own, domains);
        assert_true(warns(reading, cases[i].warning));
        assert_int_equal(reading->protection->warnings->len, 1);
    }
    g_autoptr(Reading) honest = open_message(OUTER "Reply-To: x@mail.corp.example\r\n", TEXT);
    reading_compare(honest, own, domains);
    assert_int_equal(honest->protection->warnings->len, 0);
}

/* The key of a confirmed friend carries "boss", which is not confirmed; and groups, comments. */
static void p7_74_the_address_is_the_real_one(void **state)
{
    (void)state;
    static const char *const strangers[] = {
        "friend@corp.example <x@evil.test>",   "\"friend@corp.example\" <x@evil.test>",
        "(friend@corp.example) x@evil.test",   "Boss <boss@corp.example>",
        "friend@corp.example:x@evil.test;",    "=?utf-8?q?friend=40corp.example=3C?= <x@evil.test>",
        "x@evil.test (<friend@corp.example>)",
    };
    g_autofree char *entity = signed_part("friend", TEXT);
    for (gsize i = 0; i < G_N_ELEMENTS(strangers); i++) {
        g_autoptr(Reading) reading = open_text(strangers[i], entity);
        assert_int_equal(signature_at(reading, 0)->status, SIG_GOOD);
        assert_false(signature_at(reading, 0)->from_matches);
    }
    g_autofree char *sender = g_strconcat("Sender: friend@corp.example\r\nResent-From: "
                                          "friend@corp.example\r\n",
                                          entity, NULL);
    g_autoptr(Reading) other = open_text("x@evil.test", sender);
    assert_false(signature_at(other, 0)->from_matches);
}

/* Two letters with one id, of which one was changed: each has its own verdict. */
static void p7_84_a_twin_has_a_verdict_of_its_own(void **state)
{
    (void)state;
    g_autofree char *good = signed_part("friend", TEXT);
    g_autoptr(GString) bad = g_string_new(good);
    g_string_replace(bad, "hello", "hell0", 1);
    for (guint i = 0; i < 4; i++) {
        g_autoptr(Reading) reading =
            open_message(OUTER "Message-ID: <same@corp.example>\r\n", i % 2 ? bad->str : good);
        assert_int_equal(signature_at(reading, 0)->status, i % 2 ? SIG_BAD : SIG_GOOD);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(p7_76_what_differs_outside_is_told),
        cmocka_unit_test(p7_76_a_veil_of_the_older_form_is_no_difference),
        cmocka_unit_test(p7_76_signed_fields_that_changed_on_the_way_are_told),
        cmocka_unit_test(p7_76_a_forged_hp_outer_is_found_out),
        cmocka_unit_test(p7_76_an_inner_sender_that_nobody_vouches_for_is_told),
        cmocka_unit_test(p7_76_fields_further_in_are_ignored),
        cmocka_unit_test(p7_76_fields_that_no_mark_announces),
        cmocka_unit_test(p7_76_a_letters_own_head_is_no_protected_field),
        cmocka_unit_test(p7_76_lines_for_older_programs_are_left_out),
        cmocka_unit_test(p7_76_the_older_forms_display_part_is_left_out),
        cmocka_unit_test(p7_80_recipients_outside_must_stand_inside),
        cmocka_unit_test(p7_81_a_signature_of_another_time_is_told),
        cmocka_unit_test(p7_74_senders_that_pass_for_others_are_told),
        cmocka_unit_test(p7_74_the_address_is_the_real_one),
        cmocka_unit_test(p7_84_a_twin_has_a_verdict_of_its_own),
    };
    return cmocka_run_group_tests(tests, make_home, remove_home);
}
