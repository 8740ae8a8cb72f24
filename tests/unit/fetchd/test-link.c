/* P6 57, P8 98: the keeper believes of a child's news only what it asked about. */
#include "fetchd/link-state.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>
#include <sys/socket.h>

#include "core/error.h"

typedef struct {
    Link link;
    Wire *child;
    GByteArray *record;
    GString *taken;
} Ends;

static gboolean take_flags(gpointer user, guint32 uid, GStrv flags, GError **error)
{
    (void)error;
    g_autofree char *all = g_strjoinv(" ", flags);
    g_string_append_printf(((Ends *)user)->taken, "%u:%s;", uid, all);
    return TRUE;
}

static gboolean take_gone(gpointer user, guint32 first, guint32 last, GError **error)
{
    (void)error;
    g_string_append_printf(((Ends *)user)->taken, "-%u:%u;", first, last);
    return TRUE;
}

static int set_up(void **state)
{
    int pair[2];
    Ends *ends = g_new0(Ends, 1);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    ends->link.wire = wire_new(pair[0]);
    ends->link.record = g_byte_array_new();
    ends->link.stop_fd = -1;
    ends->child = wire_new(pair[1]);
    ends->record = g_byte_array_new();
    ends->taken = g_string_new(NULL);
    *state = ends;
    return 0;
}

static int tear_down(void **state)
{
    Ends *ends = *state;
    wire_free(ends->link.wire);
    wire_free(ends->child);
    g_byte_array_unref(ends->link.record);
    g_byte_array_unref(ends->record);
    g_string_free(ends->taken, TRUE);
    g_free(ends);
    return 0;
}

static void say(Ends *ends, WireType type)
{
    assert_true(wire_put(ends->child, type, ends->record->data, ends->record->len, NULL));
    g_byte_array_set_size(ends->record, 0);
}

static void say_changed(Ends *ends, guint32 uid)
{
    char *flags[] = {(char *)"a", NULL};
    record_put_changed(ends->record, uid, flags);
    say(ends, WIRE_CHANGED);
}

static void say_gone(Ends *ends, guint32 first, guint32 last)
{
    record_put_gone(ends->record, first, last);
    say(ends, WIRE_GONE);
}

static void say_selected(Ends *ends, guint32 uidvalidity, gboolean told)
{
    record_put_selected(ends->record,
                        &(Selected){.uidvalidity = uidvalidity, .modseq = 50, .told = told});
    say(ends, WIRE_SELECTED);
}

static void say_done(Ends *ends)
{
    say(ends, WIRE_DONE);
    assert_true(wire_flush(ends->child, NULL));
}

static void say_three(Ends *ends)
{
    say_changed(ends, 3);
}

static void say_three_gone(Ends *ends)
{
    say_gone(ends, 3, 3);
}

static void say_seventy_seven(Ends *ends)
{
    say_selected(ends, 77, TRUE);
}

static const NumberRange here[] = {{3, 9}, {20, 20}};

/* The rule of what goes wrong, or NULL. */
static const char *open_with(Ends *ends, const Known *known)
{
    const ChangeTaker taker = {take_flags, take_gone, ends};
    Selected selected;
    g_autoptr(GError) error = NULL;
    gboolean good = link_select(&ends->link.fetcher, "INBOX", known, &taker, &selected, &error);
    return good ? NULL : g_intern_string(postern_error_rule(error));
}

static const char *open_known(Ends *ends)
{
    static const Known known = {77, 40, here, G_N_ELEMENTS(here)};
    return open_with(ends, &known);
}

static void the_news_are_cut_to_what_is_known(void **state)
{
    Ends *ends = *state;
    say_gone(ends, 1, 4);
    say_changed(ends, 20);
    say_gone(ends, 8, 30);
    say_selected(ends, 77, TRUE);
    say_done(ends);
    assert_null(open_known(ends));
    assert_string_equal(ends->taken->str, "-3:4;20:a;-8:9;-20:20;");
}

static void p8_98_flags_of_what_is_not_known_are_refused(void **state)
{
    Ends *ends = *state;
    say_changed(ends, 10);
    say_selected(ends, 77, TRUE);
    say_done(ends);
    assert_string_equal(open_known(ends), "net.record");
    assert_string_equal(ends->taken->str, "");
}

