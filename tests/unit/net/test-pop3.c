/* POP3 against a scripted server, honest and hostile (P1, P3, P6, P8). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "core/error.h"
#include "core/limits.h"
#include "net/fetcher.h"
#include "tests/unit/net/tls-peer.h"

#define PLAIN "AUTH PLAIN AGpvaG4AcGFzcyB3b3Jk\r\n"
#define CAPA(lines) PEER_EXPECT("CAPA\r\n"), PEER_SEND("+OK here\r\n" lines ".\r\n")
#define GREETING PEER_TLS(), PEER_SEND("+OK ready <1.2@host>\r\n")
#define LOGIN(lines)                                                                               \
    GREETING, CAPA("SASL PLAIN LOGIN\r\n"), PEER_EXPECT(PLAIN), PEER_SEND("+OK in\r\n"), CAPA(lines)
#define EVERYTHING "USER\r\nUIDL\r\nPIPELINING\r\nSASL PLAIN\r\n"

typedef struct {
    Peer *peer;
    Fetcher *fetcher;
    GError *error;
    char *trouble;
    GByteArray *heard;
    GString *log; /* what the callbacks were told */
} Run;

static Run run_open_as(const PeerStep *steps, gsize n, const char *auth)
{
    Run run = {.peer = peer_start(NULL, steps, n), .log = g_string_new(NULL)};
    g_autoptr(Session) session = peer_session(SCHEME_POPS);
    session->auth = g_strdup(auth);
    run.fetcher = pop3_open(peer_fd(run.peer), session, &run.error);
    return run;
}

#define run_open(steps) run_open_as(steps, G_N_ELEMENTS(steps), NULL)

static void run_close(Run *run)
{
    g_clear_pointer(&run->fetcher, fetcher_free);
    run->heard = peer_finish(run->peer, &run->trouble);
}

static void run_clear(Run *run)
{
    g_byte_array_unref(run->heard);
    g_string_free(run->log, TRUE);
    g_free(run->trouble);
    g_clear_error(&run->error);
}

static void assert_rule(const GError *error, int code, const char *rule)
{
    if (error == NULL)
        fail_msg("%s was accepted", rule);
    if (postern_exit_code(error) != code || strcmp(postern_error_rule(error), rule) != 0)
        fail_msg("wanted %d %s, got %d %s: %s", code, rule, postern_exit_code(error),
                 postern_error_rule(error), error->message);
}

static void assert_script(const Run *run)
{
    if (run->trouble)
        fail_msg("%s", run->trouble);
}

/* How often the client's words hold WORD. */
static guint count_heard(const Run *run, const char *word)
{
    guint count = 0;
    g_autofree char *text = g_strndup((const char *)run->heard->data, run->heard->len);
    for (const char *at = text; (at = strstr(at, word)); at++)
        count++;
    return count;
}

static gboolean note_listed(gpointer user, const Listed *listed, GError **error)
{
    (void)error;
    g_string_append_printf(user, "%u=%s ", listed->number, listed->uidl ? listed->uidl : "-");
    return TRUE;
}

static gboolean note_start(gpointer user, GError **error)
{
    (void)error;
    g_string_append(user, "[");
    return TRUE;
}

static gboolean note_data(gpointer user, const guint8 *bytes, gsize size, GError **error)
{
    (void)error;
    g_string_append_len(user, (const char *)bytes, (gssize)size);
    return TRUE;
}

static gboolean note_end(gpointer user, const Fetched *fetched, GError **error)
{
    (void)error;
    g_string_append_printf(user, "]%u ", fetched->number);
    return fetched->internaldate == 0 && fetched->flags == NULL;
}

static gboolean get(Run *run, guint32 first, guint32 last)
{
    const MessageTaker taker = {note_start, note_data, note_end, run->log};
    return run->fetcher->get(run->fetcher, &(NumberRange){first, last}, 1, &taker, &run->error);
}

static gboolean select_inbox(Run *run, guint32 *exists)
{
    Selected selected;
    gboolean good = run->fetcher->select(run->fetcher, "INBOX", NULL, NULL, &selected, &run->error);
    if (good)
        *exists = selected.exists;
    return good;
}

static gboolean list_all(Run *run)
{
    guint32 exists;
    return select_inbox(run, &exists) &&
           run->fetcher->list(run->fetcher, NULL, 0, note_listed, run->log, &run->error);
}

static gboolean note_mailbox(gpointer user, const MailboxName *name, GError **error)
{
    (void)error;
    g_string_append_printf(user, "%s,%s,%d ", name->name, name->display, name->selectable);
    return TRUE;
}

/* ---- the whole way ---- */

