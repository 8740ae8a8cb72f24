#include "policy/rules.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

static gboolean is_sentence(const char *text)
{
    return text && *text && !g_ascii_isspace(*text) && !g_str_has_suffix(text, ".");
}

static void p10_109_every_rule_has_a_name_words_and_a_mend(void **state)
{
    (void)state;
    for (guint i = 0; i < RULES; i++) {
        const Rule *rule = rule_get((RuleId)i);
        assert_non_null(strchr(rule->name, '.'));
        assert_int_equal(strspn(rule->name, "abcdefghijklmnopqrstuvwxyz.-"), strlen(rule->name));
        assert_true(is_sentence(rule->words));
        assert_true(is_sentence(rule->mend));
    }
}

static void each_rule_has_a_name_of_its_own(void **state)
{
    (void)state;
    for (guint i = 0; i < RULES; i++)
        assert_int_equal(rule_of_failure(rule_get((RuleId)i)->name, RULES), i);
}

static void failures_are_told_by_their_rule(void **state)
{
    (void)state;
    assert_int_equal(rule_of_failure("transport.scheme", RULES), RULE_TRANSPORT_PORT);
    assert_int_equal(rule_of_failure("server.literal", RULES), RULE_SERVER_COMPANY);
    assert_int_equal(rule_of_failure("server.office", RULES), RULE_NETWORK_OFFICE);
    assert_int_equal(rule_of_failure("tls.expired", RULES), RULE_TLS_CHAIN);
    assert_int_equal(rule_of_failure("server.timeout", RULES), RULES);
    assert_int_equal(rule_of_failure("server.timeout", RULE_LOGIN_WORKS), RULE_LOGIN_WORKS);
    assert_int_equal(rule_of_failure(NULL, RULES), RULES);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(p10_109_every_rule_has_a_name_words_and_a_mend),
        cmocka_unit_test(each_rule_has_a_name_of_its_own),
        cmocka_unit_test(failures_are_told_by_their_rule),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
