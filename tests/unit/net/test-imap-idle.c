/* IDLE (RFC 2177) against a server that keeps to it, and against those that do not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>
#include <unistd.h>

#include "core/error.h"
#include "core/limits.h"
#include "tests/unit/net/fast-clock.h"
#include "tests/unit/net/imap-talk.h"

#define LOGIN(capabilities)                                                                        \
    PEER_TLS(), PEER_SEND("* OK [CAPABILITY IMAP4rev1] ready\r\n"),                                \
        PEER_EXPECT("1 CAPABILITY\r\n"),                                                           \
        PEER_SEND("* CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR\r\n1 OK done\r\n"),                   \
        PEER_EXPECT("2 AUTHENTICATE PLAIN "), PEER_SEND("2 OK in\r\n"),                            \
        PEER_EXPECT("3 CAPABILITY\r\n"),                                                           \
        PEER_SEND("* CAPABILITY IMAP4rev1 " capabilities "\r\n3 OK done\r\n"),                     \
        PEER_EXPECT("4 EXAMINE INBOX\r\n"),                                                        \
        PEER_SEND("* 3 EXISTS\r\n* OK [UIDVALIDITY 77] x\r\n* OK [UIDNEXT 10] x\r\n"               \
                  "4 OK [READ-ONLY] open\r\n")
#define IDLE "idle1 IDLE\r\n"

typedef struct {
    Talk talk;
    int ends[2];    /* what wakes it */
    gboolean wakes; /* the first news does */
    guint news;
} Watch;

static void note_news(gpointer user)
{
    Watch *watch = user;
    watch->news++;
    if (watch->wakes)
        assert_int_equal(write(watch->ends[1], "w", 1), 1);
}

/* Plays STEPS from the first byte and idles once the mailbox is open. */
static gboolean idle_with(Watch *watch, const PeerStep *steps, gsize n, GError **error)
{
    Selected selected;
    g_autoptr(GError) failure = NULL;
    *watch = (Watch){.wakes = watch->wakes};
    assert_int_equal(pipe(watch->ends), 0);
    talk_raw(&watch->talk, steps, n, &failure);
    assert_null(failure);
    Fetcher *fetcher = watch->talk.fetcher;
    assert_true(fetcher->select(fetcher, "INBOX", NULL, NULL, &selected, NULL));
    return fetcher->idle(fetcher, watch->ends[0], note_news, watch, error);
}

static void over(Watch *watch, gboolean *whole)
{
    g_free(talk_end(&watch->talk, whole));
    close(watch->ends[0]);
    close(watch->ends[1]);
}

static void news_are_told_once_and_a_call_ends_it(void **state)
{
    (void)state;
    static const PeerStep steps[] = {
        LOGIN("IDLE"),
        PEER_EXPECT(IDLE),
        PEER_SEND("+ idling\r\n* OK Still here\r\n* 4 EXISTS\r\n* 5 EXISTS\r\n* 1 RECENT\r\n"),
        PEER_EXPECT("DONE\r\n"),
        PEER_SEND("* 5 FETCH (FLAGS (\\Seen))\r\nidle1 OK done\r\n"),
        PEER_EXPECT("5 EXAMINE INBOX\r\n"),
        PEER_SEND("* 5 EXISTS\r\n* OK [UIDVALIDITY 77] x\r\n* OK [UIDNEXT 10] x\r\n5 OK open\r\n"),
    };
    Watch watch = {.wakes = TRUE};
    Selected selected;
    g_autoptr(GError) error = NULL;
    gboolean whole;
    assert_true(idle_with(&watch, steps, G_N_ELEMENTS(steps), &error));
    assert_int_equal(watch.news, 1);
    Fetcher *fetcher = watch.talk.fetcher;
    assert_true(fetcher->select(fetcher, "INBOX", NULL, NULL, &selected, NULL));
    assert_int_equal(selected.exists, 5);
    over(&watch, &whole);
    assert_true(whole);
}

