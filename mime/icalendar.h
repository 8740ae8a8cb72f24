/*
 * icalendar — content lines and components (RFC 5545, 3.1 and 3.6), read by our own bounded code as
 * MIME is: libical needs seconds for one long line or a rule of seconds, and brings along ICU. What
 * the lines mean is the business of caltime.h, recurrence.h and invitation.h. No address is ever
 * looked at.
 */
#pragma once

#include <glib.h>

typedef struct {
    char *name;  /* upper case */
    char *value; /* without quotes, RFC 6868 undone; several as they stand, parted by "," */
} CalendarParameter;

typedef struct {
    char *name;            /* upper case */
    GPtrArray *parameters; /* CalendarParameter * */
    char *value;           /* as it stands, unfolded, valid UTF-8 */
} CalendarProperty;

typedef struct {
    char *name;            /* upper case */
    GPtrArray *properties; /* CalendarProperty * */
    GPtrArray *components; /* CalendarComponent *, those within */
} CalendarComponent;

void calendar_component_free(CalendarComponent *component);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CalendarComponent, calendar_component_free)

/*
 * The first VCALENDAR in BYTES, of CHARSET (NULL: UTF-8); NULL when there is none. *TRUNCATED: it
 * does not end, or more is in it than the limits allow (LIMIT_CALENDAR_…), which is left out.
 */
CalendarComponent *icalendar_parse(GBytes *bytes, const char *charset, gboolean *truncated);

/* The first property called NAME, the value of it, and a parameter of one; NULL for none. */
const CalendarProperty *calendar_property(const CalendarComponent *component, const char *name);
const char *calendar_value(const CalendarComponent *component, const char *name);
const char *calendar_parameter(const CalendarProperty *property, const char *name);

/* VALUE as a text (RFC 5545, 3.3.11), its escapes undone; and the other way round, control
 * characters but for line ends made blanks (g_free). */
char *calendar_text(const char *value);
char *calendar_escaped(const char *text);
