/*
 * Lines and bodies over any bytes. The first byte says how many lines are read before a body;
 * the body must be what a plain walk over the same bytes gives.
 */
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/line.h"

/* What a socket pair takes without a reader. */
#define MOST_BYTES (128 * 1024)

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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int pair[2];
    if (size == 0 || size > MOST_BYTES || socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0)
        return 0;
    guint lines = *data++ % 8;
    size--;
    if (size > 0 && send(pair[1], data, size, MSG_NOSIGNAL | MSG_DONTWAIT) != (ssize_t)size)
        g_error("the socket pair is too small");
    shutdown(pair[1], SHUT_RDWR);
    Channel *channel = channel_new(pair[0]);
    LineReader *reader = line_reader_new(channel);
    const char *line = "";
    for (; lines > 0 && line; lines--) {
        gsize length;
        line = line_read(reader, &length, NULL);
        if (line == NULL)
            break;
        if (line[length] != '\0' || memchr(line, '\r', length) || memchr(line, '\n', length) ||
            length + 2 > size || memcmp(line, data, length) != 0)
            g_error("a line was read differently");
        data += length + 2;
        size -= length + 2;
    }
    if (line)
        check_body(reader, data, size);
    line_reader_free(reader);
    channel_free(channel);
    close(pair[1]);
    return 0;
}
