/* See answer.h. */
#include "mime/answer.h"

#include <string.h>

#include "core/error.h"
#include "core/limits.h"
#include "core/text.h"
#include "mime/address.h"
#include "mime/writer.h"

#define SUBJECT_CHARACTERS 250

/* --- addresses ----------------------------------------------------------------------------- */

static gboolean is_own(char *const *own, const char *address)
{
    for (; *own; own++)
        if (g_ascii_strcasecmp(*own, address) == 0)
            return TRUE;
    return FALSE;
}

/* As it may be sent to, or NULL. */
static Mailbox *usable(const Mailbox *mailbox)
{
    Mailbox *strict = address_parse(mailbox->address, NULL);
    if (strict == NULL)
        return NULL;
    g_free(strict->name);
    strict->name = mailbox->name ? writer_one_line(mailbox->name) : NULL;
    return strict;
}

static void add(GPtrArray *to, Mailbox *mailbox)
{
    if (mailbox && to->len <= LIMIT_RECIPIENTS && !address_among(to, mailbox->address))
        g_ptr_array_add(to, mailbox);
    else if (mailbox)
        mailbox_free(mailbox);
}

/* Whom the fields called NAME mean, each once. */
static GPtrArray *field(const Message *original, const char *name)
{
    GPtrArray *all = g_ptr_array_new_with_free_func((GDestroyNotify)mailbox_free);
    g_autoptr(GPtrArray) read = message_addresses(original, name);
    for (guint i = 0; i < read->len; i++)
        add(all, usable(read->pdata[i]));
    return all;
}

static gboolean all_own(const GPtrArray *mailboxes, char *const *own)
{
    for (guint i = 0; i < mailboxes->len; i++)
        if (!is_own(own, ((Mailbox *)mailboxes->pdata[i])->address))
            return FALSE;
    return mailboxes->len > 0;
}

/* Takes FROM's, but for OWN and what TAKEN (may be NULL) holds. */
static void move(GPtrArray *from, GPtrArray *to, char *const *own, const GPtrArray *taken)
{
    while (from->len > 0) {
        Mailbox *mailbox = g_ptr_array_steal_index(from, 0);
        if (is_own(own, mailbox->address) || (taken && address_among(taken, mailbox->address)))
            mailbox_free(mailbox);
        else
            add(to, mailbox);
    }
}

static GPtrArray *sender_of(const Message *original)
{
    g_autoptr(GPtrArray) reply = field(original, "Reply-To");
    return reply->len > 0 ? g_steal_pointer(&reply) : field(original, "From");
}

static void answer_all(Letter *letter, const Message *original, char *const *own)
{
    g_autoptr(GPtrArray) followup = field(original, "Mail-Followup-To");
    g_autoptr(GPtrArray) to = field(original, "To"), cc = field(original, "Cc");
    g_autoptr(GPtrArray) sender = sender_of(original);
    if (followup->len > 0) {
        move(followup, letter->to, own, NULL);
        return;
    }
    move(sender, letter->to, own, NULL);
    move(to, letter->to->len > 0 ? letter->cc : letter->to, own, letter->to);
    move(cc, letter->to->len > 0 ? letter->cc : letter->to, own, letter->to);
}

static void answer_sender(Letter *letter, const Message *original, char *const *own)
{
    static char *const nobody[] = {NULL};
    g_autoptr(GPtrArray) sender = sender_of(original);
    g_autoptr(GPtrArray) to = field(original, "To");
    gboolean ours = all_own(sender, own) && !all_own(to, own) && to->len > 0;
    move(ours ? to : sender, letter->to, ours ? own : nobody, NULL);
}

/* "<mailto:list@corp.example?subject=…>"; what stands behind "?" is not ours to obey. */
static Mailbox *list_address(const char *value)
{
    const char *start = value ? strstr(value, "<mailto:") : NULL;
    if (start == NULL)
        return NULL;
    start += strlen("<mailto:");
    g_autofree char *raw = g_strndup(start, strcspn(start, "?>"));
    g_autofree char *address = g_uri_unescape_string(raw, NULL);
    return address ? address_parse(address, NULL) : NULL;
}

gboolean answer_recipients(Letter *letter, const Message *original, AnswerWhom whom,
                           char *const *own, GError **error)
{
    if (whom == ANSWER_LIST) {
        add(letter->to, list_address(message_header(original, "List-Post")));
        return letter->to->len > 0 ||
               refuse(error, POSTERN_ERROR_INPUT, "reply.list", "answer its sender, or --all",
                      "the message names no list that takes mail");
    }
    if (whom == ANSWER_ALL)
        answer_all(letter, original, own);
    if (letter->to->len == 0)
        answer_sender(letter, original, own);
    return letter->to->len > 0 ||
           refuse(error, POSTERN_ERROR_INPUT, "reply.address", "name somebody with --to",
                  "the message names nobody who could be answered");
}

