/* Submission against a scripted server, honest and hostile (P1 2-4, 9; P6 62; P8 90; P9 99-100). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "core/error.h"
#include "core/limits.h"
#include "core/stream.h"
#include "net/submission.h"
#include "tests/unit/net/tls-peer.h"

#define EHLO "EHLO [127.0.0.1]\r\n"
#define PLAIN "AUTH PLAIN AGpvaG4AcGFzcyB3b3Jk\r\n"
#define FEATURES "250-mail.corp.example\r\n250-PIPELINING\r\n250-SIZE 1000\r\n250-8BITMIME\r\n"
#define OPEN_465                                                                                   \
    PEER_TLS(), PEER_SEND("220 mail.corp.example ESMTP\r\n"), PEER_EXPECT(EHLO),                   \
        PEER_SEND(FEATURES "250 AUTH PLAIN LOGIN\r\n"), PEER_EXPECT(PLAIN),                        \
        PEER_SEND("235 2.7.0 in\r\n")
#define CLEAR PEER_SEND("220-mail.corp.example\r\n220 ESMTP\r\n"), PEER_EXPECT(EHLO)
#define ASK_TLS CLEAR, PEER_SEND("250-mail\r\n250 STARTTLS\r\n"), PEER_EXPECT("STARTTLS\r\n")

typedef struct {
    Peer *peer;
    Submission *submission;
    GError *error;
    char *trouble;
    GByteArray *heard;
} Run;

static Run run_open(Scheme scheme, const PeerStep *steps, gsize n, const char *auth)
{
    Run run = {.peer = peer_start(NULL, steps, n)};
    g_autoptr(Session) session = peer_session(scheme);
    session->auth = g_strdup(auth);
    run.submission = submission_open(peer_fd(run.peer), session, &run.error);
    return run;
}

#define open_465(steps) run_open(SCHEME_SMTPS, steps, G_N_ELEMENTS(steps), NULL)
#define open_587(steps) run_open(SCHEME_SUBMISSION, steps, G_N_ELEMENTS(steps), NULL)

static void run_close(Run *run)
{
    submission_free(run->submission);
    run->submission = NULL;
    run->heard = peer_finish(run->peer, &run->trouble);
    g_byte_array_append(run->heard, (const guint8 *)"", 1);
}

static void run_clear(Run *run)
{
    g_byte_array_unref(run->heard);
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

static void assert_heard(const Run *run, const char *wanted)
{
    assert_string_equal((const char *)run->heard->data, wanted);
}

/* Sends BODY to the recipients that stand in TO, parted by blanks. */
static gboolean letter_sized(Run *run, const char *from, const char *to, const char *body,
                             gsize bytes, guint64 size, guint needs)
{
    g_autoptr(GBytes) data = g_bytes_new(body, bytes);
    g_autoptr(Source) source = source_from_bytes(data);
    g_autoptr(GPtrArray) recipients = g_ptr_array_new_with_free_func(g_free);
    char **list = g_strsplit(to, " ", -1);
    for (char **one = list; *one; one++)
        g_ptr_array_add(recipients, *one);
    g_free(list);
    const LetterEnvelope envelope = {from, recipients, size, needs, NULL};
    return submission_send(run->submission, &envelope, source, NULL, &run->error);
}

static gboolean letter(Run *run, const char *to, const char *body)
{
    return letter_sized(run, "john@corp.example", to, body, strlen(body), strlen(body), 0);
}

/* ---- opening ---- */

static void a_letter_leaves_by_465(void **state)
{
    (void)state;
    static const PeerStep steps[] = {
        OPEN_465,
        PEER_EXPECT("MAIL FROM:<john@corp.example> SIZE=16\r\n"),
        PEER_EXPECT("RCPT TO:<a@x.test>\r\n"),
        PEER_EXPECT("RCPT TO:<\"b.c\"@x.test>\r\n"),
        PEER_SEND("250 ok\r\n250 ok\r\n251 will forward\r\n"),
        PEER_EXPECT("DATA\r\n"),
        PEER_SEND("354 go\r\n"),
        PEER_BODY(),
        PEER_SEND("250-queued\r\n250 as 17\r\n"),
        PEER_EXPECT("QUIT\r\n"),
        PEER_SEND("221 bye\r\n"),
        PEER_CLOSE(),
    };
    Run run = open_465(steps);
    assert_non_null(run.submission);
    assert_true(letter(&run, "a@x.test \"b.c\"@x.test", "a: b\r\n\r\n.hi\r\n.\r\n"));
    assert_true(submission_quit(run.submission, NULL));
    run_close(&run);
    assert_null(run.trouble);
    assert_non_null(
        strstr((const char *)run.heard->data, "DATA\r\na: b\r\n\r\n..hi\r\n..\r\n.\r\n"));
    run_clear(&run);
}

static void p1_9_587_says_nothing_in_clear_but_ehlo_and_starttls(void **state)
{
    (void)state;
    static const PeerStep steps[] = {
        ASK_TLS, PEER_SEND("220 go\r\n"), PEER_TLS(), PEER_EXPECT(EHLO),
        PEER_SEND("250-mail\r\n250 AUTH LOGIN\r\n"), PEER_EXPECT("AUTH LOGIN\r\n"),
        PEER_SEND("334 VXNlcm5hbWU6\r\n"), PEER_EXPECT("am9obg==\r\n"),
        PEER_SEND("334 UGFzc3dvcmQ6\r\n"), PEER_EXPECT("cGFzcyB3b3Jk\r\n"), PEER_SEND("235 in\r\n"),
        /* No PIPELINING, SIZE or 8BITMIME inside: one by one and plain. */
        PEER_EXPECT("MAIL FROM:<john@corp.example>\r\n"), PEER_SEND("250 ok\r\n"),
        PEER_EXPECT("RCPT TO:<a@x.test>\r\n"), PEER_SEND("250 ok\r\n"), PEER_EXPECT("DATA\r\n"),
        PEER_SEND("354 go\r\n"), PEER_BODY(), PEER_SEND("250 ok\r\n"), PEER_WAIT()};
    Run run = open_587(steps);
    assert_non_null(run.submission);
    assert_true(letter(&run, "a@x.test", "hi"));
    run_close(&run);
    assert_null(run.trouble);
    run_clear(&run);
}

typedef struct {
    const char *name;
    PeerStep steps[9];
    int code;
    const char *rule;
    const char *heard; /* all that the client may have said, in clear; NULL: not looked at */
} OpenCase;

