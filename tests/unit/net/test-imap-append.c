/* The copy of a letter into a mailbox of its sender: once, and nothing is said inside a literal
 * that the server does not want. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "core/error.h"
#include "tests/unit/net/imap-talk.h"

#define LETTER "Subject: x\r\nMessage-ID: <1@corp.example>\r\n\r\nThe quokka.\r\n"
#define HEARD                                                                                      \
    PEER_EXPECT("Subject: x\r\n"), PEER_EXPECT("Message-ID: <1@corp.example>\r\n"),                \
        PEER_EXPECT("\r\n"), PEER_EXPECT("The quokka.\r\n"), PEER_EXPECT("\r\n")
#define OPENED                                                                                     \
    PEER_EXPECT("4 EXAMINE \"My Sent\"\r\n"),                                                      \
        PEER_SEND("* 3 EXISTS\r\n* OK [UIDVALIDITY 77] x\r\n* OK [UIDNEXT 10] x\r\n"               \
                  "4 OK [READ-ONLY] open\r\n"),                                                    \
        PEER_EXPECT("5 UID SEARCH HEADER Message-ID \"<1@corp.example>\"\r\n")
#define NOT_THERE OPENED, PEER_SEND("* SEARCH\r\n5 OK none\r\n")
#define APPEND "6 APPEND \"My Sent\" (\\Seen) \"13-Feb-2009 23:31:30 +0000\" "

/* What became of it, with a letter of which BYTES come. */
static gboolean file(const char *abilities, const PeerStep *steps, gsize n, const char *id,
                     const char *bytes, char **said, gboolean *whole, GError **error)
{
    Talk talk;
    g_autoptr(GBytes) letter = g_bytes_new_static(bytes, strlen(bytes));
    g_autoptr(Source) source = source_from_bytes(letter);
    talk_begin_able(&talk, abilities, steps, n);
    const Filed filed = {.mailbox = "My Sent",
                         .message_id = id,
                         .date = 1234567890,
                         .size = strlen(LETTER),
                         .letter = source};
    gboolean fine = talk.fetcher->file(talk.fetcher, &filed, error);
    *said = talk_end(&talk, whole);
    return fine;
}

#define FILE(abilities, steps)                                                                     \
    file(abilities, steps, G_N_ELEMENTS(steps), "<1@corp.example>", LETTER, &said, &whole, &error)

static void it_goes_at_once_where_the_server_waits_for_nothing(void **state)
{
    (void)state;
    static const char *const abilities[] = {"LITERAL+", "LITERAL-"};
    static const PeerStep steps[] = {NOT_THERE, PEER_EXPECT(APPEND "{57+}\r\n"), HEARD,
                                     PEER_SEND("6 OK [APPENDUID 77 10] done\r\n")};
    for (gsize i = 0; i < G_N_ELEMENTS(abilities); i++) {
        g_autofree char *said = NULL;
        g_autoptr(GError) error = NULL;
        gboolean whole;
        assert_true(FILE(abilities[i], steps));
        assert_true(whole);
    }
}

static void else_it_waits_for_leave(void **state)
{
    (void)state;
    static const PeerStep steps[] = {
        NOT_THERE,
        PEER_EXPECT(APPEND "{57}\r\n"),
        PEER_SEND("* 4 EXISTS\r\n* OK still here\r\n+ go on\r\n"),
        HEARD,
        PEER_SEND("* 5 EXISTS\r\n6 OK done\r\n"),
    };
    g_autofree char *said = NULL;
    g_autoptr(GError) error = NULL;
    gboolean whole;
    assert_true(FILE("UIDPLUS", steps));
    assert_true(whole);
}

static void p6_62_what_lies_there_is_not_put_there_again(void **state)
{
    (void)state;
    static const PeerStep steps[] = {OPENED, PEER_SEND("* SEARCH 7\r\n5 OK found\r\n")};
    g_autofree char *said = NULL;
    g_autoptr(GError) error = NULL;
    gboolean whole;
    assert_true(FILE("LITERAL+", steps));
    assert_null(strstr(said, "APPEND"));
}

static void p6_62_without_an_answer_to_that_nothing_is_put_there(void **state)
{
    (void)state;
    static const PeerStep steps[] = {OPENED, PEER_SEND("5 NO not now\r\n")};
    g_autofree char *said = NULL;
    g_autoptr(GError) error = NULL;
    gboolean whole;
    assert_false(FILE("LITERAL+", steps));
    assert_fault(error, POSTERN_ERROR_PROTOCOL, "server.refused");
    assert_null(strstr(said, "APPEND"));
}

