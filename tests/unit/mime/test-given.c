/* Messages that another program wrote, as they leave. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "core/error.h"
#include "mime/given.h"

static Given *given_of(const char *text)
{
    g_autoptr(GBytes) raw = g_bytes_new_static(text, strlen(text));
    g_autoptr(GError) error = NULL;
    Given *given = given_read(raw, &error);
    if (given == NULL)
        fail_msg("%s: %s", text, error->message);
    given->letter->from = g_new0(Mailbox, 1);
    given->letter->from->address = g_strdup("john@corp.example");
    return given;
}

/* What leaves, in clear or as it stands inside and outside of an encryption. */
static char *leaves(const char *text, HeaderProtection protection)
{
    g_autoptr(Given) given = given_of(text);
    const LetterIdentity fixed = {(char *)"id@corp.example",
                                  (char *)"Mon, 04 Mar 2024 10:00:00 +0100"};
    const LetterIdentity *identity = given->identity ? given->identity : &fixed;
    g_autoptr(GBytes) entity = compose_entity(given->letter, identity, protection, NULL);
    assert_non_null(entity);
    g_autoptr(GBytes) whole =
        compose_message(given->letter, identity, entity, protection == PROTECT_ENCRYPTED);
    return g_strndup(g_bytes_get_data(whole, NULL), g_bytes_get_size(whole));
}

static void own_fields_and_text_are_kept(void **state)
{
    (void)state;
    g_autofree char *sent =
        leaves("From john Mon Mar  4 10:00:00 2024\n"
               "From: whoever@x\nTo: Anna <a@x.test>,\n b@x.test\nBcc: c@x.test,\n d@x.test\n"
               "Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\nDate: Mon, 04 Mar 2024 10:00:00 +0100\n"
               "Message-ID: <m@x>\nReferences: <r1@x> <r2@x>\nX-Mailer: mine\n folded\n"
               "Content-Type: text/plain; charset=us-ascii\n\nOne.\n\nTwo",
               PROTECT_NONE);
    assert_string_equal(sent, "Date: Mon, 04 Mar 2024 10:00:00 +0100\r\n"
                              "From: john@corp.example\r\n"
                              "To: Anna <a@x.test>, b@x.test\r\n"
                              "Subject: =?utf-8?B?R3LDvMOfZQ==?=\r\n"
                              "Message-ID: <m@x>\r\n"
                              "References: <r1@x>\r\n <r2@x>\r\n"
                              "X-Mailer: mine folded\r\n"
                              "MIME-Version: 1.0\r\n"
                              "Content-Type: text/plain; charset=us-ascii\r\n\r\n"
                              "One.\r\n\r\nTwo\r\n");
}

static void p9_106_outside_an_encryption_stands_little(void **state)
{
    (void)state;
    static const char text[] = "To: a@x.test\nSubject: quokka\nX-Host: laptop\n"
                               "Date: Mon, 04 Mar 2024 10:00:00 +0500\nMessage-ID: <m@x>\n"
                               "Content-Type: multipart/mixed; boundary=\"b\";\n\n--b--\n";
    g_autofree char *sent = leaves(text, PROTECT_ENCRYPTED);
    char *inside = strstr(sent, "MIME-Version");
    assert_non_null(inside);
    *inside++ = '\0';
    assert_null(strstr(sent, "quokka"));
    assert_null(strstr(sent, "laptop"));
    assert_non_null(strstr(sent, "Date: Mon, 04 Mar 2024 05:00:00 +0000"));
    assert_non_null(strstr(inside, "Subject: quokka\r\n"));
    assert_non_null(strstr(inside, "X-Host: laptop\r\n"));
    assert_non_null(strstr(inside, "Date: Mon, 04 Mar 2024 10:00:00 +0500\r\n"));
    assert_non_null(
        strstr(inside, "boundary=\"b\";\r\n hp=\"cipher\"; protected-headers=\"v1\"\r\n"));
}

typedef struct {
    const char *name, *text, *has; /* what leaves has it */
    gboolean seven_bit, is_protected;
} ContentCase;