static const OpenCase clear_cases[] = {
    {"no STARTTLS",
     {CLEAR, PEER_SEND("250-mail\r\n250 AUTH PLAIN\r\n"), PEER_WAIT()},
     POSTERN_ERROR_PROTOCOL,
     "transport.starttls",
     EHLO},
    {"STARTTLS in the greeting line only",
     {CLEAR, PEER_SEND("250 STARTTLS\r\n"), PEER_WAIT()},
     POSTERN_ERROR_PROTOCOL,
     "transport.starttls",
     EHLO},
    {"454",
     {ASK_TLS, PEER_SEND("454 not now\r\n"), PEER_WAIT()},
     POSTERN_ERROR_PROTOCOL,
     "transport.starttls",
     EHLO "STARTTLS\r\n"},
    {"502",
     {ASK_TLS, PEER_SEND("502 no\r\n"), PEER_WAIT()},
     POSTERN_ERROR_PROTOCOL,
     "transport.starttls",
     EHLO "STARTTLS\r\n"},
    {"250",
     {ASK_TLS, PEER_SEND("250 ok\r\n"), PEER_WAIT()},
     POSTERN_ERROR_PROTOCOL,
     "transport.starttls",
     EHLO "STARTTLS\r\n"},
    {"221",
     {ASK_TLS, PEER_SEND("221 go\r\n"), PEER_WAIT()},
     POSTERN_ERROR_PROTOCOL,
     "transport.starttls",
     EHLO "STARTTLS\r\n"},
    {"closes",
     {ASK_TLS, PEER_DROP()},
     POSTERN_ERROR_PROTOCOL,
     "transport.starttls",
     EHLO "STARTTLS\r\n"},
    {"goes on in clear",
     {ASK_TLS, PEER_SEND("220 go\r\n"), PEER_PAUSE(), PEER_SEND("250 AUTH PLAIN\r\n"), PEER_WAIT()},
     POSTERN_ERROR_PROTOCOL,
     "tls.handshake",
     NULL},
    {"a fake answer before the question",
     {CLEAR, PEER_SEND("250-mail\r\n250 STARTTLS\r\n220 go\r\n"), PEER_WAIT()},
     POSTERN_ERROR_PROTOCOL,
     "tls.injected",
     EHLO},
    {"a whole fake login behind 220",
     {ASK_TLS, PEER_SEND("220 go\r\n250 AUTH PLAIN\r\n235 in\r\n"), PEER_WAIT()},
     POSTERN_ERROR_PROTOCOL,
     "tls.injected",
     EHLO "STARTTLS\r\n"},
    {"a wrong greeting",
     {PEER_SEND("250 hi\r\n"), PEER_WAIT()},
     POSTERN_ERROR_PROTOCOL,
     "server.protocol",
     ""},
    {"POP3", {PEER_SEND("+OK hi\r\n"), PEER_WAIT()}, POSTERN_ERROR_PROTOCOL, "server.protocol", ""},
    {"busy", {PEER_SEND("421 later\r\n"), PEER_WAIT()}, POSTERN_ERROR_TEMPORARY, "server.busy", ""},
    {"code of two digits",
     {PEER_SEND("22 hi\r\n"), PEER_WAIT()},
     POSTERN_ERROR_PROTOCOL,
     "server.protocol",
     ""},
    {"code of four digits",
     {PEER_SEND("2200 hi\r\n"), PEER_WAIT()},
     POSTERN_ERROR_PROTOCOL,
     "server.protocol",
     ""},
    {"code 199",
     {PEER_SEND("199 hi\r\n"), PEER_WAIT()},
     POSTERN_ERROR_PROTOCOL,
     "server.protocol",
     ""},
    {"code 600",
     {PEER_SEND("600 hi\r\n"), PEER_WAIT()},
     POSTERN_ERROR_PROTOCOL,
     "server.protocol",
     ""},
    {"codes that differ",
     {PEER_SEND("220-hi\r\n250 hi\r\n"), PEER_WAIT()},
     POSTERN_ERROR_PROTOCOL,
     "server.protocol",
     ""},
    {"NUL",
     {PEER_SEND("220 h\0i\r\n"), PEER_WAIT()},
     POSTERN_ERROR_PROTOCOL,
     "server.protocol",
     ""},
    {"bare LF", {PEER_SEND("220 hi\n"), PEER_WAIT()}, POSTERN_ERROR_PROTOCOL, "server.line", ""},
    {"endless reply", {PEER_FLOOD("220-more\r\n")}, POSTERN_ERROR_PROTOCOL, "server.protocol", ""},
    {"endless line", {PEER_FLOOD("220 more ")}, POSTERN_ERROR_PROTOCOL, "server.line", ""},
};

static void check_opening(Scheme scheme, const OpenCase *c)
{
    gsize n = G_N_ELEMENTS(c->steps);
    while (n > 0 && c->steps[n - 1].act == ACT_TLS)
        n--;
    Run run = run_open(scheme, c->steps, n, NULL);
    assert_null(run.submission);
    assert_rule(run.error, c->code, c->rule);
    run_close(&run);
    if (c->heard)
        assert_heard(&run, c->heard);
    run_clear(&run);
}

static void p1_2_an_opening_in_clear_that_is_not_whole_ends_at_once(void **state)
{
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(clear_cases); i++)
        check_opening(SCHEME_SUBMISSION, &clear_cases[i]);
}

static void p1_3_bytes_behind_220_kill_the_connection_at_each_offset(void **state)
{
    (void)state;
    static const char fake[] = "220 go\r\n250-mail\r\n250 AUTH PLAIN\r\n235 in\r\n";
    enum { HONEST = 8 };
    for (gsize cut = HONEST + 1; cut < sizeof fake; cut++)
        for (gsize split = HONEST; split <= HONEST + 1; split++) {
            PeerStep steps[] = {ASK_TLS,      PEER_SEND_BYTES(fake, split),
                                PEER_PAUSE(), PEER_SEND_BYTES(fake + split, cut - split),
                                PEER_TLS(),   PEER_WAIT()};
            /* One segment, or the first byte too many in the next one. */
            Run run = open_587(steps);
            assert_null(run.submission);
            assert_int_equal(postern_exit_code(run.error), POSTERN_ERROR_PROTOCOL);
            assert_true(g_str_has_prefix(postern_error_rule(run.error), "tls."));
            run_close(&run);
            assert_null(strstr((const char *)run.heard->data, "AUTH"));
            run_clear(&run);
        }
}

#define INSIDE PEER_TLS(), PEER_SEND("220 mail\r\n"), PEER_EXPECT(EHLO)
#define AUTHING INSIDE, PEER_SEND("250-mail\r\n250 AUTH PLAIN\r\n"), PEER_EXPECT(PLAIN)

static const OpenCase inside_cases[] = {
    {"no AUTH",
     {INSIDE, PEER_SEND("250 mail\r\n"), PEER_WAIT()},
     POSTERN_ERROR_POLICY,
     "login.mechanism",
     EHLO},
    {"other mechanisms",
     {INSIDE, PEER_SEND("250-mail\r\n250 AUTH NTLM DIGEST-MD5\r\n"), PEER_WAIT()},
     POSTERN_ERROR_POLICY,
     "login.mechanism",
     EHLO},
    {"EHLO refused",
     {INSIDE, PEER_SEND("502 what?\r\n"), PEER_WAIT()},
     POSTERN_ERROR_PROTOCOL,
     "server.protocol",
     EHLO},
    {"535",
     {AUTHING, PEER_SEND("535 5.7.8 no \033[31m\r\n"), PEER_WAIT()},
     POSTERN_ERROR_LOGIN,
     "login.refused",
     EHLO PLAIN},
    {"432",
     {AUTHING, PEER_SEND("432 4.7.12 set a new password\r\n"), PEER_WAIT()},
     POSTERN_ERROR_TEMPORARY,
     "server.busy",
     EHLO PLAIN},
    {"534, which is about the mechanism",
     {AUTHING, PEER_SEND("534 5.7.9 too weak\r\n"), PEER_WAIT()},
     POSTERN_ERROR_LOGIN,
     "login.denied",
     EHLO PLAIN},
    {"504, too",
     {AUTHING, PEER_SEND("504 5.5.4 unknown\r\n"), PEER_WAIT()},
     POSTERN_ERROR_LOGIN,
     "login.denied",
     EHLO PLAIN},
    {"454",
     {AUTHING, PEER_SEND("454 later\r\n"), PEER_WAIT()},
     POSTERN_ERROR_TEMPORARY,
     "server.busy",
     EHLO PLAIN},
    {"250 for 235",
     {AUTHING, PEER_SEND("250 ok\r\n"), PEER_WAIT()},
     POSTERN_ERROR_PROTOCOL,
     "server.protocol",
     EHLO PLAIN},
    {"a challenge too many",
     {AUTHING, PEER_SEND("334 \r\n"), PEER_WAIT()},
     POSTERN_ERROR_PROTOCOL,
     "login.challenge",
     EHLO PLAIN},
    {"a binding that the server does not know",
     {INSIDE, PEER_SEND("250-mail\r\n250 AUTH SCRAM-SHA-256-PLUS SCRAM-SHA-256\r\n"),
      PEER_EXPECT("AUTH SCRAM-SHA-256-PLUS cD10bHMtZXhwb3J0ZXIsLG49"),
      PEER_SEND("535 5.7.8 no\r\n"), PEER_EXPECT("AUTH SCRAM-SHA-256 biwsbj1qb2huLHI9"),
      PEER_SEND("235 in\r\n"), PEER_WAIT()},
     POSTERN_ERROR_PROTOCOL,
     "login.unproven",
     NULL},
    {"a yes before SCRAM's proof",
     {INSIDE, PEER_SEND("250-mail\r\n250 AUTH SCRAM-SHA-256 PLAIN\r\n"),
      PEER_EXPECT("AUTH SCRAM-SHA-256 eSwsbj1qb2huLHI9"), PEER_SEND("235 in\r\n"), PEER_WAIT()},
     POSTERN_ERROR_PROTOCOL,
     "login.unproven",
     NULL},
    {"a greeting in clear",
     {PEER_SEND("220 mail\r\n"), PEER_WAIT()},
     POSTERN_ERROR_PROTOCOL,
     "tls.handshake",
     NULL},
    {"gone in the middle",
     {AUTHING, PEER_SEND("23"), PEER_DROP()},
     POSTERN_ERROR_PROTOCOL,
     "tls.truncated",
     EHLO PLAIN},
};

