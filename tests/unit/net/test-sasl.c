/* Login mechanisms: chosen by us, through or not at all (P3 33, 34). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "core/error.h"
#include "core/limits.h"
#include "net/sasl.h"

static Secret *password;
static Session session;

static int set_up(void **state)
{
    (void)state;
    password = secret_new("pass word", 9);
    session =
        (Session){.host = (char *)"mail.corp.example", .login = (char *)"john", .secret = password};
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    secret_free(password);
    return 0;
}

/* What sasl_begin() takes, or "none" with 78 and nothing to send. */
static char *chosen_from(const char *const *offered, GBytes *binding)
{
    g_autoptr(GError) error = NULL;
    g_auto(Exchange) exchange = {0};
    if (sasl_begin(&exchange, &session, offered, binding, &error))
        return g_strdup(sasl_name(&exchange));
    assert_int_equal(postern_exit_code(error), POSTERN_ERROR_POLICY);
    assert_string_equal(postern_error_rule(error), "login.mechanism");
    if (session.min_auth)
        assert_non_null(strstr(error->message, session.min_auth));
    return g_strdup("none");
}

typedef struct {
    const char *minimum;
    const char *offered[5];
    const char *chosen;
    gboolean bare; /* the protocol's own command would do */
} MinimumCase;

static void p3_34_nothing_weaker_than_the_minimum_is_used(void **state)
{
    (void)state;
    static const MinimumCase cases[] = {
        {"LOGIN", {"LOGIN"}, "LOGIN", TRUE},
        {"PLAIN", {"LOGIN", "PLAIN"}, "PLAIN", FALSE},
        {"PLAIN", {"LOGIN"}, "none", FALSE},
        {"CRAM-MD5", {"LOGIN", "CRAM-MD5", "PLAIN"}, "CRAM-MD5", FALSE},
        {"SCRAM-SHA-1", {"CRAM-MD5", "PLAIN", "OAUTHBEARER"}, "none", FALSE},
        {"SCRAM-SHA-1", {"PLAIN", "SCRAM-SHA-256"}, "SCRAM-SHA-256", FALSE},
        {"SCRAM-SHA-256", {"LOGIN", "PLAIN", "SCRAM-SHA-1"}, "none", FALSE},
        {"EXTERNAL", {"PLAIN", "EXTERNAL", "SCRAM-SHA-256"}, "none", FALSE},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        session.min_auth = (char *)cases[i].minimum;
        g_autofree char *chosen = chosen_from(cases[i].offered, NULL);
        assert_string_equal(chosen, cases[i].chosen);
        assert_int_equal(sasl_may_do_without(&session), cases[i].bare);
    }
    session.auth = (char *)"PLAIN"; /* what the account demands lifts no rule */
    g_autofree char *chosen = chosen_from((const char *[]){"PLAIN", "EXTERNAL", NULL}, NULL);
    assert_string_equal(chosen, "none");
    session.auth = NULL;
    session.min_auth = NULL;
}

typedef struct {
    const char *demanded;
    const char *offered[6];
    const char *chosen;
} ChoiceCase;