static void content_leaves_so_that_it_arrives(void **state)
{
    (void)state;
    g_autofree char *long_line = g_strnfill(2000, 'x');
    g_autofree char *long_text = g_strconcat("A: b\n\n", long_line, "\n", NULL);
    g_autofree char *long_part =
        g_strconcat("Content-Type: multipart/mixed; boundary=b\n\n--b\n\n", long_line, "\n", NULL);
    const ContentCase cases[] = {
        {"plain", "A: b\n\nx\n", "Content-Type: text/plain; charset=us-ascii\r\n\r\nx\r\n", TRUE,
         FALSE},
        {"no header", "just text\nmore\n", "\r\n\r\njust text\r\nmore\r\n", TRUE, FALSE},
        {"nothing", "", "MIME-Version: 1.0\r\n", TRUE, FALSE},
        {"text right behind", "A: b\nnot a field\n", "\r\n\r\nnot a field\r\n", TRUE, FALSE},
        {"utf-8", "A: b\n\n\xc3\xa4\n",
         "charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n=C3=A4", TRUE, FALSE},
        {"no utf-8", "A: b\n\n\xe4\n", "charset=unknown-8bit\r\n", TRUE, FALSE},
        {"8bit",
         "Content-Type: text/plain; charset=latin1\nContent-Transfer-Encoding: 8bit\n\n\xe4\n",
         "quoted-printable\r\n\r\n=E4", TRUE, FALSE},
        {"long line", long_text, "=\r\nxxx", TRUE, FALSE},
        {"long line in a part", long_part, "quoted-printable\r\n\r\nxxx", TRUE, FALSE},
        {"8bit parts",
         "Content-Type: multipart/mixed; boundary=b\nContent-Transfer-Encoding: 8bit\n\npre\n--b\n"
         "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding:\n 8bit\nContent-ID: "
         "<x>\n"
         "\n\xc3\xa4\n.\n--b\n\nplain\n--b\nContent-Type: image/x\n\n\xff\xfe\n--b--\npost\n",
         "boundary=b\r\nContent-Transfer-Encoding: 7bit\r\n\r\npre\r\n--b\r\n"
         "Content-Type: text/plain; charset=utf-8\r\nContent-ID: <x>\r\n"
         "Content-Transfer-Encoding: "
         "quoted-printable\r\n\r\n=C3=A4\r\n.\r\n--b\r\n\r\nplain\r\n--b\r\n"
         "Content-Type: image/x\r\nContent-Transfer-Encoding: "
         "base64\r\n\r\n//4=\r\n--b--\r\npost\r\n",
         TRUE, FALSE},
        {"bytes", "Content-Type: image/x\n\n\xff\xfe\n", "base64\r\n\r\n//4NCg==\r\n", TRUE, FALSE},
        {"a message in it",
         "Content-Type: message/rfc822\nContent-Transfer-Encoding: 8bit\n\nA: b\n\n\xc3\xa4\n",
         "message/rfc822\r\nContent-Transfer-Encoding: 7bit\r\n\r\nA: b\r\n"
         "Content-Transfer-Encoding: quoted-printable\r\n\r\n=C3=A4\r\n",
         TRUE, FALSE},
        {"a message with an 8-bit header", "Content-Type: message/rfc822\n\nA: \xc3\xa4\n\nx\n",
         "\r\n\r\nA: \xc3\xa4\r\n\r\nx\r\n", FALSE, FALSE},
        {"a signed part in it",
         "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: multipart/signed; "
         "boundary=s\n\n"
         "--s\n\n\xc3\xa4\n--s--\n--b--\n",
         "--s\r\n\r\n\xc3\xa4\r\n--s--\r\n", FALSE, FALSE},
        {"a signed one", "Content-Type: multipart/signed; boundary=s\n\n--s\n\n\xc3\xa4\n--s--\n",
         "--s\r\n\r\n\xc3\xa4\r\n--s--\r\n", FALSE, TRUE},
        {"what would end its part",
         "Content-Type: multipart/mixed; boundary=b\n\n--b\n\n\xc3\xa4"
         "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx--b\n--b--\n",
         "base64\r\n\r\nw6R4", TRUE, FALSE},
        {"a multipart that is none", "Content-Type: multipart/mixed\n\n\xc3\xa4\n", "\xc3\xa4",
         FALSE, FALSE},
        {"base64", "Content-Type: text/plain\nContent-Transfer-Encoding: base64\n\nQQ==\n",
         "base64\r\n\r\nQQ==\r\n", TRUE, FALSE},
        {"signed", "Content-Type: multipart/signed; boundary=b\n\n--b--\n", "multipart/signed",
         TRUE, TRUE},
        {"CRLF", "A: b\r\n\r\nx\r\n", "\r\n\r\nx\r\n", TRUE, FALSE},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        const ContentCase *c = &cases[i];
        g_autoptr(Given) given = given_of(c->text);
        g_autofree char *sent = leaves(c->text, PROTECT_NONE);
        if (strstr(sent, c->has) == NULL || given->seven_bit != c->seven_bit ||
            given->is_protected != c->is_protected)
            fail_msg("%s: %s", c->name, sent);
    }
}

