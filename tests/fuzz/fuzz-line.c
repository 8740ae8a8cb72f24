/*
 * Lines and bodies over any bytes. The first byte says how many lines are read before a body;
 * the body must be what a plain walk over the same bytes gives.
 */
#include <stdint.h>
#include <string.h>

#include "net/line.h"
#include "tests/fuzz/feed.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* RFC 1939, 3, a byte at a time; FALSE when the end is missing. */
static gboolean walk(const uint8_t *data, size_t size, GByteArray *body, size_t *used)
{
    gboolean line_start = TRUE;
    for (size_t i = 0; i < size; i++) {
        if (line_start && data[i] == '.') {
            if (i + 2 < size && data[i + 1] == '\r' && data[i + 2] == '\n') {
                *used = i + 3;
                return TRUE;
            }
            line_start = FALSE;
            continue;
        }
        g_byte_array_append(body, data + i, 1);
        line_start = data[i] == '\n' && i > 0 && data[i - 1] == '\r';
    }
    return FALSE;
}

static gboolean collect(gpointer user, const guint8 *bytes, gsize size, GError **error)
{
    (void)error;
    g_byte_array_append(user, bytes, (guint)size);
    return TRUE;
}

static void check_body(LineReader *reader, const uint8_t *data, size_t size)
{
    g_autoptr(GByteArray) wanted = g_byte_array_new();
    g_autoptr(GByteArray) body = g_byte_array_new();
    size_t used = size;
    gboolean whole = walk(data, size, wanted, &used);
    if (line_read_body(reader, collect, body, NULL) != whole)
        g_error("the end of a body was seen differently");
    if (whole && (body->len != wanted->len || memcmp(body->data, wanted->data, body->len) != 0))
        g_error("a body was read differently");
    if (whole && used == size && line_buffered(reader))
        g_error("bytes are left over that were not sent");
}

/* Reads LINES lines, which must be what DATA begins with; FALSE when there are not so many. */
static gboolean check_lines(LineReader *reader, guint lines, const uint8_t **data, size_t *size)
{
    for (; lines > 0; lines--) {
        gsize length;
        const char *line = line_read(reader, &length, NULL);
        if (line == NULL)
            return FALSE;
        if (line[length] != '\0' || memchr(line, '\r', length) || memchr(line, '\n', length) ||
            length + 2 > *size || memcmp(line, *data, length) != 0)
            g_error("a line was read differently");
        *data += length + 2;
        *size -= length + 2;
    }
    return TRUE;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    guint lines = *data++ % 8;
    g_autoptr(Channel) channel = feed_channel(data, --size);
    if (channel == NULL)
        return 0;
    g_autoptr(LineReader) reader = line_reader_new(channel);
    if (check_lines(reader, lines, &data, &size))
        check_body(reader, data, size);
    return 0;
}