static void p1_4_openings_inside_tls_end_as_they_should(void **state)
{
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(inside_cases); i++)
        check_opening(SCHEME_SMTPS, &inside_cases[i]);
}

static void p1_4_auth_heard_in_clear_does_not_count(void **state)
{
    (void)state;
    static const PeerStep steps[] = {CLEAR,
                                     PEER_SEND("250-mail\r\n250-AUTH PLAIN\r\n250 STARTTLS\r\n"),
                                     PEER_EXPECT("STARTTLS"),
                                     PEER_SEND("220 go\r\n"),
                                     PEER_TLS(),
                                     PEER_EXPECT(EHLO),
                                     PEER_SEND("250 mail\r\n"),
                                     PEER_WAIT()};
    Run run = open_587(steps);
    assert_null(run.submission);
    assert_rule(run.error, POSTERN_ERROR_POLICY, "login.mechanism");
    run_close(&run);
    assert_null(run.trouble);
    run_clear(&run);
}

/* ---- the envelope ---- */

static void p9_99_addresses_that_could_end_a_path_are_not_sent(void **state)
{
    (void)state;
    static const char *bad[] = {"a@x.test>\r\nRCPT TO:<b@y.test",
                                "a\r@x.test",
                                "a\n@x.test",
                                "a@x.test>",
                                "<a@x.test",
                                "a b@x.test",
                                "a@x test",
                                "a@",
                                "@x.test",
                                "a",
                                "",
                                "\"a\"b\"@x.test",
                                "\"a\\\"@x.test",
                                "\"@x.test",
                                "\"\"@x.test",
                                "a,b@x.test",
                                "@a,@b:c@x.test",
                                "a@[10.0.0.1]",
                                "a\x7f@x.test",
                                "a\xe4@x.test",
                                "a@\xc3\xa4.test",
                                "a@x.test\033[m",
                                "a@x.test SIZE=1",
                                "(c)a@x.test"};
    static const PeerStep steps[] = {OPEN_465, PEER_WAIT()};
    Run run = open_465(steps);
    g_autoptr(GBytes) data = g_bytes_new_static("x\r\n", 3);
    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++)
        for (int as_sender = 0; as_sender < 2; as_sender++) {
            g_autoptr(Source) source = source_from_bytes(data);
            g_autoptr(GPtrArray) recipients = g_ptr_array_new();
            g_ptr_array_add(recipients, (gpointer)(as_sender ? "a@x.test" : bad[i]));
            if (as_sender && *bad[i] == '\0')
                continue;
            const LetterEnvelope envelope = {as_sender ? bad[i] : "j@x.test", recipients, 3, 0,
                                             NULL};
            assert_false(submission_send(run.submission, &envelope, source, NULL, &run.error));
            assert_rule(run.error, POSTERN_ERROR_INPUT, "send.value");
            g_clear_error(&run.error);
        }
    run_close(&run);
    assert_heard(&run, EHLO PLAIN);
    run_clear(&run);
}

static void p9_99_an_address_of_the_limit_passes_and_one_byte_more_does_not(void **state)
{
    (void)state;
    static const PeerStep steps[] = {OPEN_465,
                                     PEER_EXPECT("MAIL"),
                                     PEER_EXPECT("RCPT TO:<aaa"),
                                     PEER_SEND("250 ok\r\n550 no\r\n"),
                                     PEER_EXPECT("RSET"),
                                     PEER_SEND("250 ok\r\n"),
                                     PEER_WAIT()};
    Run run = open_465(steps);
    for (gsize extra = 0; extra < 2; extra++) {
        char address[LIMIT_ADDRESS + 2];
        memset(address, 'a', sizeof address);
        strcpy(address + LIMIT_ADDRESS + extra - 7, "@x.test");
        assert_false(letter(&run, address, "x\r\n"));
        assert_rule(run.error, POSTERN_ERROR_INPUT, extra ? "send.value" : "send.recipient");
        g_clear_error(&run.error);
    }
    run_close(&run);
    assert_null(run.trouble);
    run_clear(&run);
}

typedef struct {
    GString *refused; /* "N CODE " each */
    gboolean let_go;
    guint asked;
    Run *run;
} Taking;

static void take_refused(gpointer user, guint n, const GError *reason)
{
    g_string_append_printf(((Taking *)user)->refused, "%u %d ", n, postern_exit_code(reason));
}

static gboolean take_dot(gpointer user, GError **error)
{
    Taking *taking = user;
    taking->asked++;
    return taking->let_go || refuse(error, POSTERN_ERROR_STORE, "vault.write", NULL, "no room");
}

static gboolean letter_told(Run *run, Taking *taking, const char *to)
{
    g_autoptr(GBytes) data = g_bytes_new_static("x\r\n", 3);
    g_autoptr(Source) source = source_from_bytes(data);
    g_auto(GStrv) list = g_strsplit(to, " ", -1);
    g_autoptr(GPtrArray) recipients = g_ptr_array_new();
    const LetterTaker taker = {take_refused, take_dot, taking};
    taking->run = run;
    for (char **one = list; *one; one++)
        g_ptr_array_add(recipients, *one);
    const LetterEnvelope envelope = {"john@corp.example", recipients, 3, 0, NULL};
    return submission_send(run->submission, &envelope, source, &taker, &run->error);
}

typedef struct {
    const char *name;
    PeerStep replies;
    const char *refused;
    int code; /* 0: the letter goes */
    const char *rule, *words;
} RecipientCase;

