/* See protected.h. */
#include "crypto/protected.h"

#include <string.h>

#include "mime/address.h"

static gboolean is_one_of(const char *name, const char *const *names)
{
    for (; *names; names++)
        if (g_ascii_strcasecmp(name, *names) == 0)
            return TRUE;
    return FALSE;
}

/* Added on the way, so that no sender could have protected them. */
static const char *const delivery[] = {
    "Received", "Return-Path", "Delivered-To",     "Authentication-Results",
    "List-Id",  "List-Post",   "List-Unsubscribe", "X-Original-To",
    NULL,
};

static const char *const personal[] = {
    "Subject",     "From",       "To",       "Cc",          "Date", "Message-ID",
    "In-Reply-To", "References", "Reply-To", "Followup-To", NULL,
};

static const char *const from_only[] = {"From", NULL};

guint protected_payload(const Message *message)
{
    gboolean covered = strcmp(message_part(message, 1)->type, "multipart/signed") == 0 &&
                       message_part_count(message) > 1;
    return covered ? 2 : 1;
}

static gboolean has_parameter(const Message *message, const char *name, const char *one,
                              const char *other)
{
    g_autofree char *value = message_part_parameter(message, protected_payload(message), name);
    return value != NULL &&
           (g_ascii_strcasecmp(value, one) == 0 || g_ascii_strcasecmp(value, other) == 0);
}

gboolean protected_modern(const Message *message)
{
    return has_parameter(message, "hp", "cipher", "clear");
}

static gboolean holds(const GPtrArray *fields, const char *name)
{
    for (guint i = 0; i < fields->len; i++)
        if (g_ascii_strcasecmp(((HeaderField *)g_ptr_array_index(fields, i))->name, name) == 0)
            return TRUE;
    return FALSE;
}

static gboolean is_marked(const Message *message)
{
    return protected_modern(message) || has_parameter(message, "protected-headers", "v1", "v1");
}

/* Memory Hole, and the first draft of its heirs, have no mark. */
static gboolean is_unmarked(const Message *message)
{
    static const char *const marks[] = {"hp", "protected-headers"};
    guint payload = protected_payload(message);
    for (gsize i = 0; i < G_N_ELEMENTS(marks); i++) {
        g_autofree char *value = message_part_parameter(message, payload, marks[i]);
        if (value != NULL)
            return FALSE;
    }
    g_autoptr(GPtrArray) fields = message_part_headers(message, payload);
    return holds(fields, "From") && holds(fields, "Subject");
}

gboolean protected_present(const Message *message)
{
    return is_marked(message) || is_unmarked(message);
}

char *protected_from(const GPtrArray *fields)
{
    g_autoptr(GPtrArray) mailboxes = g_ptr_array_new_with_free_func(address_destroy);
    for (guint i = 0; i < fields->len; i++) {
        const HeaderField *field = g_ptr_array_index(fields, i);
        if (g_ascii_strcasecmp(field->name, "From") == 0)
            address_read(field->raw, 2, mailboxes);
    }
    if (mailboxes->len != 1)
        return NULL;
    return g_ascii_strdown(((Mailbox *)g_ptr_array_index(mailboxes, 0))->address, -1);
}

static void drop(GPtrArray *fields, const char *const *names, gboolean named)
{
    for (guint i = fields->len; i > 0; i--) {
        const HeaderField *field = g_ptr_array_index(fields, i - 1);
        if (is_one_of(field->name, names) == named)
            g_ptr_array_remove_index(fields, i - 1);
    }
}

/* Moves all of FROM behind the fields of TO. */
static void append(GPtrArray *to, GPtrArray *from)
{
    while (from->len > 0)
        g_ptr_array_add(to, g_ptr_array_steal_index(from, 0));
}

static void take_modern(GPtrArray *inner, GPtrArray *outer)
{
    static const char *const machinery[] = {"HP-Outer", NULL};
    drop(inner, machinery, TRUE);
    drop(outer, delivery, FALSE);
    append(inner, outer);
}

static void take_old(GPtrArray *inner, GPtrArray *outer)
{
    drop(inner, personal, FALSE);
    for (const char *const *name = personal; *name; name++) {
        const char *const one[] = {*name, NULL};
        if (holds(inner, *name))
            drop(outer, one, TRUE);
    }
    append(inner, outer);
}

GPtrArray *protected_fields(const Message *outer, const Message *inner, gboolean keep_from)
{
    g_autoptr(GPtrArray) above = message_part_headers(outer, 1);
    GPtrArray *fields = message_part_headers(inner, protected_payload(inner));
    if (keep_from) {
        g_autoptr(GPtrArray) from = message_part_headers(outer, 1);
        drop(from, from_only, FALSE);
        drop(fields, from_only, TRUE);
        append(fields, from);
    }
    if (protected_modern(inner))
        take_modern(fields, above);
    else
        take_old(fields, above);
    return fields;
}

/* --- legacy display ------------------------------------------------------------------------ */

/* "Subject: x", or the continuation of such a line. */
static gboolean is_field_line(const char *line)
{
    if (*line == ' ' || *line == '\t')
        return TRUE;
    for (const char *const *name = personal; *name; name++)
        if (g_ascii_strncasecmp(line, *name, strlen(*name)) == 0 && line[strlen(*name)] == ':')
            return TRUE;
    return FALSE;
}

/* Behind the field lines at the head of TEXT. */
static const char *skip_fields(const char *text)
{
    while (*text != '\0' && *text != '\n' && is_field_line(text)) {
        text += strcspn(text, "\n");
        text += *text == '\n';
    }
    return text;
}

guint protected_display_part(const Message *message)
{
    guint payload = protected_payload(message), first = payload + 1;
    const PartInfo *part = message_part(message, first);
    if (part == NULL || part->parent != payload || protected_modern(message) ||
        strcmp(part->type, "text/plain") != 0)
        return 0;
    g_autofree char *form = message_part_parameter(message, first, "protected-headers");
    g_autofree char *text = message_part_text(message, first);
    const char *rest = skip_fields(text);
    return g_strcmp0(form, "v1") == 0 && rest[strspn(rest, " \n")] == '\0' ? first : 0;
}

const char *protected_skip_display(const Message *message, guint n, const char *text)
{
    g_autofree char *said = message_part_parameter(message, n, "hp-legacy-display");
    if (g_strcmp0(said, "1") != 0 || !protected_modern(message))
        return text;
    const char *rest = skip_fields(text);
    return rest > text && *rest == '\n' ? rest + 1 : text;
}
