/* See entity.h. */
#include "mime/entity.h"

#include <string.h>

#include "core/limits.h"
#include "mime/charset.h"

typedef struct {
    const guint8 *bytes;
    GPtrArray *entities;
    gboolean truncated;
} Walk;

typedef struct {
    gsize start, end;
} Span;

static void field_free(gpointer data)
{
    Field *field = data;
    g_free(field->name);
    g_free(field->raw);
    g_free(field);
}

static void entity_free(gpointer data)
{
    Entity *entity = data;
    g_ptr_array_unref(entity->fields);
    g_free(entity->type);
    parameters_free(entity->content_type);
    parameters_free(entity->disposition);
    g_free(entity->encoding);
    g_free(entity);
}

const char *entity_field(const Entity *entity, const char *name)
{
    for (guint i = 0; i < entity->fields->len; i++) {
        const Field *field = g_ptr_array_index(entity->fields, i);
        if (g_ascii_strcasecmp(field->name, name) == 0)
            return field->raw;
    }
    return NULL;
}

/* Where the line that starts at AT ends, its LF included. */
static gsize line_end(const Walk *walk, gsize at, gsize end)
{
    const guint8 *feed = memchr(walk->bytes + at, '\n', end - at);
    return feed ? (gsize)(feed - walk->bytes) + 1 : end;
}

/* The line without its LF or CRLF. */
static gsize content_end(const Walk *walk, gsize at, gsize next)
{
    if (next > at && walk->bytes[next - 1] == '\n')
        next--;
    if (next > at && walk->bytes[next - 1] == '\r')
        next--;
    return next;
}

/* Length of a field name before its colon, 0 when the line is no field. */
static gsize name_length(const guint8 *line, gsize size)
{
    gsize n = 0;
    while (n < size && line[n] > ' ' && line[n] < 127 && line[n] != ':')
        n++;
    gsize colon = n;
    while (colon < size && (line[colon] == ' ' || line[colon] == '\t'))
        colon++;
    return colon < size && line[colon] == ':' ? n : 0;
}

static void append_line(Walk *walk, GString *value, Span line)
{
    gsize room = LIMIT_HEADER_BYTES - MIN(value->len, LIMIT_HEADER_BYTES);
    gsize size = line.end - line.start;
    if (size > room) {
        walk->truncated = TRUE;
        size = room;
    }
    g_string_append_len(value, (const char *)walk->bytes + line.start, (gssize)size);
}

static Field *field_new(const guint8 *line, gsize name, GString *value)
{
    Field *field = g_new0(Field, 1);
    field->name = g_strndup((const char *)line, name);
    gboolean nul = memchr(value->str, 0, value->len) != NULL;
    field->raw =
        nul ? charset_to_utf8(NULL, value->str, value->len) : g_strndup(value->str, value->len);
    g_strstrip(field->raw);
    return field;
}

/* Reads one field and its continuation lines; where the next line begins. */
static gsize read_field(Walk *walk, Entity *entity, Span line, gsize name, gsize next, gsize end)
{
    g_autoptr(GString) value = g_string_new(NULL);
    const guint8 *colon =
        memchr(walk->bytes + line.start + name, ':', line.end - line.start - name);
    gsize size = name;
    append_line(walk, value, (Span){(gsize)(colon + 1 - walk->bytes), line.end});
    while (next < end && (walk->bytes[next] == ' ' || walk->bytes[next] == '\t')) {
        gsize after = line_end(walk, next, end);
        append_line(walk, value, (Span){next, content_end(walk, next, after)});
        next = after;
    }
    if (entity->fields->len < LIMIT_HEADERS)
        g_ptr_array_add(entity->fields, field_new(walk->bytes + line.start, size, value));
    else
        walk->truncated = TRUE;
    return next;
}

/* A mailbox file's "From " line before the first field. */
static gboolean is_mbox_line(const guint8 *line, gsize size)
{
    return size > 5 && (memcmp(line, "From ", 5) == 0 || memcmp(line, ">From", 5) == 0);
}

/* Reads the head; a line that is no field ends it and belongs to the body, so no text is lost. */
static void read_head(Walk *walk, Entity *entity)
{
    gsize at = entity->start;
    while (at < entity->end) {
        gsize next = line_end(walk, at, entity->end);
        Span line = {at, content_end(walk, at, next)};
        if (line.end == line.start) {
            at = next;
            break;
        }
        gsize name = name_length(walk->bytes + at, line.end - at);
        if (name > 0)
            at = read_field(walk, entity, line, name, next, entity->end);
        else if (at == 0 && is_mbox_line(walk->bytes, line.end))
            at = next;
        else
            break;
    }
    entity->body = at;
}

static gboolean is_type(const char *value)
{
    const char *slash = strchr(value, '/');
    if (slash == NULL || slash == value || slash[1] == '\0' || strlen(value) > 127)
        return FALSE;
    for (const char *at = value; *at; at++)
        if (at != slash && !g_ascii_isalnum(*at) && strchr("!#$&^_.+-", *at) == NULL)
            return FALSE;
    return TRUE;
}

