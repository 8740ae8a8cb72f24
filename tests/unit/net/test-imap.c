/* The IMAP fetcher against a well-behaved server: what is said, and what is handed on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "core/error.h"
#include "core/limits.h"
#include "tests/unit/net/imap-talk.h"

#define SELECTED "4 OK [READ-ONLY] open\r\n"
#define EXAMINE                                                                                    \
    PEER_EXPECT("4 EXAMINE INBOX\r\n"),                                                            \
        PEER_SEND("* FLAGS (\\Seen)\r\n* 3 EXISTS\r\n* 0 RECENT\r\n* OK [UIDVALIDITY 77] x\r\n"    \
                  "* OK [UIDNEXT 10] x\r\n* OK [HIGHESTMODSEQ 9]\r\n" SELECTED)

static void select_inbox(Talk *talk)
{
    Selected selected;
    g_autoptr(GError) error = NULL;
    if (!talk->fetcher->select(talk->fetcher, "INBOX", NULL, NULL, &selected, &error))
        fail_msg("%s", error->message);
    assert_int_equal(selected.uidvalidity, 77);
    assert_int_equal(selected.uidnext, 10);
    assert_int_equal(selected.exists, 3);
}

static void end_well(Talk *talk)
{
    gboolean whole;
    g_free(talk_end(talk, &whole));
    assert_true(whole);
}

static void a_session_from_greeting_to_good_bye(void **state)
{
    (void)state;
    static const PeerStep steps[] = {
        PEER_EXPECT("4 LOGOUT\r\n"),
    };
    Talk talk;
    g_autoptr(GError) error = NULL;
    talk_begin(&talk, steps, G_N_ELEMENTS(steps));
    assert_true(talk.fetcher->quit(talk.fetcher, &error));
    end_well(&talk);
}

static void mailboxes_are_told_as_the_server_names_them(void **state)
{
    (void)state;
    static const PeerStep steps[] = {
        PEER_EXPECT("4 LIST \"\" \"*\"\r\n"),
        PEER_SEND("* LIST (\\HasNoChildren) \"/\" INBOX\r\n"
                  "* LIST (\\Noselect \\HasChildren) \"/\" \"old\"\r\n"
                  "* LIST (\\HasNoChildren \\Drafts) \"/\" Entw&APw-rfe\r\n"
                  "* LIST (\\NonExistent) \"/\" gone\r\n"
                  "* LIST () NIL {9}\r\n../x \"\\y&\r\n"
                  "* LIST () \"/\" {3}\r\na\r\n\r\n"
                  "* LIST () \"/\" {15}\r\na\n9 DELETE INBO\r\n"
                  "4 OK done\r\n"),
    };
    Talk talk;
    g_autoptr(GError) error = NULL;
    talk_begin(&talk, steps, G_N_ELEMENTS(steps));
    assert_true(talk.fetcher->mailboxes(talk.fetcher, NULL, talk_mailbox, &talk, &error));
    assert_string_equal(talk.taken->str, "INBOX|INBOX|yes\n"
                                         "old|old|no\n"
                                         "Entw&APw-rfe|Entwürfe|yes|4\n"
                                         "gone|gone|no\n"
                                         "../x \"\\y&|../x \"\\y&|yes\n"
                                         "a\r\n|a\r\n|no\n"
                                         "a\n9 DELETE INBO|a\n9 DELETE INBO|no\n");
    end_well(&talk);
}

static void commands_that_wait_for_nothing_go_out_together(void **state)
{
    (void)state;
    static const PeerStep steps[] = {
        PEER_EXPECT("4 ENABLE QRESYNC UTF8=ACCEPT\r\n"),
        PEER_EXPECT("5 LIST \"\" \"*\" RETURN (SPECIAL-USE)\r\n"),
        PEER_SEND("* ENABLED QRESYNC UTF8=ACCEPT\r\n4 OK x\r\n"
                  "* LIST (\\HasNoChildren \\trash) \"/\" \"K\303\266rbe\"\r\n5 OK done\r\n"),
        PEER_EXPECT("6 EXAMINE \"K\303\266rbe\"\r\n"),
        PEER_SEND("* OK [UIDVALIDITY 77] x\r\n6 OK x\r\n"),
    };
    Talk talk;
    Selected selected;
    g_autoptr(GError) error = NULL;
    talk_begin_able(&talk, "ENABLE QRESYNC UTF8=ONLY SPECIAL-USE LIST-EXTENDED", steps,
                    G_N_ELEMENTS(steps));
    if (!talk.fetcher->mailboxes(talk.fetcher, NULL, talk_mailbox, &talk, &error) ||
        !talk.fetcher->select(talk.fetcher, "K\303\266rbe", NULL, NULL, &selected, &error))
        fail_msg("%s", error->message);
    assert_string_equal(talk.taken->str, "K\303\266rbe|K\303\266rbe|yes|128\n");
    end_well(&talk);
}

static void a_server_that_does_not_enable_lists_all_the_same(void **state)
{
    (void)state;
    static const PeerStep steps[] = {
        PEER_EXPECT("4 ENABLE QRESYNC\r\n"),
        PEER_EXPECT("5 LIST \"\" \"*\"\r\n"),
        PEER_SEND("4 BAD x\r\n"),
        PEER_SEND("* LIST () \"/\" a\r\n5 OK done\r\n"),
    };
    Talk talk;
    g_autoptr(GError) error = NULL;
    talk_begin_able(&talk, "ENABLE QRESYNC", steps, G_N_ELEMENTS(steps));
    if (!talk.fetcher->mailboxes(talk.fetcher, NULL, talk_mailbox, &talk, &error))
        fail_msg("%s", error->message);
    assert_string_equal(talk.taken->str, "a|a|yes\n");
    end_well(&talk);
}

/* RFC 2342: what "*" leaves out is asked for by its prefix; what it shows is not, nor our own. */
static void the_mailboxes_of_others_are_listed_too(void **state)
{
    (void)state;
    static const PeerStep steps[] = {
        PEER_EXPECT("4 NAMESPACE\r\n"),
        PEER_EXPECT("5 LIST \"\" \"*\"\r\n"),
        PEER_SEND("* NAMESPACE ((\"\" \".\")(\"#mine.\" \".\" \"X\" (\"y\"))) "
                  "((\"Others/\" \"/\")) ((\"#shared.\" \".\") (\"a*\" NIL) (\"no.\" \".\"))\r\n"
                  "4 OK x\r\n* LIST () \".\" INBOX\r\n* LIST () \"/\" Others/mary\r\n5 OK x\r\n"),
        PEER_EXPECT("6 LIST \"\" \"#shared.*\"\r\n"),
        PEER_SEND("* LIST (\\Archive) \".\" #shared.all\r\n* LIST () \".\" INBOX\r\n6 OK x\r\n"),
        PEER_EXPECT("7 LIST \"\" \"no.*\"\r\n"),
        PEER_SEND("7 NO x\r\n"),
    };
    Talk talk;
    g_autoptr(GError) error = NULL;
    talk_begin_able(&talk, "NAMESPACE", steps, G_N_ELEMENTS(steps));
    if (!talk.fetcher->mailboxes(talk.fetcher, NULL, talk_mailbox, &talk, &error))
        fail_msg("%s", error->message);
    assert_string_equal(talk.taken->str, "INBOX|INBOX|yes\nOthers/mary|Others/mary|yes\n"
                                         "#shared.all|#shared.all|yes|2\npartial\n");
    end_well(&talk);
}

