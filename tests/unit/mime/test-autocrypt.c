#include "mime/autocrypt.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/limits.h"

#define FROM "From: Mary <mary@corp.example>\r\n"
#define FIELD "Autocrypt: addr=mary@corp.example; keydata=eG9t\r\n YQ==\r\n"

static CarriedKey *read_text(const char *text)
{
    g_autoptr(GBytes) mail = g_bytes_new(text, strlen(text));
    return autocrypt_read(mail);
}

static void a_key_for_the_sender_is_read(void **state)
{
    (void)state;
    static const char *const good[] = {
        FROM FIELD "Date: Thu, 26 Nov 2026 10:00:00 +0000\r\n\r\ntext\r\n",
        FIELD "Date: Thu, 26 Nov 2026 10:00:00 +0000\r\n" FROM,
        "Date: Thu, 26 Nov 2026 10:00:00 +0000\n" FROM
        "AUTOCRYPT:prefer-encrypt=mutual;_x=y; ADDR = Mary@Corp.Example ;; keydata=eG9t YQ==\n\n",
        /* One that is not for the sender, or not valid, is as if it were not there. */
        "Date: Thu, 26 Nov 2026 10:00:00 +0000\r\n" FROM FIELD
        "Autocrypt: addr=ann@corp.example; keydata=eG9tYQ==\r\n"
        "Autocrypt: addr=mary@corp.example; type=q; keydata=eG9tYQ==\r\n\r\n",
    };
    for (gsize i = 0; i < G_N_ELEMENTS(good); i++) {
        g_autoptr(CarriedKey) carried = read_text(good[i]);
        if (carried == NULL)
            fail_msg("%s", good[i]);
        assert_string_equal(carried->address, "mary@corp.example");
        assert_int_equal(g_bytes_get_size(carried->key), 4);
        assert_memory_equal(g_bytes_get_data(carried->key, NULL), "xoma", 4);
        assert_true(carried->date == 1795687200);
    }
}

static void p7_82_a_field_that_lies_is_ignored(void **state)
{
    (void)state;
    static const char *const bad[] = {
        FROM "\r\n" FIELD,                                                    /* in the text */
        FROM "X-Autocrypt: addr=mary@corp.example; keydata=eG9tYQ==\r\n\r\n", /* another field */
        FROM FIELD FIELD "\r\n",                                              /* two */
        FROM FIELD "Autocrypt: addr=mary@corp.example; keydata=eG9t\r\n\r\n", /* that differ */
        FROM "From: ann@corp.example\r\n" FIELD "\r\n",
        "From: mary@corp.example, ann@corp.example\r\n" FIELD "\r\n",
        "From: mary@corp.example <ann@corp.example>\r\n" FIELD "\r\n",
        FIELD "\r\n",
        FROM "Autocrypt: addr=ann@corp.example; keydata=eG9tYQ==\r\n\r\n",
        FROM "Autocrypt: keydata=eG9tYQ==\r\n\r\n",
        FROM "Autocrypt: addr=mary@corp.example\r\n\r\n",
        FROM "Autocrypt: addr=mary@corp.example; keydata=\r\n\r\n",
        FROM "Autocrypt: addr=mary@corp.example; keydata=eG9tY\r\n\r\n",
        FROM "Autocrypt: addr=mary@corp.example; keydata=eG9t-Q==\r\n\r\n",
        FROM "Autocrypt: addr=mary@corp.example; keydata=eG===\r\n\r\n",
        FROM "Autocrypt: addr=mary@corp.example; type=1; keydata=eG9tYQ==\r\n\r\n",
        FROM "Autocrypt: addr=mary@corp.example; odd; keydata=eG9tYQ==\r\n\r\n",
        FROM "Autocrypt: addr=mary@corp.example; addr=mary@corp.example; keydata=eG9tYQ==\r\n\r\n",
        FROM "Autocrypt: addr=mary@corp.example; keydata=eG9tYQ==; keydata=eG9tYQ==\r\n\r\n",
        FROM FIELD "List-Id: <all.corp.example>\r\n\r\n",
        FROM FIELD "List-Post: <mailto:all@corp.example>\r\n\r\n",
        FROM FIELD "Precedence: List\r\n\r\n",
        FROM FIELD "Content-Type: multipart/report; boundary=x\r\n\r\n",
    };
    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(CarriedKey) carried = read_text(bad[i]);
        if (carried)
            fail_msg("%s", bad[i]);
    }
}

