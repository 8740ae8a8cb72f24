/* P3 32, P6 55-58, P8 90-91: a server that is broken or means harm, once we are in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "core/error.h"
#include "core/limits.h"
#include "tests/unit/net/imap-talk.h"

#define ENDS(heard, words) assert_true(g_str_has_suffix(heard, words))

/* ---- a mailbox ---- */

#define EXAMINE                                                                                    \
    PEER_EXPECT("4 EXAMINE INBOX\r\n"),                                                            \
        PEER_SEND("* 3 EXISTS\r\n* OK [UIDVALIDITY 77] x\r\n* OK [UIDNEXT 10] x\r\n4 OK x\r\n")

static gboolean open_inbox(Talk *talk, GError **error)
{
    Selected selected;
    return talk->fetcher->select(talk->fetcher, "INBOX", NULL, NULL, &selected, error);
}

typedef struct {
    const char *name, *reply;
    int code;
    const char *rule;
} ReplyCase;

static const ReplyCase selects[] = {
    {"no such mailbox", "4 NO [NONEXISTENT] x\r\n", 76, "server.refused"},
    {"busy", "4 NO [INUSE] x\r\n", 75, "server.busy"},
    {"BAD", "4 BAD x\r\n", 76, "server.protocol"},
    {"no UIDVALIDITY", "* 1 EXISTS\r\n4 OK x\r\n", 76, "server.protocol"},
    {"UIDVALIDITY 0", "* OK [UIDVALIDITY 0] x\r\n4 OK x\r\n", 76, "server.protocol"},
    {"UIDVALIDITY over", "* OK [UIDVALIDITY 4294967297] x\r\n4 OK x\r\n", 76, "server.limit"},
    {"too many messages", "* OK [UIDVALIDITY 1] x\r\n* 5000001 EXISTS\r\n4 OK x\r\n", 76,
     "server.limit"},
    {"BYE", "* BYE x\r\n4 OK x\r\n", 69, "server.closed"},
    {"more than was asked for", "+ go\r\n4 OK x\r\n", 76, "server.protocol"},
    {"a second server", "4 OK [UIDVALIDITY 1] x\r\nHTTP/1.1 200\r\n", 76, "server.protocol"},
};

static void p6_57_a_mailbox_that_cannot_be_trusted_is_not_opened(void **state)
{
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(selects); i++) {
        const ReplyCase *one = &selects[i];
        const PeerStep steps[] = {PEER_EXPECT("4 EXAMINE INBOX\r\n"),
                                  PEER_SEND_BYTES(one->reply, strlen(one->reply)), PEER_WAIT()};
        Talk talk;
        g_autoptr(GError) error = NULL;
        talk_begin(&talk, steps, G_N_ELEMENTS(steps));
        if (open_inbox(&talk, &error))
            fail_msg("%s was opened", one->name);
        g_autofree char *heard = talk_end(&talk, NULL);
        if (postern_exit_code(error) != one->code ||
            g_strcmp0(postern_error_rule(error), one->rule) != 0)
            fail_msg("%s: %s: %s", one->name, postern_error_rule(error), error->message);
        ENDS(heard, "4 EXAMINE INBOX\r\n");
    }
}

static void p8_91_a_mailbox_name_is_never_a_command(void **state)
{
    (void)state;
    static const PeerStep steps[] = {EXAMINE, PEER_WAIT()};
    static const char *const names[] = {"a\r\n9 DELETE INBOX", "a\nb", "\r", ""};
    Talk talk;
    Selected selected;
    talk_begin(&talk, steps, G_N_ELEMENTS(steps));
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autoptr(GError) error = NULL;
        assert_false(talk.fetcher->select(talk.fetcher, names[i], NULL, NULL, &selected, &error));
        assert_fault(error, 65, "send.value");
    }
    assert_true(open_inbox(&talk, NULL)); /* the connection is as it was */
    g_autofree char *heard = talk_end(&talk, NULL);
    ENDS(heard, "3 CAPABILITY\r\n4 EXAMINE INBOX\r\n");
}

