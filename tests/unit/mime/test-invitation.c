#include "mime/invitation.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/error.h"
#include "core/limits.h"

#define REQUEST "BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\n"
#define END "END:VCALENDAR\r\n"
#define ORGANIZER "ORGANIZER;CN=Mary:mailto:mary@corp.example\r\n"
#define ATTENDEE "ATTENDEE:mailto:john@corp.example\r\n"
#define EVENT(lines) "BEGIN:VEVENT\r\n" lines "END:VEVENT\r\n"
#define GOOD "UID:1\r\n" ORGANIZER ATTENDEE

static Invitation *read_text(const char *text)
{
    g_autoptr(GBytes) bytes = g_bytes_new(text, strlen(text));
    return invitation_read(bytes, NULL);
}

static const Meeting *meeting_at(const Invitation *invitation, guint i)
{
    return invitation->meetings->pdata[i];
}

static void what_is_said_is_read(void **state)
{
    (void)state;
    g_autoptr(Invitation) invitation = read_text("BEGIN:VCALENDAR\r\nMETHOD: request \r\n" EVENT(
        "UID:1\r\nSEQUENCE:4\r\nSUMMARY: a\\, b\\n\r\nLOCATION:\r\nSTATUS:CONFIRMED\r\n"
        "DTSTART:20261126T100000Z\r\nDURATION:PT1H\r\nRRULE:FREQ=DAILY\r\n"
        "EXDATE:20261127T100000Z,20261128T100000Z\r\nRDATE:20261129T100000Z\r\n" ORGANIZER
        "ATTENDEE;PARTSTAT=Accepted;ROLE=NON-PARTICIPANT;CN=:MAILTO:a%40b?subject=x\r\n"
        "ATTENDEE;EMAIL=c@d:/principal/1\r\nATTENDEE:/principal/2\r\n"
        "RECURRENCE-ID;RANGE=THISANDFUTURE;VALUE=DATE:20261126\r\n") END);
    const Meeting *meeting = meeting_at(invitation, 0);
    assert_string_equal(invitation->method, "REQUEST");
    assert_string_equal(meeting->summary, "a, b");
    assert_null(meeting->location);
    assert_null(meeting->comment);
    assert_int_equal(meeting->sequence, 4);
    assert_string_equal(meeting->repeats, "every day");
    assert_int_equal(meeting->exceptions, 3);
    assert_string_equal(meeting->organizer->name, "Mary");
    g_autofree char *end = calendar_time_text(meeting->end);
    assert_string_equal(end, "2026-11-26T11:00:00Z");
    g_autofree char *instead = calendar_time_text(meeting->instead);
    assert_string_equal(instead, "2026-11-26");
    assert_true(meeting->following);
    assert_int_equal(meeting->invited, 3);
    const Attendee *first = meeting->attendees->pdata[0], *second = meeting->attendees->pdata[1];
    assert_null(first->name);
    assert_string_equal(first->address, "a@b");
    assert_string_equal(first->state, "accepted");
    assert_true(first->optional);
    assert_string_equal(second->address, "c@d");
    assert_string_equal(second->state, "needs-action");
    assert_false(second->optional);
    assert_true(meeting_invites(meeting, "C@D") == second);
    assert_null(meeting_invites(meeting, "mary@corp.example"));
}

static void what_says_nothing_of_meetings_is_no_invitation(void **state)
{
    (void)state;
    static const char *const others[] = {"",
                                         "text",
                                         EVENT(GOOD),
                                         REQUEST END,
                                         REQUEST "BEGIN:VTIMEZONE\r\nEND:VTIMEZONE\r\n" END,
                                         REQUEST "BEGIN:X\r\n" EVENT(GOOD) "END:X\r\n" END};
    for (gsize i = 0; i < G_N_ELEMENTS(others); i++) {
        g_autoptr(Invitation) invitation = read_text(others[i]);
        if (invitation)
            fail_msg("%s", others[i]);
    }
}