static void read_content_fields(Entity *entity, const char *default_type)
{
    const char *type = entity_field(entity, "Content-Type");
    entity->content_type = parameters_parse(type);
    entity->disposition = parameters_parse(entity_field(entity, "Content-Disposition"));
    const char *value = parameters_value(entity->content_type);
    if (*value == '\0')
        value = default_type;
    else if (strcmp(value, "text") == 0)
        value = "text/plain";
    else if (!is_type(value))
        value = "application/octet-stream";
    entity->type = g_strdup(value);
    const char *encoding = entity_field(entity, "Content-Transfer-Encoding");
    if (encoding != NULL) {
        g_autoptr(Parameters) word = parameters_parse(encoding);
        entity->encoding = g_strdup(parameters_value(word));
    }
}

static void walk_entity(Walk *walk, Span span, guint depth, guint parent, const char *default_type);

typedef enum { LINE_TEXT, LINE_DELIMITER, LINE_CLOSE } LineKind;

static LineKind classify(const guint8 *line, gsize size, const char *boundary, gsize length)
{
    if (size < length + 2 || line[0] != '-' || line[1] != '-' ||
        memcmp(line + 2, boundary, length) != 0)
        return LINE_TEXT;
    gsize at = length + 2;
    LineKind kind = LINE_DELIMITER;
    if (size >= at + 2 && line[at] == '-' && line[at + 1] == '-') {
        kind = LINE_CLOSE;
        at += 2;
    }
    while (at < size && (line[at] == ' ' || line[at] == '\t'))
        at++;
    return at == size ? kind : LINE_TEXT;
}

/* Splits the body of a multipart at its delimiters; FALSE when there is none. */
static gboolean walk_multipart(Walk *walk, const Entity *entity, guint number, const char *boundary)
{
    gsize length = strlen(boundary);
    const char *type =
        strcmp(entity->type, "multipart/digest") == 0 ? "message/rfc822" : "text/plain";
    gsize child = 0; /* where the open part began; 0 while in the preamble */
    gsize previous = entity->body;
    gboolean closed = FALSE;
    for (gsize at = entity->body, next; at < entity->end && !closed; at = next) {
        next = line_end(walk, at, entity->end);
        gsize size = content_end(walk, at, next) - at;
        LineKind kind = classify(walk->bytes + at, size, boundary, length);
        if (kind != LINE_TEXT) {
            if (child > 0)
                walk_entity(walk, (Span){child, MAX(child, previous)}, entity->depth + 1, number,
                            type);
            child = next;
            closed = kind == LINE_CLOSE;
        }
        previous = at + size;
    }
    if (child > 0 && !closed)
        walk_entity(walk, (Span){child, entity->end}, entity->depth + 1, number, type);
    return child > 0;
}

static gboolean is_identity(const char *encoding)
{
    return encoding == NULL || g_ascii_strcasecmp(encoding, "base64") != 0;
}

static void walk_inside(Walk *walk, Entity *entity, guint number)
{
    gboolean multipart = g_str_has_prefix(entity->type, "multipart/");
    gboolean message = (strcmp(entity->type, "message/rfc822") == 0 ||
                        strcmp(entity->type, "message/global") == 0) &&
                       is_identity(entity->encoding);
    g_autofree char *boundary =
        multipart ? parameters_get_raw(entity->content_type, "boundary") : NULL;
    gboolean too_deep = (multipart || message) && entity->depth + 1 >= LIMIT_NESTING;
    walk->truncated |= too_deep;
    if (message && !too_deep)
        walk_entity(walk, (Span){entity->body, entity->end}, entity->depth + 1, number,
                    "text/plain");
    if (multipart && (too_deep || boundary == NULL || *g_strchomp(boundary) == '\0' ||
                      !walk_multipart(walk, entity, number, boundary))) {
        g_free(entity->type);
        entity->type = g_strdup("application/octet-stream");
    }
}

static void walk_entity(Walk *walk, Span span, guint depth, guint parent, const char *default_type)
{
    if (walk->entities->len >= LIMIT_PARTS) {
        walk->truncated = TRUE;
        return;
    }
    Entity *entity = g_new0(Entity, 1);
    entity->parent = parent;
    entity->depth = depth;
    entity->start = span.start;
    entity->end = span.end;
    entity->fields = g_ptr_array_new_with_free_func(field_free);
    g_ptr_array_add(walk->entities, entity);
    read_head(walk, entity);
    read_content_fields(entity, default_type);
    walk_inside(walk, entity, walk->entities->len);
}

GPtrArray *entity_walk(const guint8 *bytes, gsize size, gboolean *truncated)
{
    Walk walk = {bytes, g_ptr_array_new_with_free_func(entity_free), FALSE};
    walk_entity(&walk, (Span){0, size}, 0, 0, "text/plain");
    *truncated = walk.truncated;
    return walk.entities;
}
