/* The index document of a message; see message.h and core/letter.h. */
#include <gmime/gmime.h>
#include <string.h>

#include "core/limits.h"
#include "mime/address.h"
#include "mime/message.h"

#define SNIPPET 160    /* characters */
#define MESSAGE_ID 998 /* longer ones are no ids: RFC 5322's line */

static char *mailbox_list(const Message *message, const char *name, const char *separator)
{
    g_autoptr(GPtrArray) mailboxes = message_addresses(message, name);
    g_autoptr(GString) out = g_string_new(NULL);
    for (guint i = 0; i < mailboxes->len; i++) {
        g_autofree char *text = address_format(g_ptr_array_index(mailboxes, i));
        /* An encoded word may hold a line end, and the name in it would begin a line. */
        g_string_append_printf(out, "%s%s", i > 0 ? separator : "", g_strdelimit(text, "\n", ' '));
    }
    return g_string_free(g_steal_pointer(&out), FALSE);
}

static gboolean is_id(const char *at, gsize size)
{
    if (size == 0 || size > MESSAGE_ID)
        return FALSE;
    for (gsize i = 0; i < size; i++)
        if ((guchar)at[i] <= ' ' || at[i] == 127)
            return FALSE;
    return TRUE;
}

/* The ids between < and > in VALUE. */
static void read_ids(const char *value, GPtrArray *out)
{
    while (value != NULL && (value = strchr(value, '<')) != NULL) {
        value++;
        gsize size = strcspn(value, "<>");
        if (value[size] == '>' && is_id(value, size))
            g_ptr_array_add(out, g_strndup(value, size));
        value += size;
    }
}

static char *read_message_id(const Message *message)
{
    const char *value = message_header(message, "Message-ID");
    g_autoptr(GPtrArray) ids = g_ptr_array_new_with_free_func(g_free);
    read_ids(value, ids);
    if (ids->len > 0)
        return g_strdup(g_ptr_array_index(ids, 0));
    g_autofree char *bare = g_strstrip(g_strdup(value ? value : ""));
    return is_id(bare, strlen(bare)) ? g_steal_pointer(&bare) : NULL;
}

static gboolean same_id(gconstpointer a, gconstpointer b)
{
    return strcmp(a, b) == 0;
}

/* Oldest first, In-Reply-To last; of too many the newest are kept. */
static void read_references(const Message *message, GPtrArray *out)
{
    g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func(g_free);
    read_ids(message_header(message, "References"), all);
    g_autoptr(GPtrArray) parents = g_ptr_array_new_with_free_func(g_free);
    read_ids(message_header(message, "In-Reply-To"), parents);
    const char *parent = parents->len > 0 ? g_ptr_array_index(parents, 0) : NULL;
    guint room = LIMIT_REFERENCES - (parent ? 1 : 0);
    for (guint i = all->len > room ? all->len - room : 0; i < all->len; i++) {
        const char *id = g_ptr_array_index(all, i);
        if ((parent == NULL || strcmp(id, parent) != 0) &&
            !g_ptr_array_find_with_equal_func(out, id, same_id, NULL))
            g_ptr_array_add(out, g_strdup(id));
    }
    if (parent != NULL)
        g_ptr_array_add(out, g_strdup(parent));
}

/* "Name <list.corp.example>" to "list.corp.example". */
static char *read_list(const Message *message)
{
    const char *value = message_header(message, "List-Id");
    const char *open = value ? strrchr(value, '<') : NULL;
    if (value == NULL)
        return NULL;
    g_autofree char *id = open ? g_strndup(open + 1, strcspn(open + 1, ">")) : g_strdup(value);
    g_strstrip(id);
    return *id ? g_steal_pointer(&id) : NULL;
}

/* Invisible characters that newsletters pad their first line with. */
static gboolean is_filler(gunichar c)
{
    return c == 0x034f || c == 0x00ad || c == 0x200b || c == 0x2060 || c == 0xfeff;
}

