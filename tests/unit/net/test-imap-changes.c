/* P8 90: the news of a mailbox (RFC 7162), from servers that can, cannot, and mean harm. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>
#include <sys/resource.h>

#include "config.h"
#include "core/error.h"
#include "core/limits.h"
#include "tests/unit/net/imap-talk.h"

#define ABLE "UIDPLUS ENABLE CONDSTORE QRESYNC"
#define ENABLE PEER_EXPECT("4 ENABLE QRESYNC\r\n"), PEER_SEND("* ENABLED QRESYNC\r\n4 OK x\r\n")
#define OPENED "* 9 EXISTS\r\n* OK [UIDVALIDITY 77] x\r\n* OK [UIDNEXT 30] x\r\n"
#define RESYNC PEER_EXPECT("5 EXAMINE INBOX (QRESYNC (77 40 1:9,20))\r\n")

static const NumberRange here[] = {{1, 9}, {20, 20}};
static const Known known = {77, 40, here, G_N_ELEMENTS(here)};

static gboolean open_inbox(Talk *talk, Selected *selected, GError **error)
{
    const ChangeTaker changes = talk_changes(talk);
    return talk->fetcher->select(talk->fetcher, "INBOX", &known, &changes, selected, error);
}

/* What a server says to EXAMINE, what of it is handed on, and whether that is all of it. */
typedef struct {
    const char *name, *reply, *taken;
    gboolean told;
} NewsCase;

static const NewsCase news[] = {
    {"nothing new", OPENED "* OK [HIGHESTMODSEQ 40]\r\n5 OK x\r\n", "", TRUE},
    {"flags and gaps",
     OPENED "* OK [HIGHESTMODSEQ 90] x\r\n* VANISHED (EARLIER) 2,4:6\r\n"
            "* 1 FETCH (UID 1 FLAGS (\\seen $Fwd) MODSEQ (80))\r\n"
            "* 2 FETCH (MODSEQ (81) FLAGS (\\Recent) UID 20)\r\n5 OK x\r\n",
     "-2:2;-4:6;1:\\Seen $Fwd;20:;", TRUE},
    {"UIDs that never were",
     OPENED "* OK [HIGHESTMODSEQ 90]\r\n* VANISHED (EARLIER) 10:19,21:4294967295\r\n5 OK x\r\n", "",
     TRUE},
    {"all UIDs that can be",
     OPENED "* OK [HIGHESTMODSEQ 90]\r\n* VANISHED (EARLIER) 1:4294967295\r\n5 OK x\r\n",
     "-1:9;-20:20;", TRUE},
    {"backwards", OPENED "* OK [HIGHESTMODSEQ 90]\r\n* VANISHED (EARLIER) 12:8\r\n5 OK x\r\n",
     "-8:9;", TRUE},
    {"a message that is not known",
     OPENED "* OK [HIGHESTMODSEQ 90]\r\n* 9 FETCH (UID 29 FLAGS ())\r\n5 OK x\r\n", "", TRUE},
    {"the same message twice",
     OPENED "* OK [HIGHESTMODSEQ 90]\r\n* 1 FETCH (UID 3 FLAGS (a))\r\n"
            "* 1 FETCH (UID 3 FLAGS (b))\r\n5 OK x\r\n",
     "3:a;3:b;", TRUE},
    {"a message without UID",
     OPENED "* OK [HIGHESTMODSEQ 90]\r\n* 1 FETCH (FLAGS (a))\r\n* 1 FETCH (UID 3)\r\n5 OK x\r\n",
     "", TRUE},
    {"what happens just now",
     OPENED "* OK [HIGHESTMODSEQ 90]\r\n* VANISHED 3\r\n* 4 EXPUNGE\r\n5 OK x\r\n", "", TRUE},
    {"no mod-sequences", OPENED "* OK [NOMODSEQ] x\r\n5 OK x\r\n", "", FALSE},
    {"mod-sequences that went back", OPENED "* OK [HIGHESTMODSEQ 39] x\r\n5 OK x\r\n", "", FALSE},
    {"another UIDVALIDITY",
     "* 9 EXISTS\r\n* OK [UIDVALIDITY 78] x\r\n* OK [UIDNEXT 10] x\r\n* OK [HIGHESTMODSEQ 90] x\r\n"
     "* VANISHED (EARLIER) 1:9\r\n* 1 FETCH (UID 1 FLAGS ())\r\n5 OK x\r\n",
     "", FALSE},
    {"news before it is said of what",
     "* VANISHED (EARLIER) 1:9\r\n" OPENED "* OK [HIGHESTMODSEQ 90] x\r\n5 OK x\r\n", "", FALSE},
    {"the largest mod-sequence",
     OPENED "* OK [HIGHESTMODSEQ 9223372036854775807] x\r\n"
            "* 1 FETCH (UID 1 FLAGS () MODSEQ (9223372036854775807))\r\n5 OK x\r\n",
     "1:;", TRUE},
};

