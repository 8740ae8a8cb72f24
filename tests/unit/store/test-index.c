#include "store/index.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "core/error.h"
#include "core/limits.h"
#include "store/sealedvfs.h"
#include "tests/unit/store/index-fixture.h"

/* The subjects of the hits in their order, as "3 1 2". */
static void assert_finds(Index *index, const char *text, SearchSort sort, const char *subjects)
{
    g_autoptr(GPtrArray) hits = search(index, text, 0, sort);
    g_autoptr(GString) found = g_string_new(NULL);
    for (guint i = 0; i < hits->len; i++) {
        const Hit *hit = hits->pdata[i];
        g_string_append_printf(found, "%s%s", i > 0 ? " " : "", hit->subject);
    }
    if (strcmp(found->str, subjects) != 0)
        fail_msg("%s finds %s", text, found->str);
}

static void every_query_finds_what_an_oracle_finds(void **state)
{
    Fixture *fixture = *state;
    g_autoptr(GRand) random = g_rand_new_with_seed(20241);
    for (guint round = 0; round < 12; round++) {
        g_autoptr(GPtrArray) letters = letters_new();
        gint count = g_rand_int_range(random, 1, 90);
        for (gint row = 1; row <= count; row++)
            g_ptr_array_add(letters, letter_random(random, row));
        index_close(fixture->index);
        assert_true(index_drop(fixture->dir, NULL));
        fixture->index = open_index(fixture);
        add_all(fixture->index, letters, count);
        letters_sort(letters);
        for (guint i = 0; i < 150; i++) {
            g_autofree char *text = query_random(random, i % 4);
            assert_as_oracle(fixture->index, letters, text,
                             i % 3 ? 0 : (guint)g_rand_int_range(random, 1, 10), i % 5 == 0);
        }
        assert_as_oracle(fixture->index, letters, "", 0, FALSE);
    }
}

static void a_hit_carries_the_fields_of_the_contract(void **state)
{
    Fixture *fixture = *state;
    g_autoptr(GPtrArray) letters = letters_new();
    Letter *letter = write_letter(letters, "Invoice 17", "please pay");
    letter->date = 1710936000;
    letter->size = 12345;
    letter->flags = g_strsplit("\\Flagged todo $Forwarded \\Recent", " ", 0);
    letter->doc->from = g_strdup("Ann <ann@corp.example>");
    letter->doc->to =
        g_strdup("Smith, a@b, John <j@corp.example>\nb@corp.example\nDee <d@x.example>");
    letter->doc->snippet = g_strdup("please pay");
    letter->doc->attachments = 2;
    letter->doc->encrypted = TRUE;
    letter->doc->signature = SIGNATURE_GOOD_AT_INDEX;
    add_all(fixture->index, letters, 1);
    reopen(fixture);

    g_autoptr(GPtrArray) hits = search(fixture->index, "subject:invoice", 0, SORT_NEWEST);
    assert_int_equal(hits->len, 1);
    const Hit *hit = hits->pdata[0];
    assert_string_equal(hit->id, letter->id);
    assert_int_equal(strlen(hit->thread), 16);
    assert_int_equal(hit->date, 1710936000);
    assert_string_equal(hit->from, "Ann <ann@corp.example>");
    assert_int_equal(hit->to->len, 3);
    assert_string_equal(hit->to->pdata[0], "Smith, a@b, John <j@corp.example>");
    assert_string_equal(hit->to->pdata[1], "b@corp.example");
    assert_string_equal(hit->to->pdata[2], "Dee <d@x.example>");
    assert_string_equal(hit->subject, "Invoice 17");
    assert_string_equal(hit->account, "work");
    assert_int_equal(hit->folders->len, 1);
    assert_string_equal(hit->folders->pdata[0], "INBOX");
    assert_int_equal(hit->tags->len, 4);
    assert_string_equal(hit->tags->pdata[0], "flagged");
    assert_string_equal(hit->tags->pdata[1], "forwarded");
    assert_string_equal(hit->tags->pdata[2], "todo");
    assert_string_equal(hit->tags->pdata[3], "unread");
    assert_int_equal(hit->size, 12345);
    assert_true(hit->encrypted);
    assert_false(hit->sensitive);
    assert_string_equal(hit->signature, "good-at-index");
    assert_int_equal(hit->attachments, 2);
    assert_string_equal(hit->snippet, "please pay");
}

