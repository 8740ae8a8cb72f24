/* Login mechanisms: chosen by us, through or not at all (P3 33, 34). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "core/error.h"
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

typedef struct {
    const char *minimum;
    const char *offered[3];
    const char *chosen; /* NULL: 78 */
    gboolean bare;      /* the protocol's own command would do */
} MinimumCase;

static void p3_nothing_weaker_than_the_minimum_is_used(void **state)
{
    (void)state;
    static const MinimumCase cases[] = {
        {"LOGIN", {"LOGIN"}, "LOGIN", TRUE},
        {"PLAIN", {"LOGIN", "PLAIN"}, "PLAIN", FALSE},
        {"PLAIN", {"LOGIN"}, NULL, FALSE},
        {"SCRAM-SHA-256", {"LOGIN", "PLAIN"}, NULL, FALSE},
        {"EXTERNAL", {"PLAIN", "EXTERNAL"}, NULL, FALSE},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        session.min_auth = (char *)cases[i].minimum;
        const Mechanism *chosen = sasl_choose(&session, cases[i].offered, &error);
        assert_int_equal(sasl_may_do_without(&session), cases[i].bare);
        assert_string_equal(chosen ? chosen->name : "none",
                            cases[i].chosen ? cases[i].chosen : "none");
        if (chosen == NULL) {
            assert_int_equal(postern_exit_code(error), POSTERN_ERROR_POLICY);
            assert_string_equal(postern_error_rule(error), "login.mechanism");
            assert_non_null(strstr(error->message, cases[i].minimum));
        }
    }
    session.min_auth = NULL;
}

typedef struct {
    const char *demanded;
    const char *offered[5];
    const char *chosen; /* NULL: 78 */
} ChoiceCase;

static void p3_the_strongest_offered_and_allowed_mechanism_is_taken(void **state)
{
    (void)state;
    static const ChoiceCase cases[] = {
        {NULL, {"LOGIN", "PLAIN"}, "PLAIN"},
        {NULL, {"plain"}, "PLAIN"},
        {NULL, {"CRAM-MD5", "LOGIN"}, "LOGIN"},
        {NULL, {"CRAM-MD5", "NTLM", "ANONYMOUS"}, NULL},
        {NULL, {NULL}, NULL},
        {"*", {"LOGIN"}, "LOGIN"},
        {"LOGIN", {"LOGIN", "PLAIN"}, "LOGIN"},
        {"login", {"LOGIN", "PLAIN"}, "LOGIN"},
        {"SCRAM-SHA-256", {"LOGIN", "PLAIN"}, NULL},
        {"SCRAM-SHA-256", {"SCRAM-SHA-256", "PLAIN"}, NULL},
        {NULL, {"PLAINX", "XPLAIN", ""}, NULL},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        session.auth = (char *)cases[i].demanded;
        const Mechanism *chosen = sasl_choose(&session, cases[i].offered, &error);
        if (cases[i].chosen) {
            assert_non_null(chosen);
            assert_string_equal(chosen->name, cases[i].chosen);
        } else {
            assert_null(chosen);
            assert_int_equal(postern_exit_code(error), POSTERN_ERROR_POLICY);
            assert_string_equal(postern_error_rule(error), "login.mechanism");
        }
    }
    session.auth = NULL;
}

static Exchange begin(const char *name)
{
    const char *offered[] = {name, NULL};
    return (Exchange){&session, sasl_choose(&session, offered, NULL), 0};
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
    Exchange plain = begin("PLAIN"), login = begin("LOGIN");
    assert_answer(&plain, "", "AGpvaG4AcGFzcyB3b3Jk");
    assert_true(sasl_finish(&plain, NULL));
    assert_answer(&login, "VXNlcm5hbWU6", "am9obg==");
    assert_answer(&login, "UGFzc3dvcmQ6", "cGFzcyB3b3Jk");
    assert_true(sasl_finish(&login, NULL));
}

static void p3_one_challenge_too_many_is_refused(void **state)
{
    (void)state;
    Exchange plain = begin("PLAIN");
    assert_answer(&plain, "", "AGpvaG4AcGFzcyB3b3Jk");
    assert_refused(&plain, "", POSTERN_ERROR_PROTOCOL, "login.challenge");
}

static void p3_an_early_yes_is_refused(void **state)
{
    (void)state;
    Exchange login = begin("LOGIN");
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
        Exchange login = begin("LOGIN");
        assert_refused(&login, bad[i], POSTERN_ERROR_PROTOCOL, "login.challenge");
    }
}

static void a_password_with_nul_is_not_sent(void **state)
{
    (void)state;
    g_autoptr(Secret) nul = secret_new("a\0b", 3);
    session.secret = nul;
    Exchange plain = begin("PLAIN"), login = begin("LOGIN");
    assert_refused(&plain, "", POSTERN_ERROR_INPUT, "send.value");
    assert_refused(&login, "", POSTERN_ERROR_INPUT, "send.value");
    session.secret = password;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(p3_nothing_weaker_than_the_minimum_is_used),
        cmocka_unit_test(p3_the_strongest_offered_and_allowed_mechanism_is_taken),
        cmocka_unit_test(plain_and_login_answer_as_written),
        cmocka_unit_test(p3_one_challenge_too_many_is_refused),
        cmocka_unit_test(p3_an_early_yes_is_refused),
        cmocka_unit_test(a_challenge_that_is_no_base64_is_refused),
        cmocka_unit_test(a_password_with_nul_is_not_sent),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