static void p6_57_the_news_of_a_mailbox_come_with_its_opening(void **state)
{
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(news); i++) {
        const NewsCase *one = &news[i];
        const PeerStep steps[] = {ENABLE, RESYNC, PEER_SEND_BYTES(one->reply, strlen(one->reply))};
        Talk talk;
        Selected selected;
        gboolean whole;
        g_autoptr(GError) error = NULL;
        talk_begin_able(&talk, ABLE, steps, G_N_ELEMENTS(steps));
        if (!open_inbox(&talk, &selected, &error))
            fail_msg("%s: %s", one->name, error->message);
        if (strcmp(talk.taken->str, one->taken) != 0 || selected.told != one->told)
            fail_msg("%s: \"%s\", told: %d", one->name, talk.taken->str, selected.told);
        g_free(talk_end(&talk, &whole));
        assert_true(whole);
    }
}

typedef struct {
    const char *name, *reply, *rule;
} LieCase;

static const LieCase lies[] = {
    {"UID 0 is gone", "* VANISHED (EARLIER) 0\r\n", "server.protocol"},
    {"a range from 0", "* VANISHED (EARLIER) 0:3\r\n", "server.protocol"},
    {"a UID over", "* VANISHED (EARLIER) 1:4294967296\r\n", "server.limit"},
    {"all of them", "* VANISHED (EARLIER) 1:*\r\n", "server.protocol"},
    {"none of them", "* VANISHED (EARLIER)\r\n", "server.protocol"},
    {"a hole in the set", "* VANISHED (EARLIER) 1,,2\r\n", "server.protocol"},
    {"three ends", "* VANISHED (EARLIER) 1:2:3\r\n", "server.protocol"},
    {"an open end", "* VANISHED (EARLIER) 1:\r\n", "server.protocol"},
    {"later", "* VANISHED (LATER) 1\r\n", "server.protocol"},
    {"an open bracket", "* VANISHED (EARLIER\r\n", "server.protocol"},
    {"a literal", "* VANISHED {1}\r\n1\r\n", "server.protocol"},
    {"mod-sequence 2^63", "* 1 FETCH (UID 1 FLAGS () MODSEQ (9223372036854775808))\r\n",
     "server.limit"},
    {"HIGHESTMODSEQ 2^63", "* OK [HIGHESTMODSEQ 9223372036854775808] x\r\n", "server.limit"},
    {"flags of UID 0", "* 1 FETCH (UID 0 FLAGS ())\r\n", "server.protocol"},
    {"two UIDs", "* 1 FETCH (UID 1 FLAGS () UID 2)\r\n", "server.protocol"},
    {"two lists of flags", "* 1 FETCH (UID 1 FLAGS () FLAGS (a))\r\n", "server.protocol"},
    {"a body", "* 1 FETCH (UID 1 FLAGS () BODY[] {1}\r\na)\r\n", "server.protocol"},
    {"more than was asked for", "+ go\r\n", "server.protocol"},
};