static void p8_98_what_was_never_here_cannot_be_gone(void **state)
{
    Ends *ends = *state;
    say_gone(ends, 10, 19);
    say_selected(ends, 77, TRUE);
    say_done(ends);
    assert_string_equal(open_known(ends), "net.record");
}

static void p8_98_news_of_another_uidvalidity_are_refused(void **state)
{
    Ends *ends = *state;
    say_gone(ends, 3, 3);
    say_selected(ends, 78, FALSE);
    say_done(ends);
    assert_string_equal(open_known(ends), "net.record");
}

static void p8_98_all_cannot_be_told_of_another_uidvalidity(void **state)
{
    Ends *ends = *state;
    say_selected(ends, 78, TRUE);
    say_done(ends);
    assert_string_equal(open_known(ends), "net.record");
}

static void a_mailbox_may_be_another(void **state)
{
    Ends *ends = *state;
    say_selected(ends, 78, FALSE);
    say_done(ends);
    assert_null(open_known(ends));
}

static void p8_98_news_that_nobody_asked_for_are_refused(void **state)
{
    Ends *ends = *state;
    say_gone(ends, 3, 3);
    say_selected(ends, 77, FALSE);
    say_done(ends);
    assert_string_equal(open_with(ends, NULL), "net.record");
}

static void p8_98_news_behind_the_end_are_refused(void **state)
{
    Ends *ends = *state;
    say_selected(ends, 77, TRUE);
    say_changed(ends, 3);
    say_done(ends);
    assert_string_equal(open_known(ends), "net.record");
}

/* ---- a mailbox in front of the list ---- */

static gboolean take_mailbox(gpointer user, const MailboxName *name, GError **error)
{
    (void)error;
    g_string_append_printf(((Ends *)user)->taken, "%s;", name->display);
    return TRUE;
}

static void say_mailbox(Ends *ends)
{
    record_put_mailbox(ends->record, &(MailboxName){(char *)"b", (char *)"b", TRUE, 0});
    say(ends, WIRE_MAILBOX);
}

/* The rule of what goes wrong, or NULL; FIRST says no more than that the mailbox was opened. */
static const char *list_with(Ends *ends, Opening *first)
{
    static const Known known = {77, 40, here, G_N_ELEMENTS(here)};
    const ChangeTaker taker = {take_flags, take_gone, ends};
    g_autoptr(GError) error = NULL;
    if (first)
        *first = (Opening){"INBOX", &known, &taker, FALSE, {0}};
    gboolean good = link_mailboxes(&ends->link.fetcher, first, take_mailbox, ends, &error);
    return good ? NULL : g_intern_string(postern_error_rule(error));
}

static void the_news_come_in_front_of_the_list(void **state)
{
    Ends *ends = *state;
    Opening first;
    say_changed(ends, 20);
    say_gone(ends, 8, 30);
    say_mailbox(ends);
    say_selected(ends, 77, TRUE);
    say_done(ends);
    assert_null(list_with(ends, &first));
    assert_true(first.opened && first.selected.told);
    assert_int_equal(first.selected.uidvalidity, 77);
    assert_string_equal(ends->taken->str, "20:a;-8:9;-20:20;b;");
}

static void a_mailbox_that_was_not_opened_is_no_failure(void **state)
{
    Ends *ends = *state;
    Opening first;
    say_mailbox(ends);
    say_done(ends);
    assert_null(list_with(ends, &first));
    assert_false(first.opened);
    say_mailbox(ends);
    say_done(ends);
    assert_null(list_with(ends, NULL));
}

static void p8_98_a_list_brings_no_other_news(void **state)
{
    Ends *ends = *state;
    static void (*const wrong[])(Ends * ends) = {say_mailbox, say_seventy_seven, say_three,
                                                 say_three_gone};
    for (gsize i = 0; i < G_N_ELEMENTS(wrong); i++) {
        Opening first;
        say_mailbox(ends);
        if (i < 2)
            say_selected(ends, 77, TRUE);
        wrong[i](ends);
        say_done(ends);
        assert_string_equal(list_with(ends, &first), "net.record");
        tear_down(state);
        set_up(state);
        ends = *state;
        if (i == 0)
            continue;
        wrong[i](ends); /* and none when none was asked for */
        say_done(ends);
        assert_string_equal(list_with(ends, NULL), "net.record");
        tear_down(state);
        set_up(state);
        ends = *state;
    }
    Opening first;
    say_gone(ends, 3, 3);
    say_selected(ends, 78, FALSE); /* another mailbox than the one that was known */
    say_done(ends);
    assert_string_equal(list_with(ends, &first), "net.record");
}

