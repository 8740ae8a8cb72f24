#include "policy/outgoing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "core/error.h"
#include "core/limits.h"
#include "tests/unit/policy/company.h"

static void p9_101_the_strictest_rule_of_a_recipient_holds(void **state)
{
    (void)state;
    static const struct {
        const char *address;
        MailRule outside, freemail, rule;
    } cases[] = {
        {"john@corp.example", RULE_REFUSE, RULE_REFUSE, RULE_ALLOW},
        {"john@HR.Corp.Example", RULE_REFUSE, RULE_REFUSE, RULE_ALLOW},
        {"john@xn--bcher-kva.example", RULE_REFUSE, RULE_REFUSE, RULE_ALLOW},
        {"ann@other.example", RULE_ENCRYPT, RULE_ALLOW, RULE_ENCRYPT},
        {"ann@other.example", RULE_ALLOW, RULE_REFUSE, RULE_ALLOW},
        {"ann@notcorp.example", RULE_REFUSE, RULE_ALLOW, RULE_REFUSE},
        {"ann@gmail.com", RULE_ALLOW, RULE_REFUSE, RULE_REFUSE},
        {"ann@gmail.com", RULE_ENCRYPT, RULE_ALLOW, RULE_ENCRYPT},
        {"ann@gmail.com", RULE_ALLOW, RULE_ALLOW, RULE_ALLOW},
        {"ann@mail.yahoo.co.uk", RULE_ALLOW, RULE_ENCRYPT, RULE_ENCRYPT},
        /* mail that a server might pass on */
        {"john%hotmail.com@corp.example", RULE_ALLOW, RULE_REFUSE, RULE_REFUSE},
        {"\"a@hotmail.com\"@corp.example", RULE_ALLOW, RULE_REFUSE, RULE_REFUSE},
        {"hotmail.com!john@corp.example", RULE_ENCRYPT, RULE_ALLOW, RULE_ENCRYPT},
        {"@a,@b:c@corp.example", RULE_REFUSE, RULE_ALLOW, RULE_REFUSE},
        /* no mailbox at all */
        {"", RULE_ALLOW, RULE_ALLOW, RULE_REFUSE},
        {"john", RULE_ALLOW, RULE_ALLOW, RULE_REFUSE},
        {"@corp.example", RULE_ALLOW, RULE_ALLOW, RULE_REFUSE},
        {"john@", RULE_ALLOW, RULE_ALLOW, RULE_REFUSE},
        {"john@cоrp..example", RULE_ALLOW, RULE_ALLOW, RULE_REFUSE},
        {"john@ｃｏｒｐ.example", RULE_ALLOW, RULE_ALLOW, RULE_REFUSE},
        {"jo\r\nhn@corp.example", RULE_ALLOW, RULE_ALLOW, RULE_REFUSE},
        {"jo\xFFhn@corp.example", RULE_ALLOW, RULE_ALLOW, RULE_REFUSE},
        {"john@соrp.example", RULE_REFUSE, RULE_ALLOW, RULE_REFUSE}, /* Cyrillic */
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        Company company = a_company();
        company.outside = cases[i].outside;
        company.freemail = cases[i].freemail;
        MailRule rule = outgoing_rule(&company, cases[i].address);
        if (rule != cases[i].rule)
            print_error("%s: %d\n", cases[i].address, (int)rule);
        assert_int_equal(rule, cases[i].rule);
    }
}

static GPtrArray *recipients(const char *const *addresses)
{
    GPtrArray *list = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; addresses[i]; i++)
        g_ptr_array_add(list, g_strdup(addresses[i]));
    return list;
}

static void p9_108_one_recipient_is_enough_to_encrypt(void **state)
{
    (void)state;
    Company company = a_company();
    const char *demands = "left from before";
    static const char *const inside[] = {"a@corp.example", "b@corp.example", NULL};
    static const char *const mixed[] = {"a@corp.example", "b@other.example", "c@other.example",
                                        NULL};
    g_autoptr(GPtrArray) ours = recipients(inside), both = recipients(mixed);
    assert_true(outgoing_vet(&company, ours, &demands, NULL));
    assert_null(demands);
    assert_true(outgoing_vet(&company, both, &demands, NULL));
    assert_string_equal(demands, "b@other.example");
}

static void p9_108_one_recipient_is_enough_to_refuse(void **state)
{
    (void)state;
    static const struct {
        const char *address;
        int code;
        const char *rule;
    } cases[] = {
        {"ann@gmail.com", 78, "send.freemail"},
        {"ann@other.example", 78, "send.outside"},
        {"ann%gmail.com@corp.example", 78, "send.outside"},
        {"ann", 65, "send.value"},
        {"a\nb@corp.example", 65, "send.value"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        const char *list[] = {"a@corp.example", cases[i].address, NULL};
        g_autoptr(GPtrArray) all = recipients(list);
        Company company = a_company();
        company.outside = RULE_REFUSE;
        const char *demands;
        g_autoptr(GError) error = NULL;
        assert_false(outgoing_vet(&company, all, &demands, &error));
        assert_int_equal(postern_exit_code(error), cases[i].code);
        assert_string_equal(postern_error_rule(error), cases[i].rule);
        assert_non_null(postern_error_mend(error));
        assert_null(strchr(error->message, '\n'));
    }
}

static void p9_99_an_address_has_a_length(void **state)
{
    (void)state;
    Company company = a_company();
    for (guint extra = 0; extra <= 1; extra++) {
        g_autofree char *local = g_strnfill(LIMIT_ADDRESS - strlen("@corp.example") + extra, 'a');
        g_autofree char *address = g_strconcat(local, "@corp.example", NULL);
        assert_int_equal(outgoing_rule(&company, address), extra ? RULE_REFUSE : RULE_ALLOW);
    }
}

static void p9_99_values_hold_no_controls(void **state)
{
    (void)state;
    static const char *const refused[] = {
        "a\rb",
        "a\nb",
        "a\r\nBcc: x@evil.test",
        "a\tb",
        "\x01",
        "a\x7F",
        "a\xC2\x85"
        "b",
        "a\xE2\x80\xA8"
        "b",
        "a\xE2\x80\xA9"
        "b",
        "\xFF",
    };
    for (gsize i = 0; i < G_N_ELEMENTS(refused); i++) {
        g_autoptr(GError) error = NULL;
        assert_false(outgoing_value("--subject", refused[i], &error));
        assert_int_equal(postern_exit_code(error), 65);
        assert_string_equal(postern_error_rule(error), "send.value");
        assert_true(g_str_has_prefix(error->message, "--subject holds"));
        assert_null(strpbrk(error->message, "\r\n\t\x01\x7F"));
    }
    assert_true(outgoing_value("--subject", "Grüße, 日本語: \"ok\"", NULL));
    assert_true(outgoing_value("--subject", "", NULL));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(p9_101_the_strictest_rule_of_a_recipient_holds),
        cmocka_unit_test(p9_108_one_recipient_is_enough_to_encrypt),
        cmocka_unit_test(p9_108_one_recipient_is_enough_to_refuse),
        cmocka_unit_test(p9_99_an_address_has_a_length),
        cmocka_unit_test(p9_99_values_hold_no_controls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
