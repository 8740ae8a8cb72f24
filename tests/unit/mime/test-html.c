#include "mime/html.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

typedef struct {
    const char *html;
    const char *text;
} Case;

static void check(const Case *cases, gsize count)
{
    for (gsize i = 0; i < count; i++) {
        g_autofree char *text = html_to_text(cases[i].html);
        assert_string_equal(text, cases[i].text);
    }
}

static void html_reads_as_text(void **state)
{
    (void)state;
    static const Case cases[] = {
        {"", "\n"},
        {"plain", "plain\n"},
        {"  a \n\t b  ", "a b\n"},
        {"<p>one</p><p>two</p>", "one\n\ntwo\n"},
        {"a<br>b<BR/>c", "a\nb\nc\n"},
        {"a<br><br><br><br><br><br>b", "a\n\n\nb\n"},
        {"<div>a</div><div>b</div>c", "a\nb\nc\n"},
        {"<ul><li>a<li>b</ul>", "* a\n* b\n"},
        {"<table><tr><td>a</td><td>b</td></tr><tr><td>c</table>", "a b\nc\n"},
        {"<b>bo</b>ld <i> it </i>", "bold it\n"},
        {"<pre>a\n  b</pre>", "a\n  b\n"},
        {"<hr>a", "---\na\n"},
        {"<img alt=\"a &amp; b\" src='http://x.example/t.gif'>c", "a & bc\n"},
        {"<H1 CLASS=x>Title</H1>text", "Title\n\ntext\n"},
    };
    check(cases, G_N_ELEMENTS(cases));
}

static void what_is_not_text_is_dropped(void **state)
{
    (void)state;
    static const Case cases[] = {
        {"<html><head><title>t</title><style>p{}</style></head><body>b", "b\n"},
        {"<head><meta x>hidden<body>b", "b\n"},
        {"a<script>if (1 < 2) alert('</p>')</script>b", "ab\n"},
        {"a<style><!-- x --></STYLE >b", "ab\n"},
        {"a<!-- <b>c</b> -->d", "ad\n"},
        {"a<!DOCTYPE x>b<?xml y?>c", "abc\n"},
        {"a<o:p>b</o:p>", "ab\n"},
    };
    check(cases, G_N_ELEMENTS(cases));
}

static void a_link_shows_where_it_leads(void **state)
{
    (void)state;
    static const Case cases[] = {
        {"<a href=\"https://x.example/\">https://x.example</a>", "https://x.example\n"},
        {"<a href='https://evil.example/'>https://bank.example</a>!",
         "https://bank.example <https://evil.example/>!\n"},
        {"<a href=https://x.example/a?b=1&amp;c=2>here</a>",
         "here <https://x.example/a?b=1&c=2>\n"},
        {"<a href=\"mailto:a@x.example\">a@x.example</a>", "a@x.example\n"},
        {"<a href=\"mailto:a@x.example\">Ann</a>", "Ann <a@x.example>\n"},
        {"<a href=\"javascript:alert(1)\">x</a>", "x\n"},
        {"<a name=y>x</a>", "x\n"},
        {"<a href=\"https://x.example/\">never closed", "never closed <https://x.example/>\n"},
        {"<a href=\"https://x.example/&#10;<b>\">x</a>", "x <https://x.example/__b_>\n"},
    };
    check(cases, G_N_ELEMENTS(cases));
}

static void character_references_are_undone(void **state)
{
    (void)state;
    static const Case cases[] = {
        {"&lt;b&gt; &amp;amp; &quot;&apos;", "<b> &amp; \"'\n"},
        {"Gr&uuml;&szlig;e&nbsp;&nbsp;&euro;5 &hellip;", "Grüße €5 …\n"},
        {"&#65;&#x42;&#x1F600;&#150;", "AB😀–\n"},
        {"&#0;&#xD800;&#x110000;&#99999999999;&#27;",
         "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\n"},
        {"a&shy;b&#8203;c", "abc\n"},
        {"AT&T &unknown; & &#; &#x; &amp", "AT&T &unknown; & &#; &#x; &\n"},
    };
    check(cases, G_N_ELEMENTS(cases));
}

static void p8_89_broken_html_loses_little(void **state)
{
    (void)state;
    static const Case cases[] = {
        {"a < b and 3<4", "a < b and 3<4\n"},
        {"<", "<\n"},
        {"a<b", "a\n"},
        {"</", "</\n"},
        {"<a href=", "\n"},
        {"a<!--b", "a\n"},
        {"a<script>b", "a\n"},
        {"<p title='it's'>x", "x\n"},
        {"<b>Привет, 世界</b>", "Привет, 世界\n"},
    };
    check(cases, G_N_ELEMENTS(cases));
}

static void the_charset_of_a_page_is_found(void **state)
{
    (void)state;
    static const Case cases[] = {
        {"<meta charset=\"KOI8-R\">", "koi8-r"},
        {"<META http-equiv=x content='text/html; charset=windows-1251'>", "windows-1251"},
        {"<meta name=x>", NULL},
        {"charset=utf-8", NULL},
        {"", NULL},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *charset = html_charset(cases[i].html, strlen(cases[i].html));
        if (cases[i].text == NULL)
            assert_null(charset);
        else
            assert_string_equal(charset, cases[i].text);
    }
}

/* 4 MB of each: a quadratic reader would take hours. */
static void p8_89_time_is_linear(void **state)
{
    (void)state;
    static const char *const units[] = {
        "<",    "<b>",  "<a href=http://x>", "<!--", "<script>", "&",           "&#1;", "<a ",
        "<br>", "</a>", "<a href='http://x", "<li>", "<pre>\n",  "<p a=b c=d>",
    };
    for (gsize i = 0; i < G_N_ELEMENTS(units); i++) {
        g_autoptr(GString) html = g_string_new(NULL);
        while (html->len < 4 * 1024 * 1024)
            g_string_append(html, units[i]);
        gint64 start = g_get_monotonic_time();
        g_autofree char *text = html_to_text(html->str);
        assert_true(strlen(text) <= 2 * html->len);
        assert_true(g_get_monotonic_time() - start < 60 * G_USEC_PER_SEC);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(html_reads_as_text),
        cmocka_unit_test(what_is_not_text_is_dropped),
        cmocka_unit_test(a_link_shows_where_it_leads),
        cmocka_unit_test(character_references_are_undone),
        cmocka_unit_test(p8_89_broken_html_loses_little),
        cmocka_unit_test(the_charset_of_a_page_is_found),
        cmocka_unit_test(p8_89_time_is_linear),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
