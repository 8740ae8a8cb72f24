#include "core/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "core/limits.h"

#define FSI "\xE2\x81\xA8"
#define PDI "\xE2\x81\xA9"
#define RLO "\xE2\x80\xAE"
#define ZWJ "\xE2\x80\x8D"
#define ZWNJ "\xE2\x80\x8C"
#define ZWSP "\xE2\x80\x8B"
#define MARK "\xEF\xBF\xBD"

typedef struct {
    const char *in;
    const char *out;
} Case;

static void check(char *(*clean)(const char *), const Case *cases, gsize n)
{
    for (gsize i = 0; i < n; i++) {
        g_autofree char *out = clean(cases[i].in);
        assert_string_equal(out, cases[i].out);
        assert_true(g_utf8_validate(out, -1, NULL));
    }
}

static void p8_85_controls_become_marks(void **state)
{
    (void)state;
    static const Case cases[] = {
        {"plain", "plain"},
        {"\x1B[2Jx", "␛[2Jx"},
        {"\x1B]52;c;aGk=\x07", "␛]52;c;aGk=␇"},
        {"a\bb\x7F", "a␈b␡"},
        {"a\r\nb", "a␍␊b"},
        {"\x0E\x0F", "␎␏"},
        {"\xC2\x9B"
         "2J",
         MARK "2J"}, /* C1 CSI in UTF-8 */
        {"\x9B"
         "2J",
         MARK "2J"}, /* and raw */
        {"a\xC2\x85"
         "b",
         "a␤b"},
        {"a\xE2\x80\xA8"
         "b\xE2\x80\xA9",
         "a␤b␤"},
        {"\xEF\xBF\xBE", MARK},           /* a noncharacter */
        {"\xED\xA0\x80", MARK MARK MARK}, /* a surrogate */
    };
    check(text_field, cases, G_N_ELEMENTS(cases));
    check(text_name, cases, G_N_ELEMENTS(cases));
}

static void white_space_is_folded(void **state)
{
    (void)state;
    static const Case cases[] = {
        {"  a \t b\xC2\xA0\xE3\x80\x80"
         "c  ",
         "a b c"},
        {"   ", ""},
        {"", ""},
    };
    check(text_field, cases, G_N_ELEMENTS(cases));
}

static void p8_86_bidi_stays_in_its_field(void **state)
{
    (void)state;
    static const Case cases[] = {
        {"invoice" RLO "fdp.exe", "invoice" MARK "fdp.exe"},
        {"\xE2\x80\xAA"
         "a\xE2\x80\xAC",
         MARK "a" MARK},
        {"a" PDI "b", "a" MARK "b"},
        {"a" FSI "b", "a" MARK "b"},
        {PDI FSI, MARK MARK},
        {"a" FSI "b" PDI, FSI "a" FSI "b" PDI PDI},
        {"שלום", FSI "שלום" PDI},
        {"a \xE2\x80\x8F", FSI "a \xE2\x80\x8F" PDI}, /* a right-to-left mark alone */
        {"سلام", FSI "سلام" PDI},
    };
    check(text_field, cases, G_N_ELEMENTS(cases));
}

static void p8_86_isolates_nest_to_a_limit(void **state)
{
    (void)state;
    g_autoptr(GString) deep = g_string_new(NULL);
    for (guint i = 0; i <= LIMIT_ISOLATES; i++)
        g_string_append(deep, FSI);
    for (guint i = 0; i <= LIMIT_ISOLATES; i++)
        g_string_append(deep, PDI);
    g_autofree char *out = text_field(deep->str);
    assert_non_null(strstr(out, FSI MARK PDI)); /* the innermost was refused */
    assert_true(g_str_has_suffix(out, PDI MARK PDI));
}

static void p8_86_joiners_stay_inside_words(void **state)
{
    (void)state;
    static const Case cases[] = {
        {"می" ZWNJ "خواهم", FSI "می" ZWNJ "خواهم" PDI},
        {"👨" ZWJ "👩" ZWJ "👧", "👨" ZWJ "👩" ZWJ "👧"},
        {"🏴\xF3\xA0\x81\xA7\xF3\xA0\x81\xBF", "🏴\xF3\xA0\x81\xA7\xF3\xA0\x81\xBF"},
        {"a\xF3\xA0\x81\xA7", "a" MARK},
        {"❤\xEF\xB8\x8F", "❤\xEF\xB8\x8F"},
        {ZWJ "a" ZWNJ " b" ZWJ, "a b"},
        {"a" ZWJ ZWJ "b", "a" ZWJ "b"},
        {"pre\xC2\xAD"
         "header" ZWSP "\xEF\xBB\xBF",
         "preheader"},
    };
    check(text_field, cases, G_N_ELEMENTS(cases));
}