static void news_count_before_the_server_is_ready(void **state)
{
    (void)state;
    static const char *const lines[] = {"* 4 EXISTS\r\n", "* 2 EXPUNGE\r\n", "* VANISHED 5:7\r\n",
                                        "* 2 FETCH (FLAGS (\\Seen))\r\n"};
    for (gsize i = 0; i < G_N_ELEMENTS(lines); i++) {
        const PeerStep steps[] = {
            LOGIN("IDLE"),
            PEER_EXPECT(IDLE),
            PEER_SEND_BYTES(lines[i], strlen(lines[i])),
            PEER_PAUSE(),
            PEER_SEND("+ now\r\n"),
            PEER_EXPECT("DONE\r\n"),
            PEER_SEND("idle1 OK\r\n"),
        };
        Watch watch = {.wakes = TRUE};
        gboolean whole;
        assert_true(idle_with(&watch, steps, G_N_ELEMENTS(steps), NULL));
        assert_int_equal(watch.news, 1);
        over(&watch, &whole);
        assert_true(whole);
    }
}

static void what_keeps_a_connection_alive_is_no_news(void **state)
{
    (void)state;
    static const PeerStep steps[] = {
        LOGIN("IDLE"),
        PEER_EXPECT(IDLE),
        PEER_SEND("+\r\n* OK Still here\r\n* 0 RECENT\r\n* 3 EXISTS"),
        PEER_WAIT(),
    };
    Watch watch = {.wakes = TRUE};
    g_autoptr(GError) error = NULL;
    clock_run_fast(TRUE);
    assert_false(idle_with(&watch, steps, G_N_ELEMENTS(steps), &error));
    clock_run_fast(FALSE);
    assert_int_equal(watch.news, 0);
    over(&watch, NULL);
}

static void it_is_said_anew_before_ten_minutes_are_over(void **state)
{
    (void)state;
    static const PeerStep steps[] = {
        LOGIN("IDLE"),
        PEER_EXPECT(IDLE),
        PEER_SEND("+ idling\r\n"),
        PEER_EXPECT("DONE\r\n"),
        PEER_SEND("idle1 OK done\r\n"),
        PEER_EXPECT("idle2 IDLE\r\n"),
        PEER_SEND("+ idling\r\n* 4 EXISTS\r\n"),
        PEER_EXPECT("DONE\r\n"),
        PEER_SEND("idle2 OK done\r\n"),
    };
    Watch watch = {.wakes = TRUE};
    gboolean whole;
    clock_run_fast(TRUE);
    assert_true(idle_with(&watch, steps, G_N_ELEMENTS(steps), NULL));
    assert_in_range(clock_skipped_ms(), 9 * 60000, 10 * 60000);
    clock_run_fast(FALSE);
    assert_int_equal(watch.news, 1);
    over(&watch, &whole);
    assert_true(whole);
}

static void p6_65_a_peer_that_is_gone_is_found_when_it_is_said_anew(void **state)
{
    (void)state;
    static const PeerStep steps[] = {LOGIN("IDLE"), PEER_EXPECT(IDLE), PEER_SEND("+ idling\r\n"),
                                     PEER_WAIT()};
    Watch watch = {0};
    g_autoptr(GError) error = NULL;
    clock_run_fast(TRUE);
    assert_false(idle_with(&watch, steps, G_N_ELEMENTS(steps), &error));
    assert_in_range(clock_skipped_ms(), LIMIT_IDLE_MS, LIMIT_IDLE_MS + LIMIT_READ_MS + 2000);
    clock_run_fast(FALSE);
    assert_fault(error, POSTERN_ERROR_TEMPORARY, "server.timeout");
    over(&watch, NULL);
}

static void a_server_that_cannot_is_left_at_once(void **state)
{
    (void)state;
    static const PeerStep without[] = {LOGIN("UIDPLUS"), PEER_WAIT()};
    static const PeerStep refusing[] = {LOGIN("IDLE"), PEER_EXPECT(IDLE),
                                        PEER_SEND("idle1 NO not now\r\n"), PEER_WAIT()};
    Watch watch = {0};
    assert_true(idle_with(&watch, without, G_N_ELEMENTS(without), NULL));
    over(&watch, NULL);
    assert_true(idle_with(&watch, refusing, G_N_ELEMENTS(refusing), NULL));
    over(&watch, NULL);
}

typedef struct {
    PeerStep last;
    int code;
    const char *rule;
} Hostile;