static Invitation *of_mail(const char *parts)
{
    g_autofree char *text =
        g_strconcat("Content-Type: multipart/mixed; boundary=m\r\n\r\n--m\r\n\r\ntext\r\n", parts,
                    "--m--\r\n", NULL);
    g_autoptr(GBytes) bytes = g_bytes_new(text, strlen(text));
    g_autoptr(Message) message = message_parse(bytes);
    return invitation_of(message);
}

#define PART(text) "--m\r\nContent-Type: text/calendar\r\n\r\n" text
static void the_first_calendar_of_a_message_counts(void **state)
{
    (void)state;
    g_autoptr(Invitation) one = of_mail(PART(REQUEST EVENT(GOOD) END));
    assert_int_equal(one->part, 3);
    assert_false(one->several);
    g_autoptr(Invitation) two = of_mail(PART(REQUEST EVENT(GOOD) END) PART("x\r\n"));
    assert_true(two->several);
    assert_null(of_mail(PART("x\r\n") PART(REQUEST EVENT(GOOD) END)));
    assert_null(of_mail(""));
    g_autoptr(Invitation) latin =
        of_mail("--m\r\nContent-Type: text/calendar; charset=iso-8859-1\r\n\r\n" REQUEST EVENT(
            "SUMMARY:\xe4\r\n") END);
    assert_string_equal(meeting_at(latin, 0)->summary, "\xc3\xa4");
}

static void p9_99_p9_101_only_an_invitation_that_can_be_answered_is(void **state)
{
    (void)state;
    static const char *const good[] = {
        REQUEST EVENT(GOOD) END,
        REQUEST EVENT(GOOD) EVENT(GOOD "RECURRENCE-ID:20261126T100000Z\r\n") END,
        REQUEST EVENT("UID:1\r\nORGANIZER:Mailto:MARY@corp.example\r\n") END,
    };
    static const char *const bad[] = {
        "BEGIN:VCALENDAR\r\n" EVENT(GOOD) END,
        "BEGIN:VCALENDAR\r\nMETHOD:CANCEL\r\n" EVENT(GOOD) END,
        "BEGIN:VCALENDAR\r\nMETHOD:REPLY\r\n" EVENT(GOOD) END,
        "BEGIN:VCALENDAR\r\nMETHOD:COUNTER\r\n" EVENT(GOOD) END,
        REQUEST EVENT(GOOD),
        REQUEST EVENT(ORGANIZER ATTENDEE) END,
        REQUEST EVENT("UID:\r\n" ORGANIZER) END,
        REQUEST EVENT("UID:a\tb\r\n" ORGANIZER) END,
        REQUEST EVENT("UID:1\r\n" ATTENDEE) END,
        REQUEST EVENT(GOOD) EVENT("UID:2\r\n" ORGANIZER) END,
        REQUEST EVENT(GOOD) EVENT("UID:1\r\nORGANIZER:mailto:eve@corp.example\r\n") END,
        REQUEST EVENT(GOOD) EVENT("UID:1\r\n") END,
        REQUEST EVENT(GOOD "RECURRENCE-ID:tomorrow\r\n") END,
        REQUEST EVENT(GOOD "RECURRENCE-ID;TZID=a\x01:20261126T100000\r\n") END,
        REQUEST "BEGIN:VTODO\r\n" GOOD "END:VTODO\r\n" END,
        REQUEST EVENT("UID:1\r\nORGANIZER:mary\r\n") END,
        REQUEST EVENT("UID:1\r\nORGANIZER:https://corp.example/mary\r\n") END,
        REQUEST EVENT("UID:1\r\nORGANIZER:mailto:Mary%20<mary@corp.example>\r\n") END,
        REQUEST EVENT("UID:1\r\nORGANIZER:mailto:mary@corp.example%0D%0ABcc:eve@x.example\r\n") END,
        REQUEST EVENT("UID:1\r\nORGANIZER:mailto:mary@corp.example,eve@corp.example\r\n") END,
    };
    for (gsize i = 0; i < G_N_ELEMENTS(good); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(Invitation) invitation = read_text(good[i]);
        if (!invitation_check(invitation, &error))
            fail_msg("%s: %s", good[i], error->message);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(Invitation) invitation = read_text(bad[i]);
        if (invitation_check(invitation, &error))
            fail_msg("%s", bad[i]);
        assert_string_equal(postern_error_rule(error), "reply.invitation");
        assert_int_equal(postern_exit_code(error), POSTERN_ERROR_INPUT);
    }
}

