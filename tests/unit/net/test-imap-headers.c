/* P8: headers alone, and nothing else in their place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "core/error.h"
#include "tests/unit/net/imap-talk.h"

#define ASKED "UID FETCH 1:9 (UID FLAGS INTERNALDATE BODY.PEEK[HEADER])\r\n"

static const NumberRange asked = {1, 9};

static char *given(gboolean headers, const char *wanted, const char *reply, GError **error)
{
    g_autofree char *expected = g_strconcat("5 ", wanted, NULL);
    g_autofree char *answer = g_strconcat(reply, "5 OK done\r\n", NULL);
    const PeerStep steps[] = {
        PEER_EXPECT("4 EXAMINE INBOX\r\n"),
        PEER_SEND("* FLAGS (\\Seen)\r\n* 3 EXISTS\r\n* 0 RECENT\r\n* OK [UIDVALIDITY 77] x\r\n"
                  "* OK [UIDNEXT 10] x\r\n4 OK [READ-ONLY] open\r\n"),
        PEER_EXPECT(expected), PEER_SEND_BYTES(answer, strlen(answer)), PEER_WAIT()};
    Talk talk;
    Selected selected;
    talk_begin(&talk, steps, G_N_ELEMENTS(steps));
    assert_true(talk.fetcher->select(talk.fetcher, "INBOX", NULL, NULL, &selected, NULL));
    const MessageTaker taker = talk_taker(&talk);
    Fetcher *fetcher = talk.fetcher;
    gboolean fine = headers ? fetcher->headers(fetcher, &asked, 1, &taker, error)
                            : fetcher->get(fetcher, &asked, 1, &taker, error);
    char *taken = fine ? g_strdup(talk.taken->str) : NULL;
    g_free(talk_end(&talk, NULL));
    return taken;
}

static void headers_are_given_as_messages_are(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    g_autofree char *taken =
        given(TRUE, ASKED,
              "* 1 FETCH (UID 3 FLAGS (\\Seen) BODY[HEADER] {8}\r\nA: b\r\n\r\n)\r\n"
              "* 2 FETCH (BODY[HEADER] {2}\r\n\r\n UID 4)\r\n",
              &error);
    if (taken == NULL)
        fail_msg("%s", error->message);
    assert_non_null(strstr(taken, "A: b\r\n\r\n"));
}

static void p8_90_what_was_not_asked_for_is_refused(void **state)
{
    (void)state;
    static const struct {
        gboolean headers;
        const char *reply;
    } cases[] = {
        {TRUE, "* 1 FETCH (UID 3 BODY[] {1}\r\nx)\r\n"},
        {TRUE, "* 1 FETCH (UID 3 BODY[HEADER.FIELDS (A)] {1}\r\nx)\r\n"},
        {TRUE, "* 1 FETCH (UID 3 BODY[HEADER]<0> {1}\r\nx)\r\n"},
        {TRUE, "* 1 FETCH (UID 3 BODY[1] {1}\r\nx)\r\n"},
        {TRUE, "* 1 FETCH (UID 3 BODY[HEADER] {1}\r\nx BODY[HEADER] {1}\r\nx)\r\n"},
        {TRUE, "* 1 FETCH (UID 10 BODY[HEADER] {1}\r\nx)\r\n"},
        {FALSE, "* 1 FETCH (UID 3 BODY[HEADER] {1}\r\nx)\r\n"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        const char *wanted =
            cases[i].headers ? ASKED : "UID FETCH 1:9 (UID FLAGS INTERNALDATE BODY.PEEK[])\r\n";
        g_autofree char *taken = given(cases[i].headers, wanted, cases[i].reply, &error);
        if (taken)
            fail_msg("taken: %s", cases[i].reply);
        assert_fault(error, 76, "server.protocol");
        assert_non_null(strstr(error->message, "not asked for"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(headers_are_given_as_messages_are),
        cmocka_unit_test(p8_90_what_was_not_asked_for_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