static void p8_91_mailbox_names_have_limits(void **state)
{
    (void)state;
    g_autoptr(GString) many = g_string_new(NULL);
    for (guint i = 0; i <= LIMIT_MAILBOXES; i++)
        g_string_append(many, "* LIST () \"/\" a\r\n");
    g_string_append(many, "4 OK x\r\n");
    g_autoptr(GString) wide = g_string_new("* LIST () \"/\" \"");
    for (guint i = 0; i <= LIMIT_MAILBOX_NAME; i++)
        g_string_append_c(wide, 'a');
    g_string_append(wide, "\"\r\n4 OK x\r\n");
    const GString *cases[] = {many, wide};
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        const PeerStep steps[] = {PEER_EXPECT("4 LIST"),
                                  PEER_SEND_BYTES(cases[i]->str, cases[i]->len), PEER_WAIT()};
        Talk talk;
        g_autoptr(GError) error = NULL;
        talk_begin(&talk, steps, G_N_ELEMENTS(steps));
        assert_false(talk.fetcher->mailboxes(talk.fetcher, NULL, talk_mailbox, &talk, &error));
        assert_fault(error, 76, "server.limit");
        assert_int_equal(talk.calls, 0);
        g_free(talk_end(&talk, NULL));
    }
}

static const ReplyCase searches[] = {
    {"not asked for", "* SEARCH 1 10\r\n5 OK x\r\n", 76, "server.protocol"},
    {"zero", "* SEARCH 0\r\n5 OK x\r\n", 76, "server.protocol"},
    {"over", "* SEARCH 4294967297\r\n5 OK x\r\n", 76, "server.limit"},
    {"refused", "5 NO x\r\n", 76, "server.refused"},
    {"BAD", "5 BAD x\r\n", 76, "server.protocol"},
};

static const NumberRange one_to_nine[] = {{1, 9}};

static void p6_57_numbers_that_were_not_asked_for_are_refused(void **state)
{
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(searches); i++) {
        const ReplyCase *one = &searches[i];
        const PeerStep steps[] = {EXAMINE, PEER_EXPECT("5 UID SEARCH UID 1:9\r\n"),
                                  PEER_SEND_BYTES(one->reply, strlen(one->reply)), PEER_WAIT()};
        Talk talk;
        g_autoptr(GError) error = NULL;
        talk_begin(&talk, steps, G_N_ELEMENTS(steps));
        assert_true(open_inbox(&talk, NULL));
        assert_false(talk.fetcher->list(talk.fetcher, one_to_nine, 1, talk_listed, &talk, &error));
        g_free(talk_end(&talk, NULL));
        if (postern_exit_code(error) != one->code ||
            g_strcmp0(postern_error_rule(error), one->rule) != 0)
            fail_msg("%s: %s: %s", one->name, postern_error_rule(error), error->message);
    }
}

/* ---- messages ---- */

#define FETCH PEER_EXPECT("5 UID FETCH 1:9 (UID FLAGS INTERNALDATE BODY.PEEK[])\r\n")

/* Gets 1:9 while the server says REPLY in one piece, or in two when CUT is not 0. */
static char *get_reply(const char *reply, gsize size, gsize cut, PeerAct ending, GError **error)
{
    const PeerStep steps[] = {EXAMINE,
                              FETCH,
                              PEER_SEND_BYTES(reply, cut),
                              PEER_SEND_BYTES(reply + cut, size - cut),
                              {ending, NULL, 0}};
    /* An empty SSL_write is an error. */
    const PeerStep whole[] = {EXAMINE, FETCH, PEER_SEND_BYTES(reply, size), {ending, NULL, 0}};
    Talk talk;
    if (cut > 0 && cut < size)
        talk_begin(&talk, steps, G_N_ELEMENTS(steps));
    else
        talk_begin(&talk, whole, G_N_ELEMENTS(whole) - (size == 0 ? 2 : 0));
    assert_true(open_inbox(&talk, NULL));
    MessageTaker taker = talk_taker(&talk);
    gboolean good = talk.fetcher->get(talk.fetcher, one_to_nine, 1, &taker, error);
    char *taken = g_strndup(talk.taken->str, talk.taken->len);
    g_autofree char *heard = talk_end(&talk, NULL);
    ENDS(heard, "BODY.PEEK[])\r\n");
    assert_int_equal(good, error && *error == NULL);
    return taken;
}

#define FIRST "* 1 FETCH (UID 2 BODY[] {4}\r\na}\r\n)\r\n"

