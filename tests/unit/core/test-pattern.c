#include "core/pattern.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/limits.h"

static void a_glob_fits_the_whole_without_case(void **state)
{
    (void)state;
    static const struct {
        const char *glob, *text;
        gboolean fits;
    } cases[] = {
        {"*@hr.corp.example", "Boss@HR.corp.example", TRUE},
        {"*@hr.corp.example", "boss@hr.corp.example.net", FALSE},
        {"boss@*", "boss@", TRUE},
        {"", "", TRUE},
        {"", "x", FALSE},
        {"*", "", TRUE},
        {"**", "x", TRUE},
        {"?", "", FALSE},
        {"?", "\303\244", TRUE},
        {"??", "\303\244", FALSE},
        {"\303\204*", "\303\244x", TRUE},
        {"a*b*c", "axxbxxbc", TRUE},
        {"a*b*c", "axxbxxbcd", FALSE},
        {"*ab", "aab", TRUE},
        {"a", "ab", FALSE},
        {"ab", "a", FALSE},
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++)
        if (glob_match(cases[i].glob, cases[i].text) != cases[i].fits)
            fail_msg("\"%s\" and \"%s\"", cases[i].glob, cases[i].text);
}

static void p8_95_a_glob_of_stars_ends_on_any_text(void **state)
{
    (void)state;
    g_autofree char *text = g_strnfill(100 * 1000, 'a');
    assert_false(glob_match("*a*a*a*a*a*a*a*a*a*a*a*a*b", text));
}

static PatternAnswer searched(const char *pattern, const char *text)
{
    g_autofree char *why = NULL;
    Pattern *made = pattern_new(pattern, &why);
    assert_non_null(made);
    PatternAnswer answer = pattern_search(made, text);
    pattern_free(made);
    return answer;
}

static void a_pattern_is_found_anywhere_without_case_and_by_lines(void **state)
{
    (void)state;
    static const struct {
        const char *pattern, *text;
        PatternAnswer answer;
    } cases[] = {
        {"salary", "your Salary rises", PATTERN_YES},
        {"salary", "your celery", PATTERN_NO},
        {"^total:", "a\ntotal: 7", PATTERN_YES},
        {"^total:", "subtotal: 7", PATTERN_NO},
        {"\303\204rger", "\303\244rger", PATTERN_YES},
        {"\\bHR-\\d+\\b", "see hr-12", PATTERN_YES},
        {"x$", "", PATTERN_NO},
        {"^$", "", PATTERN_YES},
        {"(?<=a)b", "ab", PATTERN_YES},
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++)
        if (searched(cases[i].pattern, cases[i].text) != cases[i].answer)
            fail_msg("\"%s\" in \"%s\"", cases[i].pattern, cases[i].text);
}

/* Pieces begin within a character, and a match may lie across two of them. */
static void a_match_is_found_wherever_in_a_long_text_it_begins(void **state)
{
    (void)state;
    for (guint before = 0; before < 200; before++) {
        g_autoptr(GString) text = g_string_new(NULL);
        for (guint i = 0; i < before; i++)
            g_string_append(text, "\342\202\254");
        assert_int_equal(searched("needle", text->str), PATTERN_NO);
        g_string_append(text, "needle");
        assert_int_equal(searched("\342\202\254?needle", text->str), PATTERN_YES);
        assert_int_equal(searched("(?<=\342\202\254|^)needle$", text->str), PATTERN_YES);
    }
}

static void p8_95_a_catastrophic_pattern_is_undecided_and_soon(void **state)
{
    (void)state;
    g_autofree char *text = g_strnfill(LIMIT_JUDGED_BYTES, 'a');
    gint64 began = g_get_monotonic_time();
    assert_int_equal(searched("(a+)+[!?]", text), PATTERN_UNDECIDED);
    assert_int_equal(searched("(a|aa)+[!?]", text), PATTERN_UNDECIDED);
    /* One step for all the letters, but at each of four million places. */
    assert_int_equal(searched("\\w+[!?]", text), PATTERN_UNDECIDED);
    /* Hours without the limits; with them some tenths of a second. */
    assert_true(g_get_monotonic_time() - began < 60 * G_USEC_PER_SEC);
}

static void an_honest_pattern_gets_through_the_longest_text(void **state)
{
    (void)state;
    g_autoptr(GString) text = g_string_sized_new(LIMIT_JUDGED_BYTES + 64);
    while (text->len < LIMIT_JUDGED_BYTES)
        g_string_append(text, "The quick brown fox jumps over the lazy dog.\n");
    assert_int_equal(searched("confidential", text->str), PATTERN_NO);
    g_string_append(text, "Confidential");
    assert_int_equal(searched("confidential", text->str), PATTERN_YES);
}

static void p10_109_a_pattern_that_is_none_says_where(void **state)
{
    (void)state;
    static const char *const wrong[] = {"(", "a{2,1}", "[z-a]", "*", "\\C", "(?<name"};
    for (guint i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_autofree char *why = NULL;
        assert_null(pattern_new(wrong[i], &why));
        assert_non_null(strstr(why, "is no regular expression: "));
        assert_non_null(strstr(why, "bytes"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_glob_fits_the_whole_without_case),
        cmocka_unit_test(p8_95_a_glob_of_stars_ends_on_any_text),
        cmocka_unit_test(a_pattern_is_found_anywhere_without_case_and_by_lines),
        cmocka_unit_test(a_match_is_found_wherever_in_a_long_text_it_begins),
        cmocka_unit_test(p8_95_a_catastrophic_pattern_is_undecided_and_soon),
        cmocka_unit_test(an_honest_pattern_gets_through_the_longest_text),
        cmocka_unit_test(p10_109_a_pattern_that_is_none_says_where),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
