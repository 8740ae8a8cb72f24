#include "store/tagtext.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "core/error.h"

static char *joined(const GPtrArray *lines)
{
    GString *out = g_string_new(NULL);
    for (guint i = 0; i < lines->len; i++) {
        const TagLine *line = lines->pdata[i];
        g_autofree char *changes = g_strjoinv("|", line->changes);
        g_string_append_printf(out, "%s %s\n", line->id, changes);
    }
    return g_string_free(out, FALSE);
}

static void assert_reads(const char *text, const char *expected, guint64 left_out)
{
    guint64 left;
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) lines = tagtext_read(text, strlen(text), "file", &left, &error);
    if (lines == NULL)
        fail_msg("%s: %s", text, error->message);
    g_autofree char *all = joined(lines);
    assert_string_equal(all, expected);
    assert_int_equal(left, left_out);
}

/* As `notmuch dump` writes it, quoted and encoded as its batch-tag documents. */
static void a_dump_of_notmuch_is_read(void **state)
{
    (void)state;
    assert_reads("#notmuch-dump batch-tag:3 config,properties,tags\n"
                 "#@ search.exclude_tags deleted%3bspam\n"
                 "#= x@y index.decryption=true\n"
                 "+inbox +unread +to%20do -- id:a1@corp.example\n"
                 "+caf%c3%a9 -old -- id:\"od\"\"d ( )@x\"\r\n"
                 "\n"
                 " -- id:none@x\n"
                 "+flagged -- id:only@x\n"
                 "+last  +one -- id:z",
                 "a1@corp.example +inbox|+to do\nod\"d ( )@x +café|-old\nz +last|+one\n", 2);
}

static void assert_refused(const char *text, gsize size, const char *says)
{
    guint64 left;
    g_autoptr(GError) error = NULL;
    if (tagtext_read(text, size, "the file", &left, &error))
        fail_msg("%s was taken", text);
    assert_int_equal(error->code, POSTERN_ERROR_INPUT);
    assert_string_equal(postern_error_rule(error), "tag.file");
    assert_non_null(postern_error_mend(error));
    if (strstr(error->message, says) == NULL)
        fail_msg("%s", error->message);
}

static void p10_109_a_line_that_says_nothing_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *text, *says;
    } cases[] = {
        {"+a -- id:x\n+b id:y\n", "the file:2: there is no \" -- \""},
        {"+a --id:x", ":1: there is no"},
        {"+a -- thread:x", "no id:"},
        {"+a -- id:", "no id:"},
        {"+a -- id:a b", "no id:"},
        {"+a -- id:\"a", "no id:"},
        {"+a -- id:\"\"", "no id:"},
        {"+a -- id:\"a\"b", "no id:"},
        {"+a -- id:\xff", "no id:"},
        {"a -- id:x", "neither"},
        {"+a%2 -- id:x", "hexadecimal"},
        {"+a%zz -- id:x", "hexadecimal"},
        {"+a%00 -- id:x", "hexadecimal"},
        {"+%1b[2J -- id:x", "cannot be seen"},
        {"+%ff -- id:x", "UTF-8"},
        {"+ -- id:x", "is empty"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
        assert_refused(cases[i].text, strlen(cases[i].text), cases[i].says);
    assert_refused("+a\0 -- id:x", 11, "zero byte");
    g_autoptr(GString) many = g_string_new(NULL);
    for (guint i = 0; i < 101; i++)
        g_string_append_printf(many, "+t%u ", i);
    g_string_append(many, "-- id:x");
    assert_refused(many->str, many->len, "more than 100 tags");
}

static void what_is_written_is_read_again(void **state)
{
    (void)state;
    static const char *const ids[] = {"a@b", "a b\"c(@x", "\"", "日本@x", "a%20b"};
    for (gsize i = 0; i < G_N_ELEMENTS(ids); i++) {
        g_autoptr(GPtrArray) tags = g_ptr_array_new();
        g_ptr_array_add(tags, (gpointer) "to do");
        g_ptr_array_add(tags, (gpointer) "100%/é:+-");
        g_autofree char *line = tagtext_line(tags, ids[i]);
        g_autofree char *expected = g_strconcat(ids[i], " +to do|+100%/é:+-\n", NULL);
        assert_int_equal(strcspn(line, "\n"), strlen(line) - 1);
        assert_reads(line, expected, 0);
    }
    g_autoptr(GPtrArray) one = g_ptr_array_new();
    g_ptr_array_add(one, (gpointer) "a b");
    g_autofree char *line = tagtext_line(one, "m(1)@x");
    assert_string_equal(line, "+a%20b -- id:\"m(1)@x\"\n");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_dump_of_notmuch_is_read),
        cmocka_unit_test(p10_109_a_line_that_says_nothing_is_named),
        cmocka_unit_test(what_is_written_is_read_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
