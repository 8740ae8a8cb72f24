#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "store/index-threads.h"
#include "tests/unit/store/index-fixture.h"

/* ID may be NULL; REFERENCES are parted by blanks. */
static Letter *mail(GPtrArray *letters, const char *id, const char *references)
{
    Letter *letter = write_letter(letters, "s", "b");
    g_auto(GStrv) list = g_strsplit(references, " ", 0);
    letter->doc->message_id = g_strdup(id);
    for (GStrv at = list; *at; at++)
        if (**at)
            g_ptr_array_add(letter->doc->references, g_strdup(*at));
    return letter;
}

static char *thread_of(Index *index, const Letter *letter)
{
    g_autoptr(Hit) hit = lookup(index, letter->id);
    return g_strdup(hit->thread);
}

static gboolean together(Index *index, GPtrArray *letters, guint a, guint b)
{
    g_autofree char *left = thread_of(index, letters->pdata[a]);
    g_autofree char *right = thread_of(index, letters->pdata[b]);
    return strcmp(left, right) == 0;
}

static void answers_join_their_thread(void **state)
{
    Fixture *fixture = *state;
    g_autoptr(GPtrArray) letters = letters_new();
    mail(letters, "a", "");
    mail(letters, "b", "a");
    mail(letters, "c", "a b");
    mail(letters, "x", "");
    mail(letters, NULL, "b");
    mail(letters, NULL, "");
    mail(letters, NULL, "");
    add_all(fixture->index, letters, 7);
    assert_true(together(fixture->index, letters, 0, 1));
    assert_true(together(fixture->index, letters, 0, 2));
    assert_true(together(fixture->index, letters, 0, 4));
    assert_false(together(fixture->index, letters, 0, 3));
    assert_false(together(fixture->index, letters, 5, 6));
}

static void the_newest_may_come_first(void **state)
{
    Fixture *fixture = *state;
    g_autoptr(GPtrArray) letters = letters_new();
    mail(letters, "c", "a b");
    mail(letters, "d", "c");
    mail(letters, "a", "");
    add_all(fixture->index, letters, 3);
    assert_true(together(fixture->index, letters, 0, 1));
    assert_true(together(fixture->index, letters, 0, 2));
}

static void answers_to_a_missing_message_are_one_thread(void **state)
{
    Fixture *fixture = *state;
    g_autoptr(GPtrArray) letters = letters_new();
    mail(letters, "b", "lost");
    mail(letters, "c", "lost");
    add_all(fixture->index, letters, 2);
    assert_true(together(fixture->index, letters, 0, 1));
}

static void a_message_joins_two_threads_and_both_names_lead_there(void **state)
{
    Fixture *fixture = *state;
    g_autoptr(GPtrArray) letters = letters_new();
    mail(letters, "a", "");
    mail(letters, "b", "");
    mail(letters, "b2", "b");
    add_all(fixture->index, letters, 3);
    g_autofree char *older = thread_of(fixture->index, letters->pdata[0]);
    g_autofree char *larger = thread_of(fixture->index, letters->pdata[1]);
    mail(letters, "both", "a b2");
    add_all(fixture->index, letters, 4);
    g_autofree char *joined = thread_of(fixture->index, letters->pdata[2]);
    assert_string_equal(joined, older);
    const char *const names[] = {older, larger};
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *text = g_strconcat("thread:", names[i], NULL);
        g_autoptr(GPtrArray) hits = search(fixture->index, text, 0, SORT_NEWEST);
        assert_int_equal(hits->len, 4);
    }
    g_autoptr(GPtrArray) none = search(fixture->index, "thread:aaaaaaaaaaaaaaaa", 0, SORT_NEWEST);
    assert_int_equal(none->len, 0);
}

static void p8_messages_that_answer_each_other_do_no_harm(void **state)
{
    Fixture *fixture = *state;
    g_autoptr(GPtrArray) letters = letters_new();
    mail(letters, "a", "a a a");
    mail(letters, "b", "c");
    mail(letters, "c", "b");
    mail(letters, "c", "a");
    mail(letters, "", "");
    add_all(fixture->index, letters, 5);
    assert_true(together(fixture->index, letters, 1, 2));
    assert_true(together(fixture->index, letters, 0, 1));
}

/* The set that N belongs to, in the oracle. */
static guint root(const guint *parents, guint n)
{
    while (parents[n] != n)
        n = parents[n];
    return n;
}

#define IDS 40