static void p9_101_every_field_of_recipients_counts(void **state)
{
    (void)state;
    g_autoptr(Given) given =
        given_of("TO: a@x\nto: b@x\ncC: c@x\nBcc:\n d@x,\n\te@x\nbcc: f@x\nResent-To: g@x\n\n");
    assert_string_equal(given->to, "a@x, b@x");
    assert_string_equal(given->cc, "c@x");
    assert_string_equal(given->bcc, "d@x,\te@x, f@x");
    assert_true(given->resent);
    assert_null(given->identity);
}

static void p9_99_no_control_passes(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        gsize size;
        const char *rule;
    } cases[] = {
        {"A: b\rBcc: c@x\n\n", 15, "send.value"},
        {"A: \0\n\n", 6, "send.value"},
        {"A: \x1b[m\n\n", 8, "send.value"},
        {"A: b\n\n\0\n", 8, "send.body"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GBytes) raw = g_bytes_new_static(cases[i].text, cases[i].size);
        g_autoptr(GError) error = NULL;
        assert_null(given_read(raw, &error));
        assert_string_equal(postern_error_rule(error), cases[i].rule);
        assert_int_equal(postern_exit_code(error), POSTERN_ERROR_INPUT);
    }
}

static void p9_99_limit_field_word(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        gsize longest;
    } cases[] = {{"To", 450},           {"Cc", 450},       {"References", 900}, {"X-Long", 900},
                 {"Content-Type", 900}, {"Subject", 5000}, {"Autocrypt", 5000}};
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
        for (gsize more = 0; more < 2; more++) {
            g_autofree char *word = g_strnfill(cases[i].longest + more, 'x');
            g_autofree char *text = g_strdup_printf("%s: a %s\n\n", cases[i].name, word);
            g_autoptr(GBytes) raw = g_bytes_new_static(text, strlen(text));
            g_autoptr(GError) error = NULL;
            g_autoptr(Given) given = given_read(raw, &error);
            assert_int_equal(given == NULL, more && cases[i].longest < 1000);
            if (error)
                assert_string_equal(postern_error_rule(error), "send.value");
        }
}

static void p9_99_limit_field_blanks_and_name(void **state)
{
    (void)state;
    for (gsize i = 0; i < 4; i++) {
        gsize more = i % 2;
        g_autofree char *blanks = g_strnfill(i < 2 ? 900 + more : 1, more ? '\t' : ' ');
        g_autofree char *name = g_strnfill(i < 2 ? 1 : 76 + more, 'X');
        g_autofree char *text = g_strdup_printf("%s: a\n%sb\n\n", name, blanks);
        g_autoptr(GBytes) raw = g_bytes_new_static(text, strlen(text));
        g_autoptr(GError) error = NULL;
        g_autoptr(Given) given = given_read(raw, &error);
        assert_int_equal(given == NULL, more);
        if (error)
            assert_string_equal(postern_error_rule(error), "send.value");
    }
}

/* Some take it for the end of the header. */
static void p9_99_no_line_of_a_field_holds_blanks_alone(void **state)
{
    (void)state;
    g_autofree char *word = g_strnfill(75, 'w');
    g_autofree char *text = g_strdup_printf("X: %s \t\t\t %s\n \n\t\nY:\n \n a\n\nx\n", word, word);
    g_autofree char *sent = leaves(text, PROTECT_NONE);
    g_auto(GStrv) lines = g_strsplit(sent, "\r\n", -1);
    char **line = lines;
    for (; **line; line++)
        assert_true(strspn(*line, " \t") < strlen(*line));
    assert_string_equal(line[1], "x");
    assert_non_null(strstr(sent, "\r\nY: a\r\n"));
}

static void p9_99_nobody_else_is_named_as_its_sender(void **state)
{
    (void)state;
    g_autofree char *sent = leaves("From: john@corp.example\nSENDER: boss@corp.example\n"
                                   "Return-Path: <boss@corp.example>\n\nx\n",
                                   PROTECT_NONE);
    assert_null(strstr(sent, "boss"));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(own_fields_and_text_are_kept),
        cmocka_unit_test(p9_106_outside_an_encryption_stands_little),
        cmocka_unit_test(content_leaves_so_that_it_arrives),
        cmocka_unit_test(p9_101_every_field_of_recipients_counts),
        cmocka_unit_test(p9_99_no_control_passes),
        cmocka_unit_test(p9_99_limit_field_word),
        cmocka_unit_test(p9_99_limit_field_blanks_and_name),
        cmocka_unit_test(p9_99_no_line_of_a_field_holds_blanks_alone),
        cmocka_unit_test(p9_99_nobody_else_is_named_as_its_sender),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
