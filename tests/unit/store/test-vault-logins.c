/* Logins over all runs: what was refused, and how often a host was logged in to. */
#include "tests/unit/store/fixture.h"

#include <string.h>

#include "core/limits.h"
#include "store/vault-logins.h"

#define NOW 1700000000
#define HOST "mail.corp.example"
#define WRONG "correct horse, wrong battery"

static Secret *secret(const char *text)
{
    return secret_new(text, strlen(text));
}

static gint64 since(const Fixture *fixture, const LoginCredential *credential)
{
    gint64 when = -1;
    g_autoptr(GError) error = NULL;
    g_autoptr(Vault) vault = fixture_open(fixture);
    if (!vault_login_refused(vault, fixture->match_key, credential, &when, &error))
        fail_msg("%s", error->message);
    return when;
}

static void refuse_it(const Fixture *fixture, const LoginCredential *credential)
{
    g_autoptr(Vault) vault = fixture_open(fixture);
    assert_true(vault_note_login_refused(vault, fixture->match_key, credential, NOW, NULL));
}

static guint forget(const Fixture *fixture, const char *account, const char *host)
{
    guint forgotten = 99;
    g_autoptr(Vault) vault = fixture_open(fixture);
    assert_true(
        vault_forget_login_refused(vault, fixture->match_key, account, host, &forgotten, NULL));
    return forgotten;
}

static void p3_35_a_refused_login_is_known_until_any_part_of_it_changes(void **state)
{
    const Fixture *fixture = *state;
    g_autoptr(Secret) wrong = secret(WRONG);
    g_autoptr(Secret) other = secret("another");
    g_autoptr(Secret) empty = secret("");
    const LoginCredential refused = {"work", HOST, "john", NULL, wrong};
    assert_int_equal(since(fixture, &refused), 0);
    refuse_it(fixture, &refused);
    assert_int_equal(since(fixture, &refused), NOW);
    const LoginCredential others[] = {
        {"home", HOST, "john", NULL, wrong},  {"work", "mail2.corp.example", "john", NULL, wrong},
        {"work", HOST, "john2", NULL, wrong}, {"work", HOST, "john", "PLAIN", wrong},
        {"work", HOST, "john", NULL, other},  {"work", HOST, "john", NULL, empty},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(others); i++)
        assert_int_equal(since(fixture, &others[i]), 0);
}

static void p3_35_another_refused_login_takes_the_place_of_the_first(void **state)
{
    const Fixture *fixture = *state;
    g_autoptr(Secret) one = secret("one");
    g_autoptr(Secret) two = secret("two");
    const LoginCredential first = {"work", HOST, "john", NULL, one};
    const LoginCredential second = {"work", HOST, "john", NULL, two};
    refuse_it(fixture, &first);
    refuse_it(fixture, &second);
    assert_int_equal(since(fixture, &first), 0);
    assert_int_equal(since(fixture, &second), NOW);
    assert_int_equal(number(fixture, "SELECT count(*) FROM login_refused"), 1);
}

static void what_was_refused_is_forgotten_by_account_and_host(void **state)
{
    const Fixture *fixture = *state;
    g_autoptr(Secret) wrong = secret(WRONG);
    const LoginCredential all[] = {
        {"work", HOST, "john", NULL, wrong},
        {"work", "smtp.corp.example", "john", NULL, wrong},
        {"home", HOST, "john", NULL, wrong},
        {"shared", HOST, "john", NULL, wrong},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(all); i++)
        refuse_it(fixture, &all[i]);
    assert_int_equal(forget(fixture, "nobody", NULL), 0);
    assert_int_equal(forget(fixture, "work", HOST), 1);
    assert_int_equal(since(fixture, &all[0]), 0);
    assert_int_equal(since(fixture, &all[1]), NOW);
    assert_int_equal(forget(fixture, "work", NULL), 1);
    assert_int_equal(since(fixture, &all[2]), NOW);
    assert_int_equal(forget(fixture, NULL, NULL), 2);
    assert_int_equal(since(fixture, &all[3]), 0);
}

static void p4_what_is_noted_of_a_login_names_nothing(void **state)
{
    const Fixture *fixture = *state;
    g_autoptr(Secret) wrong = secret(WRONG);
    const LoginCredential refused = {"work account", HOST, "john.login", NULL, wrong};
    g_autoptr(Vault) vault = fixture_open(fixture);
    gint64 wait;
    gboolean refusals;
    assert_true(vault_note_login_refused(vault, fixture->match_key, &refused, NOW, NULL));
    assert_true(vault_count_login(vault, fixture->match_key, HOST, NOW, &wait, &refusals, NULL));
    static const char *const needles[] = {"work account", HOST, "john.login", WRONG};
    for (gsize i = 0; i < G_N_ELEMENTS(needles); i++) {
        g_autofree char *found = find_needle(fixture->dir, needles[i]);
        if (found)
            fail_msg("%s in %s", needles[i], found);
    }
}