static const RecipientCase recipient_cases[] = {
    {"all", PEER_SEND("250 ok\r\n250 ok\r\n251 ok\r\n252 ok\r\n"), "", 0, NULL, NULL},
    {"second unknown", PEER_SEND("250 ok\r\n250 ok\r\n550 who?\r\n250 ok\r\n"), "1 65 ", 0, NULL,
     NULL},
    {"third deferred", PEER_SEND("250 ok\r\n250 ok\r\n250 ok\r\n451 later\r\n"), "2 75 ", 0, NULL,
     NULL},
    {"one of each", PEER_SEND("250 ok\r\n550 no\r\n451 later\r\n250 ok\r\n"), "0 65 1 75 ", 0, NULL,
     NULL},
    {"552 is too many", PEER_SEND("250 ok\r\n250 ok\r\n552 many\r\n452 many\r\n"), "1 75 2 75 ", 0,
     NULL, NULL},
    {"551 is not followed", PEER_SEND("250 ok\r\n551 try <x@evil.test>\r\n250 ok\r\n250 ok\r\n"),
     "0 65 ", 0, NULL, NULL},
    {"nobody", PEER_SEND("250 ok\r\n550 a\r\n451 b\r\n550 c\r\n"), "0 65 1 75 2 65 ",
     POSTERN_ERROR_INPUT, "send.recipient", "a@x.test"},
    {"nobody now", PEER_SEND("250 ok\r\n451 a\r\n451 b\r\n451 c\r\n"), "0 75 1 75 2 75 ",
     POSTERN_ERROR_TEMPORARY, "send.deferred", "a@x.test"},
    {"sender refused", PEER_SEND("553 not yours\r\n503 a\r\n503 b\r\n503 c\r\n"), "",
     POSTERN_ERROR_INPUT, "send.rejected", "not yours"},
    {"sender deferred", PEER_SEND("452 full\r\n503 a\r\n503 b\r\n503 c\r\n"), "",
     POSTERN_ERROR_TEMPORARY, "send.deferred", "full"},
};

static void who_is_refused_is_told_and_the_others_get_the_letter(void **state)
{
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(recipient_cases); i++) {
        const RecipientCase *c = &recipient_cases[i];
        const PeerStep before[] = {OPEN_465,
                                   PEER_EXPECT("MAIL"),
                                   PEER_EXPECT("RCPT"),
                                   PEER_EXPECT("RCPT"),
                                   PEER_EXPECT("RCPT"),
                                   c->replies};
        const PeerStep goes[] = {PEER_EXPECT("DATA"), PEER_SEND("354 go\r\n"), PEER_BODY(),
                                 PEER_SEND("250 ok\r\n"), PEER_WAIT()};
        const PeerStep stays[] = {PEER_EXPECT("RSET\r\n"), PEER_SEND("250 ok\r\n"), PEER_WAIT()};
        g_autoptr(GArray) steps = g_array_new(FALSE, FALSE, sizeof(PeerStep));
        g_array_append_vals(steps, before, G_N_ELEMENTS(before));
        g_array_append_vals(steps, c->code ? stays : goes,
                            c->code ? G_N_ELEMENTS(stays) : G_N_ELEMENTS(goes));
        Run run = run_open(SCHEME_SMTPS, (const PeerStep *)(void *)steps->data, steps->len, NULL);
        g_autoptr(GString) refused = g_string_new(NULL);
        Taking taking = {.refused = refused, .let_go = TRUE};
        gboolean sent = letter_told(&run, &taking, "a@x.test b@x.test c@x.test");
        if (sent != (c->code == 0))
            fail_msg("%s", c->name);
        assert_string_equal(refused->str, c->refused);
        assert_int_equal(taking.asked, sent ? 1 : 0);
        if (c->code) {
            assert_rule(run.error, c->code, c->rule);
            assert_non_null(strstr(run.error->message, c->words));
        }
        run_close(&run);
        assert_null(run.trouble);
        run_clear(&run);
    }
}

static void p6_62_the_dot_waits_until_it_may_go(void **state)
{
    (void)state;
    static const PeerStep steps[] = {OPEN_465,
                                     PEER_EXPECT("MAIL"),
                                     PEER_EXPECT("RCPT"),
                                     PEER_SEND("250 ok\r\n250 ok\r\n"),
                                     PEER_EXPECT("DATA"),
                                     PEER_SEND("354 go\r\n"),
                                     PEER_EXPECT("x\r\n"),
                                     PEER_WAIT()};
    Run run = open_465(steps);
    g_autoptr(GString) refused = g_string_new(NULL);
    Taking taking = {.refused = refused, .let_go = FALSE};
    assert_false(letter_told(&run, &taking, "a@x.test"));
    assert_rule(run.error, POSTERN_ERROR_STORE, "vault.write");
    assert_int_equal(taking.asked, 1);
    g_clear_error(&run.error);
    assert_false(letter_told(&run, &taking, "a@x.test")); /* nor another one behind it */
    assert_rule(run.error, POSTERN_ERROR_UNREACHABLE, "server.closed");
    run_close(&run);
    assert_true(g_str_has_suffix((const char *)run.heard->data, "DATA\r\nx\r\n"));
    run_clear(&run);
}

static void many_recipients_pass_through_the_window(void **state)
{
    (void)state;
    enum { MANY = LIMIT_RECIPIENTS };
    static const PeerStep before[] = {OPEN_465, PEER_EXPECT("MAIL"), PEER_SEND("250 ok\r\n")};
    static const PeerStep each[] = {PEER_EXPECT("RCPT"), PEER_SEND("250 ok\r\n")};
    static const PeerStep after[] = {PEER_EXPECT("DATA"), PEER_SEND("354 go\r\n"), PEER_BODY(),
                                     PEER_SEND("250 ok\r\n"), PEER_WAIT()};
    g_autoptr(GArray) steps = g_array_new(FALSE, FALSE, sizeof(PeerStep));
    g_autoptr(GString) to = g_string_new("a@x.test");
    g_array_append_vals(steps, before, G_N_ELEMENTS(before));
    for (guint i = 0; i < MANY; i++)
        g_array_append_vals(steps, each, G_N_ELEMENTS(each));
    g_array_append_vals(steps, after, G_N_ELEMENTS(after));
    for (guint i = 1; i < MANY; i++)
        g_string_append(to, " a@x.test");
    Run run = run_open(SCHEME_SMTPS, (const PeerStep *)(void *)steps->data, steps->len, NULL);
    assert_true(letter(&run, to->str, "x\r\n"));
    g_string_append(to, " a@x.test");
    assert_false(letter(&run, to->str, "x\r\n"));
    assert_rule(run.error, POSTERN_ERROR_INPUT, "send.recipient");
    run_close(&run);
    assert_null(run.trouble);
    run_clear(&run);
}

static void a_letter_beyond_the_servers_size_is_not_begun(void **state)
{
    (void)state;
    static const PeerStep steps[] = {OPEN_465, PEER_WAIT()};
    Run run = open_465(steps);
    assert_false(letter_sized(&run, "j@x.test", "a@x.test", "x\r\n", 3, 1001, 0));
    assert_rule(run.error, POSTERN_ERROR_INPUT, "send.rejected");
    run_close(&run);
    assert_heard(&run, EHLO PLAIN);
    run_clear(&run);
}

/* ---- the body ---- */

#define TO_DATA                                                                                    \
    OPEN_465, PEER_EXPECT("MAIL"), PEER_EXPECT("RCPT"), PEER_SEND("250 ok\r\n250 ok\r\n"),         \
        PEER_EXPECT("DATA\r\n")
#define AT_DATA TO_DATA, PEER_SEND("354 go\r\n")

static void p9_100_a_body_with_bare_cr_or_lf_never_ends(void **state)
{
    (void)state;
    static const char *bad[] = {
        "a\n.\nb\r\n", "a\r.\rb\r\n", "a\n.\r\nb\r\n", "a\r\n.\nMAIL FROM:<x>", "a\r\r\n",
        "a\n",         "\n",          "a\r",           "\r\n.\r.\r\n"};
    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
        static const PeerStep steps[] = {AT_DATA, PEER_WAIT()};
        Run run = open_465(steps);
        assert_false(letter(&run, "a@x.test", bad[i]));
        assert_rule(run.error, POSTERN_ERROR_INPUT, "send.value");
        g_clear_error(&run.error);
        assert_false(letter(&run, "a@x.test", "good\r\n"));
        run_close(&run);
        assert_true(g_str_has_suffix((const char *)run.heard->data, "DATA\r\n") ||
                    strstr((const char *)run.heard->data, "\r\n.\r\n") == NULL);
        run_clear(&run);
    }
}

