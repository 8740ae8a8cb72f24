/*
 * A letter on its way to a server that is cut off at each byte of either side's words, or says
 * something else than it should at each step (P6 62, P8 90). What must be true of it then is worked
 * out here, from what the server has heard and said, and not from what the client thinks.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "core/error.h"
#include "core/limits.h"
#include "net/submission.h"
#include "tests/unit/net/tls-peer.h"

#define EHLO "EHLO [127.0.0.1]\r\n"
#define AUTH "AUTH PLAIN AGpvaG4AcGFzcyB3b3Jk\r\n"
#define ENVELOPE "MAIL FROM:<j@x.test> SIZE=9\r\nRCPT TO:<a@x.test>\r\nRCPT TO:<b@x.test>\r\n"
#define LETTER "ab: c\r\n\r\n"
#define GREETING "220 mail.corp.example ESMTP\r\n"
#define FEATURES "250-mail\r\n250-PIPELINING\r\n250-SIZE 1000\r\n"
#define IN "235 2.7.0 in\r\n"
#define TAKEN "250 2.0.0 queued\r\n"

/* What one side says, and how much the other one says before. */
typedef struct {
    const char *hears, *says;
} Turn;

static const Turn by_data[] = {
    {"", GREETING},
    {EHLO, FEATURES "250 AUTH PLAIN\r\n"},
    {AUTH, IN},
    {ENVELOPE, "250 ok\r\n250 ok\r\n550 5.1.1 who?\r\n"},
    {"DATA\r\n", "354 go on\r\n"},
    {LETTER ".\r\n", TAKEN},
    {"QUIT\r\n", "221 bye\r\n"},
};
static const Turn by_chunks[] = {
    {"", GREETING},
    {EHLO, FEATURES "250-CHUNKING\r\n250 AUTH PLAIN\r\n"},
    {AUTH, IN},
    {ENVELOPE, "250 ok\r\n250 ok\r\n550 5.1.1 who?\r\n"},
    {"BDAT 2\r\nab", "250 two\r\n"},
    {"BDAT 7 LAST\r\n: c\r\n\r\n", TAKEN},
    {"QUIT\r\n", "221 bye\r\n"},
};
enum { TURNS = G_N_ELEMENTS(by_data), LOGGED_IN = 2, RECIPIENTS = 3, ASKED = 4, ENDED = 5 };

/* What the client makes of it. */
typedef enum {
    NOT_OPEN = 1 << 0,
    UNSENT = 1 << 1, /* nobody has it: it may go later, and is tried again */
    DOUBT = 1 << 2,
    SENT = 1 << 3,
} Verdict;

typedef struct {
    Verdict verdict;
    guint asked;      /* how often the last dot was asked for */
    GString *refused; /* "NUMBER CODE " each */
    GError *error;
} Outcome;

static void take_refused(gpointer user, guint n, const GError *reason)
{
    g_string_append_printf(((Outcome *)user)->refused, "%u %d ", n, postern_exit_code(reason));
}

static gboolean take_dot(gpointer user, GError **error)
{
    (void)error;
    ((Outcome *)user)->asked++;
    return TRUE;
}

static gboolean says(const GError *error, const char *rule)
{
    return g_strcmp0(postern_error_rule(error), rule) == 0;
}

static void send_a_letter(Submission *submission, Outcome *outcome)
{
    g_autoptr(GBytes) data = g_bytes_new_static(LETTER, strlen(LETTER));
    g_autoptr(Source) source = source_from_bytes(data);
    g_autoptr(GPtrArray) recipients = g_ptr_array_new();
    g_ptr_array_add(recipients, (gpointer) "a@x.test");
    g_ptr_array_add(recipients, (gpointer) "b@x.test");
    const LetterTaker taker = {take_refused, take_dot, outcome};
    const LetterEnvelope envelope = {"j@x.test", recipients, strlen(LETTER), 0, NULL};
    gboolean sent = submission_send(submission, &envelope, source, &taker, &outcome->error);
    outcome->verdict = sent ? SENT : says(outcome->error, "send.doubt") ? DOUBT : UNSENT;
}