static void p8_86_a_name_shows_what_is_invisible(void **state)
{
    (void)state;
    static const Case cases[] = {
        {"pay" ZWNJ "pal.example", "pay" MARK "pal.example"},
        {"a" ZWJ "b" ZWSP "c\xC2\xAD", "a" MARK "b" MARK "c" MARK},
        {"a" FSI "b" PDI, "a" MARK "b" MARK},
        {"a\xE3\x85\xA4"
         "b",
         "a" MARK "b"}, /* Hangul filler */
        {"❤\xEF\xB8\x8F.png", "❤" MARK ".png"},
        {"דוח.pdf", FSI "דוח.pdf" PDI},
    };
    check(text_name, cases, G_N_ELEMENTS(cases));
}

static void p8_86_mixed_domains_show_as_punycode(void **state)
{
    (void)state;
    static const Case domains[] = {
        {"corp.example", "corp.example"},
        {"соrp.example", "xn--rp-emcl.example"}, /* the first two letters are Cyrillic */
        {"пример.example", "пример.example"},
        {"bücher.example", "bücher.example"},
        {"例え-テスト.example", "例え-テスト.example"},
        {"한국漢字abc.example", "한국漢字abc.example"},
        {"漢ㄅ.example", "漢ㄅ.example"},
        {"漢б.example", "xn--90a7685c.example"},
        {"", ""},
        {"a" ZWSP "b.example", "a" MARK "b.example"},
        {"a.\xFF", "a." MARK},
        {"аb c.example", "аb c.example"}, /* no domain at all: shown as it is */
    };
    check(text_domain, domains, G_N_ELEMENTS(domains));
    static const Case addresses[] = {
        {"john@соrp.example", "john@xn--rp-emcl.example"},
        {"a@b@corp.example", "a@b@corp.example"},
        {"соrp", "соrp"},
        {"jo" ZWSP "hn@corp.example", "jo" MARK "hn@corp.example"},
    };
    check(text_address, addresses, G_N_ELEMENTS(addresses));
}

static void p8_86_every_right_to_left_block_is_isolated(void **state)
{
    (void)state;
    static const char *const letters[] = {"\xD7\x90",     "\xD8\xA7", "\xDC\x90",
                                          "\xDE\x80",     "\xDF\x8A", "\xEF\xAC\x9D",
                                          "\xEF\xB9\xB0", "𐠀",        "𞤀"};
    for (gsize i = 0; i < G_N_ELEMENTS(letters); i++) {
        g_autofree char *field = text_field(letters[i]);
        assert_true(g_str_has_prefix(field, FSI) && g_str_has_suffix(field, PDI));
    }
}

static void p8_86_no_invisible_character_stays_in_a_name(void **state)
{
    (void)state;
    static const gunichar invisible[] = {0xAD,    0x34F,   0x61C,  0x115F, 0x1160, 0x17B4,
                                         0x17B5,  0x180E,  0x200B, 0x200E, 0x200F, 0x2060,
                                         0x2064,  0x2800,  0x3164, 0xFE0F, 0xFEFF, 0xFFA0,
                                         0xE0100, 0xE0001, 0xFFF9, 0x206A, 0xFDD0, 0xE0061};
    for (gsize i = 0; i < G_N_ELEMENTS(invisible); i++) {
        g_autofree char *name = g_ucs4_to_utf8(&invisible[i], 1, NULL, NULL, NULL);
        g_autofree char *shown = text_name(name);
        assert_string_equal(shown, MARK);
    }
}

static void p8_87_marks_on_a_letter_are_bounded(void **state)
{
    (void)state;
    g_autoptr(GString) zalgo = g_string_new("a");
    for (guint i = 0; i < 100000; i++)
        g_string_append(zalgo, i % 7 ? "\xCC\x81" : "\xCC\x81" ZWJ);
    g_string_append(zalgo, "b");
    g_autofree char *out = text_field(zalgo->str);
    assert_true(strlen(out) < 20 + LIMIT_COMBINING * 5);
    assert_true(g_str_has_suffix(out, MARK "b"));
}

static void a_body_keeps_its_lines_and_blanks(void **state)
{
    (void)state;
    static const Case cases[] = {
        {"a\n  b\tc\n", "a\n  b\tc\n"},
        {"a\r\nb\r\n", "a\nb\n"},
        {"a\rb", "a␍b"},
        {"x\n" RLO "y\nz", "x\n" MARK "y\nz"},
        {"x\nשלום\n", "x\n" FSI "שלום" PDI "\n"},
        {FSI "a\nb" PDI, MARK "a\nb" MARK}, /* an isolate ends with its line */
        {"\x1B[31mred", "␛[31mred"},
        {"", ""},
    };
    check(text_body, cases, G_N_ELEMENTS(cases));
}

