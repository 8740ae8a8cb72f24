#include "store/query.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "core/error.h"
#include "core/limits.h"

#define NOW 1710936000 /* 2024-03-20 12:00 UTC, 13:00 in Berlin */

static void write_value(const Query *query, GString *out)
{
    static const char *const marks[] = {[QUERY_TEXT] = "", [QUERY_EXACT] = "=", [QUERY_FLAG] = "?"};
    if (query->field)
        g_string_append_printf(out, "%s:%s", query->field, marks[query->kind]);
    g_string_append_printf(out, query->phrase ? "'%s'" : "%s", query->value);
    if (query->prefix)
        g_string_append_c(out, '*');
}

/* The tree in one line, to compare. */
static void write_tree(const Query *query, GString *out)
{
    static const char *const names[] = {
        [QUERY_AND] = "and", [QUERY_OR] = "or", [QUERY_NOT] = "not"};
    switch (query->kind) {
    case QUERY_ALL: g_string_append(out, "all"); break;
    case QUERY_AND:
    case QUERY_OR:
    case QUERY_NOT:
        g_string_append_printf(out, "(%s ", names[query->kind]);
        write_tree(query->left, out);
        if (query->right) {
            g_string_append_c(out, ' ');
            write_tree(query->right, out);
        }
        g_string_append_c(out, ')');
        break;
    case QUERY_TEXT:
    case QUERY_EXACT:
    case QUERY_FLAG: write_value(query, out); break;
    case QUERY_DATE:
    case QUERY_SIZE:
        g_string_append_printf(out, "%s[%" G_GINT64_FORMAT ",%" G_GINT64_FORMAT "]",
                               query->kind == QUERY_DATE ? "date" : "size", query->from, query->to);
        break;
    }
}

static void queries_become_trees(void **state)
{
    (void)state;
    static const struct {
        const char *text, *tree;
    } cases[] = {
        {"", "all"},
        {"*", "all"},
        {" * ", "all"},
        {" \t\u3000 ", "all"},
        {"invoice", "invoice"},
        {"a b c", "(and (and a b) c)"},
        {"a AND b", "(and a b)"},
        {"a OR b c OR d", "(or (or a (and b c)) d)"},
        {"(a OR b) c", "(and (or a b) c)"},
        {"NOT a b", "(and (not a) b)"},
        {"NOT (a b)", "(not (and a b))"},
        {"a AND NOT b", "(and a (not b))"},
        {"-a", "(not a)"},
        {"a -\"b c\"", "(and a (not 'b c'))"},
        {"a -subject:b", "(and a (not subject:b))"},
        {"-(a b)", "(not (and a b))"},
        {"a-b", "a-b"},
        {"a - b", "(and (and a -) b)"},
        {"(a)b(c)", "(and (and a b) c)"},
        {"((a))", "a"},
        {"and or not", "(and (and and or) not)"},
        {"\"AND\"", "'AND'"},
        {"AND1", "AND1"},
        {"invoic*", "invoic*"},
        {"\"invoic*\"", "'invoic*'"},
        {"\"two words\"", "'two words'"},
        {"a\"b c\"d", "(and (and a 'b c') d)"},
        {"subject:invoice", "subject:invoice"},
        {"SUBJECT:Invoice", "subject:Invoice"},
        {"subject:\"due now\"", "subject:'due now'"},
        {"subject:invoic*", "subject:invoic*"},
        {"from:jsmith@corp.example", "from:jsmith@corp.example"},
        {"subject:re:x", "subject:re:x"},
        {"to:a cc:b body:c list:d filename:e.pdf",
         "(and (and (and (and to:a cc:b) body:c) list:d) filename:e.pdf)"},
        {"tag:invoices", "tag:=invoices"},
        {"folder:\"Sent Items\"", "folder:='Sent Items'"},
        {"folder:Projects*", "folder:=Projects*"},
        {"account:work", "account:=work"},
        {"id:ABCDEFGHIJKLMNOP", "id:=abcdefghijklmnop"},
        {"id:Some.One@Corp.Example", "message-id:=Some.One@Corp.Example"},
        {"id:<ABCDEFGHIJKLMNOP>", "message-id:=ABCDEFGHIJKLMNOP"},
        {"id:\"<a b@x>\"", "message-id:=a b@x"},
        {"thread:abcdefghijklmnop", "thread:=abcdefghijklmnop"},
        {"has:attachment is:Unread", "(and has:?attachment is:?unread)"},
        {"is:encrypted OR is:signed OR is:sensitive",
         "(or (or is:?encrypted is:?signed) is:?sensitive)"},
        {"12:30", "12:30"},
        {"2001:db8::1", "2001:db8::1"},
        {":x", ":x"},
        {"\"http://x\"", "'http://x'"},
        {"日本 語", "(and 日本 語)"},
        {"a\u00a0b", "(and a b)"},
        {"';--", "';--"},
        {"%_\\", "%_\\"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(Query) query = query_parse(cases[i].text, NOW, &error);
        if (query == NULL)
            fail_msg("%s: %s", cases[i].text, error->message);
        g_autoptr(GString) tree = g_string_new(NULL);
        write_tree(query, tree);
        assert_string_equal(tree->str, cases[i].tree);
    }
}

static void assert_range(const char *text, QueryKind kind, gint64 from, gint64 to)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Query) query = query_parse(text, NOW, &error);
    if (query == NULL)
        fail_msg("%s: %s", text, error->message);
    assert_int_equal(query->kind, kind);
    if (query->from != from || query->to != to)
        fail_msg("%s is [%" G_GINT64_FORMAT ", %" G_GINT64_FORMAT "]", text, query->from,
                 query->to);
}

