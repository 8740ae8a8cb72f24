#include "crypto/doubts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void p7_74_domains_that_look_like_the_company_are_told(void **state)
{
    (void)state;
    static const char *const alike[] = {
        "c0rp.example",        "соrp.example",           "corp.exarnple",        "corp-example",
        "corp.examp1e",        "corp.example.evil.test", "corp.example-hr.test", "corq.example",
        "crop.example",        "corp.exampel",           "corp.examples",        "cor.example",
        "xn--crp-sed.example", "CORP.EXAMPLE.evil.test", "corp.exämple",         "corp.exampl",
        "co\u200brp.example",  "corp.exa\u0301mple",     "corp\u0903.example",
    };
    for (gsize i = 0; i < G_N_ELEMENTS(alike); i++)
        assert_true(doubt_domain(alike[i], "corp.example"));
    static const char *const others[] = {
        "corp.example",
        "Corp.Example",
        "mail.corp.example",
        "evil.test",
        "example",
        "notcorp.test",
        "corporation.example",
        "carpet.example",
        "",
        /* more than one slip: two for one, one for two, two beside each other, half a swap */
        "corp.exaxyple",
        "corp.examxe",
        "corp.exxyple",
        "corp.exmxple",
        "corp.exampleness",
        "\xff\xfe",
        "xn--\xff.test",
    };
    for (gsize i = 0; i < G_N_ELEMENTS(others); i++)
        assert_false(doubt_domain(others[i], "corp.example"));
}

/* Where every second name is one letter away, one letter says nothing. */
static void short_names_are_told_only_when_they_look_the_same(void **state)
{
    (void)state;
    assert_false(doubt_domain("ab.de", "ac.de"));
    assert_true(doubt_domain("a0.de", "ao.de"));
    assert_false(doubt_domain("abcdef.de", "abc.d"));
}

static void p7_74_addresses_that_look_like_ones_own_are_told(void **state)
{
    (void)state;
    assert_true(doubt_address("jsm1th@corp.example", "jsmith@corp.example"));
    assert_true(doubt_address("jsrnith@corp.example", "jsmith@corp.example"));
    assert_true(doubt_address("j.smith@CORP.example", "jsmith@corp.example"));
    assert_false(doubt_address("JSmith@corp.example", "jsmith@corp.example"));
    assert_false(doubt_address("mary@corp.example", "jsmith@corp.example"));
    assert_false(doubt_address("jsm1th@other.example", "jsmith@corp.example"));
    assert_false(doubt_address("jsmith", "jsmith@corp.example"));
    assert_false(doubt_address("jsmith@corp.example", "jsmith"));
}

static void p7_74_a_name_that_is_another_address_is_told(void **state)
{
    (void)state;
    static const char *const names[] = {"john@corp.example", "John <john@corp.example>",
                                        "\"john@corp.example\" (work)", "x, john@corp.example"};
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *other = doubt_name(names[i], "x@evil.test");
        assert_string_equal(other, "john@corp.example");
    }
    assert_null(doubt_name("John@Corp.Example", "john@corp.example"));
    assert_null(doubt_name("John @ Corp", "x@evil.test"));
    assert_null(doubt_name("@corp.example", "x@evil.test"));
    assert_null(doubt_name("john@corp", "x@evil.test"));
    assert_null(doubt_name(NULL, "x@evil.test"));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(p7_74_domains_that_look_like_the_company_are_told),
        cmocka_unit_test(short_names_are_told_only_when_they_look_the_same),
        cmocka_unit_test(p7_74_addresses_that_look_like_ones_own_are_told),
        cmocka_unit_test(p7_74_a_name_that_is_another_address_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