static void a_folder_is_found_without_those_above_it(void **state)
{
    Fixture *fixture = *state;
    static const char *const names[] = {"INBOX/Büro & Co", "INBOX.Büro & Co", "Büro & Co",
                                        "Nebenbüro & Co", "Büro & Co/alt"};
    g_autoptr(GPtrArray) letters = letters_new();
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *subject = g_strdup_printf("%u", i);
        Letter *letter = write_letter(letters, subject, "");
        g_free(letter->folder);
        letter->folder = g_strdup(names[i]);
    }
    add_all(fixture->index, letters, 1);
    assert_finds(fixture->index, "folder:\"büro & co\"", SORT_OLDEST, "0 1 2");
    assert_finds(fixture->index, "folder:\"INBOX/Büro & Co\"", SORT_OLDEST, "0");
    assert_finds(fixture->index, "folder:alt", SORT_OLDEST, "4");
    assert_finds(fixture->index, "folder:co", SORT_OLDEST, "");
    assert_finds(fixture->index, "folder:INBOX*", SORT_OLDEST, "0 1");
}

static void a_further_arrival_adds_its_folder_and_flags(void **state)
{
    Fixture *fixture = *state;
    g_autoptr(GPtrArray) letters = letters_new();
    Letter *letter = write_letter(letters, "one", "");
    add_all(fixture->index, letters, 1);
    assert_finds(fixture->index, "is:unread", SORT_NEWEST, "one");

    g_free(letter->folder);
    letter->folder = g_strdup("Archive");
    letter->flags = g_strsplit("\\seen todo", " ", 0);
    index_doc_free(g_steal_pointer(&letter->doc));
    add_all(fixture->index, letters, 2);
    add_all(fixture->index, letters, 3);
    assert_finds(fixture->index, "is:unread", SORT_NEWEST, "");
    assert_finds(fixture->index, "folder:inbox folder:archive tag:todo", SORT_NEWEST, "one");
    g_autoptr(Hit) hit = lookup(fixture->index, letter->id);
    assert_int_equal(hit->folders->len, 2);
    assert_int_equal(hit->tags->len, 1);

    /* One that comes later and unread does not make it unread again. */
    g_strfreev(g_steal_pointer(&letter->flags));
    g_free(letter->folder);
    letter->folder = g_strdup("Third");
    add_all(fixture->index, letters, 4);
    assert_finds(fixture->index, "is:unread", SORT_NEWEST, "");
}

static void an_arrival_without_its_message_is_our_bug(void **state)
{
    Fixture *fixture = *state;
    g_autoptr(GError) error = NULL;
    g_autoptr(Letter) letter = letter_new(1);
    index_doc_free(g_steal_pointer(&letter->doc));
    assert_true(index_begin(fixture->index, NULL));
    assert_false(letter_add(fixture->index, letter, &error));
    assert_int_equal(postern_exit_code(error), 70);
    index_rollback(fixture->index);
}

static void relevance_weighs_subjects_above_bodies(void **state)
{
    Fixture *fixture = *state;
    g_autoptr(GPtrArray) letters = letters_new();
    write_letter(letters, "invoice", "x");
    write_letter(letters, "b", "the invoice among many other words");
    write_letter(letters, "c", "nothing");
    add_all(fixture->index, letters, 3);
    assert_finds(fixture->index, "invoice", SORT_NEWEST, "b invoice");
    assert_finds(fixture->index, "invoice", SORT_OLDEST, "invoice b");
    assert_finds(fixture->index, "invoice", SORT_RELEVANCE, "invoice b");
    /* What no term ranks comes last, newest first; negated terms rank nothing. */
    assert_finds(fixture->index, "invoice OR size:<1", SORT_RELEVANCE, "invoice b c");
    assert_finds(fixture->index, "NOT invoice", SORT_RELEVANCE, "c");
    assert_finds(fixture->index, "", SORT_RELEVANCE, "c b invoice");
}

static void refuses(Index *index, const char *text, const char *says)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Query) query = query_parse(text, 0, NULL);
    assert_non_null(query);
    assert_null(index_search(index, query, 0, SORT_NEWEST, &error));
    assert_int_equal(postern_exit_code(error), 65);
    assert_string_equal(postern_error_rule(error), "query.syntax");
    if (!strstr(error->message, says))
        fail_msg("%s: %s", text, error->message);
}

