/* P1 5-7, P3 33, P10: greeting and login, with servers good and bad. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "core/error.h"
#include "tests/unit/net/imap-talk.h"

#define GREETING PEER_TLS(), PEER_SEND("* OK ready\r\n")
#define CAPABLE(words)                                                                             \
    GREETING, PEER_EXPECT("1 CAPABILITY\r\n"),                                                     \
        PEER_SEND("* CAPABILITY IMAP4rev1" words "\r\n1 OK done\r\n")
#define CREDENTIALS "AGpvaG4AcGFzcyB3b3Jk"

typedef struct {
    const char *name;
    int code; /* 0: we are in */
    const char *rule;
    const char *last; /* of what the client says; NULL: whatever */
    PeerStep steps[16];
} LoginCase;

#define IN "* CAPABILITY IMAP4rev1\r\n"

static const LoginCase logins[] = {
    {"PREAUTH",
     76,
     "server.protocol",
     "",
     {PEER_TLS(), PEER_SEND("* PREAUTH welcome\r\n"), PEER_WAIT()}},
    {"BYE", 69, "server.closed", "", {PEER_TLS(), PEER_SEND("* BYE no\r\n"), PEER_CLOSE()}},
    {"BYE for now",
     75,
     "server.busy",
     "",
     {PEER_TLS(), PEER_SEND("* BYE [UNAVAILABLE] full\r\n"), PEER_CLOSE()}},
    {"POP3 greeting",
     76,
     "server.protocol",
     "",
     {PEER_TLS(), PEER_SEND("+OK POP3\r\n"), PEER_WAIT()}},
    {"HTTP",
     76,
     "server.protocol",
     "",
     {PEER_TLS(), PEER_SEND("HTTP/1.1 200 OK\r\n\r\n"), PEER_WAIT()}},
    {"tagged greeting",
     76,
     "server.protocol",
     "",
     {PEER_TLS(), PEER_SEND("1 OK hi\r\n"), PEER_WAIT()}},
    {"data for a greeting",
     76,
     "server.protocol",
     "",
     {PEER_TLS(), PEER_SEND("* CAPABILITY IMAP4rev1\r\n"), PEER_WAIT()}},
    {"literal in the greeting",
     76,
     "server.protocol",
     "",
     {PEER_TLS(), PEER_SEND("* OK [BADCHARSET ({3}\r\nabc)] x\r\n"), PEER_WAIT()}},
    {"end before the greeting", 69, "server.closed", "", {PEER_TLS(), PEER_CLOSE()}},
    {"cut before the greeting", 76, "tls.truncated", "", {PEER_TLS(), PEER_DROP()}},
    {"greeting without words",
     78,
     "login.mechanism",
     "1 CAPABILITY\r\n",
     {PEER_TLS(), PEER_SEND("* OK\r\n"), PEER_EXPECT("1 CAPABILITY"),
      PEER_SEND("* CAPABILITY IMAP4rev1 LOGINDISABLED\r\n1 OK\r\n"), PEER_WAIT()}},
    {"capabilities without any",
     0,
     NULL,
     "3 CAPABILITY\r\n",
     {GREETING, PEER_EXPECT("1 CAPABILITY"), PEER_SEND("1 OK\r\n"),
      PEER_EXPECT("2 LOGIN \"john\" \"pass word\"\r\n"), PEER_SEND("2 OK\r\n"),
      PEER_EXPECT("3 CAPABILITY"), PEER_SEND("3 OK\r\n"), PEER_WAIT()}},
    {"wrong tag",
     76,
     "server.protocol",
     "1 CAPABILITY\r\n",
     {GREETING, PEER_EXPECT("1 CAPABILITY"), PEER_SEND("* CAPABILITY IMAP4rev1\r\n9 OK\r\n"),
      PEER_WAIT()}},
    {"capability BAD",
     76,
     "server.protocol",
     "1 CAPABILITY\r\n",
     {GREETING, PEER_EXPECT("1 CAPABILITY"), PEER_SEND("1 BAD what\r\n"), PEER_WAIT()}},
    {"referral",
     76,
     "server.refused",
     "1 CAPABILITY\r\n",
     {GREETING, PEER_EXPECT("1 CAPABILITY"), PEER_SEND("1 NO [REFERRAL imap://evil/] there\r\n"),
      PEER_WAIT()}},
    {"no way to log in",
     78,
     "login.mechanism",
     "1 CAPABILITY\r\n",
     {CAPABLE(" LOGINDISABLED AUTH=SCRAM-SHA-512"), PEER_WAIT()}},
    {"answer in the command",
     0,
     NULL,
     "3 CAPABILITY\r\n",
     {CAPABLE(" SASL-IR AUTH=PLAIN"), PEER_EXPECT("2 AUTHENTICATE PLAIN " CREDENTIALS "\r\n"),
      PEER_SEND("* 1 EXISTS\r\n2 OK [CAPABILITY X]\r\n"), PEER_EXPECT("3 CAPABILITY"),
      PEER_SEND(IN "3 OK\r\n"), PEER_WAIT()}},
    {"answer to a bare plus",
     0,
     NULL,
     "3 CAPABILITY\r\n",
     {CAPABLE(" AUTH=PLAIN"), PEER_EXPECT("2 AUTHENTICATE PLAIN\r\n"), PEER_SEND("+\r\n"),
      PEER_EXPECT(CREDENTIALS "\r\n"), PEER_SEND("2 OK x\r\n"), PEER_EXPECT("3 CAPABILITY"),
      PEER_SEND(IN "3 OK\r\n"), PEER_WAIT()}},
    {"LOGIN mechanism",
     0,
     NULL,
     "3 CAPABILITY\r\n",
     {CAPABLE(" AUTH=LOGIN"), PEER_EXPECT("2 AUTHENTICATE LOGIN\r\n"),
      PEER_SEND("* OK wait\r\n+ VXNlcm5hbWU6\r\n"), PEER_EXPECT("am9obg==\r\n"),
      PEER_SEND("+ UGFzc3dvcmQ6\r\n"), PEER_EXPECT("cGFzcyB3b3Jk\r\n"), PEER_SEND("2 OK x\r\n"),
      PEER_EXPECT("3 CAPABILITY"), PEER_SEND(IN "3 OK\r\n"), PEER_WAIT()}},
    {"yes too early",
     76,
     "login.challenge",
     "2 AUTHENTICATE PLAIN\r\n",
     {CAPABLE(" AUTH=PLAIN"), PEER_EXPECT("2 AUTHENTICATE PLAIN\r\n"), PEER_SEND("2 OK x\r\n"),
      PEER_WAIT()}},
    {"yes before SCRAM's proof",
     76,
     "login.unproven",
     NULL,
     {CAPABLE(" AUTH=SCRAM-SHA-256 AUTH=PLAIN"), PEER_EXPECT("2 AUTHENTICATE SCRAM-SHA-256\r\n"),
      PEER_SEND("+ \r\n"), PEER_EXPECT("eSwsbj1qb2huLHI9"), PEER_SEND("2 OK x\r\n"), PEER_WAIT()}},
    {"yes to SCRAM's name",
     76,
     "login.unproven",
     "2 AUTHENTICATE SCRAM-SHA-256\r\n",
     {CAPABLE(" AUTH=SCRAM-SHA-256"), PEER_EXPECT("2 AUTHENTICATE SCRAM-SHA-256\r\n"),
      PEER_SEND("2 OK x\r\n"), PEER_WAIT()}},
    {"a binding that the server does not know",
     76,
     "login.unproven",
     NULL,
     {CAPABLE(" AUTH=SCRAM-SHA-256-PLUS AUTH=SCRAM-SHA-256 AUTH=PLAIN SASL-IR"),
      PEER_EXPECT("2 AUTHENTICATE SCRAM-SHA-256-PLUS cD10bHMtZXhwb3J0ZXIsLG49"),
      PEER_SEND("2 NO bad protocol / cancel\r\n"),
      PEER_EXPECT("3 AUTHENTICATE SCRAM-SHA-256 biwsbj1qb2huLHI9"), PEER_SEND("3 OK x\r\n"),
      PEER_WAIT()}},
    {"a binding that the server says it does not know",
     76,
     "login.unproven",
     NULL,
     {CAPABLE(" AUTH=SCRAM-SHA-1-PLUS AUTH=SCRAM-SHA-1 SASL-IR"),
      PEER_EXPECT("2 AUTHENTICATE SCRAM-SHA-1-PLUS cD10bHMtZXhwb3J0ZXIsLG49"),
      PEER_SEND("+ ZT11bnN1cHBvcnRlZC1jaGFubmVsLWJpbmRpbmctdHlwZQ==\r\n"), PEER_EXPECT("\r\n"),
      PEER_SEND("2 NO then\r\n"), PEER_EXPECT("3 AUTHENTICATE SCRAM-SHA-1 biwsbj1qb2huLHI9"),
      PEER_SEND("3 OK x\r\n"), PEER_WAIT()}},
    {"a binding refused, and nothing to prove with",
     76,
     "login.binding",
     NULL,
     {CAPABLE(" AUTH=SCRAM-SHA-256-PLUS AUTH=PLAIN SASL-IR"),
      PEER_EXPECT("2 AUTHENTICATE SCRAM-SHA-256-PLUS cD10bHMtZXhwb3J0ZXIsLG49"),
      PEER_SEND("2 NO no\r\n"), PEER_WAIT()}},
    {"no time for a binding",
     75,
     "server.busy",
     NULL,
     {CAPABLE(" AUTH=SCRAM-SHA-256-PLUS AUTH=SCRAM-SHA-256 SASL-IR"),
      PEER_EXPECT("2 AUTHENTICATE SCRAM-SHA-256-PLUS cD10bHMtZXhwb3J0ZXIsLG49"),
      PEER_SEND("2 NO [UNAVAILABLE] later\r\n"), PEER_WAIT()}},
    {"one challenge too many",
     76,
     "login.challenge",
     CREDENTIALS "\r\n",
     {CAPABLE(" AUTH=PLAIN SASL-IR"), PEER_EXPECT("2 AUTHENTICATE"), PEER_SEND("+ \r\n"),
      PEER_WAIT()}},
    {"challenge that is not base64",
     76,
     "login.challenge",
     "2 AUTHENTICATE PLAIN\r\n",
     {CAPABLE(" AUTH=PLAIN"), PEER_EXPECT("2 AUTHENTICATE"), PEER_SEND("+ !\r\n"), PEER_WAIT()}},
    {"refused",
     77,
     "login.refused",
     CREDENTIALS "\r\n",
     {CAPABLE(" AUTH=PLAIN SASL-IR"), PEER_EXPECT("2 AUTHENTICATE"),
      PEER_SEND("2 NO [AUTHENTICATIONFAILED] no\r\n"), PEER_WAIT()}},
    {"refused without words",
     77,
     "login.refused",
     CREDENTIALS "\r\n",
     {CAPABLE(" AUTH=PLAIN SASL-IR"), PEER_EXPECT("2 AUTHENTICATE"), PEER_SEND("2 NO\r\n"),
      PEER_WAIT()}},
    {"unavailable",
     75,
     "server.busy",
     CREDENTIALS "\r\n",
     {CAPABLE(" AUTH=PLAIN SASL-IR"), PEER_EXPECT("2 AUTHENTICATE"),
      PEER_SEND("2 NO [UNAVAILABLE] later\r\n"), PEER_WAIT()}},
    {"in use",
     75,
     "server.busy",
     CREDENTIALS "\r\n",
     {CAPABLE(" AUTH=PLAIN SASL-IR"), PEER_EXPECT("2 AUTHENTICATE"),
      PEER_SEND("2 NO [inuse] later\r\n"), PEER_WAIT()}},
    {"over a limit",
     75,
     "server.busy",
     CREDENTIALS "\r\n",
     {CAPABLE(" AUTH=PLAIN SASL-IR"), PEER_EXPECT("2 AUTHENTICATE"),
      PEER_SEND("2 NO [LIMIT] too many\r\n"), PEER_WAIT()}},
    {"unavailable to LOGIN",
     75,
     "server.busy",
     NULL,
     {CAPABLE(""), PEER_EXPECT("2 LOGIN"), PEER_SEND("2 NO [UNAVAILABLE] later\r\n"), PEER_WAIT()}},
    {"refused to LOGIN",
     77,
     "login.refused",
     NULL,
     {CAPABLE(""), PEER_EXPECT("2 LOGIN"), PEER_SEND("2 NO no\r\n"), PEER_WAIT()}},
    {"BAD login",
     76,
     "server.protocol",
     CREDENTIALS "\r\n",
     {CAPABLE(" AUTH=PLAIN SASL-IR"), PEER_EXPECT("2 AUTHENTICATE"), PEER_SEND("2 BAD x\r\n"),
      PEER_WAIT()}},
    {"BYE at login",
     69,
     "server.closed",
     CREDENTIALS "\r\n",
     {CAPABLE(" AUTH=PLAIN SASL-IR"), PEER_EXPECT("2 AUTHENTICATE"), PEER_SEND("* BYE x\r\n"),
      PEER_CLOSE()}},
};