static void a_mailbox_is_listed_fetched_and_emptied(void **state)
{
    (void)state;
    static const PeerStep steps[] = {
        LOGIN(EVERYTHING),
        PEER_EXPECT("STAT\r\n"),
        PEER_EXPECT("UIDL\r\n"),
        PEER_SEND("+OK 2 400\r\n+OK\r\n2 two\r\n1 one\r\n.\r\n"),
        PEER_EXPECT("RETR 1\r\n"),
        PEER_EXPECT("RETR 2\r\n"),
        PEER_SEND("+OK\r\nSubject: a\r\n\r\n..x\0y\r\n.\r\n+OK 3 octets\r\nb\r\n.\r\n"),
        PEER_EXPECT("DELE 1\r\n"),
        PEER_EXPECT("DELE 2\r\n"),
        PEER_SEND("+OK\r\n+OK\r\n"),
        PEER_EXPECT("QUIT\r\n"),
        PEER_SEND("+OK bye\r\n"),
        PEER_CLOSE(),
    };
    Run run = run_open(steps);
    assert_non_null(run.fetcher);
    assert_true(run.fetcher->mailboxes(run.fetcher, NULL, note_mailbox, run.log, NULL));
    assert_true(list_all(&run));
    assert_true(get(&run, 1, 2));
    const guint32 numbers[] = {1, 2};
    assert_true(run.fetcher->remove(run.fetcher, numbers, 2, NULL));
    assert_true(run.fetcher->quit(run.fetcher, NULL));
    run_close(&run);
    assert_script(&run);
    static const char wanted[] = "INBOX,INBOX,1 2=two 1=one "
                                 "[Subject: a\r\n\r\n.x\0y\r\n]1 [b\r\n]2 ";
    assert_int_equal(run.log->len, sizeof wanted - 1);
    assert_memory_equal(run.log->str, wanted, sizeof wanted);
    run_clear(&run);
}

static void what_cannot_change_by_a_login_is_not_asked_again(void **state)
{
    (void)state;
    static const PeerStep steps[] = {
        GREETING,
        CAPA(EVERYTHING),
        PEER_EXPECT(PLAIN),
        PEER_SEND("+OK in\r\n"),
        PEER_EXPECT("STAT\r\n"),
        PEER_EXPECT("UIDL\r\n"),
        PEER_SEND("+OK 0 0\r\n+OK\r\n.\r\n"),
        PEER_WAIT(),
    };
    Run run = run_open(steps);
    assert_non_null(run.fetcher);
    assert_true(list_all(&run));
    run_close(&run);
    assert_script(&run);
    assert_int_equal(count_heard(&run, "CAPA"), 1);
    run_clear(&run);
}

static void a_good_bye_is_waited_for_only_when_deletions_hang_on_it(void **state)
{
    (void)state;
    static const PeerStep steps[] = {
        LOGIN(EVERYTHING),   PEER_EXPECT("STAT"),
        PEER_EXPECT("UIDL"), PEER_SEND("+OK 1 9\r\n+OK\r\n1 a\r\n.\r\n"),
        PEER_EXPECT("QUIT"), PEER_WAIT(),
    };
    Run run = run_open(steps);
    assert_true(list_all(&run));
    assert_true(run.fetcher->quit(run.fetcher, NULL));
    run_close(&run);
    assert_script(&run);
    run_clear(&run);
}

static void without_pipelining_commands_go_one_by_one(void **state)
{
    (void)state;
    static const PeerStep steps[] = {
        LOGIN("UIDL\r\n"),
        PEER_EXPECT("STAT\r\n"),
        PEER_SEND("+OK 2 4\r\n"),
        PEER_EXPECT("UIDL\r\n"),
        PEER_SEND("+OK\r\n1 a\r\n2 b\r\n.\r\n"),
        PEER_EXPECT("RETR 1\r\n"),
        PEER_PAUSE(),
        PEER_SEND("+OK\r\na\r\n.\r\n"),
        PEER_EXPECT("RETR 2\r\n"),
        PEER_SEND("+OK\r\nb\r\n.\r\n"),
        PEER_WAIT(),
    };
    Run run = run_open(steps);
    assert_true(list_all(&run));
    assert_true(get(&run, 1, 2));
    run_close(&run);
    assert_script(&run);
    assert_string_equal(run.log->str, "1=a 2=b [a\r\n]1 [b\r\n]2 ");
    run_clear(&run);
}

static void a_thousand_messages_pass_through_the_window(void **state)
{
    (void)state;
    enum { MANY = 1000 };
    g_autoptr(GArray) steps = g_array_new(FALSE, FALSE, sizeof(PeerStep));
    static const PeerStep before[] = {LOGIN(EVERYTHING), PEER_EXPECT("STAT"), PEER_EXPECT("UIDL"),
                                      PEER_SEND("+OK 1000 9\r\n-ERR none\r\n")};
    static const PeerStep each[] = {PEER_EXPECT("RETR "), PEER_SEND("+OK\r\n.\r\n")};
    static const PeerStep after = PEER_WAIT();
    g_array_append_vals(steps, before, G_N_ELEMENTS(before));
    for (guint i = 0; i < MANY; i++)
        g_array_append_vals(steps, each, G_N_ELEMENTS(each));
    g_array_append_val(steps, after);
    Run run = run_open_as((const PeerStep *)(void *)steps->data, steps->len, NULL);
    guint32 exists;
    assert_true(select_inbox(&run, &exists));
    assert_int_equal(exists, MANY);
    assert_true(get(&run, 1, MANY));
    run_close(&run);
    assert_script(&run);
    assert_int_equal(count_heard(&run, "RETR "), MANY);
    assert_true(g_str_has_suffix(run.log->str, "[]999 []1000 "));
    run_clear(&run);
}

