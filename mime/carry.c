/* See carry.h. */
#include "mime/carry.h"

#include <string.h>

#include "mime/entity.h"
#include "mime/writer.h"

#define BASE64_LINE 57 /* bytes that make 76 letters */
#define ENCODING "Content-Transfer-Encoding"

gboolean carry_is_fit(const char *bytes, gsize size)
{
    gsize length = 0;
    for (gsize i = 0; i < size; i++) {
        length = bytes[i] == '\n' ? 0 : length + 1;
        if ((guchar)bytes[i] >= 0x80 || length > CARRY_LINE + 1)
            return FALSE;
    }
    return TRUE;
}

typedef struct {
    const GString *whole;
    const GPtrArray *entities;
    GString *out;
    gsize done; /* bytes of WHOLE that are in OUT, as they are or encoded */
} Carrying;

static const Entity *at(const Carrying *self, guint number)
{
    return g_ptr_array_index(self->entities, number - 1);
}

static gboolean begins(const char *text, const char *wanted)
{
    return strncmp(text, wanted, strlen(wanted)) == 0;
}

/* Bytes that somebody has signed or encrypted as they are. */
static gboolean is_sealed(const Carrying *self, guint number)
{
    for (; number > 0; number = at(self, number)->parent)
        if (begins(at(self, number)->type, "multipart/signed") ||
            begins(at(self, number)->type, "multipart/encrypted"))
            return TRUE;
    return FALSE;
}

static gboolean is_identity(const Entity *entity)
{
    static const char *const words[] = {"7bit", "8bit", "binary"};
    for (gsize i = 0; entity->encoding && i < G_N_ELEMENTS(words); i++)
        if (g_ascii_strcasecmp(entity->encoding, words[i]) == 0)
            return TRUE;
    return entity->encoding == NULL;
}

static void keep_until(Carrying *self, gsize end)
{
    g_string_append_len(self->out, self->whole->str + self->done, (gssize)(end - self->done));
    self->done = end;
}

/* The head of ENTITY with another encoding than the one it tells. */
static void write_head(Carrying *self, const Entity *entity, const char *encoding)
{
    const char *line = self->whole->str + entity->start, *end = self->whole->str + entity->body;
    gboolean dropped = FALSE;
    keep_until(self, entity->start);
    while (line < end && *line != '\r' && *line != '\n') {
        const char *feed = memchr(line, '\n', (gsize)(end - line));
        const char *next = feed ? feed + 1 : end;
        gboolean goes_on = *line == ' ' || *line == '\t';
        dropped = goes_on ? dropped : g_ascii_strncasecmp(line, ENCODING, strlen(ENCODING)) == 0;
        if (!dropped)
            g_string_append_len(self->out, line, next - line);
        line = next;
    }
    g_string_append_printf(self->out, ENCODING ": %s\r\n\r\n", encoding);
    self->done = entity->body;
}

static void write_base64(GString *out, const char *bytes, gsize size)
{
    for (gsize i = 0; i < size; i += BASE64_LINE) {
        g_autofree char *line =
            g_base64_encode((const guchar *)bytes + i, MIN(BASE64_LINE, size - i));
        g_string_append_printf(out, i > 0 ? "\r\n%s" : "%s", line);
    }
}

/* Text stays legible, unless a line of it would then be one that ends its part. */
static void write_leaf(Carrying *self, const Entity *entity)
{
    const char *body = self->whole->str + entity->body;
    gsize size = entity->end - entity->body;
    g_autofree char *text = g_strndup(body, size);
    g_autofree char *quoted = begins(entity->type, "text/") ? writer_quoted_printable(text) : NULL;
    if (quoted && !begins(quoted, "--") && strstr(quoted, "\n--") == NULL) {
        write_head(self, entity, "quoted-printable");
        writer_crlf(self->out, quoted, strlen(quoted));
    } else {
        write_head(self, entity, "base64");
        write_base64(self->out, body, size);
    }
    self->done = entity->end;
}

static void write_entity(Carrying *self, guint number)
{
    const Entity *entity = at(self, number);
    const char *type = parameters_value(entity->content_type); /* also where it is broken */
    gboolean composite = begins(type, "multipart/") || begins(type, "message/");
    const char *body = self->whole->str + entity->body;
    if (is_sealed(self, number) || !is_identity(entity))
        return;
    if (composite && entity->encoding && g_ascii_strcasecmp(entity->encoding, "7bit") != 0)
        write_head(self, entity, "7bit");
    else if (!composite && !carry_is_fit(body, entity->end - entity->body))
        write_leaf(self, entity);
}

GString *carry_encode(const GString *entity)
{
    gboolean truncated = FALSE;
    g_autoptr(GPtrArray) entities =
        entity_walk((const guint8 *)entity->str, entity->len, &truncated);
    Carrying self = {entity, entities, g_string_new(NULL), 0};
    for (guint number = 1; number <= entities->len && !truncated; number++)
        write_entity(&self, number);
    keep_until(&self, entity->len);
    if (self.out->len > 0 && self.out->str[self.out->len - 1] != '\n')
        g_string_append(self.out, "\r\n");
    if (carry_is_fit(self.out->str, self.out->len))
        return self.out;
    g_string_free(self.out, TRUE);
    return NULL;
}