static void p9_100_dots_are_stuffed_and_an_open_line_is_ended(void **state)
{
    (void)state;
    static const struct {
        const char *body, *wire;
    } cases[] = {{"", ""},
                 {".", "..\r\n"},
                 {".\r\n", "..\r\n"},
                 {"..\r\n.\r\n", "...\r\n..\r\n"},
                 {"a\r\n.b\r\n", "a\r\n..b\r\n"},
                 {"a.\r\n.", "a.\r\n..\r\n"},
                 {"\r\n\r\n.x", "\r\n\r\n..x\r\n"}};
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        /* DATA's own line end stands before the body: "\r\n.\r\n" is there even when it is empty.
         */
        g_autofree char *wanted = g_strdup_printf("DATA\r\n%s.\r\n", cases[i].wire);
        PeerStep steps[] = {AT_DATA, PEER_EXPECT(""), PEER_DROP()};
        Run run = open_465(steps);
        assert_false(letter(&run, "a@x.test", cases[i].body));
        run_close(&run);
        assert_true(g_str_has_suffix((const char *)run.heard->data, wanted));
        run_clear(&run);
    }
}

static void p6_an_end_of_the_source_that_comes_early_is_no_letter(void **state)
{
    (void)state;
    static const PeerStep steps[] = {AT_DATA, PEER_WAIT()};
    Run run = open_465(steps);
    assert_false(letter_sized(&run, "j@x.test", "a@x.test", "half\r\n", 6, 12, 0));
    assert_rule(run.error, POSTERN_ERROR_BUG, "send.size");
    run_close(&run);
    assert_true(g_str_has_suffix((const char *)run.heard->data, "DATA\r\nhalf\r\n"));
    run_clear(&run);
}

typedef struct {
    const char *name;
    PeerStep answer, end;
    int code;
    const char *rule;
} DotCase;

static void p6_62_without_a_clear_answer_to_the_dot_the_letter_is_in_doubt(void **state)
{
    (void)state;
    static const DotCase cases[] = {
        {"yes", PEER_SEND("250 queued\r\n"), PEER_DROP(), 0, NULL},
        {"drop", PEER_SEND(""), PEER_DROP(), POSTERN_ERROR_TEMPORARY, "send.doubt"},
        {"close", PEER_SEND(""), PEER_CLOSE(), POSTERN_ERROR_TEMPORARY, "send.doubt"},
        {"half", PEER_SEND("25"), PEER_CLOSE(), POSTERN_ERROR_TEMPORARY, "send.doubt"},
        {"half reply", PEER_SEND("250-ok\r\n"), PEER_DROP(), POSTERN_ERROR_TEMPORARY, "send.doubt"},
        {"nonsense", PEER_SEND("ok\r\n"), PEER_WAIT(), POSTERN_ERROR_TEMPORARY, "send.doubt"},
        {"354", PEER_SEND("354 more?\r\n"), PEER_WAIT(), POSTERN_ERROR_TEMPORARY, "send.doubt"},
        {"4yz", PEER_SEND("451 later\r\n"), PEER_WAIT(), POSTERN_ERROR_TEMPORARY, "send.deferred"},
        {"421", PEER_SEND("421 bye\r\n"), PEER_CLOSE(), POSTERN_ERROR_TEMPORARY, "send.deferred"},
        {"5yz", PEER_SEND("554 spam\r\n"), PEER_WAIT(), POSTERN_ERROR_INPUT, "send.rejected"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        PeerStep steps[] = {AT_DATA, PEER_BODY(), cases[i].answer, cases[i].end};
        Run run = open_465(steps);
        gboolean good = letter(&run, "a@x.test", "x\r\n");
        if (good != (cases[i].rule == NULL))
            fail_msg("%s", cases[i].name);
        if (cases[i].rule)
            assert_rule(run.error, cases[i].code, cases[i].rule);
        run_close(&run);
        run_clear(&run);
    }
}

/* A greeting of LINES lines; the caller's. */
static char *greeting_of(guint lines)
{
    GString *text = g_string_new(NULL);
    for (guint i = 1; i < lines; i++)
        g_string_append(text, "220-hello\r\n");
    g_string_append(text, "220 hello\r\n");
    return g_string_free(text, FALSE);
}

static void p8_90_a_reply_of_too_many_lines_is_refused(void **state)
{
    (void)state;
    for (guint more = 0; more < 2; more++) {
        g_autofree char *greeting = greeting_of(LIMIT_REPLY_LINES + more);
        const PeerStep steps[] = {PEER_TLS(),         PEER_SEND_BYTES(greeting, strlen(greeting)),
                                  PEER_EXPECT(EHLO),  PEER_SEND("250-mail\r\n250 AUTH PLAIN\r\n"),
                                  PEER_EXPECT(PLAIN), PEER_SEND("235 in\r\n"),
                                  PEER_WAIT()};
        Run run = open_465(steps);
        assert_int_equal(run.submission == NULL, more);
        if (more)
            assert_rule(run.error, POSTERN_ERROR_PROTOCOL, "server.protocol");
        run_close(&run);
        run_clear(&run);
    }
}

/* RFC 4954, 4: the server asks for an answer that the command has no room for. */
static void an_answer_that_is_too_long_for_the_command_waits_for_the_challenge(void **state)
{
    (void)state;
    /* "AUTH PLAIN ", base64 of NUL john NUL password, CR LF: 511 bytes and the next size, 515. */
    const gsize fits = (LIMIT_FIRST_ANSWER - 2 - strlen("AUTH PLAIN ")) / 4 * 3 - strlen(" john ");
    for (gsize more = 0; more < 2; more++) {
        g_autofree char *password = g_strnfill(fits + more, 'x');
        const PeerStep steps[] = {
            INSIDE,
            PEER_SEND("250-mail\r\n250 AUTH PLAIN\r\n"),
            more ? (PeerStep)PEER_EXPECT("AUTH PLAIN\r\n")
                 : (PeerStep)PEER_EXPECT("AUTH PLAIN AGpvaG4A"),
            more ? (PeerStep)PEER_SEND("334 \r\n") : (PeerStep)PEER_SEND(""),
            more ? (PeerStep)PEER_EXPECT("AGpvaG4A") : (PeerStep)PEER_SEND(""),
            PEER_SEND("235 in\r\n"),
            PEER_WAIT(),
        };
        Run run = {.peer = peer_start(NULL, steps, G_N_ELEMENTS(steps))};
        g_autoptr(Session) session = peer_session(SCHEME_SMTPS);
        secret_free(session->secret);
        session->secret = secret_new(password, strlen(password));
        run.submission = submission_open(peer_fd(run.peer), session, &run.error);
        assert_non_null(run.submission);
        run_close(&run);
        assert_null(run.trouble);
        run_clear(&run);
    }
}

static void p6_62_before_the_dot_there_is_no_doubt(void **state)
{
    (void)state;
    static const PeerStep steps[] = {TO_DATA, PEER_DROP()};
    Run run = open_465(steps);
    assert_false(letter(&run, "a@x.test", "x\r\n"));
    assert_rule(run.error, POSTERN_ERROR_PROTOCOL, "tls.truncated");
    g_clear_error(&run.error);
    assert_false(letter(&run, "a@x.test", "x\r\n"));
    run_close(&run);
    run_clear(&run);
}

static void assert_busy(Run run)
{
    assert_false(letter(&run, "a@x.test", "x\r\n"));
    assert_rule(run.error, POSTERN_ERROR_TEMPORARY, "server.busy");
    assert_non_null(strstr(run.error->message, "enough"));
    run_close(&run);
    assert_null(run.trouble);
    run_clear(&run);
}

/* What rides behind the 421 is not waited for: the connection is over. */
static void p6_62_before_the_dot_421_is_about_the_connection(void **state)
{
    (void)state;
    static const PeerStep to_mail[] = {OPEN_465, PEER_EXPECT("MAIL"), PEER_EXPECT("RCPT"),
                                       PEER_SEND("421 enough\r\n"), PEER_CLOSE()};
    static const PeerStep to_rcpt[] = {OPEN_465, PEER_EXPECT("MAIL"), PEER_EXPECT("RCPT"),
                                       PEER_SEND("250 ok\r\n421 enough\r\n"), PEER_CLOSE()};
    static const PeerStep to_data[] = {TO_DATA, PEER_SEND("421 enough\r\n"), PEER_CLOSE()};
    assert_busy(open_465(to_mail));
    assert_busy(open_465(to_rcpt));
    assert_busy(open_465(to_data));
}

static void a_refused_data_is_forgotten_and_the_next_letter_goes(void **state)
{
    (void)state;
    static const PeerStep steps[] = {TO_DATA,
                                     PEER_SEND("451 later\r\n"),
                                     PEER_EXPECT("RSET"),
                                     PEER_SEND("250 ok\r\n"),
                                     PEER_EXPECT("MAIL"),
                                     PEER_EXPECT("RCPT"),
                                     PEER_SEND("250 ok\r\n250 ok\r\n"),
                                     PEER_EXPECT("DATA"),
                                     PEER_SEND("354 go\r\n"),
                                     PEER_BODY(),
                                     PEER_SEND("250 ok\r\n"),
                                     PEER_WAIT()};
    Run run = open_465(steps);
    assert_false(letter(&run, "a@x.test", "x\r\n"));
    assert_rule(run.error, POSTERN_ERROR_TEMPORARY, "send.deferred");
    g_clear_error(&run.error);
    assert_true(letter(&run, "a@x.test", "x\r\n"));
    run_close(&run);
    assert_null(run.trouble);
    run_clear(&run);
}

/* A letter that needs NEEDS, its recipient TO. */
static gboolean needy(Run *run, const char *to, guint needs)
{
    return letter_sized(run, "j@x.test", to, "\xc3\xa4\r\n", 4, 4, needs);
}

static void what_the_server_cannot_carry_is_not_begun(void **state)
{
    (void)state;
    static const struct {
        const char *to;
        guint needs;
        const char *rule, *words;
    } cases[] = {
        {"a@x.test", LETTER_8BIT, "send.rejected", "seven-bit"},
        {"a@x.test", LETTER_8BIT | LETTER_UTF8, "send.utf8", "ASCII"},
        {"a@x.test gr\xc3\xbc\xc3\x9f"
         "e@x.test",
         0, "send.utf8",
         "gr\xc3\xbc\xc3\x9f"
         "e@x.test"},
    };
    static const PeerStep steps[] = {AUTHING, PEER_SEND("235 in\r\n"), PEER_WAIT()};
    Run run = open_465(steps);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        assert_false(needy(&run, cases[i].to, cases[i].needs));
        assert_rule(run.error, POSTERN_ERROR_INPUT, cases[i].rule);
        assert_non_null(strstr(run.error->message, cases[i].words));
        g_clear_error(&run.error);
    }
    run_close(&run);
    assert_heard(&run, EHLO PLAIN);
    run_clear(&run);
}

