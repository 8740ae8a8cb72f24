/* A letter as the text that is edited. */
#include "mime/draftform.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/error.h"

static DraftForm *parse(const char *text)
{
    g_autoptr(GError) error = NULL;
    DraftForm *form = draftform_parse(text, strlen(text), &error);
    if (form == NULL)
        fail_msg("%s", error->message);
    return form;
}

/* "FIELD@LINE=VALUE|…|BODY" */
static char *describe(const DraftForm *form)
{
    GString *all = g_string_new(NULL);
    for (guint i = 0; i < form->lines->len; i++) {
        const DraftLine *line = form->lines->pdata[i];
        g_string_append_printf(all, "%s@%u=%s|", draftform_name(line->field), line->line,
                               line->value);
    }
    g_string_append(all, form->body);
    return g_string_free(all, FALSE);
}

static void assert_form(const char *text, const char *wanted)
{
    g_autoptr(DraftForm) form = parse(text);
    g_autofree char *got = describe(form);
    assert_string_equal(got, wanted);
}

static void assert_wrong(const char *text, gsize size, const char *words)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(DraftForm) form = draftform_parse(text, size, &error);
    assert_null(form);
    assert_string_equal(postern_error_rule(error), "draft.line");
    assert_int_equal(error->code, POSTERN_ERROR_INPUT);
    if (strstr(error->message, words) == NULL)
        fail_msg("no “%s” in “%s”", words, error->message);
}

static void fields_end_at_the_first_empty_line(void **state)
{
    (void)state;
    assert_form("To: a@b\nsubject : Hi: you\n\nTo: c@d\n\n# text\n",
                "To@1=a@b|Subject@2=Hi: you|To: c@d\n\n# text\n");
    assert_form("To: a@b\n \t\nbody", "To@1=a@b|body");
    assert_form("\nTo: a@b\n", "To: a@b\n");
    assert_form("To: a@b", "To@1=a@b|");
    assert_form("", "");
}

static void remarks_and_empty_fields_say_nothing(void **state)
{
    (void)state;
    assert_form("# To: x@y\nTo: \nCc:\n#\nBcc: a@b\n\n", "Bcc@5=a@b|");
}

static void a_folded_field_is_one_line(void **state)
{
    (void)state;
    assert_form("To: a@b,\n  c@d\nSubject: x\n y\n\tz\n\nb", "To@1=a@b, c@d|Subject@3=x y z|b");
}

static void other_editors_line_ends_are_line_ends(void **state)
{
    (void)state;
    assert_form("\xef\xbb\xbfTo: a@b\r\n\r\nx\r\ny", "To@1=a@b|x\ny");
    assert_form("To: a@b\r\r\n\r\nx\r\r\ny\r", "To@1=a@b|x\ny\r");
}

static void p9_99_what_is_no_field_is_told_with_its_line(void **state)
{
    (void)state;
    static const struct {
        const char *text, *words;
    } wrong[] = {
        {"To: a@b\n# x\nHello\n\n", "line 3 is no field"},
        {"From: a@b\nReply-To: c@d\n\n", "line 2 has the field “Reply-To”"},
        {"Subject: a\n\tb\nSUBJECT: c\n\n", "line 3 says Subject a second time"},
        {"From: a\nFrom: b\n\n", "line 2 says From a second time"},
        {" x\n\n", "line 1 is no field"},
        {"Subject: a\rBcc: x@y\n\n", "line 1 holds a control character"},
        {"Subject: a\033[2J\n\n", "line 1 holds a control character"},
        {"To: a@b\n\nx\n\xff\n", "line 4 is not UTF-8"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(wrong); i++)
        assert_wrong(wrong[i].text, strlen(wrong[i].text), wrong[i].words);
    assert_wrong("To: a\n\nb\0c", 10, "line 3 holds a NUL byte");
}

static void what_is_written_is_read_again(void **state)
{
    (void)state;
    g_autoptr(DraftForm) form = draftform_new();
    draftform_add(form, DRAFT_ENCLOSED, "1 a.pdf", 0);
    draftform_add(form, DRAFT_TO, "a@b", 0);
    draftform_add(form, DRAFT_TO, "  ", 0);
    draftform_add(form, DRAFT_TO, "c@d", 0);
    form->body = g_strdup("\n# body\nTo: x\n");
    g_autofree char *text = draftform_write(form, "# remark\n");
    assert_string_equal(text,
                        "# remark\nFrom: \nTo: a@b\nTo: c@d\nCc: \nBcc: \nSubject: \nAttach: \n"
                        "Enclosed: 1 a.pdf\n\n\n# body\nTo: x\n");
    assert_form(text, "To@3=a@b|To@4=c@d|Enclosed@9=1 a.pdf|\n# body\nTo: x\n");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_end_at_the_first_empty_line),
        cmocka_unit_test(remarks_and_empty_fields_say_nothing),
        cmocka_unit_test(a_folded_field_is_one_line),
        cmocka_unit_test(other_editors_line_ends_are_line_ends),
        cmocka_unit_test(p9_99_what_is_no_field_is_told_with_its_line),
        cmocka_unit_test(what_is_written_is_read_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