static gint64 at(const char *iso)
{
    g_autoptr(GDateTime) moment = g_date_time_new_from_iso8601(iso, NULL);
    assert_non_null(moment);
    return g_date_time_to_unix(moment);
}

static void dates_are_those_of_the_local_time_zone(void **state)
{
    (void)state;
    static const struct {
        const char *text, *from, *to; /* NULL: open */
    } cases[] = {
        {"date:2024", "2024-01-01T00:00:00+01:00", "2024-12-31T23:59:59+01:00"},
        {"date:2024-02", "2024-02-01T00:00:00+01:00", "2024-02-29T23:59:59+01:00"},
        {"date:2024-03-05", "2024-03-05T00:00:00+01:00", "2024-03-05T23:59:59+01:00"},
        {"date:2024-03-31", "2024-03-31T00:00:00+01:00", "2024-03-31T23:59:59+02:00"},
        {"date:today", "2024-03-20T00:00:00+01:00", "2024-03-20T23:59:59+01:00"},
        {"date:Yesterday", "2024-03-19T00:00:00+01:00", "2024-03-19T23:59:59+01:00"},
        {"date:yesterday..today", "2024-03-19T00:00:00+01:00", "2024-03-20T23:59:59+01:00"},
        {"date:2024-01..2024-03", "2024-01-01T00:00:00+01:00", "2024-03-31T23:59:59+02:00"},
        {"date:2023..2024-01-15", "2023-01-01T00:00:00+01:00", "2024-01-15T23:59:59+01:00"},
        {"date:2024..", "2024-01-01T00:00:00+01:00", NULL},
        {"date:..2023", NULL, "2023-12-31T23:59:59+01:00"},
        {"date:7d..", "2024-03-13T13:00:00+01:00", NULL},
        {"date:2w..7d", "2024-03-06T13:00:00+01:00", "2024-03-13T13:00:00+01:00"},
        {"date:12h..", "2024-03-20T01:00:00+01:00", NULL},
        {"date:1m..", "2024-02-20T13:00:00+01:00", NULL},
        {"date:1y..", "2023-03-20T13:00:00+01:00", NULL},
        {"date:9999", "9999-01-01T00:00:00+01:00", NULL},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
        assert_range(cases[i].text, QUERY_DATE, cases[i].from ? at(cases[i].from) : G_MININT64,
                     cases[i].to ? at(cases[i].to) : G_MAXINT64);
}

static void sizes_are_compared(void **state)
{
    (void)state;
    const gint64 M = 1 << 20;
    assert_range("size:>1M", QUERY_SIZE, M + 1, G_MAXINT64);
    assert_range("size:>=1m", QUERY_SIZE, M, G_MAXINT64);
    assert_range("size:<10k", QUERY_SIZE, 0, 10239);
    assert_range("size:<=10K", QUERY_SIZE, 0, 10240);
    assert_range("size:<0", QUERY_SIZE, 0, -1);
    assert_range("size:1M..2M", QUERY_SIZE, M, 2 * M);
    assert_range("size:1G..", QUERY_SIZE, M * 1024, G_MAXINT64);
    assert_range("size:..500", QUERY_SIZE, 0, 500);
}

/* Every wrong query says what is wrong and at which character. */
static void p10_109_a_wrong_query_is_an_error_that_points_at_the_character(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        guint character;
        const char *says, *mend;
    } cases[] = {
        {"\" OR", 1, "never closed", "quotation"},
        {"a \"b", 3, "never closed", "quotation"},
        {"\"\"", 1, "empty", NULL},
        {"subject:\"\"", 1, "empty", NULL},
        {"OR a", 1, "OR has nothing on its left", "quote"},
        {"AND", 1, "AND has nothing on its left", "quote"},
        {"a OR", 3, "OR has nothing on its right", "quote"},
        {"a AND OR b", 7, "OR has nothing on its left", NULL},
        {"a OR OR b", 6, "OR has nothing on its left", NULL},
        {"a NOT", 3, "NOT has nothing on its right", NULL},
        {"NOT NOT a", 5, "NOT stands twice", NULL},
        {"--a", 2, "NOT stands twice", NULL},
        {"NOT )", 1, "NOT has nothing on its right", NULL},
        {"(a OR )", 4, "OR has nothing on its right", NULL},
        {"(a", 1, "never closed", NULL},
        {"a (b (c)", 3, "never closed", NULL},
        {"(", 1, "never closed", NULL},
        {")", 1, "closes nothing", NULL},
        {"a) b", 2, "closes nothing", NULL},
        {"()", 2, "empty", NULL},
        {"a ( )", 5, "empty", NULL},
        {"a *", 3, "no word on its left", "every message"},
        {"* a", 1, "no word on its left", NULL},
        {"(*)", 2, "no word on its left", NULL},
        {"**", 1, "no word on its left", NULL},
        {"*a", 1, "no word on its left", NULL},
        {"subject:*", 9, "no word on its left", NULL},
        {"in*ce", 3, "only end a word", "invoic*"},
        {"a**", 2, "only end a word", NULL},
        {"\"a b\"*", 6, "no word on its left", NULL},
        {"col:", 1, "no field \"col\"", "quotes"},
        {"fron:bob", 1, "no field \"fron\"", "from:"},
        {"invoice sbuject:x", 9, "no field \"sbuject\"", "subject:"},
        {"http://x", 1, "no field \"http\"", "quotes"},
        {"re:", 1, "no field \"re\"", "quotes"},
        {"subject:", 9, "nothing follows \"subject:\"", NULL},
        {"subject: x", 9, "nothing follows \"subject:\"", "directly"},
        {"subject:(a OR b)", 9, "not parentheses", "OR"},
        {"has:x", 5, "has: knows no \"x\"", "attachment"},
        {"is:read", 4, "is: knows no \"read\"", "unread"},
        {"is:unread*", 4, "is: knows no", NULL},
        {"id:x", 4, "no id", NULL},
        {"id:<>", 4, "or they are a Message-ID", NULL},
        {"thread:a@b", 8, "16 letters and digits (", NULL},
        {"thread:abcdefghijklmno1", 8, "no id", NULL},
        {"date:", 6, "nothing follows", NULL},
        {"date:x", 6, "not a date", NULL},
        {"date:7d", 6, "\"..\"", "7d.."},
        {"date:..", 6, "one end", NULL},
        {"date:2024-13", 6, "not a date", NULL},
        {"date:2023-02-29", 6, "not a date", NULL},
        {"date:0000", 6, "not a date", NULL},
        {"date:24", 6, "not a date", NULL},
        {"date:2024-1", 6, "not a date", NULL},
        {"date:2024/01/01", 6, "not a date", NULL},
        {"date:2024-01..2024-13", 15, "not a date", NULL},
        {"date:2024..2023", 6, "before it begins", NULL},
        {"date:1970..99999999d", 12, "not a date", NULL},
        {"date:99999y..", 6, "not a date", NULL},
        {"date:7x..", 6, "not a date", NULL},
        {"size:1M", 6, "compared", "size:>1M"},
        {"size:>", 7, "not a size", NULL},
        {"size:>1T", 7, "not a size", NULL},
        {"size:>1MM", 7, "not a size", NULL},
        {"size:>-1", 7, "not a size", NULL},
        {"size:>999999999999G", 7, "not a size", NULL},
        {"size:>9999999999999", 7, "not a size", NULL},
        {"size:1M..x", 10, "not a size", NULL},
        {"size:..", 6, "one end", NULL},
        {"size:2M..1M", 6, "before it begins", NULL},
        {"日本語 fron:x", 5, "no field \"fron\"", NULL},
        {"NEAR(", 5, "never closed", NULL},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(Query) query = query_parse(cases[i].text, NOW, &error);
        g_autofree char *place = g_strdup_printf("(character %u of the query", cases[i].character);
        if (query != NULL)
            fail_msg("%s was taken", cases[i].text);
        assert_int_equal(postern_exit_code(error), 65);
        assert_string_equal(postern_error_rule(error), "query.syntax");
        assert_non_null(postern_error_mend(error));
        if (!strstr(error->message, cases[i].says) || !strstr(error->message, place))
            fail_msg("%s: %s", cases[i].text, error->message);
        if (cases[i].mend && !strstr(postern_error_mend(error), cases[i].mend))
            fail_msg("%s: %s", cases[i].text, postern_error_mend(error));
    }
}

