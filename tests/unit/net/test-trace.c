#include "net/trace.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void note(gpointer user, const char *text)
{
    GString *told = user;
    g_string_append_printf(told, "%s\n", text);
}

static void says(void (*line)(Trace *, const void *, gsize), const char *text, const char *wanted)
{
    g_autoptr(GString) told = g_string_new(NULL);
    g_autoptr(Trace) trace = trace_new(note, told);
    line(trace, text, strlen(text));
    assert_string_equal(told->str, wanted);
}

static void p4_44_only_words_of_the_protocol_are_told(void **state)
{
    (void)state;
    static const struct {
        const char *line, *told;
    } server[] = {
        {"* CAPABILITY IMAP4rev1 IDLE AUTH=PLAIN AUTH=X-OWN X-SECRET",
         "S: * CAPABILITY IMAP4rev1 IDLE AUTH=PLAIN AUTH=<14 bytes>\n"},
        {"* LIST (\\HasNoChildren) \"/\" \"Hidden folder\"",
         "S: * LIST (\\HasNoChildren) <19 bytes>\n"},
        {"* LIST () NIL Takeover", "S: * LIST () NIL <8 bytes>\n"},
        {"3 NO [NONEXISTENT] no mailbox called Takeover", "S: 3 NO [NONEXISTENT] no <23 bytes>\n"},
        {"* 12 FETCH (UID 7 FLAGS (\\Seen $Takeover Boss) BODY[] {300}",
         "S: * 12 FETCH (UID 7 FLAGS (\\Seen <14 bytes>) BODY[] {300}\n"},
        {"* 12 FETCH (ENVELOPE (\"Mon, 1\" \"Takeover \\\" of\" ((\"A\" NIL \"a\" "
         "\"b.example\"))))",
         "S: * 12 FETCH (<8 bytes> (<25 bytes> ((<3 bytes> NIL <15 bytes>))))\n"},
        {"+OK Logged in as john", "S: +OK <17 bytes>\n"},
        {"1 0000000b5f3c9a2e", "S: 1 <16 bytes>\n"},
        {"334 VXNlcm5hbWU6", "S: 334 <12 bytes>\n"},
        {"250 2.1.5 <mary@corp.example> fine", "S: 250 2.1.5 <24 bytes>\n"},
        {"123456789012 1234567890", "S: <12 bytes> 1234567890\n"},
        {"", "S: \n"},
    };
    static const struct {
        const char *line, *told;
    } client[] = {
        {"4 EXAMINE \"Takeover\"\r\n", "C: 4 EXAMINE <10 bytes>\n"},
        {"5 UID FETCH 1:5,9:* (UID FLAGS INTERNALDATE BODY.PEEK[])\r\n",
         "C: 5 UID FETCH 1:5,9:* (UID FLAGS INTERNALDATE BODY.PEEK[])\n"},
        {"MAIL FROM:<john@corp.example> SIZE=300 BODY=8BITMIME",
         "C: MAIL FROM:<19 bytes> SIZE=300 BODY=8BITMIME\n"},
        {"RETR 1\r\nRETR 2\r\n", "C: RETR 1\nC: RETR 2\n"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(server); i++)
        says(trace_server, server[i].line, server[i].told);
    for (gsize i = 0; i < G_N_ELEMENTS(client); i++)
        says(trace_client, client[i].line, client[i].told);
}

static void p4_44_a_secret_is_not_even_measured(void **state)
{
    (void)state;
    g_autoptr(GString) told = g_string_new(NULL);
    g_autoptr(Trace) trace = trace_new(note, told);
    trace_secret(trace, "2 LOGIN \"john\"");
    trace_secret(trace, "");
    trace_body(trace, TRUE, 5000000000);
    trace_body(trace, FALSE, 3);
    trace_note(trace, "TLS %d", 3);
    assert_string_equal(told->str, "C: 2 LOGIN <6 bytes> <secret>\nC: <secret>\n"
                                   "S: <5000000000 bytes>\nC: <3 bytes>\nTLS 3\n");
}

/* However the bytes are cut into pieces. */
static void p4_44_literals_are_told_by_their_size(void **state)
{
    (void)state;
    static const char bytes[] = "* 1 FETCH (UID 5 BODY[] {11}\r\nA FETCH\r\n* {9} FLAGS (x))\r\n"
                                "* 2 FETCH (X {0}\r\n BODY[] ~{3}\r\nNO\n)\r\n3 OK done\r\n";
    static const char wanted[] = "S: * 1 FETCH (UID 5 BODY[] {11}\nS: <11 bytes>\n"
                                 "S: {9} FLAGS (<1 bytes>))\n"
                                 "S: * 2 FETCH (<1 bytes> {0}\nS:  BODY[] <1 bytes>{3}\n"
                                 "S: <3 bytes>\nS: )\nS: 3 OK <4 bytes>\n";
    for (gsize piece = 1; piece < sizeof bytes; piece++) {
        g_autoptr(GString) told = g_string_new(NULL);
        g_autoptr(Trace) trace = trace_new(note, told);
        for (gsize at = 0; at < sizeof bytes - 1; at += piece)
            trace_imap(trace, (const guint8 *)bytes + at, MIN(piece, sizeof bytes - 1 - at));
        assert_string_equal(told->str, wanted);
    }
}

static void p4_44_a_long_line_is_cut_and_its_literal_seen(void **state)
{
    (void)state;
    g_autoptr(GString) told = g_string_new(NULL);
    g_autoptr(Trace) trace = trace_new(note, told);
    g_autofree char *flags = g_strnfill(100000, 'x');
    g_autofree char *line = g_strdup_printf("* 1 FETCH (%s {4}\r\nMAIL\r\n", flags);
    trace_imap(trace, (const guint8 *)line, strlen(line));
    assert_null(strstr(told->str, "MAIL"));
    assert_non_null(strstr(told->str, "S: <4 bytes>\n"));
    assert_true(told->len < 300);
    g_autofree char *numbers = g_strnfill(100000, '(');
    g_string_truncate(told, 0);
    trace_server(trace, numbers, strlen(numbers));
    assert_true(told->len <= TRACE_LINE + 1);
}

static void nobody_may_listen(void **state)
{
    (void)state;
    trace_client(NULL, "x", 1);
    trace_secret(NULL, "x");
    trace_server(NULL, "x", 1);
    trace_body(NULL, TRUE, 1);
    trace_note(NULL, "x");
    trace_imap(NULL, (const guint8 *)"x", 1);
    trace_free(NULL);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(p4_44_only_words_of_the_protocol_are_told),
        cmocka_unit_test(p4_44_a_secret_is_not_even_measured),
        cmocka_unit_test(p4_44_literals_are_told_by_their_size),
        cmocka_unit_test(p4_44_a_long_line_is_cut_and_its_literal_seen),
        cmocka_unit_test(nobody_may_listen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
