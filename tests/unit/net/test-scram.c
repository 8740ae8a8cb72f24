/* P3 33, 34: SCRAM against an honest server, which is GNU SASL's, and against dishonest ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <gsasl.h>
#include <string.h>

#include "core/error.h"
#include "core/limits.h"
#include "net/sasl.h"

static const guint8 binding_bytes[32] = "0123456789abcdef0123456789abcde";

typedef struct {
    const char *mechanism, *login, *password;
    guint iterations;
    gboolean bound;         /* both ends have a channel binding */
    gboolean server_cannot; /* but the server has none */
    const char *demanded;   /* ;AUTH= */
    const char *also;       /* offered besides */
} Setting;

typedef struct {
    const Setting *setting;
    Secret *secret;
    Session session;
    Exchange exchange;
    Gsasl *library;
    Gsasl_session *server;
} Meeting;

/* What the server is asked for by its library. */
static int server_knows(Gsasl *library, Gsasl_session *server, Gsasl_property property)
{
    const Setting *setting = gsasl_callback_hook_get(library);
    g_autofree char *iterations = g_strdup_printf("%u", setting->iterations);
    g_autofree char *binding = g_base64_encode(binding_bytes, sizeof binding_bytes);
    switch ((int)property) {
    case GSASL_PASSWORD: return gsasl_property_set(server, property, setting->password);
    case GSASL_SCRAM_ITER: return gsasl_property_set(server, property, iterations);
    case GSASL_CB_TLS_EXPORTER:
        return setting->bound && !setting->server_cannot
                   ? gsasl_property_set(server, property, binding)
                   : GSASL_NO_CALLBACK;
    default: return GSASL_NO_CALLBACK;
    }
}

static void meet(Meeting *meeting, const Setting *setting)
{
    *meeting = (Meeting){.setting = setting,
                         .secret = secret_new(setting->password, strlen(setting->password))};
    meeting->session = (Session){.host = (char *)"mail.corp.example",
                                 .login = (char *)setting->login,
                                 .auth = (char *)setting->demanded,
                                 .secret = meeting->secret};
    g_autoptr(GBytes) binding =
        setting->bound ? g_bytes_new_static(binding_bytes, sizeof binding_bytes) : NULL;
    assert_true(sasl_begin(&meeting->exchange, &meeting->session,
                           (const char *[]){setting->mechanism, setting->also, NULL}, binding,
                           NULL));
    assert_string_equal(sasl_name(&meeting->exchange), setting->mechanism);
    assert_int_equal(gsasl_init(&meeting->library), GSASL_OK);
    gsasl_callback_set(meeting->library, server_knows);
    gsasl_callback_hook_set(meeting->library, (void *)setting);
    assert_int_equal(gsasl_server_start(meeting->library, setting->mechanism, &meeting->server),
                     GSASL_OK);
}

static void part(Meeting *meeting)
{
    exchange_clear(&meeting->exchange);
    secret_free(meeting->secret);
    gsasl_finish(meeting->server);
    gsasl_done(meeting->library);
}

/* Our answer to CHALLENGE, in clear; the caller's. */
static char *answer(Meeting *meeting, const char *challenge, GError **error)
{
    g_autofree char *base64 = g_base64_encode((const guint8 *)challenge, strlen(challenge));
    g_autoptr(Secret) secret = sasl_answer(&meeting->exchange, base64, error);
    if (secret == NULL)
        return NULL;
    gsize size = 0;
    g_autofree guint8 *bytes =
        secret_size(secret) > 0 ? g_base64_decode((const char *)secret_bytes(secret), &size) : NULL;
    return g_strndup(bytes ? (const char *)bytes : "", size);
}

/* The server's reply, or NULL when it will not go on; the caller's. */
static char *reply(Meeting *meeting, const char *said)
{
    char *output = NULL;
    size_t size = 0;
    int code = gsasl_step(meeting->server, said, strlen(said), &output, &size);
    char *text = code == GSASL_OK || code == GSASL_NEEDS_MORE ? g_strndup(output, size) : NULL;
    gsasl_free(output);
    return text;
}