static void threads_are_the_connected_sets_and_keep_their_names(void **state)
{
    Fixture *fixture = *state;
    g_autoptr(GRand) random = g_rand_new_with_seed(11);
    g_autoptr(GPtrArray) letters = letters_new();
    guint parents[IDS], own[IDS];
    for (guint i = 0; i < IDS; i++)
        parents[i] = i;
    for (guint i = 0; i < IDS; i++) {
        own[i] = (guint)g_rand_int_range(random, 0, IDS);
        g_autofree char *id = g_strdup_printf("%u@x", own[i]);
        g_autoptr(GString) references = g_string_new("");
        for (gint n = g_rand_int_range(random, 0, 3); n > 0; n--) {
            guint other = (guint)g_rand_int_range(random, 0, IDS);
            g_string_append_printf(references, " %u@x", other);
            parents[root(parents, other)] = root(parents, own[i]);
        }
        mail(letters, id, references->str);
    }
    add_all(fixture->index, letters, IDS);
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < IDS; i++) {
        g_ptr_array_add(names, thread_of(fixture->index, letters->pdata[i]));
        for (guint j = 0; j < i; j++)
            assert_int_equal(strcmp(names->pdata[i], names->pdata[j]) == 0,
                             root(parents, own[i]) == root(parents, own[j]));
    }
    index_close(fixture->index);
    assert_true(index_drop(fixture->dir, NULL));
    fixture->index = open_index(fixture);
    add_all(fixture->index, letters, IDS);
    for (guint i = 0; i < IDS; i++) {
        g_autofree char *again = thread_of(fixture->index, letters->pdata[i]);
        assert_string_equal(again, names->pdata[i]);
    }
}

/* --- conversations as results --------------------------------------------------------------- */

static gboolean describe(gpointer user, const ThreadHit *hit, GError **error)
{
    (void)error;
    g_string_append_printf(user, "%s %" G_GINT64_FORMAT " %u/%u %u:", hit->subject, hit->date,
                           hit->matched, hit->messages, hit->ids->len);
    for (guint i = 0; i < hit->authors->len; i++)
        g_string_append_printf(user, " %s", (const char *)hit->authors->pdata[i]);
    for (guint i = 0; i < hit->tags->len; i++)
        g_string_append_printf(user, " +%s", (const char *)hit->tags->pdata[i]);
    g_string_append_c(user, '\n');
    return TRUE;
}

static void assert_threads(Index *index, const char *text, guint limit, SearchSort sort,
                           const char *expected)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Query) query = query_parse(text, 0, &error);
    g_autoptr(GString) all = g_string_new(NULL);
    if (!index_search_threads(index, query, limit, sort, describe, all, &error))
        fail_msg("%s", error->message);
    assert_string_equal(all->str, expected);
}

/* Dates ascend by 100. */
static void a_conversation_is_one_result(void **state)
{
    Fixture *fixture = *state;
    static const struct {
        const char *id, *references, *subject, *from, *body;
    } cases[] = {
        {"a", "", "", "Ann <a@x>", "first"},
        {"b", "a", "Budget", "Bob <b@x>", "second"},
        {"x", "", "Other", "Cy <c@x>", "second"},
        {"c", "b", "Re: Budget", "Ann <a@x>", "third second second"},
        {NULL, "", "Alone", "", "fourth"},
    };
    g_autoptr(GPtrArray) letters = letters_new();
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        Letter *letter = mail(letters, cases[i].id, cases[i].references);
        g_free(letter->doc->subject);
        g_free(letter->doc->body);
        letter->doc->subject = g_strdup(cases[i].subject);
        letter->doc->from = g_strdup(cases[i].from);
        letter->doc->body = g_strdup(cases[i].body);
        letter->flags = g_strsplit(i == 1 ? "\\Seen todo" : "\\Seen", " ", 0);
    }
    add_all(fixture->index, letters, 7);
    Index *index = fixture->index;
    assert_threads(index, "", 0, SORT_NEWEST,
                   "Alone 400 1/1 1:\nBudget 300 3/3 3: Ann <a@x> Bob <b@x> +todo\n"
                   "Other 200 1/1 1: Cy <c@x>\n");
    assert_threads(index, "second", 0, SORT_OLDEST,
                   "Budget 300 2/3 2: Ann <a@x> Bob <b@x> +todo\nOther 200 1/1 1: Cy <c@x>\n");
    assert_threads(index, "second", 1, SORT_NEWEST,
                   "Budget 300 2/3 2: Ann <a@x> Bob <b@x> +todo\n");
    assert_threads(index, "body:second -third", 0, SORT_NEWEST,
                   "Other 200 1/1 1: Cy <c@x>\nBudget 100 1/3 1: Ann <a@x> Bob <b@x> +todo\n");
    assert_threads(index, "nothing", 0, SORT_NEWEST, "");
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    static const struct CMUnitTest tests[] = {
        CASE(answers_join_their_thread),
        CASE(the_newest_may_come_first),
        CASE(answers_to_a_missing_message_are_one_thread),
        CASE(a_message_joins_two_threads_and_both_names_lead_there),
        CASE(p8_messages_that_answer_each_other_do_no_harm),
        CASE(threads_are_the_connected_sets_and_keep_their_names),
        CASE(a_conversation_is_one_result),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
