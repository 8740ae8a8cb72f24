#include "mime/address.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/error.h"
#include "core/limits.h"
#include "mime/compose.h"

typedef struct {
    const char *raw;
    const char *read; /* "name|address" and a semicolon for each */
} Reading;

static char *flatten(const GPtrArray *mailboxes)
{
    GString *out = g_string_new(NULL);
    for (guint i = 0; i < mailboxes->len; i++) {
        const Mailbox *mailbox = g_ptr_array_index(mailboxes, i);
        g_string_append_printf(out, "%s|%s;", mailbox->name ? mailbox->name : "", mailbox->address);
    }
    return g_string_free(out, FALSE);
}

static void fields_are_read_leniently(void **state)
{
    (void)state;
    static const Reading cases[] = {
        {"", ""},
        {"a@b.example", "|a@b.example;"},
        {"Ann Lee <ann@b.example>, bob@c.example", "Ann Lee|ann@b.example;|bob@c.example;"},
        {"\"Lee, Ann\" <ann@b.example>", "Lee, Ann|ann@b.example;"},
        {"ann@b.example (Ann \\(boss\\) (x))", "Ann (boss) (x)|ann@b.example;"},
        {"team: a@x.example, Bo <b@x.example>; c@x.example",
         "|a@x.example;Bo|b@x.example;|c@x.example;"},
        {"undisclosed-recipients:;", ""},
        {";;;;,,,", ""},
        {"<@relay.example,@b.example:ann@c.example>", "|ann@c.example;"},
        {"=?utf-8?Q?J=C3=B6rg,_K?= <j@b.example>", "Jörg, K|j@b.example;"},
        {"=?utf-8?Q?Lee,_Ann?= <a@b.example>", "Lee, Ann|a@b.example;"},
        {"\"=?utf-8?Q?J=C3=B6rg?=\" <j@b.example>", "Jörg|j@b.example;"},
        {"Иван <ivan@пример.example>", "Иван|ivan@пример.example;"},
        {"ann @ b . example", "|ann@b.example;"},
        {"\"ann lee\"@b.example", "|\"ann lee\"@b.example;"},
        {"Ann ann@b.example", "Ann|ann@b.example;"},
        {"root", "|root;"},
        {"no address here", "no address here|;"},
        {"Ann <ann@b.example", "Ann|ann@b.example;"},
        {"u@[IPv6:2001:db8::1], x@y.example", "|u@[IPv6:2001:db8::1];|x@y.example;"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GPtrArray) out = g_ptr_array_new_with_free_func(address_destroy);
        address_read(cases[i].raw, 10, out);
        g_autofree char *flat = flatten(out);
        assert_string_equal(flat, cases[i].read);
    }
}

/* The true address is told, whatever the name pretends. */
static void p7_74_a_name_that_looks_like_an_address_stays_a_name(void **state)
{
    (void)state;
    static const Reading cases[] = {
        {"\"john@corp.example\" <x@evil.example>", "john@corp.example|x@evil.example;"},
        {"john@corp.example <x@evil.example>", "john@corp.example|x@evil.example;"},
        {"=?utf-8?Q?john=40corp.example=3E?= <x@evil.example>",
         "john@corp.example>|x@evil.example;"},
        {"=?utf-8?b?am9obkBjb3JwLmV4YW1wbGU=?==?utf-8?Q?=00?=@evil.example",
         "|=?utf-8?b?am9obkBjb3JwLmV4YW1wbGU=?==?utf-8?Q?=00?=@evil.example;"},
        {"john@corp.example(comment)@evil.example", "comment|john@corp.example@evil.example;"},
        {"<john@corp.example> <x@evil.example>", "|x@evil.example;"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GPtrArray) out = g_ptr_array_new_with_free_func(address_destroy);
        address_read(cases[i].raw, 10, out);
        g_autofree char *flat = flatten(out);
        assert_string_equal(flat, cases[i].read);
    }
}

static void the_addresses_of_several_fields_follow_each_other(void **state)
{
    (void)state;
    g_autoptr(GPtrArray) to = g_ptr_array_new_with_free_func(address_destroy);
    g_autoptr(GPtrArray) none = g_ptr_array_new();
    g_autoptr(GPtrArray) all = g_ptr_array_new();
    address_read("Ann <a@x.test>, b@x.test", 10, to);
    address_gather(to, all);
    address_gather(none, all);
    address_gather(to, all);
    assert_int_equal(all->len, 4);
    assert_string_equal(all->pdata[0], "a@x.test");
    assert_string_equal(all->pdata[3], "b@x.test");
}

static void reading_stops_at_its_limit(void **state)
{
    (void)state;
    g_autoptr(GPtrArray) out = g_ptr_array_new_with_free_func(address_destroy);
    address_read("a@x,b@x,c@x", 2, out);
    assert_int_equal(out->len, 2);
}