static const Setting honest = {"SCRAM-SHA-256", "john", "pass word", 4096, .bound = FALSE};

static void an_honest_server_lets_us_in(void **state)
{
    (void)state;
    static const Setting settings[] = {
        {"SCRAM-SHA-256", "john", "pass word", 4096, .bound = FALSE},
        {"SCRAM-SHA-1", "john", "pass word", 4096, .bound = FALSE},
        {"SCRAM-SHA-256", "a,b=c,r=x", "p", 20000, .bound = FALSE},
        {"SCRAM-SHA-256", "j\xC3\xB6rg",
         "stra\xC3\x9F"
         "e \xE2\x85\xA8",
         4096, .bound = FALSE},
        {"SCRAM-SHA-256-PLUS", "john", "pass word", 4096, .bound = TRUE},
        {"SCRAM-SHA-1-PLUS", "john", "pass word", 4096, .bound = TRUE},
        {"SCRAM-SHA-256", "john", "pass word", 4096, .bound = TRUE, .server_cannot = TRUE},
        {"SCRAM-SHA-1", "john", "pass word", 4096, .bound = TRUE, .server_cannot = TRUE},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(settings); i++) {
        Meeting meeting;
        meet(&meeting, &settings[i]);
        g_autofree char *first = answer(&meeting, "", NULL);
        g_autofree char *server_first = reply(&meeting, first);
        assert_non_null(server_first);
        assert_false(sasl_finish(&meeting.exchange, NULL));
        g_autofree char *final = answer(&meeting, server_first, NULL);
        assert_non_null(final);
        assert_false(sasl_finish(&meeting.exchange, NULL));
        g_autofree char *server_final = reply(&meeting, final);
        assert_non_null(server_final);
        assert_false(sasl_finish(&meeting.exchange, NULL));
        g_autofree char *last = answer(&meeting, server_final, NULL);
        assert_string_equal(last, "");
        assert_true(sasl_finish(&meeting.exchange, NULL));
        assert_null(answer(&meeting, "", NULL)); /* one challenge too many */
        part(&meeting);
    }
}

/* RFC 5802, 6: "y" says that the server did not offer what we could do. */
static void p3_33_the_first_message_says_what_became_of_the_binding(void **state)
{
    (void)state;
    static const struct {
        Setting setting;
        const char *begins;
    } cases[] = {
        {{.mechanism = "SCRAM-SHA-256"}, "n,,n=john,r="},
        {{.mechanism = "SCRAM-SHA-256", .bound = TRUE}, "y,,n=john,r="},
        {{.mechanism = "SCRAM-SHA-256", .bound = TRUE, .also = "PLAIN"}, "y,,n=john,r="},
        {{.mechanism = "SCRAM-SHA-256",
          .bound = TRUE,
          .also = "scram-sha-256-plus",
          .demanded = "SCRAM-SHA-256"},
         "n,,n=john,r="},
        {{.mechanism = "SCRAM-SHA-256-PLUS", .bound = TRUE}, "p=tls-exporter,,n=john,r="},
        {{.mechanism = "SCRAM-SHA-256-PLUS", .bound = TRUE, .also = "SCRAM-SHA-256"},
         "p=tls-exporter,,n=john,r="},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        Meeting meeting;
        Setting setting = cases[i].setting;
        setting.login = "john";
        setting.password = "x";
        meet(&meeting, &setting);
        g_autofree char *first = answer(&meeting, "", NULL);
        if (!g_str_has_prefix(first, cases[i].begins))
            fail_msg("%s, not %s", first, cases[i].begins);
        part(&meeting);
    }
}

