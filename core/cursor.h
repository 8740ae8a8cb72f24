/*
 * cursor — reading and writing bytes that somebody else may have made.
 *
 * A Cursor walks over a fixed stretch of foreign memory. Every read is checked against the
 * end; the first that does not fit sets `failed`, returns zero or NULL, and so does every
 * read after it. A parser reads all its fields and asks cursor_whole() once at the end.
 * Integers are big-endian. Strings and blocks are a 32-bit length and the bytes.
 */
#pragma once

#include <glib.h>

typedef struct {
    const guint8 *data;
    gsize left;
    gboolean failed;
} Cursor;

Cursor cursor_over(const guint8 *data, gsize size);
guint8 cursor_u8(Cursor *cursor);
guint16 cursor_u16(Cursor *cursor);
guint32 cursor_u32(Cursor *cursor);
guint64 cursor_u64(Cursor *cursor);

/* SIZE bytes in place, valid as long as the memory below; NULL when they are not there. */
const guint8 *cursor_bytes(Cursor *cursor, gsize size);

/* A length-prefixed block of at most MAX bytes, in place; *size is 0 and NULL comes on failure. */
const guint8 *cursor_block(Cursor *cursor, gsize max, gsize *size);

/* A length-prefixed string of at most MAX bytes without NUL, copied (g_free); NULL on failure. */
char *cursor_string(Cursor *cursor, gsize max);

/* TRUE when nothing failed and nothing is left over. */
gboolean cursor_whole(const Cursor *cursor);

/* The writing side. put_block() and put_string() treat NULL as empty. */
void put_u8(GByteArray *out, guint8 value);
void put_u16(GByteArray *out, guint16 value);
void put_u32(GByteArray *out, guint32 value);
void put_u64(GByteArray *out, guint64 value);
void put_block(GByteArray *out, const void *data, gsize size);
void put_string(GByteArray *out, const char *string);