/* Mailboxes of a namespace that is not listed are not gone because of that. */
static void with_more_namespaces_than_are_asked_for_the_list_is_not_whole(void **state)
{
    (void)state;
    g_autoptr(GString) said = g_string_new("* NAMESPACE NIL (");
    for (guint i = 0; i <= LIMIT_NAMESPACES; i++)
        g_string_append_printf(said, "(\"%c/\" \"/\")", 'a' + i);
    g_string_append(said, ") NIL\r\n4 OK x\r\n* LIST () \"/\" INBOX\r\n");
    for (char c = 'a'; c < 'a' + LIMIT_NAMESPACES; c++)
        g_string_append_printf(said, "* LIST () \"/\" %c/b\r\n", c);
    g_string_append(said, "5 OK x\r\n");
    const PeerStep steps[] = {PEER_EXPECT("4 NAMESPACE\r\n"), PEER_EXPECT("5 LIST \"\" \"*\"\r\n"),
                              PEER_SEND_BYTES(said->str, said->len)};
    Talk talk;
    g_autoptr(GError) error = NULL;
    talk_begin_able(&talk, "NAMESPACE", steps, G_N_ELEMENTS(steps));
    if (!talk.fetcher->mailboxes(talk.fetcher, NULL, talk_mailbox, &talk, &error))
        fail_msg("%s", error->message);
    assert_true(g_str_has_prefix(talk.taken->str, "partial\nINBOX|INBOX|yes\na/b|"));
    end_well(&talk);
}