/* The first characters of TEXT on one line, without quoted lines. */
static char *make_snippet(const char *text)
{
    g_autoptr(GString) out = g_string_new(NULL);
    gboolean line_start = TRUE, gap = FALSE;
    glong count = 0;
    while (*text && count < SNIPPET) {
        if (line_start && *text == '>') {
            text += strcspn(text, "\n");
            continue;
        }
        gunichar c = g_utf8_get_char(text);
        text = g_utf8_next_char(text);
        line_start = c == '\n';
        gap |= g_unichar_isspace(c);
        /* A zero-width non-joiner is part of Persian words, but padding between blanks. */
        if (g_unichar_isspace(c) || is_filler(c) || (c == 0x200c && gap))
            continue;
        if (gap && out->len > 0) {
            g_string_append_c(out, ' ');
            count++;
        }
        gap = FALSE;
        g_string_append_unichar(out, c);
        count++;
    }
    return g_string_free(g_steal_pointer(&out), FALSE);
}

/* TEXTS holds the text of each part, NULL for none: HTML is turned to text only once. */
static char *read_snippet(const Message *message, const GPtrArray *texts)
{
    g_autoptr(GArray) readable = message_readable_parts(message);
    for (guint i = 0; i < readable->len; i++) {
        g_autofree char *snippet =
            make_snippet(g_ptr_array_index(texts, g_array_index(readable, guint, i) - 1));
        if (*snippet)
            return g_steal_pointer(&snippet);
    }
    return g_strdup("");
}

static char *join_texts(const GPtrArray *texts)
{
    g_autoptr(GString) body = g_string_new(NULL);
    for (guint i = 0; i < texts->len; i++) {
        const char *text = g_ptr_array_index(texts, i);
        if (text == NULL)
            continue;
        if (body->len > 0)
            g_string_append_c(body, '\n');
        g_string_append(body, text);
    }
    return g_string_free(g_steal_pointer(&body), FALSE);
}

static void read_parts(const Message *message, IndexDoc *doc)
{
    g_autoptr(GString) names = g_string_new(NULL);
    g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);
    for (guint n = 1; n <= message_part_count(message); n++) {
        const PartInfo *part = message_part(message, n);
        g_ptr_array_add(texts, message_part_words(message, n));
        if (part->filename != NULL)
            g_string_append_printf(names, "%s%s", names->len > 0 ? "\n" : "", part->filename);
        doc->attachments += part->attachment ? 1 : 0;
    }
    doc->body = join_texts(texts);
    doc->snippet = read_snippet(message, texts);
    if (names->len > 0)
        doc->filenames = g_strdup(names->str);
}

gint64 message_date(const Message *message)
{
    const char *value = message_header(message, "Date");
    g_autoptr(GDateTime) date = value ? g_mime_utils_header_decode_date(value) : NULL;
    return date ? g_date_time_to_unix(date) : 0;
}

gint64 message_arrived(const Message *message)
{
    const char *received = message_header(message, "Received");
    const char *time = received ? strrchr(received, ';') : NULL;
    g_autoptr(GDateTime) date = time ? g_mime_utils_header_decode_date(time + 1) : NULL;
    return date ? g_date_time_to_unix(date) : received ? 0 : message_date(message);
}

IndexDoc *message_index_doc(const Message *message)
{
    IndexDoc *doc = index_doc_new();
    const char *subject = message_header(message, "Subject");
    doc->subject = g_strdup(subject ? subject : "");
    doc->from = mailbox_list(message, "From", ", ");
    doc->to = mailbox_list(message, "To", "\n");
    /* Of one's own letters, where a server keeps it. */
    g_autofree char *bcc = mailbox_list(message, "Bcc", "\n");
    g_autofree char *cc = mailbox_list(message, "Cc", "\n");
    doc->cc = *bcc ? g_strconcat(cc, "\n", bcc, NULL) : g_steal_pointer(&cc);
    doc->list = read_list(message);
    doc->message_id = read_message_id(message);
    read_references(message, doc->references);
    read_parts(message, doc);
    doc->truncated = message_truncated(message);
    return doc;
}
