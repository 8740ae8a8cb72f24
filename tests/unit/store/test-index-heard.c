/* Keys that mail brought along, as the index remembers them. */
#include "store/index-heard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/limits.h"
#include "tests/unit/store/index-fixture.h"

/* ROW: which message; it says that it was written at DATE, and came at ARRIVED. */
static void hear(Index *index, gint64 row, const char *address, const char *key, gint64 date,
                 gint64 arrived)
{
    g_autoptr(Letter) letter = letter_new(row);
    letter->date = arrived;
    letter->doc->carried = g_new0(CarriedKey, 1);
    letter->doc->carried->address = g_strdup(address);
    letter->doc->carried->key = g_bytes_new(key, strlen(key));
    letter->doc->carried->date = date;
    assert_true(index_begin(index, NULL));
    assert_true(letter_add(index, letter, NULL));
    assert_true(index_commit(index, row, NULL));
}

static void add_gossip(IndexDoc *doc, const char *sayer, const char *key, gint64 date)
{
    CarriedKey *said = g_new0(CarriedKey, 1);
    said->address = g_strdup("ann@a.example");
    said->sayer = g_strdup(sayer);
    said->key = g_bytes_new(key, strlen(key));
    said->date = date;
    doc->gossip = g_ptr_array_new_with_free_func((GDestroyNotify)carried_key_free);
    g_ptr_array_add(doc->gossip, said);
}

/* SAYER writes of ann@a.example; what he wrote came at 900. */
static void hear_say(Index *index, gint64 row, const char *sayer, const char *key, gint64 date)
{
    g_autoptr(Letter) letter = letter_new(row);
    letter->date = 900;
    add_gossip(letter->doc, sayer, key, date);
    assert_true(index_begin(index, NULL));
    assert_true(letter_add(index, letter, NULL));
    assert_true(index_commit(index, row, NULL));
}

/* "KEY MESSAGES LAST [SAYER]" each, the last one first. */
static void assert_heard(Index *index, const char *address, const char *wanted)
{
    g_autoptr(GPtrArray) all = index_heard(index, address, NULL);
    g_autoptr(GString) text = g_string_new(NULL);
    for (guint i = 0; i < all->len; i++) {
        const HeardKey *heard = all->pdata[i];
        g_string_append_printf(text, "%.*s %" G_GUINT64_FORMAT " %" G_GINT64_FORMAT "%s%s; ",
                               (int)g_bytes_get_size(heard->key),
                               (const char *)g_bytes_get_data(heard->key, NULL), heard->messages,
                               heard->last, heard->sayer ? " " : "",
                               heard->sayer ? heard->sayer : "");
    }
    assert_string_equal(text->str, wanted);
}

static void keys_are_told_by_address_the_last_one_first(void **state)
{
    Index *index = ((Fixture *)*state)->index;
    hear(index, 1, "ann@a.example", "old", 100, 900);
    hear(index, 2, "ann@a.example", "new", 300, 900);
    hear(index, 3, "ann@a.example", "old", 200, 900);
    hear(index, 4, "bob@a.example", "old", 500, 900);
    assert_heard(index, "Ann@A.Example", "new 1 300; old 2 200; ");
    assert_heard(index, "bob@a.example", "old 1 500; ");
    assert_heard(index, "eve@a.example", "");
    reopen(*state);
    assert_heard(((Fixture *)*state)->index, "ann@a.example", "new 1 300; old 2 200; ");
}

static void write_from(Index *index, gint64 row, const char *from, gint64 arrived)
{
    g_autoptr(Letter) letter = letter_new(row);
    letter->date = arrived;
    g_free(letter->doc->from);
    letter->doc->from = g_strdup(from);
    assert_true(index_begin(index, NULL));
    assert_true(letter_add(index, letter, NULL));
    assert_true(index_commit(index, row, NULL));
}

static void the_last_mail_of_an_address_is_known(void **state)
{
    Index *index = ((Fixture *)*state)->index;
    static const struct {
        const char *address;
        gint64 seen;
    } cases[] = {
        {"Ann@A.example", 700},
        {"bob@a.example", 800},
        {"n@a.example", 0},
        {"ann@a.exampl_", 0},
        {"", 0},
    };
    write_from(index, 1, "Ann <ANN@a.example>", 700);
    write_from(index, 2, "Ann <ann@a.example>", 300);
    write_from(index, 3, "bob@a.example", 800);
    write_from(index, 4, "\"<ann@a.example>\" <eve@a.example>", 900);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        gint64 seen = -1;
        assert_true(index_last_seen(index, cases[i].address, &seen, NULL));
        assert_int_equal(seen, cases[i].seen);
    }
}

