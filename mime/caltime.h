/*
 * caltime — dates and times of a calendar (RFC 5545, 3.3.4 and 3.3.5), and how far their place is
 * from UTC. A zone that goes by a name of the system's (Europe/Berlin) is the system's, whatever
 * the message says of it; any other is what its VTIMEZONE describes. Nobody is asked.
 */
#pragma once

#include "mime/icalendar.h"

typedef struct {
    gint64 wall;    /* what the clock shows there, as seconds since 1970 would in UTC */
    gboolean day;   /* a whole day, of nobody's clock */
    char *zone;     /* its name as it stands, "UTC", or NULL: wherever one is */
    gboolean known; /* OFFSET is */
    gint32 offset;  /* seconds that the clock there is ahead of UTC */
} CalendarTime;

void calendar_time_free(CalendarTime *time);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CalendarTime, calendar_time_free)

/* PROPERTY's first value, in CALENDAR; NULL for what is no time. */
CalendarTime *calendar_time_read(const CalendarProperty *property,
                                 const CalendarComponent *calendar);
/* TIME later by VALUE, a duration (3.3.6); NULL for what is none. */
CalendarTime *calendar_time_after(const CalendarTime *time, const char *value,
                                  const CalendarComponent *calendar);

/* RFC 3339 with the offset; without one where that is not known, a date for a whole day (g_free).
 */
char *calendar_time_text(const CalendarTime *time);