static const ReplyCase fetches[] = {
    {"no UID", "* 1 FETCH (BODY[] {1}\r\na)\r\n5 OK x\r\n", 76, "server.protocol"},
    {"UID 0", "* 1 FETCH (UID 0 BODY[] {1}\r\na)\r\n5 OK x\r\n", 76, "server.protocol"},
    {"UID over", "* 1 FETCH (UID 4294967298 BODY[] {1}\r\na)\r\n5 OK x\r\n", 76, "server.limit"},
    {"not asked for", "* 1 FETCH (UID 10 BODY[] {1}\r\na)\r\n5 OK x\r\n", 76, "server.protocol"},
    {"not asked for, in the end", "* 1 FETCH (BODY[] {1}\r\na UID 10)\r\n5 OK x\r\n", 76,
     "server.protocol"},
    {"the same twice", FIRST FIRST "5 OK x\r\n", 76, "server.protocol"},
    {"two bodies", "* 1 FETCH (UID 2 BODY[] {1}\r\na BODY[] {1}\r\nb)\r\n", 76, "server.protocol"},
    {"a part", "* 1 FETCH (UID 2 BODY[]<0> {1}\r\na)\r\n", 76, "server.protocol"},
    {"a header", "* 1 FETCH (UID 2 BODY[HEADER] {1}\r\na)\r\n", 76, "server.protocol"},
    {"RFC822", "* 1 FETCH (UID 2 RFC822 {1}\r\na)\r\n", 76, "server.protocol"},
    {"BYE", FIRST "* BYE [UNAVAILABLE] x\r\n", 75, "server.busy"},
    {"BYE and no reason", FIRST "* BYE x\r\n5 OK x\r\n", 69, "server.closed"},
    {"plus", FIRST "+ x\r\n5 OK x\r\n", 76, "server.protocol"},
    {"wrong tag", FIRST "6 OK x\r\n", 76, "server.protocol"},
    {"NO in the end", FIRST "5 NO [SERVERBUG] x\r\n", 75, "server.busy"},
    {"expunged", FIRST "5 NO [EXPUNGEISSUED] x\r\n", 76, "server.refused"},
    {"BAD in the end", FIRST "5 BAD x\r\n", 76, "server.protocol"},
    {"literal too long by one", "* 1 FETCH (UID 2 BODY[] {4}\r\nabcde)\r\n5 OK x\r\n", 76,
     "server.protocol"},
    {"size of 4 GB", "* 1 FETCH (UID 2 BODY[] {4294967296}\r\nabcde)\r\n", 76, "server.limit"},
    {"size of -1", "* 1 FETCH (UID 2 BODY[] {-1}\r\nabcde)\r\n", 76, "server.protocol"},
};

static void p6_57_a_fetch_gone_wrong_is_an_error(void **state)
{
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(fetches); i++) {
        const ReplyCase *one = &fetches[i];
        g_autoptr(GError) error = NULL;
        g_autofree char *taken = get_reply(one->reply, strlen(one->reply), 0, ACT_CLOSE, &error);
        if (error == NULL)
            fail_msg("%s was taken: %s", one->name, taken);
        if (postern_exit_code(error) != one->code ||
            g_strcmp0(postern_error_rule(error), one->rule) != 0)
            fail_msg("%s: %s: %s", one->name, postern_error_rule(error), error->message);
    }
}

#define REPLY                                                                                      \
    "* 1 FETCH (UID 2 FLAGS (\\Seen) BODY[] {6}\r\na\r\n\r\nb)\r\n* 2 FETCH (BODY[] \"c\" UID 3)"  \
    "\r\n5 OK done\r\n"
#define TAKEN_FIRST "start a\r\n\r\nb end 2 0 \\Seen\n"
#define TAKEN TAKEN_FIRST "start c end 3 0 -\n"

static void p6_55_a_reply_is_the_same_wherever_it_is_split(void **state)
{
    (void)state;
    for (gsize cut = 0; cut < sizeof REPLY - 1; cut++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *taken = get_reply(REPLY, sizeof REPLY - 1, cut, ACT_WAIT, &error);
        if (error)
            fail_msg("cut at %zu: %s", cut, error->message);
        assert_string_equal(taken, TAKEN);
    }
}

static void p3_32_a_connection_that_ends_at_any_byte_is_an_error(void **state)
{
    (void)state;
    for (gsize size = 0; size < sizeof REPLY - 1; size++) {
        g_autoptr(GError) closed = NULL, cut = NULL;
        g_autofree char *one = get_reply(REPLY, size, 0, ACT_CLOSE, &closed);
        assert_true(g_str_has_prefix(TAKEN, one));
        g_autofree char *other = get_reply(REPLY, size, 0, ACT_DROP, &cut);
        assert_string_equal(other, one);
        if (size > 0) {
            assert_fault(closed, 69, "server.closed");
            assert_fault(cut, 76, "tls.truncated");
        }
        /* A message is whole when its closing bracket and line end have come, no sooner. */
        if (size < (gsize)(strstr(REPLY, "* 2 FETCH") - REPLY))
            assert_null(strstr(one, "end"));
    }
}