static void assert_refused(const char *text, const char *says)
{
    g_autoptr(GError) error = NULL;
    assert_null(query_parse(text, NOW, &error));
    assert_int_equal(postern_exit_code(error), 65);
    if (!strstr(error->message, says))
        fail_msg("%s", error->message);
}

static void the_caret_stands_before_the_fault(void **state)
{
    (void)state;
    assert_refused("invoice fron:bob", "invoice ^fron:bob");
    assert_refused("aaaaaaaaaa bbbbbbbbbb cccccccccc fron:bob dddddddddd eeeeeeeeee ffffffffff",
                   "…a bbbbbbbbbb cccccccccc ^fron:bob dddddddddd eeee…");
}

static char *repeated(const char *piece, guint times)
{
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < times; i++)
        g_string_append(text, piece);
    return g_string_free(text, FALSE);
}

static void p8_94_limits_hold(void **state)
{
    (void)state;
    g_autofree char *longest = repeated("a", LIMIT_QUERY);
    g_autofree char *longer = repeated("a", LIMIT_QUERY + 1);
    g_autofree char *brackets = repeated("(", 100000);
    g_autofree char *open = repeated("(", LIMIT_QUERY_DEPTH);
    g_autofree char *close = repeated(")", LIMIT_QUERY_DEPTH);
    g_autofree char *deepest = g_strconcat(open, "a", close, NULL);
    g_autofree char *deeper = g_strconcat("(", deepest, ")", NULL);
    g_autofree char *most = repeated("a ", LIMIT_QUERY_TERMS);
    g_autofree char *more = repeated("a ", LIMIT_QUERY_TERMS + 1);
    g_autofree char *siblings = repeated("(a)", LIMIT_QUERY_DEPTH + 1);
    const char *const fine[] = {longest, deepest, most, siblings};
    for (gsize i = 0; i < G_N_ELEMENTS(fine); i++) {
        g_autoptr(Query) query = query_parse(fine[i], NOW, NULL);
        assert_non_null(query);
    }
    assert_refused(longer, "longer than 4096 bytes");
    assert_refused(brackets, "longer than 4096 bytes");
    assert_refused(deeper, "deeper than 32 (character 33 ");
    assert_refused(more, "at most 200 terms");
}

static void p8_94_what_is_not_utf8_is_refused(void **state)
{
    (void)state;
    assert_refused("a\xff", "character 2 of the query is not UTF-8");
    assert_refused("\xed\xa0\x80", "character 1 of the query is not UTF-8");
}

static void p8_a_fault_shows_no_control_characters(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    assert_null(query_parse("is:\x1b[2Jx \x07 \u202e", NOW, &error));
    assert_null(strchr(error->message, '\x1b'));
    assert_null(strchr(error->message, '\x07'));
    assert_null(strstr(error->message, "\u202e"));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(queries_become_trees),
        cmocka_unit_test(dates_are_those_of_the_local_time_zone),
        cmocka_unit_test(sizes_are_compared),
        cmocka_unit_test(p10_109_a_wrong_query_is_an_error_that_points_at_the_character),
        cmocka_unit_test(the_caret_stands_before_the_fault),
        cmocka_unit_test(p8_94_limits_hold),
        cmocka_unit_test(p8_94_what_is_not_utf8_is_refused),
        cmocka_unit_test(p8_a_fault_shows_no_control_characters),
    };
    g_setenv("TZ", "Europe/Berlin", TRUE);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
