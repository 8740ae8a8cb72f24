/* How a policy is laid over the user's [company]: one case a key (ATTACKS 20). */
#include "core/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "core/error.h"

#define PIN_A "sha256/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
#define PIN_B "sha256/BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBA="
#define FPR_A "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define FPR_B "BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB"

static Config *user(const char *company)
{
    g_autofree char *text = g_strdup_printf("[company]\n%s\n[account \"w\"]\naddress = a@b\n"
                                            "pin = " PIN_A "; " PIN_B "\n",
                                            company);
    Config *config = config_parse(text, strlen(text), "config", NULL);
    assert_non_null(config);
    return config;
}

static gboolean narrow(Config *config, const char *rules, GError **error)
{
    g_autofree char *text = g_strdup_printf("[company]\n%s\n", rules);
    return config_narrow(config, text, strlen(text), "policy", error);
}

static char *domains_of(const Company *company)
{
    return g_strjoinv(" ", company->domains);
}

static char *networks_of(const Company *company)
{
    return g_strjoinv(" ", company->networks);
}

static char *offices_of(const Company *company)
{
    return g_strjoinv(" ", company->offices);
}

static char *ca_files_of(const Company *company)
{
    GString *all = g_string_new(NULL);
    for (guint i = 0; i < company->ca_files->len; i++)
        g_string_append_printf(all, "%s%s", i == 0 ? "" : " ",
                               (char *)g_ptr_array_index(company->ca_files, i));
    return g_string_free(all, FALSE);
}

static char *recovery_of(const Company *company)
{
    return g_strjoinv(" ", company->recovery_keys);
}

static char *words_of(const Company *company)
{
    return g_strdup_printf("tls %d outside %d freemail %d tunnel %d wkd %s auth %s names %d",
                           (int)company->min_tls, (int)company->outside, (int)company->freemail,
                           company->tunnel, company->wkd,
                           company->min_auth ? company->min_auth : "-", (int)company->login_names);
}

static void p2_20_the_narrower_wins_for_each_key(void **state)
{
    (void)state;
    static const struct {
        char *(*show)(const Company *);
        const char *user;
        const char *policy;
        const char *expected;
    } cases[] = {
        {domains_of, "domains = mail.corp.example; other.example", "domains = corp.example",
         "mail.corp.example"},
        {domains_of, "domains = example.net; corp.example",
         "domains = a.corp.example; Corp.Example.", "a.corp.example corp.example"},
        {domains_of, "domains = notcorp.example; corp.example", "domains = corp.example",
         "corp.example"},
        {domains_of, "", "domains = corp.example", "corp.example"},
        {domains_of, "domains = corp.example", "outside = refuse", "corp.example"},
        {networks_of, "networks = 0.0.0.0/0", "networks = 10.0.0.0/8", "10.0.0.0/8"},
        {networks_of, "networks = 10.1.0.0/16; 192.168.0.0/16", "networks = 10.0.0.0/8; ::/0",
         "10.1.0.0/16"},
        {networks_of, "", "networks = 10.0.0.0/8", "10.0.0.0/8"},
        {offices_of, "offices = ::/0; 0.0.0.0/0", "offices = 2001:db8::/32", "2001:db8::/32"},
        {ca_files_of, "ca_file = /own.pem", "ca_file = /corp.pem", "/own.pem /corp.pem"},
        {ca_files_of, "ca_file = /corp.pem", "ca_file = /corp.pem", "/corp.pem"},
        {ca_files_of, "", "ca_file = /corp.pem", "/corp.pem"},
        {recovery_of, "recovery_keys = " FPR_A, "recovery_keys = " FPR_B "; " FPR_A,
         FPR_A " " FPR_B},
        {words_of, "freemail = allow\noutside = allow\nmin_tls = 1.2",
         "freemail = refuse\noutside = encrypt\nmin_tls = 1.3",
         "tls 1 outside 1 freemail 2 tunnel 0 wkd never auth - names 0"},
        {words_of, "freemail = refuse\noutside = refuse\nmin_tls = 1.3",
         "freemail = allow\noutside = encrypt\nmin_tls = 1.2",
         "tls 1 outside 2 freemail 2 tunnel 0 wkd never auth - names 0"},
        {words_of, "", "freemail = allow\noutside = allow",
         "tls 0 outside 0 freemail 0 tunnel 0 wkd never auth - names 0"},
        {words_of, "tunnel = yes\nwkd = any\nmin_auth = PLAIN",
         "tunnel = no\nwkd = company\nmin_auth = SCRAM-SHA-256",
         "tls 0 outside 1 freemail 2 tunnel 0 wkd company auth SCRAM-SHA-256 names 0"},
        {words_of, "tunnel = yes\nwkd = never\nmin_auth = SCRAM-SHA-256",
         "tunnel = yes\nwkd = any\nmin_auth = PLAIN",
         "tls 0 outside 1 freemail 2 tunnel 1 wkd never auth SCRAM-SHA-256 names 0"},
        {words_of, "tunnel = no", "tunnel = yes\nwkd = any\nmin_auth = PLAIN",
         "tls 0 outside 1 freemail 2 tunnel 0 wkd any auth PLAIN names 0"},
        {words_of, "login_names = warn", "login_names = fail",
         "tls 0 outside 1 freemail 2 tunnel 0 wkd never auth - names 1"},
        {words_of, "login_names = fail", "login_names = warn",
         "tls 0 outside 1 freemail 2 tunnel 0 wkd never auth - names 1"},
        {words_of, "", "login_names = fail",
         "tls 0 outside 1 freemail 2 tunnel 0 wkd never auth - names 1"},
        {words_of, "", "tunnel = yes",
         "tls 0 outside 1 freemail 2 tunnel 1 wkd never auth - names 0"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Config) config = user(cases[i].user);
        g_autoptr(GError) error = NULL;
        assert_true(narrow(config, cases[i].policy, &error));
        g_autofree char *shown = cases[i].show(&config->company);
        assert_string_equal(shown, cases[i].expected);
    }
}