static void p9_107_an_organizers_link_is_one_address_and_no_more(void **state)
{
    (void)state;
    g_autoptr(Invitation) invitation = read_text(
        REQUEST EVENT("UID:1\r\n" ATTENDEE "ORGANIZER;SENT-BY=\"mailto:eve@corp.example\";"
                      "EMAIL=eve@corp.example:mailto:mary@corp.example?cc=eve@corp.example&"
                      "bcc=eve@corp.example&attach=/etc/passwd&body=x\r\n") END);
    assert_true(invitation_check(invitation, NULL));
    g_autoptr(Mailbox) organizer = invitation_organizer(invitation);
    assert_string_equal(organizer->address, "mary@corp.example");
    assert_null(organizer->name);
    static char address[] = "john@corp.example";
    const Mailbox own = {NULL, address};
    g_autofree char *text = invitation_answer(invitation, &own, ANSWER_ACCEPTED, TRUE);
    assert_null(strstr(text, "eve"));
    assert_null(strstr(text, "attach"));
}

/* COUNT times LINES as events, each with the first meeting's names. */
static gboolean truncated_with(const char *lines, guint count, const char *before, guint n)
{
    g_autoptr(GString) text = g_string_new(REQUEST);
    for (guint i = 0; i < n; i++) {
        g_string_append(text, "BEGIN:VEVENT\r\n" GOOD);
        g_string_append(text, before);
        for (guint j = 0; j < count; j++)
            g_string_append(text, lines);
        g_string_append(text, "END:VEVENT\r\n");
    }
    g_string_append(text, END);
    g_autoptr(Invitation) invitation = read_text(text->str);
    return invitation->truncated;
}

static void p8_87_limit_calendar_meetings_and_attendees(void **state)
{
    (void)state;
    assert_false(truncated_with("", 0, "", LIMIT_CALENDAR_MEETINGS));
    assert_true(truncated_with("", 0, "", LIMIT_CALENDAR_MEETINGS + 1));
    assert_false(truncated_with(ATTENDEE, LIMIT_CALENDAR_ATTENDEES - 1, "", 1));
    assert_true(truncated_with(ATTENDEE, LIMIT_CALENDAR_ATTENDEES, "", 1));
    for (guint more = 0; more < 2; more++) {
        g_autofree char *uid = g_strnfill(LIMIT_CALENDAR_UID + more, 'u');
        g_autofree char *text = g_strconcat(REQUEST "BEGIN:VEVENT\r\nUID:", uid,
                                            "\r\n" ORGANIZER "END:VEVENT\r\n" END, NULL);
        g_autoptr(Invitation) invitation = read_text(text);
        assert_int_equal(invitation_check(invitation, NULL), more == 0);
    }
}

#define ZONE                                                                                       \
    "BEGIN:VTIMEZONE\r\nTZID:My; \"Zone\"\r\nX-URL:https://tracker.example/\r\nBEGIN:STANDARD\r\n" \
    "DTSTART:20000101T000000\r\nTZOFFSETFROM:+0100\r\nTZOFFSETTO:+0100\r\nEND:STANDARD\r\n"        \
    "END:VTIMEZONE\r\n"
#define UMLAUTS "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4"

