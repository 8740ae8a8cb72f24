/* See guard.h. */
#include "net/guard.h"

#include <poll.h>
#include <string.h>

#include "core/error.h"
#include "core/limits.h"
#include "net/deflate.h"

#define READ_BYTES 16384

struct Guard {
    Channel *channel;
    GuardScan *scan;
    GError *error;
    gint64 deadline; /* monotonic, microseconds; bodies come on top */
    guint ms;
    gboolean said;    /* the present command's line is out */
    GByteArray *out;  /* bytes that passed */
    gsize at;         /* of them, those that were read */
    Deflate *deflate; /* NULL: the connection is not compressed */
    GByteArray *packed;
    guint8 wire[READ_BYTES]; /* compressed, for `raw` */
    guint8 raw[READ_BYTES];
    gsize raw_at, raw_end; /* what of it the scanner has left for the next command */
};

Guard *guard_new(Channel *channel)
{
    Guard *guard = g_new0(Guard, 1);
    guard->channel = channel;
    guard->scan = guard_scan_new();
    guard->out = g_byte_array_new();
    guard_command(guard, SCAN_NOTHING, LIMIT_COMMAND_MS);
    return guard;
}

void guard_free(Guard *guard)
{
    if (guard == NULL)
        return;
    channel_free(guard->channel);
    guard_scan_free(guard->scan);
    g_byte_array_unref(guard->out);
    deflate_free(guard->deflate);
    if (guard->packed)
        g_byte_array_unref(guard->packed);
    g_clear_error(&guard->error);
    g_free(guard);
}

static void restart_clock(Guard *guard)
{
    guint64 bodies = guard_scan_body_bytes(guard->scan) * G_USEC_PER_SEC / LIMIT_BODY_RATE;
    guard->deadline = g_get_monotonic_time() + (gint64)guard->ms * 1000 - (gint64)bodies;
}

static void renew(Guard *guard)
{
    if (guard->deflate)
        deflate_renew(guard->deflate);
    restart_clock(guard);
}

void guard_command(Guard *guard, ScanExpects expects, guint ms)
{
    guard_scan_command(guard->scan, expects);
    guard->said = FALSE;
    guard->ms = ms;
    renew(guard);
}

void guard_refill(Guard *guard)
{
    guard_scan_refill(guard->scan);
    renew(guard);
}

void guard_break(Guard *guard, GError *error)
{
    if (guard->error)
        g_error_free(error);
    else
        guard->error = error;
}

const GError *guard_error(const Guard *guard)
{
    return guard->error;
}

GuardScan *guard_scanner(Guard *guard)
{
    return guard->scan;
}

static void set_deadline(Guard *guard)
{
    guint64 bodies = guard_scan_body_bytes(guard->scan) * G_USEC_PER_SEC / LIMIT_BODY_RATE;
    gint64 left = guard->deadline + (gint64)bodies - g_get_monotonic_time();
    channel_deadline(guard->channel, (guint)CLAMP(left / 1000, 0, (gint64)G_MAXINT32));
}

/* Bytes off the channel into BUFFER; 0 when there are none to come. */
static gsize read_wire(Guard *guard, guint8 *buffer)
{
    set_deadline(guard);
    gssize got = channel_read(guard->channel, buffer, READ_BYTES, &guard->error);
    if (got == 0)
        refuse(&guard->error, POSTERN_ERROR_UNREACHABLE, "server.closed", "try again later",
               "the server closed the connection in the middle of a reply");
    return got > 0 ? (gsize)got : 0;
}

/* The same out of a compressed connection. */
static gsize inflate_wire(Guard *guard)
{
    gssize got = 0;
    while (got == 0) {
        if (deflate_hungry(guard->deflate)) {
            gsize fed = read_wire(guard, guard->wire);
            if (fed == 0)
                return 0;
            deflate_feed(guard->deflate, guard->wire, fed);
        }
        got = deflate_unpack(guard->deflate, guard->raw, READ_BYTES, &guard->error);
    }
    return got > 0 ? (gsize)got : 0;
}

static gboolean read_raw(Guard *guard)
{
    gsize got = guard->deflate ? inflate_wire(guard) : read_wire(guard, guard->raw);
    guard->raw_at = 0;
    guard->raw_end = got;
    return got > 0;
}

void guard_compress(Guard *guard)
{
    gsize size = guard->raw_end - guard->raw_at;
    guard->deflate = deflate_new();
    guard->packed = g_byte_array_new();
    memcpy(guard->wire, guard->raw + guard->raw_at, size);
    deflate_feed(guard->deflate, guard->wire, size);
    guard->raw_at = guard->raw_end = 0;
}

