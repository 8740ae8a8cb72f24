/* P8: every record is read whole or not at all, and each of its fields has bounds. */
#include "fetchd/record.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/cursor.h"
#include "core/error.h"
#include "core/limits.h"

static gboolean reads_session(const Frame *frame)
{
    Session session = {0};
    gboolean good = record_get_session(frame, &session, NULL);
    session_clear(&session);
    return good;
}

static gboolean reads_select(const Frame *frame)
{
    SelectRecord select = {0};
    gboolean good = record_get_select(frame, &select, NULL);
    select_record_clear(&select);
    return good;
}

static gboolean reads_mailbox(const Frame *frame)
{
    MailboxName name = {0};
    gboolean good = record_get_mailbox(frame, &name, NULL);
    g_free(name.name);
    g_free(name.display);
    return good;
}

static gboolean reads_fetched(const Frame *frame)
{
    Fetched fetched = {0};
    gboolean good = record_get_fetched(frame, &fetched, NULL);
    g_strfreev(fetched.flags);
    return good;
}

static gboolean reads_letter(const Frame *frame)
{
    LetterRecord letter = {0};
    gboolean good = record_get_letter(frame, &letter, NULL);
    letter_record_clear(&letter);
    return good;
}

static gboolean reads_changed(const Frame *frame)
{
    guint32 uid;
    g_auto(GStrv) flags = NULL;
    return record_get_changed(frame, &uid, &flags, NULL);
}

static gboolean reads_listed(const Frame *frame)
{
    guint32 number;
    g_autofree char *uidl = NULL;
    return record_get_listed(frame, &number, &uidl, NULL);
}

static gboolean reads_ranges(const Frame *frame)
{
    g_autoptr(GArray) ranges = record_get_ranges(frame, NULL);
    return ranges != NULL;
}

static gboolean reads_numbers(const Frame *frame)
{
    g_autoptr(GArray) numbers = record_get_numbers(frame, NULL);
    return numbers != NULL;
}

static gboolean reads_changes(const Frame *frame)
{
    guint64 since;
    g_autoptr(GArray) ranges = record_get_changes(frame, &since, NULL);
    return ranges != NULL;
}

static gboolean reads_gone(const Frame *frame)
{
    NumberRange gone;
    return record_get_gone(frame, &gone, NULL);
}

static gboolean reads_selected(const Frame *frame)
{
    Selected selected;
    return record_get_selected(frame, &selected, NULL);
}

static gboolean reads_sized(const Frame *frame)
{
    Sized sized;
    return record_get_sized(frame, &sized, NULL);
}

static gboolean reads_report(const Frame *frame)
{
    ServerReport report;
    return record_get_report(frame, &report, NULL);
}

static gboolean reads_alert(const Frame *frame)
{
    g_autofree char *words = record_get_alert(frame, NULL);
    return words != NULL;
}

static gboolean reads_trace(const Frame *frame)
{
    g_autofree char *text = record_get_trace(frame, NULL);
    return text != NULL;
}

static gboolean reads_probe(const Frame *frame)
{
    ProbeKind kind;
    return record_get_probe(frame, &kind, NULL);
}

/* What is read is the failure; another one than "net.record" is it. */
static gboolean reads_fail(const Frame *frame)
{
    g_autoptr(GError) error = NULL;
    assert_false(record_get_fail(frame, &error));
    return strcmp(postern_error_rule(error), "net.record") != 0;
}

static char *two[] = {(char *)"one", (char *)"two", NULL};
static const NumberRange some[] = {{1, 9}, {20, 30}};

static void put_a_session(GByteArray *out)
{
    g_autoptr(GPtrArray) sets = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
    g_ptr_array_add(sets, g_bytes_new_static("pem", 3));
    record_put_session(out, &(Session){.host = (char *)"mail.corp.example",
                                       .login = (char *)"john",
                                       .min_auth = (char *)"PLAIN",
                                       .min_tls = TLS_1_3,
                                       .pins = two,
                                       .ca_sets = sets});
}

static void put_a_select(GByteArray *out)
{
    record_put_select(out, "INBOX", &(Known){7, 8, some, G_N_ELEMENTS(some)});
}

static void put_a_mailbox(GByteArray *out)
{
    record_put_mailbox(out, &(MailboxName){(char *)"A", (char *)"B", TRUE, USE_TRASH});
}

static void put_a_fetched(GByteArray *out)
{
    record_put_fetched(out, &(Fetched){.number = 7, .flags = two});
}

static gboolean reads_file(const Frame *frame)
{
    g_auto(FileRecord) file = {0};
    return record_get_file(frame, &file, NULL);
}

static void put_a_file(GByteArray *out)
{
    const Filed filed = {
        .mailbox = "Sent", .message_id = "<1@corp.example>", .date = 1234567890, .size = 9};
    record_put_file(out, &filed);
}

