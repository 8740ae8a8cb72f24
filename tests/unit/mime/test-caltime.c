#include "mime/caltime.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/limits.h"

/* Clocks of this message alone: one by rules, one by dates, and some that nobody understands. */
#define ZONE(name, lines) "BEGIN:VTIMEZONE\r\nTZID:" name "\r\n" lines "END:VTIMEZONE\r\n"
#define PHASE(from, to, lines)                                                                     \
    "BEGIN:STANDARD\r\nTZOFFSETFROM:" from "\r\nTZOFFSETTO:" to "\r\n" lines "END:STANDARD\r\n"
#define SUMMER                                                                                     \
    PHASE("+0200", "+0100",                                                                        \
          "DTSTART:16010101T030000\r\nRRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=10\r\n")     \
    PHASE("+0100", "+0200", "DTSTART:16010101T020000\r\nRRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3\r\n")

static const char zones[] = "BEGIN:VCALENDAR\r\n" ZONE("W. Europe Standard Time", SUMMER)
    ZONE("Europe/Berlin", PHASE("+0900", "+0900", "DTSTART:19700101T000000\r\n")) ZONE(
        "Over", PHASE("+0000", "+0100",
                      "DTSTART:20000101T000000\r\n"
                      "RRULE:FREQ=YEARLY;BYMONTH=6;BYMONTHDAY=10;UNTIL=20100610T000000Z\r\n")
                    PHASE("+0100", "-0330",
                          "DTSTART:20050701T000000\r\n"
                          "RDATE:20080701T000000,20120701T000000\r\nRDATE;VALUE=DATE:20130701\r\n"))
        ZONE("Plain", PHASE("+0000", "+1337", "DTSTART:20200615T120000\r\nRRULE:FREQ=YEARLY\r\n"))
            ZONE("Seconds",
                 PHASE("+0000", "+0100", "DTSTART:20200101T000000\r\nRRULE:FREQ=SECONDLY\r\n"))
                ZONE("Weekly",
                     PHASE("+0000", "+0100", "DTSTART:20200101T000000\r\nRRULE:FREQ=WEEKLY\r\n"))
                    ZONE("Each", PHASE("+0000", "+0100",
                                       "DTSTART:20200101T000000\r\nRRULE:FREQ=YEARLY;BYDAY=SU\r\n"))
                        ZONE("Far", PHASE("+0000", "+2400", "DTSTART:20200101T000000\r\n"))
                            ZONE("Odd", PHASE("0000", "+01", "DTSTART:20200101T000000\r\n"))
                                ZONE("Late", PHASE("+0100", "+0200", "DTSTART:never\r\n"))
                                    ZONE("Empty", "") "END:VCALENDAR\r\n";

/* The time LINE says, as RFC 3339 has it, by the clocks of CALENDAR. */
static char *told_by(const CalendarComponent *calendar, const char *line)
{
    gboolean truncated;
    g_autofree char *text = g_strconcat("BEGIN:VCALENDAR\r\n", line, "\r\nEND:VCALENDAR\r\n", NULL);
    g_autoptr(GBytes) more = g_bytes_new(text, strlen(text));
    g_autoptr(CalendarComponent) one = icalendar_parse(more, NULL, &truncated);
    g_autoptr(CalendarTime) time = calendar_time_read(one->properties->pdata[0], calendar);
    return time ? calendar_time_text(time) : g_strdup("none");
}

static char *told(const char *line)
{
    gboolean truncated;
    g_autoptr(GBytes) bytes = g_bytes_new_static(zones, strlen(zones));
    g_autoptr(CalendarComponent) calendar = icalendar_parse(bytes, NULL, &truncated);
    return told_by(calendar, line);
}

