#include "store/query-explain.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "tests/unit/store/index-fixture.h"

static gboolean describe(gpointer user, const QueryPart *part, GError **error)
{
    (void)error;
    g_string_append_printf(user, "%u %" G_GSIZE_FORMAT " %s %" G_GUINT64_FORMAT "%s%s\n",
                           part->depth, part->at, part->term, part->found, part->value ? " " : "",
                           part->value ? part->value : "");
    assert_int_equal(part->sql != NULL, part->plan->len > 0);
    return TRUE;
}

static char *explained(Index *index, const char *text)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Query) query = query_parse(text, 0, &error);
    g_autoptr(GString) all = g_string_new(NULL);
    if (query == NULL || !query_explain(index, query, describe, all, &error))
        fail_msg("%s: %s", text, error->message);
    return g_strdup(all->str);
}

static void a_query_is_told_part_by_part(void **state)
{
    Fixture *fixture = *state;
    static const char *const cases[][2] = {
        {"", "0 1 all 3\n"},
        {"alpha", "0 1 alpha 2 \"alpha\"\n"},
        {"alpha subject:be* -is:unread",
         "0 19 AND 0 \"alpha\" AND {\"subject\"} : \"be\" *\n1 1 alpha 2 \"alpha\"\n"
         "1 7 subject:be* 2 {\"subject\"} : \"be\" *\n1 19 NOT 0\n2 20 is:unread 3 unread\n"},
        {"alpha OR beta OR size:1k..2k",
         "0 15 OR 3\n1 1 alpha 2 \"alpha\"\n1 10 beta 2 \"beta\"\n1 18 size:1024..2048 0\n"},
        {"date:1970-01-01..", "0 1 date:1970-01-01T00:00:00+00:00.. 3\n"},
    };
    g_autoptr(GPtrArray) letters = letters_new();
    write_letter(letters, "alpha beta", "x");
    write_letter(letters, "beta", "y");
    write_letter(letters, "alpha", "z");
    add_all(fixture->index, letters, 3);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *found = explained(fixture->index, cases[i][0]);
        assert_string_equal(found, cases[i][1]);
    }
}

static gboolean looked_up(gpointer user, const QueryPart *part, GError **error)
{
    (void)user;
    (void)error;
    for (guint i = 0; i < part->plan->len; i++)
        if (g_str_has_prefix(part->plan->pdata[i], "SCAN doc") ||
            strstr(part->plan->pdata[i], "doc USING INTEGER PRIMARY KEY (rowid>"))
            fail_msg("%s reads every message", part->term);
    return TRUE;
}

static void no_part_reads_every_message(void **state)
{
    Fixture *fixture = *state;
    g_autoptr(GError) error = NULL;
    g_autoptr(Query) query =
        query_parse("has:attachment is:encrypted is:signed is:sensitive is:unread size:>1M "
                    "date:1970 tag:todo tag:t* folder:INBOX account:work id:aaaaaaaaaaaaaaaa",
                    0, &error);
    if (query == NULL || !query_explain(fixture->index, query, looked_up, NULL, &error))
        fail_msg("%s", error->message);
}

static gboolean first(gpointer user, const QueryPart *part, GError **error)
{
    (void)error;
    if (part->depth == 0)
        *(guint64 *)user = part->found;
    return TRUE;
}

static void what_is_told_is_what_is_found(void **state)
{
    Fixture *fixture = *state;
    g_autoptr(GRand) random = g_rand_new_with_seed(7);
    g_autoptr(GPtrArray) letters = letters_new();
    for (gint64 row = 3; row < 200; row += g_rand_int_range(random, 1, 4))
        g_ptr_array_add(letters, letter_random(random, row));
    add_all(fixture->index, letters, 200);
    for (guint round = 0; round < 300; round++) {
        guint64 told = 0, found = 0;
        g_autofree char *text = query_random(random, 3);
        g_autoptr(Query) query = query_parse(text, 0, NULL);
        assert_true(query_explain(fixture->index, query, first, &told, NULL));
        for (guint i = 0; i < letters->len; i++)
            found += letter_matches(letters->pdata[i], query);
        if (told != found)
            fail_msg("%s: %" G_GUINT64_FORMAT " in place of %" G_GUINT64_FORMAT, text, told, found);
    }
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    static const struct CMUnitTest tests[] = {
        CASE(a_query_is_told_part_by_part),
        CASE(no_part_reads_every_message),
        CASE(what_is_told_is_what_is_found),
    };
    g_setenv("TZ", "UTC", TRUE);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
