/* See line.h. */
#include "net/line.h"

#include <string.h>

#include "core/error.h"
#include "core/limits.h"

#define CRLF_BYTES 2

struct LineReader {
    Channel *channel;
    gsize start;   /* first byte not consumed */
    gsize end;     /* behind the last byte read */
    gsize scanned; /* no LF from start up to here */
    guint8 bytes[LIMIT_LINE + CRLF_BYTES];
};

LineReader *line_reader_new(Channel *channel)
{
    LineReader *reader = g_new0(LineReader, 1);
    reader->channel = channel;
    return reader;
}

void line_reader_free(LineReader *reader)
{
    g_free(reader);
}

gboolean line_buffered(const LineReader *reader)
{
    return reader->start < reader->end;
}

/* Reads more behind what is there, which must not fill the buffer. */
static gboolean fill(LineReader *reader, GError **error)
{
    if (reader->start > 0) {
        memmove(reader->bytes, reader->bytes + reader->start, reader->end - reader->start);
        reader->scanned -= reader->start;
        reader->end -= reader->start;
        reader->start = 0;
    }
    gssize got = channel_read(reader->channel, reader->bytes + reader->end,
                              sizeof reader->bytes - reader->end, error);
    if (got == 0)
        return refuse(error, POSTERN_ERROR_UNREACHABLE, "server.closed", "try again later",
                      "the server closed the connection");
    reader->end += got > 0 ? (gsize)got : 0;
    return got > 0;
}

static gboolean violation(GError **error, const char *what)
{
    return refuse(error, POSTERN_ERROR_PROTOCOL, "server.line",
                  "tell the people who run the server; Postern has closed the connection",
                  "the server sent %s", what);
}

/* Takes the line that ends with the LF at AT. */
static const char *take_line(LineReader *reader, gsize at, gsize *size, GError **error)
{
    guint8 *line = reader->bytes + reader->start;
    gsize length = at - reader->start;
    if (length == 0 || line[length - 1] != '\r') {
        violation(error, "a line without CR LF at its end");
        return NULL;
    }
    length--;
    if (memchr(line, '\r', length)) {
        violation(error, "a line with CR in the middle");
        return NULL;
    }
    line[length] = '\0';
    reader->start = reader->scanned = at + 1;
    *size = length;
    trace_server(channel_trace(reader->channel), line, length);
    return (const char *)line;
}

const char *line_read(LineReader *reader, gsize *size, GError **error)
{
    *size = 0;
    for (;;) {
        const guint8 *lf =
            memchr(reader->bytes + reader->scanned, '\n', reader->end - reader->scanned);
        if (lf)
            return take_line(reader, (gsize)(lf - reader->bytes), size, error);
        reader->scanned = reader->end;
        if (reader->end - reader->start == sizeof reader->bytes) {
            violation(error, "a line longer than " G_STRINGIFY(LIMIT_LINE) " bytes");
            return NULL;
        }
        if (!fill(reader, error))
            return NULL;
    }
}

static gboolean need(LineReader *reader, gsize size, GError **error)
{
    while (reader->end - reader->start < size)
        if (!fill(reader, error))
            return FALSE;
    return TRUE;
}

/* At the start of a line: removes a stuffed dot, or sees the end. */
static gboolean undo_dot(LineReader *reader, gboolean *over, GError **error)
{
    if (!need(reader, 1, error))
        return FALSE;
    if (reader->bytes[reader->start] != '.')
        return TRUE;
    if (!need(reader, 2, error))
        return FALSE;
    if (reader->bytes[reader->start + 1] == '\r') {
        if (!need(reader, 3, error))
            return FALSE;
        *over = reader->bytes[reader->start + 2] == '\n';
    }
    reader->start += *over ? 3 : 1;
    return TRUE;
}

/* How much from the start can be handed on: up to a dot that begins a line, else all but what
 * may be half of CR LF ".". */
static gsize plain_bytes(const LineReader *reader, gboolean *line_start)
{
    const guint8 *from = reader->bytes + reader->start;
    gsize have = reader->end - reader->start;
    const guint8 *dot = memmem(from, have, "\r\n.", 3);
    *line_start = dot != NULL;
    if (dot)
        return (gsize)(dot - from) + CRLF_BYTES;
    if (have >= 2 && from[have - 2] == '\r' && from[have - 1] == '\n')
        return have - 2;
    return have >= 1 && from[have - 1] == '\r' ? have - 1 : have;
}

gboolean line_read_body(LineReader *reader, BodyTaker take, gpointer user, GError **error)
{
    gboolean line_start = TRUE, over = FALSE;
    guint64 total = 0;
    for (;;) {
        if (line_start && !undo_dot(reader, &over, error))
            return FALSE;
        if (over)
            break;
        gsize size = plain_bytes(reader, &line_start);
        if (size > 0 && !take(user, reader->bytes + reader->start, size, error))
            return FALSE;
        total += size;
        reader->start += size;
        reader->scanned = reader->start;
        if (!line_start && !fill(reader, error))
            return FALSE;
    }
    reader->scanned = reader->start;
    trace_body(channel_trace(reader->channel), TRUE, total);
    return TRUE;
}

static gboolean one_line(const char *bytes, gsize size, GError **error)
{
    if (memchr(bytes, '\r', size) || memchr(bytes, '\n', size) || memchr(bytes, '\0', size))
        return refuse(error, POSTERN_ERROR_INPUT, "send.value", "remove the line break or NUL",
                      "a value for the server holds CR, LF or NUL");
    return TRUE;
}

gboolean line_write(Channel *channel, GError **error, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *line = g_strdup_vprintf(format, args);
    va_end(args);
    gsize size = strlen(line);
    if (!one_line(line, size, error))
        return FALSE;
    g_autofree char *whole = g_strconcat(line, "\r\n", NULL);
    trace_client(channel_trace(channel), line, size);
    return channel_write(channel, (const guint8 *)whole, size + CRLF_BYTES, error);
}

gboolean line_write_secret(Channel *channel, const char *prefix, const Secret *secret,
                           GError **error)
{
    gsize before = strlen(prefix), size = secret_size(secret);
    if (!one_line(prefix, before, error) ||
        !one_line((const char *)secret_bytes(secret), size, error))
        return FALSE;
    gsize whole = before + size + CRLF_BYTES;
    g_autofree guint8 *line = g_malloc(whole);
    memcpy(line, prefix, before);
    memcpy(line + before, secret_bytes(secret), size);
    memcpy(line + before + size, "\r\n", CRLF_BYTES);
    trace_secret(channel_trace(channel), prefix);
    gboolean good = channel_write(channel, line, whole, error);
    secret_wipe(line, whole);
    return good;
}