static void p9_99_an_answer_is_for_oneself_by_the_names_of_the_invitation(void **state)
{
    (void)state;
    static char name[] = "John \"J\"\r\nX:y", address[] = "john@corp.example";
    const Mailbox own = {name, address};
    g_autoptr(Invitation) invitation = read_text(
        REQUEST ZONE ZONE EVENT(GOOD "SEQUENCE:2\r\nSUMMARY:" UMLAUTS UMLAUTS UMLAUTS
                                     "\\, b\\nX:y\r\n"
                                     "ATTENDEE:mailto:eve@corp.example\r\nDESCRIPTION:secret\r\n")
            EVENT("UID:1\r\nRECURRENCE-ID;TZID=\"My; ^'Zone^'\":20261126T100000\r\n" ORGANIZER
                      ATTENDEE)
                EVENT("UID:1\r\nRECURRENCE-ID;VALUE=DATE:20261127\r\n" ORGANIZER ATTENDEE)
                    EVENT("UID:1\r\nRECURRENCE-ID:20261128T100000Z\r\n" ORGANIZER) END);
    assert_true(invitation_check(invitation, NULL));
    g_autofree char *text = invitation_answer(invitation, &own, ANSWER_DECLINED, TRUE);
    g_auto(GStrv) lines = g_strsplit(text, "\r\n", -1);
    for (char **line = lines; *line; line++)
        assert_true(strlen(*line) <= 75 && g_utf8_validate(*line, -1, NULL));
    g_autoptr(GString) whole = g_string_new(text);
    g_string_replace(whole, "\r\n ", "", 0);
    static const char *const there[] = {
        "METHOD:REPLY\r\n",
        "ATTENDEE;PARTSTAT=DECLINED;CN=\"John 'J'  X:y\":mailto:john@corp.example\r\n",
        "ORGANIZER:mailto:mary@corp.example\r\n",
        "SUMMARY:" UMLAUTS UMLAUTS UMLAUTS "\\, b\\nX:y\r\n",
        "SEQUENCE:2\r\n",
        "RECURRENCE-ID;TZID=\"My; 'Zone'\":20261126T100000\r\n",
        "RECURRENCE-ID;VALUE=DATE:20261127\r\n",
        "TZID:My; \"Zone\"\r\n"};
    for (gsize i = 0; i < G_N_ELEMENTS(there); i++)
        if (strstr(whole->str, there[i]) == NULL)
            fail_msg("%s\nlacks %s", whole->str, there[i]);
    static const char *const nowhere[] = {"eve", "secret", "tracker", "20261128", "\nX:y"};
    for (gsize i = 0; i < G_N_ELEMENTS(nowhere); i++)
        if (strstr(whole->str, nowhere[i]))
            fail_msg("%s\nhas %s", whole->str, nowhere[i]);
    assert_true(strstr(whole->str, "BEGIN:VTIMEZONE") == g_strrstr(whole->str, "BEGIN:VTIMEZONE"));
    g_autofree char *unnamed = invitation_answer(invitation, &own, ANSWER_ACCEPTED, FALSE);
    assert_null(strstr(unnamed, "SUMMARY"));
    assert_non_null(strstr(unnamed, "PARTSTAT=ACCEPTED"));
}

static void an_answer_goes_beside_its_words(void **state)
{
    (void)state;
    g_autoptr(GBytes) entity =
        invitation_entity("W\xc3\xb6rter.\n", "BEGIN:VCALENDAR\r\nX:\xc3\xa4\r\n" END);
    g_autoptr(Message) message = message_parse(entity);
    assert_int_equal(message_part_count(message), 3);
    assert_string_equal(message_part(message, 1)->type, "multipart/alternative");
    g_autofree char *text = message_part_text(message, 2);
    assert_string_equal(text, "W\xc3\xb6rter.\n");
    g_autofree char *method = message_part_parameter(message, 3, "method");
    assert_string_equal(method, "REPLY");
    g_autofree char *words = message_part_words(message, 3);
    assert_string_equal(words, "BEGIN:VCALENDAR\nX:\xc3\xa4\nEND:VCALENDAR\n");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_said_is_read),
        cmocka_unit_test(what_says_nothing_of_meetings_is_no_invitation),
        cmocka_unit_test(the_first_calendar_of_a_message_counts),
        cmocka_unit_test(p9_99_p9_101_only_an_invitation_that_can_be_answered_is),
        cmocka_unit_test(p9_107_an_organizers_link_is_one_address_and_no_more),
        cmocka_unit_test(p8_87_limit_calendar_meetings_and_attendees),
        cmocka_unit_test(p9_99_an_answer_is_for_oneself_by_the_names_of_the_invitation),
        cmocka_unit_test(an_answer_goes_beside_its_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