static void p3_34_the_strongest_offered_and_allowed_mechanism_is_taken(void **state)
{
    (void)state;
    static const ChoiceCase cases[] = {
        {NULL, {"LOGIN", "PLAIN"}, "PLAIN"},
        {NULL, {"plain"}, "PLAIN"},
        {NULL, {"CRAM-MD5", "LOGIN"}, "CRAM-MD5"},
        {NULL, {"PLAIN", "SCRAM-SHA-1", "CRAM-MD5"}, "SCRAM-SHA-1"},
        {NULL, {"SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN"}, "SCRAM-SHA-256"},
        {NULL, {"SCRAM-SHA-256-PLUS", "SCRAM-SHA-1"}, "SCRAM-SHA-1"}, /* no binding here */
        {NULL, {"DIGEST-MD5", "NTLM", "ANONYMOUS", "GSSAPI", "EXTERNAL"}, "none"},
        {NULL, {NULL}, "none"},
        {"*", {"LOGIN"}, "LOGIN"},
        {"LOGIN", {"LOGIN", "PLAIN"}, "LOGIN"},
        {"login", {"LOGIN", "PLAIN"}, "LOGIN"},
        {"SCRAM-SHA-256", {"LOGIN", "PLAIN"}, "none"},
        {"SCRAM-SHA-256", {"SCRAM-SHA-256", "PLAIN"}, "SCRAM-SHA-256"},
        {NULL, {"PLAINX", "XPLAIN", ""}, "none"},
        /* A password is never sent as a token, nor a token as a password. */
        {NULL, {"XOAUTH2", "OAUTHBEARER"}, "none"},
        {NULL, {"XOAUTH2", "OAUTHBEARER", "PLAIN"}, "PLAIN"},
        {"*", {"XOAUTH2", "PLAIN"}, "PLAIN"},
        {"XOAUTH2", {"XOAUTH2", "OAUTHBEARER", "PLAIN"}, "XOAUTH2"},
        {"OAUTHBEARER", {"XOAUTH2", "PLAIN", "SCRAM-SHA-256"}, "none"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        session.auth = (char *)cases[i].demanded;
        g_autofree char *chosen = chosen_from(cases[i].offered, NULL);
        assert_string_equal(chosen, cases[i].chosen);
    }
    session.auth = NULL;
}

static void a_token_is_never_carried_by_the_protocols_own_command(void **state)
{
    (void)state;
    session.auth = (char *)"XOAUTH2";
    assert_false(sasl_may_do_without(&session));
    session.auth = NULL;
}

static void p3_33_the_channel_is_bound_where_it_can_be(void **state)
{
    (void)state;
    static const char *const offered[] = {"SCRAM-SHA-256", "SCRAM-SHA-256-PLUS", "PLAIN", NULL};
    g_autoptr(GBytes) binding = g_bytes_new_static("0123456789abcdef0123456789abcdef", 32);
    g_autofree char *with = chosen_from(offered, binding);
    g_autofree char *without = chosen_from(offered, NULL);
    assert_string_equal(with, "SCRAM-SHA-256-PLUS");
    assert_string_equal(without, "SCRAM-SHA-256");
}

typedef struct {
    const char *minimum, *demanded;
    const char *offered[4];
    gboolean cannot_bind; /* here */
    int code;
} StrippedCase;

/* Who demands a binding and is offered all but that is told that it may have been taken away. */
static void p3_33_a_stripped_offer_of_a_binding_is_a_breach(void **state)
{
    (void)state;
    static const StrippedCase cases[] = {
        {"SCRAM-SHA-256-PLUS", NULL, {"SCRAM-SHA-256", "PLAIN"}, FALSE, 76},
        {"SCRAM-SHA-256-PLUS", NULL, {"scram-sha-1"}, FALSE, 76},
        {"SCRAM-SHA-1-PLUS", NULL, {"SCRAM-SHA-256"}, FALSE, 76},
        {NULL, "SCRAM-SHA-256-PLUS", {"SCRAM-SHA-256", "PLAIN"}, FALSE, 76},
        {NULL, "scram-sha-256-plus", {"SCRAM-SHA-256"}, FALSE, 76},
        /* Weaker servers, not robbed ones. */
        {"SCRAM-SHA-256-PLUS", NULL, {"PLAIN", "LOGIN"}, FALSE, 78},
        {"SCRAM-SHA-256-PLUS", NULL, {"SCRAM-SHA-1-PLUS", "SCRAM-SHA-256"}, FALSE, 78},
        {"SCRAM-SHA-256", NULL, {"SCRAM-SHA-1"}, FALSE, 78},
        {NULL, "SCRAM-SHA-256", {"SCRAM-SHA-1"}, FALSE, 78},
        /* Nothing to bind to, as over TLS 1.2. */
        {"SCRAM-SHA-256-PLUS", NULL, {"SCRAM-SHA-256"}, TRUE, 78},
    };
    g_autoptr(GBytes) binding = g_bytes_new_static("0123456789abcdef0123456789abcdef", 32);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_auto(Exchange) exchange = {0};
        session.min_auth = (char *)cases[i].minimum;
        session.auth = (char *)cases[i].demanded;
        assert_false(sasl_begin(&exchange, &session, cases[i].offered,
                                cases[i].cannot_bind ? NULL : binding, &error));
        if (postern_exit_code(error) != cases[i].code)
            fail_msg("case %zu: %s", i, error->message);
        assert_string_equal(postern_error_rule(error),
                            cases[i].code == 76 ? "login.binding" : "login.mechanism");
        assert_false(cases[i].code == 76 && sasl_may_do_without(&session));
    }
    session.min_auth = session.auth = NULL;
}

