#include "mime/rfc2231.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "core/limits.h"

typedef struct {
    const char *raw;
    const char *value;
    const char *name; /* the parameter asked for */
    const char *text; /* NULL: missing */
} Case;

static void parameters_are_read(void **state)
{
    (void)state;
    static const Case cases[] = {
        {NULL, "", "x", NULL},
        {"", "", "x", NULL},
        {"Text/PLAIN; Charset=UTF-8", "text/plain", "charset", "UTF-8"},
        {"text/plain (c;d) ; (e) charset = us-ascii (f)", "text/plain", "charset", "us-ascii"},
        {"a; x=\"q \\\" ; y\"; z=1", "a", "x", "q \" ; y"},
        {"a; x=\"q \\\" ; y\"; z=1", "a", "z", "1"},
        {"a; x=1; x=2", "a", "x", "1"},
        {"a; filename=two words.txt; z=1", "a", "filename", "two words.txt"},
        {"a; x", "a", "x", NULL},
        {"a; =1; x=2", "a", "x", "2"},
        {"a;;; x=2", "a", "x", "2"},
        {"a; x=\"open", "a", "x", "open"},
        {"a; x=", "a", "x", ""},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Parameters) parameters = parameters_parse(cases[i].raw);
        assert_string_equal(parameters_value(parameters), cases[i].value);
        g_autofree char *text = parameters_get(parameters, cases[i].name);
        if (cases[i].text == NULL)
            assert_null(text);
        else
            assert_string_equal(text, cases[i].text);
    }
}

static void file_names_of_all_forms_decode(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"filename*=utf-8''%D0%B0%20b.txt", "а b.txt"},
        {"filename*=UTF-8'ru'%d0%b0", "а"},
        {"filename*=iso-8859-1''%fc", "ü"},
        {"filename*0=a; filename*1=b; filename*2=\"c d\"", "abc d"},
        {"filename*1*=%B0; filename*0*=utf-8''%D0", "а"},
        {"filename*0*=utf-8''%D0; filename*1*=%B0; filename*2=%41", "а%41"},
        {"filename=plain; filename*=utf-8''better", "better"},
        {"filename=\"=?utf-8?Q?=D0=B0?=\"", "а"},
        {"filename*0=a; filename*2=c", "a"},
        {"filename*x=a; filename=b", "b"},
        {"filename*=a%4", "a%4"},
        {"filename*=utf-8''a%0d%0ab", "a  b"},
        {"filename*=x-none''a%ff", "aÿ"},
        {"filename*=%2f..'//TRANSLIT'%ff", "ÿ"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *raw = g_strconcat("attachment; ", cases[i][0], NULL);
        g_autoptr(Parameters) parameters = parameters_parse(raw);
        g_autofree char *text = parameters_get(parameters, "filename");
        assert_string_equal(text, cases[i][1]);
    }
}

static void p8_87_limit_parameters(void **state)
{
    (void)state;
    g_autoptr(GString) raw = g_string_new("x");
    for (guint i = 0; i < 100000; i++)
        g_string_append_printf(raw, ";n*%u=a", i);
    clock_t start = clock(); /* of this process alone, whatever else runs */
    g_autoptr(Parameters) parameters = parameters_parse(raw->str);
    g_autofree char *text = parameters_get(parameters, "n");
    assert_int_equal(strlen(text), LIMIT_PARAMETERS);
    assert_true(clock() - start < CLOCKS_PER_SEC);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(parameters_are_read),
        cmocka_unit_test(file_names_of_all_forms_decode),
        cmocka_unit_test(p8_87_limit_parameters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