/* GNU SASL's server can bind: a client that could, too, must have been robbed of the offer. */
static void p3_33_a_server_that_offered_a_binding_refuses_who_did_not_hear_of_it(void **state)
{
    (void)state;
    static const Setting stripped = {"SCRAM-SHA-256", "john", "pass word", 4096, .bound = TRUE};
    Meeting meeting;
    meet(&meeting, &stripped);
    g_autofree char *first = answer(&meeting, "", NULL);
    g_autofree char *server_first = reply(&meeting, first);
    g_autofree char *final = server_first ? answer(&meeting, server_first, NULL) : NULL;
    g_autofree char *server_final = final ? reply(&meeting, final) : NULL;
    assert_null(server_final);
    part(&meeting);
}

/* The nonce of our first message; the caller's. */
static char *nonce_of(const char *first)
{
    return g_strdup(strstr(first, ",r=") + 3);
}

typedef struct {
    const char *first; /* what the server says, %s being our nonce */
    int code;
    const char *rule;
    const char *says;
} FirstCase;

#define SALT ",s=QSXCR+Q6sek8bf92"

static void p3_33_a_first_message_that_is_not_honest_is_refused(void **state)
{
    (void)state;
    static const FirstCase cases[] = {
        {"r=%s" SALT ",i=4096", 76, "login.unproven", "not extended our nonce"},
        {"r=another" SALT ",i=4096", 76, "login.unproven", "not extended our nonce"},
        {"r=" SALT ",i=4096", 76, "login.unproven", "not extended our nonce"},
        {"r=%sX" SALT ",i=1", 76, "login.iterations", "wants 1 iterations; from 4096"},
        {"r=%sX" SALT ",i=4095", 76, "login.iterations", "4095"},
        {"r=%sX" SALT ",i=1000001", 76, "login.iterations", "to 1000000"},
        {"r=%sX" SALT ",i=2147483648", 76, "login.iterations", "2147483648"},
        {"r=%sX" SALT ",i=99999999999999999999999", 76, "login.iterations", "9999"},
        {"r=%sX" SALT ",i=-4096", 76, "login.iterations", "-4096"},
        {"r=%sX" SALT ",i=", 76, "login.iterations", "4096"},
        {"r=%sX" SALT ",i=\033[2J", 76, "login.iterations", "4096"},
        {"r=%sX" SALT, 76, "login.challenge", "malformed"},
        {"r=%sX,s=,i=4096", 76, "login.challenge", "malformed"},
        {"m=ext,r=%sX" SALT ",i=4096", 76, "login.challenge", "malformed"},
        {"s=QSXCR,r=%sX,i=4096", 76, "login.challenge", "malformed"},
        {"e=other-error", 76, "login.challenge", "malformed"},
        {"e=server-does-support-channel-binding", 76, "login.binding", "did not reach us"},
        {"r=%sX,s=!!!!,i=4096", 76, "login.challenge", "malformed"},
        {"r=%sX,s=QSXC=,i=4096", 76, "login.challenge", "malformed"},
        {"r=%sX\x01" SALT ",i=4096", 76, "login.challenge", "malformed"},
        {"v=rmF9pqV8S7suAoZWja4dJRkFsKQ=", 76, "login.challenge", "malformed"},
        {"", 76, "login.challenge", "malformed"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        Meeting meeting;
        g_autoptr(GError) error = NULL;
        meet(&meeting, &honest);
        g_autofree char *first = answer(&meeting, "", NULL);
        g_autofree char *nonce = nonce_of(first);
        g_auto(GStrv) pieces = g_strsplit(cases[i].first, "%s", 2);
        g_autofree char *server_first = g_strjoinv(nonce, pieces);
        g_autofree char *final = answer(&meeting, server_first, &error);
        if (final || postern_exit_code(error) != cases[i].code ||
            g_strcmp0(postern_error_rule(error), cases[i].rule) != 0 ||
            strstr(error->message, cases[i].says) == NULL || strchr(error->message, '\033'))
            fail_msg("%s: %s", cases[i].first, error ? error->message : "was answered");
        part(&meeting);
    }
}

static void p3_33_iterations_within_the_limits_are_taken(void **state)
{
    (void)state;
    static const guint counts[] = {LIMIT_SCRAM_LEAST, LIMIT_SCRAM_MOST};
    for (gsize i = 0; i < G_N_ELEMENTS(counts); i++) {
        Meeting meeting;
        meet(&meeting, &honest);
        g_autofree char *first = answer(&meeting, "", NULL);
        g_autofree char *nonce = nonce_of(first);
        g_autofree char *server_first = g_strdup_printf("r=%sX" SALT ",i=%u", nonce, counts[i]);
        g_autofree char *final = answer(&meeting, server_first, NULL);
        assert_non_null(final);
        part(&meeting);
    }
}

/* GNU SASL's own server takes none. */
static void a_password_may_hold_what_is_younger_than_saslprep(void **state)
{
    (void)state;
    static const Setting young = {"SCRAM-SHA-256", "john", "\xF0\x9F\x90\x98", 4096,
                                  .bound = FALSE};
    Meeting meeting;
    meet(&meeting, &young);
    g_autofree char *first = answer(&meeting, "", NULL);
    g_autofree char *nonce = nonce_of(first);
    g_autofree char *server_first = g_strdup_printf("r=%sX" SALT ",i=4096", nonce);
    g_autofree char *final = answer(&meeting, server_first, NULL);
    assert_non_null(final);
    part(&meeting);
}

typedef struct {
    const char *final;
    int code;
    const char *rule;
} FinalCase;

static void p3_33_a_server_that_does_not_prove_itself_is_refused(void **state)
{
    (void)state;
    static const FinalCase cases[] = {
        {"v=rmF9pqV8S7suAoZWja4dJRkFsKQ=", 76, "login.unproven"}, /* a wrong signature */
        {"v=", 76, "login.unproven"},
        {"", 76, "login.unproven"},
        {"v", 76, "login.unproven"},
        {"ok", 76, "login.unproven"},
        {"v=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", 76, "login.unproven"},
        {"v=AAAA,e=invalid-proof", 76, "login.unproven"},
        {"e=invalid-proof", 77, "login.refused"},
        {"e=unknown-user", 77, "login.refused"},
        {"e=other-error", 77, "login.refused"},
        {"e=no-resources", 75, "server.busy"},
        {"e=channel-bindings-dont-match", 76, "login.binding"},
        {"e=server-does-support-channel-binding", 76, "login.binding"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        Meeting meeting;
        g_autoptr(GError) error = NULL;
        meet(&meeting, &honest);
        g_autofree char *first = answer(&meeting, "", NULL);
        g_autofree char *server_first = reply(&meeting, first);
        g_autofree char *final = answer(&meeting, server_first, NULL);
        assert_non_null(final);
        g_autofree char *last = answer(&meeting, cases[i].final, &error);
        if (last || postern_exit_code(error) != cases[i].code ||
            g_strcmp0(postern_error_rule(error), cases[i].rule) != 0)
            fail_msg("\"%s\": %s", cases[i].final, error ? error->message : "was believed");
        assert_false(sasl_finish(&meeting.exchange, NULL));
        part(&meeting);
    }
}

/* A server that has the login's name but not the password cannot make the signature. */
static void p3_33_a_server_that_knows_another_password_is_found_out(void **state)
{
    (void)state;
    Meeting meeting, stranger;
    static const Setting other = {"SCRAM-SHA-256", "john", "guess", 4096, .bound = FALSE};
    g_autoptr(GError) error = NULL;
    meet(&meeting, &honest);
    meet(&stranger, &other);
    g_autofree char *first = answer(&meeting, "", NULL);
    g_autofree char *server_first = reply(&meeting, first);
    g_autofree char *final = answer(&meeting, server_first, NULL);
    assert_non_null(final);
    g_autofree char *strange_first = answer(&stranger, "", NULL);
    g_autofree char *strange_server_first = reply(&stranger, strange_first);
    g_autofree char *strange_final = answer(&stranger, strange_server_first, NULL);
    g_autofree char *signature = reply(&stranger, strange_final);
    assert_non_null(signature);
    assert_null(answer(&meeting, signature, &error));
    assert_string_equal(postern_error_rule(error), "login.unproven");
    part(&meeting);
    part(&stranger);
}

static void p3_33_a_yes_before_the_proof_is_refused(void **state)
{
    (void)state;
    for (guint steps = 0; steps < 3; steps++) {
        Meeting meeting;
        g_autoptr(GError) error = NULL;
        meet(&meeting, &honest);
        g_autofree char *said = g_strdup("");
        for (guint step = 0; step < steps; step++) {
            g_autofree char *ours = answer(&meeting, said, NULL);
            g_free(said);
            said = reply(&meeting, ours);
            assert_non_null(said);
        }
        assert_false(sasl_finish(&meeting.exchange, &error));
        assert_int_equal(postern_exit_code(error), 76);
        assert_string_equal(postern_error_rule(error), "login.unproven");
        part(&meeting);
    }
}

static void p3_33_a_binding_to_another_channel_is_refused_by_the_server(void **state)
{
    (void)state;
    static const Setting bound = {"SCRAM-SHA-256-PLUS", "john", "x", 4096, .bound = TRUE};
    Meeting meeting;
    meet(&meeting, &bound);
    exchange_clear(&meeting.exchange);
    meeting.exchange = (Exchange){0};
    g_autoptr(GBytes) other = g_bytes_new_static("another channel altogether, yes!", 32);
    static const char *const offered[] = {"SCRAM-SHA-256-PLUS", NULL};
    assert_true(sasl_begin(&meeting.exchange, &meeting.session, offered, other, NULL));
    g_autofree char *first = answer(&meeting, "", NULL);
    g_autofree char *server_first = reply(&meeting, first);
    g_autofree char *final = answer(&meeting, server_first, NULL);
    assert_non_null(final);
    assert_null(reply(&meeting, final));
    part(&meeting);
}

static void what_scram_cannot_carry_is_not_sent(void **state)
{
    (void)state;
    static const struct {
        const char *login, *password;
        gsize size;
    } cases[] = {
        {"john", "a\0b", 3}, {"john", "\xff\xfe", 2}, {"john", "bell\a", 5}, {"jo\ahn", "x", 1}};
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        Meeting meeting;
        g_autoptr(GError) error = NULL;
        meet(&meeting, &honest);
        g_autoptr(Secret) secret = secret_new(cases[i].password, cases[i].size);
        meeting.session.login = (char *)cases[i].login;
        meeting.session.secret = secret;
        g_autofree char *first = answer(&meeting, "", &error);
        if (first) {
            g_autofree char *server_first = reply(&meeting, first);
            assert_null(answer(&meeting, server_first, &error));
        }
        assert_int_equal(postern_exit_code(error), 65);
        assert_string_equal(postern_error_rule(error), "send.value");
        part(&meeting);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_honest_server_lets_us_in),
        cmocka_unit_test(p3_33_the_first_message_says_what_became_of_the_binding),
        cmocka_unit_test(p3_33_a_server_that_offered_a_binding_refuses_who_did_not_hear_of_it),
        cmocka_unit_test(p3_33_a_first_message_that_is_not_honest_is_refused),
        cmocka_unit_test(p3_33_iterations_within_the_limits_are_taken),
        cmocka_unit_test(p3_33_a_server_that_does_not_prove_itself_is_refused),
        cmocka_unit_test(p3_33_a_server_that_knows_another_password_is_found_out),
        cmocka_unit_test(p3_33_a_yes_before_the_proof_is_refused),
        cmocka_unit_test(p3_33_a_binding_to_another_channel_is_refused_by_the_server),
        cmocka_unit_test(a_password_may_hold_what_is_younger_than_saslprep),
        cmocka_unit_test(what_scram_cannot_carry_is_not_sent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
