#include "mime/message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/limits.h"

static Message *parse(const char *text)
{
    g_autoptr(GBytes) bytes = g_bytes_new(text, strlen(text));
    return message_parse(bytes);
}

static Message *parse_string(GString *text)
{
    g_autoptr(GBytes) bytes = g_bytes_new(text->str, text->len);
    return message_parse(bytes);
}

#define MIXED                                                                                      \
    "From: =?utf-8?Q?J=C3=B6rg?= <joerg@corp.example>\r\n"                                         \
    "Subject: =?UTF-8?B?YWI=?=\r\n =?UTF-8?B?ZGVm?=\r\n"                                           \
    "Content-Type: multipart/mixed; boundary=\"b 1\"\r\n\r\n"                                      \
    "preamble is nobody's text\r\n--b 1\r\n"                                                       \
    "Content-Type: multipart/alternative; boundary=b\r\n\r\n"                                      \
    "--b\r\nContent-Type: text/plain; charset=iso-8859-15\r\n\r\n10 \xa4\r\n"                      \
    "--b\r\nContent-Type: text/html\r\n\r\n<p>10 &euro;</p>\r\n--b--\r\n"                          \
    "--b 1\t\r\nContent-Type: application/pdf; name=old.pdf\r\n"                                   \
    "Content-Disposition: attachment; filename*0*=utf-8''na%C3%AFve;\r\n filename*1=\" "           \
    "x.pdf\"\r\n"                                                                                  \
    "Content-Transfer-Encoding: BASE64\r\n\r\nYWI=\r\nZGVm\r\n--b 1--\r\nepilogue neither\r\n"

static void parts_are_numbered_in_order(void **state)
{
    (void)state;
    g_autoptr(Message) message = parse(MIXED);
    static const char *const types[] = {"multipart/mixed", "multipart/alternative", "text/plain",
                                        "text/html", "application/pdf"};
    assert_int_equal(message_part_count(message), G_N_ELEMENTS(types));
    for (guint n = 1; n <= G_N_ELEMENTS(types); n++)
        assert_string_equal(message_part(message, n)->type, types[n - 1]);
    assert_null(message_part(message, 0));
    assert_null(message_part(message, 6));
    assert_int_equal(message_part(message, 3)->parent, 2);
    assert_string_equal(message_part(message, 5)->filename, "naïve x.pdf");
    assert_true(message_part(message, 5)->attachment);
    assert_string_equal(message_header(message, "subject"), "abdef");
    assert_false(message_truncated(message));
}

static void text_is_decoded_and_the_plain_alternative_read(void **state)
{
    (void)state;
    g_autoptr(Message) message = parse(MIXED);
    g_autofree char *plain = message_part_text(message, 3);
    assert_string_equal(plain, "10 €");
    g_autofree char *html = message_part_text(message, 4);
    assert_string_equal(html, "10 €\n");
    assert_null(message_part_text(message, 5));
    g_autoptr(GArray) readable = message_readable_parts(message);
    assert_int_equal(readable->len, 1);
    assert_int_equal(g_array_index(readable, guint, 0), 3);
}

static void base64_goes_on_after_a_padded_line(void **state)
{
    (void)state;
    g_autoptr(Message) message = parse(MIXED);
    g_autoptr(GBytes) bytes = message_part_bytes(message, 5);
    assert_int_equal(g_bytes_get_size(bytes), 5);
    assert_memory_equal(g_bytes_get_data(bytes, NULL), "abdef", 5);
    assert_int_equal(message_part(message, 5)->size, 5);
    assert_null(message_part_bytes(message, 1));
}

static void the_raw_bytes_of_a_part_are_exact(void **state)
{
    (void)state;
    g_autoptr(Message) message = parse(MIXED);
    g_autoptr(GBytes) raw = message_part_raw(message, 3);
    static const char expected[] = "Content-Type: text/plain; charset=iso-8859-15\r\n\r\n10 \xa4";
    assert_int_equal(g_bytes_get_size(raw), sizeof expected - 1);
    assert_memory_equal(g_bytes_get_data(raw, NULL), expected, sizeof expected - 1);
}

