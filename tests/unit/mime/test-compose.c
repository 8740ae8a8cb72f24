#include "mime/compose.h"

#include <glib/gstdio.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/error.h"
#include "mime/address.h"
#include "mime/message.h"
#include "mime/writer.h"

#define CJK "会議の議事録と来週の予定についてのお知らせ、ご確認をお願いいたします（第二版）"

static Letter *sample(void)
{
    Letter *letter = letter_new();
    letter->from = address_parse("\"Lee, Jörg\" <joerg@corp.example>", NULL);
    g_ptr_array_unref(letter->to);
    letter->to = address_parse_list("Иван Иванович <ivan@corp.example>, b@corp.example", NULL);
    g_ptr_array_unref(letter->bcc);
    letter->bcc = address_parse_list("hidden@corp.example", NULL);
    letter->subject = g_strdup(CJK " 😀");
    letter->body = g_strdup("Grüße\nFrom me\n.\ntrailing \n");
    letter->in_reply_to = g_strdup("parent@corp.example");
    g_ptr_array_add(letter->references, g_strdup("old@corp.example"));
    g_ptr_array_add(letter->references, g_strdup("parent@corp.example"));
    return letter;
}

static char *text_of(GBytes *bytes)
{
    gsize size;
    const char *data = g_bytes_get_data(bytes, &size);
    return g_strndup(data, size);
}

/* Lines end in CRLF, are ASCII and short enough; no header leaks what it must not. */
static void assert_fit_to_send(GBytes *bytes)
{
    gsize size;
    const char *data = g_bytes_get_data(bytes, &size);
    gsize length = 0;
    for (gsize i = 0; i < size; i++) {
        assert_true((guchar)data[i] < 127 && data[i] != 0);
        if (data[i] == '\n')
            assert_int_equal(data[i - 1], '\r');
        if (data[i] == '\r')
            assert_int_equal(data[i + 1], '\n');
        length = data[i] == '\n' ? 0 : length + 1;
        assert_true(length <= 998);
    }
    g_autofree char *text = text_of(bytes);
    assert_null(strstr(text, "hidden@"));
    assert_null(strstr(text, "Bcc"));
    assert_null(strstr(text, "User-Agent"));
    assert_null(strstr(text, "\nFrom "));
}

static GBytes *build(const Letter *letter, HeaderProtection protection, gboolean encrypted)
{
    g_autoptr(LetterIdentity) identity = letter_identity_new(letter);
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) entity = compose_entity(letter, identity, protection, &error);
    assert_null(error);
    return compose_message(letter, identity, entity, encrypted);
}

static void what_is_composed_reads_back(void **state)
{
    (void)state;
    g_autoptr(Letter) letter = sample();
    g_autoptr(GBytes) bytes = build(letter, PROTECT_NONE, FALSE);
    assert_fit_to_send(bytes);
    g_autoptr(Message) message = message_parse(bytes);
    g_autoptr(IndexDoc) doc = message_index_doc(message);
    assert_string_equal(doc->subject, CJK " 😀");
    assert_string_equal(doc->from, "Lee, Jörg <joerg@corp.example>");
    assert_string_equal(doc->to, "Иван Иванович <ivan@corp.example>\nb@corp.example");
    assert_string_equal(doc->body, "Grüße\nFrom me\n.\ntrailing \n");
    assert_true(g_str_has_suffix(doc->message_id, "@corp.example"));
    assert_int_equal(strlen(doc->message_id), 26 + strlen("@corp.example"));
    assert_int_equal(doc->references->len, 2);
    assert_string_equal(g_ptr_array_index(doc->references, 1), "parent@corp.example");
    assert_string_equal(message_header(message, "MIME-Version"), "1.0");
    assert_null(message_header(message, "Cc"));
}

static void long_lines_flow_and_the_space_at_their_end_is_safe(void **state)
{
    (void)state;
    g_autoptr(Letter) letter = sample();
    g_autofree char *words = g_strnfill(40, 'w');
    g_free(letter->body);
    letter->body = g_strdup_printf("%s %s.\n-- \nJohn\n", words, words);
    g_autoptr(GBytes) bytes = build(letter, PROTECT_NONE, FALSE);
    assert_fit_to_send(bytes);
    g_autofree char *text = text_of(bytes);
    g_autofree char *broken =
        g_strdup_printf("\r\n%s=20\r\n%s.\r\n--=20\r\nJohn\r\n", words, words);
    assert_non_null(strstr(text, "text/plain; format=flowed; charset=utf-8"));
    assert_non_null(strstr(text, broken));
    g_autoptr(Message) message = message_parse(bytes);
    g_autoptr(IndexDoc) doc = message_index_doc(message);
    assert_string_equal(doc->body, letter->body);
}