static void a_mailbox_without_ids_is_listed_by_number(void **state)
{
    (void)state;
    static const PeerStep none[] = {LOGIN("USER\r\n"),           PEER_EXPECT("STAT"),
                                    PEER_SEND("+OK 2 9\r\n"),    PEER_EXPECT("UIDL"),
                                    PEER_SEND("-ERR what?\r\n"), PEER_WAIT()};
    static const PeerStep some[] = {LOGIN(EVERYTHING), PEER_EXPECT("STAT"),
                                    PEER_SEND("+OK 3 9\r\n+OK\r\n2 b\r\n.\r\n"), PEER_WAIT()};
    Run run = run_open(none);
    assert_true(list_all(&run));
    assert_string_equal(run.log->str, "1=- 2=- ");
    run_close(&run);
    run_clear(&run);
    run = run_open(some);
    assert_true(list_all(&run));
    assert_string_equal(run.log->str, "2=b 1=- 3=- ");
    run_close(&run);
    run_clear(&run);
}

static void an_answer_nobody_fetched_is_not_taken_for_the_next(void **state)
{
    (void)state;
    static const PeerStep steps[] = {
        LOGIN(EVERYTHING),   PEER_EXPECT("STAT"),   PEER_SEND("+OK 1 9\r\n+OK\r\n1 a\r\n.\r\n"),
        PEER_EXPECT("UIDL"), PEER_EXPECT("RETR 1"), PEER_SEND("+OK\r\nx\r\n.\r\n"),
        PEER_WAIT()};
    Run run = run_open(steps);
    guint32 exists;
    assert_true(select_inbox(&run, &exists));
    assert_true(get(&run, 1, 1));
    assert_string_equal(run.log->str, "[x\r\n]1 ");
    run_close(&run);
    run_clear(&run);
}

/* ---- login ---- */

typedef struct {
    const char *name;
    PeerStep steps[12];
    const char *auth;
    int code; /* 0: logged in */
    const char *rule;
} LoginCase;

