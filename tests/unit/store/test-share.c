#include "store/share.h"
#include "store/vault-record.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/cursor.h"
#include "core/error.h"
#include "core/limits.h"

#define MAIL                                                                                       \
    "From: Boss <boss@corp.example>\nTo: a@corp.example, b@corp.example\nCc: c@corp.example\n"     \
    "Subject: =?utf-8?q?Geh=C3=A4lter?=\nMessage-ID: <m@corp.example>\n"                           \
    "References: <one@corp.example> <two@corp.example>\nList-Id: <all.corp.example>\n"             \
    "Content-Type: multipart/mixed; boundary=x\n\n--x\n\nThe text.\n--x\n"                         \
    "Content-Disposition: attachment; filename=plan.pdf\n\nbytes\n--x--\n"

static IndexDoc *through(const char *mail, gsize size, IndexShare share, guint64 *said)
{
    g_autoptr(GBytes) head = g_bytes_new(mail, size);
    g_autoptr(GBytes) packed = share_make(head, share, 12345);
    gsize length;
    const guint8 *bytes = g_bytes_get_data(packed, &length);
    IndexDoc *doc = share_read(bytes, length, said);
    assert_non_null(doc);
    assert_true(doc->sensitive);
    return doc;
}

static void p4_48_none_says_nothing(void **state)
{
    (void)state;
    guint64 size;
    g_autoptr(IndexDoc) doc = through(MAIL, strlen(MAIL), INDEX_NONE, &size);
    assert_int_equal(size, 0);
    assert_null(doc->subject);
    assert_null(doc->from);
    assert_null(doc->to);
    assert_null(doc->cc);
    assert_null(doc->list);
    assert_null(doc->message_id);
    assert_int_equal(doc->references->len, 0);
    assert_null(doc->body);
    assert_null(doc->filenames);
    assert_null(doc->snippet);
    assert_int_equal(doc->attachments, 0);
    assert_false(doc->encrypted || doc->is_signed || doc->truncated);
    g_autoptr(GBytes) head = g_bytes_new_static(MAIL, strlen(MAIL));
    g_autoptr(GBytes) packed = share_make(head, INDEX_NONE, 12345);
    assert_int_equal(g_bytes_get_size(packed), 1);
}

static void headers_say_what_the_header_does(void **state)
{
    (void)state;
    guint64 size;
    g_autoptr(IndexDoc) doc = through(MAIL, strlen(MAIL), INDEX_HEADERS, &size);
    assert_int_equal(size, 12345);
    assert_string_equal(doc->subject, "Geh\303\244lter");
    assert_string_equal(doc->from, "Boss <boss@corp.example>");
    assert_string_equal(doc->to, "a@corp.example\nb@corp.example");
    assert_string_equal(doc->cc, "c@corp.example");
    assert_string_equal(doc->list, "all.corp.example");
    assert_string_equal(doc->message_id, "m@corp.example");
    assert_int_equal(doc->references->len, 2);
    assert_string_equal(doc->references->pdata[1], "two@corp.example");
    assert_string_equal(doc->body, "");
    assert_string_equal(doc->snippet, "");
    assert_null(doc->filenames);
    assert_int_equal(doc->attachments, 0);
}

static void full_says_the_text_too(void **state)
{
    (void)state;
    guint64 size;
    g_autoptr(IndexDoc) doc = through(MAIL, strlen(MAIL), INDEX_FULL, &size);
    assert_non_null(strstr(doc->body, "The text."));
    assert_string_equal(doc->snippet, "The text.");
    assert_string_equal(doc->filenames, "plan.pdf");
    assert_int_equal(doc->attachments, 1);
    assert_false(doc->truncated);
}

static void of_encrypted_mail_there_is_no_text(void **state)
{
    (void)state;
    guint64 size;
    const char *mail = "Subject: x\nContent-Type: multipart/encrypted; "
                       "protocol=\"application/pgp-encrypted\"; boundary=x\n\n"
                       "--x\nContent-Type: application/pgp-encrypted\n\nVersion: 1\n--x\n"
                       "Content-Type: application/octet-stream; name=y\n\nhQ==\n--x--\n";
    g_autoptr(IndexDoc) doc = through(mail, strlen(mail), INDEX_FULL, &size);
    assert_true(doc->encrypted);
    assert_string_equal(doc->subject, "x");
    assert_string_equal(doc->body, "");
    assert_null(doc->filenames);
}

static void a_text_ends_at_its_limit_between_two_characters(void **state)
{
    (void)state;
    guint64 size;
    g_autoptr(GString) mail =
        g_string_new("Subject: x\nContent-Type: text/plain; charset=utf-8\n\nx");
    while (mail->len < 2 * LIMIT_SHARE_TEXT)
        g_string_append(mail, "\303\244\303\266\303\274");
    g_autoptr(IndexDoc) doc = through(mail->str, mail->len, INDEX_FULL, &size);
    assert_true(doc->truncated);
    assert_int_equal(strlen(doc->body), LIMIT_SHARE_TEXT - 1);
    assert_true(g_utf8_validate(doc->body, -1, NULL));
    g_string_assign(mail, "Subject: ");
    for (guint i = 0; i < LIMIT_SHARE_FIELD - 1000; i++)
        g_string_append_c(mail, 'y');
    g_string_append(mail, "\n\nshort\n");
    g_autoptr(IndexDoc) long_one = through(mail->str, mail->len, INDEX_FULL, &size);
    assert_false(long_one->truncated);
}

