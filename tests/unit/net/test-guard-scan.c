/* P8 90: whatever a server says, libetpan sees bounded, well-formed replies only. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "core/error.h"
#include "core/limits.h"
#include "net/guard-scan.h"

/* Feeds WIRE in pieces of PIECE bytes; what passed, or NULL and *error. */
static char *scan(const char *wire, gsize size, gsize piece, guint expects, GArray **found,
                  GError **error)
{
    g_autoptr(GuardScan) scanner = guard_scan_new();
    g_autoptr(GByteArray) out = g_byte_array_new();
    guard_scan_command(scanner, expects);
    for (gsize at = 0; at < size; at += piece) {
        /* An exact copy, so that a sanitizer sees a read past the end. */
        gsize some = MIN(piece, size - at);
        g_autofree guint8 *copy = g_memdup2(wire + at, some);
        if (!guard_scan_feed(scanner, copy, some, out, error))
            return NULL;
    }
    if (found)
        *found = g_array_ref(guard_scan_found(scanner));
    g_byte_array_append(out, (const guint8 *)"", 1);
    return (char *)g_byte_array_free(g_steal_pointer(&out), FALSE);
}

typedef struct {
    const char *name, *wire, *passed; /* passed NULL: as it came */
    guint expects;
} PassCase;

#define BODY_LITERAL "* 1 FETCH (UID 7 BODY[] {11}\r\n((((\r\n\"{9}x FLAGS ())\r\n"

static const PassCase passing[] = {
    {"greeting", "* OK [CAPABILITY IMAP4rev1 SASL-IR] Dovecot (Debian) ready.\r\n", NULL, 0},
    {"bye", "* BYE Logging out\r\n", NULL, 0},
    {"tagged", "12 OK done {5}\r\n", NULL, 0},
    {"quotes in words", "12 NO say \"please\r\n", NULL, 0},
    {"brackets in words", "* OK :-( :-( ) {9}\r\n", NULL, 0},
    {"a large number in words", "1 OK took 99999999999 ns\r\n", NULL, 0},
    {"8-bit words", "1 NO Schl\303\274ssel\r\n", NULL, 0},
    {"no words", "1 OK\r\n", "1 OK (no words)\r\n", 0},
    {"blank for words", "1 OK \r\n", "1 OK  (no words)\r\n", 0},
    {"code without words", "* OK [HIGHESTMODSEQ 9]\r\n", "* OK [HIGHESTMODSEQ 9] (no words)\r\n",
     0},
    {"alert without words", "* OK [ALERT]\r\n", "* OK [ALERT] (no words)\r\n", 0},
    {"large modseq", "* OK [HIGHESTMODSEQ 9223372036854775807] x\r\n", NULL, 0},
    {"largest uidnext", "* OK [UIDNEXT 4294967295] x\r\n", NULL, 0},
    {"unknown code", "* OK [X-AT 99999999999 (a)] x\r\n", NULL, 0},
    {"permanent flags", "* OK [PERMANENTFLAGS (\\Seen \\* 99999999999)] x\r\n", NULL, 0},
    {"list", "* LIST (\\HasNoChildren) \"/\" \"a \\\" {3} (\"\r\n", NULL, 0},
    {"list with literal", "* LIST () \"/\" {4}\r\na\r\nb\r\n", NULL, 0},
    {"list with empty literal", "* LIST () NIL {0}\r\n\r\n", NULL, 0},
    {"list with NUL", "* LIST () NIL {3}\r\na\0b\r\n", "* LIST () NIL {3}\r\na\nb\r\n", 0},
    {"a mailbox like a number", "* LIST () \".\" 4917012345678\r\n", NULL, 0},
    {"a mailbox in brackets", "* LIST () \"/\" [Gmail]/Sent\r\n", NULL, 0},
    {"lone backslash", "* LIST () \"\\a\" INBOX\r\n", NULL, 0},
    {"exists", "* 4294967295 EXISTS\r\n", NULL, 0},
    {"lower case", "* 3 exists\r\n", NULL, 0},
    {"blank lines are dropped", "\r\n\r\n* 1 EXISTS\r\n\r\n", "* 1 EXISTS\r\n", 0},
    {"unknown replies are dropped", "* XFOO ((a \"b\" {3}\r\n*(\")) x\r\n* 1 RECENT\r\n",
     "* 1 RECENT\r\n", 0},
    {"VANISHED ends here", "* VANISHED 1:9,3\r\n* VANISHED (EARLIER) 4294967295:1\r\n1 OK x\r\n",
     "1 OK x\r\n", 0},
    {"flags for the taker end here", "* 1 FETCH (UID 1 FLAGS (\\Seen))\r\n1 OK x\r\n", "1 OK x\r\n",
     SCAN_CHANGES},
    {"the tagged line alone", "* LIST () NIL {6}\r\n1 OK x\r\n* OK [UNSEEN 1] x\r\n1 NO y\r\n",
     "1 NO y\r\n", SCAN_QUIET},
    {"LSUB, STATUS and the like are dropped",
     "* STATUS a (UIDNEXT 99999999999)\r\n* ESEARCH (TAG \"1\") UID\r\n"
     "* OKAY (x {1}\r\ny)\r\n* 5 FOO bar\r\n1 OK x\r\n",
     "1 OK x\r\n", 0},
    {"flags of a message", "* 1 FETCH (FLAGS (\\Seen $Junk a]b) UID 4294967295)\r\n", NULL, 0},
    {"modseq", "* 1 FETCH (UID 1 MODSEQ (9223372036854775807))\r\n", NULL, 0},
    {"date", "* 1 FETCH (INTERNALDATE \"17-Jul-1996 02:44:25 -0700\" UID 2)\r\n", NULL, 0},
    {"blank before the end", "* 1 FETCH (UID 2 )\r\n", NULL, 0},
    {"body", BODY_LITERAL, NULL, SCAN_BODIES},
    {"body in quotes", "* 1 FETCH (BODY[] \"((((\\\"\" UID 7)\r\n", NULL, SCAN_BODIES},
    {"no body", "* 1 FETCH (BODY[] NIL UID 7)\r\n", NULL, SCAN_BODIES},
    {"empty body", "* 1 FETCH (BODY[] {0}\r\n UID 7)\r\n", NULL, SCAN_BODIES},
    {"search unasked", "* SEARCH 1 2 4294967295\r\n", "* SEARCH \r\n", 0},
    {"empty search", "* SEARCH\r\n", NULL, SCAN_SEARCH},
    {"one continuation", "+ go\r\n1 OK x\r\n", NULL, SCAN_CONTINUE},
    {"bare continuation", "+\r\n", NULL, SCAN_CONTINUE},
};

