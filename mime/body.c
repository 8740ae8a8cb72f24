/* Text of a message and the order in which it is read; see message.h. */
#include <string.h>

#include "core/limits.h"
#include "mime/charset.h"
#include "mime/flowed.h"
#include "mime/html.h"
#include "mime/message.h"

/* Patches and notes are text that people write to be read as it stands. */
static gboolean is_plain(const char *type)
{
    static const char *const types[] = {"text/plain", "text/x-patch", "text/x-diff",
                                        "text/markdown"};
    for (gsize i = 0; i < G_N_ELEMENTS(types); i++)
        if (strcmp(type, types[i]) == 0)
            return TRUE;
    return FALSE;
}

static gboolean is_html(const char *type)
{
    return strcmp(type, "text/html") == 0;
}

/* CRLF and lone CR to LF, in place. */
static char *fold_line_ends(char *text)
{
    char *to = text;
    for (const char *from = text; *from; from++) {
        if (*from == '\r' && from[1] == '\n')
            continue;
        *to++ = *from == '\r' ? '\n' : *from;
    }
    *to = '\0';
    return text;
}

char *message_bytes_text(const char *charset, const void *bytes, gsize size)
{
    return fold_line_ends(charset_to_utf8(charset, bytes, size));
}

char *message_signed_text(const char *charset, const void *bytes, gsize size)
{
    /* Stateful sets write in ASCII what is not: their escape shows that they are meant. */
    gboolean utf8 = size == 0 || (g_utf8_validate(bytes, (gssize)size, NULL) &&
                                  memchr(bytes, 0x1b, size) == NULL);
    return message_bytes_text(utf8 ? "utf-8" : charset, bytes, size);
}

/* What is not read as it stands is searched as it stands. */
static gboolean is_written(const char *type)
{
    return g_str_has_prefix(type, "text/") || strcmp(type, "message/delivery-status") == 0;
}

static char *text_of(const Message *message, guint n)
{
    const PartInfo *part = message_part(message, n);
    g_autoptr(GBytes) bytes = message_part_bytes(message, n);
    gsize size;
    const void *data = g_bytes_get_data(bytes, &size);
    g_autofree char *charset = message_part_parameter(message, n, "charset");
    if (charset == NULL && is_html(part->type))
        charset = html_charset(data, size);
    g_autofree char *text = message_bytes_text(charset, data, size);
    return is_html(part->type) ? html_to_text(text) : g_steal_pointer(&text);
}

char *message_part_text(const Message *message, guint n)
{
    const PartInfo *part = message_part(message, n);
    return part && (is_plain(part->type) || is_html(part->type)) ? text_of(message, n) : NULL;
}

char *message_part_words(const Message *message, guint n)
{
    const PartInfo *part = message_part(message, n);
    return part && is_written(part->type) ? message_unflow(message, n, text_of(message, n)) : NULL;
}

static gboolean says(const Message *message, guint n, const char *name, const char *value)
{
    g_autofree char *said = message_part_parameter(message, n, name);
    return said && g_ascii_strcasecmp(said, value) == 0;
}

char *message_unflow(const Message *message, guint n, char *text)
{
    g_autofree char *owned = text;
    if (strcmp(message_part(message, n)->type, "text/plain") != 0 ||
        !says(message, n, "format", "flowed"))
        return g_steal_pointer(&owned);
    return flowed_read(owned, says(message, n, "delsp", "yes"));
}

static void collect(const Message *message, guint n, GArray *out);

static gboolean is_blank(const Message *message, guint n)
{
    g_autofree char *text = message_part_text(message, n);
    return text == NULL || *g_strstrip(text) == '\0';
}

/* The plain part unless it is empty, else the last branch that has something to read. */
static void collect_alternative(const Message *message, guint parent, GArray *out)
{
    g_autoptr(GArray) best = g_array_new(FALSE, FALSE, sizeof(guint));
    for (guint n = parent + 1; n <= message_part_count(message); n++) {
        const PartInfo *part = message_part(message, n);
        if (part->depth <= message_part(message, parent)->depth)
            break;
        if (part->parent != parent)
            continue;
        g_autoptr(GArray) branch = g_array_new(FALSE, FALSE, sizeof(guint));
        collect(message, n, branch);
        if (branch->len == 0)
            continue;
        g_array_set_size(best, 0);
        g_array_append_vals(best, branch->data, branch->len);
        if (is_plain(part->type) && !is_blank(message, n))
            break;
    }
    g_array_append_vals(out, best->data, best->len);
}

static void collect(const Message *message, guint n, GArray *out)
{
    const PartInfo *part = message_part(message, n);
    if (part->attachment)
        return;
    if (is_plain(part->type) || is_html(part->type)) {
        g_array_append_val(out, n);
        return;
    }
    if (strcmp(part->type, "multipart/alternative") == 0) {
        collect_alternative(message, n, out);
        return;
    }
    for (guint child = n + 1; child <= message_part_count(message); child++) {
        const PartInfo *info = message_part(message, child);
        if (info->depth <= part->depth)
            break;
        if (info->parent == n)
            collect(message, child, out);
    }
}

GArray *message_readable_parts(const Message *message)
{
    GArray *out = g_array_new(FALSE, FALSE, sizeof(guint));
    collect(message, 1, out);
    return out;
}