static char *mail_of(gsize size)
{
    g_autofree guchar *key = g_malloc0(size);
    g_autofree char *letters = g_base64_encode(key, size);
    return g_strconcat(FROM "Autocrypt: addr=mary@corp.example; keydata=", letters, "\r\n\r\n",
                       NULL);
}

static void p7_82_limit_carried_key(void **state)
{
    (void)state;
    g_autofree char *fits = mail_of(LIMIT_CARRIED_KEY - 3);
    g_autofree char *large = mail_of(LIMIT_CARRIED_KEY + 1);
    g_autofree char *huge = mail_of(1024 * 1024);
    g_autoptr(CarriedKey) one = read_text(fits), two = read_text(large), three = read_text(huge);
    assert_non_null(one);
    assert_null(two);
    assert_null(three);
}

static gboolean mutual;

static char *written(const char *address, gsize size)
{
    g_autofree guchar *key = g_malloc0(size);
    g_autoptr(GBytes) bytes = g_bytes_new(key, size);
    return autocrypt_write(address, bytes, mutual);
}

static void what_is_written_is_read(void **state)
{
    (void)state;
    g_autofree char *field = written("mary@corp.example", 5000);
    g_autofree char *mail = g_strconcat(FROM "Autocrypt: ", field, "\r\n\r\n", NULL);
    g_autoptr(CarriedKey) carried = read_text(mail);
    assert_int_equal(g_bytes_get_size(carried->key), 5000);
    g_auto(GStrv) words = g_strsplit(field, " ", -1);
    for (guint i = 0; words[i]; i++)
        assert_true(strlen(words[i]) <= 77); /* so that it can be folded */
    assert_null(strstr(field, "prefer-encrypt"));
    mutual = TRUE;
    g_autofree char *asking = written("mary@corp.example", 50);
    mutual = FALSE;
    assert_true(
        g_str_has_prefix(asking, "addr=mary@corp.example; prefer-encrypt=mutual; keydata="));
    g_autofree char *other = g_strconcat(FROM "Autocrypt: ", asking, "\r\n\r\n", NULL);
    g_autoptr(CarriedKey) again = read_text(other);
    assert_int_equal(g_bytes_get_size(again->key), 50);
}

static void a_key_is_stale_when_later_mail_lacks_it_for_35_days(void **state)
{
    (void)state;
    const gint64 day = 24 * 60 * 60, now = 1700000000;
    assert_false(autocrypt_is_stale(now, now));
    assert_false(autocrypt_is_stale(now, now + 35 * day));
    assert_true(autocrypt_is_stale(now, now + 35 * day + 1));
    assert_false(autocrypt_is_stale(now, 0)); /* nothing else is here */
}

static void limit_autocrypt_field(void **state)
{
    (void)state;
    g_autofree char *fits = written("mary@corp.example", LIMIT_AUTOCRYPT_FIELD * 7 / 10);
    g_autofree char *large = written("mary@corp.example", LIMIT_AUTOCRYPT_FIELD * 3 / 4);
    assert_non_null(fits);
    assert_null(large);
    static const char *const odd[] = {"a b@corp.example", "a;b@corp.example", "a=b@corp.example",
                                      "\"a\"@corp.example", "b\xc3\xbc@corp.example"};
    for (gsize i = 0; i < G_N_ELEMENTS(odd); i++) {
        g_autofree char *none = written(odd[i], 4);
        assert_null(none);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_for_the_sender_is_read),
        cmocka_unit_test(p7_82_a_field_that_lies_is_ignored),
        cmocka_unit_test(p7_82_limit_carried_key),
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(a_key_is_stale_when_later_mail_lacks_it_for_35_days),
        cmocka_unit_test(limit_autocrypt_field),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
