/* P8: a child taken over can say only what records allow. */
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

static Frame frame_of(WireType type, const GByteArray *bytes)
{
    return (Frame){.type = type, .payload = bytes->data, .size = bytes->len};
}

static void a_session_comes_back(void **state)
{
    (void)state;
    char *pins[] = {(char *)"sha256/AAAA", (char *)"sha256/BBBB", NULL};
    const Session session = {.scheme = SCHEME_POPS,
                             .host = (char *)"mail.corp.example",
                             .login = (char *)"john",
                             .min_auth = (char *)"SCRAM-SHA-256",
                             .min_tls = TLS_1_3,
                             .pins = pins};
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    record_put_session(bytes, &session);
    Frame frame = frame_of(WIRE_SESSION, bytes);
    Session back = {0};
    assert_true(record_get_session(&frame, &back, NULL));
    assert_int_equal(back.scheme, SCHEME_POPS);
    assert_string_equal(back.host, "mail.corp.example");
    assert_string_equal(back.login, "john");
    assert_null(back.auth);
    assert_string_equal(back.min_auth, "SCRAM-SHA-256");
    assert_int_equal(back.min_tls, TLS_1_3);
    assert_int_equal(g_strv_length(back.pins), 2);
    assert_int_equal(back.ca_sets->len, 0);
    session_clear(&back);
}

static void names_and_numbers_come_back(void **state)
{
    (void)state;
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    record_put_mailbox(bytes, &(MailboxName){(char *)"B&-C", (char *)"B&C", TRUE, USE_TRASH});
    Frame frame = frame_of(WIRE_MAILBOX, bytes);
    MailboxName name = {0};
    assert_true(record_get_mailbox(&frame, &name, NULL));
    assert_string_equal(name.name, "B&-C");
    assert_string_equal(name.display, "B&C");
    assert_true(name.selectable);
    assert_int_equal(name.uses, USE_TRASH);
    g_free(name.name);
    g_free(name.display);

    g_byte_array_set_size(bytes, 0);
    char *flags[] = {(char *)"\\Seen", (char *)"$Label", NULL};
    record_put_fetched(bytes, &(Fetched){.number = 7, .internaldate = -5, .flags = flags});
    frame = frame_of(WIRE_FETCHED, bytes);
    Fetched fetched = {0};
    assert_true(record_get_fetched(&frame, &fetched, NULL));
    assert_int_equal(fetched.number, 7);
    assert_true(fetched.internaldate == -5);
    assert_string_equal(fetched.flags[1], "$Label");
    g_strfreev(fetched.flags);
}

static void news_of_a_mailbox_come_back(void **state)
{
    (void)state;
    static const NumberRange here[] = {{1, 9}, {20, G_MAXUINT32}};
    const Known known = {77, G_MAXINT64, here, G_N_ELEMENTS(here)};
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    record_put_select(bytes, "INBOX", &known);
    Frame frame = frame_of(WIRE_SELECT, bytes);
    SelectRecord select;
    assert_true(record_get_select(&frame, &select, NULL));
    assert_true(select.known);
    assert_string_equal(select.name, "INBOX");
    assert_int_equal(select.uidvalidity, 77);
    assert_true(select.modseq == G_MAXINT64);
    assert_memory_equal(select.ranges->data, here, sizeof here);
    select_record_clear(&select);

    g_byte_array_set_size(bytes, 0);
    const Selected opened = {
        .uidvalidity = 77, .uidnext = 5, .exists = 4, .modseq = 9, .told = TRUE};
    Selected selected;
    record_put_selected(bytes, &opened);
    frame = frame_of(WIRE_SELECTED, bytes);
    assert_true(record_get_selected(&frame, &selected, NULL));
    assert_true(selected.modseq == 9 && selected.told && selected.exists == 4);

    g_byte_array_set_size(bytes, 0);
    char *flags[] = {(char *)"\\Seen", (char *)"$Label", NULL};
    guint32 uid;
    g_auto(GStrv) back = NULL;
    record_put_changed(bytes, 3, flags);
    frame = frame_of(WIRE_CHANGED, bytes);
    assert_true(record_get_changed(&frame, &uid, &back, NULL));
    assert_int_equal(uid, 3);
    assert_string_equal(back[1], "$Label");

    g_byte_array_set_size(bytes, 0);
    guint64 since;
    record_put_changes(bytes, 40, here, 2);
    frame = frame_of(WIRE_CHANGES, bytes);
    g_autoptr(GArray) ranges = record_get_changes(&frame, &since, NULL);
    assert_int_equal(since, 40);
    assert_int_equal(ranges->len, 2);

    g_byte_array_set_size(bytes, 0);
    NumberRange gone;
    record_put_gone(bytes, 4, 5);
    frame = frame_of(WIRE_GONE, bytes);
    assert_true(record_get_gone(&frame, &gone, NULL));
    assert_int_equal(gone.last, 5);
}

