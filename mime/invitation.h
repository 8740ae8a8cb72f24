/*
 * invitation — what a message says of meetings (iTIP, RFC 5546, by iMIP, RFC 6047): read for a
 * person, and the answer to it. All of it is a stranger's word; texts are not safe for a terminal.
 */
#pragma once

#include "mime/caltime.h"
#include "mime/message.h"

typedef struct {
    char *name,
        *address;      /* NAME may be NULL; ADDRESS as it stands behind "mailto:", or the whole */
    char *state;       /* PARTSTAT in lower case, "needs-action" where none is said */
    gboolean optional; /* need not come */
} Attendee;

typedef struct {
    char *kind; /* "VEVENT", or what else it is */
    char *uid;  /* or NULL, and the next likewise */
    char *summary, *location, *description, *comment, *status;
    guint sequence;            /* how often it was changed */
    CalendarTime *start, *end; /* or NULL */
    char *repeats;             /* in words, or as it stands where these have none; or NULL */
    guint exceptions;          /* dates that a repeated one leaves out, or has besides */
    CalendarTime *instead;     /* it takes the place of this one of a repeated meeting; or NULL */
    char *instead_value;       /* RECURRENCE-ID as it stands, and its zone */
    char *instead_zone;
    gboolean following;   /* and of all behind it */
    Attendee *organizer;  /* or NULL */
    GPtrArray *attendees; /* Attendee *, at most LIMIT_CALENDAR_ATTENDEES */
    guint invited;        /* all of them */
} Meeting;

typedef struct {
    CalendarComponent *calendar;
    char *method;        /* upper case; "" for none */
    GPtrArray *meetings; /* Meeting *, at most LIMIT_CALENDAR_MEETINGS, at least one */
    gboolean truncated;  /* there is more in it than was read */
    guint part;          /* of the message; 0 when it was read from bytes alone */
    gboolean several;    /* the message has further parts of the kind, which are not looked at */
} Invitation;

void invitation_free(Invitation *invitation);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Invitation, invitation_free)

/* That in BYTES, of CHARSET (NULL: UTF-8); NULL when it is none. */
Invitation *invitation_read(GBytes *bytes, const char *charset);
/* That of MESSAGE's first part of type text/calendar. */
Invitation *invitation_of(const Message *message);

/* --- answers -------------------------------------------------------------------------------- */

typedef enum { ANSWER_ACCEPTED, ANSWER_DECLINED, ANSWER_TENTATIVE, N_RSVP } Rsvp;

/* Where ADDRESS stands among those who are invited to MEETING; NULL for nowhere. */
const Attendee *meeting_invites(const Meeting *meeting, const char *address);

/*
 * Can it be answered? 65 "reply.invitation": it asks nothing (METHOD), is cut, of several meetings,
 * without what an answer needs, or nobody can be written to who is its organizer.
 */
gboolean invitation_check(const Invitation *invitation, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Whom an answer goes to, without a name; NULL for nobody that mail can go to. */
Mailbox *invitation_organizer(const Invitation *invitation);

/* METHOD:REPLY of OWN, who is invited, to what invitation_check() passes, CRLF; with the meetings'
 * names where NAMED (g_free). */
char *invitation_answer(const Invitation *invitation, const Mailbox *own, Rsvp rsvp,
                        gboolean named);
/* TEXT and that answer as multipart/alternative, Content-Type first, CRLF, 7bit. */
GBytes *invitation_entity(const char *text, const char *answer);