static gsize step_count(const LoginCase *one)
{
    gsize n = 1;
    while (n < G_N_ELEMENTS(one->steps) && one->steps[n].act != ACT_TLS)
        n++;
    return n;
}

static void p1_5_a_greeting_or_login_gone_wrong_says_no_more(void **state)
{
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(logins); i++) {
        const LoginCase *one = &logins[i];
        Talk talk;
        g_autoptr(GError) error = NULL;
        talk_raw(&talk, one->steps, step_count(one), &error);
        gboolean in = talk.fetcher != NULL;
        g_autofree char *heard = talk_end(&talk, NULL);
        if (in != (one->code == 0) || in == (error != NULL))
            fail_msg("%s: %s", one->name, error ? error->message : "was let in");
        if (error && (postern_exit_code(error) != one->code ||
                      g_strcmp0(postern_error_rule(error), one->rule) != 0))
            fail_msg("%s: %s: %s", one->name, postern_error_rule(error), error->message);
        if (one->last == NULL)
            continue;
        if (!g_str_has_suffix(heard, one->last) || (*one->last == '\0' && *heard != '\0'))
            fail_msg("%s: the client said %s", one->name, heard);
    }
}

static void p1_6_preauth_is_told_by_its_name(void **state)
{
    (void)state;
    static const PeerStep steps[] = {PEER_TLS(), PEER_SEND("* PREAUTH welcome\r\n"), PEER_WAIT()};
    Talk talk;
    g_autoptr(GError) error = NULL;
    talk_raw(&talk, steps, G_N_ELEMENTS(steps), &error);
    assert_non_null(strstr(error->message, "PREAUTH"));
    g_free(talk_end(&talk, NULL));
}