static gsize wire_size(const PassCase *one)
{
    return strcmp(one->name, "list with NUL") == 0 ? sizeof("* LIST () NIL {3}\r\na\0b\r\n") - 1
                                                   : strlen(one->wire);
}

static void p8_90_what_a_server_may_say_passes_wherever_it_is_cut(void **state)
{
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(passing); i++) {
        const PassCase *one = &passing[i];
        const char *wanted = one->passed ? one->passed : one->wire;
        for (gsize piece = 1; piece <= wire_size(one); piece++) {
            g_autoptr(GError) error = NULL;
            g_autofree char *passed =
                scan(one->wire, wire_size(one), piece, one->expects, NULL, &error);
            if (passed == NULL)
                fail_msg("%s: %s", one->name, error->message);
            if (strcmp(passed, wanted) != 0)
                fail_msg("%s: \"%s\" instead of \"%s\"", one->name, passed, wanted);
        }
    }
}

typedef struct {
    const char *name, *wire, *rule;
    guint expects;
} RefusedCase;

static const RefusedCase refusing[] = {
    {"http", "HTTP/1.1 400 Bad Request\r\n", "server.protocol", 0},
    {"no tag", "!x OK\r\n", "server.protocol", 0},
    {"blank first", " * OK x\r\n", "server.protocol", 0},
    {"no blank after star", "*OK x\r\n", "server.protocol", 0},
    {"two blanks", "*  OK x\r\n", "server.protocol", 0},
    {"negative number", "* -1 EXISTS\r\n", "server.protocol", 0},
    {"number alone", "* 1\r\n", "server.protocol", 0},
    {"two numbers", "* 1 2 FETCH (UID 1)\r\n", "server.protocol", 0},
    {"tagged data", "1 LIST () NIL a\r\n", "server.protocol", 0},
    {"tagged bye", "1 BYE x\r\n", "server.protocol", 0},
    {"bare LF", "* OK x\n", "server.protocol", 0},
    {"bare CR", "* OK x\ry\r\n", "server.protocol", 0},
    {"plus unasked", "+ go\r\n", "server.protocol", 0},
    {"plus twice", "+ go\r\n+ go\r\n", "server.protocol", SCAN_CONTINUE},
    {"plus without blank", "+go\r\n", "server.protocol", SCAN_CONTINUE},
    {"badcharset", "1 NO [BADCHARSET (a)] x\r\n", "server.protocol", 0},
    {"literal in code", "1 NO [X {3}\r\nabc] x\r\n", "server.protocol", 0},
    {"literal in code on its line", "1 NO [X {3}abc] x\r\n", "server.protocol", 0},
    {"open code", "1 NO [X \r\n", "server.protocol", 0},
    {"uidnext over", "* OK [UIDNEXT 4294967296] x\r\n", "server.limit", 0},
    {"uidvalidity over", "* OK [UIDVALIDITY 4294967297] x\r\n", "server.limit", 0},
    {"modseq over", "* OK [HIGHESTMODSEQ 9223372036854775808] x\r\n", "server.limit", 0},
    {"exists over", "* 4294967296 EXISTS\r\n", "server.limit", 0},
    {"endless zeros", "* 0000000000000000000000000000000000000 EXISTS\r\n", "server.limit", 0},
    {"uid over", "* 1 FETCH (UID 4294967297)\r\n", "server.limit", 0},
    {"search over", "* SEARCH 4294967296\r\n", "server.limit", SCAN_SEARCH},
    {"search with words", "* SEARCH 1 a\r\n", "server.protocol", SCAN_SEARCH},
    {"search negative", "* SEARCH -1\r\n", "server.protocol", SCAN_SEARCH},
    {"literal of 4 GB", "* LIST () NIL {4294967295}\r\n", "server.limit", 0},
    {"literal of -1", "* LIST () NIL {-1}\r\n", "server.protocol", 0},
    {"literal without size", "* LIST () NIL {}\r\n", "server.protocol", 0},
    {"literal plus", "* LIST () NIL {3+}\r\nabc\r\n", "server.protocol", 0},
    {"literal8", "* LIST () NIL ~{3}\r\nabc\r\n", "server.protocol", 0},
    {"literal on its line", "* LIST () NIL {3}abc\r\n", "server.protocol", 0},
    {"literal in a word", "* LIST () NIL a{3}\r\nabc\r\n", "server.protocol", 0},
    {"word after literal", "* LIST () {1}\r\n/x a\r\n", "server.protocol", 0},
    {"quote in a word", "* LIST () NIL a\"b\"\r\n", "server.protocol", 0},
    {"word after quote", "* LIST () NIL \"b\"a\r\n", "server.protocol", 0},
    {"string over the line", "* LIST () NIL \"b\r\na\"\r\n", "server.protocol", 0},
    {"line in quotes after backslash", "* LIST () NIL \"\\\r\n\"\r\n", "server.protocol", 0},
    {"bodystructure", "* 1 FETCH (BODYSTRUCTURE (\"a\"))\r\n", "server.protocol", SCAN_BODIES},
    {"envelope", "* 1 FETCH (ENVELOPE (\"a\"))\r\n", "server.protocol", SCAN_BODIES},
    {"RFC822", "* 1 FETCH (RFC822 {1}\r\na)\r\n", "server.protocol", SCAN_BODIES},
    {"part", "* 1 FETCH (BODY[]<0> {1}\r\na)\r\n", "server.protocol", SCAN_BODIES},
    {"header", "* 1 FETCH (BODY[HEADER.FIELDS (BODY[] {2000000000}\r\n", "server.protocol",
     SCAN_BODIES},
    {"body unasked", "* 1 FETCH (BODY[] {1}\r\na)\r\n", "server.protocol", 0},
    {"two bodies", "* 1 FETCH (BODY[] {1}\r\na BODY[] {1}\r\nb UID 1)\r\n", "server.protocol",
     SCAN_BODIES},
    {"body over", "* 1 FETCH (BODY[] {4294967296}\r\n", "server.limit", SCAN_BODIES},
    {"words as body", "* 1 FETCH (BODY[] abc)\r\n", "server.protocol", SCAN_BODIES},
    {"NIL after a string", "* 1 FETCH (BODY[] \"a\"NIL UID 1)\r\n", "server.protocol", SCAN_BODIES},
    {"words as UID", "* 1 FETCH (UID abc)\r\n", "server.protocol", 0},
    {"UID runs on", "* 1 FETCH (UID 5FLAGS ())\r\n", "server.protocol", 0},
    {"UID in quotes", "* 1 FETCH (UID \"5\")\r\n", "server.protocol", 0},
    {"UID in a literal", "* 1 FETCH (UID {1}\r\n5)\r\n", "server.protocol", 0},
    {"nested flags", "* 1 FETCH (FLAGS ((a)))\r\n", "server.protocol", 0},
    {"string in flags", "* 1 FETCH (FLAGS (\"a\"))\r\n", "server.protocol", 0},
    {"modseq of words", "* 1 FETCH (MODSEQ (a))\r\n", "server.protocol", 0},
    {"modseq over in FETCH", "* 1 FETCH (MODSEQ (9223372036854775808))\r\n", "server.limit", 0},
    {"item without value", "* 1 FETCH (UID)\r\n", "server.protocol", 0},
    {"open FETCH", "* 1 FETCH (UID 5\r\n", "server.protocol", 0},
    {"more after FETCH", "* 1 FETCH (UID 5) (UID 6)\r\n", "server.protocol", 0},
    {"FETCH without list", "* 1 FETCH\r\n", "server.protocol", 0},
};

