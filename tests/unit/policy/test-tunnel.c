#include "policy/tunnel.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/error.h"
#include "tests/unit/policy/company.h"

static char *expanded(const char *command, const char *address)
{
    const Company company = a_company();
    const Account account = {.name = (char *)"work", .tunnel = (char *)command};
    g_autoptr(GInetAddress) at = address ? g_inet_address_new_from_string(address) : NULL;
    g_autoptr(VettedEndpoint) endpoint =
        endpoint_vet("imaps://john@Mail.corp.example/", &company, NULL);
    g_auto(GStrv) words = tunnel_words(&account, endpoint, at, NULL);
    return words ? g_strjoinv("|", words) : NULL;
}

static void p2_24_a_tunnel_is_words_without_a_shell(void **state)
{
    (void)state;
    static const struct {
        const char *command, *address, *words;
    } cases[] = {
        {"ssh -W %a:%p gateway", "10.1.2.3", "ssh|-W|10.1.2.3:993|gateway"},
        {"ssh -W %a:%p gateway", "2001:db8::7", "ssh|-W|[2001:db8::7]:993|gateway"},
        {"nc %a %p", "2001:db8::7", "nc|2001:db8::7|993"},
        {"ssh gateway nc %h %p", NULL, "ssh|gateway|nc|mail.corp.example|993"},
        {"x 100%% '%h;reboot' $(id) `id`", NULL, "x|100%|mail.corp.example;reboot|$(id)|`id`"},
        {"x %%h%%%p", NULL, "x|%h%993"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *words = expanded(cases[i].command, cases[i].address);
        assert_non_null(words);
        assert_string_equal(words, cases[i].words);
    }
}

static void what_is_no_tunnel_has_no_words(void **state)
{
    (void)state;
    static const char *const commands[] = {"", "'x", "x %", "x %u", "x %%%", "x %a"};
    for (gsize i = 0; i < G_N_ELEMENTS(commands); i++)
        assert_null(expanded(commands[i], NULL));
}

static void a_tunnel_names_an_address_or_not(void **state)
{
    (void)state;
    static const struct {
        const char *command;
        gboolean wants;
    } cases[] = {
        {"x %a", TRUE}, {"x %h", FALSE}, {"x %%a", FALSE}, {"x %%%a", TRUE}, {"x a%", FALSE}};
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        const Account account = {.tunnel = (char *)cases[i].command};
        assert_int_equal(tunnel_wants_address(&account), cases[i].wants);
    }
}

static void p2_25_networks_and_offices_bind_a_tunnel(void **state)
{
    (void)state;
    static const char *some[] = {"10.0.0.0/8", NULL}, *none[] = {NULL};
    static const struct {
        const char *command;
        const char **networks, **offices;
        gboolean waived, good;
    } cases[] = {
        {"x %a", none, none, FALSE, TRUE},  {"x %h", none, none, FALSE, TRUE},
        {"x %h", NULL, NULL, FALSE, TRUE},  {"x %a", some, none, FALSE, TRUE},
        {"x %h", some, none, FALSE, FALSE}, {"x %h", some, none, TRUE, TRUE},
        {"x %a", none, some, FALSE, FALSE}, {"x %a", some, some, TRUE, TRUE},
        {"x %u", none, none, TRUE, FALSE},  {"x %", none, none, FALSE, FALSE},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        Company company = a_company();
        const Account account = {.name = (char *)"work", .tunnel = (char *)cases[i].command};
        company.networks = (char **)cases[i].networks;
        company.offices = (char **)cases[i].offices;
        company.tunnel = cases[i].waived;
        g_autoptr(GError) error = NULL;
        assert_int_equal(tunnel_check(&account, &company, &error), cases[i].good);
        assert_int_equal(postern_exit_code(error), cases[i].good ? 0 : POSTERN_ERROR_POLICY);
        assert_string_equal(cases[i].good ? "config.tunnel" : postern_error_rule(error),
                            "config.tunnel");
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(p2_24_a_tunnel_is_words_without_a_shell),
        cmocka_unit_test(what_is_no_tunnel_has_no_words),
        cmocka_unit_test(a_tunnel_names_an_address_or_not),
        cmocka_unit_test(p2_25_networks_and_offices_bind_a_tunnel),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
