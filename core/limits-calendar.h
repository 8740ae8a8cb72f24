/* limits-calendar — what limits.h says of calendars in messages. */
#pragma once

#define LIMIT_CALENDAR_BYTES (1024 * 1024) /* of a calendar in a message */
#define LIMIT_CALENDAR_LINE (64 * 1024)    /* one of its lines, unfolded */
#define LIMIT_CALENDAR_PROPERTIES 10000    /* in all */
#define LIMIT_CALENDAR_PARAMETERS 32       /* of one property */
#define LIMIT_CALENDAR_COMPONENTS 500
#define LIMIT_CALENDAR_DEPTH 4             /* components within each other */
#define LIMIT_CALENDAR_BY 400              /* times a zone is said to begin */
#define LIMIT_CALENDAR_MEETINGS 20
#define LIMIT_CALENDAR_ATTENDEES 2000      /* of one meeting */
#define LIMIT_CALENDAR_UID 1000            /* bytes of what an answer repeats */