static void namespaces_that_are_none_change_nothing(void **state)
{
    (void)state;
    static const char *const replies[] = {
        "* NAMESPACE NIL NIL NIL\r\n4 OK x\r\n", "4 OK x\r\n", "4 NO x\r\n", "4 BAD x\r\n",
        "* NAMESPACE ((\"a/\" NIL)) ((\"a/\" NIL)) (({2}\r\nb/ NIL))\r\n"
        "* NAMESPACE\r\n4 OK x\r\n"};
    for (gsize i = 0; i < G_N_ELEMENTS(replies); i++) {
        const PeerStep steps[] = {PEER_EXPECT("4 NAMESPACE\r\n"), PEER_EXPECT("5 LIST"),
                                  PEER_SEND_BYTES(replies[i], strlen(replies[i])),
                                  PEER_SEND("* LIST () \"/\" a/b\r\n5 OK done\r\n")};
        Talk talk;
        g_autoptr(GError) error = NULL;
        talk_begin_able(&talk, "NAMESPACE", steps, G_N_ELEMENTS(steps));
        if (!talk.fetcher->mailboxes(talk.fetcher, NULL, talk_mailbox, &talk, &error))
            fail_msg("%s", error->message);
        /* A no keeps something from us, perhaps. */
        assert_string_equal(talk.taken->str,
                            i == 2 || i == 3 ? "partial\na/b|a/b|yes\n" : "a/b|a/b|yes\n");
        end_well(&talk);
    }
}

static void uids_are_listed_in_order(void **state)
{
    (void)state;
    static const PeerStep steps[] = {
        EXAMINE,
        PEER_EXPECT("5 UID SEARCH UID 1:3,7:4294967295\r\n"),
        PEER_SEND("* SEARCH 9 2 7\r\n* 4 EXISTS\r\n* SEARCH 2\r\n5 OK done\r\n"),
    };
    static const NumberRange ranges[] = {{7, G_MAXUINT32}, {1, 2}, {2, 3}, {0, 0}, {5, 4}};
    Talk talk;
    g_autoptr(GError) error = NULL;
    talk_begin(&talk, steps, G_N_ELEMENTS(steps));
    select_inbox(&talk);
    if (!talk.fetcher->list(talk.fetcher, ranges, G_N_ELEMENTS(ranges), talk_listed, &talk, &error))
        fail_msg("%s", error->message);
    assert_string_equal(talk.taken->str, "2 7 9 ");
    end_well(&talk);
}

/* Courier names no UIDNEXT. The last message's number does, and one command lists few messages,
 * whatever numbers they may have. */