typedef struct {
    const char *minimum, *demanded;
    const char *offered[5];
    guint step;
    const char *words;
    const char *then; /* the mechanism of the second try; NULL: there is none */
    gboolean refused; /* and it was the binding */
} UnboundCase;

/* A server that cannot bind to TLS 1.3 is no reason to stay outside, but where a minimum or a
 * mechanism is demanded nobody on the way may say so in the server's name. */
static void p3_33_a_binding_is_done_without_only_where_nothing_is_demanded(void **state)
{
    (void)state;
    static const UnboundCase cases[] = {
        {NULL,
         NULL,
         {"SCRAM-SHA-256-PLUS", "SCRAM-SHA-256", "PLAIN"},
         1,
         "no",
         "SCRAM-SHA-256",
         FALSE},
        {NULL, "*", {"SCRAM-SHA-256-PLUS", "SCRAM-SHA-1"}, 0, "no", "SCRAM-SHA-1", FALSE},
        {NULL,
         NULL,
         {"SCRAM-SHA-256-PLUS", "SCRAM-SHA-256"},
         2,
         "bad protocol / cancel",
         "SCRAM-SHA-256",
         FALSE},
        /* After the proof a no is about the password. */
        {NULL, NULL, {"SCRAM-SHA-256-PLUS", "SCRAM-SHA-256"}, 2, "no", NULL, FALSE},
        /* Never weaker than SCRAM. */
        {NULL, NULL, {"SCRAM-SHA-256-PLUS", "PLAIN"}, 1, "no", NULL, TRUE},
        {"SCRAM-SHA-1", NULL, {"SCRAM-SHA-256-PLUS", "SCRAM-SHA-256"}, 1, "no", NULL, TRUE},
        {"SCRAM-SHA-256-PLUS", NULL, {"SCRAM-SHA-256-PLUS", "SCRAM-SHA-256"}, 1, "no", NULL, TRUE},
        {NULL, "SCRAM-SHA-256-PLUS", {"SCRAM-SHA-256-PLUS", "SCRAM-SHA-256"}, 1, "no", NULL, TRUE},
        /* Nothing was bound. */
        {NULL, "SCRAM-SHA-256", {"SCRAM-SHA-256-PLUS", "SCRAM-SHA-256"}, 1, "no", NULL, FALSE},
    };
    g_autoptr(GBytes) binding = g_bytes_new_static("0123456789abcdef0123456789abcdef", 32);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_auto(Exchange) exchange = {0};
        session.min_auth = (char *)cases[i].minimum;
        session.auth = (char *)cases[i].demanded;
        assert_true(sasl_begin(&exchange, &session, cases[i].offered, binding, NULL));
        exchange.step = cases[i].step;
        if (sasl_begin_unbound(&exchange, cases[i].offered, cases[i].words) !=
            (cases[i].then != NULL))
            fail_msg("case %zu: %s", i, sasl_name(&exchange));
        if (sasl_binding_refused(&exchange, &error) != cases[i].refused)
            fail_msg("case %zu", i);
        if (error)
            assert_string_equal(postern_error_rule(error), "login.binding");
        if (cases[i].then) {
            g_autoptr(Secret) first = NULL;
            assert_string_equal(sasl_name(&exchange), cases[i].then);
            assert_true(sasl_first(&exchange, 200, &first, NULL));
            assert_true(
                g_str_has_prefix((const char *)secret_bytes(first), "biwsbj1qb2hu")); /* n,, */
            assert_false(sasl_begin_unbound(&exchange, cases[i].offered, "no"));      /* once */
        }
    }
    session.min_auth = session.auth = NULL;
}

/* An exchange of mechanism NAME, which the account demands. */
static Exchange begin(const char *name)
{
    Exchange exchange = {0};
    session.auth = (char *)name;
    assert_true(sasl_begin(&exchange, &session, (const char *[]){name, NULL}, NULL, NULL));
    session.auth = NULL;
    return exchange;
}

static void assert_answer(Exchange *exchange, const char *challenge, const char *wanted)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Secret) answer = sasl_answer(exchange, challenge, &error);
    assert_null(error);
    assert_string_equal((const char *)secret_bytes(answer), wanted);
}