static void what_a_letter_needs_is_told_and_nothing_else(void **state)
{
    (void)state;
    static const struct {
        const char *to;
        guint needs;
        const char *mail;
    } cases[] = {
        {"a@x.test", LETTER_8BIT, "MAIL FROM:<j@x.test> BODY=8BITMIME\r\n"},
        {"a@x.test", LETTER_8BIT | LETTER_UTF8, "MAIL FROM:<j@x.test> BODY=8BITMIME SMTPUTF8\r\n"},
        {"\xc3\xa4@x.test", LETTER_8BIT, "MAIL FROM:<j@x.test> BODY=8BITMIME SMTPUTF8\r\n"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        const PeerStep steps[] = {INSIDE,
                                  PEER_SEND("250-mail\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n"
                                            "250 AUTH PLAIN\r\n"),
                                  PEER_EXPECT(PLAIN),
                                  PEER_SEND("235 in\r\n"),
                                  {ACT_EXPECT, cases[i].mail, strlen(cases[i].mail)},
                                  PEER_SEND("250 ok\r\n"),
                                  PEER_EXPECT("RCPT"),
                                  PEER_SEND("250 ok\r\n"),
                                  PEER_EXPECT("DATA"),
                                  PEER_SEND("354 go\r\n"),
                                  PEER_BODY(),
                                  PEER_SEND("250 ok\r\n"),
                                  PEER_WAIT()};
        Run run = open_465(steps);
        assert_true(needy(&run, cases[i].to, cases[i].needs));
        run_close(&run);
        assert_null(run.trouble);
        run_clear(&run);
    }
}

static void a_letter_announced_as_seven_bit_is(void **state)
{
    (void)state;
    static const PeerStep steps[] = {AT_DATA, PEER_WAIT()};
    Run run = open_465(steps);
    assert_false(needy(&run, "a@x.test", 0));
    assert_rule(run.error, POSTERN_ERROR_BUG, "send.needs");
    run_close(&run);
    assert_true(g_str_has_suffix((const char *)run.heard->data, "DATA\r\n"));
    run_clear(&run);
}

/* ---- BDAT ---- */

#define CHUNKING_465                                                                               \
    INSIDE, PEER_SEND("250-mail\r\n250-PIPELINING\r\n250-CHUNKING\r\n250 AUTH PLAIN\r\n"),         \
        PEER_EXPECT(PLAIN), PEER_SEND("235 in\r\n")
#define ENVELOPE PEER_EXPECT("MAIL"), PEER_EXPECT("RCPT"), PEER_SEND("250 ok\r\n250 ok\r\n")
/* Two bytes of the letter stand in front, and so before the command behind them. */
#define PROVES PEER_EXPECT("BDAT 2\r\n"), PEER_SEND("250 two\r\n")
#define GIVES_DATA                                                                                 \
    PEER_EXPECT("DATA"), PEER_SEND("354 go\r\n"), PEER_BODY(), PEER_SEND("250 ok\r\n")

static void p9_100_by_chunks_no_text_can_end_a_letter(void **state)
{
    (void)state;
    static const char text[] = "ab: c\r\n\r\n.\r\nQUIT\r\n..x";
    static const PeerStep steps[] = {
        CHUNKING_465,
        ENVELOPE,
        PROVES,
        PEER_EXPECT("abBDAT 19 LAST\r\n"),
        PEER_EXPECT(": c\r\n"),
        PEER_EXPECT("\r\n"),
        PEER_EXPECT(".\r\n"),
        PEER_EXPECT("QUIT\r\n"),
        PEER_SEND("250 queued\r\n"),
        /* A connection is asked once. */
        PEER_EXPECT("..xMAIL"),
        PEER_EXPECT("RCPT"),
        PEER_SEND("250 ok\r\n250 ok\r\n"),
        PEER_EXPECT("BDAT 6 LAST\r\n"),
        PEER_EXPECT("abcd\r\n"),
        PEER_SEND("250 queued\r\n"),
        /* What is too short, or would be a line, goes by DATA. */
        ENVELOPE,
        GIVES_DATA,
        ENVELOPE,
        GIVES_DATA,
        ENVELOPE,
        GIVES_DATA,
        PEER_WAIT(),
    };
    assert_int_equal(sizeof text - 1, 21);
    Run run = open_465(steps);
    assert_true(letter(&run, "a@x.test", text));
    assert_true(letter(&run, "a@x.test", "abcd\r\n"));
    assert_true(letter(&run, "a@x.test", "a"));
    assert_true(letter(&run, "a@x.test", "\r\nab\r\n"));
    assert_true(letter(&run, "a@x.test", ".\r\n\r\n"));
    run_close(&run);
    assert_null(run.trouble);
    run_clear(&run);
}

static void p9_100_a_chunk_with_bare_cr_or_lf_never_ends(void **state)
{
    (void)state;
    static const char *bad[] = {"ab\n.\nb\r\n", "ab\r.\rb\r\n", "ab\r\n.\r.\r\n", "ab\r", "ab\n"};
    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
        static const PeerStep steps[] = {CHUNKING_465, ENVELOPE, PROVES, PEER_WAIT()};
        Run run = open_465(steps);
        assert_false(letter(&run, "a@x.test", bad[i]));
        assert_rule(run.error, POSTERN_ERROR_INPUT, "send.value");
        g_clear_error(&run.error);
        assert_false(letter(&run, "a@x.test", "good\r\n"));
        run_close(&run);
        const char *last = strstr((const char *)run.heard->data, " LAST\r\n");
        assert_true(last && strlen(last) < strlen(" LAST\r\n") + strlen(bad[i]) - 2);
        run_clear(&run);
    }
}