static void p8_90_news_that_cannot_be_are_refused(void **state)
{
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(lies); i++) {
        const LieCase *one = &lies[i];
        const PeerStep steps[] = {ENABLE, RESYNC, PEER_SEND(OPENED),
                                  PEER_SEND_BYTES(one->reply, strlen(one->reply)), PEER_WAIT()};
        Talk talk;
        Selected selected;
        g_autoptr(GError) error = NULL;
        talk_begin_able(&talk, ABLE, steps, G_N_ELEMENTS(steps));
        if (open_inbox(&talk, &selected, &error))
            fail_msg("%s was believed", one->name);
        if (postern_exit_code(error) != 76 || strcmp(postern_error_rule(error), one->rule) != 0)
            fail_msg("%s: %s: %s", one->name, postern_error_rule(error), error->message);
        g_free(talk_end(&talk, NULL));
    }
}

/* ---- servers that say no ---- */

static void select_plainly(const char *abilities, const PeerStep *steps, gsize n)
{
    Talk talk;
    Selected selected;
    gboolean whole;
    g_autoptr(GError) error = NULL;
    talk_begin_able(&talk, abilities, steps, n);
    if (!open_inbox(&talk, &selected, &error))
        fail_msg("%s", error->message);
    assert_false(selected.told);
    assert_int_equal(selected.modseq, 90);
    assert_string_equal(talk.taken->str, "");
    g_autofree char *heard = talk_end(&talk, &whole);
    if (!whole)
        fail_msg("%s", heard);
}

#define PLAIN OPENED "* OK [HIGHESTMODSEQ 90] x\r\n"

static void a_server_that_minds_the_parameter_is_asked_without(void **state)
{
    (void)state;
    static const PeerStep bad[] = {ENABLE, RESYNC, PEER_SEND("5 BAD what?\r\n"),
                                   PEER_EXPECT("6 EXAMINE INBOX\r\n"),
                                   PEER_SEND(PLAIN "6 OK x\r\n")};
    static const PeerStep no[] = {ENABLE, RESYNC, PEER_SEND("5 NO what?\r\n"),
                                  PEER_EXPECT("6 EXAMINE INBOX\r\n"),
                                  PEER_SEND(PLAIN "6 OK x\r\n")};
    select_plainly(ABLE, bad, G_N_ELEMENTS(bad));
    select_plainly(ABLE, no, G_N_ELEMENTS(no));
}

static void a_server_that_does_not_enable_is_asked_without(void **state)
{
    (void)state;
    static const PeerStep bad[] = {PEER_EXPECT("4 ENABLE QRESYNC\r\n"),
                                   PEER_SEND("4 BAD what?\r\n"), PEER_EXPECT("5 EXAMINE INBOX\r\n"),
                                   PEER_SEND(PLAIN "5 OK x\r\n")};
    select_plainly(ABLE, bad, G_N_ELEMENTS(bad));
}

static void a_server_that_cannot_is_not_asked(void **state)
{
    (void)state;
    /* VANISHED and flags that nobody asked for are nobody's news. */
    static const PeerStep steps[] = {
        PEER_EXPECT("4 EXAMINE INBOX\r\n"),
        PEER_SEND(PLAIN "* VANISHED (EARLIER) 1:9\r\n* 1 FETCH (UID 1 FLAGS ())\r\n4 OK x\r\n")};
    select_plainly("CONDSTORE", steps, G_N_ELEMENTS(steps));
}

