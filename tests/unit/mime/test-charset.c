#include "mime/charset.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "mime/transfer.h"

typedef struct {
    const char *label;
    const char *bytes;
    const char *text;
} Case;

static void bytes_become_utf8(void **state)
{
    (void)state;
    static const Case cases[] = {
        {NULL, "", ""},
        {NULL, "Grüße", "Grüße"},
        {NULL,
         "Gr\xfc\xdf"
         "e",
         "Grüße"},
        {"us-ascii", "\xe9", "é"},
        {"UTF-8", "a\xc3", "a\xef\xbf\xbd"},
        {"utf-8", "\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
        {"ISO-8859-1", "\x80", "€"},
        {"koi8-u", "\xa6", "і"},
        {"iso-2022-jp", "\x1b$B$3\x1b(B!", "こ!"},
        {"iso-2022-jp", "\x1b$B\xff$3", "\xef\xbf\xbdこ"},
        {"gb18030", "\x81", "\xef\xbf\xbd"},
        {"big5", "\x88\x62", "Ê̄"},
        {"utf-7", "+AGE-\xff", "a\xef\xbf\xbd"},
        {"utf-8//TRANSLIT", "\xc3\xa9", "é"},
        {"koi8-r//TRANSLIT", "\xc1", "Á"},
        {"iso-2022-cn-ext", "\x1b$*H", "\x1b$*H"},
        {"a-very-long-name-that-no-character-set-ever-had",
         "\xff"
         "b",
         "ÿb"},
        /* What mailers call them. */
        {"ISO8859-1", "\xe9", "é"},
        {"iso_8859-15", "\xa4", "€"},
        {"\"utf-8\"", "é", "é"},
        {"'utf-8'", "é", "é"},
        {"utf-8; format=flowed", "é", "é"},
        {"iso-8859-2 (Central Europe)", "\xb1", "ą"},
        {"x-cp1251", "\xe0", "а"},
        {"win-1251", "\xe0", "а"},
        {"Windows1251", "\xe0", "а"},
        {"IBM850", "\x81", "ü"},
        {"cp-866", "\xa0", "а"},
        {"x-mac-cyrillic", "\xe0", "а"},
        {"x-gbk", "\xc4\xe3", "你"},
        {"euc-cn", "\xc4\xe3", "你"},
        {"cn-big5", "\xa7\x41", "你"},
        {"KSC5601", "\xb0\xa1", "가"},
        {"iso-2022-kr", "\x1b$)C\x0e\x30\x21\x0f", "가"},
        {"sjis", "\x82\xa0", "あ"},
        {"_iso-2022-jp$ESC", "\x1b$B$3\x1b(B", "こ"},
        {"unicode-1-1-utf-7", "+AGE-", "a"},
        {"x-unknown", "\xe9", "é"},
        {"", "\xe9", "é"},
        {"x-", "\xe9", "é"},
        {"iso-8859-", "\xe9", "é"},
        {"-", "\xe9", "é"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text =
            charset_to_utf8(cases[i].label, cases[i].bytes, strlen(cases[i].bytes));
        assert_string_equal(text, cases[i].text);
    }
}

/* What is wholly another charset is not tried byte by byte. */
static void p8_87_bytes_that_never_decode_cost_little(void **state)
{
    (void)state;
    g_autofree char *bytes = g_strnfill(8 * 1024 * 1024, '\xff');
    clock_t start = clock(); /* of this process alone, whatever else runs */
    g_autofree char *text = charset_to_utf8("euc-jp", bytes, strlen(bytes));
    assert_true(g_utf8_validate(text, -1, NULL));
    assert_true(clock() - start < 2 * CLOCKS_PER_SEC);
}

static void transfer_encodings_are_undone(void **state)
{
    (void)state;
    static const Case cases[] = {
        {NULL, "a=3D", "a=3D"},
        {"7bit", "a=3D", "a=3D"},
        {"x-unknown", "YQ==", "YQ=="},
        {"quoted-printable", "a=3D=\r\nb =\n=C3=A9=", "a=b \xc3\xa9"},
        {"BASE64", "YWI=\r\nZGVm", "abdef"},
        {"base64", "Y W-I*", "ab"},
        {"base64", "YQ", "a"},
        {"base64", "Y", ""},
        {"base64", "====", ""},
        {"base64", "", ""},
        {"x-uuencode", "begin 644 f\n#86)C\n`\nend\n", "abc"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GBytes) bytes = g_bytes_new(cases[i].bytes, strlen(cases[i].bytes));
        g_autoptr(GBytes) decoded = transfer_decode(cases[i].label, bytes);
        gsize size = g_bytes_get_size(decoded);
        assert_int_equal(size, strlen(cases[i].text));
        if (size > 0)
            assert_memory_equal(g_bytes_get_data(decoded, NULL), cases[i].text, size);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_become_utf8),
        cmocka_unit_test(p8_87_bytes_that_never_decode_cost_little),
        cmocka_unit_test(transfer_encodings_are_undone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