static void bytes_become_utf8(void **state)
{
    (void)state;
    g_autofree char *nul = text_utf8("a\0b", 3);
    assert_string_equal(nul, "a" MARK "b");
    g_autofree char *cut = text_utf8("\xE2\x82\xAC", 2);
    assert_string_equal(cut, MARK MARK);
    g_autofree char *overlong = text_utf8("\xC0\xAF", -1);
    assert_string_equal(overlong, MARK MARK);
    g_autofree char *beyond = text_utf8("\xF4\x90\x80\x80", -1);
    assert_string_equal(beyond, MARK MARK MARK MARK);
    g_autofree char *nothing = text_utf8("", 0);
    assert_string_equal(nothing, "");
}

static void width_counts_columns(void **state)
{
    (void)state;
    assert_int_equal(text_width("abc"), 3);
    assert_int_equal(text_width("請求書"), 6);
    assert_int_equal(text_width("e\xCC\x81" ZWJ), 1);
    assert_int_equal(text_width(FSI "ab" PDI), 2);
    assert_int_equal(text_width(""), 0);
}

static void a_fit_is_never_wider(void **state)
{
    (void)state;
    static const struct {
        const char *in;
        guint columns;
        const char *out;
    } cases[] = {
        {"hello", 5, "hello"},
        {"hello", 4, "hel…"},
        {"hello", 1, "…"},
        {"hello", 0, ""},
        {"", 0, ""},
        {"請求書", 5, "請求…"},
        {"請求書", 4, "請…"},
        {"ae\xCC\x81"
         "xyz",
         3, "ae\xCC\x81…"},
        {FSI "שלום" PDI, 3, FSI "של…" PDI},
        {FSI "a" PDI "bcd", 3, FSI "a" PDI "b…"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *out = text_fit(cases[i].in, cases[i].columns);
        assert_string_equal(out, cases[i].out);
        assert_true(text_width(out) <= cases[i].columns);
    }
}

static void a_count_agrees_with_its_noun(void **state)
{
    (void)state;
    g_autofree char *one = text_count(1, "message", "messages");
    assert_string_equal(one, "1 message");
    g_autofree char *none = text_count(0, "message", "messages");
    assert_string_equal(none, "0 messages");
}

static void a_word_is_one_to_a_shell(void **state)
{
    (void)state;
    static const char *const words[] = {"work", "my work", "it's", "$(reboot)", "a;b", "", "x\ny"};
    for (gsize i = 0; i < G_N_ELEMENTS(words); i++) {
        g_autofree char *word = text_word(words[i]);
        g_autofree char *safe = text_name(words[i]);
        g_autofree char *back = g_shell_unquote(word, NULL);
        assert_string_equal(back, safe);
        assert_int_equal(strcmp(word, safe) == 0, i == 0);
    }
}

/* A line that a terminal would cut goes on where its gutter is drawn. */
static void p7_75_long_lines_are_cut(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        guint columns;
        const char *lines; /* joined by "|" */
    } cases[] = {
        {"", 4, ""},
        {"abcd", 4, "abcd"},
        {"abcde\nf\n", 4, "abcd|e|f|"},
        {"ab\tcd", 8, "ab|\t|cd"},
        {"\t\t", 4, "\t|\t"},
        {"秘密秘", 5, "秘密|秘"},
        {"abcdefgh", 0, "abcdefgh"},
        {"e\u0301e\u0301e", 2, "e\u0301e\u0301|e"},
        {"\u2068abcd\u2069e", 3, "\u2068abc\u2069|\u2068d\u2069e"},
        {"\u2068ab\nc", 3, "\u2068ab\u2069|c"},
        {"\u2069abcd", 3, "\u2069abc|d"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(GStrv) lines = text_wrap(cases[i].text, cases[i].columns);
        g_autofree char *joined = g_strjoinv("|", lines);
        assert_string_equal(joined, cases[i].lines);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(p8_85_controls_become_marks),
        cmocka_unit_test(white_space_is_folded),
        cmocka_unit_test(p8_86_bidi_stays_in_its_field),
        cmocka_unit_test(p8_86_isolates_nest_to_a_limit),
        cmocka_unit_test(p8_86_joiners_stay_inside_words),
        cmocka_unit_test(p8_86_a_name_shows_what_is_invisible),
        cmocka_unit_test(p8_86_mixed_domains_show_as_punycode),
        cmocka_unit_test(p8_86_every_right_to_left_block_is_isolated),
        cmocka_unit_test(p8_86_no_invisible_character_stays_in_a_name),
        cmocka_unit_test(p8_87_marks_on_a_letter_are_bounded),
        cmocka_unit_test(a_body_keeps_its_lines_and_blanks),
        cmocka_unit_test(bytes_become_utf8),
        cmocka_unit_test(width_counts_columns),
        cmocka_unit_test(a_fit_is_never_wider),
        cmocka_unit_test(a_count_agrees_with_its_noun),
        cmocka_unit_test(p7_75_long_lines_are_cut),
        cmocka_unit_test(a_word_is_one_to_a_shell),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
