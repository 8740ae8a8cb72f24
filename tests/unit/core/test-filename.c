/* Names that strangers propose. */
#include "core/filename.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/limits.h"

static void p8_92_names_become_files_of_this_directory(void **state)
{
    static const struct {
        const char *proposed, *safe;
    } cases[] = {
        {"report.pdf", "report.pdf"},
        {"Überblick 2024.pdf", "Überblick 2024.pdf"},
        {"議事録.txt", "議事録.txt"},
        {NULL, "part-2"},
        {"", "part-2"},
        {".", "part-2"},
        {"..", "part-2"},
        {" . . ", "part-2"},
        {"../../.ssh/authorized_keys", "_.._.ssh_authorized_keys"},
        {"/etc/passwd", "_etc_passwd"},
        {"C:\\autoexec.bat", "C__autoexec.bat"},
        {".bashrc", "bashrc"},
        {"-rf", "rf"},
        {"--to=x", "to=x"},
        {"a\nb\tc\rd", "a b c d"},
        {"a\x1b[31mb", "a_[31mb"},
        {"bill\u202egpj.exe", "bill_gpj.exe"},
        {"bi\u200dll.exe", "bi_ll.exe"},
        {"bill.pdf      .exe", "bill.pdf .exe"},
        {"bill.pdf.", "bill.pdf"},
        {"`reboot`$(x);&.txt", "_reboot__(x)__.txt"},
        {"bad\xff.txt", "bad\uFFFD.txt"},
    };
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *safe = filename_safe(cases[i].proposed, "part-2");
        assert_string_equal(safe, cases[i].safe);
    }
}

static void p8_87_a_long_name_keeps_its_ending(void **state)
{
    (void)state;
    g_autofree char *xs = g_strnfill(1000, 'x');
    g_autofree char *long_one = g_strconcat(xs, ".exe", NULL);
    g_autofree char *safe = filename_safe(long_one, "part-2");
    assert_int_equal(strlen(safe), LIMIT_FILE_NAME);
    assert_true(g_str_has_suffix(safe, "x.exe"));
    g_autofree char *no_ending = g_strconcat("a.", xs, NULL);
    g_autofree char *cut = filename_safe(no_ending, "part-2");
    assert_int_equal(strlen(cut), LIMIT_FILE_NAME);
    /* On a character. */
    g_autoptr(GString) wide = g_string_new(NULL);
    for (guint i = 0; i < 100; i++)
        g_string_append(wide, "書");
    g_string_append(wide, ".pdf");
    g_autofree char *whole = filename_safe(wide->str, "part-2");
    assert_true(g_utf8_validate(whole, -1, NULL));
    assert_true(g_str_has_suffix(whole, "書.pdf"));
    assert_in_range(strlen(whole), LIMIT_FILE_NAME - 2, LIMIT_FILE_NAME);
}

static void a_twin_has_a_number_before_its_ending(void **state)
{
    static const char *const cases[][2] = {
        {"report.pdf", "report-2.pdf"}, {"a.tar.gz", "a.tar-2.gz"}, {"README", "README-2"}};
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *twin = filename_numbered(cases[i][0], 2);
        assert_string_equal(twin, cases[i][1]);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(p8_92_names_become_files_of_this_directory),
        cmocka_unit_test(p8_87_a_long_name_keeps_its_ending),
        cmocka_unit_test(a_twin_has_a_number_before_its_ending),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