/* A letter and a good-bye to a server that plays STEPS. */
static Outcome post(const PeerStep *steps, gsize n, char **trouble)
{
    Outcome outcome = {.verdict = NOT_OPEN, .refused = g_string_new(NULL)};
    Peer *peer = peer_start(NULL, steps, n);
    g_autoptr(Session) session = peer_session(SCHEME_SMTPS);
    g_autoptr(Submission) submission = submission_open(peer_fd(peer), session, &outcome.error);
    if (submission) {
        send_a_letter(submission, &outcome);
        (void)!submission_quit(submission, NULL);
    }
    g_clear_pointer(&submission, submission_free);
    g_byte_array_unref(peer_finish(peer, trouble));
    return outcome;
}

static void outcome_clear(Outcome *outcome)
{
    g_clear_error(&outcome->error);
    g_string_free(outcome->refused, TRUE);
}

/* ---- cut at each byte ---- */

/* What has no bytes and could is left out. */
static void add(GArray *steps, PeerAct act, const char *bytes, gsize size)
{
    const PeerStep step = {act, bytes, size};
    if (size > 0 || act == ACT_TLS || act == ACT_DROP || act == ACT_CLOSE)
        g_array_append_val(steps, step);
}

/* The server speaks SAID bytes, or hears HEARD, and the line is dead then, by END. */
static GArray *dialogue(const Turn *turns, gsize said, gsize heard, PeerAct end)
{
    GArray *steps = g_array_new(FALSE, FALSE, sizeof(PeerStep));
    add(steps, ACT_TLS, NULL, 0);
    for (guint i = 0; i < TURNS; i++) {
        gsize hears = strlen(turns[i].hears), speaks = strlen(turns[i].says);
        add(steps, ACT_TAKE, NULL, MIN(hears, heard));
        if (heard < hears)
            return steps;
        heard -= hears;
        add(steps, ACT_SEND, turns[i].says, MIN(speaks, said));
        if (said < speaks) {
            add(steps, end, NULL, 0);
            return steps;
        }
        said -= speaks;
    }
    add(steps, end, NULL, 0);
    return steps;
}

/* Bytes up to the end of TURN. */
static gsize until(const Turn *turns, guint turn, gboolean server)
{
    gsize all = 0;
    for (guint i = 0; i <= turn; i++)
        all += strlen(server ? turns[i].says : turns[i].hears);
    return all;
}

static void check(const Outcome *outcome, guint wanted, const char *what, gsize at)
{
    int code = postern_exit_code(outcome->error);
    if (!(outcome->verdict & wanted))
        fail_msg("%s %zu: %d in place of %u: %s", what, at, outcome->verdict, wanted,
                 outcome->error ? outcome->error->message : "");
    if ((outcome->verdict == SENT) != (code == 0))
        fail_msg("%s %zu: code %d", what, at, code);
    /* Each is a failure of the line, after which the letter waits. */
    if (code != 0 && code != POSTERN_ERROR_TEMPORARY && code != POSTERN_ERROR_UNREACHABLE &&
        !says(outcome->error, "tls.truncated"))
        fail_msg("%s %zu: code %d %s", what, at, code, postern_error_rule(outcome->error));
    /* The keeper knows before there can be doubt, and never twice. */
    if (outcome->asked != ((outcome->verdict & (DOUBT | SENT)) != 0) &&
        !(outcome->verdict == UNSENT && outcome->asked == 0))
        fail_msg("%s %zu: asked %u times", what, at, outcome->asked);
    /* Who does not get it is known by then. */
    if (outcome->asked && strcmp(outcome->refused->str, "1 65 ") != 0)
        fail_msg("%s %zu: refused %s", what, at, outcome->refused->str);
}

static void cut_what_the_server_says(const Turn *turns, PeerAct end)
{
    gsize open = until(turns, LOGGED_IN, TRUE), begun = until(turns, ASKED, TRUE),
          taken = until(turns, ENDED, TRUE), all = until(turns, TURNS - 1, TRUE);
    for (gsize at = 0; at <= all; at++) {
        g_autoptr(GArray) steps = dialogue(turns, at, G_MAXSIZE, end);
        Outcome outcome = post((const PeerStep *)(void *)steps->data, steps->len, NULL);
        guint wanted = at < open ? NOT_OPEN : at < begun ? UNSENT : at < taken ? DOUBT : SENT;
        check(&outcome, wanted, "the server says", at);
        outcome_clear(&outcome);
    }
}