static void p8_a_server_that_does_not_keep_to_it_is_left(void **state)
{
    (void)state;
    static const Hostile cases[] = {
        {PEER_SEND("+ a\r\n* BYE going down\r\n"), POSTERN_ERROR_UNREACHABLE, "server.closed"},
        {PEER_SEND("+ a\r\nrubbish\r\n"), POSTERN_ERROR_PROTOCOL, "server.protocol"},
        {PEER_SEND("+ a\r\n+ b\r\n"), POSTERN_ERROR_PROTOCOL, "server.protocol"},
        {PEER_SEND("+ a\r\n* 99999999999 EXISTS\r\n"), POSTERN_ERROR_PROTOCOL, "server.limit"},
        {PEER_SEND("+ a\r\n* 1 FETCH (BODY[] {3}\r\nabc)\r\n"), POSTERN_ERROR_PROTOCOL,
         "server.protocol"},
        {PEER_FLOOD("* 7 EXISTS\r\n"), POSTERN_ERROR_PROTOCOL, "server.limit"},
        {PEER_FLOOD("\r\n"), POSTERN_ERROR_PROTOCOL, "server.limit"},
        {PEER_WAIT(), POSTERN_ERROR_TEMPORARY, "server.timeout"}, /* never "+" */
        {PEER_CLOSE(), POSTERN_ERROR_UNREACHABLE, "server.closed"},
        {PEER_DROP(), POSTERN_ERROR_PROTOCOL, "tls.truncated"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        const PeerStep steps[] = {LOGIN("IDLE"), PEER_EXPECT(IDLE), cases[i].last, PEER_WAIT()};
        Watch watch = {0};
        g_autoptr(GError) error = NULL;
        clock_run_fast(TRUE);
        assert_false(idle_with(&watch, steps, G_N_ELEMENTS(steps), &error));
        clock_run_fast(FALSE);
        assert_fault(error, cases[i].code, cases[i].rule);
        over(&watch, NULL);
    }
}

/* What libetpan has half read must not be torn off, and what it has not begun is not for it. */
static void a_line_that_began_before_stays_whole(void **state)
{
    (void)state;
    static const PeerStep steps[] = {
        LOGIN("IDLE"),
        PEER_EXPECT("5 EXAMINE INBOX\r\n"),
        PEER_SEND("* 3 EXISTS\r\n* OK [UIDVALIDITY 77] x\r\n* OK [UIDNEXT 10] x\r\n5 OK open\r\n* "
                  "OK half a sen"),
        PEER_EXPECT(IDLE),
        PEER_SEND("tence\r\n+ idling\r\n* 4 EXISTS\r\n"),
        PEER_EXPECT("DONE\r\n"),
        PEER_SEND("idle1 OK done\r\n"),
        PEER_EXPECT("6 EXAMINE INBOX\r\n"),
        PEER_SEND("* 4 EXISTS\r\n* OK [UIDVALIDITY 77] x\r\n* OK [UIDNEXT 10] x\r\n6 OK open\r\n"),
    };
    Watch watch = {.wakes = TRUE};
    Selected selected;
    g_autoptr(GError) error = NULL;
    gboolean whole;
    assert_int_equal(pipe(watch.ends), 0);
    talk_raw(&watch.talk, steps, G_N_ELEMENTS(steps), &error);
    assert_null(error);
    Fetcher *fetcher = watch.talk.fetcher;
    for (int i = 0; i < 2; i++)
        assert_true(fetcher->select(fetcher, "INBOX", NULL, NULL, &selected, NULL));
    assert_true(fetcher->idle(fetcher, watch.ends[0], note_news, &watch, NULL));
    assert_true(fetcher->select(fetcher, "INBOX", NULL, NULL, &selected, NULL));
    assert_int_equal(selected.exists, 4);
    over(&watch, &whole);
    assert_true(whole);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(news_are_told_once_and_a_call_ends_it),
        cmocka_unit_test(news_count_before_the_server_is_ready),
        cmocka_unit_test(what_keeps_a_connection_alive_is_no_news),
        cmocka_unit_test(it_is_said_anew_before_ten_minutes_are_over),
        cmocka_unit_test(p6_65_a_peer_that_is_gone_is_found_when_it_is_said_anew),
        cmocka_unit_test(a_server_that_cannot_is_left_at_once),
        cmocka_unit_test(p8_a_server_that_does_not_keep_to_it_is_left),
        cmocka_unit_test(a_line_that_began_before_stays_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
