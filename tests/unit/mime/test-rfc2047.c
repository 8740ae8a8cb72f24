#include "mime/rfc2047.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

typedef struct {
    const char *raw;
    const char *decoded;
} Case;

static void check(const Case *cases, gsize count)
{
    for (gsize i = 0; i < count; i++) {
        g_autofree char *decoded = rfc2047_decode(cases[i].raw);
        assert_string_equal(decoded, cases[i].decoded);
        assert_true(g_utf8_validate(decoded, -1, NULL));
    }
}

static void words_of_many_languages_decode(void **state)
{
    (void)state;
    static const Case cases[] = {
        {"=?UTF-8?B?0J/RgNC40LLQtdGCLCDQvNC40YA=?=", "Привет, мир"},
        {"=?koi8-r?B?8NLJ18XU?=", "Привет"},
        {"=?windows-1251?Q?=CF=F0=E8=E2=E5=F2?=", "Привет"},
        {"=?ISO-2022-JP?B?GyRCJDMkcyRLJEEkTxsoQg==?=", "こんにちは"},
        {"=?Shift_JIS?B?grGC8YLJgr+CzQ==?=", "こんにちは"},
        {"=?GB2312?B?xOO6ww==?=", "你好"},
        {"=?big5?B?p0GmbqFB?=", "你好，"},
        {"=?euc-kr?B?vsiz5w==?=", "안녕"},
        {"=?windows-1256?B?48fL?=", "ماث"},
        {"=?utf-8?B?2YXYsdit2KjYpyDwn5iA?=", "مرحبا 😀"},
        {"=?iso-8859-1?q?Gr=FC=DFe_aus_K=F6ln?=", "Grüße aus Köln"},
        {"=?iso-8859-1*de?Q?M=FCller?=", "Müller"},
        {"plain words", "plain words"},
    };
    check(cases, G_N_ELEMENTS(cases));
}

static void folded_words_lose_nothing(void **state)
{
    (void)state;
    static const Case cases[] = {
        {"=?UTF-8?B?YWI=?= =?UTF-8?B?ZGVm?=", "abdef"},
        {"=?UTF-8?B?YWI=?=   \t=?utf-8?q?c?= d =?UTF-8?B?ZQ==?=", "abc d e"},
        /* One Cyrillic letter, half in each word; then by Q; then by both. */
        {"=?UTF-8?B?0A==?= =?UTF-8?B?nw==?=", "П"},
        {"=?UTF-8?Q?=D0?= =?UTF-8?Q?=9F!?=", "П!"},
        {"=?UTF-8?B?0A==?= =?UTF-8?Q?=9F?=", "П"},
        /* Different charsets are not joined. */
        {"=?iso-8859-1?Q?=FC?= =?utf-8?B?w7w=?=", "üü"},
        {"Re: =?utf-8?Q?a?= (=?utf-8?Q?b?=)", "Re: a (b)"},
    };
    check(cases, G_N_ELEMENTS(cases));
}

static void p8_malformed_words_stay_as_they_are(void **state)
{
    (void)state;
    static const Case cases[] = {
        {"=?", "=?"},
        {"=?utf-8", "=?utf-8"},
        {"=?utf-8?", "=?utf-8?"},
        {"=?utf-8?X?abc?=", "=?utf-8?X?abc?="},
        {"=?utf-8?Q?abc", "=?utf-8?Q?abc"},
        {"=?utf-8?Q?abc =?utf-8?Q?def?=", "=?utf-8?Q?abc def"},
        {"=?utf-8?Q?"
         "?= x",
         " x"},
        {"=?utf-8?Q?100=?=", "100="},
        {"=?utf-8?Q?=4?=", "=4"},
        {"=?utf-8?Q?two words?=", "two words"},
        {"=?utf-8?B?YQ?=", "a"},
        {"=?utf-8?B?!!!?=", ""},
        {"caf\xe9", "café"},
    };
    check(cases, G_N_ELEMENTS(cases));
}

static void p8_88_only_listed_charsets_reach_iconv(void **state)
{
    (void)state;
    static const Case cases[] = {
        {"=?x-unknown?Q?caf=E9_ol=E9?=", "café olé"},
        {"=?utf-7?Q?+AGE-?=", "a"},
        {"=?ISO-2022-CN-EXT?B?G05u?=", "\x1bNn"},
        {"=?ASCII//TRANSLIT?Q?=E9?=", "é"},
        {"=?../../gconv?Q?=E9?=", "é"},
        {"=?utf-8?Q?=C3=28=FF?=", "\xef\xbf\xbd(\xef\xbf\xbd"},
    };
    check(cases, G_N_ELEMENTS(cases));
}

static void p8_85_a_decoded_word_stays_on_its_line(void **state)
{
    (void)state;
    static const Case cases[] = {
        {"=?utf-8?Q?a=0D=0ABcc:_b?=", "a  Bcc: b"},
        {"=?utf-8?B?YQBi?=", "a\xef\xbf\xbd"
                             "b"},
    };
    check(cases, G_N_ELEMENTS(cases));
}

/* 256 KB of each: a quadratic decoder would take minutes. */
static void p8_87_time_is_linear(void **state)
{
    (void)state;
    static const char *const units[] = {"=?", "=?utf-8?Q?", "=?utf-8?Q?=?= ", "?=", "=?a?b?=?"};
    for (gsize i = 0; i < G_N_ELEMENTS(units); i++) {
        g_autoptr(GString) raw = g_string_new(NULL);
        while (raw->len < 256 * 1024)
            g_string_append(raw, units[i]);
        clock_t start = clock(); /* of this process alone, whatever else runs */
        g_autofree char *decoded = rfc2047_decode(raw->str);
        assert_non_null(decoded);
        assert_true(clock() - start < 2 * CLOCKS_PER_SEC);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_of_many_languages_decode),
        cmocka_unit_test(folded_words_lose_nothing),
        cmocka_unit_test(p8_malformed_words_stay_as_they_are),
        cmocka_unit_test(p8_88_only_listed_charsets_reach_iconv),
        cmocka_unit_test(p8_85_a_decoded_word_stays_on_its_line),
        cmocka_unit_test(p8_87_time_is_linear),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
