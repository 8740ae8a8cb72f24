/* What is asked of servers about a letter's fate, and how it is written (RFC 3461). */
#include "core/notice.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "core/error.h"

static void words_are_read_in_any_case_and_order(void **state)
{
    (void)state;
    static const struct {
        const char *words, *told;
        guint when;
    } cases[] = {
        {"never", "never", NOTICE_NEVER},
        {"Success", "success", NOTICE_SUCCESS},
        {"delay,success", "success, delay", NOTICE_SUCCESS | NOTICE_DELAY},
        {"failure , FAILURE", "failure", NOTICE_FAILURE},
        {"success,failure,delay", "success, failure, delay",
         NOTICE_SUCCESS | NOTICE_FAILURE | NOTICE_DELAY},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        Notice notice = {.id = "kept"};
        assert_true(notice_read(cases[i].words, &notice, NULL));
        assert_int_equal(notice.when, cases[i].when);
        assert_true(notice_sound(notice.when));
        assert_string_equal(notice.id, "kept");
        g_autofree char *told = notice_words(&notice, ", ");
        assert_string_equal(told, cases[i].told);
    }
}

static void p9_99_other_words_are_refused_and_shown_safely(void **state)
{
    (void)state;
    static const char *const cases[] = {"",
                                        ",",
                                        "success,",
                                        "always",
                                        "never,success",
                                        "success delay",
                                        "success\r\nRCPT TO:<x@evil.test>",
                                        "delay ORCPT=rfc822;x",
                                        "\x1b[2J"};
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        Notice notice = {.when = 0};
        g_autoptr(GError) error = NULL;
        if (notice_read(cases[i], &notice, &error))
            fail_msg("\"%s\" was taken", cases[i]);
        assert_int_equal(postern_exit_code(error), POSTERN_ERROR_USAGE);
        assert_int_equal(notice.when, 0);
        assert_null(strpbrk(error->message, "\r\n\x1b"));
    }
    assert_false(notice_sound(NOTICE_NEVER | NOTICE_SUCCESS));
    assert_false(notice_sound(1 << 4));
}

static void p9_99_no_byte_of_xtext_could_end_a_parameter(void **state)
{
    (void)state;
    g_autofree char *odd = notice_xtext("\"a b+c=d\r\n\"@x.test");
    assert_string_equal(odd, "\"a+20b+2Bc+3Dd+0D+0A\"@x.test");
    g_autofree char *plain = notice_xtext("!~,;<>@");
    assert_string_equal(plain, "!~,;<>@");
    for (int c = 1; c < 256; c++) {
        const char text[] = {(char)c, '\0'};
        g_autofree char *one = notice_xtext(text);
        for (const char *at = one; *at; at++)
            assert_true(*at > ' ' && *at < 0x7f && *at != '=');
    }
}

static void a_name_is_printable_and_of_the_length_that_servers_take(void **state)
{
    (void)state;
    Notice notice = {.when = NOTICE_DELAY};
    g_autofree char *longest = g_strnfill(NOTICE_ID, 'a');
    g_autofree char *longer = g_strnfill(NOTICE_ID + 1, 'a');
    g_autofree char *coded = g_strnfill(NOTICE_ID / 3 + 1, '+');
    assert_true(notice_name(&notice, longest));
    assert_string_equal(notice.id, longest);
    const char *const bad[] = {longer, coded, "", "a\nb", "gr\u00f6\u00dfe", "\x7f"};
    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
        assert_false(notice_name(&notice, bad[i]));
        assert_string_equal(notice.id, "");
    }
    assert_int_equal(notice.when, NOTICE_DELAY);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_read_in_any_case_and_order),
        cmocka_unit_test(p9_99_other_words_are_refused_and_shown_safely),
        cmocka_unit_test(p9_99_no_byte_of_xtext_could_end_a_parameter),
        cmocka_unit_test(a_name_is_printable_and_of_the_length_that_servers_take),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