static void put_a_letter(GByteArray *out)
{
    g_autoptr(GPtrArray) recipients = g_ptr_array_new();
    g_ptr_array_add(recipients, (gpointer) "mary@corp.example");
    const Notice notice = {NOTICE_SUCCESS | NOTICE_DELAY, "1@corp.example"};
    record_put_letter(out,
                      &(LetterEnvelope){"john@corp.example", recipients, 9, LETTER_8BIT, &notice});
}

static void put_a_changed(GByteArray *out)
{
    record_put_changed(out, 3, two);
}

static void put_a_listed(GByteArray *out)
{
    record_put_listed(out, 3, "uidl");
}

static void put_some_ranges(GByteArray *out)
{
    record_put_ranges(out, some, G_N_ELEMENTS(some));
}

static void put_some_numbers(GByteArray *out)
{
    static const guint32 numbers[] = {1, 2, 3};
    record_put_numbers(out, numbers, G_N_ELEMENTS(numbers));
}

static void put_some_changes(GByteArray *out)
{
    record_put_changes(out, 40, some, G_N_ELEMENTS(some));
}

static void put_a_gone(GByteArray *out)
{
    record_put_gone(out, 4, 5);
}

static void put_a_selected(GByteArray *out)
{
    record_put_selected(out, &(Selected){.uidvalidity = 7});
}

static void put_a_sized(GByteArray *out)
{
    record_put_sized(out, &(Sized){7, 8, 9});
}

static void put_a_report(GByteArray *out)
{
    record_put_report(out, &(ServerReport){3, 8, 0});
}

static void put_an_alert(GByteArray *out)
{
    record_put_alert(out, "words");
}

static void put_a_trace(GByteArray *out)
{
    record_put_trace(out, "words");
}

static void put_a_probe(GByteArray *out)
{
    record_put_probe(out, PROBE_OLD_TLS);
}

static void put_a_fail(GByteArray *out)
{
    g_autoptr(GError) failure = NULL;
    refuse(&failure, POSTERN_ERROR_LOGIN, "login.refused", "ask", "no");
    record_put_fail(out, failure);
}

static void put_a_refusal(GByteArray *out)
{
    g_autoptr(GError) failure = NULL;
    refuse(&failure, POSTERN_ERROR_INPUT, "send.recipient", "ask", "no");
    record_put_refused(out, 7, failure);
}

static gboolean reads_refused(const Frame *frame)
{
    guint n;
    g_autoptr(GError) reason = NULL;
    return record_get_refused(frame, &n, &reason, NULL);
}

static const struct {
    const char *name;
    void (*put)(GByteArray *out);
    gboolean (*reads)(const Frame *frame);
} records[] = {
    {"session", put_a_session, reads_session},
    {"select", put_a_select, reads_select},
    {"mailbox", put_a_mailbox, reads_mailbox},
    {"fetched", put_a_fetched, reads_fetched},
    {"refusal", put_a_refusal, reads_refused},
    {"letter", put_a_letter, reads_letter},
    {"file", put_a_file, reads_file},
    {"changed", put_a_changed, reads_changed},
    {"listed", put_a_listed, reads_listed},
    {"ranges", put_some_ranges, reads_ranges},
    {"numbers", put_some_numbers, reads_numbers},
    {"changes", put_some_changes, reads_changes},
    {"gone", put_a_gone, reads_gone},
    {"selected", put_a_selected, reads_selected},
    {"sized", put_a_sized, reads_sized},
    {"report", put_a_report, reads_report},
    {"alert", put_an_alert, reads_alert},
    {"trace", put_a_trace, reads_trace},
    {"probe", put_a_probe, reads_probe},
    {"fail", put_a_fail, reads_fail},
};

/* Cut at every byte, and with one more behind its end. */
static void p8_98_every_record_is_read_whole_or_not_at_all(void **state)
{
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(records); i++) {
        g_autoptr(GByteArray) bytes = g_byte_array_new();
        records[i].put(bytes);
        guint whole = bytes->len;
        put_u8(bytes, 0);
        for (guint size = 0; size <= whole + 1; size++) {
            /* Each its own memory, so that reading behind it is found out. */
            g_autofree guint8 *copy = g_memdup2(bytes->data, size);
            Frame frame = {.type = WIRE_DATA, .payload = copy, .size = size};
            if (records[i].reads(&frame) != (size == whole))
                fail_msg("a record \"%s\" of %u bytes, read from %u", records[i].name, whole, size);
        }
    }
}

static Frame frame_of(WireType type, const GByteArray *bytes)
{
    return (Frame){.type = type, .payload = bytes->data, .size = bytes->len};
}

