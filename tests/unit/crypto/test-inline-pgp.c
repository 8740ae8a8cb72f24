/* Where OpenPGP begins and ends within a text, to the byte. */
#include "crypto/inline-pgp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define SIGNED "-----BEGIN PGP SIGNED MESSAGE-----\n"
#define SIGNATURE "-----BEGIN PGP SIGNATURE-----\n\nabcd\n-----END PGP SIGNATURE-----\n"
#define MESSAGE "-----BEGIN PGP MESSAGE-----\n\nabcd\n-----END PGP MESSAGE-----\n"
#define WHOLE SIGNED "Hash: SHA256\n\ntext\n" SIGNATURE

/* "P" plain, "S" signed, "E" encrypted; "!" in front when malformed. */
static char *outline(const char *text, gsize size)
{
    gboolean malformed;
    g_autoptr(GArray) spans = inline_pgp_spans(text, size, &malformed);
    g_autoptr(GString) out = g_string_new(malformed ? "!" : "");
    gsize at = 0;
    for (guint i = 0; i < spans->len; i++) {
        const Span *span = &g_array_index(spans, Span, i);
        assert_int_equal(span->start, at);
        assert_true(span->end > span->start);
        at = span->end;
        g_string_append_c(out, "PSE"[span->kind]);
    }
    assert_int_equal(at, size);
    return g_string_free(g_steal_pointer(&out), FALSE);
}

static void assert_outline(const char *text, const char *expected)
{
    g_autofree char *found = outline(text, strlen(text));
    if (strcmp(found, expected) != 0)
        fail_msg("%s of %s", found, text);
}

#define SIZE(text) (sizeof(text) - 1)

static void what_is_built_as_it_must_be_is_a_span(void **state)
{
    (void)state;
    assert_outline(WHOLE, "S");
    assert_outline(SIGNED "\ntext\n" SIGNATURE, "S");
    assert_outline(MESSAGE, "E");
    assert_outline("x\n" MESSAGE, "PE");
    assert_outline(MESSAGE WHOLE, "ES");
    assert_outline("text", "P");
    assert_outline("", "");
    assert_outline(
        "-----BEGIN PGP SIGNED MESSAGE-----\r\nHash: SHA256, SHA512,SHA1\r\n\r\n- -x\r\n- \r\n"
        "-----BEGIN PGP SIGNATURE----- \t\r\n\r\nx\r\n-----END PGP SIGNATURE-----",
        "S");
}

/* Each passes for a signed text with somebody; here it is plain. */
static void p7_70_what_is_built_otherwise_is_plain(void **state)
{
    (void)state;
    static const char *const texts[] = {
        SIGNED,
        SIGNED "Hash: SHA256\n",
        SIGNED "Hash: SHA256\n\ntext\n",
        SIGNED "Hash: \n\ntext\n" SIGNATURE,
        SIGNED "Hash: \n",
        SIGNED "Hash: NONE\n\ntext\n" SIGNATURE,
        SIGNED "Hash: SHA256, \n\ntext\n" SIGNATURE,
        SIGNED "Hash:   SHA256\n\ntext\n" SIGNATURE,
        SIGNED "hash: SHA256\n\ntext\n" SIGNATURE,
        SIGNED "NotDashEscaped: yes\n\ntext\n" SIGNATURE,
        SIGNED "Hash: SHA256\n \ntext\n" SIGNATURE,
        SIGNED "Hash: SHA256\n\t\r\ntext\n" SIGNATURE,
        SIGNED "Hash: SHA256\n\r\r\ntext\n" SIGNATURE,
        SIGNED "\n-text\n" SIGNATURE,
        SIGNED "\ntext\n-",
        SIGNED "\ntext\n" SIGNED SIGNATURE,
        SIGNED "\ntext\n-----BEGIN PGP SIGNATURE-----\n\nabcd\n",
        SIGNED "\ntext\n-----BEGIN PGP SIGNATURE-----\n\n-abcd\n-----END PGP SIGNATURE-----\n",
        SIGNED "\ntext\n-----BEGIN PGP SIGNATURE-----\n\nabcd\n-----END PGP MESSAGE-----\n",
        "-----BEGIN PGP MESSAGE-----\n\nabcd\n",
        "-----BEGIN PGP MESSAGE-----\n-\n-----END PGP MESSAGE-----\n",
    };
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++)
        assert_outline(texts[i], "!P");
    static const char *const ordinary[] = {
        " " WHOLE,
        "> -----BEGIN PGP MESSAGE-----\n",
        "-----BEGIN PGP MESSAGE-----x\n",
        "-----BEGIN PGP SIGNATURE-----\n",
        "-----BEGIN PGP MESSAGE, PART 1/2-----\n",
    };
    for (gsize i = 0; i < G_N_ELEMENTS(ordinary); i++)
        assert_outline(ordinary[i], "P");
}

static void p7_70_a_nul_is_no_end(void **state)
{
    (void)state;
    static const char head[] = SIGNED "Hash: SHA256\0, SHA512\n\ntext\n" SIGNATURE;
    static const char body[] = SIGNED "\nte\0xt\n" SIGNATURE;
    g_autofree char *in_head = outline(head, SIZE(head)), *in_body = outline(body, SIZE(body));
    assert_int_equal(in_head[0], '!');
    assert_int_equal(in_body[0], 'S');
}

static void p7_70_the_whole_is_one_span_and_white_space(void **state)
{
    (void)state;
    Span span = {0};
#define ASSERT_WHOLE(text, kind) assert_int_equal(inline_pgp_whole(text, SIZE(text), &span), kind)
    ASSERT_WHOLE("\n \t\r\n" WHOLE "\n\n", SPAN_SIGNED);
    assert_int_equal(span.start, 5);
    assert_int_equal(span.end, 5 + SIZE(WHOLE));
    ASSERT_WHOLE(MESSAGE, SPAN_ENCRYPTED);
    ASSERT_WHOLE(MESSAGE "x\n", SPAN_PLAIN);
    ASSERT_WHOLE("x\n" MESSAGE, SPAN_PLAIN);
    ASSERT_WHOLE(MESSAGE "\n" MESSAGE, SPAN_PLAIN);
    ASSERT_WHOLE(WHOLE MESSAGE, SPAN_PLAIN);
    ASSERT_WHOLE("\n", SPAN_PLAIN);
    ASSERT_WHOLE("", SPAN_PLAIN);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_built_as_it_must_be_is_a_span),
        cmocka_unit_test(p7_70_what_is_built_otherwise_is_plain),
        cmocka_unit_test(p7_70_a_nul_is_no_end),
        cmocka_unit_test(p7_70_the_whole_is_one_span_and_white_space),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