static void where_uidnext_is_not_named_the_last_message_tells_it(void **state)
{
    (void)state;
    static const PeerStep steps[] = {
        PEER_EXPECT("4 EXAMINE INBOX\r\n"),
        PEER_SEND("* 3 EXISTS\r\n* OK [UIDVALIDITY 77] x\r\n" SELECTED),
        PEER_EXPECT("5 UID SEARCH UID *\r\n"),
        PEER_SEND("* SEARCH 4100000000\r\n5 OK done\r\n"),
        PEER_EXPECT("6 UID SEARCH UID 1:4294967295\r\n"),
        PEER_SEND("* SEARCH 7 8 4100000000\r\n6 OK done\r\n"),
        PEER_EXPECT("7 EXAMINE INBOX\r\n"),
        PEER_SEND("* 3 EXISTS\r\n* OK [UIDVALIDITY 77] x\r\n7 OK x\r\n"),
        PEER_EXPECT("8 UID SEARCH UID *\r\n"),
        PEER_SEND("8 NO not today\r\n"),
        PEER_EXPECT("9 EXAMINE INBOX\r\n"),
        PEER_SEND("* 0 EXISTS\r\n* OK [UIDVALIDITY 77] x\r\n9 OK x\r\n"),
    };
    static const NumberRange everything[] = {{1, G_MAXUINT32}};
    static const guint32 told[] = {4100000001, 0, 0};
    Talk talk;
    Selected selected;
    g_autoptr(GError) error = NULL;
    talk_begin(&talk, steps, G_N_ELEMENTS(steps));
    for (gsize i = 0; i < G_N_ELEMENTS(told); i++) {
        if (!talk.fetcher->select(talk.fetcher, "INBOX", NULL, NULL, &selected, &error))
            fail_msg("%s", error->message);
        assert_int_equal(selected.uidnext, told[i]);
        assert_true(i > 0 ||
                    talk.fetcher->list(talk.fetcher, everything, 1, talk_listed, &talk, &error));
    }
    assert_string_equal(talk.taken->str, "7 8 4100000000 ");
    end_well(&talk);
}

#define FETCH "UID FETCH 1:9 (UID FLAGS INTERNALDATE BODY.PEEK[])\r\n"
static const NumberRange all[] = {{1, 9}};

static void messages_are_handed_on_whole(void **state)
{
    (void)state;
    static const PeerStep steps[] = {
        EXAMINE,
        PEER_EXPECT("5 " FETCH),
        PEER_SEND("* 1 FETCH (UID 2 FLAGS (\\Seen $Forwarded \\Recent \\X) INTERNALDATE "
                  "\"17-Jul-1996 02:44:25 -0700\" BODY[] {9}\r\na\0\r\n{9}\r\n)\r\n"
                  "* 2 FETCH (FLAGS (\\Seen))\r\n"
                  "* 2 FETCH (BODY[] {3}\r\nabc FLAGS () INTERNALDATE "
                  "\" 1-Jan-2024 00:00:00 +0000\" UID 7)\r\n"
                  "* 3 FETCH (BODY[] \"q\\\"uoted\" UID 8)\r\n"
                  "* 4 FETCH (BODY[] NIL UID 9)\r\n"
                  "* 5 FETCH (BODY[] {0}\r\n UID 5)\r\n"
                  "* 6 FETCH (UID 6 BODY[] \"\")\r\n"
                  "5 OK done\r\n"),
    };
    static const char wanted[] = "start a\0\r\n{9}\r\n end 2 837596665 \\Seen $Forwarded \\X\n"
                                 "start abc end 7 1704067200 \n"
                                 "start q\"uoted end 8 0 -\n"
                                 "start  end 5 0 -\n"
                                 "start  end 6 0 -\n";
    Talk talk;
    g_autoptr(GError) error = NULL;
    talk_begin(&talk, steps, G_N_ELEMENTS(steps));
    select_inbox(&talk);
    MessageTaker taker = talk_taker(&talk);
    if (!talk.fetcher->get(talk.fetcher, all, 1, &taker, &error))
        fail_msg("%s", error->message);
    assert_int_equal(talk.taken->len, sizeof wanted - 1);
    assert_memory_equal(talk.taken->str, wanted, sizeof wanted - 1);
    end_well(&talk);
}