static const LoginCase login_cases[] = {
    {"USER and PASS when SASL is not offered",
     {GREETING, CAPA("USER\r\n"), PEER_EXPECT("USER john\r\n"), PEER_SEND("+OK\r\n"),
      PEER_EXPECT("PASS pass word\r\n"), PEER_SEND("+OK\r\n"), CAPA(""), PEER_WAIT()},
     NULL,
     0,
     NULL},
    {"USER and PASS when CAPA is not known",
     {GREETING, PEER_EXPECT("CAPA"), PEER_SEND("-ERR\r\n"), PEER_EXPECT("USER john"),
      PEER_SEND("+OK\r\n"), PEER_EXPECT("PASS "), PEER_SEND("+OK\r\n"), CAPA(""), PEER_WAIT()},
     NULL,
     0,
     NULL},
    {"LOGIN when demanded",
     {GREETING, CAPA("SASL PLAIN LOGIN\r\n"), PEER_EXPECT("AUTH LOGIN\r\n"),
      PEER_SEND("+ VXNlcm5hbWU6\r\n"), PEER_EXPECT("am9obg=="), PEER_SEND("+ UGFzc3dvcmQ6\r\n"),
      PEER_EXPECT("cGFzcyB3b3Jk"), PEER_SEND("+OK\r\n"), CAPA("")},
     "LOGIN",
     0,
     NULL},
    {"PLAIN with the answer asked for again",
     {GREETING, CAPA("SASL PLAIN\r\n"), PEER_EXPECT("AUTH PLAIN "), PEER_SEND("+ \r\n"),
      PEER_WAIT()},
     NULL,
     POSTERN_ERROR_PROTOCOL,
     "login.challenge"},
    {"UTF-8 in headers, and who knows it",
     {GREETING, CAPA("UTF8 USER\r\nUSER\r\n"), PEER_EXPECT("UTF8\r\n"), PEER_SEND("+OK\r\n"),
      PEER_EXPECT("USER john\r\n"), PEER_SEND("-ERR [AUTH] no\r\n"), PEER_WAIT()},
     NULL,
     POSTERN_ERROR_LOGIN,
     "login.refused"},
    {"UTF-8 in headers, and who will not",
     {GREETING, CAPA("UTF8\r\nUSER\r\n"), PEER_EXPECT("UTF8\r\n"), PEER_SEND("-ERR\r\n"),
      PEER_EXPECT("USER john\r\n"), PEER_SEND("-ERR [AUTH] no\r\n"), PEER_WAIT()},
     NULL,
     POSTERN_ERROR_LOGIN,
     "login.refused"},
    {"a challenge to UTF8",
     {GREETING, CAPA("UTF8\r\nUSER\r\n"), PEER_EXPECT("UTF8\r\n"), PEER_SEND("+ \r\n"),
      PEER_WAIT()},
     NULL,
     POSTERN_ERROR_PROTOCOL,
     "server.protocol"},
    {"a binding that the server does not know",
     {GREETING, CAPA("SASL SCRAM-SHA-1-PLUS SCRAM-SHA-1\r\n"),
      PEER_EXPECT("AUTH SCRAM-SHA-1-PLUS cD10bHMtZXhwb3J0ZXIsLG49"),
      PEER_SEND("-ERR [AUTH] no\r\n"), PEER_EXPECT("AUTH SCRAM-SHA-1 biwsbj1qb2huLHI9"),
      PEER_SEND("+OK\r\n"), PEER_WAIT()},
     NULL,
     POSTERN_ERROR_PROTOCOL,
     "login.unproven"},
    {"a yes before SCRAM's proof",
     {GREETING, CAPA("SASL SCRAM-SHA-1 PLAIN\r\n"),
      PEER_EXPECT("AUTH SCRAM-SHA-1 eSwsbj1qb2huLHI9"), PEER_SEND("+OK\r\n"), PEER_WAIT()},
     NULL,
     POSTERN_ERROR_PROTOCOL,
     "login.unproven"},
    {"a mechanism that is not offered",
     {GREETING, CAPA("SASL PLAIN\r\nUSER\r\n"), PEER_WAIT()},
     "SCRAM-SHA-256",
     POSTERN_ERROR_POLICY,
     "login.mechanism"},
    {"no way to log in",
     {GREETING, CAPA("SASL DIGEST-MD5 NTLM\r\n"), PEER_WAIT()},
     NULL,
     POSTERN_ERROR_POLICY,
     "login.mechanism"},
    {"APOP is never used",
     {GREETING, CAPA("APOP\r\n"), PEER_WAIT()},
     NULL,
     POSTERN_ERROR_POLICY,
     "login.mechanism"},
    {"wrong password",
     {GREETING, CAPA("SASL PLAIN\r\n"), PEER_EXPECT("AUTH"), PEER_SEND("-ERR [AUTH] no\r\n"),
      PEER_WAIT()},
     NULL,
     POSTERN_ERROR_LOGIN,
     "login.refused"},
    {"wrong password by PASS",
     {GREETING, CAPA("USER\r\n"), PEER_EXPECT("USER"), PEER_SEND("+OK\r\n"), PEER_EXPECT("PASS"),
      PEER_SEND("-ERR no\r\n"), PEER_WAIT()},
     NULL,
     POSTERN_ERROR_LOGIN,
     "login.refused"},
    {"busy mailbox",
     {GREETING, CAPA("SASL PLAIN\r\n"), PEER_EXPECT("AUTH"), PEER_SEND("-ERR [IN-USE] later\r\n"),
      PEER_WAIT()},
     NULL,
     POSTERN_ERROR_TEMPORARY,
     "server.busy"},
    {"too early",
     {GREETING, CAPA("SASL PLAIN\r\n"), PEER_EXPECT("AUTH"),
      PEER_SEND("-ERR [LOGIN-DELAY] wait\r\n"), PEER_WAIT()},
     NULL,
     POSTERN_ERROR_TEMPORARY,
     "login.delay"},
    {"too early, by PASS, in small letters",
     {GREETING, CAPA("USER\r\nLOGIN-DELAY 900\r\n"), PEER_EXPECT("USER"), PEER_SEND("+OK\r\n"),
      PEER_EXPECT("PASS"), PEER_SEND("-ERR [login-delay] wait\r\n"), PEER_WAIT()},
     NULL,
     POSTERN_ERROR_TEMPORARY,
     "login.delay"},
    {"a mailbox in use, by PASS",
     {GREETING, CAPA("USER\r\n"), PEER_EXPECT("USER"), PEER_SEND("+OK\r\n"), PEER_EXPECT("PASS"),
      PEER_SEND("-ERR [IN-USE] wait\r\n"), PEER_WAIT()},
     NULL,
     POSTERN_ERROR_TEMPORARY,
     "server.busy"},
    {"wrong password, from who always says so",
     {GREETING, CAPA("SASL PLAIN\r\nAUTH-RESP-CODE\r\n"), PEER_EXPECT("AUTH"),
      PEER_SEND("-ERR [AUTH] no\r\n"), PEER_WAIT()},
     NULL,
     POSTERN_ERROR_LOGIN,
     "login.refused"},
    {"no verdict from who always says so",
     {GREETING, CAPA("SASL PLAIN\r\nAUTH-RESP-CODE\r\n"), PEER_EXPECT("AUTH"),
      PEER_SEND("-ERR not today\r\n"), PEER_WAIT()},
     NULL,
     POSTERN_ERROR_LOGIN,
     "login.denied"},
    {"a code that only begins like one",
     {GREETING, CAPA("SASL PLAIN\r\n"), PEER_EXPECT("AUTH"),
      PEER_SEND("-ERR [SYS/TEMPORARY] no\r\n"), PEER_WAIT()},
     NULL,
     POSTERN_ERROR_LOGIN,
     "login.refused"},
    {"a code below a known one",
     {GREETING, CAPA("SASL PLAIN\r\n"), PEER_EXPECT("AUTH"),
      PEER_SEND("-ERR [SYS/TEMP/DISK] no\r\n"), PEER_WAIT()},
     NULL,
     POSTERN_ERROR_TEMPORARY,
     "server.busy"},
    {"a code that does not begin the line",
     {GREETING, CAPA("SASL PLAIN\r\n"), PEER_EXPECT("AUTH"), PEER_SEND("-ERR no [IN-USE]\r\n"),
      PEER_WAIT()},
     NULL,
     POSTERN_ERROR_LOGIN,
     "login.refused"},
    {"broken for now",
     {GREETING, CAPA("SASL PLAIN\r\n"), PEER_EXPECT("AUTH"), PEER_SEND("-ERR [SYS/TEMP] disk\r\n"),
      PEER_WAIT()},
     NULL,
     POSTERN_ERROR_TEMPORARY,
     "server.busy"},
    {"broken for good",
     {GREETING, CAPA("SASL PLAIN\r\n"), PEER_EXPECT("AUTH"), PEER_SEND("-ERR [SYS/PERM] gone\r\n"),
      PEER_WAIT()},
     NULL,
     POSTERN_ERROR_LOGIN,
     "login.denied"},
    {"closed for now",
     {PEER_TLS(), PEER_SEND("-ERR too many connections\r\n"), PEER_WAIT()},
     NULL,
     POSTERN_ERROR_TEMPORARY,
     "server.busy"},
    {"another protocol inside TLS",
     {PEER_TLS(), PEER_SEND("* OK IMAP4rev1\r\n"), PEER_WAIT()},
     NULL,
     POSTERN_ERROR_PROTOCOL,
     "server.protocol"},
    {"a greeting without blank",
     {PEER_TLS(), PEER_SEND("+OKAY\r\n"), PEER_WAIT()},
     NULL,
     POSTERN_ERROR_PROTOCOL,
     "server.protocol"},
    {"NUL in the greeting",
     {PEER_TLS(), PEER_SEND("+OK \0\r\n"), PEER_WAIT()},
     NULL,
     POSTERN_ERROR_PROTOCOL,
     "server.protocol"},
    {"a challenge as greeting",
     {PEER_TLS(), PEER_SEND("+ go\r\n"), PEER_WAIT()},
     NULL,
     POSTERN_ERROR_PROTOCOL,
     "server.protocol"},
    {"bare LF",
     {PEER_TLS(), PEER_SEND("+OK\n"), PEER_WAIT()},
     NULL,
     POSTERN_ERROR_PROTOCOL,
     "server.line"},
    {"gone without good-bye",
     {PEER_TLS(), PEER_SEND("+O"), PEER_DROP()},
     NULL,
     POSTERN_ERROR_PROTOCOL,
     "tls.truncated"},
    {"gone with good-bye",
     {PEER_TLS(), PEER_SEND("+O"), PEER_CLOSE()},
     NULL,
     POSTERN_ERROR_UNREACHABLE,
     "server.closed"},
    {"endless greeting",
     {PEER_TLS(), PEER_FLOOD("+OK and ")},
     NULL,
     POSTERN_ERROR_PROTOCOL,
     "server.line"},
    {"endless capabilities",
     {GREETING, PEER_EXPECT("CAPA"), PEER_SEND("+OK\r\n"), PEER_FLOOD("X-AGAIN\r\n")},
     NULL,
     POSTERN_ERROR_PROTOCOL,
     "server.protocol"},
    {"greeting in clear",
     {PEER_SEND("+OK ready\r\n"), PEER_WAIT()},
     NULL,
     POSTERN_ERROR_PROTOCOL,
     "tls.handshake"},
};