static void assert_refused(Exchange *exchange, const char *challenge, int code, const char *rule)
{
    g_autoptr(GError) error = NULL;
    assert_null(sasl_answer(exchange, challenge, &error));
    assert_int_equal(postern_exit_code(error), code);
    assert_string_equal(postern_error_rule(error), rule);
}

static void plain_and_login_answer_as_written(void **state)
{
    (void)state;
    g_auto(Exchange) plain = begin("PLAIN");
    g_auto(Exchange) login = begin("LOGIN");
    assert_answer(&plain, "", "AGpvaG4AcGFzcyB3b3Jk");
    assert_true(sasl_finish(&plain, NULL));
    assert_answer(&login, "VXNlcm5hbWU6", "am9obg==");
    assert_answer(&login, "UGFzc3dvcmQ6", "cGFzcyB3b3Jk");
    assert_true(sasl_finish(&login, NULL));
}

static void p3_34_one_challenge_too_many_is_refused(void **state)
{
    (void)state;
    g_auto(Exchange) plain = begin("PLAIN");
    assert_answer(&plain, "", "AGpvaG4AcGFzcyB3b3Jk");
    assert_refused(&plain, "", POSTERN_ERROR_PROTOCOL, "login.challenge");
}

static void p3_33_an_early_yes_is_refused(void **state)
{
    (void)state;
    g_auto(Exchange) login = begin("LOGIN");
    g_autoptr(GError) error = NULL;
    assert_answer(&login, "", "am9obg==");
    assert_false(sasl_finish(&login, &error));
    assert_int_equal(postern_exit_code(error), POSTERN_ERROR_PROTOCOL);
}

static void a_challenge_that_is_no_base64_is_refused(void **state)
{
    (void)state;
    static const char *bad[] = {
        "a", "abc", "abc=d", "====", "a===", "ab c", "\xff\xff\xff\xff", "YWJj YWJj", "YWJj\t"};
    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_auto(Exchange) login = begin("LOGIN");
        assert_refused(&login, bad[i], POSTERN_ERROR_PROTOCOL, "login.challenge");
    }
}

static void a_password_with_nul_is_not_sent(void **state)
{
    (void)state;
    g_autoptr(Secret) nul = secret_new("a\0b", 3);
    session.secret = nul;
    g_auto(Exchange) plain = begin("PLAIN");
    g_auto(Exchange) login = begin("LOGIN");
    assert_refused(&plain, "", POSTERN_ERROR_INPUT, "send.value");
    assert_refused(&login, "", POSTERN_ERROR_INPUT, "send.value");
    session.secret = password;
}

static void an_answer_without_room_waits_for_the_question(void **state)
{
    (void)state;
    g_auto(Exchange) plain = begin("PLAIN");
    g_autoptr(Secret) first = NULL;
    assert_true(sasl_first(&plain, 19, &first, NULL));
    assert_null(first);
    assert_false(sasl_finish(&plain, NULL));
    assert_refused(&plain, "Z28=", POSTERN_ERROR_PROTOCOL, "login.challenge");
    assert_answer(&plain, "", "AGpvaG4AcGFzcyB3b3Jk");
    assert_true(sasl_finish(&plain, NULL));

    g_auto(Exchange) other = begin("PLAIN");
    assert_true(sasl_first(&other, 20, &first, NULL));
    assert_string_equal((const char *)secret_bytes(first), "AGpvaG4AcGFzcyB3b3Jk");
}

/* The example of RFC 2195, 2. */
static void cram_md5_answers_as_its_rfc_says(void **state)
{
    (void)state;
    const Session here = session;
    g_autoptr(Secret) secret = secret_new("tanstaaftanstaaf", 16);
    session.login = (char *)"tim";
    session.secret = secret;
    g_auto(Exchange) cram = begin("CRAM-MD5");
    assert_refused(&cram, "", POSTERN_ERROR_PROTOCOL, "login.challenge");
    assert_answer(&cram, "PDE4OTYuNjk3MTcwOTUyQHBvc3RvZmZpY2UucmVzdG9uLm1jaS5uZXQ+",
                  "dGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkw");
    assert_true(sasl_finish(&cram, NULL));
    assert_refused(&cram, "YQ==", POSTERN_ERROR_PROTOCOL, "login.challenge");
    session = here;
}