/* More than was announced would be read as commands. */
static void p9_100_no_byte_follows_the_size_of_a_chunk(void **state)
{
    (void)state;
    static const PeerStep steps[] = {CHUNKING_465, ENVELOPE, PROVES, PEER_WAIT()};
    Run run = open_465(steps);
    assert_false(letter_sized(&run, "j@x.test", "a@x.test", "abc\r\nQUIT\r\n", 11, 5, 0));
    assert_rule(run.error, POSTERN_ERROR_BUG, "send.size");
    run_close(&run);
    assert_true(g_str_has_suffix((const char *)run.heard->data, "BDAT 3 LAST\r\n"));
    run_clear(&run);
}

/* Five chunks' worth, in pieces: only its last byte is missing when it is asked for. */
static void p6_62_the_last_byte_of_a_chunk_waits_until_it_may_go(void **state)
{
    (void)state;
    enum { LARGE = 160 * 1024 };
    static const PeerStep steps[] = {CHUNKING_465, ENVELOPE, PROVES, PEER_WAIT()};
    g_autofree char *text = g_strnfill(LARGE, 'x');
    for (gsize i = 77; i < LARGE; i += 77)
        memcpy(text + i - 2, "\r\n", 2);
    Run run = open_465(steps);
    g_autoptr(GString) refused = g_string_new(NULL);
    Taking taking = {.refused = refused, .let_go = FALSE};
    g_autoptr(GBytes) data = g_bytes_new(text, LARGE);
    g_autoptr(Source) source = source_from_bytes(data);
    g_autoptr(GPtrArray) recipients = g_ptr_array_new();
    const LetterTaker taker = {take_refused, take_dot, &taking};
    const LetterEnvelope envelope = {"john@corp.example", recipients, LARGE, 0, NULL};
    g_ptr_array_add(recipients, (gpointer) "a@x.test");
    assert_false(submission_send(run.submission, &envelope, source, &taker, &run.error));
    assert_rule(run.error, POSTERN_ERROR_STORE, "vault.write");
    assert_int_equal(taking.asked, 1);
    run_close(&run);
    const char *last = strstr((const char *)run.heard->data, " LAST\r\n");
    assert_non_null(last);
    assert_int_equal(strlen(last), strlen(" LAST\r\n") + LARGE - 2 - 1);
    run_clear(&run);
}

static void a_server_that_only_says_chunking_gets_data(void **state)
{
    (void)state;
    static const char *const answers[] = {"500 what?\r\n", "502 no\r\n", "503 not now\r\n"};
    for (gsize i = 0; i < G_N_ELEMENTS(answers); i++) {
        const PeerStep steps[] = {CHUNKING_465,
                                  ENVELOPE,
                                  PEER_EXPECT("BDAT 2"),
                                  {ACT_SEND, answers[i], strlen(answers[i])},
                                  PEER_EXPECT("ab\r\n"),
                                  PEER_SEND("500 what?\r\n"),
                                  GIVES_DATA,
                                  ENVELOPE,
                                  GIVES_DATA,
                                  PEER_WAIT()};
        Run run = open_465(steps);
        assert_true(letter(&run, "a@x.test", "abc: d\r\n"));
        assert_true(letter(&run, "a@x.test", "abc: d\r\n"));
        run_close(&run);
        assert_null(run.trouble);
        /* The letter is whole in spite of it. */
        assert_non_null(strstr((const char *)run.heard->data, "DATA\r\nabc: d\r\n.\r\n"));
        run_clear(&run);
    }
}

/* RFC 3030, 2: after a chunk that failed, RSET alone. */
static void a_refused_chunk_is_forgotten_and_the_next_letter_goes(void **state)
{
    (void)state;
    static const PeerStep first[] = {CHUNKING_465,
                                     ENVELOPE,
                                     PEER_EXPECT("BDAT 2"),
                                     PEER_SEND("552 too much\r\n"),
                                     PEER_EXPECT("ab\r\n"),
                                     PEER_SEND("500 what?\r\n"),
                                     PEER_EXPECT("RSET"),
                                     PEER_SEND("250 ok\r\n"),
                                     ENVELOPE,
                                     GIVES_DATA,
                                     PEER_WAIT()};
    static const PeerStep later[] = {CHUNKING_465,
                                     ENVELOPE,
                                     PROVES,
                                     PEER_EXPECT("abBDAT 4 LAST"),
                                     PEER_EXPECT("cd\r\n"),
                                     PEER_SEND("552 too much\r\n"),
                                     PEER_EXPECT("RSET"),
                                     PEER_SEND("250 ok\r\n"),
                                     ENVELOPE,
                                     PEER_EXPECT("BDAT 6 LAST"),
                                     PEER_EXPECT("abcd\r\n"),
                                     PEER_SEND("250 ok\r\n"),
                                     PEER_WAIT()};
    for (gsize i = 0; i < 2; i++) {
        Run run = i ? open_465(later) : open_465(first);
        assert_false(letter(&run, "a@x.test", "abcd\r\n"));
        assert_rule(run.error, POSTERN_ERROR_INPUT, "send.rejected");
        assert_non_null(strstr(run.error->message, "too much"));
        g_clear_error(&run.error);
        assert_true(letter(&run, "a@x.test", "abcd\r\n"));
        run_close(&run);
        assert_null(run.trouble);
        run_clear(&run);
    }
}

/* ---- notices of delivery ---- */

static gboolean letter_with_notice(Run *run, const char *to, const Notice *notice)
{
    g_autoptr(GBytes) data = g_bytes_new_static("x\r\n", 3);
    g_autoptr(Source) source = source_from_bytes(data);
    g_auto(GStrv) list = g_strsplit(to, " ", -1);
    g_autoptr(GPtrArray) recipients = g_ptr_array_new();
    for (char **one = list; *one; one++)
        g_ptr_array_add(recipients, *one);
    const LetterEnvelope envelope = {"john@corp.example", recipients, 3, 0, notice};
    return submission_send(run->submission, &envelope, source, NULL, &run->error);
}

#define DSN_465                                                                                    \
    PEER_TLS(), PEER_SEND("220 mail.corp.example ESMTP\r\n"), PEER_EXPECT(EHLO),                   \
        PEER_SEND(FEATURES "250-SMTPUTF8\r\n250-dsn\r\n250 AUTH PLAIN\r\n"), PEER_EXPECT(PLAIN),   \
        PEER_SEND("235 2.7.0 in\r\n")