static void p10_a_no_says_what_mends_it(void **state)
{
    (void)state;
    static const PeerStep full[] = {NOT_THERE, PEER_EXPECT(APPEND "{57}\r\n"),
                                    PEER_SEND("6 NO [OVERQUOTA] full\r\n")};
    static const PeerStep gone[] = {NOT_THERE, PEER_EXPECT(APPEND "{57+}\r\n"), HEARD,
                                    PEER_SEND("6 NO [TRYCREATE] none\r\n")};
    static const PeerStep other[] = {NOT_THERE, PEER_EXPECT(APPEND "{57}\r\n"),
                                     PEER_SEND("6 NO so\r\n")};
    g_autofree char *said = NULL;
    GError *error = NULL;
    gboolean whole;
    assert_false(FILE("UIDPLUS", full));
    assert_fault(error, POSTERN_ERROR_TEMPORARY, "server.full");
    assert_null(strstr(said, "quokka"));
    g_clear_error(&error);
    g_free(g_steal_pointer(&said));
    assert_false(FILE("LITERAL+", gone));
    assert_fault(error, POSTERN_ERROR_POLICY, "server.folder");
    g_clear_error(&error);
    g_free(g_steal_pointer(&said));
    assert_false(FILE("UIDPLUS", other));
    assert_fault(error, POSTERN_ERROR_PROTOCOL, "server.refused");
    g_clear_error(&error);
}

static void an_end_in_between_is_told(void **state)
{
    (void)state;
    static const PeerStep bye[] = {NOT_THERE, PEER_EXPECT(APPEND "{57}\r\n"),
                                   PEER_SEND("* BYE enough\r\n"), PEER_CLOSE()};
    static const PeerStep cut[] = {NOT_THERE, PEER_EXPECT(APPEND "{57+}\r\n"), HEARD, PEER_DROP()};
    static const PeerStep bad[] = {NOT_THERE, PEER_EXPECT(APPEND "{57}\r\n"),
                                   PEER_SEND("6 BAD what?\r\n")};
    g_autofree char *said = NULL;
    GError *error = NULL;
    gboolean whole;
    assert_false(FILE("UIDPLUS", bye));
    assert_fault(error, POSTERN_ERROR_UNREACHABLE, "server.closed");
    g_clear_error(&error);
    g_free(g_steal_pointer(&said));
    assert_false(FILE("LITERAL+", cut));
    assert_non_null(error);
    g_clear_error(&error);
    g_free(g_steal_pointer(&said));
    assert_false(FILE("UIDPLUS", bad));
    assert_fault(error, POSTERN_ERROR_PROTOCOL, "server.protocol");
    g_clear_error(&error);
}

static void a_letter_that_ends_early_ends_the_connection(void **state)
{
    (void)state;
    static const PeerStep steps[] = {NOT_THERE, PEER_EXPECT(APPEND "{57+}\r\n"), PEER_WAIT()};
    g_autofree char *said = NULL;
    g_autoptr(GError) error = NULL;
    gboolean whole;
    assert_false(file("LITERAL+", steps, G_N_ELEMENTS(steps), "<1@corp.example>", "Subject", &said,
                      &whole, &error));
    assert_fault(error, POSTERN_ERROR_BUG, "imap.append");
}

static void p9_99_no_message_id_ends_a_command(void **state)
{
    (void)state;
    static const char *const ids[] = {"", "<1@x>\r\n7 DELETE INBOX", "<\n>", "<caf\xc3\xa9@x>"};
    static const PeerStep steps[] = {
        PEER_EXPECT("4 EXAMINE \"My Sent\"\r\n"),
        PEER_SEND("* 3 EXISTS\r\n* OK [UIDVALIDITY 77] x\r\n* OK [UIDNEXT 10] x\r\n4 OK open\r\n"),
        PEER_WAIT()};
    for (gsize i = 0; i < G_N_ELEMENTS(ids); i++) {
        g_autofree char *said = NULL;
        GError *error = NULL;
        gboolean whole;
        assert_false(
            file("LITERAL+", steps, G_N_ELEMENTS(steps), ids[i], LETTER, &said, &whole, &error));
        assert_fault(error, POSTERN_ERROR_INPUT, "send.value");
        assert_null(strstr(said, "SEARCH"));
        g_clear_error(&error);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_goes_at_once_where_the_server_waits_for_nothing),
        cmocka_unit_test(else_it_waits_for_leave),
        cmocka_unit_test(p6_62_what_lies_there_is_not_put_there_again),
        cmocka_unit_test(p6_62_without_an_answer_to_that_nothing_is_put_there),
        cmocka_unit_test(p10_a_no_says_what_mends_it),
        cmocka_unit_test(an_end_in_between_is_told),
        cmocka_unit_test(a_letter_that_ends_early_ends_the_connection),
        cmocka_unit_test(p9_99_no_message_id_ends_a_command),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