static void p6_a_taker_that_fails_ends_the_transfer(void **state)
{
    (void)state;
    static const PeerStep steps[] = {EXAMINE, FETCH, PEER_SEND(REPLY), PEER_WAIT()};
    for (guint at = 1; at <= 6; at++) {
        Talk talk;
        g_autoptr(GError) error = NULL, later = NULL;
        talk_begin(&talk, steps, G_N_ELEMENTS(steps));
        assert_true(open_inbox(&talk, NULL));
        talk.refuse_at = at;
        MessageTaker taker = talk_taker(&talk);
        assert_false(talk.fetcher->get(talk.fetcher, one_to_nine, 1, &taker, &error));
        assert_fault(error, 74, "store.write");
        assert_int_equal(talk.calls, at);
        assert_false(talk.fetcher->get(talk.fetcher, one_to_nine, 1, &taker, &later));
        assert_non_null(later);
        assert_int_equal(talk.calls, at);
        g_autofree char *heard = talk_end(&talk, NULL);
        ENDS(heard, "BODY.PEEK[])\r\n");
    }
}

static void p8_90_floods_end_at_a_limit(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        const char *value;
    } floods[] = {
        {"* 1 EXISTS\r\n", "20000"},
        {"* CAPABILITY A\r\n", "20000"},
        {"* OK x\r\n", "20000"},
        {"\r\n", "20000"},
        {"a", "first"}, /* a tag without end */
        {"* LIST (a) \"/\" \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"\r\n", "20000"},
        {"* 1 FETCH (UID 2)\r\n", "20000"},
        {"* 1 FETCH (FLAGS (a b c d e f g h i j k l m n o p q r s t u v w x y z) UID 2)\r\n",
         "20000"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(floods); i++) {
        const PeerStep steps[] = {
            EXAMINE, FETCH, {ACT_FLOOD, floods[i].bytes, strlen(floods[i].bytes)}};
        Talk talk;
        g_autoptr(GError) error = NULL;
        talk_begin(&talk, steps, G_N_ELEMENTS(steps));
        assert_true(open_inbox(&talk, NULL));
        MessageTaker taker = talk_taker(&talk);
        assert_false(talk.fetcher->get(talk.fetcher, one_to_nine, 1, &taker, &error));
        g_free(talk_end(&talk, NULL));
        assert_int_equal(postern_exit_code(error), 76);
        assert_true(g_str_has_prefix(postern_error_rule(error), "server."));
    }
}

/* ---- removal ---- */

static void p6_57_removal_needs_uidplus_and_the_same_mailbox(void **state)
{
    (void)state;
    static const struct {
        const char *reply;
        int code;
        const char *rule;
    } cases[] = {
        {"* OK [UIDVALIDITY 78] x\r\n5 OK [READ-WRITE] x\r\n", 76, "server.protocol"},
        {"* OK [UIDVALIDITY 77] x\r\n5 OK [READ-ONLY] x\r\n", 78, "server.readonly"},
        {"5 NO [NOPERM] x\r\n", 76, "server.refused"},
    };
    static const guint32 numbers[] = {2};
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        const PeerStep steps[] = {EXAMINE, PEER_EXPECT("5 SELECT INBOX\r\n"),
                                  PEER_SEND_BYTES(cases[i].reply, strlen(cases[i].reply)),
                                  PEER_WAIT()};
        Talk talk;
        g_autoptr(GError) error = NULL;
        talk_begin(&talk, steps, G_N_ELEMENTS(steps));
        assert_true(open_inbox(&talk, NULL));
        assert_false(talk.fetcher->remove(talk.fetcher, numbers, 1, &error));
        assert_fault(error, cases[i].code, cases[i].rule);
        g_autofree char *heard = talk_end(&talk, NULL);
        ENDS(heard, "5 SELECT INBOX\r\n");
    }
}

