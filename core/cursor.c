/* See cursor.h. */
#include "core/cursor.h"

#include <string.h>

Cursor cursor_over(const guint8 *data, gsize size)
{
    return (Cursor){.data = data, .left = size, .failed = FALSE};
}

const guint8 *cursor_bytes(Cursor *cursor, gsize size)
{
    if (cursor->failed || size > cursor->left) {
        cursor->failed = TRUE;
        return NULL;
    }
    const guint8 *here = cursor->data;
    cursor->data += size;
    cursor->left -= size;
    return here;
}

static guint64 integer(Cursor *cursor, gsize width)
{
    const guint8 *bytes = cursor_bytes(cursor, width);
    guint64 value = 0;
    for (gsize i = 0; bytes && i < width; i++)
        value = value << 8 | bytes[i];
    return value;
}

guint8 cursor_u8(Cursor *cursor)
{
    return (guint8)integer(cursor, 1);
}

guint16 cursor_u16(Cursor *cursor)
{
    return (guint16)integer(cursor, 2);
}

guint32 cursor_u32(Cursor *cursor)
{
    return (guint32)integer(cursor, 4);
}

guint64 cursor_u64(Cursor *cursor)
{
    return integer(cursor, 8);
}

const guint8 *cursor_block(Cursor *cursor, gsize max, gsize *size)
{
    gsize claimed = cursor_u32(cursor);
    if (claimed > max)
        cursor->failed = TRUE;
    const guint8 *bytes = cursor_bytes(cursor, claimed);
    *size = bytes ? claimed : 0;
    return bytes;
}

char *cursor_string(Cursor *cursor, gsize max)
{
    gsize size;
    const guint8 *bytes = cursor_block(cursor, max, &size);
    if (bytes && memchr(bytes, 0, size)) {
        cursor->failed = TRUE;
        bytes = NULL;
    }
    return bytes ? g_strndup((const char *)bytes, size) : NULL;
}

gboolean cursor_whole(const Cursor *cursor)
{
    return !cursor->failed && cursor->left == 0;
}

static void put_integer(GByteArray *out, guint64 value, guint width)
{
    for (guint i = width; i-- > 0;) {
        guint8 byte = (guint8)(value >> (8 * i));
        g_byte_array_append(out, &byte, 1);
    }
}

void put_u8(GByteArray *out, guint8 value)
{
    put_integer(out, value, 1);
}

void put_u16(GByteArray *out, guint16 value)
{
    put_integer(out, value, 2);
}

void put_u32(GByteArray *out, guint32 value)
{
    put_integer(out, value, 4);
}

void put_u64(GByteArray *out, guint64 value)
{
    put_integer(out, value, 8);
}

void put_block(GByteArray *out, const void *data, gsize size)
{
    put_u32(out, (guint32)size);
    if (size > 0)
        g_byte_array_append(out, data, (guint)size);
}

void put_string(GByteArray *out, const char *string)
{
    put_block(out, string, string ? strlen(string) : 0);
}
