/* A calendar: what is said of meetings, their times, and the answer to them. */
#include <glib.h>
#include <stdint.h>
#include <string.h>

#include "core/limits.h"
#include "mime/compose.h"
#include "mime/invitation.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must_be_utf8(const char *text)
{
    if (text && !g_utf8_validate(text, -1, NULL))
        g_error("not UTF-8");
}

static void tell(const CalendarTime *time)
{
    g_autofree char *text = time ? calendar_time_text(time) : NULL;
    must_be_utf8(text);
    if (time && (time->offset <= -24 * 3600 || time->offset >= 24 * 3600))
        g_error("%d seconds from UTC", time->offset);
}

static void look_at(const Meeting *meeting)
{
    const char *const texts[] = {meeting->kind,    meeting->uid,         meeting->summary,
                                 meeting->status,  meeting->description, meeting->comment,
                                 meeting->repeats, meeting->location};
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++)
        must_be_utf8(texts[i]);
    tell(meeting->start);
    tell(meeting->end);
    tell(meeting->instead);
    if (meeting->attendees->len > LIMIT_CALENDAR_ATTENDEES)
        g_error("%u attendees", meeting->attendees->len);
    for (guint i = 0; i < meeting->attendees->len; i++) {
        const Attendee *attendee = meeting->attendees->pdata[i];
        must_be_utf8(attendee->name);
        must_be_utf8(attendee->address);
        must_be_utf8(attendee->state);
    }
}

/* What is answered reads back as an answer, in lines that are short. */
static void answer(const Invitation *invitation, const char *address)
{
    Mailbox own = {(char *)"Name, \"of\" mine", (char *)address};
    g_autofree char *text = invitation_answer(invitation, &own, ANSWER_ACCEPTED, TRUE);
    g_auto(GStrv) lines = g_strsplit(text, "\r\n", -1);
    for (char **line = lines; *line; line++)
        if (strlen(*line) > 75 || strpbrk(*line, "\r\n"))
            g_error("a line of %u bytes", (guint)strlen(*line));
    g_autoptr(GBytes) bytes = g_bytes_new(text, strlen(text));
    g_autoptr(Invitation) again = invitation_read(bytes, NULL);
    if (again == NULL || strcmp(again->method, "REPLY") != 0 || again->truncated)
        g_error("no answer");
    for (guint i = 0; i < again->meetings->len; i++)
        if (((Meeting *)again->meetings->pdata[i])->invited != 1)
            g_error("an answer of several");
    g_bytes_unref(invitation_entity("text\n", text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GBytes) bytes = g_bytes_new(data, size);
    g_autoptr(Invitation) invitation = invitation_read(bytes, NULL);
    if (invitation == NULL)
        return 0;
    must_be_utf8(invitation->method);
    for (guint i = 0; i < invitation->meetings->len; i++)
        look_at(invitation->meetings->pdata[i]);
    const Meeting *first = invitation->meetings->pdata[0];
    if (!invitation_check(invitation, NULL) || first->attendees->len == 0)
        return 0;
    /* As one's own address is: one that mail can go to. */
    g_autoptr(Mailbox) own =
        address_parse(((Attendee *)first->attendees->pdata[0])->address, NULL);
    if (own && meeting_invites(first, own->address))
        answer(invitation, own->address);
    return 0;
}