static void p8_98_nothing_is_gone_when_flags_were_asked(void **state)
{
    Ends *ends = *state;
    const ChangeTaker taker = {take_flags, take_gone, ends};
    g_autoptr(GError) error = NULL;
    say_changed(ends, 3);
    say_gone(ends, 4, 4);
    say_done(ends);
    assert_false(link_changes(&ends->link.fetcher, here, 2, 0, &taker, &error));
    assert_string_equal(postern_error_rule(error), "net.record");
    assert_string_equal(ends->taken->str, "3:a;");
}

/* What lies between the ranges was sent with them. */
static void a_mailbox_of_many_ranges_is_cut_here(void **state)
{
    Ends *ends = *state;
    g_autoptr(GArray) gaps = g_array_new(FALSE, FALSE, sizeof(NumberRange));
    for (guint32 i = 0; i <= RECORD_RANGES; i++) {
        NumberRange one = {2 * i + 1, 2 * i + 1};
        g_array_append_val(gaps, one);
    }
    const Known known = {77, 40, (const NumberRange *)(void *)gaps->data, gaps->len};
    say_gone(ends, 2, 6);
    say_gone(ends, 8, 8);
    say_changed(ends, 10);
    say_changed(ends, 11);
    say_selected(ends, 77, TRUE);
    say_done(ends);
    assert_null(open_with(ends, &known));
    assert_string_equal(ends->taken->str, "-3:3;-5:5;11:a;");
}

static gboolean take_sized(gpointer user, const Sized *sized, GError **error)
{
    (void)error;
    g_string_append_printf(((Ends *)user)->taken, "%u=%" G_GUINT64_FORMAT ";", sized->number,
                           sized->size);
    return TRUE;
}

static void say_sized(Ends *ends, guint32 number, guint64 size)
{
    record_put_sized(ends->record, &(Sized){.number = number, .size = size});
    say(ends, WIRE_SIZED);
}

static void p8_98_sizes_are_believed_of_what_was_asked(void **state)
{
    Ends *ends = *state;
    g_autoptr(GError) error = NULL;
    say_sized(ends, 20, 5);
    say_sized(ends, 3, G_MAXINT64);
    say_done(ends);
    assert_true(link_sizes(&ends->link.fetcher, here, 2, take_sized, ends, NULL));
    say_sized(ends, 1, 5); /* POP3, of all */
    say_done(ends);
    assert_true(link_sizes(&ends->link.fetcher, NULL, 0, take_sized, ends, NULL));
    assert_string_equal(ends->taken->str, "20=5;3=9223372036854775807;1=5;");
    say_sized(ends, 10, 5);
    say_done(ends);
    assert_false(link_sizes(&ends->link.fetcher, here, 2, take_sized, ends, &error));
    assert_string_equal(postern_error_rule(error), "net.record");
}

static void p8_98_other_records_are_no_sizes(void **state)
{
    Ends *ends = *state;
    g_autoptr(GError) error = NULL;
    say_changed(ends, 3);
    say_done(ends);
    assert_false(link_sizes(&ends->link.fetcher, here, 2, take_sized, ends, &error));
    assert_string_equal(postern_error_rule(error), "net.record");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(the_news_are_cut_to_what_is_known),
        TEST(p8_98_flags_of_what_is_not_known_are_refused),
        TEST(p8_98_what_was_never_here_cannot_be_gone),
        TEST(p8_98_news_of_another_uidvalidity_are_refused),
        TEST(p8_98_all_cannot_be_told_of_another_uidvalidity),
        TEST(a_mailbox_may_be_another),
        TEST(p8_98_news_that_nobody_asked_for_are_refused),
        TEST(p8_98_news_behind_the_end_are_refused),
        TEST(the_news_come_in_front_of_the_list),
        TEST(a_mailbox_that_was_not_opened_is_no_failure),
        TEST(p8_98_a_list_brings_no_other_news),
        TEST(p8_98_nothing_is_gone_when_flags_were_asked),
        TEST(a_mailbox_of_many_ranges_is_cut_here),
        TEST(p8_98_sizes_are_believed_of_what_was_asked),
        TEST(p8_98_other_records_are_no_sizes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