static void p3_logins_end_as_they_should(void **state)
{
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(login_cases); i++) {
        const LoginCase *c = &login_cases[i];
        gsize n = G_N_ELEMENTS(c->steps);
        while (n > 0 && c->steps[n - 1].act == ACT_TLS)
            n--;
        Run run = run_open_as(c->steps, n, c->auth);
        if (c->rule == NULL && run.error)
            fail_msg("%s: %s", c->name, run.error->message);
        if (c->rule)
            assert_rule(run.error, c->code, c->rule);
        assert_int_equal(run.fetcher != NULL, c->rule == NULL);
        run_close(&run);
        if (run.trouble && c->steps[n - 1].act != ACT_FLOOD)
            fail_msg("%s: %s", c->name, run.trouble);
        run_clear(&run);
    }
}

static void p8_90_too_many_capabilities_are_refused(void **state)
{
    (void)state;
    for (guint more = 0; more < 2; more++) {
        g_autoptr(GString) capabilities = g_string_new("+OK\r\nSASL PLAIN\r\n");
        for (guint i = 1; i < LIMIT_REPLY_LINES + more; i++)
            g_string_append(capabilities, "X-MORE\r\n");
        g_string_append(capabilities, ".\r\n");
        const PeerStep steps[] = {GREETING,
                                  PEER_EXPECT("CAPA\r\n"),
                                  PEER_SEND_BYTES(capabilities->str, capabilities->len),
                                  PEER_EXPECT(PLAIN),
                                  PEER_SEND("+OK in\r\n"),
                                  CAPA("UIDL\r\n"),
                                  PEER_WAIT()};
        Run run = run_open(steps);
        assert_int_equal(run.fetcher == NULL, more);
        if (more)
            assert_rule(run.error, POSTERN_ERROR_PROTOCOL, "server.protocol");
        run_close(&run);
        run_clear(&run);
    }
}

static void p3_34_nothing_is_sent_when_no_mechanism_fits(void **state)
{
    (void)state;
    static const PeerStep steps[] = {GREETING, CAPA("SASL DIGEST-MD5\r\n"), PEER_WAIT()};
    Run run = run_open(steps);
    assert_null(run.fetcher);
    run_close(&run);
    assert_int_equal(run.heard->len, strlen("CAPA\r\n"));
    run_clear(&run);
}

static void p9_99_a_login_with_a_line_break_is_not_sent(void **state)
{
    (void)state;
    static const PeerStep steps[] = {GREETING, CAPA("USER\r\n"), PEER_WAIT()};
    Peer *peer = peer_start(NULL, steps, G_N_ELEMENTS(steps));
    g_autoptr(Session) session = peer_session(SCHEME_POPS);
    g_autoptr(GError) error = NULL;
    g_free(session->login);
    session->login = g_strdup("john\r\nPASS x");
    assert_null(pop3_open(peer_fd(peer), session, &error));
    assert_rule(error, POSTERN_ERROR_INPUT, "send.value");
    g_autoptr(GByteArray) heard = peer_finish(peer, NULL);
    assert_int_equal(heard->len, strlen("CAPA\r\n"));
}