/* RFC 7162, 3.2.11: until CLOSED, a server speaks of the mailbox before. */
static void second_mailbox(const char *reply, const char *taken, gboolean told)
{
    const PeerStep steps[] = {ENABLE, RESYNC, PEER_SEND(PLAIN "5 OK x\r\n"),
                              PEER_EXPECT("6 EXAMINE INBOX (QRESYNC (77 40 1:9,20))\r\n"),
                              PEER_SEND_BYTES(reply, strlen(reply))};
    Talk talk;
    Selected selected;
    g_autoptr(GError) error = NULL;
    talk_begin_able(&talk, ABLE, steps, G_N_ELEMENTS(steps));
    if (!open_inbox(&talk, &selected, &error) || !open_inbox(&talk, &selected, &error))
        fail_msg("%s", error->message);
    assert_string_equal(talk.taken->str, taken);
    assert_int_equal(selected.told, told);
    g_free(talk_end(&talk, NULL));
}

static void the_news_of_the_mailbox_before_are_not_taken(void **state)
{
    (void)state;
    second_mailbox("* 1 FETCH (UID 1 FLAGS (a))\r\n* OK [CLOSED] x\r\n" PLAIN
                   "* 1 FETCH (UID 1 FLAGS (b))\r\n6 OK x\r\n",
                   "1:b;", TRUE);
    second_mailbox(PLAIN "* 1 FETCH (UID 1 FLAGS (b))\r\n6 OK x\r\n", "", FALSE);
}

static void many_gaps_are_left_to_us(void **state)
{
    (void)state;
    g_autoptr(GArray) gaps = g_array_new(FALSE, FALSE, sizeof(NumberRange));
    for (guint32 uid = 1000001; uid < 1004001; uid += 2) {
        NumberRange one = {uid, uid};
        g_array_append_val(gaps, one);
    }
    const Known many = {77, 40, (const NumberRange *)(void *)gaps->data, gaps->len};
    static const PeerStep steps[] = {
        ENABLE, PEER_EXPECT("5 EXAMINE \"a \\\"b\\\\\" (QRESYNC (77 40))\r\n"),
        PEER_SEND(PLAIN "* VANISHED (EARLIER) 1:1000003\r\n5 OK x\r\n")};
    Talk talk;
    Selected selected;
    gboolean whole;
    g_autoptr(GError) error = NULL;
    talk_begin_able(&talk, ABLE, steps, G_N_ELEMENTS(steps));
    const ChangeTaker changes = talk_changes(&talk);
    if (!talk.fetcher->select(talk.fetcher, "a \"b\\", &many, &changes, &selected, &error))
        fail_msg("%s", error->message);
    assert_true(selected.told);
    assert_string_equal(talk.taken->str, "-1000001:1000001;-1000003:1000003;");
    g_free(talk_end(&talk, &whole));
    assert_true(whole);
}

/* ---- in front of the list ---- */

#define LISTED "* LIST () \"/\" b\r\n"

/* The commands go out together, whatever is said to the first ones; SEARCH comes behind. */
static void list_behind(const char *abilities, const PeerStep *steps, gsize n, gboolean opened,
                        gboolean told, const char *taken)
{
    Talk talk;
    g_autoptr(GError) error = NULL;
    talk_begin_able(&talk, abilities, steps, n);
    const ChangeTaker changes = talk_changes(&talk);
    Opening first = {"INBOX", &known, &changes, FALSE, {0}};
    if (!talk.fetcher->mailboxes(talk.fetcher, &first, talk_mailbox, &talk, &error))
        fail_msg("%s", error->message);
    assert_int_equal(first.opened, opened);
    assert_int_equal(first.selected.told, told);
    assert_int_equal(first.selected.uidnext, opened ? 30 : 0);
    assert_string_equal(talk.taken->str, taken);
    gboolean whole;
    g_free(talk_end(&talk, &whole));
    assert_true(whole);
}

#define TOGETHER                                                                                   \
    PEER_EXPECT("4 ENABLE QRESYNC\r\n"),                                                           \
        PEER_EXPECT("5 EXAMINE INBOX (QRESYNC (77 40 1:9,20))\r\n"),                               \
        PEER_EXPECT("6 NAMESPACE\r\n"), PEER_EXPECT("7 LIST \"\" \"*\"\r\n")