static void a_name_with_a_line_end_is_one_recipient(void **state)
{
    (void)state;
    g_autoptr(Message) message =
        parse("To: =?utf-8?q?a=0Ab@x.example?= <c@x.example>, \"d@x, e\" <f@x.example>\n\n");
    g_autoptr(IndexDoc) doc = message_index_doc(message);
    g_auto(GStrv) lines = g_strsplit(doc->to, "\n", -1);
    assert_int_equal(g_strv_length(lines), 2);
    assert_true(g_str_has_suffix(lines[0], "<c@x.example>"));
    assert_string_equal(lines[1], "d@x, e <f@x.example>");
}

static void the_index_learns_every_text(void **state)
{
    (void)state;
    g_autoptr(Message) message =
        parse("From: Ann <ann@corp.example>\nTo: Bob <bob@corp.example>, team: c@x.example, "
              "d@x.example;\nSubject: Hi\nMessage-ID: <1@x>\nReferences: <a@x> junk <b@x>\n <a@x>\n"
              "In-Reply-To: <b@x>\nList-Id: The team <team.corp.example>\n\n"
              "> quoted\n\n  first \t line\nsecond\n");
    g_autoptr(IndexDoc) doc = message_index_doc(message);
    assert_string_equal(doc->subject, "Hi");
    assert_string_equal(doc->from, "Ann <ann@corp.example>");
    assert_string_equal(doc->to, "Bob <bob@corp.example>\nc@x.example\nd@x.example");
    assert_string_equal(doc->cc, "");
    assert_string_equal(doc->list, "team.corp.example");
    assert_string_equal(doc->message_id, "1@x");
    assert_int_equal(doc->references->len, 2);
    assert_string_equal(g_ptr_array_index(doc->references, 0), "a@x");
    assert_string_equal(g_ptr_array_index(doc->references, 1), "b@x");
    assert_string_equal(doc->snippet, "first line second");
    assert_string_equal(doc->body, "> quoted\n\n  first \t line\nsecond\n");
    assert_null(doc->filenames);
    assert_int_equal(doc->attachments, 0);
}

static void what_is_not_read_is_searched(void **state)
{
    (void)state;
    g_autoptr(Message) message =
        parse("From: ann@corp.example\nCc: bob@corp.example\nBcc: eve@corp.example\n"
              "Content-Type: multipart/report; boundary=b\n\n--b\n\nread\n--b\n"
              "Content-Type: text/calendar; charset=koi8-r\n\nSUMMARY:\xc4\xcf\xcd\n--b\n"
              "Content-Type: message/delivery-status\n\nStatus: 5.1.1\n--b\n"
              "Content-Type: text/rfc822-headers\n\nSubject: sent\n--b\n"
              "Content-Type: application/x\n\nbinary\n--b--\n");
    g_autoptr(IndexDoc) doc = message_index_doc(message);
    assert_string_equal(doc->body, "read\nSUMMARY:дом\nStatus: 5.1.1\nSubject: sent");
    assert_string_equal(doc->cc, "bob@corp.example\neve@corp.example");
    assert_string_equal(doc->snippet, "read");
    assert_null(message_part_text(message, 3));
}

static void an_attachment_is_counted_and_named(void **state)
{
    (void)state;
    g_autoptr(Message) message = parse(MIXED);
    g_autoptr(IndexDoc) doc = message_index_doc(message);
    assert_int_equal(doc->attachments, 1);
    assert_string_equal(doc->filenames, "naïve x.pdf");
    assert_string_equal(doc->snippet, "10 €");
    assert_false(doc->encrypted);
}

