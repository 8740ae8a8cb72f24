#include "policy/network.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "core/error.h"
#include "tests/unit/policy/company.h"

static gboolean allowed(const Company *company, const char *text)
{
    g_autoptr(GInetAddress) address = g_inet_address_new_from_string(text);
    assert_non_null(address);
    g_autoptr(GError) error = NULL;
    if (network_allows(company, address, "mail.corp.example", &error))
        return TRUE;
    assert_int_equal(postern_exit_code(error), 78);
    assert_string_equal(postern_error_rule(error), "server.network");
    assert_non_null(postern_error_mend(error));
    assert_non_null(strstr(error->message, "mail.corp.example"));
    return FALSE;
}

static void p2_18_without_networks_special_addresses_are_refused(void **state)
{
    (void)state;
    static const char *const refused[] = {
        "0.0.0.0",
        "127.0.0.1",
        "127.255.255.254",
        "169.254.169.254",
        "192.0.0.8",
        "192.0.2.1",
        "192.88.99.1",
        "198.18.0.1",
        "198.19.255.255",
        "198.51.100.7",
        "203.0.113.9",
        "224.0.0.1",
        "239.1.1.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::7f00:1",
        "fe80::1",
        "fec0::1",
        "ff02::1",
        "2001:db8::1",
        "2001:0:1::1",
        "3fff::1",
        "100::1",
        "5f00::1",
        "64:ff9b:1::1",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "64:ff9b::7f00:1",
        "64:ff9b::e000:1",
        "2002:7f00:1::",
        "2002:a9fe:a9fe::1",
    };
    static const char *const fine[] = {
        "8.8.8.8",        "10.0.0.1",         "172.16.0.1",      "192.168.1.1",
        "100.64.0.1",     "fc00::1",          "fd12::1",         "2606:4700::1111",
        "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1", "223.255.255.1",
    };
    Company company = a_company();
    for (gsize i = 0; i < G_N_ELEMENTS(refused); i++)
        assert_false(allowed(&company, refused[i]));
    for (gsize i = 0; i < G_N_ELEMENTS(fine); i++)
        assert_true(allowed(&company, fine[i]));
}

static void p2_18_networks_bound_the_servers(void **state)
{
    (void)state;
    char *networks[] = {(char *)"10.1.0.0/16", (char *)"2001:db8::/32", NULL};
    Company company = a_company();
    company.networks = networks;
    assert_true(allowed(&company, "10.1.2.3"));
    assert_true(allowed(&company, "::ffff:10.1.2.3"));
    assert_true(allowed(&company, "64:ff9b::a01:203"));
    assert_true(allowed(&company, "2002:a01:203::9"));
    assert_true(allowed(&company, "2001:db8:ffff::1")); /* special, but named */
    assert_false(allowed(&company, "10.2.0.1"));
    assert_false(allowed(&company, "8.8.8.8"));
    assert_false(allowed(&company, "::ffff:10.2.0.1"));
    assert_false(allowed(&company, "2606:4700::1111"));
}

static void p2_18_special_ranges_must_be_named(void **state)
{
    (void)state;
    char *everything[] = {(char *)"0.0.0.0/0", (char *)"::/0", NULL};
    Company company = a_company();
    company.networks = everything;
    assert_true(allowed(&company, "8.8.8.8"));
    assert_true(allowed(&company, "2606:4700::1111"));
    assert_false(allowed(&company, "127.0.0.1"));
    assert_false(allowed(&company, "::ffff:127.0.0.1"));
    assert_false(allowed(&company, "fe80::1"));

    char *named[] = {(char *)"0.0.0.0/0", (char *)"127.0.0.0/24", (char *)"::1/128", NULL};
    company.networks = named;
    assert_true(allowed(&company, "127.0.0.1"));
    assert_true(allowed(&company, "::1"));
    assert_false(allowed(&company, "127.0.1.1"));
}

static void p2_20_our_own_address_lies_in_an_office(void **state)
{
    (void)state;
    char *offices[] = {(char *)"10.0.0.0/8", NULL};
    g_autoptr(GInetAddress) inside = g_inet_address_new_from_string("::ffff:10.9.9.9");
    g_autoptr(GInetAddress) outside = g_inet_address_new_from_string("192.168.0.7");
    Company company = a_company();
    assert_true(network_in_office(&company, outside, NULL)); /* none named: anywhere */
    company.offices = offices;
    assert_true(network_in_office(&company, inside, NULL));
    g_autoptr(GError) error = NULL;
    assert_false(network_in_office(&company, outside, &error));
    assert_int_equal(postern_exit_code(error), 78);
    assert_string_equal(postern_error_rule(error), "server.office");
    assert_non_null(strstr(error->message, "192.168.0.7"));
}

static void p2_23_wrong_networks_are_named(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "10.0.0.0/33",
        "10.0.0.1/8",
        "010.0.0.0/8",
        "::/129",
        "",
        "*",
        "10.0.0.0",
        "::ffff:10.0.0.0/104",
        "::ffff:0:0/96",
        "64:ff9b::a00:0/104",
        "2002:a00::/24",
        "2002::/16",
    };
    for (gsize i = 0; i < G_N_ELEMENTS(wrong); i++) {
        char *list[] = {(char *)"0.0.0.0/0", (char *)wrong[i], NULL};
        char *none[] = {NULL};
        for (guint office = 0; office <= 1; office++) {
            Company company = a_company();
            company.networks = office ? none : list;
            company.offices = office ? list : none;
            g_autoptr(GError) error = NULL;
            assert_false(network_check_lists(&company, &error));
            assert_int_equal(postern_exit_code(error), 78);
            assert_string_equal(postern_error_rule(error), "config.value");
            assert_non_null(strstr(error->message, wrong[i]));
            assert_true(g_str_has_prefix(error->message, office ? "offices" : "networks"));
        }
    }
    char *good[] = {(char *)"10.0.0.0/8", (char *)"::/0", (char *)"2001:db8::/32", NULL};
    Company company = a_company();
    company.networks = company.offices = good;
    assert_true(network_check_lists(&company, NULL));
}

/* A list that was never checked allows nothing by its broken items. */
static void p2_23_a_broken_network_matches_nothing(void **state)
{
    (void)state;
    char *broken[] = {(char *)"::/129", (char *)"10.0.0.0/33", NULL};
    Company company = a_company();
    company.networks = broken;
    assert_false(allowed(&company, "10.0.0.1"));
    assert_false(allowed(&company, "2606:4700::1111"));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(p2_18_without_networks_special_addresses_are_refused),
        cmocka_unit_test(p2_18_networks_bound_the_servers),
        cmocka_unit_test(p2_18_special_ranges_must_be_named),
        cmocka_unit_test(p2_20_our_own_address_lies_in_an_office),
        cmocka_unit_test(p2_23_wrong_networks_are_named),
        cmocka_unit_test(p2_23_a_broken_network_matches_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