static void p8_90_what_breaks_the_grammar_is_refused_wherever_it_is_cut(void **state)
{
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(refusing); i++) {
        const RefusedCase *one = &refusing[i];
        gsize size = strlen(one->wire);
        for (gsize piece = 1; piece <= size; piece++) {
            g_autoptr(GError) error = NULL;
            g_autofree char *passed = scan(one->wire, size, piece, one->expects, NULL, &error);
            if (passed)
                fail_msg("%s passed as \"%s\"", one->name, passed);
            if (postern_exit_code(error) != 76 ||
                g_strcmp0(postern_error_rule(error), one->rule) != 0)
                fail_msg("%s: %s: %s", one->name, postern_error_rule(error), error->message);
        }
    }
}

static void p8_90_a_nul_outside_a_literal_is_refused(void **state)
{
    (void)state;
    static const char *const before[] = {"",          "* ",      "* OK ",          "* LIST (",
                                         "* LIST \"", "1",       "1 OK [X ",       "* SEARCH ",
                                         "* 1 FETCH", "* XFOO ", "* 1 FETCH (UID "};
    for (gsize i = 0; i < G_N_ELEMENTS(before); i++) {
        g_autoptr(GError) error = NULL;
        gsize size = strlen(before[i]) + 1;
        g_autofree char *passed = scan(before[i], size, size, SCAN_SEARCH, NULL, &error);
        assert_null(passed);
        assert_string_equal(postern_error_rule(error), "server.protocol");
    }
}