static void an_unreadable_alternative_is_passed_over(void **state)
{
    (void)state;
    g_autoptr(Message) message =
        parse("Content-Type: multipart/alternative; boundary=b\n\n--b\n\n \n--b\n"
              "Content-Type: text/html; charset=utf-8\n\n<b>words</b>\n--b\n"
              "Content-Type: text/calendar\n\nBEGIN:VCALENDAR\n--b--\n");
    g_autoptr(GArray) readable = message_readable_parts(message);
    assert_int_equal(readable->len, 1);
    assert_int_equal(g_array_index(readable, guint, 0), 3);
}

static void a_forwarded_message_is_a_part_with_parts(void **state)
{
    (void)state;
    g_autoptr(Message) message =
        parse("Content-Type: multipart/digest; boundary=b\n\n--b\n\nSubject: inner\n\nhello\n"
              "--b--\n");
    assert_int_equal(message_part_count(message), 3);
    assert_string_equal(message_part(message, 2)->type, "message/rfc822");
    assert_int_equal(message_part(message, 3)->parent, 2);
    g_autofree char *text = message_part_text(message, 3);
    assert_string_equal(text, "hello");
    g_autoptr(GBytes) bytes = message_part_bytes(message, 2);
    assert_memory_equal(g_bytes_get_data(bytes, NULL), "Subject: inner", 14);
}

typedef struct {
    const char *text;
    const char *type; /* of part 1 */
    guint parts;
    const char *read; /* its text, NULL for none */
} Malformed;

static void malformed_messages_still_show_their_text(void **state)
{
    (void)state;
    static const Malformed cases[] = {
        {"", "text/plain", 1, ""},
        {"\n", "text/plain", 1, ""},
        {"no field here\nbody", "text/plain", 1, "no field here\nbody"},
        {"Subject: x\nno blank line", "text/plain", 1, "no blank line"},
        {"From ann Mon Jan  1\nSubject: x\n\nbody", "text/plain", 1, "body"},
        {"Content-Type: nonsense\n\nbody", "application/octet-stream", 1, NULL},
        {"Content-Type: text\n\nbody", "text/plain", 1, "body"},
        {"Content-Type: ;;;\n\nbody", "text/plain", 1, "body"},
        {"Content-Type: multipart/mixed\n\nbody", "application/octet-stream", 1, NULL},
        {"Content-Type: multipart/mixed; boundary=\"\"\n\n--\nx", "application/octet-stream", 1,
         NULL},
        {"Content-Type: multipart/mixed; boundary=a\n\n--ab\nx", "application/octet-stream", 1,
         NULL},
        {"Content-Type: multipart/mixed; boundary=a\n\n--a\n\nx", "multipart/mixed", 2, NULL},
        {"Content-Type: multipart/mixed; boundary=a\n\n--a\n--a\n--a--", "multipart/mixed", 3,
         NULL},
        {"Content-Type: text/plain; charset=utf-8\n\na\xff\r\nb\rc", "text/plain", 1,
         "a\xef\xbf\xbd\nb\nc"},
        {"Content-Type: text/plain; charset=../x\n\na\xff", "text/plain", 1, "aÿ"},
        {"Content-Transfer-Encoding: x-new\n\nbody", "text/plain", 1, "body"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Message) message = parse(cases[i].text);
        assert_string_equal(message_part(message, 1)->type, cases[i].type);
        assert_int_equal(message_part_count(message), cases[i].parts);
        g_autofree char *text = message_part_text(message, 1);
        if (cases[i].read == NULL)
            assert_null(text);
        else
            assert_string_equal(text, cases[i].read);
    }
}