static void scan_raw(Guard *guard)
{
    const guint8 *from = guard->raw + guard->raw_at;
    gsize size = guard->raw_end - guard->raw_at;
    if (guard_scan_feed(guard->scan, from, size, guard->out, &guard->error))
        size -= guard_scan_left(guard->scan);
    guard->raw_at += size;
    trace_imap(channel_trace(guard->channel), from, size);
}

gboolean guard_skim(Guard *guard)
{
    if (guard->error)
        return FALSE;
    if (guard_scan_stopped(guard->scan))
        return refuse(&guard->error, POSTERN_ERROR_PROTOCOL, "server.protocol",
                      "tell the people who run the server; Postern has closed the connection",
                      "the server's answer is over where it should go on");
    if (guard->raw_at < guard->raw_end || read_raw(guard))
        scan_raw(guard);
    return guard->error == NULL;
}

static gboolean has_more(Guard *guard)
{
    return guard->raw_at < guard->raw_end || channel_pending(guard->channel) ||
           (guard->deflate && !deflate_hungry(guard->deflate));
}

GuardEvent guard_wait(Guard *guard, int fd, gint64 until)
{
    while (guard->error == NULL && !has_more(guard)) {
        struct pollfd fds[] = {{.fd = channel_fd(guard->channel), .events = POLLIN},
                               {.fd = fd, .events = POLLIN}};
        gint64 left = until - g_get_monotonic_time();
        if (left <= 0)
            return GUARD_LATE;
        if (poll(fds, G_N_ELEMENTS(fds), (int)((left + 999) / 1000)) > 0 && fds[1].revents)
            return GUARD_CALLED;
    }
    return GUARD_READY;
}

/* Reads from the wire until something has passed the scanner. */
static gboolean fill(Guard *guard)
{
    guard->at = 0;
    g_byte_array_set_size(guard->out, 0);
    while (guard->out->len == 0 && guard_skim(guard))
        ;
    return guard->error == NULL;
}

static ssize_t low_read(mailstream_low *low, void *buffer, size_t size)
{
    Guard *guard = low->data;
    if (guard->error || (guard->at == guard->out->len && !fill(guard)))
        return -1;
    gsize take = MIN(size, guard->out->len - guard->at);
    memcpy(buffer, guard->out->data + guard->at, take);
    guard->at += take;
    return (ssize_t)take;
}

/* libetpan quotes no CR or LF: a command of more than one line was made by a value in it. */
static gboolean one_line(Guard *guard, const guint8 *data, gsize size)
{
    for (gsize i = 0; i < size; i++) {
        gboolean ends = data[i] == '\r' && i + 1 < size && data[i + 1] == '\n';
        if (guard->said || data[i] == '\0' || (!ends && (data[i] == '\r' || data[i] == '\n')))
            return refuse(&guard->error, POSTERN_ERROR_INPUT, "send.value",
                          "take line ends and NUL out of it",
                          "a value with a line end or NUL cannot be sent to the server");
        if (ends) {
            guard->said = TRUE;
            i++;
        }
    }
    return TRUE;
}

static ssize_t low_write(mailstream_low *low, const void *data, size_t size)
{
    Guard *guard = low->data;
    if (guard->error || !one_line(guard, data, size))
        return -1;
    trace_client(channel_trace(guard->channel), data, size);
    return guard_send(guard, data, size) ? (ssize_t)size : -1;
}

gboolean guard_send(Guard *guard, const guint8 *data, gsize size)
{
    if (guard->error)
        return FALSE;
    set_deadline(guard);
    if (guard->deflate == NULL)
        return channel_write(guard->channel, data, size, &guard->error);
    g_byte_array_set_size(guard->packed, 0);
    deflate_pack(guard->deflate, data, size, guard->packed);
    return channel_write(guard->channel, guard->packed->data, guard->packed->len, &guard->error);
}

static int low_close(mailstream_low *low)
{
    (void)low;
    return 0;
}

static int low_fd(mailstream_low *low)
{
    const Guard *guard = low->data;
    return channel_fd(guard->channel);
}

static void low_free(mailstream_low *low)
{
    free(low);
}

mailstream *guard_stream(Guard *guard)
{
    static mailstream_low_driver driver = {
        .mailstream_read = low_read,
        .mailstream_write = low_write,
        .mailstream_close = low_close,
        .mailstream_get_fd = low_fd,
        .mailstream_free = low_free,
    };
    mailstream_low *low = mailstream_low_new(guard, &driver);
    mailstream *stream = low ? mailstream_new(low, READ_BYTES) : NULL;
    if (stream == NULL)
        free(low);
    return stream;
}

Trace *guard_trace(const Guard *guard)
{
    return channel_trace(guard->channel);
}

void guard_report(const Guard *guard, ServerReport *report)
{
    channel_report(guard->channel, report);
}
