#include "store/tokenizer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "core/limits.h"

static int open_table(void **state)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
    assert_true(tokenizer_register(db, NULL));
    assert_int_equal(sqlite3_exec(db,
                                  "CREATE VIRTUAL TABLE words USING fts5(body, content='', "
                                  "tokenize='postern')",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    *state = db;
    return 0;
}

static int close_table(void **state)
{
    return sqlite3_close(*state);
}

static sqlite3_stmt *bound(sqlite3 *db, const char *sql, const char *text)
{
    sqlite3_stmt *statement;
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_bind_text(statement, 1, text, -1, SQLITE_TRANSIENT), SQLITE_OK);
    return statement;
}

/* Whether TERM, as a phrase or (with PREFIX) the beginning of one, is found in TEXT. */
static gboolean found_in(sqlite3 *db, const char *text, const char *term, gboolean prefix)
{
    static gint64 row;
    g_autofree char *match = g_strdup_printf("\"%s\"%s", term, prefix ? "*" : "");
    g_autofree char *insert =
        g_strdup_printf("INSERT INTO words(rowid, body) VALUES (%" G_GINT64_FORMAT ", ?1)", ++row);
    sqlite3_stmt *statement = bound(db, insert, text);
    assert_int_equal(sqlite3_step(statement), SQLITE_DONE);
    sqlite3_finalize(statement);
    statement = bound(db, "SELECT max(rowid) FROM words WHERE words MATCH ?1", match);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    gboolean found = sqlite3_column_int64(statement, 0) == row;
    sqlite3_finalize(statement);
    return found;
}

