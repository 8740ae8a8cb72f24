/* See invitation.h. Answers are in invitation-answer.c. */
#include "mime/invitation.h"

#include <stdlib.h>
#include <string.h>

#include "core/limits.h"
#include "mime/recurrence.h"

static void attendee_free(gpointer data)
{
    Attendee *attendee = data;
    if (attendee == NULL)
        return;
    g_free(attendee->name);
    g_free(attendee->address);
    g_free(attendee->state);
    g_free(attendee);
}

static void meeting_free(gpointer data)
{
    Meeting *meeting = data;
    g_free(meeting->kind);
    g_free(meeting->uid);
    g_free(meeting->summary);
    g_free(meeting->location);
    g_free(meeting->description);
    g_free(meeting->comment);
    g_free(meeting->status);
    calendar_time_free(meeting->start);
    calendar_time_free(meeting->end);
    g_free(meeting->repeats);
    calendar_time_free(meeting->instead);
    g_free(meeting->instead_value);
    g_free(meeting->instead_zone);
    attendee_free(meeting->organizer);
    g_ptr_array_unref(meeting->attendees);
    g_free(meeting);
}

void invitation_free(Invitation *invitation)
{
    if (invitation == NULL)
        return;
    calendar_component_free(invitation->calendar);
    g_free(invitation->method);
    g_ptr_array_unref(invitation->meetings);
    g_free(invitation);
}

/* --- one meeting ---------------------------------------------------------------------------- */

static char *text_of(const CalendarComponent *component, const char *name)
{
    const char *value = calendar_value(component, name);
    g_autofree char *text = value ? calendar_text(value) : NULL;
    return text && *g_strstrip(text) ? g_steal_pointer(&text) : NULL;
}

static CalendarTime *time_of(const CalendarComponent *component, const char *name,
                             const CalendarComponent *calendar)
{
    const CalendarProperty *property = calendar_property(component, name);
    return property ? calendar_time_read(property, calendar) : NULL;
}

/* What stands behind "mailto:", and before what it would have a mail begin with. */
static char *address_in(const char *value)
{
    static const char scheme[] = "mailto:";
    gboolean mail = g_ascii_strncasecmp(value, scheme, sizeof scheme - 1) == 0;
    const char *start = value + (mail ? sizeof scheme - 1 : 0);
    g_autofree char *raw = g_strndup(start, strcspn(start, mail ? "?" : ""));
    g_autofree char *plain = g_uri_unescape_string(raw, NULL);
    gboolean whole = plain && g_utf8_validate(plain, -1, NULL);
    return g_strstrip(g_strdup(whole ? plain : raw));
}

/* Programs of a calendar server name people by addresses of its own, with the other one beside. */
static char *person_address(const CalendarProperty *property)
{
    const char *beside = calendar_parameter(property, "EMAIL");
    gboolean mail = g_ascii_strncasecmp(property->value, "mailto:", 7) == 0;
    return mail || beside == NULL ? address_in(property->value) : g_strdup(beside);
}

static Attendee *attendee_of(const CalendarProperty *property)
{
    const char *name = calendar_parameter(property, "CN");
    const char *state = calendar_parameter(property, "PARTSTAT");
    const char *role = calendar_parameter(property, "ROLE");
    Attendee *attendee = g_new0(Attendee, 1);
    attendee->address = person_address(property);
    attendee->name = name && *name ? g_strdup(name) : NULL;
    attendee->state = g_ascii_strdown(state && *state ? state : "needs-action", -1);
    attendee->optional = role && (g_ascii_strcasecmp(role, "OPT-PARTICIPANT") == 0 ||
                                  g_ascii_strcasecmp(role, "NON-PARTICIPANT") == 0);
    return attendee;
}

static guint count_values(const char *value)
{
    guint n = 1;
    for (; *value; value++)
        n += *value == ',';
    return n;
}

static void take_property(Meeting *meeting, const CalendarProperty *property)
{
    if (strcmp(property->name, "ATTENDEE") == 0) {
        meeting->invited++;
        if (meeting->attendees->len < LIMIT_CALENDAR_ATTENDEES)
            g_ptr_array_add(meeting->attendees, attendee_of(property));
    } else if (strcmp(property->name, "EXDATE") == 0 || strcmp(property->name, "RDATE") == 0)
        meeting->exceptions += count_values(property->value);
}