static void cut_what_the_server_hears(const Turn *turns)
{
    gsize open = until(turns, LOGGED_IN, FALSE), begun = until(turns, ASKED, FALSE),
          taken = until(turns, ENDED, FALSE), all = until(turns, TURNS - 1, FALSE);
    for (gsize at = 0; at <= all; at++) {
        g_autoptr(GArray) steps = dialogue(turns, G_MAXSIZE, at, ACT_CLOSE);
        Outcome outcome = post((const PeerStep *)(void *)steps->data, steps->len, NULL);
        /* On its way, it is the line's affair how much the client could still write. */
        guint wanted = at < open    ? NOT_OPEN
                       : at < begun ? UNSENT
                       : at < taken ? UNSENT | DOUBT
                                    : SENT;
        check(&outcome, wanted, "the server hears", at);
        outcome_clear(&outcome);
    }
}

static void p6_62_cut_at_each_byte_of_the_server_nothing_is_lost_or_doubled(void **state)
{
    (void)state;
    cut_what_the_server_says(by_data, ACT_DROP);
    cut_what_the_server_says(by_data, ACT_CLOSE);
    cut_what_the_server_says(by_chunks, ACT_DROP);
}

static void p6_62_cut_at_each_byte_of_the_client_nothing_is_lost_or_doubled(void **state)
{
    (void)state;
    cut_what_the_server_hears(by_data);
    cut_what_the_server_hears(by_chunks);
}

/* ---- another answer than the one that is due ---- */

typedef struct {
    const char *name, *reply;
    /*
     * What becomes of the letter when this is the answer to: the greeting, EHLO, AUTH, MAIL, the
     * first RCPT, the second, DATA, the dot.
     *
     *   S sent   P sent, but not to the second   p sent, the second may get it later
     *   Q sent, but not to the first   q sent, the first may get it later
     *   F failed: the server will not have it   W waits: nothing was said for good   U waits: it is
     * gone D in doubt   X not sent: this is no server as it should be   L not sent: the login was
     * refused C not sent: there is no way to log in
     */
    const char *fates;
} Answer;

static const Answer answers[] = {
    {"200", "200 ok\r\n", "XXXXXXXD"},
    {"220", "220 ok\r\n", "SXXXXXXD"},
    {"250", "250 ok\r\n", "XCXSSSXS"},
    {"250, enhanced", "250 2.1.0 ok\r\n", "XCXSSSXS"},
    {"250 without a word", "250\r\n", "XCXSSSXS"},
    {"250, in lines", "250-a\r\n250-\r\n250 b\r\n", "XCXSSSXS"},
    {"251", "251 forwards\r\n", "XXXXSSXD"},
    {"252", "252 perhaps\r\n", "XXXXSSXD"},
    {"354", "354 go on\r\n", "XXXXXXSD"},
    {"421", "421 4.3.2 bye\r\n", "WWWWWWWW"},
    {"450", "450 4.2.0 later\r\n", "WWWWqpWW"},
    {"451", "451 later\r\n", "WWWWqpWW"},
    {"452", "452 4.5.3 too many\r\n", "WWWWqpWW"},
    {"451, in lines", "451-a\r\n451-b\r\n451 c\r\n", "WWWWqpWW"},
    {"500", "500 what?\r\n", "XXLFQPFF"},
    {"503", "503 not now\r\n", "XXLFQPFF"},
    {"530", "530 5.7.0 log in\r\n", "XXLFQPFF"},
    {"535", "535 5.7.8 no\r\n", "XXLFQPFF"},
    {"550", "550 5.1.1 no\r\n", "XXLFQPFF"},
    {"552", "552 5.3.4 too much\r\n", "XXLFqpFF"},
    {"554", "554 5.7.1 spam\r\n", "XXLFQPFF"},
    {"555", "555 what parameters?\r\n", "XXLFQPFF"},
    {"codes that differ", "250-a\r\n251 b\r\n", "XXXXXXXD"},
    {"codes that differ, 4yz", "450-a\r\n550 b\r\n", "XXXXXXXD"},
    {"199", "199 no\r\n", "XXXXXXXD"},
    {"600", "600 no\r\n", "XXXXXXXD"},
    {"260", "260 no\r\n", "XXXXXXXD"},
    {"two digits", "25 ok\r\n", "XXXXXXXD"},
    {"four digits", "2500 ok\r\n", "XXXXXXXD"},
    {"a word", "ok\r\n", "XXXXXXXD"},
    {"nothing", "\r\n", "XXXXXXXD"},
    {"a tab behind the code", "250\tok\r\n", "XXXXXXXD"},
    {"a blank before it", " 250 ok\r\n", "XXXXXXXD"},
    {"a bare LF", "250 ok\n", "XXXXXXXD"},
    {"a bare CR", "250 o\rk\r\n", "XXXXXXXD"},
    {"POP3", "+OK\r\n", "XXXXXXXD"},
    {"HTTP", "HTTP/1.1 400 Bad Request\r\n", "XXXXXXXD"},
    {"the end", "", "UUUUUUUD"},
    {"half a line", "250 o", "UUUUUUUD"},
    {"half a reply", "250-ok\r\n", "UUUUUUUD"},
};
static const char *const due[] = {GREETING,
                                  "250-mail\r\n250-PIPELINING\r\n250 AUTH PLAIN\r\n",
                                  IN,
                                  "250 ok\r\n",
                                  "250 ok\r\n",
                                  "250 ok\r\n",
                                  "354 go on\r\n",
                                  TAKEN};