static void a_term_without_letters_is_refused_at_its_character(void **state)
{
    Fixture *fixture = *state;
    refuses(fixture->index, "!!!", "\"!!!\" holds no letter or digit to search for (character 1 ");
    refuses(fixture->index, "a OR (b -subject:--)", "(character 10 ");
    refuses(fixture->index, "a -", "(character 3 ");
    refuses(fixture->index, "\"\u0301\"", "(character 1 ");
}

/* Whatever a query says: it is answered, or refused with 65. */
static void p8_94_no_query_becomes_syntax(void **state)
{
    Fixture *fixture = *state;
    static const char *const texts[] = {
        "\" OR",
        "NEAR(",
        "NEAR(a b)",
        "\"NEAR(a b)\"",
        "*",
        "col:",
        "\"col:\"",
        "a' OR 1=1 --",
        "a;b",
        "{subject}:a",
        "\"{subject} : a\"",
        "^a",
        "\"^a\"",
        "a+b",
        "\"a\" + \"b\"",
        "-a",
        "a NOT b",
        "near",
        "NEAR",
        "not",
        "subject:\"a OR b\"",
        "%",
        "_",
        "a%",
        "folder:%",
        "folder:\"_*\"",
        "tag:'",
        "account:\"a\\\"",
        "\"a\" *",
        "rowid:1",
        "words",
        "rank",
        "a\\",
        "?1",
        ":ranking",
        "$a",
        "@a",
        "a\xc2\xa0*",
        "\u202e",
        "\ufeffa",
        "''",
        "\\\"",
    };
    g_autoptr(GPtrArray) letters = letters_new();
    write_letter(letters, "a", "near OR not");
    add_all(fixture->index, letters, 1);
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(Query) query = query_parse(texts[i], 0, &error);
        g_autoptr(GPtrArray) hits =
            query ? index_search(fixture->index, query, 0, SORT_RELEVANCE, &error) : NULL;
        if (hits == NULL && (error == NULL || postern_exit_code(error) != 65))
            fail_msg("%s: %s", texts[i], error ? error->message : "no error");
    }
    assert_finds(fixture->index, "NEAR", SORT_NEWEST, "a");
    assert_finds(fixture->index, "body:\"near OR not\"", SORT_NEWEST, "a");
    assert_finds(fixture->index, "folder:%", SORT_NEWEST, "");
    assert_finds(fixture->index, "folder:_*", SORT_NEWEST, "");
}

/* The parser lets no quotation mark into a term; should one come all the same, it is quoted. */
static void p8_94_a_quotation_mark_in_a_term_stays_one(void **state)
{
    Fixture *fixture = *state;
    g_autoptr(GPtrArray) letters = letters_new();
    write_letter(letters, "a", "one");
    write_letter(letters, "b", "x or y");
    add_all(fixture->index, letters, 2);
    Query query = {.kind = QUERY_TEXT, .value = (char[]){"x\" OR \"y"}};
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) hits = index_search(fixture->index, &query, 0, SORT_RELEVANCE, &error);
    assert_non_null(hits);
    assert_int_equal(hits->len, 1);
    query.value = (char[]){"one\" OR \"y"};
    g_autoptr(GPtrArray) none = index_search(fixture->index, &query, 0, SORT_NEWEST, &error);
    assert_non_null(none);
    assert_int_equal(none->len, 0);
}

static void the_longest_query_is_answered(void **state)
{
    Fixture *fixture = *state;
    static const char *const joints[] = {" ", " OR ", " is:unread OR ", " -"};
    g_autoptr(GPtrArray) letters = letters_new();
    write_letter(letters, "a", "");
    add_all(fixture->index, letters, 1);
    for (gsize i = 0; i < G_N_ELEMENTS(joints); i++) {
        g_autoptr(GString) text = g_string_new("a");
        for (guint n = 0; n < (i == 2 ? 99 : 199); n++)
            g_string_append_printf(text, "%sa", joints[i]);
        g_autoptr(GPtrArray) hits = search(fixture->index, text->str, 0, SORT_RELEVANCE);
        assert_int_equal(hits->len, i < 3);
    }
}

static void the_deepest_query_is_answered(void **state)
{
    Fixture *fixture = *state;
    static const char *const steps[] = {"(a OR ", "(a ", "NOT (a OR ", "(is:unread "};
    g_autoptr(GPtrArray) letters = letters_new();
    write_letter(letters, "a", "");
    add_all(fixture->index, letters, 1);
    for (gsize i = 0; i < G_N_ELEMENTS(steps); i++) {
        g_autoptr(GString) text = g_string_new(NULL);
        for (guint n = 0; n < LIMIT_QUERY_DEPTH; n++)
            g_string_append(text, steps[(i + n % 2) % G_N_ELEMENTS(steps)]);
        g_string_append_c(text, 'a');
        for (guint n = 0; n < LIMIT_QUERY_DEPTH; n++)
            g_string_append_c(text, ')');
        g_ptr_array_unref(search(fixture->index, text->str, 0, SORT_RELEVANCE));
    }
}

