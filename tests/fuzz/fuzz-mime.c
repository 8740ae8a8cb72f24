/* A whole message: structure, text, index document; every part and every raw span. */
#include <glib.h>
#include <stdint.h>

#include "core/limits.h"
#include "mime/message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must_be_utf8(const char *text)
{
    if (text && !g_utf8_validate(text, -1, NULL))
        g_error("not UTF-8");
}

static void read_part(const Message *message, guint n, gsize size)
{
    const PartInfo *part = message_part(message, n);
    must_be_utf8(part->filename);
    must_be_utf8(part->type);
    if (part->parent >= n || part->depth >= LIMIT_NESTING)
        g_error("part %u is out of place", n);
    g_autofree char *text = message_part_text(message, n);
    must_be_utf8(text);
    g_autoptr(GBytes) raw = message_part_raw(message, n);
    if (g_bytes_get_size(raw) > size)
        g_error("part %u is larger than its message", n);
    g_autoptr(GBytes) bytes = message_part_bytes(message, n);
    if ((bytes == NULL) != part->multipart || (bytes && g_bytes_get_size(bytes) != part->size))
        g_error("part %u is not what it says", n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GBytes) bytes = g_bytes_new(data, size);
    g_autoptr(Message) message = message_parse(bytes);
    if (message_part_count(message) < 1 || message_part_count(message) > LIMIT_PARTS)
        g_error("%u parts", message_part_count(message));
    for (guint i = 0; i < message_header_count(message); i++) {
        must_be_utf8(message_header_at(message, i)->value);
        must_be_utf8(message_header_at(message, i)->raw);
    }
    for (guint n = 1; n <= message_part_count(message); n++)
        read_part(message, n, size);
    g_autoptr(IndexDoc) doc = message_index_doc(message);
    must_be_utf8(doc->subject);
    must_be_utf8(doc->from);
    must_be_utf8(doc->to);
    must_be_utf8(doc->body);
    must_be_utf8(doc->filenames);
    must_be_utf8(doc->snippet);
    must_be_utf8(doc->message_id);
    return 0;
}
