/* P9: whom an answer goes to and what it takes over from a letter that anybody may have written. */
#include "mime/answer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/error.h"
#include "core/limits.h"

static char *const own[] = {(char *)"me@corp.example", (char *)"alias@corp.example", NULL};

static Message *message(const char *head)
{
    g_autofree char *text = g_strconcat(head, "\r\ntext\r\n", NULL);
    g_autoptr(GBytes) bytes = g_bytes_new(text, strlen(text));
    return message_parse(bytes);
}

static void print(GString *out, const char *name, const GPtrArray *mailboxes)
{
    for (guint i = 0; i < mailboxes->len; i++) {
        const Mailbox *mailbox = mailboxes->pdata[i];
        g_string_append_printf(out, "%s%s%s%s%s", i == 0 ? name : ",",
                               mailbox->name ? mailbox->name : "", mailbox->name ? "<" : "",
                               mailbox->address, mailbox->name ? ">" : "");
    }
}

/* "to:… cc:…", or the rule of why not. */
static char *answered(const char *head, AnswerWhom whom)
{
    g_autoptr(Message) original = message(head);
    g_autoptr(Letter) letter = letter_new();
    g_autoptr(GError) error = NULL;
    GString *out = g_string_new(NULL);
    if (answer_recipients(letter, original, whom, own, &error)) {
        print(out, "to:", letter->to);
        print(out, " cc:", letter->cc);
    } else {
        g_string_append(out, postern_error_rule(error));
    }
    return g_string_free(out, FALSE);
}

typedef struct {
    const char *name, *head, *sender, *all;
} WhomCase;

#define FROM "From: Ann <ann@corp.example>\r\n"
#define TO "To: me@corp.example, Bob <bob@corp.example>\r\nCc: cy@corp.example\r\n"

static const WhomCase whoms[] = {
    {"the sender", FROM TO, "to:Ann<ann@corp.example>",
     "to:Ann<ann@corp.example> cc:Bob<bob@corp.example>,cy@corp.example"},
    {"Reply-To", FROM TO "Reply-To: desk@corp.example\r\n", "to:desk@corp.example",
     "to:desk@corp.example cc:Bob<bob@corp.example>,cy@corp.example"},
    {"a Reply-To that nobody could answer", FROM "Reply-To: <a@@b>, (nobody)\r\n",
     "to:Ann<ann@corp.example>", "to:Ann<ann@corp.example>"},
    {"Mail-Followup-To", FROM TO "Mail-Followup-To: list@corp.example, ME@corp.example\r\n",
     "to:Ann<ann@corp.example>", "to:list@corp.example"},
    {"the same one three times", FROM "To: ann@corp.example\r\nCc: ANN@corp.example\r\n",
     "to:Ann<ann@corp.example>", "to:Ann<ann@corp.example>"},
    {"our own letter", "From: me@corp.example\r\nTo: ann@corp.example\r\nCc: b@corp.example\r\n",
     "to:ann@corp.example", "to:ann@corp.example cc:b@corp.example"},
    {"a note to ourselves", "From: me@corp.example\r\nTo: alias@corp.example\r\n",
     "to:me@corp.example", "to:me@corp.example"},
    {"our alias", FROM "To: alias@corp.example\r\n", "to:Ann<ann@corp.example>",
     "to:Ann<ann@corp.example>"},
    {"nobody", TO, "reply.address", "to:Bob<bob@corp.example> cc:cy@corp.example"},
    {"nothing", "X: y\r\n", "reply.address", "reply.address"},
    {"a name with a line end", "From: =?utf-8?q?A=0D=0ABcc:_x?= <a@corp.example>\r\n",
     "to:A  Bcc: x<a@corp.example>", "to:A  Bcc: x<a@corp.example>"},
    {"a group", "From: a@corp.example\r\nTo: team: b@corp.example, c@corp.example;\r\n",
     "to:a@corp.example", "to:a@corp.example cc:b@corp.example,c@corp.example"},
};

static void an_answer_goes_to_whom_the_letter_names(void **state)
{
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(whoms); i++) {
        g_autofree char *sender = answered(whoms[i].head, ANSWER_SENDER);
        g_autofree char *all = answered(whoms[i].head, ANSWER_ALL);
        if (strcmp(sender, whoms[i].sender) != 0)
            fail_msg("%s: \"%s\"", whoms[i].name, sender);
        if (strcmp(all, whoms[i].all) != 0)
            fail_msg("%s, all: \"%s\"", whoms[i].name, all);
    }
}