/* START, FILLER again and again up to SIZE bytes of it, END. */
static GString *stretched(const char *start, const char *filler, gsize size, const char *end)
{
    GString *wire = g_string_new(start);
    for (gsize i = 0; i < size; i += strlen(filler))
        g_string_append(wire, filler);
    return g_string_append(wire, end);
}

static void assert_limit(GString *wire, guint expects, gboolean passes, const char *value)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *passed = scan(wire->str, wire->len, 4096, expects, NULL, &error);
    g_string_free(wire, TRUE);
    if (passes && passed == NULL)
        fail_msg("%s", error->message);
    assert_int_equal(passes, passed != NULL);
    if (!passes) {
        assert_string_equal(postern_error_rule(error), "server.limit");
        assert_non_null(strstr(error->message, value));
    }
}

static void p8_90_a_line_ends_at_its_limit(void **state)
{
    (void)state;
    gsize words = strlen("* OK ") + strlen("\r\n");
    assert_limit(stretched("* OK ", "a", LIMIT_LINE - words, "\r\n"), 0, TRUE, NULL);
    assert_limit(stretched("* OK ", "a", LIMIT_LINE - words + 1, "\r\n"), 0, FALSE, "65536");
    assert_limit(stretched("* LIST () NIL \"", "a", LIMIT_LINE, "\"\r\n"), 0, FALSE, "65536");
    assert_limit(stretched("* CAPABILITY ", "A ", LIMIT_LINE, "\r\n"), 0, FALSE, "65536");
    assert_limit(stretched("* XFOO ", "A ", LIMIT_LINE, "\r\n"), 0, FALSE, "65536");
    assert_limit(stretched("a", "", 0, ""), 0, TRUE, NULL);
}