/* ---- hostile answers ---- */

typedef struct {
    const char *name;
    PeerStep answer; /* to STAT and UIDL */
    const char *rule;
} ListCase;

#define UIDLS(lines) PEER_SEND("+OK 3 9\r\n+OK\r\n" lines ".\r\n")
#define X100                                                                                       \
    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx" \
    "xxxxxxxx"

static void p8_90_hostile_lists_are_refused(void **state)
{
    (void)state;
    static const ListCase cases[] = {
        {"plain", UIDLS("1 a\r\n2 b\r\n3 c\r\n"), NULL},
        {"id of the limit", UIDLS("1 " X100 X100 "\r\n"), NULL},
        {"id over the limit", UIDLS("1 " X100 X100 "x\r\n"), "server.protocol"},
        {"number 0", UIDLS("0 a\r\n"), "server.protocol"},
        {"number -1", UIDLS("-1 a\r\n"), "server.protocol"},
        {"number +1", UIDLS("+1 a\r\n"), "server.protocol"},
        {"number beyond STAT", UIDLS("4 a\r\n"), "server.protocol"},
        {"number of 32 bits", UIDLS("4294967297 a\r\n"), "server.protocol"},
        {"number of 64 bits", UIDLS("18446744073709551617 a\r\n"), "server.protocol"},
        {"number in hex", UIDLS("0x1 a\r\n"), "server.protocol"},
        {"number twice", UIDLS("1 a\r\n1 b\r\n"), "server.protocol"},
        {"id twice", UIDLS("1 a\r\n2 a\r\n"), "server.uidl"},
        {"no message", PEER_SEND("+OK 0 0\r\n+OK\r\n.\r\n"), NULL},
        {"id empty", UIDLS("1 \r\n"), "server.protocol"},
        {"id absent", UIDLS("1\r\n"), "server.protocol"},
        {"id with blank", UIDLS("1 a b\r\n"), "server.protocol"},
        {"id with escape", UIDLS("1 a\033[2J\r\n"), "server.protocol"},
        {"id with NUL", UIDLS("1 a\0b\r\n"), "server.protocol"},
        {"id of 8 bits", UIDLS("1 \xc3\xa4\r\n"), "server.protocol"},
        {"bare LF", UIDLS("1 a\n"), "server.line"},
        {"STAT without numbers", PEER_SEND("+OK\r\n"), "server.protocol"},
        {"STAT negative", PEER_SEND("+OK -1 5\r\n"), "server.protocol"},
        {"STAT huge", PEER_SEND("+OK 5000001 5\r\n"), "server.protocol"},
        {"STAT of 32 bits", PEER_SEND("+OK 4294967296 5\r\n"), "server.protocol"},
        {"STAT with one number", PEER_SEND("+OK 3\r\n"), "server.protocol"},
        {"STAT refused", PEER_SEND("-ERR no\r\n"), "server.refused"},
        {"STAT of another protocol", PEER_SEND("250 OK\r\n"), "server.protocol"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        PeerStep steps[] = {LOGIN(EVERYTHING), PEER_EXPECT("STAT"), cases[i].answer, PEER_WAIT()};
        Run run = run_open(steps);
        assert_non_null(run.fetcher);
        gboolean good = list_all(&run);
        if (good != (cases[i].rule == NULL))
            fail_msg("%s: %s", cases[i].name, good ? "accepted" : run.error->message);
        if (cases[i].rule)
            assert_rule(run.error, POSTERN_ERROR_PROTOCOL, cases[i].rule);
        run_close(&run);
        run_clear(&run);
    }
}

/* ---- sizes ---- */

static gboolean note_sized(gpointer user, const Sized *sized, GError **error)
{
    (void)error;
    g_string_append_printf(user, "%u=%" G_GUINT64_FORMAT " ", sized->number, sized->size);
    return sized->internaldate == 0;
}

static void p6_sizes_are_what_list_says(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        PeerStep answer;
        const char *rule, *taken;
    } cases[] = {
        {"plain", PEER_SEND("+OK\r\n1 7\r\n3 0\r\n2 4294967296\r\n.\r\n"), NULL,
         "1=7 3=0 2=4294967296 "},
        {"some", PEER_SEND("+OK 3 messages\r\n2 7 and words\r\n.\r\n"), NULL, "2=7 "},
        {"2^63", PEER_SEND("+OK\r\n1 9223372036854775808\r\n2 99999999999999999999999\r\n.\r\n"),
         NULL, "1=9223372036854775807 2=9223372036854775807 "},
        {"refused", PEER_SEND("-ERR no\r\n"), "server.refused", ""},
        {"negative", PEER_SEND("+OK\r\n1 -7\r\n.\r\n"), "server.protocol", ""},
        {"no size", PEER_SEND("+OK\r\n1\r\n.\r\n"), "server.protocol", ""},
        {"no number", PEER_SEND("+OK\r\nx 7\r\n.\r\n"), "server.protocol", ""},
        {"number 0", PEER_SEND("+OK\r\n0 7\r\n.\r\n"), "server.protocol", ""},
        {"number beyond STAT", PEER_SEND("+OK\r\n4 7\r\n.\r\n"), "server.protocol", ""},
        {"number of 32 bits", PEER_SEND("+OK\r\n4294967297 7\r\n.\r\n"), "server.protocol", ""},
        {"without end", PEER_SEND("+OK\r\n1 7\r\n1 7\r\n1 7\r\n1 7\r\n"), "server.protocol",
         "1=7 1=7 1=7 "},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        PeerStep steps[] = {
            LOGIN(EVERYTHING),   PEER_EXPECT("STAT"), PEER_EXPECT("UIDL"), UIDLS("1 a\r\n2 b\r\n"),
            PEER_EXPECT("LIST"), cases[i].answer,     PEER_WAIT()};
        Run run = run_open(steps);
        assert_true(list_all(&run));
        g_string_truncate(run.log, 0);
        gboolean good = run.fetcher->sizes(run.fetcher, NULL, 0, note_sized, run.log, &run.error);
        if (good != (cases[i].rule == NULL) || strcmp(run.log->str, cases[i].taken) != 0)
            fail_msg("%s: %s, %s", cases[i].name, good ? "accepted" : run.error->message,
                     run.log->str);
        if (cases[i].rule)
            assert_rule(run.error, POSTERN_ERROR_PROTOCOL, cases[i].rule);
        run_close(&run);
        run_clear(&run);
    }
}