static void p9_107_a_list_is_one_address_and_no_more(void **state)
{
    (void)state;
    static const struct {
        const char *head, *to;
    } cases[] = {
        {"List-Post: <mailto:list@corp.example>\r\n", "to:list@corp.example"},
        {"List-Post: <https://x.example/>, <mailto:list%2Ba@corp.example> (a comment)\r\n",
         "to:list+a@corp.example"},
        {"List-Post: <mailto:list@corp.example?bcc=evil@x.example&body=y>\r\n",
         "to:list@corp.example"},
        {"List-Post: <mailto:a@corp.example,evil@x.example>\r\n", "reply.list"},
        {"List-Post: <mailto:a@corp.example%0D%0ABcc:evil@x.example>\r\n", "reply.list"},
        {"List-Post: <mailto:%>\r\n", "reply.list"},
        {"List-Post: NO (announcements)\r\n", "reply.list"},
        {FROM, "reply.list"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *to = answered(cases[i].head, ANSWER_LIST);
        if (strcmp(to, cases[i].to) != 0)
            fail_msg("%s: \"%s\"", cases[i].head, to);
    }
}

static void more_recipients_than_a_letter_has_are_not_collected(void **state)
{
    (void)state;
    g_autoptr(GString) head = g_string_new(FROM "Cc: x@corp.example");
    for (guint i = 0; i < LIMIT_RECIPIENTS + 10; i++)
        g_string_append_printf(head, ",\r\n a%u@corp.example", i);
    g_string_append(head, "\r\n");
    g_autoptr(Message) original = message(head->str);
    g_autoptr(Letter) letter = letter_new();
    assert_true(answer_recipients(letter, original, ANSWER_ALL, own, NULL));
    assert_true(letter->cc->len >
                LIMIT_RECIPIENTS / 2); /* enough to be refused, or all there are */
    assert_true(letter->cc->len <= LIMIT_RECIPIENTS + 1);
}

static void who_is_passed_over_is_told(void **state)
{
    (void)state;
    g_autoptr(Message) original = message(FROM "Reply-To: desk@corp.example\r\n");
    g_autoptr(Message) same = message(FROM "Reply-To: ann@corp.example, b@corp.example\r\n");
    g_autoptr(Letter) one = letter_new(), other = letter_new();
    assert_true(answer_recipients(one, original, ANSWER_SENDER, own, NULL));
    assert_true(answer_misses_sender(one, original));
    assert_true(answer_recipients(other, same, ANSWER_SENDER, own, NULL));
    assert_false(answer_misses_sender(other, same));
}

static void an_answer_stands_in_the_thread(void **state)
{
    (void)state;
    g_autoptr(Message) original = message("Message-ID: <c@x>\r\nIn-Reply-To: <b@x>\r\n"
                                          "References: <a@x> <b@x>\r\n");
    g_autoptr(Message) bare = message(FROM);
    g_autoptr(Letter) letter = letter_new(), first = letter_new();
    answer_thread(letter, original);
    assert_string_equal(letter->in_reply_to, "c@x");
    assert_int_equal(letter->references->len, 3);
    assert_string_equal(letter->references->pdata[0], "a@x");
    assert_string_equal(letter->references->pdata[2], "c@x");
    answer_thread(first, bare);
    assert_null(first->in_reply_to);
    assert_int_equal(first->references->len, 0);
}

static void a_subject_has_its_prefix_once_and_one_line(void **state)
{
    (void)state;
    g_autofree char *long_one = g_strnfill(2000, 'x');
    g_autofree char *long_head = g_strconcat("Subject: ", long_one, "\r\n", NULL);
    static const char *const cases[][2] = {
        {"Subject: Plan\r\n", "Re: Plan"},
        {"Subject: RE: Plan\r\n", "RE: Plan"},
        {"Subject: re:Plan\r\n", "re:Plan"},
        {"X: y\r\n", "Re: "},
        {"Subject: Fwd: Plan\r\n", "Re: Fwd: Plan"},
        {"Subject: =?utf-8?q?a=0D=0ABcc:_x?=\r\n", "Re: a  Bcc: x"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Message) original = message(cases[i][0]);
        g_autofree char *subject = answer_subject("Re", original);
        assert_null(strpbrk(subject, "\r\n"));
        if (i < 5)
            assert_string_equal(subject, cases[i][1]);
    }
    g_autoptr(Message) endless = message(long_head);
    g_autofree char *cut = answer_subject("Fwd", endless);
    assert_int_equal(strlen(cut), strlen("Fwd: ") + 250);
}

static void p9_79_a_quote_is_the_text_that_was_shown_line_by_line(void **state)
{
    (void)state;
    g_autoptr(Message) dated = message("From: Ann <ann@corp.example>\r\n"
                                       "Date: Fri, 20 Nov 2026 10:00:00 +0100\r\n");
    g_autoptr(Message) bare = message("X: y\r\n");
    g_autofree char *quote = answer_quote(dated, "one\n\n> two\n--\n\n\n");
    assert_string_equal(quote, "On 2026-11-20 09:00 UTC, Ann wrote:\n> one\n>\n>> two\n> --\n");
    g_autofree char *undated = answer_quote(bare, "x");
    assert_string_equal(undated, "somebody wrote:\n> x\n");
    g_autofree char *isolated = answer_quote(bare, "\u2068\u05e9\u2069");
    assert_string_equal(isolated, "somebody wrote:\n> \u05e9\n");
}

static void a_forwarded_text_says_whose_it_is(void **state)
{
    (void)state;
    g_autoptr(Message) original =
        message("From: Ann <ann@corp.example>\r\nDate: Fri, 20 Nov 2026 10:00:00 +0100\r\n"
                "To: b@corp.example, Cy <c@corp.example>\r\nSubject: Plan\r\n");
    g_autofree char *text = answer_forwarded(original, "one\n");
    assert_string_equal(text, "-------- Forwarded message --------\n"
                              "From: Ann <ann@corp.example>\nDate: 2026-11-20 09:00 UTC\n"
                              "To: <b@corp.example>, Cy <c@corp.example>\nSubject: Plan\n\none\n");
}

static void the_address_that_was_written_to_is_found(void **state)
{
    (void)state;
    static const struct {
        const char *head, *address;
    } cases[] = {
        {"To: x@corp.example, ALIAS@corp.example\r\n", "alias@corp.example"},
        {"To: list@corp.example\r\nDelivered-To: me@corp.example\r\n", "me@corp.example"},
        {"To: me@corp.example\r\nX-Original-To: alias@corp.example\r\n", "alias@corp.example"},
        {"To: list@corp.example\r\n", NULL},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Message) original = message(cases[i].head);
        const char *address = answer_addressed(original, own);
        if (g_strcmp0(address, cases[i].address) != 0)
            fail_msg("%s: %s", cases[i].head, address ? address : "nobody");
    }
}