static void words_are_found_in_every_spelling(void **state)
{
    static const struct {
        const char *text, *term;
        gboolean found;
    } cases[] = {
        {"The invoice is due", "INVOICE", TRUE},
        {"The invoice is due", "invoic", FALSE},
        {"The invoice is due", "due is", FALSE},
        {"Straße", "STRASSE", TRUE},
        {"Müller", "muller", TRUE},
        {"Mu\u0308ller", "Müller", TRUE},
        {"Tiếng Việt", "tieng viet", TRUE},
        {"Ｐｏｓｔｅｒｎ", "postern", TRUE},
        {"\U0001d40f\U0001d428stern", "postern", TRUE},
        {"ﬁnance", "finance", TRUE},
        {"İstanbul", "istanbul", TRUE},
        {"Ελλάδα", "ελλαδα", TRUE},
        {"Ὀδυσσεύς", "οδυσσευσ", TRUE},
        {"Йод", "йод", TRUE},
        {"И\u0306од", "йод", TRUE},
        {"Йод", "иод", FALSE},
        {"שָׁלוֹם", "שלום", TRUE},
        {"مُحَمَّد", "محمد", TRUE},
        {"हिन्दी में", "हिन्दी", TRUE},
        {"हिन्दी में", "हनद", FALSE},
        {"jsmith@corp.example", "corp.example", TRUE},
        {"jsmith@corp.example", "smith", FALSE},
        {"report-2024_final.pdf", "2024", TRUE},
        {"a\u00a0b", "a b", TRUE},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
        if (found_in(*state, cases[i].text, cases[i].term, FALSE) != cases[i].found)
            fail_msg("%s in %s", cases[i].term, cases[i].text);
}

static void unspaced_scripts_are_found_in_mid_run(void **state)
{
    static const struct {
        const char *text, *term;
        gboolean found;
    } cases[] = {
        {"請求書を送ります", "請求書", TRUE},
        {"請求書を送ります", "求書", TRUE},
        {"請求書を送ります", "書", TRUE},
        {"請求書を送ります", "す", TRUE},
        {"請求書を送ります", "請書", FALSE},
        {"請求書を送ります", "書求", FALSE},
        {"請求書を送ります", "請求書を送ります", TRUE},
        {"請求書を送ります", "請求書を送りました", FALSE},
        {"本日 本", "日本", FALSE},
        {"东京都", "京都", TRUE}, /* pairs know no words */
        {"サーバー移転", "サーバー", TRUE},
        {"ｻｰﾊﾞｰ移転", "サーバー", TRUE},
        {"請求書No5を", "求書no5を", TRUE},
        {"請求書No5を", "書no", FALSE},
        {"請求書No5を", "no5を", TRUE},
        {"請求書 No5", "求書 No5", TRUE},
        {"請求書を No5", "求書 No5", FALSE},
        {"A社B社", "a社b", TRUE},
        {"A社長B社", "a社b", FALSE},
        {"한국어를 배우다", "한국", TRUE},
        {"한국어를 배우다", "국어", TRUE},
        {"한국어를 배우다", "어를 배우", TRUE},
        {"ใบแจ้งหนี้ของคุณ", "แจ้งหนี้", TRUE},
        {"ใบแจ้งหนี้ของคุณ", "หนี้", TRUE},
        {"ใบแจ้งหนี้ของคุณ", "หน้", FALSE},
        {"ພາສາລາວ", "ສາລາ", TRUE},
        {"ភាសាខ្មែរ", "ខ្មែរ", TRUE},
        {"မြန်မာစာ", "မာစာ", TRUE},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
        if (found_in(*state, cases[i].text, cases[i].term, FALSE) != cases[i].found)
            fail_msg("%s in %s", cases[i].term, cases[i].text);
}

static void prefixes_are_found(void **state)
{
    static const struct {
        const char *text, *term;
        gboolean found;
    } cases[] = {
        {"The invoice", "invoic", TRUE},
        {"The invoice", "nvoic", FALSE},
        {"Müller", "MU", TRUE},
        {"foo-barista", "foo-bar", TRUE},
        {"請求書を送ります", "書", TRUE},
        {"請求書を送ります", "求書を", TRUE},
        {"請求書を送ります", "求を", FALSE},
        {"項目A社長", "目a社", TRUE},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
        if (found_in(*state, cases[i].text, cases[i].term, TRUE) != cases[i].found)
            fail_msg("%s* in %s", cases[i].term, cases[i].text);
}

/* Every stretch of a text of unspaced characters is found in it, and in no other order. */
static void any_stretch_of_a_run_is_found(void **state)
{
    static const char *const letters[] = {"請", "求", "書", "を", "ー", "한", "ท", "ี่"};
    g_autoptr(GRand) random = g_rand_new_with_seed(7);
    for (guint round = 0; round < 300; round++) {
        gint size = g_rand_int_range(random, 1, 9), begin = g_rand_int_range(random, 0, size);
        gint end = g_rand_int_range(random, begin + 1, size + 1);
        g_autoptr(GString) text = g_string_new(NULL);
        g_autoptr(GString) term = g_string_new(NULL);
        for (gint i = 0; i < size; i++) {
            const char *letter = letters[g_rand_int_range(random, 0, G_N_ELEMENTS(letters))];
            g_string_append(text, letter);
            if (i >= begin && i < end)
                g_string_append(term, letter);
        }
        if (!found_in(*state, text->str, term->str, round % 2))
            fail_msg("%s in %s", term->str, text->str);
    }
}

static void a_query_without_letters_yields_no_token(void **state)
{
    assert_int_equal(tokenizer_count(*state, "!!!"), 0);
    assert_int_equal(tokenizer_count(*state, " -- ()"), 0);
    assert_int_equal(tokenizer_count(*state, "\u0301"), 0);
    assert_int_equal(tokenizer_count(*state, "a"), 1);
    assert_int_equal(tokenizer_count(*state, "a.b@c"), 3);
    assert_int_equal(tokenizer_count(*state, "書"), 1);
    assert_int_equal(tokenizer_count(*state, "請求書"), 2);
    assert_int_equal(tokenizer_count(*state, "請求書 a"), 4);
}

static void p8_long_words_are_cut_at_a_character(void **state)
{
    g_autofree char *ascii = g_strnfill(LIMIT_TOKEN, 'a');
    g_autofree char *longer = g_strconcat(ascii, "bcd", NULL);
    g_autofree char *umlauts = g_strconcat("x", ascii + 1, "ж", NULL);
    assert_true(found_in(*state, longer, ascii, FALSE));
    assert_true(found_in(*state, longer, longer, FALSE));
    assert_true(found_in(*state, umlauts, umlauts, FALSE));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_found_in_every_spelling),
        cmocka_unit_test(unspaced_scripts_are_found_in_mid_run),
        cmocka_unit_test(prefixes_are_found),
        cmocka_unit_test(any_stretch_of_a_run_is_found),
        cmocka_unit_test(a_query_without_letters_yields_no_token),
        cmocka_unit_test(p8_long_words_are_cut_at_a_character),
    };
    return cmocka_run_group_tests(tests, open_table, close_table);
}