static void letter_of(GByteArray *bytes, guint needs, guint notices, const char *id,
                      guint recipients)
{
    put_u64(bytes, 9);
    put_u8(bytes, (guint8)needs);
    put_u8(bytes, (guint8)notices);
    put_string(bytes, id);
    put_string(bytes, "a");
    put_u16(bytes, (guint16)recipients);
    for (guint i = 0; i < recipients; i++)
        put_string(bytes, "b");
}

static void p8_98_what_is_asked_of_a_letter_comes_over_as_it_was(void **state)
{
    (void)state;
    static const Notice cases[] = {
        {0, ""}, {NOTICE_NEVER, ""}, {NOTICE_SUCCESS | NOTICE_FAILURE | NOTICE_DELAY, "1+2@x"}};
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GByteArray) bytes = g_byte_array_new();
        letter_of(bytes, LETTER_UTF8, cases[i].when, cases[i].id, LIMIT_RECIPIENTS);
        Frame frame = frame_of(WIRE_LETTER, bytes);
        LetterRecord letter = {0};
        assert_true(record_get_letter(&frame, &letter, NULL));
        assert_int_equal(letter.notice.when, cases[i].when);
        assert_string_equal(letter.notice.id, cases[i].id);
        assert_int_equal(letter.recipients->len, LIMIT_RECIPIENTS);
        g_autoptr(GByteArray) again = g_byte_array_new();
        record_put_letter(again, &(LetterEnvelope){letter.from, letter.recipients, letter.size,
                                                   letter.needs, &letter.notice});
        assert_int_equal(again->len, bytes->len);
        assert_memory_equal(again->data, bytes->data, bytes->len);
        letter_record_clear(&letter);
    }
}

/* One field of each out of its bounds. */
static void p8_98_each_field_has_its_bounds(void **state)
{
    (void)state;
    g_autoptr(GByteArray) bytes = g_byte_array_new();
#define ASSERT_REFUSED(put, reads)                                                                 \
    do {                                                                                           \
        g_byte_array_set_size(bytes, 0);                                                           \
        put;                                                                                       \
        Frame frame = frame_of(WIRE_DATA, bytes);                                                  \
        assert_false(reads(&frame));                                                               \
    } while (0)
    ASSERT_REFUSED(
        record_put_session(bytes, &(Session){.scheme = SCHEME_SUBMISSION + 1, .host = (char *)"h"}),
        reads_session);
    ASSERT_REFUSED(
        record_put_session(bytes, &(Session){.host = (char *)"h", .min_tls = TLS_1_3 + 1}),
        reads_session);
    ASSERT_REFUSED(
        record_put_mailbox(bytes, &(MailboxName){(char *)"A", (char *)"\xff", TRUE, USE_TRASH}),
        reads_mailbox);
    ASSERT_REFUSED(record_put_fetched(bytes, &(Fetched){.number = 0, .flags = two}), reads_fetched);
    ASSERT_REFUSED((put_u16(bytes, RECORD_RANGES + 1),
                    g_byte_array_set_size(bytes, 2 + 4 * (RECORD_RANGES + 1))),
                   reads_numbers);
    ASSERT_REFUSED(letter_of(bytes, 0, 0, "", 0), reads_letter);
    ASSERT_REFUSED(letter_of(bytes, 0, 0, "", LIMIT_RECIPIENTS + 1), reads_letter);
    ASSERT_REFUSED(letter_of(bytes, LETTER_NEEDS + 1, 0, "", 1), reads_letter);
    ASSERT_REFUSED(letter_of(bytes, 0, NOTICE_NEVER | NOTICE_DELAY, "", 1), reads_letter);
    ASSERT_REFUSED(letter_of(bytes, 0, NOTICE_NEVER << 1, "", 1), reads_letter);
    ASSERT_REFUSED(letter_of(bytes, 0, NOTICE_DELAY, "1\r\nDATA", 1), reads_letter);
    g_autofree char *long_id = g_strnfill(NOTICE_ID + 1, 'a');
    g_autofree char *coded_id = g_strnfill(NOTICE_ID, '+');
    ASSERT_REFUSED(letter_of(bytes, 0, NOTICE_DELAY, long_id, 1), reads_letter);
    ASSERT_REFUSED(letter_of(bytes, 0, NOTICE_DELAY, coded_id, 1), reads_letter);
    ASSERT_REFUSED((put_u32(bytes, 3), put_u16(bytes, LIMIT_FETCH_FLAGS + 1)), reads_changed);
#undef ASSERT_REFUSED
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(p8_98_every_record_is_read_whole_or_not_at_all),
        cmocka_unit_test(p8_98_each_field_has_its_bounds),
        cmocka_unit_test(p8_98_what_is_asked_of_a_letter_comes_over_as_it_was),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