static void sizes_come_back(void **state)
{
    (void)state;
    const Sized told[] = {{7, 0, 0}, {G_MAXUINT32, G_MAXINT64, -5}, {0, 1, 1}, {7, G_MAXUINT64, 0}};
    for (gsize i = 0; i < G_N_ELEMENTS(told); i++) {
        g_autoptr(GByteArray) bytes = g_byte_array_new();
        g_autoptr(GError) error = NULL;
        Sized sized = {0};
        record_put_sized(bytes, &told[i]);
        Frame frame = frame_of(WIRE_SIZED, bytes);
        if (!record_get_sized(&frame, &sized, &error))
            assert_string_equal(postern_error_rule(error), "net.record");
        assert_int_equal(error == NULL, i < 2);
        assert_true(sized.number == told[i].number && sized.size == told[i].size &&
                    sized.internaldate == told[i].internaldate);
    }
}

static void a_mailbox_of_too_many_ranges_is_sent_as_one(void **state)
{
    (void)state;
    g_autoptr(GArray) gaps = g_array_new(FALSE, FALSE, sizeof(NumberRange));
    for (guint32 i = 0; i <= RECORD_RANGES; i++) {
        NumberRange one = {2 * i + 7, 2 * i + 7};
        g_array_append_val(gaps, one);
    }
    const Known known = {77, 1, (const NumberRange *)(void *)gaps->data, gaps->len};
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    record_put_select(bytes, "INBOX", &known);
    Frame frame = frame_of(WIRE_SELECT, bytes);
    SelectRecord select;
    assert_true(record_get_select(&frame, &select, NULL));
    assert_int_equal(select.ranges->len, 1);
    assert_int_equal(g_array_index(select.ranges, NumberRange, 0).first, 7);
    assert_int_equal(g_array_index(select.ranges, NumberRange, 0).last, 2 * RECORD_RANGES + 7);
    select_record_clear(&select);
}

static void p8_98_news_out_of_bounds_are_refused(void **state)
{
    (void)state;
    static const NumberRange wrong[] = {{0, 3}, {5, 4}, {0, 0}};
    NumberRange gone;
    guint32 uid;
    guint64 since;
    Selected selected;
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    for (gsize i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_byte_array_set_size(bytes, 0);
        record_put_gone(bytes, wrong[i].first, wrong[i].last);
        Frame frame = frame_of(WIRE_GONE, bytes);
        assert_false(record_get_gone(&frame, &gone, NULL));
    }
    char *bad[] = {(char *)"\xff", NULL}, *none[] = {NULL};
    g_auto(GStrv) back = NULL, also = NULL;
    g_byte_array_set_size(bytes, 0);
    record_put_changed(bytes, 3, bad);
    Frame frame = frame_of(WIRE_CHANGED, bytes);
    assert_false(record_get_changed(&frame, &uid, &back, NULL));
    g_byte_array_set_size(bytes, 0);
    record_put_changed(bytes, 0, none);
    frame = frame_of(WIRE_CHANGED, bytes);
    assert_false(record_get_changed(&frame, &uid, &also, NULL));
    g_byte_array_set_size(bytes, 0);
    record_put_changes(bytes, (guint64)G_MAXINT64 + 1, wrong, 0);
    frame = frame_of(WIRE_CHANGES, bytes);
    assert_null(record_get_changes(&frame, &since, NULL));
    g_byte_array_set_size(bytes, 0);
    record_put_selected(bytes, &(Selected){.uidvalidity = 1, .modseq = (guint64)G_MAXINT64 + 1});
    frame = frame_of(WIRE_SELECTED, bytes);
    assert_false(record_get_selected(&frame, &selected, NULL));
}

