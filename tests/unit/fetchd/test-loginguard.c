/* What may be tried, and what an answer of the server does to the next try. */
#include "fetchd/loginguard.h"

#include <string.h>

#include "core/limits.h"
#include "store/vault-logins.h"
#include "tests/unit/policy/company.h"
#include "tests/unit/store/fixture.h"

typedef struct {
    Fixture *fixture;
    Vault *vault;
    LoginGuard guard;
    Company company;
    Account account;
    VettedEndpoint *endpoint;
    Secret *secret;
} World;

static void point_at(World *world, const char *uri)
{
    g_autoptr(GError) error = NULL;
    endpoint_free(world->endpoint);
    world->endpoint = endpoint_vet(uri, &world->company, &error);
    if (world->endpoint == NULL)
        fail_msg("%s", error->message);
}

static void give_secret(World *world, const char *text)
{
    secret_free(world->secret);
    world->secret = secret_new(text, strlen(text));
}

static int set_up(void **state)
{
    World *world = g_new0(World, 1);
    if (fixture_set_up((void **)&world->fixture) != 0)
        return -1;
    world->vault = fixture_open(world->fixture);
    world->guard = (LoginGuard){world->vault, world->fixture->match_key};
    world->company = a_company();
    world->account = (Account){.name = (char *)"work", .secret_kind = SECRET_SEALED};
    point_at(world, "imaps://john@mail.corp.example/");
    give_secret(world, "wrong");
    *state = world;
    return 0;
}

static int tear_down(void **state)
{
    World *world = *state;
    endpoint_free(world->endpoint);
    secret_free(world->secret);
    vault_close(world->vault);
    fixture_tear_down((void **)&world->fixture);
    g_free(world);
    return 0;
}

static LinkTarget target_of(const World *world)
{
    return (LinkTarget){.company = &world->company,
                        .account = &world->account,
                        .endpoint = world->endpoint,
                        .secret = world->secret,
                        .stop_fd = -1};
}

/* NULL when the login may be tried, else why not. */
static GError *ask(const World *world)
{
    GError *error = NULL;
    const LinkTarget target = target_of(world);
    assert_true(loginguard_ask(&world->guard, &target, &error) == (error == NULL));
    return error;
}

static void tell(const World *world, PosternError kind, const char *rule)
{
    g_autoptr(GError) failure = NULL;
    const LinkTarget target = target_of(world);
    if (rule)
        refuse(&failure, kind, rule, NULL, "because");
    loginguard_tell(&world->guard, &target, failure);
}

#define assert_free(world) assert_null(ask(world))
#define assert_stopped(world, kind, rule)                                                          \
    do {                                                                                           \
        g_autoptr(GError) why = ask(world);                                                        \
        assert_rule(why, kind, rule);                                                              \
    } while (0)

static void p3_35_a_refused_login_is_not_tried_again(void **state)
{
    const World *world = *state;
    assert_free(world);
    tell(world, POSTERN_ERROR_LOGIN, "login.refused");
    g_autoptr(GError) why = ask(world);
    assert_non_null(why);
    assert_non_null(strstr(why->message, "mail.corp.example refused"));
    assert_non_null(strstr(postern_error_mend(why), "postern password set work"));
    assert_non_null(strstr(postern_error_mend(why), "postern password retry work"));
    assert_rule(why, POSTERN_ERROR_LOGIN, "login.blocked");
}

/* The other protocol of the same server would only refuse it, too. */
static void p3_35_nor_for_sending(void **state)
{
    World *world = *state;
    tell(world, POSTERN_ERROR_LOGIN, "login.refused");
    point_at(world, "smtps://john@mail.corp.example");
    assert_stopped(world, POSTERN_ERROR_LOGIN, "login.blocked");
}

static void p3_35_what_changed_is_tried_at_once(void **state)
{
    World *world = *state;
    tell(world, POSTERN_ERROR_LOGIN, "login.refused");
    static const char *const uris[] = {
        "imaps://john@mail2.corp.example/",
        "imaps://jsmith@mail.corp.example/",
        "imaps://john;AUTH=PLAIN@mail.corp.example/",
    };
    for (gsize i = 0; i < G_N_ELEMENTS(uris); i++) {
        point_at(world, uris[i]);
        assert_free(world);
    }
    point_at(world, "imaps://john@mail.corp.example/");
    assert_stopped(world, POSTERN_ERROR_LOGIN, "login.blocked");
    give_secret(world, "right");
    assert_free(world);
}