static void p8_90_an_endless_list_ends_at_what_stat_said(void **state)
{
    (void)state;
    static const PeerStep steps[] = {LOGIN(EVERYTHING), PEER_EXPECT("STAT"),
                                     PEER_SEND("+OK 1 9\r\n+OK\r\n1 a\r\n"), PEER_FLOOD("2 b\r\n")};
    Run run = run_open(steps);
    assert_false(list_all(&run));
    assert_rule(run.error, POSTERN_ERROR_PROTOCOL, "server.protocol");
    run_close(&run);
    run_clear(&run);
}

static void p8_90_nothing_is_sent_after_a_violation(void **state)
{
    (void)state;
    static const PeerStep steps[] = {LOGIN(EVERYTHING), PEER_EXPECT("STAT"), PEER_EXPECT("UIDL"),
                                     PEER_SEND("rubbish\r\n+OK\r\n"), PEER_WAIT()};
    Run run = run_open(steps);
    assert_false(list_all(&run));
    g_clear_error(&run.error);
    assert_false(get(&run, 1, 1));
    assert_rule(run.error, POSTERN_ERROR_UNREACHABLE, "server.closed");
    assert_false(run.fetcher->quit(run.fetcher, NULL));
    run_close(&run);
    assert_int_equal(count_heard(&run, "RETR") + count_heard(&run, "QUIT"), 0);
    run_clear(&run);
}

#define THREE                                                                                      \
    LOGIN(EVERYTHING), PEER_EXPECT("STAT"), PEER_EXPECT("UIDL"), PEER_SEND("+OK 3 9\r\n-ERR\r\n")

static void p6_one_refused_message_does_not_stop_the_others(void **state)
{
    (void)state;
    static const PeerStep steps[] = {
        THREE, PEER_EXPECT("RETR 1"),
        PEER_SEND("+OK\r\na\r\n.\r\n-ERR it is \033[31mbroken\r\n+OK\r\nc\r\n.\r\n"), PEER_WAIT()};
    Run run = run_open(steps);
    guint32 exists;
    assert_true(select_inbox(&run, &exists));
    assert_false(get(&run, 1, 3));
    assert_rule(run.error, POSTERN_ERROR_PROTOCOL, "server.refused");
    assert_non_null(strstr(run.error->message, "RETR 2"));
    assert_null(strchr(run.error->message, '\033'));
    assert_string_equal(run.log->str, "[a\r\n]1 [c\r\n]3 ");
    run_close(&run);
    run_clear(&run);
}

static void p6_55_a_message_cut_off_is_never_whole(void **state)
{
    (void)state;
    static const char message[] = "+OK\r\nSubject: x\r\n\r\nbody\r\n.\r\n";
    for (gsize cut = 0; cut < sizeof message - 1; cut++)
        for (int polite = 0; polite < 2; polite++) {
            PeerStep steps[] = {THREE,
                                PEER_EXPECT("RETR 1"),
                                PEER_SEND_BYTES(message, cut),
                                {polite ? ACT_CLOSE : ACT_DROP, NULL, 0}};
            Run run = run_open(steps);
            guint32 exists;
            assert_true(select_inbox(&run, &exists));
            assert_false(get(&run, 1, 1));
            assert_null(strchr(run.log->str, ']'));
            if (polite)
                assert_rule(run.error, POSTERN_ERROR_UNREACHABLE, "server.closed");
            else
                assert_rule(run.error, POSTERN_ERROR_PROTOCOL, "tls.truncated");
            run_close(&run);
            run_clear(&run);
        }
}

static gboolean refuse_data(gpointer user, const guint8 *bytes, gsize size, GError **error)
{
    (void)user;
    (void)bytes;
    (void)size;
    return refuse(error, POSTERN_ERROR_STORE, "store.full", NULL, "the disk is full");
}

static void p6_54_a_taker_that_fails_ends_the_session(void **state)
{
    (void)state;
    static const PeerStep steps[] = {THREE, PEER_EXPECT("RETR 1"), PEER_SEND("+OK\r\na\r\n.\r\n"),
                                     PEER_WAIT()};
    Run run = run_open(steps);
    const MessageTaker taker = {note_start, refuse_data, note_end, run.log};
    guint32 exists;
    assert_true(select_inbox(&run, &exists));
    assert_false(run.fetcher->get(run.fetcher, &(NumberRange){1, 1}, 1, &taker, &run.error));
    assert_rule(run.error, POSTERN_ERROR_STORE, "store.full");
    assert_false(run.fetcher->remove(run.fetcher, (const guint32[]){1}, 1, NULL));
    assert_false(run.fetcher->quit(run.fetcher, NULL));
    run_close(&run);
    assert_int_equal(count_heard(&run, "DELE") + count_heard(&run, "QUIT"), 0);
    run_clear(&run);
}