static void p9_106_the_date_tells_no_time_zone(void **state)
{
    (void)state;
    g_autoptr(Letter) letter = sample();
    g_autoptr(LetterIdentity) one = letter_identity_new(letter);
    g_autoptr(LetterIdentity) two = letter_identity_new(letter);
    assert_true(g_str_has_suffix(one->date, " +0000"));
    assert_string_not_equal(one->message_id, two->message_id);
}

static void p9_106_a_local_date_stays_inside(void **state)
{
    (void)state;
    g_autoptr(Letter) letter = sample();
    g_autoptr(LetterIdentity) identity = letter_identity_new(letter);
    g_setenv("TZ", "XXX-05:30", TRUE);
    g_free(identity->date);
    identity->date = g_strdup("Thu, 26 Nov 2026 21:00:00 +0000");
    letter_identity_localize(identity);
    g_unsetenv("TZ");
    assert_string_equal(identity->date, "Fri, 27 Nov 2026 02:30:00 +0530");
    g_autoptr(GBytes) entity = compose_entity(letter, identity, PROTECT_ENCRYPTED, NULL);
    g_autoptr(GBytes) whole = compose_message(letter, identity, entity, TRUE);
    g_autofree char *text = text_of(whole);
    assert_true(g_str_has_prefix(text, "Date: Thu, 26 Nov 2026 21:00:00 +0000\r\n"));
    assert_non_null(strstr(text, "\r\nDate: Fri, 27 Nov 2026 02:30:00 +0530\r\n"));
    g_autoptr(GBytes) clear = compose_message(letter, identity, entity, FALSE);
    g_autofree char *seen = text_of(clear);
    assert_true(g_str_has_prefix(seen, "Date: Fri, 27 Nov 2026 02:30:00 +0530\r\n"));
}

static void plain_ascii_stays_readable(void **state)
{
    (void)state;
    g_autoptr(Letter) letter = sample();
    g_free(letter->body);
    letter->body = g_strdup("hello\nworld");
    g_autoptr(GBytes) bytes = build(letter, PROTECT_NONE, FALSE);
    g_autofree char *text = text_of(bytes);
    assert_non_null(strstr(text, "Content-Transfer-Encoding: 7bit\r\n\r\nhello\r\nworld\r\n"));
}

static void p9_106_encrypted_headers_move_inside(void **state)
{
    (void)state;
    g_autoptr(Letter) letter = sample();
    g_autoptr(LetterIdentity) identity = letter_identity_new(letter);
    g_autoptr(GBytes) inner = compose_entity(letter, identity, PROTECT_ENCRYPTED, NULL);
    assert_fit_to_send(inner);
    g_autoptr(Message) message = message_parse(inner);
    assert_string_equal(message_header(message, "Subject"), CJK " 😀");
    g_autofree char *hp = message_part_parameter(message, 1, "hp");
    assert_string_equal(hp, "cipher");
    g_autofree char *old = message_part_parameter(message, 1, "protected-headers");
    assert_string_equal(old, "v1");
    guint outer = 0;
    gboolean subject = FALSE;
    for (guint i = 0; i < message_header_count(message); i++) {
        const HeaderField *field = message_header_at(message, i);
        outer += strcmp(field->name, "HP-Outer") == 0;
        subject |= strcmp(field->value, "Subject: [...]") == 0;
    }
    assert_int_equal(outer, 7);
    assert_true(subject);

    g_autoptr(GBytes) armored = g_bytes_new_static("-----BEGIN\nx\n", 13);
    g_autoptr(GBytes) wrapped = compose_encrypted(armored);
    g_autoptr(GBytes) whole = compose_message(letter, identity, wrapped, TRUE);
    assert_fit_to_send(whole);
    g_autoptr(Message) sent = message_parse(whole);
    assert_string_equal(message_header(sent, "Subject"), "[...]");
    assert_int_equal(message_part_count(sent), 3);
    assert_string_equal(message_part(sent, 2)->type, "application/pgp-encrypted");
}