static void p9_104_what_is_asked_of_a_letter_stands_behind_mail_and_each_rcpt(void **state)
{
    (void)state;
    g_autofree char *local = g_strnfill(LIMIT_ADDRESS - strlen("@x.test"), '+');
    g_autofree char *to = g_strdup_printf("a+b=c@x.test \"d!e\"@x.test %s@x.test", local);
    g_autofree char *large = g_strdup_printf("RCPT TO:<%s@x.test> NOTIFY=SUCCESS,DELAY\r\n", local);
    const PeerStep steps[] = {
        DSN_465,
        PEER_EXPECT("MAIL FROM:<john@corp.example> SIZE=3 RET=HDRS ENVID=1+2B2@corp.example\r\n"),
        PEER_EXPECT("RCPT TO:<a+b=c@x.test> NOTIFY=SUCCESS,DELAY "
                    "ORCPT=rfc822;a+2Bb+3Dc@x.test\r\n"),
        PEER_EXPECT("RCPT TO:<\"d!e\"@x.test> NOTIFY=SUCCESS,DELAY "
                    "ORCPT=rfc822;\"d!e\"@x.test\r\n"),
        {ACT_EXPECT, large, strlen(large)}, /* no ORCPT: it would be too long */
        PEER_SEND("250 ok\r\n250 ok\r\n250 ok\r\n250 ok\r\n"),
        PEER_EXPECT("DATA\r\n"),
        PEER_SEND("354 go\r\n"),
        PEER_BODY(),
        PEER_SEND("250 ok\r\n"),
        /* The next letter of the connection asks nothing. */
        PEER_EXPECT("MAIL FROM:<john@corp.example> SIZE=3\r\n"),
        PEER_EXPECT("RCPT TO:<a@x.test>\r\n"),
        PEER_SEND("250 ok\r\n250 ok\r\n"),
        PEER_EXPECT("DATA\r\n"),
        PEER_SEND("354 go\r\n"),
        PEER_BODY(),
        PEER_SEND("250 ok\r\n"),
        PEER_WAIT(),
    };
    const Notice notice = {NOTICE_SUCCESS | NOTICE_DELAY, "1+2@corp.example"};
    const Notice nothing = {0, "1@corp.example"};
    Run run = open_465(steps);
    assert_true(letter_with_notice(&run, to, &notice));
    assert_true(letter_with_notice(&run, "a@x.test", &nothing));
    run_close(&run);
    assert_null(run.trouble);
    run_clear(&run);
}

static void a_letter_of_which_nothing_is_to_be_told_says_only_that(void **state)
{
    (void)state;
    static const PeerStep steps[] = {
        DSN_465,
        PEER_EXPECT("MAIL FROM:<john@corp.example> SIZE=3\r\n"),
        PEER_EXPECT("RCPT TO:<a@x.test> NOTIFY=NEVER\r\n"),
        PEER_SEND("250 ok\r\n550 no\r\n"),
        PEER_EXPECT("RSET\r\n"),
        PEER_SEND("250 ok\r\n"),
        PEER_EXPECT("MAIL FROM:<john@corp.example> SIZE=3 SMTPUTF8 RET=HDRS\r\n"),
        PEER_EXPECT("RCPT TO:<gr\u00f6\u00dfe@x.test> NOTIFY=FAILURE\r\n"),
        PEER_SEND("250 ok\r\n550 no\r\n"),
        PEER_EXPECT("RSET\r\n"),
        PEER_SEND("250 ok\r\n"),
        PEER_WAIT(),
    };
    const Notice never = {NOTICE_NEVER, "1@corp.example"}, failure = {NOTICE_FAILURE, ""};
    Run run = open_465(steps);
    assert_false(letter_with_notice(&run, "a@x.test", &never));
    g_clear_error(&run.error);
    assert_false(letter_with_notice(&run, "gr\u00f6\u00dfe@x.test", &failure));
    run_close(&run);
    assert_null(run.trouble);
    run_clear(&run);
}

static void a_server_that_knows_no_notices_hears_nothing_of_the_letter(void **state)
{
    (void)state;
    static const PeerStep steps[] = {OPEN_465, PEER_WAIT()};
    static const guint whens[] = {NOTICE_NEVER, NOTICE_SUCCESS, NOTICE_FAILURE};
    Run run = open_465(steps);
    for (gsize i = 0; i < G_N_ELEMENTS(whens); i++) {
        const Notice notice = {whens[i], ""};
        assert_false(letter_with_notice(&run, "a@x.test", &notice));
        assert_rule(run.error, POSTERN_ERROR_INPUT, "send.dsn");
        assert_non_null(strstr(postern_error_mend(run.error), "without --dsn"));
        g_clear_error(&run.error);
    }
    run_close(&run);
    assert_heard(&run, EHLO PLAIN);
    run_clear(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_letter_leaves_by_465),
        cmocka_unit_test(p1_9_587_says_nothing_in_clear_but_ehlo_and_starttls),
        cmocka_unit_test(p1_2_an_opening_in_clear_that_is_not_whole_ends_at_once),
        cmocka_unit_test(p1_3_bytes_behind_220_kill_the_connection_at_each_offset),
        cmocka_unit_test(p1_4_openings_inside_tls_end_as_they_should),
        cmocka_unit_test(p1_4_auth_heard_in_clear_does_not_count),
        cmocka_unit_test(p9_99_addresses_that_could_end_a_path_are_not_sent),
        cmocka_unit_test(p9_99_an_address_of_the_limit_passes_and_one_byte_more_does_not),
        cmocka_unit_test(who_is_refused_is_told_and_the_others_get_the_letter),
        cmocka_unit_test(p6_62_the_dot_waits_until_it_may_go),
        cmocka_unit_test(many_recipients_pass_through_the_window),
        cmocka_unit_test(a_letter_beyond_the_servers_size_is_not_begun),
        cmocka_unit_test(p9_100_a_body_with_bare_cr_or_lf_never_ends),
        cmocka_unit_test(p9_100_dots_are_stuffed_and_an_open_line_is_ended),
        cmocka_unit_test(p6_an_end_of_the_source_that_comes_early_is_no_letter),
        cmocka_unit_test(p6_62_without_a_clear_answer_to_the_dot_the_letter_is_in_doubt),
        cmocka_unit_test(p8_90_a_reply_of_too_many_lines_is_refused),
        cmocka_unit_test(an_answer_that_is_too_long_for_the_command_waits_for_the_challenge),
        cmocka_unit_test(p6_62_before_the_dot_there_is_no_doubt),
        cmocka_unit_test(p6_62_before_the_dot_421_is_about_the_connection),
        cmocka_unit_test(a_refused_data_is_forgotten_and_the_next_letter_goes),
        cmocka_unit_test(what_the_server_cannot_carry_is_not_begun),
        cmocka_unit_test(what_a_letter_needs_is_told_and_nothing_else),
        cmocka_unit_test(a_letter_announced_as_seven_bit_is),
        cmocka_unit_test(p9_100_by_chunks_no_text_can_end_a_letter),
        cmocka_unit_test(p9_100_a_chunk_with_bare_cr_or_lf_never_ends),
        cmocka_unit_test(p9_100_no_byte_follows_the_size_of_a_chunk),
        cmocka_unit_test(p6_62_the_last_byte_of_a_chunk_waits_until_it_may_go),
        cmocka_unit_test(a_server_that_only_says_chunking_gets_data),
        cmocka_unit_test(a_refused_chunk_is_forgotten_and_the_next_letter_goes),
        cmocka_unit_test(p9_104_what_is_asked_of_a_letter_stands_behind_mail_and_each_rcpt),
        cmocka_unit_test(a_letter_of_which_nothing_is_to_be_told_says_only_that),
        cmocka_unit_test(a_server_that_knows_no_notices_hears_nothing_of_the_letter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
