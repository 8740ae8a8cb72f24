/* P6, P8: how large messages are, from servers that say it, that do not, and that lie. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>
#include <sys/resource.h>

#include "core/error.h"
#include "core/limits.h"
#include "tests/unit/net/imap-talk.h"

#define ASKED "UID FETCH 1:9,20 (UID RFC822.SIZE INTERNALDATE)\r\n"

static const NumberRange asked[] = {{20, 20}, {1, 9}};

static gboolean take_sized(gpointer user, const Sized *sized, GError **error)
{
    Talk *talk = user;
    if (++talk->calls == talk->refuse_at)
        return refuse(error, POSTERN_ERROR_STORE, "store.write", NULL, "no room");
    if (!talk->count_only)
        g_string_append_printf(talk->taken, "%u=%" G_GUINT64_FORMAT "@%" G_GINT64_FORMAT ";",
                               sized->number, sized->size, sized->internaldate);
    return TRUE;
}

static gboolean ask(Talk *talk, GError **error)
{
    return talk->fetcher->sizes(talk->fetcher, asked, G_N_ELEMENTS(asked), take_sized, talk, error);
}

typedef struct {
    const char *name, *reply, *taken;
} SizeCase;

static const SizeCase sizes[] = {
    {"two",
     "* 1 FETCH (UID 1 RFC822.SIZE 512 INTERNALDATE \" 1-Feb-2026 23:59:00 +0100\")\r\n"
     "* 3 FETCH (INTERNALDATE \"11-Dec-2025 00:00:01 -0000\" RFC822.SIZE 0 UID 20)\r\n",
     "1=512@1769986740;20=0@1765411201;"},
    {"nothing", "", ""},
    {"no size", "* 1 FETCH (UID 1)\r\n* 2 FETCH (UID 2 RFC822.SIZE 7)\r\n", "2=7@0;"},
    {"no UID", "* 1 FETCH (RFC822.SIZE 7)\r\n", ""},
    {"not asked for", "* 1 FETCH (UID 10 RFC822.SIZE 7)\r\n", ""},
    {"twice", "* 1 FETCH (UID 1 RFC822.SIZE 7)\r\n* 1 FETCH (UID 1 RFC822.SIZE 8)\r\n",
     "1=7@0;1=8@0;"},
    {"in between",
     "* 1 FETCH (FLAGS (\\Seen a))\r\n* 9 EXISTS\r\n* VANISHED 4\r\n"
     "* 1 FETCH (UID 1 FLAGS () MODSEQ (9) RFC822.SIZE 7)\r\n* 3 EXPUNGE\r\n",
     "1=7@0;"},
    {"four GiB", "* 1 FETCH (UID 1 RFC822.SIZE 4294967296)\r\n", "1=4294967296@0;"},
    {"the largest", "* 1 FETCH (UID 1 RFC822.SIZE 9223372036854775807)\r\n",
     "1=9223372036854775807@0;"},
    {"2^63", "* 1 FETCH (UID 1 RFC822.SIZE 9223372036854775808)\r\n", "1=9223372036854775807@0;"},
    {"-1 that is none", "* 1 FETCH (UID 1 RFC822.SIZE 18446744073709551615)\r\n",
     "1=9223372036854775807@0;"},
    {"10^31", "* 1 FETCH (UID 1 RFC822.SIZE 10000000000000000000000000000000)\r\n",
     "1=9223372036854775807@0;"},
    {"dates that are none",
     "* 1 FETCH (UID 1 RFC822.SIZE 1 INTERNALDATE \"\")\r\n"
     "* 1 FETCH (UID 2 RFC822.SIZE 1 INTERNALDATE \"31-Feb-2026 00:00:00 +0000\")\r\n"
     "* 1 FETCH (UID 3 RFC822.SIZE 1 INTERNALDATE \"1-anF-2026 00:00:00 +0000\")\r\n"
     "* 1 FETCH (UID 4 RFC822.SIZE 1 INTERNALDATE \"1-Fe-2026 00:00:00 +0000\")\r\n"
     "* 1 FETCH (UID 5 RFC822.SIZE 1 INTERNALDATE \"1-Jan-2026 00:00:00 +9999\")\r\n",
     "1=1@0;2=1@0;3=1@0;4=1@0;5=1@0;"},
};

static void p6_the_sizes_of_messages_are_taken_as_they_come(void **state)
{
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(sizes); i++) {
        const SizeCase *one = &sizes[i];
        g_autofree char *reply = g_strconcat(one->reply, "4 OK done\r\n", NULL);
        const PeerStep steps[] = {PEER_EXPECT("4 " ASKED), PEER_SEND_BYTES(reply, strlen(reply))};
        Talk talk;
        gboolean whole;
        g_autoptr(GError) error = NULL;
        talk_begin(&talk, steps, G_N_ELEMENTS(steps));
        if (!ask(&talk, &error))
            fail_msg("%s: %s", one->name, error->message);
        if (strcmp(talk.taken->str, one->taken) != 0)
            fail_msg("%s: %s", one->name, talk.taken->str);
        g_free(talk_end(&talk, &whole));
        assert_true(whole);
    }
}

static void p8_90_sizes_that_cannot_be_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *name, *reply, *rule;
    } cases[] = {
        {"negative", "* 1 FETCH (UID 1 RFC822.SIZE -1)\r\n", "server.protocol"},
        {"a word", "* 1 FETCH (UID 1 RFC822.SIZE NIL)\r\n", "server.protocol"},
        {"a number without end",
         "* 1 FETCH (UID 1 RFC822.SIZE 100000000000000000000000000000000)\r\n", "server.limit"},
        {"UID 0", "* 1 FETCH (UID 0 RFC822.SIZE 1)\r\n", "server.protocol"},
        {"two UIDs", "* 1 FETCH (UID 1 UID 2 RFC822.SIZE 1)\r\n", "server.protocol"},
        {"a body", "* 1 FETCH (UID 1 BODY[] {1}\r\nx)\r\n", "server.protocol"},
        {"an envelope", "* 1 FETCH (UID 1 ENVELOPE NIL)\r\n", "server.protocol"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        const PeerStep steps[] = {PEER_EXPECT("4 " ASKED),
                                  PEER_SEND_BYTES(cases[i].reply, strlen(cases[i].reply)),
                                  PEER_WAIT()};
        Talk talk;
        g_autoptr(GError) error = NULL;
        talk_begin(&talk, steps, G_N_ELEMENTS(steps));
        assert_false(ask(&talk, &error));
        assert_fault(error, 76, cases[i].rule);
        g_free(talk_end(&talk, NULL));
    }
}

/* Whoever says no to that may still be asked for the mail. */
static void a_no_leaves_the_connection_open(void **state)
{
    (void)state;
    static const PeerStep steps[] = {PEER_EXPECT("4 " ASKED), PEER_SEND("4 NO broken index\r\n"),
                                     PEER_EXPECT("5 " ASKED),
                                     PEER_SEND("* 1 FETCH (UID 2 RFC822.SIZE 3)\r\n5 OK x\r\n")};
    Talk talk;
    gboolean whole;
    g_autoptr(GError) error = NULL;
    talk_begin(&talk, steps, G_N_ELEMENTS(steps));
    assert_false(ask(&talk, &error));
    assert_fault(error, 76, "server.refused");
    assert_true(ask(&talk, NULL));
    assert_string_equal(talk.taken->str, "2=3@0;");
    g_free(talk_end(&talk, &whole));
    assert_true(whole);
}