static char *repeats_of(const CalendarComponent *component)
{
    const char *value = calendar_value(component, "RRULE");
    Rule rule;
    if (value == NULL)
        return NULL;
    return rule_read(value, &rule) ? rule_words(&rule) : g_strdup(value);
}

static void take_instead(Meeting *meeting, const CalendarComponent *component,
                         const CalendarComponent *calendar)
{
    const CalendarProperty *property = calendar_property(component, "RECURRENCE-ID");
    if (property == NULL)
        return;
    meeting->instead = calendar_time_read(property, calendar);
    meeting->instead_value = g_strdup(property->value);
    meeting->instead_zone = g_strdup(calendar_parameter(property, "TZID"));
    meeting->following = calendar_parameter(property, "RANGE") != NULL;
}

static guint sequence_of(const CalendarComponent *component)
{
    const char *value = calendar_value(component, "SEQUENCE");
    return value ? (guint)MIN(g_ascii_strtoull(value, NULL, 10), G_MAXINT32) : 0;
}

static Meeting *meeting_of(const CalendarComponent *component, const CalendarComponent *calendar)
{
    const CalendarProperty *organizer = calendar_property(component, "ORGANIZER");
    const char *duration = calendar_value(component, "DURATION");
    Meeting *meeting = g_new0(Meeting, 1);
    meeting->attendees = g_ptr_array_new_with_free_func(attendee_free);
    meeting->kind = g_strdup(component->name);
    meeting->uid = g_strdup(calendar_value(component, "UID"));
    meeting->summary = text_of(component, "SUMMARY");
    meeting->location = text_of(component, "LOCATION");
    meeting->description = text_of(component, "DESCRIPTION");
    meeting->comment = text_of(component, "COMMENT");
    meeting->status = text_of(component, "STATUS");
    meeting->sequence = sequence_of(component);
    meeting->start = time_of(component, "DTSTART", calendar);
    meeting->end = time_of(component, "DTEND", calendar);
    if (meeting->end == NULL && meeting->start && duration)
        meeting->end = calendar_time_after(meeting->start, duration, calendar);
    meeting->repeats = repeats_of(component);
    meeting->organizer = organizer ? attendee_of(organizer) : NULL;
    take_instead(meeting, component, calendar);
    for (guint i = 0; i < component->properties->len; i++)
        take_property(meeting, component->properties->pdata[i]);
    return meeting;
}

/* --- all of them ---------------------------------------------------------------------------- */

static gboolean is_meeting(const CalendarComponent *component)
{
    static const char *const kinds[] = {"VEVENT", "VTODO", "VJOURNAL", "VFREEBUSY"};
    for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++)
        if (strcmp(component->name, kinds[i]) == 0)
            return TRUE;
    return FALSE;
}

Invitation *invitation_read(GBytes *bytes, const char *charset)
{
    g_autoptr(Invitation) invitation = g_new0(Invitation, 1);
    invitation->meetings = g_ptr_array_new_with_free_func(meeting_free);
    invitation->calendar = icalendar_parse(bytes, charset, &invitation->truncated);
    const CalendarComponent *calendar = invitation->calendar;
    if (calendar == NULL)
        return NULL;
    const char *method = calendar_value(calendar, "METHOD");
    invitation->method = g_strstrip(g_ascii_strup(method ? method : "", -1));
    for (guint i = 0; i < calendar->components->len; i++) {
        if (!is_meeting(calendar->components->pdata[i]))
            continue;
        if (invitation->meetings->len >= LIMIT_CALENDAR_MEETINGS) {
            invitation->truncated = TRUE;
            break;
        }
        Meeting *meeting = meeting_of(calendar->components->pdata[i], calendar);
        invitation->truncated |= meeting->invited > meeting->attendees->len;
        g_ptr_array_add(invitation->meetings, meeting);
    }
    return invitation->meetings->len > 0 ? g_steal_pointer(&invitation) : NULL;
}

Invitation *invitation_of(const Message *message)
{
    Invitation *invitation = NULL;
    for (guint n = 1; n <= message_part_count(message); n++) {
        if (strcmp(message_part(message, n)->type, "text/calendar") != 0)
            continue;
        if (invitation) {
            invitation->several = TRUE;
            break;
        }
        g_autoptr(GBytes) bytes = message_part_bytes(message, n);
        g_autofree char *charset = message_part_parameter(message, n, "charset");
        invitation = bytes ? invitation_read(bytes, charset) : NULL;
        if (invitation == NULL)
            break;
        invitation->part = n;
    }
    return invitation;
}