static void p3_34_challenges_without_end_end(void **state)
{
    (void)state;
    static const PeerStep steps[] = {CAPABLE(" AUTH=LOGIN"), PEER_EXPECT("2 AUTHENTICATE"),
                                     PEER_FLOOD("+ Z28=\r\n")};
    Talk talk;
    g_autoptr(GError) error = NULL;
    talk_raw(&talk, steps, G_N_ELEMENTS(steps), &error);
    assert_null(talk.fetcher);
    assert_int_equal(postern_exit_code(error), 76); /* by the guard or by sasl, as they arrive */
    g_free(talk_end(&talk, NULL));
}

static void p1_5_a_greeting_in_clear_gets_no_word(void **state)
{
    (void)state;
    static const PeerStep steps[] = {PEER_SEND("* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] in\r\n"),
                                     PEER_WAIT()};
    Talk talk;
    g_autoptr(GError) error = NULL;
    talk_raw(&talk, steps, G_N_ELEMENTS(steps), &error);
    assert_null(talk.fetcher);
    assert_fault(error, 76, "tls.handshake");
    g_autofree char *heard = talk_end(&talk, NULL);
    assert_null(strstr(heard, "CAPABILITY"));
}

/* What the server says of itself unasked is not asked for; before the login it says little. */
static void capabilities_that_were_told_are_not_asked_for(void **state)
{
    (void)state;
    static const PeerStep steps[] = {
        PEER_TLS(),
        PEER_SEND("* OK [capability IMAP4rev1 SASL-IR auth=plain] ready\r\n"),
        PEER_EXPECT("1 AUTHENTICATE PLAIN " CREDENTIALS "\r\n"),
        PEER_SEND("1 OK [CAPABILITY IMAP4rev1 ENABLE QRESYNC] in\r\n"),
        PEER_EXPECT("2 ENABLE QRESYNC\r\n"),
        PEER_CLOSE()};
    Talk talk;
    Selected selected;
    g_autoptr(GError) error = NULL;
    talk_raw(&talk, steps, G_N_ELEMENTS(steps), &error);
    if (talk.fetcher == NULL)
        fail_msg("%s", error->message);
    assert_false(talk.fetcher->select(talk.fetcher, "INBOX", NULL, NULL, &selected, NULL));
    g_autofree char *heard = talk_end(&talk, NULL);
    assert_true(g_str_has_suffix(heard, "2 ENABLE QRESYNC\r\n"));
}