static void p8_90_a_search_reply_may_be_longer_but_ends_too(void **state)
{
    (void)state;
    assert_limit(stretched("* SEARCH", " 1234567", LIMIT_SEARCH_LINE - 20, "\r\n"), SCAN_SEARCH,
                 TRUE, NULL);
    assert_limit(stretched("* SEARCH", " 1234567", LIMIT_SEARCH_LINE, "\r\n"), SCAN_SEARCH, FALSE,
                 "8388608");
}

static void p8_90_brackets_nest_to_their_limit(void **state)
{
    (void)state;
    assert_limit(stretched("* LIST ", "(", LIMIT_DEPTH, "\r\n"), 0, TRUE, NULL);
    assert_limit(stretched("* LIST ", "(", LIMIT_DEPTH + 1, "\r\n"), 0, FALSE, "64");
    assert_limit(stretched("* FLAGS ", "[", 20480, "\r\n"), 0, FALSE, "64");
    assert_limit(stretched("* XFOO ", "(", 20480, "\r\n"), 0, FALSE, "64");
    assert_limit(stretched("* OK [X ", "(", LIMIT_DEPTH + 1, "] x\r\n"), 0, FALSE, "64");
    assert_limit(stretched("* LIST ", "()", 20480, "\r\n"), 0, TRUE, NULL);
}

static void p8_90_a_reply_ends_at_its_limits(void **state)
{
    (void)state;
    assert_limit(stretched("", "* 1 EXISTS\r\n", LIMIT_UNTAGGED * 12, ""), 0, TRUE, NULL);
    assert_limit(stretched("", "* 1 EXISTS\r\n", LIMIT_UNTAGGED * 12 + 1, ""), 0, FALSE, "20000");
    assert_limit(stretched("", "\r\n", LIMIT_UNTAGGED * 2 + 1, ""), 0, FALSE, "20000");
    g_autoptr(GString) literal =
        stretched("* LIST () NIL {1048576}\r\n", "a", LIMIT_LITERAL, "\r\n");
    GString *cut = stretched("", literal->str, LIMIT_REPLY, "");
    assert_limit(g_string_truncate(cut, cut->len - 2), 0, FALSE, "16777216");
    assert_limit(stretched("* LIST () NIL {1048577}", "", 0, "\r\n"), 0, FALSE, "1048576");
}

static void p8_bodies_do_not_count_as_reply(void **state)
{
    (void)state;
    g_autoptr(GuardScan) scanner = guard_scan_new();
    g_autoptr(GByteArray) out = g_byte_array_new();
    g_autofree guint8 *megabyte = g_malloc0(1 << 20);
    g_autoptr(GError) error = NULL;
    static const char head[] = "* 1 FETCH (UID 1 BODY[] {104857600}\r\n";
    guard_scan_command(scanner, SCAN_BODIES);
    assert_true(guard_scan_feed(scanner, (const guint8 *)head, sizeof head - 1, out, &error));
    for (guint i = 0; i < 100; i++) {
        g_byte_array_set_size(out, 0);
        assert_true(guard_scan_feed(scanner, megabyte, 1 << 20, out, &error));
        assert_int_equal(out->len, 1 << 20);
    }
    assert_int_equal(guard_scan_body_bytes(scanner), 104857600);
    g_byte_array_set_size(out, 0);
    assert_true(guard_scan_feed(scanner, (const guint8 *)")\r\n1 OK x\r\n", 11, out, &error));
    assert_memory_equal(out->data, ")\r\n1 OK x\r\n", 11);
}