static gboolean report_back(const ServerReport *report, ServerReport *back)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    record_put_report(bytes, report);
    Frame frame = frame_of(WIRE_REPORTED, bytes);
    return record_get_report(&frame, back, NULL);
}

static void a_report_comes_back(void **state)
{
    (void)state;
    ServerReport back;
    const ServerReport report = {3, 1800000000, SERVER_IDLE | SERVER_SCRAM};
    assert_true(report_back(&report, &back));
    assert_int_equal(back.tls_minor, 3);
    assert_int_equal(back.not_after, 1800000000);
    assert_int_equal(back.abilities, SERVER_IDLE | SERVER_SCRAM);
}

static void p8_98_a_report_out_of_bounds_is_refused(void **state)
{
    (void)state;
    static const ServerReport wrong[] = {
        {1, 0, 0}, {4, 0, 0}, {3, -1, 0}, {3, G_MAXINT64, 0}, {3, 0, SERVER_ALL + 1},
    };
    ServerReport back;
    for (gsize i = 0; i < G_N_ELEMENTS(wrong); i++)
        assert_false(report_back(&wrong[i], &back));
    ProbeKind kind;
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    put_u8(bytes, PROBE_CLEAR + 1);
    Frame frame = frame_of(WIRE_PROBE, bytes);
    assert_false(record_get_probe(&frame, &kind, NULL));
}

static void p8_98_numbers_out_of_bounds_are_refused(void **state)
{
    (void)state;
    const NumberRange zero = {0, 3}, backwards = {5, 4};
    const NumberRange *const cases[] = {&zero, &backwards};
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GByteArray) bytes = g_byte_array_new();
        record_put_ranges(bytes, cases[i], 1);
        Frame frame = frame_of(WIRE_LIST, bytes);
        g_autoptr(GError) error = NULL;
        assert_null(record_get_ranges(&frame, &error));
        assert_string_equal(postern_error_rule(error), "net.record");
        assert_int_equal(postern_exit_code(error), 70);
    }
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    record_put_listed(bytes, 0, "x");
    Frame frame = frame_of(WIRE_LISTED, bytes);
    guint32 number;
    g_autofree char *uidl = NULL;
    assert_false(record_get_listed(&frame, &number, &uidl, NULL));
}

static void p8_98_too_many_ranges_are_refused(void **state)
{
    (void)state;
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    put_u16(bytes, RECORD_RANGES + 1);
    for (guint i = 0; i <= RECORD_RANGES; i++) {
        put_u32(bytes, i + 1);
        put_u32(bytes, i + 1);
    }
    Frame frame = frame_of(WIRE_LIST, bytes);
    assert_null(record_get_ranges(&frame, NULL));
}

static void p8_98_long_fields_are_refused(void **state)
{
    (void)state;
    g_autofree char *name = g_strnfill(LIMIT_MAILBOX_NAME + 1, 'x');
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    record_put_select(bytes, name, NULL);
    Frame frame = frame_of(WIRE_SELECT, bytes);
    SelectRecord select;
    assert_false(record_get_select(&frame, &select, NULL));
    select_record_clear(&select);

    g_autofree char *uidl = g_strnfill(LIMIT_UIDL + 1, 'x');
    g_byte_array_set_size(bytes, 0);
    record_put_listed(bytes, 1, uidl);
    frame = frame_of(WIRE_LISTED, bytes);
    guint32 number;
    g_autofree char *back = NULL;
    assert_false(record_get_listed(&frame, &number, &back, NULL));
}

static void p8_98_foreign_text_must_be_utf8(void **state)
{
    (void)state;
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    char *flags[] = {(char *)"\xff", NULL};
    record_put_fetched(bytes, &(Fetched){.number = 7, .flags = flags});
    Frame frame = frame_of(WIRE_FETCHED, bytes);
    Fetched fetched = {0};
    assert_false(record_get_fetched(&frame, &fetched, NULL));
    g_strfreev(fetched.flags);
}