static void p6_56_numbers_that_do_not_exist_are_never_sent(void **state)
{
    (void)state;
    static const PeerStep steps[] = {THREE, PEER_WAIT()};
    static const NumberRange bad[] = {{0, 1}, {2, 1}, {1, 4}, {4, 4}, {1, G_MAXUINT32}};
    Run run = run_open(steps);
    guint32 exists;
    assert_true(select_inbox(&run, &exists));
    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
        assert_false(get(&run, bad[i].first, bad[i].last));
        assert_rule(run.error, POSTERN_ERROR_BUG, "server.number");
        g_clear_error(&run.error);
    }
    assert_false(run.fetcher->remove(run.fetcher, (const guint32[]){4}, 1, NULL));
    run_close(&run);
    assert_int_equal(count_heard(&run, "RETR") + count_heard(&run, "DELE"), 0);
    run_clear(&run);
}

typedef struct {
    PeerStep answer, end;
    int code;
    const char *rule;
} QuitCase;

static void p6_56_deletions_hold_only_when_quit_was_confirmed(void **state)
{
    (void)state;
    static const QuitCase cases[] = {
        {PEER_SEND("+OK\r\n"), PEER_DROP(), 0, NULL},
        {PEER_SEND("-ERR some not removed\r\n"), PEER_CLOSE(), POSTERN_ERROR_TEMPORARY,
         "server.quit"},
        {PEER_SEND(""), PEER_CLOSE(), POSTERN_ERROR_UNREACHABLE, "server.closed"},
        {PEER_SEND(""), PEER_DROP(), POSTERN_ERROR_PROTOCOL, "tls.truncated"},
        {PEER_SEND("+OK"), PEER_CLOSE(), POSTERN_ERROR_UNREACHABLE, "server.closed"},
        {PEER_SEND("bye\r\n"), PEER_CLOSE(), POSTERN_ERROR_PROTOCOL, "server.protocol"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        PeerStep steps[] = {
            THREE,           PEER_EXPECT("DELE 2"), PEER_SEND("+OK\r\n"), PEER_EXPECT("QUIT"),
            cases[i].answer, cases[i].end};
        Run run = run_open(steps);
        guint32 exists;
        assert_true(select_inbox(&run, &exists));
        assert_true(run.fetcher->remove(run.fetcher, (const guint32[]){2}, 1, NULL));
        gboolean good = run.fetcher->quit(run.fetcher, &run.error);
        assert_int_equal(good, cases[i].rule == NULL);
        if (!good)
            assert_rule(run.error, cases[i].code, cases[i].rule);
        run_close(&run);
        run_clear(&run);
    }
}

static void p6_56_a_refused_deletion_is_told(void **state)
{
    (void)state;
    static const PeerStep steps[] = {THREE, PEER_EXPECT("DELE 1"), PEER_EXPECT("DELE 3"),
                                     PEER_SEND("-ERR no\r\n+OK\r\n"), PEER_WAIT()};
    Run run = run_open(steps);
    guint32 exists;
    assert_true(select_inbox(&run, &exists));
    assert_false(run.fetcher->remove(run.fetcher, (const guint32[]){1, 3}, 2, &run.error));
    assert_rule(run.error, POSTERN_ERROR_PROTOCOL, "server.refused");
    run_close(&run);
    run_clear(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_mailbox_is_listed_fetched_and_emptied),
        cmocka_unit_test(what_cannot_change_by_a_login_is_not_asked_again),
        cmocka_unit_test(a_good_bye_is_waited_for_only_when_deletions_hang_on_it),
        cmocka_unit_test(without_pipelining_commands_go_one_by_one),
        cmocka_unit_test(a_thousand_messages_pass_through_the_window),
        cmocka_unit_test(a_mailbox_without_ids_is_listed_by_number),
        cmocka_unit_test(an_answer_nobody_fetched_is_not_taken_for_the_next),
        cmocka_unit_test(p3_logins_end_as_they_should),
        cmocka_unit_test(p8_90_too_many_capabilities_are_refused),
        cmocka_unit_test(p3_34_nothing_is_sent_when_no_mechanism_fits),
        cmocka_unit_test(p9_99_a_login_with_a_line_break_is_not_sent),
        cmocka_unit_test(p8_90_hostile_lists_are_refused),
        cmocka_unit_test(p6_sizes_are_what_list_says),
        cmocka_unit_test(p8_90_an_endless_list_ends_at_what_stat_said),
        cmocka_unit_test(p8_90_nothing_is_sent_after_a_violation),
        cmocka_unit_test(p6_one_refused_message_does_not_stop_the_others),
        cmocka_unit_test(p6_55_a_message_cut_off_is_never_whole),
        cmocka_unit_test(p6_54_a_taker_that_fails_ends_the_session),
        cmocka_unit_test(p6_56_numbers_that_do_not_exist_are_never_sent),
        cmocka_unit_test(p6_56_deletions_hold_only_when_quit_was_confirmed),
        cmocka_unit_test(p6_56_a_refused_deletion_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