static void what_is_kept_elsewhere_is_mended_there(void **state)
{
    World *world = *state;
    world->account.secret_kind = SECRET_COMMAND;
    tell(world, POSTERN_ERROR_LOGIN, "login.refused");
    g_autoptr(GError) why = ask(world);
    assert_non_null(why);
    assert_null(strstr(postern_error_mend(why), "password set"));
    assert_non_null(strstr(postern_error_mend(why), "postern password retry work"));
}

static void only_a_verdict_on_the_credential_is_kept(void **state)
{
    const World *world = *state;
    tell(world, POSTERN_ERROR_TEMPORARY, "server.busy");
    tell(world, POSTERN_ERROR_UNREACHABLE, "server.closed");
    tell(world, POSTERN_ERROR_PROTOCOL, "login.unproven");
    tell(world, POSTERN_ERROR_TEMPORARY, "run.interrupted");
    tell(world, POSTERN_ERROR_POLICY, "login.mechanism");
    tell(world, POSTERN_ERROR_LOGIN, "login.denied");
    assert_free(world);
}

static void a_login_that_works_forgets_the_refusal(void **state)
{
    World *world = *state;
    tell(world, POSTERN_ERROR_LOGIN, "login.refused");
    give_secret(world, "right");
    tell(world, 0, NULL);
    give_secret(world, "wrong");
    assert_free(world);
}

static void a_server_that_is_away_leaves_the_refusal(void **state)
{
    World *world = *state;
    tell(world, POSTERN_ERROR_LOGIN, "login.refused");
    give_secret(world, "right");
    tell(world, POSTERN_ERROR_UNREACHABLE, "net.resolve");
    give_secret(world, "wrong");
    assert_stopped(world, POSTERN_ERROR_LOGIN, "login.blocked");
}

static void p3_35_five_refusals_of_whatever_kind_stop_the_sixth_login(void **state)
{
    World *world = *state;
    for (guint i = 0; i < LIMIT_REFUSED_LOGINS; i++) {
        g_autofree char *another = g_strdup_printf("wrong %u", i);
        give_secret(world, another);
        assert_free(world);
        tell(world, POSTERN_ERROR_LOGIN, i % 2 ? "login.denied" : "login.refused");
    }
    give_secret(world, "right");
    g_autoptr(GError) why = ask(world);
    assert_non_null(why);
    assert_non_null(strstr(why->message, "has refused 5 logins"));
    assert_string_equal(postern_error_mend(why), "try again in 60 minutes");
    assert_rule(why, POSTERN_ERROR_TEMPORARY, "login.rate");
    point_at(world, "imaps://john@mail2.corp.example/");
    assert_free(world);
}

static void p3_35_the_601st_login_of_an_hour_is_not_tried(void **state)
{
    const World *world = *state;
    gint64 then = g_get_real_time() / G_USEC_PER_SEC - 1800, wait;
    gboolean refusals;
    for (guint i = 0; i < LIMIT_LOGINS; i++)
        assert_true(vault_count_login(world->vault, world->fixture->match_key, "mail.corp.example",
                                      then, &wait, &refusals, NULL));
    g_autoptr(GError) why = ask(world);
    assert_non_null(why);
    assert_non_null(strstr(why->message, "600 logins at mail.corp.example"));
    assert_string_equal(postern_error_mend(why), "try again in 30 minutes");
    assert_rule(why, POSTERN_ERROR_TEMPORARY, "login.rate");
}

static void p3_35_a_login_that_cannot_be_counted_is_not_tried(void **state)
{
    const World *world = *state;
    tamper(world->fixture, "CREATE TRIGGER full BEFORE INSERT ON login_time BEGIN "
                           "SELECT raise(ABORT, 'full'); END");
    g_autoptr(GError) why = ask(world);
    assert_non_null(why);
    assert_int_equal(why->code, POSTERN_ERROR_STORE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(p3_35_a_refused_login_is_not_tried_again),
        TEST(p3_35_nor_for_sending),
        TEST(p3_35_what_changed_is_tried_at_once),
        TEST(what_is_kept_elsewhere_is_mended_there),
        TEST(only_a_verdict_on_the_credential_is_kept),
        TEST(a_login_that_works_forgets_the_refusal),
        TEST(a_server_that_is_away_leaves_the_refusal),
        TEST(p3_35_five_refusals_of_whatever_kind_stop_the_sixth_login),
        TEST(p3_35_the_601st_login_of_an_hour_is_not_tried),
        TEST(p3_35_a_login_that_cannot_be_counted_is_not_tried),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
