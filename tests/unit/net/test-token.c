/* OAUTHBEARER and XOAUTH2: a token, and nothing but a token. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "core/error.h"
#include "net/sasl.h"

#define TOKEN "eyJ0eXAi.Abc-123_~+/=="

typedef struct {
    const char *mechanism;
    Scheme scheme;
    const char *login, *message, *acknowledged;
} TokenCase;

static const TokenCase cases[] = {
    {"OAUTHBEARER", SCHEME_IMAPS, "john",
     "n,a=john,\1host=mail.corp.example\1port=993\1auth=Bearer " TOKEN "\1\1", "AQ=="},
    {"OAUTHBEARER", SCHEME_SUBMISSION, "a=b,c",
     "n,a=a=3Db=2Cc,\1host=mail.corp.example\1port=587\1auth=Bearer " TOKEN "\1\1", "AQ=="},
    {"XOAUTH2", SCHEME_POPS, "john@corp.example",
     "user=john@corp.example\1auth=Bearer " TOKEN "\1\1", ""},
};

static Session session_of(const TokenCase *one, Secret *secret)
{
    return (Session){.scheme = one->scheme,
                     .host = (char *)"mail.corp.example",
                     .login = (char *)one->login,
                     .auth = (char *)one->mechanism,
                     .secret = secret};
}

static void a_token_is_sent_as_its_mechanism_says(void **state)
{
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Secret) secret = secret_new(TOKEN, strlen(TOKEN));
        const Session session = session_of(&cases[i], secret);
        const char *offered[] = {"PLAIN", "SCRAM-SHA-256", cases[i].mechanism, NULL};
        g_auto(Exchange) exchange = {0};
        assert_true(sasl_begin(&exchange, &session, offered, NULL, NULL));
        g_autoptr(Secret) answer = sasl_answer(&exchange, "", NULL);
        g_autofree char *base64 =
            g_base64_encode((const guint8 *)cases[i].message, strlen(cases[i].message));
        assert_string_equal((const char *)secret_bytes(answer), base64);
        assert_true(sasl_finish(&exchange, NULL));

        /* The server's reason is acknowledged once; a yes after it is none. */
        g_autoptr(Secret) acknowledged = sasl_answer(&exchange, "eyJzdGF0dXMiOiI0MDAifQ==", NULL);
        assert_string_equal((const char *)secret_bytes(acknowledged), cases[i].acknowledged);
        g_autoptr(GError) error = NULL;
        assert_false(sasl_finish(&exchange, &error));
        assert_int_equal(postern_exit_code(error), 76);
        assert_null(sasl_answer(&exchange, "", NULL));
    }
}

/* What is told of a server's reason, JSON of SIZE bytes. */
static char *told(const char *json, gsize size)
{
    g_autoptr(Secret) secret = secret_new(TOKEN, strlen(TOKEN));
    const Session session = session_of(&cases[0], secret);
    const char *offered[] = {cases[0].mechanism, NULL};
    g_auto(Exchange) exchange = {0};
    assert_true(sasl_begin(&exchange, &session, offered, NULL, NULL));
    g_autoptr(Secret) token = sasl_answer(&exchange, "", NULL);
    assert_string_equal(sasl_refusal(&exchange), "");
    g_autofree char *base64 = g_base64_encode((const guint8 *)json, size);
    g_autoptr(Secret) acknowledged = sasl_answer(&exchange, base64, NULL);
    assert_string_equal((const char *)secret_bytes(acknowledged), "AQ==");
    return g_strdup(sasl_refusal(&exchange));
}

static void a_reason_for_refusing_a_token_is_told_in_words(void **state)
{
    (void)state;
    static const struct {
        const char *json, *words;
    } reasons[] = {
        {"{\"status\":\"invalid_token\",\"schemes\":\"bearer\"}",
         ": the token is not valid here, or no longer (\"invalid_token\")"},
        {"{\"status\":\"insufficient_scope\",\"scope\":\"mail\"}",
         ": the token does not allow this (\"insufficient_scope\"; it takes the scope \"mail\")"},
        {"{\"status\":\"400\",\"scope\":\"\"}", ": the token is not taken (\"400\")"},
        {"", ""},
        {"{", ""},
        {"[]", ""},
        {"null", ""},
        {"{\"status\":401}", ""},
        {"{\"status\":[\"invalid_token\"]}", ""},
        {"{\"status\":\"\"}", ""},
        {"{\"status\":null}", ""},
        {"{\"status\":\"\xff\"}", ""},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(reasons); i++) {
        g_autofree char *words = told(reasons[i].json, strlen(reasons[i].json));
        assert_string_equal(words, reasons[i].words);
    }
}

static void p8_a_reason_is_only_data(void **state)
{
    (void)state;
    static const char escapes[] = "{\"status\":\"x\\u001b[2Jy\"}";
    g_autofree char *escape = told(escapes, strlen(escapes));
    assert_null(strchr(escape, 0x1b));
    assert_non_null(strstr(escape, "is not taken"));
    g_autofree char *long_word = g_strnfill(1500, 'x');
    g_autofree char *json = g_strdup_printf("{\"status\":\"%s\"}", long_word);
    g_autofree char *bounded = told(json, strlen(json));
    assert_true(strlen(bounded) > 20 && strlen(bounded) < 600);
    /* As deep as fits into the bound, and deeper than any stack. */
    static const gsize depths[] = {2047, 2048, 2049, 48000};
    for (gsize i = 0; i < G_N_ELEMENTS(depths); i++) {
        g_autofree char *deep = g_strnfill(depths[i], '[');
        g_autofree char *none = told(deep, depths[i]);
        assert_string_equal(none, "");
    }
}

static void what_is_no_token_is_not_sent(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        gsize size;
    } secrets[] = {{"", 0},     {"pass word", 9}, {"a\1b", 3},
                   {"a\0b", 3}, {"a\nb", 3},      {"\xc3\xa4", 2}};
    for (gsize i = 0; i < G_N_ELEMENTS(secrets); i++)
        for (gsize j = 0; j < G_N_ELEMENTS(cases); j++) {
            g_autoptr(Secret) secret = secret_new(secrets[i].bytes, secrets[i].size);
            const Session session = session_of(&cases[j], secret);
            g_autoptr(GError) error = NULL;
            g_auto(Exchange) exchange = {0};
            const char *offered[] = {cases[j].mechanism, NULL};
            assert_true(sasl_begin(&exchange, &session, offered, NULL, NULL));
            assert_null(sasl_answer(&exchange, "", &error));
            assert_string_equal(postern_error_rule(error), "send.value");
        }
}

static void a_login_that_would_end_its_field_is_not_sent(void **state)
{
    (void)state;
    g_autoptr(Secret) secret = secret_new(TOKEN, strlen(TOKEN));
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        Session session = session_of(&cases[i], secret);
        session.login = (char *)"john\1auth=Bearer x";
        g_autoptr(GError) error = NULL;
        g_auto(Exchange) exchange = {0};
        const char *offered[] = {cases[i].mechanism, NULL};
        assert_true(sasl_begin(&exchange, &session, offered, NULL, NULL));
        assert_null(sasl_answer(&exchange, "", &error));
        assert_string_equal(postern_error_rule(error), "send.value");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_token_is_sent_as_its_mechanism_says),
        cmocka_unit_test(a_reason_for_refusing_a_token_is_told_in_words),
        cmocka_unit_test(p8_a_reason_is_only_data),
        cmocka_unit_test(what_is_no_token_is_not_sent),
        cmocka_unit_test(a_login_that_would_end_its_field_is_not_sent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