static void p6_57_the_news_come_in_the_same_breath_as_the_list(void **state)
{
    (void)state;
    static const PeerStep steps[] = {
        TOGETHER,
        PEER_SEND("* ENABLED QRESYNC\r\n4 OK x\r\n" OPENED
                  "* OK [HIGHESTMODSEQ 90] x\r\n* VANISHED (EARLIER) 2\r\n"
                  "* 1 FETCH (UID 1 FLAGS (a))\r\n5 OK x\r\n6 OK x\r\n" LISTED "7 OK x\r\n")};
    list_behind(ABLE " NAMESPACE", steps, G_N_ELEMENTS(steps), TRUE, TRUE, "-2:2;1:a;b|b|yes\n");
}

static void a_no_to_the_mailbox_in_front_is_none_to_the_list(void **state)
{
    (void)state;
    static const char *const replies[] = {
        "* ENABLED QRESYNC\r\n4 OK x\r\n5 NO x\r\n",
        "4 BAD x\r\n5 BAD x\r\n",
    };
    for (gsize i = 0; i < G_N_ELEMENTS(replies); i++) {
        const PeerStep steps[] = {TOGETHER, PEER_SEND_BYTES(replies[i], strlen(replies[i])),
                                  PEER_SEND("6 OK x\r\n" LISTED "7 OK x\r\n")};
        list_behind(ABLE " NAMESPACE", steps, G_N_ELEMENTS(steps), FALSE, FALSE, "b|b|yes\n");
    }
}

/* It says OK to what it was not able to do. */
static void p6_57_without_qresync_not_all_was_told(void **state)
{
    (void)state;
    static const PeerStep steps[] = {TOGETHER, PEER_SEND("4 NO x\r\n" OPENED
                                                         "* OK [HIGHESTMODSEQ 90] x\r\n5 OK x\r\n"
                                                         "6 OK x\r\n" LISTED "7 OK x\r\n")};
    list_behind(ABLE " NAMESPACE", steps, G_N_ELEMENTS(steps), TRUE, FALSE, "b|b|yes\n");
}

static void uidnext_is_asked_for_behind_the_list(void **state)
{
    (void)state;
    static const PeerStep steps[] = {
        PEER_EXPECT("4 EXAMINE INBOX\r\n"),
        PEER_EXPECT("5 LIST \"\" \"*\"\r\n"),
        PEER_SEND("* 9 EXISTS\r\n* OK [UIDVALIDITY 77] x\r\n4 OK x\r\n" LISTED "5 OK x\r\n"),
        PEER_EXPECT("6 UID SEARCH UID *\r\n"),
        PEER_SEND("* SEARCH 29\r\n6 OK x\r\n"),
    };
    list_behind("UIDPLUS", steps, G_N_ELEMENTS(steps), TRUE, FALSE, "b|b|yes\n");
}

static void p8_90_a_mailbox_in_front_without_numbers_ends_the_connection(void **state)
{
    (void)state;
    static const PeerStep steps[] = {PEER_EXPECT("4 EXAMINE INBOX\r\n"),
                                     PEER_EXPECT("5 LIST \"\" \"*\"\r\n"),
                                     PEER_SEND("* 9 EXISTS\r\n4 OK x\r\n")};
    Talk talk;
    g_autoptr(GError) error = NULL;
    talk_begin_able(&talk, "UIDPLUS", steps, G_N_ELEMENTS(steps));
    Opening first = {"INBOX", NULL, NULL, FALSE, {0}};
    assert_false(talk.fetcher->mailboxes(talk.fetcher, &first, talk_mailbox, &talk, &error));
    assert_string_equal(postern_error_rule(error), "server.protocol");
    g_free(talk_end(&talk, NULL));
}

/* ---- flags without QRESYNC ---- */