static void p6_search_numbers_are_collected_as_they_came(void **state)
{
    (void)state;
    static const char wire[] = "* SEARCH 3 1 4294967295\r\n* SEARCH\r\n* SEARCH 2\r\n1 OK x\r\n";
    static const guint32 wanted[] = {3, 1, 4294967295u, 2};
    for (gsize piece = 1; piece < sizeof wire; piece++) {
        GArray *found = NULL;
        g_autofree char *passed = scan(wire, sizeof wire - 1, piece, SCAN_SEARCH, &found, NULL);
        assert_string_equal(passed, "* SEARCH \r\n* SEARCH\r\n* SEARCH \r\n1 OK x\r\n");
        assert_int_equal(found->len, G_N_ELEMENTS(wanted));
        assert_memory_equal(found->data, wanted, sizeof wanted);
        g_array_unref(found);
    }
}

static void p1_11_the_first_alert_is_kept_until_it_is_asked_for(void **state)
{
    (void)state;
    static const char wire[] = "* OK [ALERT] one\r\n* OK [ALERT] two\r\n* OK [UIDNEXT 5] three\r\n"
                               "* OK ALERT four\r\n";
    for (gsize piece = 1; piece < sizeof wire; piece++) {
        g_autoptr(GuardScan) scan = guard_scan_new();
        g_autoptr(GByteArray) out = g_byte_array_new();
        guard_scan_command(scan, SCAN_NOTHING);
        assert_null(guard_scan_alert(scan));
        for (gsize at = 0; at < sizeof wire - 1; at += piece)
            assert_true(guard_scan_feed(scan, (const guint8 *)wire + at,
                                        MIN(piece, sizeof wire - 1 - at), out, NULL));
        assert_string_equal(guard_scan_alert(scan), "one");
        assert_null(guard_scan_alert(scan));
    }
    g_autoptr(GuardScan) scan = guard_scan_new();
    g_autoptr(GByteArray) out = g_byte_array_new();
    g_autofree char *words = g_strnfill(3000, 'x');
    g_autofree char *line = g_strdup_printf("* NO [ALERT] %s\r\n* OK [ALERT]\r\n", words);
    guard_scan_command(scan, SCAN_NOTHING);
    assert_true(guard_scan_feed(scan, (const guint8 *)line, strlen(line), out, NULL));
    assert_in_range(strlen(guard_scan_alert(scan)), 300, SCAN_WORDS);
}

static void p10_109_the_servers_words_are_kept(void **state)
{
    (void)state;
    static const char wire[] = "* OK ignored\r\n* BYE [UNAVAILABLE] later\r\n7 NO [INUSE] busy\r\n";
    g_autoptr(GuardScan) scanner = guard_scan_new();
    g_autoptr(GByteArray) out = g_byte_array_new();
    assert_true(guard_scan_feed(scanner, (const guint8 *)wire, sizeof wire - 1, out, NULL));
    assert_int_equal(guard_scan_status(scanner)->said, SAID_NO);
    assert_string_equal(guard_scan_status(scanner)->words, "[INUSE] busy");
    assert_int_equal(guard_scan_bye(scanner)->said, SAID_BYE);
    assert_string_equal(guard_scan_bye(scanner)->words, "[UNAVAILABLE] later");
    g_autoptr(GString) length = stretched("8 OK ", "a", 2000, "\r\n");
    assert_true(guard_scan_feed(scanner, (const guint8 *)length->str, length->len, out, NULL));
    assert_int_equal(strlen(guard_scan_status(scanner)->words), SCAN_WORDS);
    guard_scan_command(scanner, SCAN_NOTHING);
    assert_int_equal(guard_scan_status(scanner)->said, SAID_NOTHING);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(p8_90_what_a_server_may_say_passes_wherever_it_is_cut),
        cmocka_unit_test(p8_90_what_breaks_the_grammar_is_refused_wherever_it_is_cut),
        cmocka_unit_test(p8_90_a_nul_outside_a_literal_is_refused),
        cmocka_unit_test(p8_90_a_line_ends_at_its_limit),
        cmocka_unit_test(p8_90_a_search_reply_may_be_longer_but_ends_too),
        cmocka_unit_test(p8_90_brackets_nest_to_their_limit),
        cmocka_unit_test(p8_90_a_reply_ends_at_its_limits),
        cmocka_unit_test(p8_bodies_do_not_count_as_reply),
        cmocka_unit_test(p6_search_numbers_are_collected_as_they_came),
        cmocka_unit_test(p1_11_the_first_alert_is_kept_until_it_is_asked_for),
        cmocka_unit_test(p10_109_the_servers_words_are_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
