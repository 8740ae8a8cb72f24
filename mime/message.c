/* See message.h. Text and reading order are in body.c, the index document in digest.c. */
#include "mime/message.h"

#include <string.h>

#include "core/limits.h"
#include "mime/address.h"
#include "mime/charset.h"
#include "mime/entity.h"
#include "mime/rfc2047.h"
#include "mime/transfer.h"

struct Message {
    GBytes *bytes;
    GPtrArray *entities; /* Entity * */
    GPtrArray *parts;    /* PartInfo * */
    GPtrArray *headers;  /* HeaderField * */
    gboolean truncated;
};

static void header_free(gpointer data)
{
    HeaderField *field = data;
    g_free(field->name);
    g_free(field->value);
    g_free(field->raw);
    g_free(field);
}

static void part_free(gpointer data)
{
    PartInfo *part = data;
    g_free(part->type);
    g_free(part->filename);
    g_free(part);
}

static const Entity *entity_at(const Message *message, guint n)
{
    return n > 0 && n <= message->entities->len ? g_ptr_array_index(message->entities, n - 1)
                                                : NULL;
}

static GPtrArray *headers_of(const Entity *entity)
{
    GPtrArray *headers = g_ptr_array_new_with_free_func(header_free);
    for (guint i = 0; i < entity->fields->len; i++) {
        const Field *field = g_ptr_array_index(entity->fields, i);
        HeaderField *header = g_new0(HeaderField, 1);
        header->name = g_strdup(field->name);
        header->value = rfc2047_decode(field->raw);
        header->raw = charset_to_utf8(NULL, field->raw, strlen(field->raw));
        g_strdelimit(header->raw, "\r\n", ' ');
        g_ptr_array_add(headers, header);
    }
    return headers;
}

static char *filename_of(const Entity *entity)
{
    char *name = parameters_get(entity->disposition, "filename");
    if (name == NULL)
        name = parameters_get(entity->content_type, "name");
    if (name != NULL && *g_strstrip(name) == '\0')
        g_clear_pointer(&name, g_free);
    return name;
}

static gboolean is_text(const char *type)
{
    return strcmp(type, "text/plain") == 0 || strcmp(type, "text/html") == 0;
}

/* What belongs to the protection of a message, not to its content. */
static gboolean is_machinery(const char *type)
{
    static const char *const types[] = {"application/pgp-signature", "application/pgp-encrypted",
                                        "application/pkcs7-signature",
                                        "application/x-pkcs7-signature"};
    for (gsize i = 0; i < G_N_ELEMENTS(types); i++)
        if (strcmp(type, types[i]) == 0)
            return TRUE;
    return FALSE;
}

/* Declared as one; or neither text nor message, unless it is a picture within an HTML page. */
static gboolean is_attachment(const Message *message, const Entity *entity, const char *filename)
{
    const char *disposition = parameters_value(entity->disposition);
    if (g_str_has_prefix(entity->type, "multipart/") || is_machinery(entity->type))
        return FALSE;
    if (strcmp(disposition, "attachment") == 0)
        return TRUE;
    if (is_text(entity->type))
        return filename != NULL && strcmp(disposition, "inline") != 0;
    const Entity *parent = entity_at(message, entity->parent);
    gboolean related = parent != NULL && strcmp(parent->type, "multipart/related") == 0;
    return !related && !g_str_has_prefix(entity->type, "message/");
}

static GBytes *body_bytes(const Message *message, const Entity *entity)
{
    g_autoptr(GBytes) raw =
        g_bytes_new_from_bytes(message->bytes, entity->body, entity->end - entity->body);
    return transfer_decode(entity->encoding, raw);
}

static PartInfo *part_new(const Message *message, const Entity *entity, guint n)
{
    PartInfo *part = g_new0(PartInfo, 1);
    part->n = n;
    part->parent = entity->parent;
    part->depth = entity->depth;
    part->type = g_strdup(entity->type);
    part->filename = filename_of(entity);
    part->attachment = is_attachment(message, entity, part->filename);
    part->multipart = g_str_has_prefix(entity->type, "multipart/");
    if (!part->multipart) {
        g_autoptr(GBytes) bytes = body_bytes(message, entity);
        part->size = g_bytes_get_size(bytes);
    }
    return part;
}

Message *message_parse(GBytes *bytes)
{
    Message *message = g_new0(Message, 1);
    gsize size;
    const guint8 *data = g_bytes_get_data(bytes, &size);
    message->bytes = g_bytes_ref(bytes);
    message->entities = entity_walk(data, size, &message->truncated);
    message->headers = headers_of(entity_at(message, 1));
    message->parts = g_ptr_array_new_with_free_func(part_free);
    for (guint n = 1; n <= message->entities->len; n++)
        g_ptr_array_add(message->parts, part_new(message, entity_at(message, n), n));
    return message;
}

void message_free(Message *message)
{
    if (message == NULL)
        return;
    g_bytes_unref(message->bytes);
    g_ptr_array_unref(message->entities);
    g_ptr_array_unref(message->headers);
    g_ptr_array_unref(message->parts);
    g_free(message);
}

gboolean message_truncated(const Message *message)
{
    return message->truncated;
}

guint message_header_count(const Message *message)
{
    return message->headers->len;
}

const HeaderField *message_header_at(const Message *message, guint i)
{
    return i < message->headers->len ? g_ptr_array_index(message->headers, i) : NULL;
}

const char *message_header(const Message *message, const char *name)
{
    for (guint i = 0; i < message->headers->len; i++) {
        const HeaderField *field = g_ptr_array_index(message->headers, i);
        if (g_ascii_strcasecmp(field->name, name) == 0)
            return field->value;
    }
    return NULL;
}

GPtrArray *message_addresses(const Message *message, const char *name)
{
    GPtrArray *mailboxes = g_ptr_array_new_with_free_func(address_destroy);
    for (guint i = 0; i < message->headers->len; i++) {
        const HeaderField *field = g_ptr_array_index(message->headers, i);
        if (g_ascii_strcasecmp(field->name, name) == 0)
            address_read(field->raw, LIMIT_MAILBOXES_READ, mailboxes);
    }
    return mailboxes;
}

GPtrArray *message_part_headers(const Message *message, guint n)
{
    const Entity *entity = entity_at(message, n);
    return entity ? headers_of(entity) : g_ptr_array_new_with_free_func(header_free);
}

void message_take_headers(Message *message, GPtrArray *fields)
{
    g_ptr_array_unref(message->headers);
    message->headers = fields;
}

guint message_part_count(const Message *message)
{
    return message->parts->len;
}

const PartInfo *message_part(const Message *message, guint n)
{
    return n > 0 && n <= message->parts->len ? g_ptr_array_index(message->parts, n - 1) : NULL;
}

char *message_part_parameter(const Message *message, guint n, const char *name)
{
    const Entity *entity = entity_at(message, n);
    return entity ? parameters_get(entity->content_type, name) : NULL;
}

GBytes *message_part_raw(const Message *message, guint n)
{
    const Entity *entity = entity_at(message, n);
    return entity
               ? g_bytes_new_from_bytes(message->bytes, entity->start, entity->end - entity->start)
               : NULL;
}

GBytes *message_part_bytes(const Message *message, guint n)
{
    const Entity *entity = entity_at(message, n);
    if (entity == NULL || g_str_has_prefix(entity->type, "multipart/"))
        return NULL;
    return body_bytes(message, entity);
}