static void a_signed_part_keeps_its_bytes(void **state)
{
    (void)state;
    g_autoptr(Letter) letter = sample();
    g_autoptr(LetterIdentity) identity = letter_identity_new(letter);
    g_autoptr(GBytes) entity = compose_entity(letter, identity, PROTECT_SIGNED, NULL);
    g_autoptr(GBytes) signature = g_bytes_new_static("sig\n", 4);
    g_autoptr(GBytes) wrapped = compose_signed(entity, signature, "pgp-sha512");
    g_autoptr(GBytes) whole = compose_message(letter, identity, wrapped, FALSE);
    assert_fit_to_send(whole);
    g_autoptr(Message) message = message_parse(whole);
    assert_int_equal(message_part_count(message), 3);
    g_autoptr(GBytes) raw = message_part_raw(message, 2);
    assert_true(g_bytes_equal(raw, entity));
    g_autofree char *micalg = message_part_parameter(message, 1, "micalg");
    assert_string_equal(micalg, "pgp-sha512");
    g_autofree char *hp = message_part_parameter(message, 2, "hp");
    assert_string_equal(hp, "clear");
}

/* "comment John's laptop" in a gpg.conf, and what old versions of gpg write by themselves. */
static void p9_106_armor_tells_nothing_of_its_maker(void **state)
{
    (void)state;
    static const struct {
        const char *armored, *left;
    } cases[] = {
        {"-----BEGIN X-----\nVersion: GnuPG v2\nComment: John's laptop\n\nabcd\n=abcd\n-----END "
         "X-----\n",
         "-----BEGIN X-----\r\n\r\nabcd\r\n=abcd\r\n-----END X-----\r\n"},
        {"-----BEGIN X-----\r\nComment: a\r\n\r\nabcd\r\n", "-----BEGIN X-----\r\n\r\nabcd\r\n"},
        {"-----BEGIN X-----\n\nab:cd", "-----BEGIN X-----\r\n\r\nab:cd"},
        {"-----BEGIN X-----\nComment: cut off", "-----BEGIN X-----\r\n"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GBytes) armored = g_bytes_new_static(cases[i].armored, strlen(cases[i].armored));
        g_autoptr(GString) out = g_string_new(NULL);
        writer_armor(out, armored);
        assert_string_equal(out->str, cases[i].left);
    }
}

static void attachments_keep_bytes_and_name(void **state)
{
    (void)state;
    g_autofree char *dir = g_dir_make_tmp("postern-compose-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(dir, "Ünïcode \"q\"\n.bin", NULL);
    g_autofree guint8 *data = g_malloc(100000);
    for (guint i = 0; i < 100000; i++)
        data[i] = (guint8)(i * 7 + i / 256);
    assert_true(g_file_set_contents(path, (const char *)data, 100000, NULL));
    g_autoptr(Letter) letter = sample();
    g_ptr_array_add(letter->attachments, g_strdup(path));
    g_autoptr(GBytes) bytes = build(letter, PROTECT_NONE, FALSE);
    assert_fit_to_send(bytes);
    g_autoptr(Message) message = message_parse(bytes);
    assert_int_equal(message_part_count(message), 3);
    assert_string_equal(message_part(message, 3)->filename, "Ünïcode \"q\" .bin");
    assert_true(message_part(message, 3)->attachment);
    g_autoptr(GBytes) back = message_part_bytes(message, 3);
    assert_int_equal(g_bytes_get_size(back), 100000);
    assert_memory_equal(g_bytes_get_data(back, NULL), data, 100000);
    g_remove(path);
    g_rmdir(dir);
}

static void an_unreadable_attachment_is_refused(void **state)
{
    (void)state;
    static const char *const paths[] = {"/nonexistent/file", "/dev/null", "/tmp"};
    for (gsize i = 0; i < G_N_ELEMENTS(paths); i++) {
        g_autoptr(Letter) letter = sample();
        g_ptr_array_add(letter->attachments, g_strdup(paths[i]));
        g_autoptr(LetterIdentity) identity = letter_identity_new(letter);
        g_autoptr(GError) error = NULL;
        assert_null(compose_entity(letter, identity, PROTECT_NONE, &error));
        assert_int_equal(postern_exit_code(error), 65);
        assert_string_equal(postern_error_rule(error), "send.attachment");
    }
}