static void a_taker_that_fails_stops_it(void **state)
{
    (void)state;
    static const PeerStep steps[] = {
        PEER_EXPECT("4 " ASKED),
        PEER_SEND("* 1 FETCH (UID 1 RFC822.SIZE 1)\r\n* 2 FETCH (UID 2 RFC822.SIZE 1)\r\n"),
        PEER_WAIT()};
    Talk talk;
    g_autoptr(GError) error = NULL;
    talk_begin(&talk, steps, G_N_ELEMENTS(steps));
    talk.refuse_at = 2;
    assert_false(ask(&talk, &error));
    assert_fault(error, 74, "store.write");
    assert_int_equal(talk.calls, 2);
    g_free(talk_end(&talk, NULL));
}

#define MANY 300000

static long peak_kib(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

static void p8_the_sizes_of_many_messages_need_no_memory(void **state)
{
    (void)state;
    static const NumberRange all[] = {{1, MANY}};
    g_autoptr(GString) reply = g_string_sized_new(64 * MANY);
    for (guint i = 1; i <= MANY; i++)
        g_string_append_printf(reply, "* %u FETCH (UID %u RFC822.SIZE %u)\r\n", i, i, i);
    g_string_append(reply, "4 OK done\r\n");
    const PeerStep steps[] = {PEER_EXPECT("4 UID FETCH"), PEER_SEND_BYTES(reply->str, reply->len)};
    Talk talk;
    g_autoptr(GError) error = NULL;
    talk_begin(&talk, steps, G_N_ELEMENTS(steps));
    talk.count_only = TRUE;
    long before = peak_kib();
    if (!talk.fetcher->sizes(talk.fetcher, all, 1, take_sized, &talk, &error))
        fail_msg("%s", error->message);
    assert_int_equal(talk.calls, MANY);
#ifndef SANITIZED
    assert_in_range(peak_kib() - before, 0, 2 * 1024);
#else
    (void)before;
#endif
    g_free(talk_end(&talk, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(p6_the_sizes_of_messages_are_taken_as_they_come),
        cmocka_unit_test(p8_90_sizes_that_cannot_be_are_refused),
        cmocka_unit_test(a_no_leaves_the_connection_open),
        cmocka_unit_test(a_taker_that_fails_stops_it),
        cmocka_unit_test(p8_the_sizes_of_many_messages_need_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