static void a_failure_keeps_kind_rule_and_mend(void **state)
{
    (void)state;
    g_autoptr(GError) failure = NULL;
    refuse(&failure, POSTERN_ERROR_PROTOCOL, "tls.name", "ask", "it says \x1b[31mred");
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    record_put_fail(bytes, failure);
    Frame frame = frame_of(WIRE_FAIL, bytes);
    g_autoptr(GError) back = NULL;
    assert_false(record_get_fail(&frame, &back));
    assert_int_equal(postern_exit_code(back), 76);
    assert_string_equal(postern_error_rule(back), "tls.name");
    assert_string_equal(postern_error_mend(back), "ask");
    assert_null(strchr(back->message, '\x1b')); /* P8 85 */
}

static void p8_98_a_failure_of_no_known_kind_is_our_bug(void **state)
{
    (void)state;
    static const guint8 kinds[] = {0, 1, 64, 73, 74, 99, 255};
    for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++) {
        g_autoptr(GByteArray) bytes = g_byte_array_new();
        put_u8(bytes, kinds[i]);
        put_string(bytes, "rule");
        put_string(bytes, "words");
        put_string(bytes, "");
        Frame frame = frame_of(WIRE_FAIL, bytes);
        g_autoptr(GError) back = NULL;
        assert_false(record_get_fail(&frame, &back));
        assert_int_equal(postern_exit_code(back), 70);
    }
}

static void p8_98_a_refusal_keeps_whom_and_why_and_is_a_no(void **state)
{
    (void)state;
    static const PosternError kinds[] = {POSTERN_ERROR_INPUT, POSTERN_ERROR_TEMPORARY,
                                         POSTERN_ERROR_POLICY, POSTERN_ERROR_BUG};
    for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++) {
        guint n = 0;
        g_autoptr(GError) failure = NULL, back = NULL, reason = NULL;
        g_autoptr(GByteArray) bytes = g_byte_array_new();
        refuse(&failure, kinds[i], "send.recipient", "ask", "no \x1b[31mred");
        record_put_refused(bytes, 999, failure);
        Frame frame = frame_of(WIRE_REFUSED, bytes);
        assert_int_equal(record_get_refused(&frame, &n, &reason, &back), i < 2);
        if (i >= 2) {
            assert_int_equal(postern_exit_code(back), 70);
            continue;
        }
        assert_int_equal(n, 999);
        assert_int_equal(postern_exit_code(reason), kinds[i]);
        assert_null(strchr(reason->message, '\x1b'));
    }
}

static void long_words_are_cut_on_a_character(void **state)
{
    (void)state;
    g_autoptr(GString) words = g_string_new("x");
    while (words->len < 2 * RECORD_WORDS)
        g_string_append(words, "€");
    g_autoptr(GError) failure = NULL;
    refuse(&failure, POSTERN_ERROR_LOGIN, "login.refused", NULL, "%s", words->str);
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    record_put_fail(bytes, failure);
    Frame frame = frame_of(WIRE_FAIL, bytes);
    g_autoptr(GError) back = NULL;
    assert_false(record_get_fail(&frame, &back));
    assert_int_equal(postern_exit_code(back), 77);
    assert_true(g_utf8_validate(back->message, -1, NULL));
    assert_null(postern_error_mend(back));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_session_comes_back),
        cmocka_unit_test(names_and_numbers_come_back),
        cmocka_unit_test(news_of_a_mailbox_come_back),
        cmocka_unit_test(sizes_come_back),
        cmocka_unit_test(a_mailbox_of_too_many_ranges_is_sent_as_one),
        cmocka_unit_test(p8_98_news_out_of_bounds_are_refused),
        cmocka_unit_test(a_report_comes_back),
        cmocka_unit_test(p8_98_a_report_out_of_bounds_is_refused),
        cmocka_unit_test(p8_98_numbers_out_of_bounds_are_refused),
        cmocka_unit_test(p8_98_too_many_ranges_are_refused),
        cmocka_unit_test(p8_98_long_fields_are_refused),
        cmocka_unit_test(p8_98_foreign_text_must_be_utf8),
        cmocka_unit_test(a_failure_keeps_kind_rule_and_mend),
        cmocka_unit_test(p8_98_a_failure_of_no_known_kind_is_our_bug),
        cmocka_unit_test(p8_98_a_refusal_keeps_whom_and_why_and_is_a_no),
        cmocka_unit_test(long_words_are_cut_on_a_character),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
