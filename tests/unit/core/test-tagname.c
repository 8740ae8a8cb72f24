#include "core/tagname.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "core/error.h"
#include "core/limits.h"

static void names_that_tag_can_name_are_taken(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"invoices", "invoices"}, {"to do", "to do"},           {"a:b(c)*", "a:b(c)*"},
        {"2024-03", "2024-03"},   {"報告書", "報告書"},         {"e\u0301te\u0301", "été"},
        {"a+b-c", "a+b-c"},       {"unreadable", "unreadable"}, {"!", "!"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *name = tagname_check(cases[i][0], &error);
        if (name == NULL)
            fail_msg("%s", error->message);
        assert_string_equal(name, cases[i][1]);
    }
}

static void assert_refused(const char *name, const char *rule)
{
    g_autoptr(GError) error = NULL;
    if (tagname_check(name, &error) != NULL)
        fail_msg("%s was taken", name);
    assert_int_equal(error->code, POSTERN_ERROR_USAGE);
    assert_string_equal(postern_error_rule(error), rule);
    assert_non_null(postern_error_mend(error));
    assert_null(strchr(error->message, '\x1b'));
}

static void p8_85_others_are_refused(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "",     " a",   "a ",      "a  b",     "-a",       "+a",       "\\Seen", "a\"b",
        "a\tb", "a\nb", "\x1b[2J", "a\u202eb", "a\u200bb", "a\u00a0b", "\xff",   "a\u2028",
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
        assert_refused(cases[i], "tag.name");
    g_autofree char *longest = g_strnfill(LIMIT_TAG, 'a');
    g_autofree char *longer = g_strnfill(LIMIT_TAG + 1, 'a');
    g_autofree char *taken = tagname_check(longest, NULL);
    assert_non_null(taken);
    assert_refused(longer, "tag.name");
}

static void what_servers_and_postern_say_is_reserved(void **state)
{
    (void)state;
    static const char *const cases[] = {"unread",  "Unread",    "flagged", "replied",  "draft",
                                        "deleted", "forwarded", "gone",    "TRUNCATED"};
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        assert_refused(cases[i], "tag.reserved");
        assert_true(tagname_reserved(cases[i]));
    }
    assert_false(tagname_reserved("unread2"));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_that_tag_can_name_are_taken),
        cmocka_unit_test(p8_85_others_are_refused),
        cmocka_unit_test(what_servers_and_postern_say_is_reserved),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