static void words_of_every_script_are_found(void **state)
{
    Fixture *fixture = *state;
    g_autoptr(GPtrArray) letters = letters_new();
    write_letter(letters, "1", "請求書を送ります");
    write_letter(letters, "2", "한국어를 배우다 Müller");
    write_letter(letters, "3", "ใบแจ้งหนี้ของคุณ");
    add_all(fixture->index, letters, 3);
    assert_finds(fixture->index, "求書", SORT_NEWEST, "1");
    assert_finds(fixture->index, "書", SORT_NEWEST, "1");
    assert_finds(fixture->index, "body:書を*", SORT_NEWEST, "1");
    assert_finds(fixture->index, "국어", SORT_NEWEST, "2");
    assert_finds(fixture->index, "MULLER 배우", SORT_NEWEST, "2");
    assert_finds(fixture->index, "หนี้", SORT_NEWEST, "3");
    assert_finds(fixture->index, "請求書 OR แจ้ง", SORT_NEWEST, "3 1");
}

static void what_is_rolled_back_leaves_no_trace(void **state)
{
    Fixture *fixture = *state;
    g_autoptr(GPtrArray) letters = letters_new();
    write_letter(letters, "a", "alpha");
    assert_int_equal(index_position(fixture->index), 0);
    assert_true(index_begin(fixture->index, NULL));
    assert_true(letter_add(fixture->index, letters->pdata[0], NULL));
    assert_true(index_has(fixture->index, 1));
    index_rollback(fixture->index);
    assert_false(index_has(fixture->index, 1));
    assert_finds(fixture->index, "", SORT_NEWEST, "");
    add_all(fixture->index, letters, 7);
    reopen(fixture);
    assert_int_equal(index_position(fixture->index), 7);
    assert_finds(fixture->index, "alpha", SORT_NEWEST, "a");
    IndexStat stat;
    assert_true(index_stat(fixture->index, &stat, NULL));
    assert_int_equal(stat.messages, 1);
    assert_true(stat.bytes > 0);
}

static void a_reader_sees_whole_commits_only(void **state)
{
    Fixture *fixture = *state;
    g_autoptr(Index) reader = open_index(fixture);
    g_autoptr(GPtrArray) letters = letters_new();
    write_letter(letters, "a", "alpha");
    assert_true(index_begin(fixture->index, NULL));
    assert_true(letter_add(fixture->index, letters->pdata[0], NULL));
    assert_finds(fixture->index, "alpha", SORT_NEWEST, "a");
    assert_finds(reader, "alpha", SORT_NEWEST, "");
    assert_int_equal(index_position(reader), 0);
    assert_true(index_commit(fixture->index, 1, NULL));
    assert_finds(reader, "alpha", SORT_NEWEST, "a");
    assert_int_equal(index_position(reader), 1);
}

/* Searches while another thread commits, over and over; what a search counts never shrinks. */
static gpointer write_many(gpointer user)
{
    g_autoptr(Index) writer = open_index(user);
    for (gint64 row = 1; row <= 120; row++) {
        g_autoptr(GPtrArray) letters = letters_new();
        Letter *letter = letter_new(row);
        letter->doc->body = g_strdup("alpha beta");
        g_ptr_array_add(letters, letter);
        add_all(writer, letters, row);
    }
    return NULL;
}

static void searches_go_on_while_another_commits(void **state)
{
    Fixture *fixture = *state;
    GThread *writer = g_thread_new("writer", write_many, fixture);
    guint last = 0;
    while (last < 120) {
        g_autoptr(GPtrArray) hits = search(fixture->index, "alpha is:unread", 0, SORT_NEWEST);
        assert_true(hits->len >= last);
        last = hits->len;
    }
    g_thread_join(writer);
}