static void p2_20_a_second_policy_lifts_nothing(void **state)
{
    (void)state;
    g_autoptr(Config) config = user("");
    assert_true(narrow(config, "outside = refuse\nnetworks = 10.0.0.0/8", NULL));
    assert_true(narrow(config, "outside = allow\nnetworks = 0.0.0.0/0\nfreemail = encrypt", NULL));
    assert_int_equal(config->company.outside, RULE_REFUSE);
    assert_int_equal(config->company.freemail, RULE_ENCRYPT);
    assert_string_equal(config->company.networks[0], "10.0.0.0/8");
    assert_null(config->company.networks[1]);
}

static void p2_20_nothing_in_common_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *user;
        const char *policy;
    } cases[] = {
        {"domains = evil.test", "domains = corp.example"},
        {"domains = corp.example", "domains = p.example"},
        {"networks = 192.168.0.0/16", "networks = 10.0.0.0/8"},
        {"networks = ::/0", "networks = 0.0.0.0/0"},
        {"offices = 192.168.0.0/16", "offices = 10.0.0.0/8"},
        {"pin = " PIN_A, "pin = " PIN_B},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Config) config = user(cases[i].user);
        g_autoptr(GError) error = NULL;
        assert_false(narrow(config, cases[i].policy, &error));
        assert_int_equal(postern_exit_code(error), 78);
        assert_string_equal(postern_error_rule(error), "policy.conflict");
        assert_non_null(postern_error_mend(error));
    }
}

static void p3_27_pins_of_the_company_are_demanded(void **state)
{
    (void)state;
    g_autoptr(Config) config = user("");
    const Account *account = g_ptr_array_index(config->accounts, 0);
    assert_true(narrow(config, "pin = " PIN_B, NULL));
    assert_string_equal(account->pins[0], PIN_B);
    assert_null(account->pins[1]);

    static const char without[] = "[account \"w\"]\naddress = a@b\n";
    g_autoptr(Config) unpinned = config_parse(without, strlen(without), "config", NULL);
    const Account *bare = g_ptr_array_index(unpinned->accounts, 0);
    assert_true(narrow(unpinned, "pin = " PIN_A, NULL));
    assert_string_equal(bare->pins[0], PIN_A);

    static const char other[] = "[account \"w\"]\naddress = a@b\npin = " PIN_A "\n"
                                "[company]\npin = " PIN_B "\n";
    g_autoptr(GError) error = NULL;
    assert_null(config_parse(other, strlen(other), "config", &error));
    assert_string_equal(postern_error_rule(error), "policy.conflict");
}

static void p2_21_a_policy_says_something_and_nothing_else(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *rule;
        const char *message;
    } cases[] = {
        {"", "policy.file", "is empty"},
        {"# nothing\n[company]\n", "policy.file", "is empty"},
        {"[company]\noutside = never\n", "config.value", "policy:2:"},
        {"[company]\noutsid = refuse\n", "config.key", "policy:2:"},
        {"[company]\noutside = refuse\noutside = allow\n", "config.syntax", "policy:3:"},
        {"[company]\noutside = refuse\n[account \"x\"]\naddress = a@b\n", "config.key",
         "policy:3:"},
        {"[crypto]\nindex = none\n", "config.key", "policy:1:"},
        {"\0", "policy.file", "is empty"},
        {"garbage", "config.syntax", "policy:1:"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Config) config = user("");
        g_autoptr(GError) error = NULL;
        assert_false(config_narrow(config, cases[i].text, strlen(cases[i].text), "policy", &error));
        assert_int_equal(postern_exit_code(error), 78);
        assert_string_equal(postern_error_rule(error), cases[i].rule);
        assert_non_null(strstr(error->message, cases[i].message));
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(p2_20_the_narrower_wins_for_each_key),
        cmocka_unit_test(p2_20_a_second_policy_lifts_nothing),
        cmocka_unit_test(p2_20_nothing_in_common_is_refused),
        cmocka_unit_test(p3_27_pins_of_the_company_are_demanded),
        cmocka_unit_test(p2_21_a_policy_says_something_and_nothing_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
