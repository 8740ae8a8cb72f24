#include "mime/icalendar.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/limits.h"

#define CALENDAR "BEGIN:VCALENDAR\r\n"
#define END "END:VCALENDAR\r\n"

static CalendarComponent *parse_text(const char *text, gssize size, gboolean *truncated)
{
    g_autoptr(GBytes) bytes = g_bytes_new(text, size < 0 ? strlen(text) : (gsize)size);
    return icalendar_parse(bytes, NULL, truncated);
}

static CalendarComponent *whole(const char *text)
{
    gboolean truncated;
    CalendarComponent *calendar = parse_text(text, -1, &truncated);
    assert_non_null(calendar);
    assert_false(truncated);
    return calendar;
}

static void lines_are_unfolded_and_parted(void **state)
{
    (void)state;
    g_autoptr(CalendarComponent) calendar =
        whole("noise\r\nBEGIN:a "
              "b\r\nBEGIN:VTODO\r\nBegin:vCalendar\nX-a;CN=\"a:b;c,d\";role=x^n^'^^:v\xc3\r\n \xa4l"
              "\r\n\tue: ;1\r\nmethod:REQUEST\r\nEND:VCALENDAR\r\nMETHOD:late\r\n");
    const CalendarProperty *property = calendar_property(calendar, "X-A");
    assert_string_equal(property->value, "v\xc3\xa4lue: ;1");
    assert_string_equal(calendar_parameter(property, "CN"), "a:b;c,d");
    assert_string_equal(calendar_parameter(property, "ROLE"), "x\n\"^");
    assert_null(calendar_parameter(property, "X"));
    assert_string_equal(calendar_value(calendar, "METHOD"), "REQUEST");
    assert_null(calendar_value(calendar, "VERSION"));
    assert_int_equal(calendar->properties->len, 2);
}

static void components_hold_each_other(void **state)
{
    (void)state;
    g_autoptr(CalendarComponent) calendar = whole(
        CALENDAR "BEGIN:VEVENT\r\nUID:1\r\nBEGIN:VALARM\r\nACTION:x\r\nEND:VALARM\r\nEND:VTODO\r\n"
                 "SUMMARY:s\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nBEGIN:VALARM\r\nEND:VEVENT\r\n"
                 "VERSION:2.0\r\n" END);
    assert_int_equal(calendar->components->len, 2);
    const CalendarComponent *event = calendar->components->pdata[0];
    assert_string_equal(calendar_value(event, "SUMMARY"), "s");
    assert_int_equal(event->components->len, 1);
    assert_string_equal(calendar_value(calendar, "VERSION"), "2.0");
}

static void texts_lose_their_escapes_and_get_them(void **state)
{
    (void)state;
    g_autofree char *text = calendar_text("a\\, b\\;\\\\n\\n\\N\\x\\");
    assert_string_equal(text, "a, b;\\n\n\nx\\");
    g_autofree char *value = calendar_escaped("a, b;\\\n\x1b\x7f\xc2\x9b\xe2\x80\xa8\xc3\xa4");
    assert_string_equal(value, "a\\, b\\;\\\\\\n    \xc3\xa4");
}

static void p8_87_what_is_no_line_is_passed_over(void **state)
{
    (void)state;
    static const char *const lines[] = {"X",      ":v",    "X;", "X;A:b", "X;A=\"b:c", "X;=b",
                                        "X;A=b;", "X Y:z", "",   "X;A=b", "\xff:v"};
    for (gsize i = 0; i < G_N_ELEMENTS(lines); i++) {
        g_autofree char *text = g_strconcat(CALENDAR "N:1\r\n\r\n", lines[i], "\r\n" END, NULL);
        g_autoptr(CalendarComponent) calendar = whole(text);
        if (calendar->properties->len != 1)
            fail_msg("%s", lines[i]);
    }
    gboolean truncated;
    assert_null(parse_text("BEGIN:VEVENT\r\nEND:VEVENT\r\n", -1, &truncated));
    assert_null(parse_text("", -1, &truncated));
}