static void another_key_opens_nothing_and_changes_nothing(void **state)
{
    Fixture *fixture = *state;
    g_autoptr(GError) error = NULL;
    g_autoptr(Secret) other = secret_new("another private half, of 32 byte", KEY_SIZE);
    g_autoptr(GPtrArray) letters = letters_new();
    write_letter(letters, "a", "alpha");
    add_all(fixture->index, letters, 1);
    assert_null(index_open(fixture->dir, the_vault, other, &error));
    assert_int_equal(postern_exit_code(error), 74);
    assert_string_equal(postern_error_rule(error), "index.damage");
    reopen(fixture);
    assert_finds(fixture->index, "alpha", SORT_NEWEST, "a");
}

static void p4_36_no_word_lies_readable_on_disk(void **state)
{
    Fixture *fixture = *state;
    static const char *const names[] = {"index.db", "index.db-wal", "index.db-shm"};
    g_autoptr(GPtrArray) letters = letters_new();
    Letter *letter = write_letter(letters, "watchword", "watchword");
    letter->doc->from = g_strdup("Watchword <watchword@watchword.example>");
    letter->doc->message_id = g_strdup("watchword@watchword.example");
    letter->doc->snippet = g_strdup("watchword");
    letter->flags = g_strsplit("watchword", " ", 0);
    g_free(letter->folder);
    letter->folder = g_strdup("watchword");
    add_all(fixture->index, letters, 1);
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *path = g_build_filename(fixture->dir, names[i], NULL);
        g_autofree char *bytes = NULL;
        gsize size;
        assert_true(g_file_get_contents(path, &bytes, &size, NULL));
        for (gsize at = 0; at < size; at++)
            bytes[at] = g_ascii_tolower(bytes[at]);
        assert_null(memmem(bytes, size, "watchword", 9));
        assert_null(memmem(bytes, size, "create table", 12));
    }
}

static void damage_is_told_and_never_an_empty_answer(void **state)
{
    Fixture *fixture = *state;
    g_autoptr(GPtrArray) letters = letters_new();
    g_autoptr(GRand) random = g_rand_new_with_seed(3);
    for (gint64 row = 1; row <= 300; row++)
        g_ptr_array_add(letters, letter_random(random, row));
    add_all(fixture->index, letters, 300);
    index_close(g_steal_pointer(&fixture->index));
    g_autofree char *path = g_build_filename(fixture->dir, "index.db", NULL);
    g_autofree char *whole = NULL;
    gsize size;
    guint told = 0;
    assert_true(g_file_get_contents(path, &whole, &size, NULL));
    g_autoptr(Query) query = query_parse("alpha OR NOT alpha", 0, NULL);
    for (gsize at = 100; at < size; at += SEALED_PAGE) {
        g_autoptr(GError) error = NULL;
        whole[at] ^= 1;
        assert_true(g_file_set_contents_full(path, whole, (gssize)size, 0, 0600, NULL));
        whole[at] ^= 1;
        g_autoptr(Index) index = index_open(fixture->dir, the_vault, fixture->key, &error);
        g_autoptr(GPtrArray) hits =
            index ? index_search(index, query, 0, SORT_RELEVANCE, &error) : NULL;
        if (hits == NULL) {
            assert_string_equal(postern_error_rule(error), "index.damage");
            told++;
        } else {
            assert_int_equal(hits->len, 300);
        }
    }
    assert_true(told > 5);
    assert_true(g_file_set_contents_full(path, whole, (gssize)size, 0, 0600, NULL));
    fixture->index = open_index(fixture);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    static const struct CMUnitTest tests[] = {
        CASE(every_query_finds_what_an_oracle_finds),
        CASE(a_hit_carries_the_fields_of_the_contract),
        CASE(a_folder_is_found_without_those_above_it),
        CASE(a_further_arrival_adds_its_folder_and_flags),
        CASE(an_arrival_without_its_message_is_our_bug),
        CASE(relevance_weighs_subjects_above_bodies),
        CASE(a_term_without_letters_is_refused_at_its_character),
        CASE(p8_94_no_query_becomes_syntax),
        CASE(p8_94_a_quotation_mark_in_a_term_stays_one),
        CASE(the_longest_query_is_answered),
        CASE(the_deepest_query_is_answered),
        CASE(words_of_every_script_are_found),
        CASE(what_is_rolled_back_leaves_no_trace),
        CASE(a_reader_sees_whole_commits_only),
        CASE(searches_go_on_while_another_commits),
        CASE(another_key_opens_nothing_and_changes_nothing),
        CASE(p4_36_no_word_lies_readable_on_disk),
        CASE(damage_is_told_and_never_an_empty_answer),
    };
    g_setenv("TZ", "UTC", TRUE);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