static void p6_without_uidplus_nothing_is_removed(void **state)
{
    (void)state;
    static const PeerStep steps[] = {
        PEER_TLS(),
        PEER_SEND("* OK ready\r\n"),
        PEER_EXPECT("1 CAPABILITY"),
        PEER_SEND("* CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR UIDPLUS\r\n1 OK x\r\n"),
        PEER_EXPECT("2 AUTHENTICATE"),
        PEER_SEND("2 OK x\r\n"),
        PEER_EXPECT("3 CAPABILITY"),
        PEER_SEND("* CAPABILITY IMAP4rev1\r\n3 OK x\r\n"),
        EXAMINE,
        PEER_WAIT(),
    };
    static const guint32 numbers[] = {2};
    Talk talk;
    g_autoptr(GError) error = NULL, closed = NULL;
    talk_raw(&talk, steps, G_N_ELEMENTS(steps), &error);
    assert_null(error);
    assert_false(talk.fetcher->remove(talk.fetcher, numbers, 1, &closed));
    assert_fault(closed, 70, "imap.state");
    assert_true(open_inbox(&talk, NULL));
    assert_false(talk.fetcher->remove(talk.fetcher, numbers, 1, &error));
    assert_fault(error, 78, "server.uidplus");
    g_autofree char *heard = talk_end(&talk, NULL);
    ENDS(heard, "4 EXAMINE INBOX\r\n");
}

/* ---- good-bye ---- */

static void a_good_bye_on_which_nothing_hangs_is_not_waited_for(void **state)
{
    (void)state;
    static const PeerStep steps[] = {PEER_EXPECT("4 LOGOUT\r\n"), PEER_WAIT()};
    Talk talk;
    talk_begin(&talk, steps, G_N_ELEMENTS(steps));
    gint64 before = g_get_monotonic_time();
    assert_true(talk.fetcher->quit(talk.fetcher, NULL));
    assert_in_range(g_get_monotonic_time() - before, 0, G_USEC_PER_SEC);
    g_free(talk_end(&talk, NULL));
}

static void p3_32_a_good_bye_that_is_cut_is_told(void **state)
{
    (void)state;
    static const struct {
        const char *reply;
        PeerAct ending;
        gboolean good;
    } cases[] = {
        {"* BYE x\r\n8 OK x\r\n", ACT_DROP, TRUE}, {"* BYE x\r\n", ACT_CLOSE, TRUE},
        {"8 NO x\r\n", ACT_CLOSE, TRUE},           {"nonsense", ACT_CLOSE, TRUE},
        {"* BYE x\r\n8 OK", ACT_DROP, FALSE},
    };
    static const guint32 one[] = {2};
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        const PeerStep steps[] = {EXAMINE,
                                  PEER_EXPECT("5 SELECT INBOX\r\n"),
                                  PEER_SEND("* OK [UIDVALIDITY 77] x\r\n5 OK x\r\n"),
                                  PEER_EXPECT("6 UID STORE"),
                                  PEER_SEND("6 OK x\r\n"),
                                  PEER_EXPECT("7 UID EXPUNGE"),
                                  PEER_SEND("7 OK x\r\n"),
                                  PEER_EXPECT("8 LOGOUT\r\n"),
                                  PEER_SEND_BYTES(cases[i].reply, strlen(cases[i].reply)),
                                  {cases[i].ending, NULL, 0}};
        Talk talk;
        g_autoptr(GError) error = NULL;
        talk_begin(&talk, steps, G_N_ELEMENTS(steps));
        assert_true(open_inbox(&talk, NULL));
        assert_true(talk.fetcher->remove(talk.fetcher, one, 1, NULL));
        assert_int_equal(talk.fetcher->quit(talk.fetcher, &error), cases[i].good);
        if (!cases[i].good)
            assert_fault(error, 76, "tls.truncated");
        g_free(talk_end(&talk, NULL));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(p6_57_a_mailbox_that_cannot_be_trusted_is_not_opened),
        cmocka_unit_test(p8_91_a_mailbox_name_is_never_a_command),
        cmocka_unit_test(p8_91_mailbox_names_have_limits),
        cmocka_unit_test(p6_57_numbers_that_were_not_asked_for_are_refused),
        cmocka_unit_test(p6_57_a_fetch_gone_wrong_is_an_error),
        cmocka_unit_test(p6_55_a_reply_is_the_same_wherever_it_is_split),
        cmocka_unit_test(p3_32_a_connection_that_ends_at_any_byte_is_an_error),
        cmocka_unit_test(p6_a_taker_that_fails_ends_the_transfer),
        cmocka_unit_test(p8_90_floods_end_at_a_limit),
        cmocka_unit_test(p6_57_removal_needs_uidplus_and_the_same_mailbox),
        cmocka_unit_test(p6_without_uidplus_nothing_is_removed),
        cmocka_unit_test(a_good_bye_on_which_nothing_hangs_is_not_waited_for),
        cmocka_unit_test(p3_32_a_good_bye_that_is_cut_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