static void a_message_that_lies_twice_counts_once(void **state)
{
    Index *index = ((Fixture *)*state)->index;
    hear(index, 1, "ann@a.example", "key", 100, 900);
    hear(index, 1, "ann@a.example", "key", 100, 901);
    assert_heard(index, "ann@a.example", "key 1 100; ");
}

static void p7_82_the_future_is_not_believed(void **state)
{
    Index *index = ((Fixture *)*state)->index;
    hear(index, 1, "ann@a.example", "liar", 5000, 400);
    hear(index, 2, "ann@a.example", "undated", 0, 450);
    hear(index, 3, "ann@a.example", "true", 500, 500);
    assert_heard(index, "ann@a.example", "true 1 500; undated 1 450; liar 1 400; ");
}

static void p7_82_limit_heard_keys(void **state)
{
    Index *index = ((Fixture *)*state)->index;
    for (gint64 i = 0; i < LIMIT_HEARD_KEYS; i++) {
        g_autofree char *key = g_strdup_printf("key%d", (int)i);
        hear(index, i + 1, "ann@a.example", key, 100 + i, 900);
    }
    assert_heard(index, "ann@a.example", "key3 1 103; key2 1 102; key1 1 101; key0 1 100; ");
    hear(index, 10, "ann@a.example", "older", 50, 900);
    assert_heard(index, "ann@a.example", "key3 1 103; key2 1 102; key1 1 101; key0 1 100; ");
    hear(index, 11, "ann@a.example", "newer", 150, 900);
    assert_heard(index, "ann@a.example", "newer 1 150; key3 1 103; key2 1 102; key1 1 101; ");
}

static void what_others_say_is_told_behind_with_who_said_it_last(void **state)
{
    Index *index = ((Fixture *)*state)->index;
    hear_say(index, 1, "bob", "said", 500);
    hear(index, 2, "ann@a.example", "said", 100, 900);
    hear_say(index, 3, "eve", "said", 600);
    hear_say(index, 4, "dan", "said", 550);
    hear_say(index, 5, "bob", "other", 5000); /* the future is not believed */
    assert_heard(index, "ann@a.example", "said 1 100; other 1 900 bob; said 3 600 eve; ");
    assert_heard(index, "bob", "");
}

static void p7_82_what_others_say_pushes_no_key_of_its_owner_out(void **state)
{
    Index *index = ((Fixture *)*state)->index;
    hear(index, 1, "ann@a.example", "own", 100, 900);
    for (gint64 i = 0; i <= LIMIT_HEARD_KEYS; i++) {
        g_autofree char *key = g_strdup_printf("lie%d", (int)i);
        hear_say(index, i + 2, "eve", key, 200 + i);
    }
    assert_heard(index, "ann@a.example",
                 "own 1 100; lie4 1 204 eve; lie3 1 203 eve; lie2 1 202 eve; lie1 1 201 eve; ");
}

static void what_waited_for_a_key_says_it_when_it_is_opened(void **state)
{
    Index *index = ((Fixture *)*state)->index;
    g_autoptr(Letter) letter = letter_new(1);
    letter->date = 700;
    assert_true(index_begin(index, NULL));
    assert_true(letter_add(index, letter, NULL));
    g_autoptr(IndexDoc) doc = index_doc_new();
    add_gossip(doc, "bob", "late", 800);
    JournalRecord record = {.row = 1};
    memcpy(record.id, letter->id, sizeof record.id);
    assert_true(index_defer(index, &record, letter->doc, 0, NULL));
    assert_heard(index, "ann@a.example", "");
    assert_true(index_settle(index, 1, doc, NULL));
    assert_true(index_hear_gossip(index, 2, doc, NULL)); /* gone meanwhile */
    assert_true(index_commit(index, 1, NULL));
    assert_heard(index, "ann@a.example", "late 1 700 bob; ");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(keys_are_told_by_address_the_last_one_first, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(the_last_mail_of_an_address_is_known, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_message_that_lies_twice_counts_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(p7_82_the_future_is_not_believed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(p7_82_limit_heard_keys, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_others_say_is_told_behind_with_who_said_it_last,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(p7_82_what_others_say_pushes_no_key_of_its_owner_out,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_waited_for_a_key_says_it_when_it_is_opened, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
