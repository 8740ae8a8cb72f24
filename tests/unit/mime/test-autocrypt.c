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

/* --- of others ----------------------------------------------------------------------------- */

#define PEERS FROM "To: Ann <Ann@Corp.example>, eve@corp.example\r\nCc: bob@corp.example\r\n"
#define DATE "Date: Thu, 26 Nov 2026 10:00:00 +0000\r\n"
#define GOSSIP(who, letters) "Autocrypt-Gossip: addr=" who "; keydata=" letters "\r\n"

/* What TEXT, as what was under the encryption, says; "ADDRESS SIZE SAYER" each. */
static char *gossip_of(const char *text)
{
    g_autoptr(GBytes) bytes = g_bytes_new(text, strlen(text));
    g_autoptr(Message) message = message_parse(bytes);
    g_autoptr(GPtrArray) fields = message_part_headers(message, 1);
    g_autoptr(GPtrArray) gossip = autocrypt_gossip(message, fields);
    GString *told = g_string_new(NULL);
    for (guint i = 0; gossip && i < gossip->len; i++) {
        const CarriedKey *one = gossip->pdata[i];
        g_string_append_printf(told, "%s %d %s; ", one->address, (int)g_bytes_get_size(one->key),
                               one->sayer);
        assert_true(one->date == 1795687200);
    }
    return g_string_free(told, FALSE);
}

static void gossip_is_read_of_whom_to_and_cc_name(void **state)
{
    (void)state;
    static const struct {
        const char *text, *wanted;
    } cases[] = {
        {PEERS DATE GOSSIP("bob@corp.example", "eG9tYQ==") GOSSIP("ANN@corp.example", "eG9t"),
         "ann@corp.example 3 mary@corp.example; bob@corp.example 4 mary@corp.example; "},
        {PEERS DATE "autocrypt-gossip: prefer-encrypt=mutual; _x=y; addr=eve@corp.example;\r\n"
                    " keydata=eG9t\r\n YQ==\r\n",
         "eve@corp.example 4 mary@corp.example; "},
        {PEERS DATE GOSSIP("ann@corp.example", "eG9") GOSSIP("bob@corp.example", "eG9t"),
         "bob@corp.example 3 mary@corp.example; "},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *told = gossip_of(cases[i].text);
        assert_string_equal(told, cases[i].wanted);
    }
}

static void p7_82_gossip_that_lies_is_ignored(void **state)
{
    (void)state;
    static const char *const bad[] = {
        PEERS DATE GOSSIP("dan@corp.example", "eG9t"),  /* who does not get the letter */
        PEERS DATE GOSSIP("mary@corp.example", "eG9t"), /* the sender speaks for herself outside */
        FROM "To: mary@corp.example\r\n" DATE GOSSIP("mary@corp.example", "eG9t"),
        FROM "Bcc: ann@corp.example\r\nReply-To: ann@corp.example\r\n" DATE GOSSIP(
            "ann@corp.example", "eG9t"),
        FROM
        "To: \"ann@corp.example\" <bob@corp.example>\r\n" DATE GOSSIP("ann@corp.example", "eG9t"),
        PEERS DATE GOSSIP("ann@corp.example", "eG9t") GOSSIP("ann@corp.example", "eG9t"),
        PEERS DATE GOSSIP("ann@corp.example", "eG9t") GOSSIP("Ann@corp.example", "eG9u")
            GOSSIP("ann@corp.example", "eG9v"),
        PEERS DATE "\r\n" GOSSIP("ann@corp.example", "eG9t"), /* in the text */
        PEERS DATE "Autocrypt: addr=ann@corp.example; keydata=eG9t\r\n",
        PEERS DATE "Autocrypt-Gossip: addr=ann@corp.example; type=1; keydata=eG9t\r\n",
        PEERS DATE "Autocrypt-Gossip: keydata=eG9t\r\n",
        PEERS DATE "List-Id: <all.corp.example>\r\n" GOSSIP("ann@corp.example", "eG9t"),
        PEERS DATE "From: bob@corp.example\r\n" GOSSIP("ann@corp.example", "eG9t"),
        "To: ann@corp.example\r\n" DATE GOSSIP("ann@corp.example", "eG9t"),
    };
    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autofree char *told = gossip_of(bad[i]);
        if (*told)
            fail_msg("%s\n%s", bad[i], told);
    }
}

static char *gossip_sized(gsize size)
{
    g_autofree guchar *key = g_malloc0(size);
    g_autofree char *letters = g_base64_encode(key, size);
    g_autofree char *text = g_strconcat(PEERS DATE "Autocrypt-Gossip: addr=ann@corp.example; "
                                                   "keydata=",
                                        letters, "\r\n", NULL);
    return gossip_of(text);
}

static void p7_82_limit_gossip(void **state)
{
    (void)state;
    g_autofree char *fits = gossip_sized(LIMIT_CARRIED_KEY - 3);
    g_autofree char *large = gossip_sized(LIMIT_CARRIED_KEY + 1);
    assert_true(*fits && *large == '\0');
    g_autoptr(GString) text = g_string_new(PEERS DATE);
    for (guint i = 1; i < LIMIT_GOSSIP; i++)
        g_string_append(text, GOSSIP("nobody@corp.example", "eG9t"));
    g_string_append(text, GOSSIP("bob@corp.example", "eG9t") GOSSIP("ann@corp.example", "eG9t"));
    g_autofree char *told = gossip_of(text->str);
    assert_string_equal(told, "bob@corp.example 3 mary@corp.example; ");
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
        cmocka_unit_test(gossip_is_read_of_whom_to_and_cc_name),
        cmocka_unit_test(p7_82_gossip_that_lies_is_ignored),
        cmocka_unit_test(p7_82_limit_gossip),
        cmocka_unit_test(limit_autocrypt_field),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