static void p9_99_no_value_makes_a_second_field(void **state)
{
    (void)state;
    for (guint which = 0; which < 3; which++) {
        g_autoptr(Letter) letter = sample();
        char **target = which == 0   ? &letter->subject
                        : which == 1 ? &letter->from->name
                                     : &((Mailbox *)g_ptr_array_index(letter->to, 0))->address;
        g_free(*target);
        *target = g_strdup("x\r\nBcc: evil@evil.example");
        g_autoptr(LetterIdentity) identity = letter_identity_new(letter);
        g_autoptr(GError) error = NULL;
        assert_null(compose_entity(letter, identity, PROTECT_NONE, &error));
        assert_string_equal(postern_error_rule(error), "send.value");
        /* And what cannot refuse makes one line of it. */
        g_autoptr(GBytes) entity = g_bytes_new_static("\r\n", 2);
        g_autoptr(GBytes) whole = compose_message(letter, identity, entity, FALSE);
        g_autofree char *text = text_of(whole);
        assert_null(strstr(text, "\nBcc:"));
    }
}

static void p9_99_bad_references_are_left_out(void **state)
{
    (void)state;
    g_autoptr(Letter) letter = sample();
    g_ptr_array_add(letter->references, g_strdup("a@x>\r\nBcc: <b@x"));
    g_free(letter->in_reply_to);
    letter->in_reply_to = g_strdup("a b");
    g_autoptr(GBytes) bytes = build(letter, PROTECT_NONE, FALSE);
    assert_fit_to_send(bytes);
    g_autoptr(Message) message = message_parse(bytes);
    assert_null(message_header(message, "In-Reply-To"));
    assert_string_equal(message_header(message, "References"),
                        "<old@corp.example> <parent@corp.example>");
}

#define BLANKS "                                                            " /* 60 */

/* Encoded words no longer than 75 characters, lines no longer than 76, and all of it back. */
static void long_names_and_subjects_fold(void **state)
{
    (void)state;
    static const char *const subjects[] = {
        "",
        "a",
        CJK CJK CJK,
        "😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀",
        "plain words that go on and on until the line has to be folded somewhere, twice  or so",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "looks =?utf-8?Q?encoded?= but is not",
        "مرحبا بالعالم، هذه رسالة طويلة إلى حد ما لاختبار الطي",
        "many" BLANKS "blanks",
        "many" BLANKS BLANKS BLANKS BLANKS BLANKS BLANKS BLANKS BLANKS "blanks",
    };
    for (gsize i = 0; i < G_N_ELEMENTS(subjects); i++) {
        g_autoptr(Letter) letter = sample();
        g_free(letter->subject);
        letter->subject = g_strdup(subjects[i]);
        g_free(letter->from->name);
        letter->from->name = *subjects[i] ? g_strdup(subjects[i]) : NULL;
        g_autoptr(GBytes) bytes = build(letter, PROTECT_ENCRYPTED, FALSE);
        assert_fit_to_send(bytes);
        g_autofree char *text = text_of(bytes);
        g_auto(GStrv) lines = g_strsplit(text, "\r\n", -1);
        for (char **line = lines; *line; line++)
            assert_true(strlen(*line) <= 76);
        g_autoptr(Message) message = message_parse(bytes);
        assert_string_equal(message_header(message, "Subject"), subjects[i]);
        g_autoptr(GPtrArray) from = message_addresses(message, "From");
        const Mailbox *mailbox = g_ptr_array_index(from, 0);
        assert_string_equal(mailbox->name ? mailbox->name : "", subjects[i]);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_composed_reads_back),
        cmocka_unit_test(long_lines_flow_and_the_space_at_their_end_is_safe),
        cmocka_unit_test(p9_106_the_date_tells_no_time_zone),
        cmocka_unit_test(p9_106_a_local_date_stays_inside),
        cmocka_unit_test(long_names_and_subjects_fold),
        cmocka_unit_test(plain_ascii_stays_readable),
        cmocka_unit_test(p9_106_encrypted_headers_move_inside),
        cmocka_unit_test(a_signed_part_keeps_its_bytes),
        cmocka_unit_test(p9_106_armor_tells_nothing_of_its_maker),
        cmocka_unit_test(attachments_keep_bytes_and_name),
        cmocka_unit_test(an_unreadable_attachment_is_refused),
        cmocka_unit_test(p9_99_no_value_makes_a_second_field),
        cmocka_unit_test(p9_99_bad_references_are_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