static void p8_flags_are_taken_up_to_their_limits(void **state)
{
    (void)state;
    g_autoptr(GString) reply = g_string_new("* 1 FETCH (UID 2 BODY[] {1}\r\na FLAGS (");
    g_autoptr(GString) wanted = g_string_new("start a end 2 0 ");
    g_autofree char *longest = g_strnfill(LIMIT_FETCH_FLAG, 'l');
    g_string_append_printf(reply, "%sx %s", longest, longest);
    g_string_append(wanted, longest);
    for (guint i = 1; i <= LIMIT_FETCH_FLAGS; i++) {
        g_string_append_printf(reply, " k%u", i);
        if (i < LIMIT_FETCH_FLAGS)
            g_string_append_printf(wanted, " k%u", i);
    }
    g_string_append(reply, "))\r\n5 OK done\r\n");
    g_string_append(wanted, "\n");
    const PeerStep steps[] = {EXAMINE, PEER_EXPECT("5 " FETCH),
                              PEER_SEND_BYTES(reply->str, reply->len)};
    Talk talk;
    g_autoptr(GError) error = NULL;
    talk_begin(&talk, steps, G_N_ELEMENTS(steps));
    select_inbox(&talk);
    MessageTaker taker = talk_taker(&talk);
    if (!talk.fetcher->get(talk.fetcher, all, 1, &taker, &error))
        fail_msg("%s", error->message);
    assert_string_equal(talk.taken->str, wanted->str);
    end_well(&talk);
}

static void p6_removal_is_by_uid_alone(void **state)
{
    (void)state;
    static const PeerStep steps[] = {
        EXAMINE,
        PEER_EXPECT("5 SELECT INBOX\r\n"),
        PEER_SEND("* 3 EXISTS\r\n* OK [UIDVALIDITY 77] x\r\n5 OK [READ-WRITE] open\r\n"),
        PEER_EXPECT("6 UID STORE 2,7:8 +FLAGS.SILENT (\\Deleted)\r\n"),
        PEER_SEND("6 OK done\r\n"),
        PEER_EXPECT("7 UID EXPUNGE 2,7:8\r\n"),
        PEER_SEND("* 1 EXPUNGE\r\n* 1 EXPUNGE\r\n* 1 EXPUNGE\r\n7 OK done\r\n"),
        PEER_EXPECT("8 UID STORE 9 +FLAGS.SILENT (\\Deleted)\r\n"),
        PEER_SEND("8 OK done\r\n"),
        PEER_EXPECT("9 UID EXPUNGE 9\r\n"),
        PEER_SEND("9 OK\r\n"),
    };
    static const guint32 first[] = {8, 2, 7}, second[] = {9};
    Talk talk;
    g_autoptr(GError) error = NULL;
    talk_begin(&talk, steps, G_N_ELEMENTS(steps));
    select_inbox(&talk);
    if (!talk.fetcher->remove(talk.fetcher, first, 3, &error) ||
        !talk.fetcher->remove(talk.fetcher, second, 1, &error))
        fail_msg("%s", error->message);
    end_well(&talk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_session_from_greeting_to_good_bye),
        cmocka_unit_test(mailboxes_are_told_as_the_server_names_them),
        cmocka_unit_test(commands_that_wait_for_nothing_go_out_together),
        cmocka_unit_test(a_server_that_does_not_enable_lists_all_the_same),
        cmocka_unit_test(the_mailboxes_of_others_are_listed_too),
        cmocka_unit_test(with_more_namespaces_than_are_asked_for_the_list_is_not_whole),
        cmocka_unit_test(namespaces_that_are_none_change_nothing),
        cmocka_unit_test(uids_are_listed_in_order),
        cmocka_unit_test(where_uidnext_is_not_named_the_last_message_tells_it),
        cmocka_unit_test(messages_are_handed_on_whole),
        cmocka_unit_test(p8_flags_are_taken_up_to_their_limits),
        cmocka_unit_test(p6_removal_is_by_uid_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