static void good_addresses_are_taken_for_sending(void **state)
{
    (void)state;
    static const Reading cases[] = {
        {"ann@corp.example", "|ann@corp.example;"},
        {"Ann Q. Lee <ann+tag@Corp.Example>,", "Ann Q. Lee|ann+tag@corp.example;"},
        {"\"Lee, Ann\" <ann@corp.example>, b@c.example", "Lee, Ann|ann@corp.example;|b@c.example;"},
        {"\"a@b\" <ann@corp.example>", "a@b|ann@corp.example;"},
        {"Jörg <j@bücher.example>", "Jörg|j@xn--bcher-kva.example;"},
        {"j@с.example", "|j@xn--q1a.example;"},
        {"größe@corp.example", "|größe@corp.example;"},
        {"gro\u0308ße@corp.example", "|größe@corp.example;"},
        {"иван.smith@corp.example", "|иван.smith@corp.example;"},
        {"山田taro@corp.example", "|山田taro@corp.example;"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(GPtrArray) list = address_parse_list(cases[i].raw, &error);
        assert_null(error);
        g_autofree char *flat = flatten(list);
        assert_string_equal(flat, cases[i].read);
    }
}

static void p9_99_p9_101_bad_addresses_are_refused(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "",
        ",",
        "root",
        "@corp.example",
        "ann@",
        "ann@corp..example",
        "ann@-corp.example",
        "ann@corp_x.example",
        "ann@corp.example.",
        "ann@[10.0.0.1]",
        "ann@[IPv6:2001:db8::1]",
        "john%hotmail.com@corp.example",
        "hotmail.com!john@corp.example",
        "\"a@hotmail.com\"@corp.example",
        "\"ann lee\"@corp.example",
        "a@hotmail.com@corp.example",
        "<@a,@b:c@corp.example>",
        "team: a@corp.example;",
        "a@corp.example; b@corp.example",
        "john@hotmail.com <x@corp.example>",
        "Ann ann@corp.example",
        "<a@corp.example> <b@hotmail.com>",
        "<a@corp.example> b",
        "\"Ann <ann@corp.example>",
        "Ann (x <ann@corp.example>",
        "Ann <ann@corp.example",
        "j\u043ehn@corp.example", /* a Cyrillic o */
        "ann\u200d@corp.example",
        "ann\u00a0lee@corp.example",
        "john\uff05hotmail.com@corp.example", /* a wide % */
        "john\uff20hotmail.com@corp.example",
        "ann\u202e@corp.example",
        "\u2024ann@corp.example", /* one dot leader */
        ".größe@corp.example",
        ".ann@corp.example",
        "an..n@corp.example",
        "a@corp.example\r\nBcc: b@evil.example",
        "a@corp.example\x7f",
        "a\x1b[m@corp.example",
        "Ann\n <a@corp.example>",
        "\xff@corp.example",
        "a(b@corp.example",
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(GPtrArray) list = address_parse_list(cases[i], &error);
        if (list != NULL)
            fail_msg("accepted: %s", cases[i]);
        assert_int_equal(postern_exit_code(error), 65);
        assert_string_equal(postern_error_rule(error), "send.address");
        assert_null(strpbrk(error->message, "\r\n\x1b"));
    }
}

static void p9_99_limit_address(void **state)
{
    (void)state;
    g_autoptr(GString) address = g_string_new("ann@");
    while (address->len < 600)
        g_string_append(address, "abcdefghi.");
    g_string_append(address, "example");
    g_autoptr(GError) error = NULL;
    assert_null(address_parse(address->str, &error));
    assert_string_equal(postern_error_rule(error), "send.address");

    g_autofree char *local = g_strnfill(65, 'a');
    g_autofree char *long_local = g_strconcat(local, "@corp.example", NULL);
    assert_null(address_parse(long_local, NULL));
}

static void limit_recipients(void **state)
{
    (void)state;
    g_autoptr(GString) text = g_string_new(NULL);
    for (guint i = 0; i < LIMIT_RECIPIENTS; i++)
        g_string_append_printf(text, "a%u@corp.example,", i);
    g_autoptr(GPtrArray) list = address_parse_list(text->str, NULL);
    assert_int_equal(list->len, LIMIT_RECIPIENTS);
    g_string_append(text, "b@corp.example");
    assert_null(address_parse_list(text->str, NULL));
}

static void one_address_is_one(void **state)
{
    (void)state;
    Mailbox *mailbox = address_parse("Ann <ann@corp.example>", NULL);
    assert_string_equal(mailbox->name, "Ann");
    mailbox_free(mailbox);
    assert_null(address_parse("a@corp.example, b@corp.example", NULL));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_are_read_leniently),
        cmocka_unit_test(p7_74_a_name_that_looks_like_an_address_stays_a_name),
        cmocka_unit_test(the_addresses_of_several_fields_follow_each_other),
        cmocka_unit_test(reading_stops_at_its_limit),
        cmocka_unit_test(good_addresses_are_taken_for_sending),
        cmocka_unit_test(p9_99_p9_101_bad_addresses_are_refused),
        cmocka_unit_test(p9_99_limit_address),
        cmocka_unit_test(limit_recipients),
        cmocka_unit_test(one_address_is_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