static void ask_changes(const char *abilities, guint64 since, const PeerStep *steps, gsize n,
                        const char *taken)
{
    Talk talk;
    gboolean whole;
    Selected selected;
    g_autoptr(GError) error = NULL;
    talk_begin_able(&talk, abilities, steps, n);
    const ChangeTaker changes = talk_changes(&talk);
    if (!talk.fetcher->select(talk.fetcher, "INBOX", NULL, NULL, &selected, &error) ||
        !talk.fetcher->changes(talk.fetcher, here, G_N_ELEMENTS(here), since, &changes, &error))
        fail_msg("%s", error->message);
    assert_string_equal(talk.taken->str, taken);
    g_autofree char *heard = talk_end(&talk, &whole);
    if (!whole)
        fail_msg("%s", heard);
}

#define EXAMINE PEER_EXPECT("4 EXAMINE INBOX\r\n"), PEER_SEND(OPENED "4 OK x\r\n")

static void flags_are_asked_for_since_a_mod_sequence(void **state)
{
    (void)state;
    static const PeerStep since[] = {
        EXAMINE, PEER_EXPECT("5 UID FETCH 1:9,20 (UID FLAGS) (CHANGEDSINCE 40)\r\n"),
        PEER_SEND("* 3 FETCH (UID 3 FLAGS (\\Answered) MODSEQ (41))\r\n* 2 EXPUNGE\r\n"
                  "* 7 EXISTS\r\n* 3 FETCH (FLAGS (x))\r\n* 4 FETCH (UID 19 FLAGS (x))\r\n"
                  "5 OK x\r\n")};
    static const PeerStep all[] = {EXAMINE, PEER_EXPECT("5 UID FETCH 1:9,20 (UID FLAGS)\r\n"),
                                   PEER_SEND("* 3 FETCH (UID 3 FLAGS (\\Answered))\r\n5 OK x\r\n")};
    static const PeerStep back[] = {
        EXAMINE, PEER_EXPECT("5 UID FETCH 1:9,20 (UID FLAGS) (CHANGEDSINCE 40)\r\n"),
        PEER_SEND("5 BAD no mod-sequences here\r\n"),
        PEER_EXPECT("6 UID FETCH 1:9,20 (UID FLAGS)\r\n"),
        PEER_SEND("* 3 FETCH (UID 3 FLAGS (\\Answered))\r\n6 OK x\r\n")};
    ask_changes("CONDSTORE", 40, since, G_N_ELEMENTS(since), "3:\\Answered;");
    ask_changes("CONDSTORE", 0, all, G_N_ELEMENTS(all), "3:\\Answered;");
    ask_changes("UIDPLUS", 40, all, G_N_ELEMENTS(all), "3:\\Answered;");
    ask_changes("CONDSTORE", 40, back, G_N_ELEMENTS(back), "3:\\Answered;");
}

static void p8_flags_are_taken_up_to_their_limits(void **state)
{
    (void)state;
    g_autoptr(GString) reply = g_string_new("* 1 FETCH (UID 2 FLAGS (");
    g_autoptr(GString) wanted = g_string_new("2:");
    g_autofree char *longest = g_strnfill(LIMIT_FETCH_FLAG, 'l');
    g_string_append_printf(reply, "%sx %s \xff", longest, longest);
    g_string_append_printf(wanted, "%s \xef\xbf\xbd", longest);
    for (guint i = 2; i <= LIMIT_FETCH_FLAGS; i++) {
        g_string_append_printf(reply, " k%u", i);
        if (i < LIMIT_FETCH_FLAGS)
            g_string_append_printf(wanted, " k%u", i);
    }
    g_string_append(reply, "))\r\n5 OK done\r\n");
    g_string_append(wanted, ";");
    const PeerStep steps[] = {EXAMINE, PEER_EXPECT("5 UID FETCH"),
                              PEER_SEND_BYTES(reply->str, reply->len)};
    ask_changes("CONDSTORE", 0, steps, G_N_ELEMENTS(steps), wanted->str);
}