/* --- Kerberos -------------------------------------------------------------------------------- */

static guint relayed;

static Secret *relay(gpointer user, const guint8 *token, gsize size, GError **error)
{
    (void)token, (void)size, (void)error;
    assert_ptr_equal(user, &relayed);
    g_autofree char *answer = g_strdup_printf("token %u", ++relayed);
    return secret_new(answer, strlen(answer));
}

static void p3_34_kerberos_is_used_only_where_it_is_named_and_tokens_can_be_made(void **state)
{
    (void)state;
    static const char *const offered[] = {"GSSAPI", "PLAIN", NULL};
    session.relay = relay;
    g_autofree char *unnamed = chosen_from(offered, NULL);
    session.auth = (char *)"GSSAPI";
    g_autofree char *named = chosen_from(offered, NULL);
    session.relay = NULL;
    g_autofree char *alone = chosen_from(offered, NULL);
    session.auth = NULL;
    assert_string_equal(unnamed, "PLAIN");
    assert_string_equal(named, "GSSAPI");
    assert_string_equal(alone, "none");
}

static void p3_34_kerberos_has_three_answers(void **state)
{
    (void)state;
    session.relay = relay;
    session.relay_user = &relayed;
    relayed = 0;
    g_auto(Exchange) exchange = begin("GSSAPI");
    for (guint i = 0; i < 3; i++) {
        g_autoptr(GError) early = NULL;
        assert_false(sasl_finish(&exchange, &early));
        assert_string_equal(postern_error_rule(early), "login.unproven");
        assert_answer(&exchange, i == 0 ? "" : "YQ==",
                      (const char *[]){"dG9rZW4gMQ==", "dG9rZW4gMg==", "dG9rZW4gMw=="}[i]);
    }
    assert_true(sasl_finish(&exchange, NULL));
    assert_refused(&exchange, "YQ==", POSTERN_ERROR_PROTOCOL, "login.challenge");
    assert_int_equal(relayed, LIMIT_TICKET_ANSWERS);
    session.relay = NULL;
}

static void p3_34_a_token_of_the_limit_passes_and_one_byte_more_does_not(void **state)
{
    (void)state;
    g_autofree guint8 *bytes = g_malloc0(LIMIT_TICKET_TOKEN + 1);
    g_autofree char *most = g_base64_encode(bytes, LIMIT_TICKET_TOKEN);
    g_autofree char *more = g_base64_encode(bytes, LIMIT_TICKET_TOKEN + 1);
    session.relay = relay;
    session.relay_user = &relayed;
    relayed = 0;
    g_auto(Exchange) exchange = begin("GSSAPI");
    assert_answer(&exchange, most, "dG9rZW4gMQ==");
    assert_refused(&exchange, more, POSTERN_ERROR_PROTOCOL, "login.challenge");
    assert_int_equal(relayed, 1);
    session.relay = NULL;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(p3_34_nothing_weaker_than_the_minimum_is_used),
        cmocka_unit_test(p3_34_the_strongest_offered_and_allowed_mechanism_is_taken),
        cmocka_unit_test(plain_and_login_answer_as_written),
        cmocka_unit_test(p3_34_one_challenge_too_many_is_refused),
        cmocka_unit_test(p3_33_an_early_yes_is_refused),
        cmocka_unit_test(a_challenge_that_is_no_base64_is_refused),
        cmocka_unit_test(a_token_is_never_carried_by_the_protocols_own_command),
        cmocka_unit_test(p3_33_the_channel_is_bound_where_it_can_be),
        cmocka_unit_test(p3_33_a_stripped_offer_of_a_binding_is_a_breach),
        cmocka_unit_test(p3_33_a_binding_is_done_without_only_where_nothing_is_demanded),
        cmocka_unit_test(a_password_with_nul_is_not_sent),
        cmocka_unit_test(an_answer_without_room_waits_for_the_question),
        cmocka_unit_test(cram_md5_answers_as_its_rfc_says),
        cmocka_unit_test(p3_34_kerberos_is_used_only_where_it_is_named_and_tokens_can_be_made),
        cmocka_unit_test(p3_34_kerberos_has_three_answers),
        cmocka_unit_test(p3_34_a_token_of_the_limit_passes_and_one_byte_more_does_not),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
