/* See share.h. */
#include "store/share.h"

#include <string.h>

#include "core/cursor.h"
#include "core/limits.h"
#include "crypto/pgpmime.h"

#define ENCRYPTED 1
#define SIGNED 2
#define TRUNCATED 4
#define ALL_FLAGS (ENCRYPTED | SIGNED | TRUNCATED)

/* --- making -------------------------------------------------------------------------------- */

static IndexDoc *document(GBytes *head, IndexShare share)
{
    g_autoptr(Reading) closed = reading_open(head, FALSE);
    IndexDoc *doc = reading_index_doc(closed);
    if (share != INDEX_FULL || doc->encrypted)
        index_doc_drop_text(doc);
    return doc;
}

/* At most LIMIT bytes of TEXT, cut between two characters. */
static void put_cut(GByteArray *out, const char *text, gsize limit, gboolean *cut)
{
    gsize size = text ? strlen(text) : 0;
    if (size > limit) {
        const char *end = g_utf8_find_prev_char(text, text + limit + 1);
        size = end ? (gsize)(end - text) : 0;
        *cut = TRUE;
    }
    put_block(out, text, size);
}

static void put_fields(GByteArray *out, const IndexDoc *doc, gboolean *cut)
{
    const char *const fields[] = {doc->subject, doc->from, doc->to, doc->cc, doc->list};
    for (gsize i = 0; i < G_N_ELEMENTS(fields); i++)
        put_cut(out, fields[i], LIMIT_SHARE_FIELD, cut);
    put_string(out, doc->message_id);
    guint count = MIN(doc->references->len, LIMIT_REFERENCES);
    put_u16(out, (guint16)count);
    for (guint i = 0; i < count; i++)
        put_string(out, doc->references->pdata[i]);
    put_cut(out, doc->filenames, LIMIT_SHARE_FIELD, cut);
    put_cut(out, doc->snippet, LIMIT_SHARE_FIELD, cut);
    put_cut(out, doc->body, LIMIT_SHARE_TEXT, cut);
}

GBytes *share_make(GBytes *head, IndexShare share, guint64 size)
{
    GByteArray *out = g_byte_array_new();
    put_u8(out, (guint8)share);
    if (share == INDEX_NONE)
        return g_byte_array_free_to_bytes(out);
    g_autoptr(IndexDoc) doc = document(head, share);
    g_autoptr(GByteArray) fields = g_byte_array_new();
    gboolean cut = doc->truncated;
    put_fields(fields, doc, &cut);
    gboolean is_signed = doc->is_signed || doc->signature != SIGNATURE_NONE;
    put_u8(out, (guint8)((doc->encrypted ? ENCRYPTED : 0) | (is_signed ? SIGNED : 0) |
                         (cut ? TRUNCATED : 0)));
    put_u64(out, size);
    put_u32(out, doc->attachments);
    g_byte_array_append(out, fields->data, fields->len);
    return g_byte_array_free_to_bytes(out);
}

/* --- reading ------------------------------------------------------------------------------- */

static char *take(Cursor *cursor, gsize limit)
{
    char *text = cursor_string(cursor, limit);
    if (text && !g_utf8_validate(text, -1, NULL))
        cursor->failed = TRUE;
    return text;
}

/* Empty is not there. */
static char *take_any(Cursor *cursor, gsize limit)
{
    g_autofree char *text = take(cursor, limit);
    return text && *text ? g_steal_pointer(&text) : NULL;
}

static void take_references(Cursor *cursor, GPtrArray *references)
{
    guint count = cursor_u16(cursor);
    cursor->failed |= count > LIMIT_REFERENCES;
    for (guint i = 0; i < count && !cursor->failed; i++) {
        char *id = take(cursor, LIMIT_LINE);
        if (id)
            g_ptr_array_add(references, id);
    }
}

static void take_fields(Cursor *cursor, IndexDoc *doc)
{
    guint8 flags = cursor_u8(cursor);
    cursor->failed |= (flags & ~ALL_FLAGS) != 0;
    doc->encrypted = (flags & ENCRYPTED) != 0;
    doc->is_signed = (flags & SIGNED) != 0;
    doc->truncated = (flags & TRUNCATED) != 0;
    doc->signature = doc->is_signed ? SIGNATURE_PRESENT : SIGNATURE_NONE;
}

static void take_texts(Cursor *cursor, IndexDoc *doc)
{
    doc->attachments = cursor_u32(cursor);
    doc->subject = take(cursor, LIMIT_SHARE_FIELD);
    doc->from = take(cursor, LIMIT_SHARE_FIELD);
    doc->to = take(cursor, LIMIT_SHARE_FIELD);
    doc->cc = take(cursor, LIMIT_SHARE_FIELD);
    doc->list = take_any(cursor, LIMIT_SHARE_FIELD);
    doc->message_id = take_any(cursor, LIMIT_LINE);
    take_references(cursor, doc->references);
    doc->filenames = take_any(cursor, LIMIT_SHARE_FIELD);
    doc->snippet = take(cursor, LIMIT_SHARE_FIELD);
    doc->body = take(cursor, LIMIT_SHARE_TEXT);
}

IndexDoc *share_read(const guint8 *bytes, gsize length, guint64 *size)
{
    Cursor cursor = cursor_over(bytes, length);
    g_autoptr(IndexDoc) doc = index_doc_new();
    guint8 share = cursor_u8(&cursor);
    *size = 0;
    doc->sensitive = TRUE;
    if (share == INDEX_HEADERS || share == INDEX_FULL) {
        take_fields(&cursor, doc);
        *size = cursor_u64(&cursor);
        cursor.failed |= *size > LIMIT_MESSAGE_BYTES;
        take_texts(&cursor, doc);
    } else {
        cursor.failed |= share != INDEX_NONE;
    }
    return cursor_whole(&cursor) ? g_steal_pointer(&doc) : NULL;
}

IndexShare share_of(const IndexDoc *doc, guint64 size)
{
    if (size == 0)
        return INDEX_NONE;
    return doc->body && *doc->body ? INDEX_FULL : INDEX_HEADERS;
}