static const char *const asked[] = {"", EHLO, AUTH, "MAIL", "RCPT", "RCPT", "DATA", ""};
enum { STEPS = G_N_ELEMENTS(due), MAIL = 3, LAST_RCPT = 5, DATA = 6, DOT = 7 };

/* A server that is as it should be but for WRONG at STEP. Whoever goes on is served. */
static GArray *server_with(guint step, const char *wrong)
{
    GArray *steps = g_array_new(FALSE, FALSE, sizeof(PeerStep));
    add(steps, ACT_TLS, NULL, 0);
    for (guint i = 0; i < STEPS; i++) {
        const char *reply = i == step ? wrong : due[i];
        if (i == MAIL) /* the three come together */
            for (guint j = MAIL; j <= LAST_RCPT; j++)
                add(steps, ACT_EXPECT, asked[j], strlen(asked[j]));
        else if (i == DOT && step == DATA && !g_str_has_prefix(wrong, "354"))
            add(steps, ACT_EXPECT, "RSET", 4);
        else if (i == DOT)
            add(steps, ACT_BODY, NULL, 1);
        else if (i < MAIL || i > LAST_RCPT)
            add(steps, ACT_EXPECT, asked[i], strlen(asked[i]));
        add(steps, ACT_SEND, reply, strlen(reply));
        if (i == step && (!g_str_has_suffix(wrong, "\n") || strcmp(wrong, "250-ok\r\n") == 0)) {
            add(steps, ACT_CLOSE, NULL, 0);
            return steps;
        }
    }
    add(steps, ACT_EXPECT, "QUIT", 4);
    add(steps, ACT_SEND, "221 bye\r\n", 9);
    add(steps, ACT_CLOSE, NULL, 0);
    return steps;
}

/* The letter's fate in the alphabet above. */
static char fate(const Outcome *outcome)
{
    static const struct {
        const char *refused;
        char fate;
    } sent[] = {{"", 'S'}, {"0 65 ", 'Q'}, {"0 75 ", 'q'}, {"1 65 ", 'P'}, {"1 75 ", 'p'}};
    for (gsize i = 0; i < G_N_ELEMENTS(sent) && outcome->verdict == SENT; i++)
        if (strcmp(outcome->refused->str, sent[i].refused) == 0)
            return sent[i].fate;
    if (outcome->verdict == DOUBT)
        return 'D';
    switch (postern_exit_code(outcome->error)) {
    case POSTERN_ERROR_INPUT: return 'F';
    case POSTERN_ERROR_TEMPORARY: return 'W';
    case POSTERN_ERROR_UNREACHABLE: return 'U';
    case POSTERN_ERROR_LOGIN: return 'L';
    case POSTERN_ERROR_POLICY: return 'C';
    case POSTERN_ERROR_PROTOCOL: return 'X';
    default: return '?';
    }
}