static void p1_values_that_would_be_commands_are_not_sent(void **state)
{
    (void)state;
    static const PeerStep steps[] = {CAPABLE(""), PEER_WAIT()};
    static const struct {
        const char *login, *secret;
        gsize size;
    } cases[] = {{"john\r\n2 LOGOUT", "x", 1},
                 {"john", "a\r\nb", 4},
                 {"john", "a\nb", 3},
                 {"john", "a\0b", 3},
                 {"john", "\r", 1}};
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Session) session = peer_session(SCHEME_IMAPS);
        g_autoptr(GError) error = NULL;
        g_free(session->login);
        secret_free(session->secret);
        session->login = g_strdup(cases[i].login);
        session->secret = secret_new(cases[i].secret, cases[i].size);
        Peer *peer = peer_start(NULL, steps, G_N_ELEMENTS(steps));
        assert_null(imap_open(peer_fd(peer), session, &error));
        g_autoptr(GByteArray) heard = peer_finish(peer, NULL);
        assert_fault(error, 65, "send.value");
        g_byte_array_append(heard, (const guint8 *)"", 1);
        assert_string_equal((char *)heard->data, "1 CAPABILITY\r\n");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(p1_5_a_greeting_or_login_gone_wrong_says_no_more),
        cmocka_unit_test(p1_6_preauth_is_told_by_its_name),
        cmocka_unit_test(p3_34_challenges_without_end_end),
        cmocka_unit_test(p1_5_a_greeting_in_clear_gets_no_word),
        cmocka_unit_test(capabilities_that_were_told_are_not_asked_for),
        cmocka_unit_test(p1_values_that_would_be_commands_are_not_sent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
