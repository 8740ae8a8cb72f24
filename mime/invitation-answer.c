/* See invitation.h: answers to invitations. */
#include <string.h>

#include "core/error.h"
#include "core/limits.h"
#include "core/text.h"
#include "mime/compose.h"
#include "mime/invitation.h"
#include "mime/writer.h"

#define FOLD 75 /* bytes of a line (RFC 5545, 3.1) */

static gboolean refuse_answer(GError **error, const char *mend, const char *why)
{
    return refuse(error, POSTERN_ERROR_INPUT, "reply.invitation", mend, "%s", why);
}

/* --- may it be answered? --------------------------------------------------------------------- */

const Attendee *meeting_invites(const Meeting *meeting, const char *address)
{
    for (guint i = 0; i < meeting->attendees->len; i++) {
        const Attendee *attendee = meeting->attendees->pdata[i];
        if (g_ascii_strcasecmp(attendee->address, address) == 0)
            return attendee;
    }
    return NULL;
}

/* What is repeated to its organizer must be one line, and short. */
static gboolean is_token(const char *value)
{
    gsize length = value ? strlen(value) : 0;
    for (gsize i = 0; i < length; i++)
        if (g_ascii_iscntrl(value[i]))
            return FALSE;
    return length > 0 && length <= LIMIT_CALENDAR_UID;
}

static gboolean is_time(const char *value)
{
    gsize length = strlen(value);
    return length >= 8 && length <= 16 && strspn(value, "0123456789TZ") == length;
}

static gboolean check_meeting(const Meeting *meeting, const Meeting *first, GError **error)
{
    static const char by_hand[] = "answer it as a letter: leave --accept, --decline and "
                                  "--tentative out";
    if (strcmp(meeting->kind, "VEVENT") != 0)
        return refuse_answer(error, by_hand, "what it invites to is no meeting");
    if (!is_token(meeting->uid) || (meeting->instead_value && !is_time(meeting->instead_value)) ||
        (meeting->instead_zone && !is_token(meeting->instead_zone)))
        return refuse_answer(error, by_hand,
                             "the invitation lacks the name by which an answer finds it");
    if (strcmp(meeting->uid, first->uid) != 0)
        return refuse_answer(error, by_hand, "the message invites to several meetings");
    if (meeting->organizer == NULL || first->organizer == NULL ||
        g_ascii_strcasecmp(meeting->organizer->address, first->organizer->address) != 0)
        return refuse_answer(error, by_hand, "the invitation names no organizer, or several");
    return TRUE;
}

Mailbox *invitation_organizer(const Invitation *invitation)
{
    const Meeting *first = invitation->meetings->pdata[0];
    g_autoptr(Mailbox) mailbox =
        first->organizer ? address_parse(first->organizer->address, NULL) : NULL;
    /* Nothing but an address; its name is what the invitation says beside. */
    return mailbox && mailbox->name == NULL ? g_steal_pointer(&mailbox) : NULL;
}

gboolean invitation_check(const Invitation *invitation, GError **error)
{
    const Meeting *first = invitation->meetings->pdata[0];
    if (strcmp(invitation->method, "REQUEST") != 0) {
        g_autofree char *shown = text_name(*invitation->method ? invitation->method : "nothing");
        return refuse(error, POSTERN_ERROR_INPUT, "reply.invitation",
                      "only an invitation (REQUEST) is answered so",
                      "the message does not invite: its calendar part is of method %s", shown);
    }
    if (invitation->truncated)
        return refuse_answer(error, "have it sent again",
                             "the invitation is cut, or larger than can be read");
    for (guint i = 0; i < invitation->meetings->len; i++)
        if (!check_meeting(invitation->meetings->pdata[i], first, error))
            return FALSE;
    g_autoptr(Mailbox) organizer = invitation_organizer(invitation);
    g_autofree char *shown = text_address(first->organizer->address);
    return organizer ||
           refuse(error, POSTERN_ERROR_INPUT, "reply.invitation", "answer its sender as a letter",
                  "the organizer %s is no address that mail can go to", shown);
}

/* --- the answer ------------------------------------------------------------------------------ */

/* LINE, folded between characters. */
static void add_line(GString *out, const char *line)
{
    gsize room = FOLD;
    for (const char *at = line; *at;) {
        gsize size = strlen(at), take = MIN(size, room);
        while (take < size && ((guchar)at[take] & 0xc0) == 0x80)
            take--;
        g_string_append_len(out, at, (gssize)take);
        at += take;
        g_string_append(out, *at ? "\r\n " : "\r\n");
        room = FOLD - 1;
    }
}

static void add(GString *out, const char *name, const char *value)
{
    g_autofree char *line = g_strconcat(name, value, NULL);
    add_line(out, line);
}

/* Of a parameter neither a quote nor a line end is a part. */
static char *quoted(const char *text)
{
    g_autofree char *line = writer_one_line(text);
    g_strdelimit(line, "\"", '\'');
    return g_strconcat("\"", line, "\"", NULL);
}

static void add_instead(GString *out, const Meeting *meeting)
{
    g_autoptr(GString) name = g_string_new("RECURRENCE-ID");
    if (meeting->instead_value == NULL)
        return;
    if (strlen(meeting->instead_value) == 8)
        g_string_append(name, ";VALUE=DATE");
    else if (meeting->instead_zone) {
        g_autofree char *zone = quoted(meeting->instead_zone);
        g_string_append_printf(name, ";TZID=%s", zone);
    }
    g_string_append_c(name, ':');
    add(out, name->str, meeting->instead_value);
}