/* --- what somebody else may have made ------------------------------------------------------ */

static void p4_every_cut_and_every_addition_is_refused(void **state)
{
    (void)state;
    static const IndexShare shares[] = {INDEX_NONE, INDEX_HEADERS, INDEX_FULL};
    for (guint i = 0; i < G_N_ELEMENTS(shares); i++) {
        guint64 size;
        g_autoptr(GBytes) head = g_bytes_new_static(MAIL, strlen(MAIL));
        g_autoptr(GBytes) packed = share_make(head, shares[i], 1);
        gsize length;
        const guint8 *bytes = g_bytes_get_data(packed, &length);
        for (gsize cut = 0; cut < length; cut++)
            assert_null(share_read(bytes, cut, &size));
        g_autofree guint8 *more = g_malloc0(length + 1);
        memcpy(more, bytes, length);
        assert_null(share_read(more, length + 1, &size));
    }
}

typedef struct {
    guint8 share, flags;
    guint64 size;
    const char *subject;
    guint16 references;
    gsize body;
} Made;

static IndexDoc *made(Made wanted)
{
    guint64 size;
    g_autoptr(GByteArray) out = g_byte_array_new();
    g_autofree char *body = g_strnfill(wanted.body, 'x');
    put_u8(out, wanted.share);
    put_u8(out, wanted.flags);
    put_u64(out, wanted.size);
    put_u32(out, 0);
    put_string(out, wanted.subject);
    for (guint i = 0; i < 5; i++)
        put_string(out, "");
    put_u16(out, wanted.references);
    for (guint i = 0; i < wanted.references; i++)
        put_string(out, "a@b");
    put_string(out, "");
    put_string(out, "");
    put_string(out, body);
    return share_read(out->data, out->len, &size);
}

static void p4_what_is_out_of_bounds_is_refused(void **state)
{
    (void)state;
    static const Made good[] = {
        {1, 7, 1, "x", 0, 0},
        {2, 0, LIMIT_MESSAGE_BYTES, "", LIMIT_REFERENCES, LIMIT_SHARE_TEXT},
    };
    static const Made bad[] = {
        {3, 0, 1, "x", 0, 0},
        {0, 0, 1, "x", 0, 0},
        {1, 8, 1, "x", 0, 0},
        {1, 0, LIMIT_MESSAGE_BYTES + 1, "x", 0, 0},
        {1, 0, 1, "\377", 0, 0},
        {1, 0, 1, "x", LIMIT_REFERENCES + 1, 0},
        {2, 0, 1, "x", 0, LIMIT_SHARE_TEXT + 1},
    };
    for (guint i = 0; i < G_N_ELEMENTS(good); i++) {
        g_autoptr(IndexDoc) doc = made(good[i]);
        assert_non_null(doc);
    }
    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(IndexDoc) doc = made(bad[i]);
        if (doc)
            fail_msg("case %u is read", i);
    }
}

static void p4_a_sealed_share_belongs_to_its_message(void **state)
{
    (void)state;
    guint8 vault[VAULT_ID_SIZE] = {1}, private_key[KEY_SIZE], public_key[KEY_SIZE];
    guint8 ephemeral[KEY_SIZE], one[MESSAGE_ID_SIZE] = {1}, other[MESSAGE_ID_SIZE] = {2};
    x25519_generate(private_key, public_key);
    g_autoptr(BatchKey) key = batch_key_new(vault, public_key, ephemeral, NULL);
    g_autoptr(GBytes) plain = g_bytes_new_static("\0", 1);
    g_autoptr(GBytes) sealed = message_record_seal(key, RECORD_SHARE, one, plain);
    gsize size;
    const guint8 *bytes = g_bytes_get_data(sealed, &size);
    g_autoptr(GBytes) open = message_record_open(key, RECORD_SHARE, one, bytes, size, NULL);
    assert_true(g_bytes_equal(open, plain));
    g_autoptr(GError) error = NULL;
    assert_null(message_record_open(key, RECORD_SHARE, other, bytes, size, &error));
    assert_string_equal(postern_error_rule(error), "vault.record");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(p4_48_none_says_nothing),
        cmocka_unit_test(headers_say_what_the_header_does),
        cmocka_unit_test(full_says_the_text_too),
        cmocka_unit_test(of_encrypted_mail_there_is_no_text),
        cmocka_unit_test(a_text_ends_at_its_limit_between_two_characters),
        cmocka_unit_test(p4_every_cut_and_every_addition_is_refused),
        cmocka_unit_test(p4_what_is_out_of_bounds_is_refused),
        cmocka_unit_test(p4_a_sealed_share_belongs_to_its_message),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