gboolean answer_misses_sender(const Letter *letter, const Message *original)
{
    g_autoptr(GPtrArray) from = field(original, "From"), reply = field(original, "Reply-To");
    if (reply->len == 0 || from->len == 0)
        return FALSE;
    for (guint i = 0; i < from->len; i++) {
        const char *address = ((Mailbox *)from->pdata[i])->address;
        if (address_among(letter->to, address) || address_among(letter->cc, address))
            return FALSE;
    }
    return TRUE;
}

const char *answer_addressed(const Message *original, char *const *own)
{
    static const char *const names[] = {"Delivered-To", "X-Original-To", "Envelope-To", "To",
                                        "Cc",           "Resent-To"};
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autoptr(GPtrArray) there = field(original, names[i]);
        for (char *const *one = own; *one; one++)
            if (address_among(there, *one))
                return *one;
    }
    return NULL;
}

/* --- thread and subject -------------------------------------------------------------------- */

void answer_thread(Letter *letter, const Message *original)
{
    g_autoptr(IndexDoc) doc = message_index_doc(original);
    if (doc->message_id == NULL)
        return;
    letter->in_reply_to = g_strdup(doc->message_id);
    for (guint i = 0; i < doc->references->len; i++)
        g_ptr_array_add(letter->references, g_strdup(doc->references->pdata[i]));
    g_ptr_array_add(letter->references, g_strdup(doc->message_id));
}

char *answer_subject(const char *prefix, const Message *original)
{
    const char *written = message_header(original, "Subject");
    g_autofree char *line = writer_one_line(written ? written : "");
    g_autofree char *head = g_strconcat(prefix, ":", NULL);
    g_strstrip(line);
    g_autofree char *subject =
        g_utf8_substring(line, 0, MIN(g_utf8_strlen(line, -1), SUBJECT_CHARACTERS));
    return g_ascii_strncasecmp(subject, head, strlen(head)) == 0
               ? g_steal_pointer(&subject)
               : g_strconcat(head, " ", subject, NULL);
}

/* --- text ---------------------------------------------------------------------------------- */

/* When it was written; UTC, for the time zone is nobody's business. NULL when it does not say. */
static char *when(const Message *original)
{
    gint64 date = message_date(original);
    g_autoptr(GDateTime) time = date ? g_date_time_new_from_unix_utc(date) : NULL;
    return time ? g_date_time_format(time, "%Y-%m-%d %H:%M UTC") : NULL;
}

static char *who(const Message *original)
{
    g_autoptr(GPtrArray) from = message_addresses(original, "From");
    if (from->len == 0)
        return g_strdup("somebody");
    const Mailbox *first = from->pdata[0];
    return text_field(first->name && *first->name ? first->name : first->address);
}

/* The isolates that keep a field together on our terminal are nothing to anybody else. */
static char *finished(GString *out)
{
    g_string_replace(out, "\u2068", "", 0);
    g_string_replace(out, "\u2069", "", 0);
    return g_string_free(out, FALSE);
}

/* No further than the text. */
static guint lines_of(char **lines)
{
    guint n = g_strv_length(lines);
    while (n > 0 && *lines[n - 1] == '\0')
        n--;
    return n;
}

char *answer_quote(const Message *original, const char *text)
{
    g_autofree char *date = when(original), *name = who(original);
    GString *out = g_string_new(NULL);
    if (date)
        g_string_append_printf(out, "On %s, %s wrote:\n", date, name);
    else
        g_string_append_printf(out, "%s wrote:\n", name);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    guint n = lines_of(lines);
    for (guint i = 0; i < n; i++) {
        gboolean bare = *lines[i] == '\0' || *lines[i] == '>';
        g_string_append_printf(out, ">%s%s\n", bare ? "" : " ", lines[i]);
    }
    return finished(out);
}

static void add_field(GString *out, const Message *original, const char *name)
{
    g_autoptr(GPtrArray) mailboxes = message_addresses(original, name);
    for (guint i = 0; i < MIN(mailboxes->len, LIMIT_RECIPIENTS); i++) {
        const Mailbox *mailbox = mailboxes->pdata[i];
        g_autofree char *person = mailbox->name ? text_field(mailbox->name) : g_strdup("");
        g_autofree char *address = text_address(mailbox->address);
        if (i == 0)
            g_string_append_printf(out, "%s: ", name);
        g_string_append_printf(out, "%s%s%s<%s>", i ? ", " : "", person, *person ? " " : "",
                               address);
    }
    if (mailboxes->len > 0)
        g_string_append_c(out, '\n');
}

char *answer_forwarded(const Message *original, const char *text)
{
    const char *subject = message_header(original, "Subject");
    g_autofree char *shown = text_field(subject ? subject : ""), *date = when(original);
    GString *out = g_string_new("-------- Forwarded message --------\n");
    add_field(out, original, "From");
    if (date)
        g_string_append_printf(out, "Date: %s\n", date);
    add_field(out, original, "To");
    add_field(out, original, "Cc");
    g_string_append_printf(out, "Subject: %s\n\n%s", shown, text);
    return finished(out);
}