static void add_meeting(GString *out, const Meeting *meeting, const char *organizer,
                        const Mailbox *own, Rsvp rsvp, gboolean named, const char *now)
{
    static const char *const states[N_RSVP] = {"ACCEPTED", "DECLINED", "TENTATIVE"};
    const Attendee *invited = meeting_invites(meeting, own->address);
    g_autofree char *name = quoted(own->name ? own->name : "");
    g_autofree char *sequence = g_strdup_printf("%u", meeting->sequence);
    g_autofree char *attendee =
        g_strconcat("ATTENDEE;PARTSTAT=", states[rsvp], own->name ? ";CN=" : "",
                    own->name ? name : "", ":mailto:", invited->address, NULL);
    g_autofree char *summary =
        named && meeting->summary ? calendar_escaped(meeting->summary) : NULL;
    add_line(out, "BEGIN:VEVENT");
    add(out, "UID:", meeting->uid);
    add_instead(out, meeting);
    add(out, "SEQUENCE:", sequence);
    add(out, "DTSTAMP:", now);
    add(out, "ORGANIZER:mailto:", organizer);
    add_line(out, attendee);
    if (summary)
        add(out, "SUMMARY:", summary);
    add_line(out, "END:VEVENT");
}

/* Of a zone what says when its clock is how late. */
static gboolean is_of_zone(const char *name)
{
    static const char *const names[] = {"TZID",  "DTSTART", "TZOFFSETFROM", "TZOFFSETTO",
                                        "RRULE", "RDATE",   "TZNAME",       NULL};
    return g_strv_contains(names, name);
}

static void add_component(GString *out, const CalendarComponent *component)
{
    add(out, "BEGIN:", component->name);
    for (guint i = 0; i < component->properties->len; i++) {
        const CalendarProperty *property = component->properties->pdata[i];
        g_autofree char *value = writer_one_line(property->value);
        g_autofree char *line = g_strconcat(property->name, ":", value, NULL);
        if (is_of_zone(property->name))
            add_line(out, line);
    }
    for (guint i = 0; i < component->components->len; i++)
        add_component(out, component->components->pdata[i]);
    add(out, "END:", component->name);
}

static gboolean names_zone(const Invitation *invitation, const char *own, const char *zone)
{
    for (guint i = 0; i < invitation->meetings->len; i++) {
        const Meeting *meeting = invitation->meetings->pdata[i];
        if (meeting_invites(meeting, own) && g_strcmp0(meeting->instead_zone, zone) == 0)
            return TRUE;
    }
    return FALSE;
}

/* The zones that the answer names, as the invitation described them, each once. */
static void add_zones(GString *out, const Invitation *invitation, const char *own)
{
    const GPtrArray *components = invitation->calendar->components;
    g_autoptr(GHashTable) there = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; i < components->len; i++) {
        const CalendarComponent *zone = components->pdata[i];
        const char *id = calendar_value(zone, "TZID");
        if (strcmp(zone->name, "VTIMEZONE") == 0 && id && names_zone(invitation, own, id) &&
            g_hash_table_add(there, (char *)id))
            add_component(out, zone);
    }
}

char *invitation_answer(const Invitation *invitation, const Mailbox *own, Rsvp rsvp, gboolean named)
{
    g_autoptr(GDateTime) time = g_date_time_new_now_utc();
    g_autofree char *now = g_date_time_format(time, "%Y%m%dT%H%M%SZ");
    g_autoptr(Mailbox) organizer = invitation_organizer(invitation);
    GString *out = g_string_new(NULL);
    add_line(out, "BEGIN:VCALENDAR");
    add_line(out,
             "PRODID:-//reply//EN"); /* it must say something, and need not say what wrote it */
    add_line(out, "VERSION:2.0");
    add_line(out, "METHOD:REPLY");
    add_zones(out, invitation, own->address);
    for (guint i = 0; i < invitation->meetings->len; i++)
        if (meeting_invites(invitation->meetings->pdata[i], own->address))
            add_meeting(out, invitation->meetings->pdata[i], organizer->address, own, rsvp, named,
                        now);
    add_line(out, "END:VCALENDAR");
    return g_string_free(out, FALSE);
}

static void add_part(GString *out, const char *text)
{
    g_autofree char *encoded = writer_quoted_printable(text);
    g_string_append(out, "Content-Transfer-Encoding: quoted-printable\r\n\r\n");
    writer_crlf(out, encoded, strlen(encoded));
}

GBytes *invitation_entity(const char *text, const char *answer)
{
    g_autofree char *boundary = writer_random();
    GString *out = g_string_new(NULL);
    writer_type(out, "multipart/alternative", "boundary", boundary, NULL);
    g_string_append_printf(out, "\r\n--%s\r\n", boundary);
    writer_type(out, "text/plain", "charset", "utf-8", NULL);
    add_part(out, text);
    g_string_append_printf(out, "\r\n--%s\r\n", boundary);
    writer_type(out, "text/calendar", "method", "REPLY", "charset", "utf-8", NULL);
    add_part(out, answer);
    g_string_append_printf(out, "\r\n--%s--\r\n", boundary);
    return g_string_free_to_bytes(out);
}