/* The same secret noted twice looks different: nobody sees that it came back. */
static void p4_a_refused_secret_is_salted(void **state)
{
    const Fixture *fixture = *state;
    g_autoptr(Secret) wrong = secret(WRONG);
    const LoginCredential refused = {"work", HOST, "john", NULL, wrong};
    refuse_it(fixture, &refused);
    tamper(fixture, "CREATE TABLE before AS SELECT * FROM login_refused");
    refuse_it(fixture, &refused);
    assert_int_equal(number(fixture, "SELECT count(*) FROM login_refused n JOIN before b "
                                     "ON n.account_mac = b.account_mac WHERE "
                                     "n.salt = b.salt OR n.credential = b.credential"),
                     0);
    assert_int_equal(since(fixture, &refused), NOW);
}

static void a_damaged_note_is_told(void **state)
{
    const Fixture *fixture = *state;
    g_autoptr(Secret) wrong = secret(WRONG);
    const LoginCredential refused = {"work", HOST, "john", NULL, wrong};
    refuse_it(fixture, &refused);
    tamper(fixture, "UPDATE login_refused SET salt = x'00'");
    g_autoptr(Vault) vault = fixture_open(fixture);
    g_autoptr(GError) error = NULL;
    gint64 when;
    assert_false(vault_login_refused(vault, fixture->match_key, &refused, &when, &error));
    assert_rule(error, POSTERN_ERROR_STORE, "vault.damage");
}

/* --- how often ----------------------------------------------------------------------------- */

static gint64 login_at(const Fixture *fixture, Vault *vault, const char *host, gint64 now,
                       gboolean *refusals)
{
    gint64 wait = -1;
    assert_true(vault_count_login(vault, fixture->match_key, host, now, &wait, refusals, NULL));
    return wait;
}

static void p3_35_the_601st_login_of_an_hour_waits(void **state)
{
    const Fixture *fixture = *state;
    g_autoptr(Vault) vault = fixture_open(fixture);
    gboolean refusals;
    for (gint64 i = 0; i < LIMIT_LOGINS; i++)
        assert_int_equal(login_at(fixture, vault, HOST, NOW + i, &refusals), 0);
    assert_int_equal(login_at(fixture, vault, HOST, NOW + 700, &refusals), 2900);
    assert_false(refusals);
    assert_int_equal(login_at(fixture, vault, HOST, NOW + 3599, &refusals), 1);
    assert_int_equal(login_at(fixture, vault, "mail2.corp.example", NOW + 700, &refusals), 0);
    /* One is an hour old, so there is room for one. */
    assert_int_equal(login_at(fixture, vault, HOST, NOW + 3600, &refusals), 0);
    assert_int_equal(login_at(fixture, vault, HOST, NOW + 3600, &refusals), 1);
    assert_true(number(fixture, "SELECT count(*) FROM login_time") <= LIMIT_LOGINS + 1);
}

static void p3_35_after_five_refusals_in_an_hour_no_login_is_tried(void **state)
{
    const Fixture *fixture = *state;
    g_autoptr(Vault) vault = fixture_open(fixture);
    gboolean refusals;
    for (gint64 i = 0; i < LIMIT_REFUSED_LOGINS; i++) {
        assert_int_equal(login_at(fixture, vault, HOST, NOW + 60 * i, &refusals), 0);
        assert_true(vault_count_refusal(vault, fixture->match_key, HOST, NOW + 60 * i, NULL));
    }
    assert_int_equal(login_at(fixture, vault, HOST, NOW + 600, &refusals), 3000);
    assert_true(refusals);
    assert_int_equal(login_at(fixture, vault, "mail2.corp.example", NOW + 600, &refusals), 0);
    assert_int_equal(login_at(fixture, vault, HOST, NOW + 3600, &refusals), 0);
}

static void a_clock_set_back_shuts_nobody_out(void **state)
{
    const Fixture *fixture = *state;
    g_autoptr(Vault) vault = fixture_open(fixture);
    gboolean refusals;
    for (guint i = 0; i < LIMIT_REFUSED_LOGINS; i++)
        assert_true(vault_count_refusal(vault, fixture->match_key, HOST, NOW + 86400, NULL));
    assert_int_equal(login_at(fixture, vault, HOST, NOW + 86400 - 30, &refusals), 3630);
    assert_int_equal(login_at(fixture, vault, HOST, NOW, &refusals), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(p3_35_a_refused_login_is_known_until_any_part_of_it_changes),
        TEST(p3_35_another_refused_login_takes_the_place_of_the_first),
        TEST(what_was_refused_is_forgotten_by_account_and_host),
        TEST(p4_what_is_noted_of_a_login_names_nothing),
        TEST(p4_a_refused_secret_is_salted),
        TEST(a_damaged_note_is_told),
        TEST(p3_35_the_601st_login_of_an_hour_waits),
        TEST(p3_35_after_five_refusals_in_an_hour_no_login_is_tried),
        TEST(a_clock_set_back_shuts_nobody_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