/* --- what is enclosed ---------------------------------------------------------------------- */

static char *enclosed(const char *type, const char *filename, const char *bytes)
{
    g_autoptr(Letter) letter = letter_new();
    g_autoptr(GBytes) part = g_bytes_new(bytes, strlen(bytes));
    g_autoptr(GError) error = NULL;
    letter->from = address_parse("me@corp.example", NULL);
    g_ptr_array_add(letter->to, address_parse("a@corp.example", NULL));
    letter->body = g_strdup("see below");
    letter_enclose(letter, filename, type, part);
    g_autoptr(LetterIdentity) identity = letter_identity_new(letter);
    g_autoptr(GBytes) entity = compose_entity(letter, identity, PROTECT_NONE, &error);
    assert_non_null(entity);
    gsize size;
    const char *data = g_bytes_get_data(entity, &size);
    return g_strndup(data, size);
}

static void what_is_enclosed_keeps_a_type_that_is_one(void **state)
{
    (void)state;
    static const struct {
        const char *type, *bytes, *written;
    } cases[] = {
        {"application/pdf", "%PDF", "Content-Type: application/pdf\r\n"},
        {"message/rfc822", "Subject: x\r\n\r\ny\r\n", "7bit\r\n\r\nSubject: x\r\n\r\ny\r\n"},
        {"message/rfc822", "Subject: \xc3\xa4\r\n\r\ny\r\n", "application/octet-stream"},
        {"message/rfc822", "From x\r\n\r\ny\r\n", "application/octet-stream"},
        {"multipart/mixed", "x", "application/octet-stream"},
        {"text/plain; x", "x", "application/octet-stream"},
        {"a/b\r\nBcc: c", "x", "application/octet-stream"},
        {"a", "x", "application/octet-stream"},
        {"/", "x", "application/octet-stream"},
        {"a/", "x", "application/octet-stream"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = enclosed(cases[i].type, "file", cases[i].bytes);
        if (strstr(text, cases[i].written) == NULL || strstr(text, "\nBcc:"))
            fail_msg("%s: %s", cases[i].type, text);
    }
    g_autofree char *unnamed = enclosed("text/html", NULL, "<p>");
    assert_non_null(strstr(unnamed, "filename=attachment"));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_goes_to_whom_the_letter_names),
        cmocka_unit_test(p9_107_a_list_is_one_address_and_no_more),
        cmocka_unit_test(more_recipients_than_a_letter_has_are_not_collected),
        cmocka_unit_test(who_is_passed_over_is_told),
        cmocka_unit_test(an_answer_stands_in_the_thread),
        cmocka_unit_test(a_subject_has_its_prefix_once_and_one_line),
        cmocka_unit_test(p9_79_a_quote_is_the_text_that_was_shown_line_by_line),
        cmocka_unit_test(a_forwarded_text_says_whose_it_is),
        cmocka_unit_test(the_address_that_was_written_to_is_found),
        cmocka_unit_test(what_is_enclosed_keeps_a_type_that_is_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
