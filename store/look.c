/* See look.h. */
#include "store/look.h"

#include <string.h>

/* Fields that are written into a copy and are none of the message. */
static const char *const notes[] = {"X-TUID", "Status", "X-Status",   "X-Keywords",    "X-UID",
                                    "X-IMAP", "Lines",  "X-IMAPbase", "Content-Length"};

/* The line at AT, its end included. */
static gsize line_size(const guint8 *head, gsize size, gsize at)
{
    const guint8 *end = memchr(head + at, '\n', size - at);
    return end ? (gsize)(end - head) + 1 - at : size - at;
}

static gboolean is_empty(const guint8 *line, gsize size)
{
    return (size == 2 && memcmp(line, "\r\n", 2) == 0) || (size == 1 && *line == '\n');
}

static gboolean is_note(const guint8 *line, gsize size)
{
    for (gsize i = 0; i < G_N_ELEMENTS(notes); i++) {
        gsize length = strlen(notes[i]);
        if (size > length && line[length] == ':' &&
            g_ascii_strncasecmp((const char *)line, notes[i], length) == 0)
            return TRUE;
    }
    return FALSE;
}

/* Where the header ends; -1 when that is not in HEAD. */
static gssize header_end(const guint8 *head, gsize size, gboolean whole)
{
    for (gsize at = 0, length; at < size; at += length) {
        length = line_size(head, size, at);
        if (is_empty(head + at, length))
            return (gssize)at;
    }
    return whole ? (gssize)size : -1;
}

/* The last line's end is no part of it: a server adds one that lacks. */
static gsize without_end(const guint8 *line, gsize size)
{
    if (size > 0 && line[size - 1] == '\n')
        size -= size > 1 && line[size - 2] == '\r' ? 2 : 1;
    return size;
}

static void finish(GChecksum *sum, Look *look)
{
    gsize length = LOOK_HEADER;
    g_checksum_get_digest(sum, look->header, &length);
}

gboolean look_at(const guint8 *head, gsize head_size, guint64 size, Look *look)
{
    gssize end = header_end(head, head_size, head_size == size);
    if (end < 0)
        return FALSE;
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
    g_checksum_update(sum, head, (gssize)without_end(head, (gsize)end));
    look->size = size;
    finish(sum, look);
    return TRUE;
}

/* A note goes with the lines that continue it. */
gboolean look_behind(const guint8 *head, gsize head_size, guint64 size, Look *look)
{
    gssize end = header_end(head, head_size, head_size == size);
    gboolean note = FALSE;
    g_autoptr(GByteArray) kept = g_byte_array_new();
    look->size = size;
    for (gsize at = 0, length; end > 0 && at < (gsize)end; at += length) {
        const guint8 *line = head + at;
        length = line_size(head, (gsize)end, at);
        if (*line != ' ' && *line != '\t')
            note = is_note(line, length);
        if (note)
            look->size -= length;
        else
            g_byte_array_append(kept, line, (guint)length);
    }
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
    g_checksum_update(sum, kept->data, (gssize)without_end(kept->data, kept->len));
    finish(sum, look);
    return end > 0 && look->size < size;
}
