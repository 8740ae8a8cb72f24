#include "store/index-address.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "tests/unit/store/index-fixture.h"

#define DAY 86400
#define NOW (G_GINT64_CONSTANT(1000) * DAY)

static void mail(GPtrArray *letters, guint days_ago, const char *from, const char *to)
{
    Letter *letter = write_letter(letters, "s", "b");
    letter->doc->from = g_strdup(from);
    letter->doc->to = g_strdup(to);
    letter->date = NOW - (gint64)days_ago * DAY;
}

static char *asked(Index *index, const char *text, guint limit)
{
    static const char *const own[] = {"John Smith <John@corp.example>", "smith@corp.example", NULL};
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) list = index_addresses(index, text, own, NOW, limit, &error);
    if (list == NULL)
        fail_msg("%s: %s", text, error->message);
    GString *out = g_string_new(NULL);
    for (guint i = 0; i < list->len; i++) {
        const AddressHit *hit = list->pdata[i];
        g_string_append_printf(out, "%s|%s|%u %u %u %d\n", hit->address, hit->name, hit->written,
                               hit->heard, hit->seen, (int)((NOW - hit->last) / DAY));
    }
    return g_string_free(out, FALSE);
}

static void assert_answer(Index *index, const char *text, guint limit, const char *expected)
{
    g_autofree char *found = asked(index, text, limit);
    assert_string_equal(found, expected);
}

static void whom_one_writes_to_comes_first(void **state)
{
    Fixture *fixture = *state;
    g_autoptr(GPtrArray) letters = letters_new();
    for (guint i = 0; i < 5; i++)
        mail(letters, 900, "Ann Old <ann.old@corp.example>", "john@corp.example");
    mail(letters, 3, "Ann M\u00fcller <ann@corp.example>",
         "john@corp.example\nAnna Seen <anna@x.example>");
    mail(letters, 2, "Ann M\u00fcller <Ann@Corp.example>", "john@corp.example");
    mail(letters, 1, "john@corp.example", "Annie <annie@x.example>\nann@corp.example");
    mail(letters, 1, "SMITH@corp.example", "\"Mueller, Annie\" <annie@x.example>");
    mail(letters, 0, "Announcements <no-reply@corp.example>", "smith@corp.example");
    mail(letters, 0, "\u4f50\u85e4 \u5065 <k.sato@corp.example>", "john@corp.example");
    add_all(fixture->index, letters, 20);
    Index *index = fixture->index;
    assert_answer(index, "ann", 0,
                  "annie@x.example|Mueller, Annie|2 0 0 1\n"
                  "ann@corp.example|Ann M\u00fcller|1 2 0 1\n"
                  "anna@x.example|Anna Seen|0 0 1 3\n"
                  "ann.old@corp.example|Ann Old|0 5 0 900\n"
                  "no-reply@corp.example|Announcements|0 1 0 0\n");
    assert_answer(index, "ANN mull", 0, "Ann@Corp.example|Ann M\u00fcller|0 2 0 2\n");
    assert_answer(index, "ann@corp.example", 1, "ann@corp.example|Ann M\u00fcller|1 2 0 1\n");
    assert_answer(index, "nn", 0, "");
    assert_answer(index, "\u4f50", 0, "k.sato@corp.example|\u4f50\u85e4 \u5065|0 1 0 0\n");
    assert_answer(index, "x.exam", 1, "annie@x.example|Mueller, Annie|2 0 0 1\n");
    g_autofree char *all = asked(index, "", 0);
    g_auto(GStrv) lines = g_strsplit(all, "\n", -1);
    assert_int_equal(g_strv_length(lines), 8 + 1);
    assert_true(g_str_has_prefix(lines[6], "john@corp.example|"));
    assert_true(g_str_has_prefix(lines[7], "SMITH@corp.example|") ||
                g_str_has_prefix(lines[7], "smith@corp.example|"));
}

static void p8_odd_fields_do_no_harm(void **state)
{
    Fixture *fixture = *state;
    g_autoptr(GPtrArray) letters = letters_new();
    static const char *const odd[] = {"<",
                                      ">",
                                      "<>",
                                      "a@b <",
                                      "x <a b@c>",
                                      ", ,, \n\n",
                                      "@",
                                      "A <a@x>, B <b@x>",
                                      "undisclosed-recipients",
                                      "<a@x"};
    for (gsize i = 0; i < G_N_ELEMENTS(odd); i++)
        mail(letters, 1, odd[i], odd[G_N_ELEMENTS(odd) - 1 - i]);
    add_all(fixture->index, letters, 20);
    g_autofree char *two = asked(fixture->index, "x", 0);
    assert_non_null(strstr(two, "a@x|A|"));
    assert_non_null(strstr(two, "b@x|B|"));
    static const char *const texts[] = {
        "", "\"", "*", "(", "a OR", "AND", "-", "@", ":", "from:x", "a b c d e f g h i j k l m"};
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autofree char *answer = asked(fixture->index, texts[i], 0);
        assert_non_null(answer);
    }
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    static const struct CMUnitTest tests[] = {
        CASE(whom_one_writes_to_comes_first),
        CASE(p8_odd_fields_do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