static void check_answer(const char *name, const char *reply, guint step, char wanted)
{
    g_autoptr(GArray) steps = server_with(step, reply);
    Outcome outcome = post((const PeerStep *)(void *)steps->data, steps->len, NULL);
    char got = fate(&outcome);
    if (got != wanted)
        fail_msg("%s at step %u: %c in place of %c: %s", name, step, got, wanted,
                 outcome.error ? outcome.error->message : "");
    if (outcome.asked != (strchr("SPpQqD", got) || step == DOT ? 1 : 0))
        fail_msg("%s at step %u: the dot was asked for %u times", name, step, outcome.asked);
    outcome_clear(&outcome);
}

static void p6_62_whatever_is_answered_the_letter_is_where_it_is_said_to_be(void **state)
{
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(answers); i++)
        for (guint step = 0; step < STEPS; step++)
            check_answer(answers[i].name, answers[i].reply, step, answers[i].fates[step]);
}

static void p8_90_a_line_that_is_too_long_is_refused_at_each_step(void **state)
{
    (void)state;
    g_autofree char *words = g_strnfill(LIMIT_LINE, 'x');
    g_autofree char *reply = g_strconcat("250 ", words, "\r\n", NULL);
    for (guint step = 0; step < STEPS; step++)
        check_answer("too long", reply, step, step == DOT ? 'D' : 'X');
}

/* What is wrong with the answer to RSET or QUIT changes nothing for the letter before. */
static void what_is_answered_behind_the_letter_changes_nothing(void **state)
{
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(answers); i++) {
        g_autoptr(GArray) steps =
            dialogue(by_data, until(by_data, ENDED, TRUE), G_MAXSIZE, ACT_CLOSE);
        g_array_set_size(steps, steps->len - 1);
        add(steps, ACT_SEND, answers[i].reply, strlen(answers[i].reply));
        add(steps, ACT_CLOSE, NULL, 0);
        Outcome outcome = post((const PeerStep *)(void *)steps->data, steps->len, NULL);
        if (fate(&outcome) != 'P')
            fail_msg("%s: %c", answers[i].name, fate(&outcome));
        outcome_clear(&outcome);
    }
}

/* The next letter goes by this connection only where the server has forgotten the first one. */
static void after_an_odd_answer_to_rset_nothing_more_is_said(void **state)
{
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(answers); i++) {
        g_autoptr(GArray) steps = server_with(MAIL, "550 no\r\n");
        gboolean good = g_str_has_prefix(answers[i].name, "250");
        g_array_set_size(steps, 12); /* up to the answer to the second RCPT */
        add(steps, ACT_EXPECT, "RSET", 4);
        add(steps, ACT_SEND, answers[i].reply, strlen(answers[i].reply));
        for (guint j = MAIL; j <= LAST_RCPT && good; j++)
            add(steps, ACT_EXPECT, asked[j], 4);
        if (good)
            add(steps, ACT_SEND, "421 enough\r\n", 12);
        add(steps, ACT_CLOSE, NULL, 0);
        Outcome outcome = {.refused = g_string_new(NULL)};
        Peer *peer = peer_start(NULL, (const PeerStep *)(void *)steps->data, steps->len);
        g_autoptr(Session) session = peer_session(SCHEME_SMTPS);
        g_autoptr(Submission) submission = submission_open(peer_fd(peer), session, &outcome.error);
        assert_non_null(submission);
        send_a_letter(submission, &outcome);
        assert_int_equal(fate(&outcome), 'F');
        g_clear_error(&outcome.error);
        send_a_letter(submission, &outcome);
        if (says(outcome.error, "server.closed") == good)
            fail_msg("%s: %s", answers[i].name, outcome.error->message);
        g_autofree char *trouble = NULL;
        g_clear_pointer(&submission, submission_free);
        g_byte_array_unref(peer_finish(peer, &trouble));
        if (trouble)
            fail_msg("%s: %s", answers[i].name, trouble);
        outcome_clear(&outcome);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(p6_62_cut_at_each_byte_of_the_server_nothing_is_lost_or_doubled),
        cmocka_unit_test(p6_62_cut_at_each_byte_of_the_client_nothing_is_lost_or_doubled),
        cmocka_unit_test(p6_62_whatever_is_answered_the_letter_is_where_it_is_said_to_be),
        cmocka_unit_test(p8_90_a_line_that_is_too_long_is_refused_at_each_step),
        cmocka_unit_test(what_is_answered_behind_the_letter_changes_nothing),
        cmocka_unit_test(after_an_odd_answer_to_rset_nothing_more_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