static void p8_87_a_cut_calendar_is_told(void **state)
{
    (void)state;
    const char *text = CALENDAR "BEGIN:VEVENT\r\nUID:1\r\nEND:VEVENT\r\n" END;
    for (gsize size = strlen(CALENDAR); size <= strlen(text); size++) {
        gboolean truncated;
        g_autoptr(CalendarComponent) calendar = parse_text(text, (gssize)size, &truncated);
        assert_non_null(calendar);
        assert_int_equal(truncated, size < strlen(text) - 2);
    }
}

/* Does the limit hold for COUNT times WHAT in a calendar? */
static gboolean is_cut(const char *what, gsize count)
{
    g_autoptr(GString) text = g_string_new(CALENDAR);
    for (gsize i = 0; i < count; i++)
        g_string_append(text, what);
    g_string_append(text, END);
    gboolean truncated;
    g_autoptr(CalendarComponent) calendar = parse_text(text->str, (gssize)text->len, &truncated);
    assert_non_null(calendar);
    return truncated;
}

static void p8_87_limit_calendar(void **state)
{
    (void)state;
    g_autofree char *line = g_strnfill(LIMIT_CALENDAR_LINE - 2, 'x');
    g_autofree char *fits = g_strconcat("N:", line, "\r\n", NULL);
    g_autofree char *large = g_strconcat("N:", line, "\r\n x\r\n", NULL);
    g_autoptr(GString) parameters = g_string_new("N");
    for (guint i = 0; i < LIMIT_CALENDAR_PARAMETERS; i++)
        g_string_append(parameters, ";A=b");
    g_autofree char *few = g_strconcat(parameters->str, ":v\r\n", NULL);
    g_autofree char *many = g_strconcat(parameters->str, ";A=b:v\r\n", NULL);
    assert_false(is_cut(fits, 1));
    assert_true(is_cut(large, 1));
    assert_true(is_cut(fits, LIMIT_CALENDAR_BYTES / LIMIT_CALENDAR_LINE));
    assert_false(is_cut("N:1\r\n", LIMIT_CALENDAR_PROPERTIES));
    assert_true(is_cut("N:1\r\n", LIMIT_CALENDAR_PROPERTIES + 1));
    assert_true(is_cut("BEGIN:X\rY\r\nEND:X\rY\r\n", 1));
    assert_true(is_cut("BEGIN:\r\nEND:\r\n", 1));
    assert_false(is_cut("BEGIN:X\r\nEND:X\r\n", LIMIT_CALENDAR_COMPONENTS - 1));
    assert_true(is_cut("BEGIN:X\r\nEND:X\r\n", LIMIT_CALENDAR_COMPONENTS));
    g_autoptr(CalendarComponent) with = whole(CALENDAR "M:\r\n" END);
    g_autofree char *one = g_strconcat(CALENDAR, few, many, END, NULL);
    g_autoptr(CalendarComponent) calendar = whole(one);
    assert_int_equal(calendar->properties->len, 1);
    for (guint deep = 2; deep <= LIMIT_CALENDAR_DEPTH + 2; deep++) {
        g_autoptr(GString) text = g_string_new(CALENDAR);
        for (guint i = 1; i < deep; i++)
            g_string_append(text, "BEGIN:X\r\n");
        g_string_append(text, "N:1\r\n");
        for (guint i = 1; i < deep; i++)
            g_string_append(text, "END:X\r\n");
        g_string_append(text, END);
        gboolean truncated;
        g_autoptr(CalendarComponent) nested = parse_text(text->str, -1, &truncated);
        assert_int_equal(truncated, deep > LIMIT_CALENDAR_DEPTH);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_are_unfolded_and_parted),
        cmocka_unit_test(components_hold_each_other),
        cmocka_unit_test(texts_lose_their_escapes_and_get_them),
        cmocka_unit_test(p8_87_what_is_no_line_is_passed_over),
        cmocka_unit_test(p8_87_a_cut_calendar_is_told),
        cmocka_unit_test(p8_87_limit_calendar),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