/* The taker's own failure ends it, and says so. */
static void a_taker_that_fails_stops_it(void **state)
{
    (void)state;
    static const PeerStep steps[] = {
        EXAMINE, PEER_EXPECT("5 UID FETCH 1:9,20 (UID FLAGS)\r\n"),
        PEER_SEND("* 1 FETCH (UID 1 FLAGS ())\r\n* 2 FETCH (UID 2 FLAGS ())\r\n"), PEER_WAIT()};
    Talk talk;
    Selected selected;
    g_autoptr(GError) error = NULL;
    talk_begin_able(&talk, "CONDSTORE", steps, G_N_ELEMENTS(steps));
    talk.refuse_at = 2;
    const ChangeTaker changes = talk_changes(&talk);
    assert_true(talk.fetcher->select(talk.fetcher, "INBOX", NULL, NULL, &selected, NULL));
    assert_false(talk.fetcher->changes(talk.fetcher, here, 2, 0, &changes, &error));
    assert_fault(error, 74, "store.write");
    assert_int_equal(talk.calls, 2);
    g_free(talk_end(&talk, NULL));
}

/* ---- a large mailbox ---- */

#define MILLION 1000000

static long peak_kib(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

static void p8_the_flags_of_a_million_messages_need_no_memory(void **state)
{
    (void)state;
    static const NumberRange all[] = {{1, MILLION}};
    g_autoptr(GString) reply = g_string_sized_new(64 * MILLION);
    for (guint i = 1; i <= MILLION; i++)
        g_string_append_printf(reply, "* %u FETCH (UID %u FLAGS (\\Seen $Label1))\r\n", i, i);
    g_string_append(reply, "5 OK done\r\n");
    const PeerStep steps[] = {EXAMINE, PEER_EXPECT("5 UID FETCH 1:1000000 (UID FLAGS)\r\n"),
                              PEER_SEND_BYTES(reply->str, reply->len)};
    Talk talk;
    Selected selected;
    g_autoptr(GError) error = NULL;
    talk_begin_able(&talk, "CONDSTORE", steps, G_N_ELEMENTS(steps));
    talk.count_only = TRUE;
    const ChangeTaker changes = talk_changes(&talk);
    assert_true(talk.fetcher->select(talk.fetcher, "INBOX", NULL, NULL, &selected, NULL));
    long before = peak_kib();
    if (!talk.fetcher->changes(talk.fetcher, all, 1, 0, &changes, &error))
        fail_msg("%s", error->message);
    assert_int_equal(talk.calls, MILLION);
#ifndef SANITIZED
    assert_in_range(peak_kib() - before, 0, 4 * 1024);
#else
    (void)before;
#endif
    g_free(talk_end(&talk, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(p6_57_the_news_of_a_mailbox_come_with_its_opening),
        cmocka_unit_test(p8_90_news_that_cannot_be_are_refused),
        cmocka_unit_test(a_server_that_minds_the_parameter_is_asked_without),
        cmocka_unit_test(a_server_that_does_not_enable_is_asked_without),
        cmocka_unit_test(a_server_that_cannot_is_not_asked),
        cmocka_unit_test(the_news_of_the_mailbox_before_are_not_taken),
        cmocka_unit_test(many_gaps_are_left_to_us),
        cmocka_unit_test(p6_57_the_news_come_in_the_same_breath_as_the_list),
        cmocka_unit_test(a_no_to_the_mailbox_in_front_is_none_to_the_list),
        cmocka_unit_test(p6_57_without_qresync_not_all_was_told),
        cmocka_unit_test(uidnext_is_asked_for_behind_the_list),
        cmocka_unit_test(p8_90_a_mailbox_in_front_without_numbers_ends_the_connection),
        cmocka_unit_test(flags_are_asked_for_since_a_mod_sequence),
        cmocka_unit_test(p8_flags_are_taken_up_to_their_limits),
        cmocka_unit_test(a_taker_that_fails_stops_it),
        cmocka_unit_test(p8_the_flags_of_a_million_messages_need_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