static void times_are_read_with_their_place(void **state)
{
    (void)state;
    static const struct {
        const char *line, *wanted;
    } cases[] = {
        {"D:20261126T100000Z", "2026-11-26T10:00:00Z"},
        {"D:20261126T100000", "2026-11-26T10:00:00"},
        {"D;VALUE=DATE:20240229", "2024-02-29"},
        {"D:20261231T235960Z", "2026-12-31T23:59:59Z"},
        {"D:20261126T100000Z,20261127T100000Z", "2026-11-26T10:00:00Z"},
        {"D:20261126T100000Z/PT1H", "2026-11-26T10:00:00Z"},
        /* The system's zones, whatever the message says of them. */
        {"D;TZID=Europe/Berlin:20261126T100000", "2026-11-26T10:00:00+01:00"},
        {"D;TZID=Europe/Berlin:20260726T100000", "2026-07-26T10:00:00+02:00"},
        {"D;TZID=America/St_Johns:20260126T100000", "2026-01-26T10:00:00-03:30"},
        {"D;TZID=America/Argentina/Buenos_Aires:20260126T100000", "2026-01-26T10:00:00-03:00"},
        {"D;TZID=/mozilla.org/20050126_1/Europe/Berlin:20261126T100000",
         "2026-11-26T10:00:00+01:00"},
        /* And the message's. */
        {"D;TZID=W. Europe Standard Time:20260329T015959", "2026-03-29T01:59:59+01:00"},
        {"D;TZID=W. Europe Standard Time:20260329T030000", "2026-03-29T03:00:00+02:00"},
        {"D;TZID=W. Europe Standard Time:20261025T020000", "2026-10-25T02:00:00+02:00"},
        {"D;TZID=W. Europe Standard Time:20261025T040000", "2026-10-25T04:00:00+01:00"},
        {"D;TZID=W. Europe Standard Time:20260101T000000", "2026-01-01T00:00:00+01:00"},
        {"D;TZID=Over:19990101T000000", "1999-01-01T00:00:00+00:00"},
        {"D;TZID=Over:20040101T000000", "2004-01-01T00:00:00+01:00"},
        {"D;TZID=Over:20050801T000000", "2005-08-01T00:00:00-03:30"},
        {"D;TZID=Over:20060611T000000", "2006-06-11T00:00:00+01:00"},
        {"D;TZID=Over:20090101T000000", "2009-01-01T00:00:00-03:30"},
        {"D;TZID=Over:20110101T000000", "2011-01-01T00:00:00+01:00"},
        {"D;TZID=Over:20500101T000000", "2050-01-01T00:00:00-03:30"},
        {"D;TZID=Plain:20300101T000000", "2030-01-01T00:00:00+13:37"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = told(cases[i].line);
        if (strcmp(text, cases[i].wanted) != 0)
            fail_msg("%s: %s", cases[i].line, text);
    }
}

static void p8_87_a_zone_that_is_not_understood_is_not_known(void **state)
{
    (void)state;
    static const char *const names[] = {
        "Seconds",
        "Weekly",
        "Each",
        "Far",
        "Odd",
        "Late",
        "Empty",
        "Nowhere",
        "Europe/Nowhere",
        "",
        "../../etc/passwd",
        "/etc/passwd",
        "/",
        "//",
        "a/../../../../etc/hostname",
        "UTC-5",
        "Europe",
        "Europe/Berlin\x01",
        "Etc/Xaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *line = g_strdup_printf("D;TZID=%s:20261126T100000", names[i]);
        g_autofree char *text = told(line);
        if (strcmp(text, "2026-11-26T10:00:00") != 0)
            fail_msg("%s: %s", line, text);
    }
}

static void p8_87_what_is_no_time_is_none(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "D:",         "D:2026112",         "D:20261301",        "D:20260230T100000Z",
        "D:00000101", "D:20261126T10000",  "D:20261126T250000", "D:20261126T100000ZZ",
        "D:tomorrow", "D:20261126T100000x"};
    for (gsize i = 0; i < G_N_ELEMENTS(lines); i++) {
        g_autofree char *text = told(lines[i]);
        if (strcmp(text, "none") != 0)
            fail_msg("%s: %s", lines[i], text);
    }
}

static char *after(gboolean day, const char *duration)
{
    gboolean truncated;
    g_autoptr(GBytes) bytes = g_bytes_new_static(zones, strlen(zones));
    g_autoptr(CalendarComponent) calendar = icalendar_parse(bytes, NULL, &truncated);
    g_autoptr(CalendarTime) start = g_new0(CalendarTime, 1);
    start->wall = 1774605600; /* 2026-03-27 10:00 */
    start->day = day;
    start->zone = day ? NULL : g_strdup("Europe/Berlin");
    g_autoptr(CalendarTime) end = calendar_time_after(start, duration, calendar);
    return end ? calendar_time_text(end) : g_strdup("none");
}

static void a_duration_leads_to_an_end(void **state)
{
    (void)state;
    static const struct {
        gboolean day;
        const char *duration, *wanted;
    } cases[] = {
        {FALSE, "PT1H30M", "2026-03-27T11:30:00+01:00"},
        {FALSE, "+P2DT30S", "2026-03-29T10:00:30+02:00"},
        {FALSE, "P1W", "2026-04-03T10:00:00+02:00"},
        {TRUE, "P2D", "2026-03-29"},
        {FALSE, "-PT1H", "none"},
        {FALSE, "P", "none"},
        {FALSE, "PT", "none"},
        {FALSE, "1H", "none"},
        {FALSE, "PT1X", "none"},
        {FALSE, "PT1", "none"},
        {FALSE, "P9999999W", "none"},
        {FALSE, "P999999W", "none"},
        {FALSE, "P999999D", "none"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = after(cases[i].day, cases[i].duration);
        if (strcmp(text, cases[i].wanted) != 0)
            fail_msg("%s: %s", cases[i].duration, text);
    }
}

/* What a clock shows in 2015 that went another way in 2005, and back by the last of N dates of a
 * list. */
static char *clock_of_dates(guint n)
{
    gboolean truncated;
    g_autoptr(GString) text =
        g_string_new("BEGIN:VCALENDAR\r\nBEGIN:VTIMEZONE\r\nTZID:Many\r\n" PHASE(
            "+0100", "+0200", "DTSTART:20050101T000000\r\n"));
    g_string_append(text, "BEGIN:STANDARD\r\nTZOFFSETFROM:+0000\r\nTZOFFSETTO:+0100\r\n"
                          "DTSTART:20000101T000000\r\nRDATE:");
    for (guint i = 1; i < n; i++)
        g_string_append(text, "20010101T000000,");
    g_string_append(text, "20100101T000000\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\nEND:VCALENDAR\r\n");
    g_autoptr(GBytes) bytes = g_bytes_new(text->str, text->len);
    g_autoptr(CalendarComponent) calendar = icalendar_parse(bytes, NULL, &truncated);
    return told_by(calendar, "D;TZID=Many:20150101T120000");
}

static void p8_87_limit_calendar_by(void **state)
{
    (void)state;
    g_autofree char *all = clock_of_dates(LIMIT_CALENDAR_BY);
    g_autofree char *more = clock_of_dates(LIMIT_CALENDAR_BY + 1);
    assert_string_equal(all, "2015-01-01T12:00:00+01:00");
    assert_string_equal(more, "2015-01-01T12:00:00+02:00");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_are_read_with_their_place),
        cmocka_unit_test(p8_87_a_zone_that_is_not_understood_is_not_known),
        cmocka_unit_test(p8_87_what_is_no_time_is_none),
        cmocka_unit_test(a_duration_leads_to_an_end),
        cmocka_unit_test(p8_87_limit_calendar_by),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