static void what_format_flowed_broke_is_whole_again(void **state)
{
    (void)state;
    static const struct {
        const char *type, *read;
    } cases[] = {
        {"text/plain", " a \n b\n"},
        {"text/plain; format=fixed", " a \n b\n"},
        {"text/plain; format=flowed", "a b\n"},
        {"text/plain; format=Flowed; delsp=no", "a b\n"},
        {"text/plain; format=flowed; DelSp=Yes", "ab\n"},
        {"text/x-patch; format=flowed", " a \n b\n"},
        {"text/html; format=flowed", "a b\n"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *head = g_strdup_printf("Content-Type: %s\n\n a \n b\n", cases[i].type);
        g_autoptr(Message) message = parse(head);
        g_autofree char *read = message_unflow(message, 1, message_part_text(message, 1)),
                        *words = message_part_words(message, 1);
        assert_string_equal(read, cases[i].read);
        assert_string_equal(words, read);
    }
}

/* The outer boundary wins, also where a part inside claims it as its own. */
static void an_inner_part_cannot_swallow_the_outer_boundary(void **state)
{
    (void)state;
    g_autoptr(Message) message =
        parse("Content-Type: multipart/mixed; boundary=a\n\n--a\n"
              "Content-Type: multipart/mixed; boundary=a\n\n--a\n\nsecond\n--a--\n\nlost\n");
    assert_int_equal(message_part_count(message), 3);
    assert_string_equal(message_part(message, 2)->type, "application/octet-stream");
    g_autofree char *text = message_part_text(message, 3);
    assert_string_equal(text, "second");
}

static void header_values_are_one_line_of_utf8(void **state)
{
    (void)state;
    static const char raw[] = "Subject: a\0b\r\n\tc\r\nX:\r\nLatin: \xe9\xe8\r\n\r\n";
    g_autoptr(GBytes) bytes = g_bytes_new_static(raw, sizeof raw - 1);
    g_autoptr(Message) message = message_parse(bytes);
    assert_int_equal(message_header_count(message), 3);
    assert_string_equal(message_header_at(message, 0)->value, "a\xef\xbf\xbd"
                                                              "b c");
    assert_string_equal(message_header_at(message, 1)->value, "");
    assert_string_equal(message_header(message, "Latin"), "éè");
    assert_null(message_header_at(message, 3));
    assert_null(message_header(message, "To"));
}

static void p8_87_limit_headers(void **state)
{
    (void)state;
    g_autoptr(GString) text = g_string_new(NULL);
    for (guint i = 0; i < 100000; i++)
        g_string_append(text, "X-Field: value\r\n");
    g_string_append(text, "\r\nbody");
    gint64 start = g_get_monotonic_time();
    g_autoptr(Message) message = parse_string(text);
    assert_int_equal(message_header_count(message), LIMIT_HEADERS);
    assert_true(message_truncated(message));
    g_autofree char *body = message_part_text(message, 1);
    assert_string_equal(body, "body");
    assert_true(g_get_monotonic_time() - start < 60 * G_USEC_PER_SEC);
}

static void p8_87_limit_header_bytes(void **state)
{
    (void)state;
    g_autoptr(GString) text = g_string_new("Subject: ");
    while (text->len < 10 * 1024 * 1024)
        g_string_append(text, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\r\n ");
    g_string_append(text, "\r\n\r\nbody");
    g_autoptr(Message) message = parse_string(text);
    assert_true(strlen(message_header(message, "Subject")) <= LIMIT_HEADER_BYTES);
    assert_true(message_truncated(message));
}

static void p8_87_limit_parts(void **state)
{
    (void)state;
    g_autoptr(GString) text = g_string_new("Content-Type: multipart/mixed; boundary=b\r\n\r\n");
    for (guint i = 0; i < 100000; i++)
        g_string_append(text, "--b\r\n\r\nx\r\n");
    gint64 start = g_get_monotonic_time();
    g_autoptr(Message) message = parse_string(text);
    assert_int_equal(message_part_count(message), LIMIT_PARTS);
    assert_true(message_truncated(message));
    g_autoptr(IndexDoc) doc = message_index_doc(message);
    assert_true(strlen(doc->body) < 2 * LIMIT_PARTS);
    assert_true(g_get_monotonic_time() - start < 60 * G_USEC_PER_SEC);
}

static void p8_87_limit_nesting(void **state)
{
    (void)state;
    static const char *const forms[] = {
        "Content-Type: multipart/alternative; boundary=b%u\r\n\r\n--b%u\r\n",
        "Content-Type: message/rfc822; a=%u; b=%u\r\n\r\n",
    };
    for (gsize form = 0; form < G_N_ELEMENTS(forms); form++) {
        g_autoptr(GString) text = g_string_new(NULL);
        for (guint i = 0; i < 1000; i++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
            g_string_append_printf(text, forms[form], i, i);
#pragma GCC diagnostic pop
        }
        for (guint i = 0; i < 300000; i++)
            g_string_append(text, "--b\r\n");
        gint64 start = g_get_monotonic_time();
        g_autoptr(Message) message = parse_string(text);
        assert_int_equal(message_part_count(message), LIMIT_NESTING);
        assert_true(message_truncated(message));
        g_autoptr(GArray) readable = message_readable_parts(message);
        assert_non_null(readable);
        assert_true(g_get_monotonic_time() - start < 60 * G_USEC_PER_SEC);
    }
}

/* Of each a hostile field that is quadratic or recursive in some reader. */
static void p8_87_hostile_fields_cost_little(void **state)
{
    (void)state;
    static const char *const fields[][2] = {
        {"To", "a:"},
        {"To", ";"},
        {"To", "("},
        {"To", "a@b,"},
        {"To", "<"},
        {"To", "\""},
        {"To", "=?utf-8?Q?"},
        {"References", "<1@x> "},
        {"Content-Type", "x;n*1*=%41;"},
        {"Content-Type", "("},
        {"Content-Disposition", "a;"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(fields); i++) {
        g_autoptr(GString) text = g_string_new(NULL);
        for (guint repeat = 0; repeat < 4; repeat++) {
            g_string_append_printf(text, "%s: ", fields[i][0]);
            for (gsize size = 0; size < 250 * 1024; size += strlen(fields[i][1]))
                g_string_append(text, fields[i][1]);
            g_string_append(text, "\r\n");
        }
        gint64 start = g_get_monotonic_time();
        g_autoptr(Message) message = parse_string(text);
        g_autoptr(IndexDoc) doc = message_index_doc(message);
        assert_true(doc->references->len <= LIMIT_REFERENCES);
        g_autoptr(GPtrArray) to = message_addresses(message, "To");
        assert_true(to->len <= LIMIT_MAILBOXES_READ);
        assert_true(g_get_monotonic_time() - start < 60 * G_USEC_PER_SEC);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_are_numbered_in_order),
        cmocka_unit_test(text_is_decoded_and_the_plain_alternative_read),
        cmocka_unit_test(base64_goes_on_after_a_padded_line),
        cmocka_unit_test(the_raw_bytes_of_a_part_are_exact),
        cmocka_unit_test(a_name_with_a_line_end_is_one_recipient),
        cmocka_unit_test(the_index_learns_every_text),
        cmocka_unit_test(what_is_not_read_is_searched),
        cmocka_unit_test(an_attachment_is_counted_and_named),
        cmocka_unit_test(an_unreadable_alternative_is_passed_over),
        cmocka_unit_test(a_forwarded_message_is_a_part_with_parts),
        cmocka_unit_test(malformed_messages_still_show_their_text),
        cmocka_unit_test(what_format_flowed_broke_is_whole_again),
        cmocka_unit_test(an_inner_part_cannot_swallow_the_outer_boundary),
        cmocka_unit_test(header_values_are_one_line_of_utf8),
        cmocka_unit_test(p8_87_limit_headers),
        cmocka_unit_test(p8_87_limit_header_bytes),
        cmocka_unit_test(p8_87_limit_parts),
        cmocka_unit_test(p8_87_limit_nesting),
        cmocka_unit_test(p8_87_hostile_fields_cost_little),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
