/* What a message says of meetings; see reading.h. It is a stranger's word, and printed as such:
 * each line begins with a word of this program's. */
#include <stdlib.h>
#include <string.h>

#include "cli/json.h"
#include "cli/reading.h"
#include "core/text.h"
#include "mime/address.h"
#include "mime/invitation.h"

#define SHOWN_ATTENDEES 20

/* --- words ---------------------------------------------------------------------------------- */

static const char *method_words(const Invitation *invitation)
{
    static const char *const methods[][2] = {
        {"REQUEST", "invitation"},     {"CANCEL", "cancelled"},
        {"REPLY", "answer"},           {"COUNTER", "other time proposed"},
        {"REFRESH", "asked for anew"}, {"ADD", "one more date"},
        {"PUBLISH", "calendar entry"}, {"DECLINECOUNTER", "other time refused"},
        {"", "calendar entry"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(methods); i++)
        if (strcmp(invitation->method, methods[i][0]) == 0)
            return methods[i][1];
    return "calendar entry of an unknown kind";
}

static char *clock_of(const CalendarTime *time, const char *format)
{
    g_autoptr(GDateTime) wall = g_date_time_new_from_unix_utc(time->wall);
    return wall ? g_date_time_format(wall, format) : g_strdup("?");
}

/* ", Europe/Berlin (UTC+01:00)"; nothing for a whole day. */
static char *zone_words(const CalendarTime *time)
{
    if (time->day)
        return g_strdup("");
    if (time->zone == NULL)
        return g_strdup(", wherever you are");
    g_autofree char *zone = text_field(time->zone);
    if (!time->known)
        return g_strdup_printf(", in a time zone that is not known: %s", zone);
    if (strcmp(time->zone, "UTC") == 0)
        return g_strdup(" UTC");
    int minutes = abs(time->offset) / 60;
    return g_strdup_printf(" %s (UTC%c%02d:%02d)", zone, time->offset < 0 ? '-' : '+', minutes / 60,
                           minutes % 60);
}

static gboolean same_day(const CalendarTime *a, const CalendarTime *b)
{
    g_autofree char *one = clock_of(a, "%F"), *other = clock_of(b, "%F");
    return strcmp(one, other) == 0;
}

static char *span_words(const CalendarTime *start, const CalendarTime *end)
{
    g_autofree char *zone = zone_words(start);
    g_autofree char *first = clock_of(start, start->day ? "%a %F" : "%a %F %H:%M");
    if (end == NULL)
        return g_strconcat(first, zone, NULL);
    if (start->day) {
        /* The end of whole days is the day behind them. */
        CalendarTime last = {.wall = end->wall - 24 * 60 * 60, .day = TRUE};
        g_autofree char *until = clock_of(&last, "%a %F");
        return last.wall <= start->wall ? g_strconcat(first, ", all day", NULL)
                                        : g_strconcat(first, " to ", until, ", all day", NULL);
    }
    g_autofree char *until = clock_of(end, same_day(start, end) ? "%H:%M" : "%a %F %H:%M");
    gboolean moved = g_strcmp0(start->zone, end->zone) != 0 || start->offset != end->offset;
    g_autofree char *there = moved ? zone_words(end) : g_strdup("");
    return moved ? g_strconcat(first, zone, " to ", until, there, NULL)
                 : g_strconcat(first, " to ", until, zone, NULL);
}

/* The same by the clock here, where that shows something else; else NULL. */
static char *here_words(const CalendarTime *start)
{
    if (start->day || !start->known)
        return NULL;
    gint64 seconds = start->wall - start->offset;
    g_autoptr(GDateTime) here = g_date_time_new_from_unix_local(seconds);
    if (here == NULL || g_date_time_get_utc_offset(here) / G_USEC_PER_SEC == start->offset)
        return NULL;
    return g_date_time_format(here, "here: %a %F %H:%M");
}

static char *person(const Attendee *attendee)
{
    g_autofree char *address = text_address(attendee->address);
    g_autofree char *name = attendee->name ? text_field(attendee->name) : NULL;
    return g_strdup_printf("%s%s<%s>", name ? name : "", name ? " " : "", address);
}

static char *state_words(const Attendee *attendee)
{
    static const char *const states[][2] = {
        {"needs-action", "no answer yet"}, {"accepted", "comes"},
        {"declined", "does not come"},     {"tentative", "may come"},
        {"delegated", "sends somebody"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(states); i++)
        if (strcmp(attendee->state, states[i][0]) == 0)
            return g_strdup(states[i][1]);
    return text_field(attendee->state);
}

/* --- on the terminal ------------------------------------------------------------------------ */

static void print_attendees(const Meeting *meeting)
{
    g_autoptr(GString) line = g_string_new(NULL);
    guint shown = MIN(meeting->attendees->len, SHOWN_ATTENDEES);
    for (guint i = 0; i < shown; i++) {
        const Attendee *attendee = meeting->attendees->pdata[i];
        g_autofree char *who = person(attendee), *state = state_words(attendee);
        g_string_append_printf(line, "%s%s (%s%s)", i ? ", " : "", who, state,
                               attendee->optional ? ", need not" : "");
    }
    if (meeting->invited > shown)
        g_string_append_printf(line, ", and %u more", meeting->invited - shown);
    if (line->len > 0)
        reading_print_line("Invited", line->str);
}

static void print_when(const Meeting *meeting)
{
    if (meeting->instead) {
        g_autofree char *span = span_words(meeting->instead, NULL);
        g_autofree char *line = g_strdup_printf(
            "%s%s", span, meeting->following ? ", and all behind it" : ", of a repeated one");
        reading_print_line("Replaces", line);
    }
    if (meeting->start) {
        g_autofree char *span = span_words(meeting->start, meeting->end);
        g_autofree char *here = here_words(meeting->start);
        g_autofree char *line = here ? g_strdup_printf("%s\n%s", span, here) : g_strdup(span);
        reading_print_line("When", line);
    }
    if (meeting->repeats == NULL && meeting->exceptions == 0)
        return;
    g_autofree char *rule = text_field(meeting->repeats ? meeting->repeats : "on dates of a list");
    g_autofree char *odd =
        text_count(meeting->exceptions, "further date said", "further dates said");
    g_autofree char *line =
        meeting->exceptions ? g_strdup_printf("%s; %s", rule, odd) : g_strdup(rule);
    reading_print_line("Repeats", line);
}

static void print_text(const char *name, const char *text)
{
    g_autofree char *safe = text ? text_field(text) : NULL;
    if (safe)
        reading_print_line(name, safe);
}

static void print_meeting(const Reading *reading, const Invitation *invitation,
                          const Meeting *meeting)
{
    g_autofree char *summary = text_field(meeting->summary ? meeting->summary : "without a name");
    g_autofree char *kind = text_field(meeting->kind);
    gboolean other = strcmp(meeting->kind, "VEVENT") != 0;
    gboolean off = meeting->status && g_ascii_strcasecmp(meeting->status, "CANCELLED") == 0;
    g_autofree char *line =
        g_strdup_printf("%s%s%s%s: %s", method_words(invitation), other ? ", " : "",
                        other ? kind : "", off ? ", does not take place" : "", summary);
    reading_print_line("Meeting", line);
    print_when(meeting);
    print_text("Where", meeting->location);
    if (meeting->organizer) {
        g_autofree char *who = person(meeting->organizer);
        reading_print_line("Organizer", who);
    }
    print_attendees(meeting);
    print_text("Comment", meeting->comment);
    if (reading->blocks->len == 0) /* else the letter's own text says it */
        print_text("About", meeting->description);
}

/* Is the organizer, whom an answer goes to, somebody else than the sender? */
static gboolean other_organizer(const Invitation *invitation, const Message *message)
{
    g_autoptr(GPtrArray) from = message_addresses(message, "From");
    const Meeting *first = invitation->meetings->pdata[0];
    return first->organizer && !address_among(from, first->organizer->address);
}

/* A signature over a part of the message may not be one over the calendar. */
static gboolean is_uncovered(const Reading *reading)
{
    const GPtrArray *signatures = reading->protection->signatures;
    for (guint i = 0; i < signatures->len; i++)
        if (((const Signature *)signatures->pdata[i])->whole)
            return FALSE;
    return signatures->len > 0;
}

static void print_notes(const Reading *reading, const Invitation *invitation)
{
    if (is_uncovered(reading))
        reading_print_line("Warning", "no signature covers what is said of the meeting");
    if (other_organizer(invitation, reading->message))
        reading_print_line("Warning", "the organizer is not who sent the letter");
    if (invitation->several)
        reading_print_line("Warning",
                           "there are further calendars in the letter, which are not shown");
    if (invitation->truncated)
        reading_print_line("Warning", "the calendar is cut, or larger than can be read");
    if (strcmp(invitation->method, "REQUEST") == 0)
        reading_print_line("Answer", "postern reply ID --accept, --tentative or --decline");
}

void reading_print_meetings(const Reading *reading)
{
    g_autoptr(Invitation) invitation = reading->locked ? NULL : invitation_of(reading->message);
    if (invitation == NULL)
        return;
    for (guint i = 0; i < invitation->meetings->len; i++)
        print_meeting(reading, invitation, invitation->meetings->pdata[i]);
    print_notes(reading, invitation);
}

/* --- JSON ----------------------------------------------------------------------------------- */

static void add_time(JsonBuilder *builder, const char *name, const CalendarTime *time)
{
    g_autofree char *text = time ? calendar_time_text(time) : NULL;
    json_string(builder, name, text);
}

static void add_attendee(JsonBuilder *builder, const Attendee *attendee)
{
    json_builder_begin_object(builder);
    json_string(builder, "name", attendee->name);
    json_string(builder, "address", attendee->address);
    json_string(builder, "state", attendee->state);
    json_bool(builder, "optional", attendee->optional);
    json_builder_end_object(builder);
}

static void add_organizer(JsonBuilder *builder, const Attendee *organizer)
{
    json_builder_set_member_name(builder, "organizer");
    json_builder_begin_object(builder);
    json_string(builder, "name", organizer->name);
    json_string(builder, "address", organizer->address);
    json_builder_end_object(builder);
}

static void add_meeting(JsonBuilder *builder, const Meeting *meeting)
{
    json_builder_begin_object(builder);
    json_string(builder, "kind", meeting->kind);
    json_string(builder, "uid", meeting->uid);
    json_int(builder, "sequence", meeting->sequence);
    json_string(builder, "summary", meeting->summary);
    json_string(builder, "location", meeting->location);
    json_string(builder, "description", meeting->description);
    json_string(builder, "comment", meeting->comment);
    json_string(builder, "status", meeting->status);
    add_time(builder, "start", meeting->start);
    add_time(builder, "end", meeting->end);
    json_string(builder, "zone", meeting->start ? meeting->start->zone : NULL);
    json_string(builder, "repeats", meeting->repeats);
    json_int(builder, "exceptions", meeting->exceptions);
    add_time(builder, "instead_of", meeting->instead);
    if (meeting->organizer)
        add_organizer(builder, meeting->organizer);
    else
        json_string(builder, "organizer", NULL);
    json_int(builder, "invited", meeting->invited);
    json_builder_set_member_name(builder, "attendees");
    json_builder_begin_array(builder);
    for (guint i = 0; i < meeting->attendees->len; i++)
        add_attendee(builder, meeting->attendees->pdata[i]);
    json_builder_end_array(builder);
    json_builder_end_object(builder);
}

void reading_add_meetings(JsonBuilder *builder, const Reading *reading)
{
    g_autoptr(Invitation) invitation = invitation_of(reading->message);
    if (invitation == NULL) {
        json_string(builder, "calendar", NULL);
        return;
    }
    json_builder_set_member_name(builder, "calendar");
    json_builder_begin_object(builder);
    json_int(builder, "part", invitation->part);
    json_string(builder, "method", *invitation->method ? invitation->method : NULL);
    json_bool(builder, "truncated", invitation->truncated);
    json_bool(builder, "several", invitation->several);
    json_bool(builder, "organizer_sent", !other_organizer(invitation, reading->message));
    json_bool(builder, "uncovered", is_uncovered(reading));
    json_builder_set_member_name(builder, "meetings");
    json_builder_begin_array(builder);
    for (guint i = 0; i < invitation->meetings->len; i++)
        add_meeting(builder, invitation->meetings->pdata[i]);
    json_builder_end_array(builder);
    json_builder_end_object(builder);
}
