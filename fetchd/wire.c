/* See wire.h. */
#include "fetchd/wire.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/cursor.h"
#include "core/error.h"
#include "core/interrupt.h"
#include "core/limits.h"
#include "core/secret.h"

#define HEAD 5
/* Bytes gathered before they are written: small records leave together, but not too late for an
 * other end that waits for a sign of life. */
#define GATHER (64 * 1024)
#define GATHER_US G_USEC_PER_SEC

struct Wire {
    int fd;
    GByteArray *out;
    guint8 in[2 * (HEAD + LIMIT_FRAME)];
    gsize begin, end; /* what of `in` is not consumed yet */
    gint64 flushed;   /* when `out` was last empty, monotonic microseconds */
};

gssize wire_parse(const guint8 *data, gsize size, Frame *frame, GError **error)
{
    if (size < HEAD)
        return 0;
    Cursor cursor = cursor_over(data, size);
    guint32 payload = cursor_u32(&cursor);
    guint8 type = cursor_u8(&cursor);
    if (payload > LIMIT_FRAME || type < WIRE_SESSION || type > WIRE_TYPES) {
        refuse(error, POSTERN_ERROR_BUG, "net.record", NULL,
               "the connection's process sent a malformed record (type %u, %u bytes)", type,
               payload);
        return -1;
    }
    if (size - HEAD < payload)
        return 0;
    *frame = (Frame){.type = (WireType)type, .payload = data + HEAD, .size = payload};
    return (gssize)(HEAD + payload);
}

Wire *wire_new(int fd)
{
    Wire *wire = g_new0(Wire, 1);
    wire->fd = fd;
    wire->out = g_byte_array_sized_new(GATHER);
    return wire;
}

void wire_free(Wire *wire)
{
    if (wire == NULL)
        return;
    close(wire->fd);
    /* A login secret may have passed through. */
    secret_wipe(wire->out->data, wire->out->len);
    g_byte_array_unref(wire->out);
    secret_wipe(wire->in, sizeof wire->in);
    g_free(wire);
}

static gboolean gone(GError **error)
{
    return refuse(error, POSTERN_ERROR_BUG, "net.gone", NULL,
                  "the connection's process ended unexpectedly");
}

static gboolean silent(GError **error)
{
    return refuse(error, POSTERN_ERROR_TEMPORARY, "net.timeout", "try again later",
                  "the connection's process makes no progress");
}

gboolean wire_flush(Wire *wire, GError **error)
{
    gsize at = 0;
    while (at < wire->out->len) {
        gssize sent = send(wire->fd, wire->out->data + at, wire->out->len - at, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0 && errno == EAGAIN)
            return silent(error);
        if (sent < 0)
            return gone(error);
        at += (gsize)sent;
    }
    secret_wipe(wire->out->data, wire->out->len);
    g_byte_array_set_size(wire->out, 0);
    wire->flushed = g_get_monotonic_time();
    return TRUE;
}

gboolean wire_put(Wire *wire, WireType type, const void *payload, gsize size, GError **error)
{
    g_return_val_if_fail(size <= LIMIT_FRAME, FALSE);
    gboolean due =
        wire->out->len + HEAD + size > GATHER || g_get_monotonic_time() - wire->flushed > GATHER_US;
    if (due && !wire_flush(wire, error))
        return FALSE;
    put_u32(wire->out, (guint32)size);
    put_u8(wire->out, (guint8)type);
    if (size > 0)
        g_byte_array_append(wire->out, payload, (guint)size);
    return TRUE;
}

/* Takes a frame that is here whole: as wire_try(), but reads nothing. */
static int take(Wire *wire, Frame *frame, GError **error)
{
    gssize length = wire_parse(wire->in + wire->begin, wire->end - wire->begin, frame, error);
    if (length != 0) {
        wire->begin += length > 0 ? (gsize)length : 0;
        return length > 0 ? 1 : -1;
    }
    memmove(wire->in, wire->in + wire->begin, wire->end - wire->begin);
    wire->end -= wire->begin;
    wire->begin = 0;
    return 0;
}

/* Bytes received; 0 for the other end's end. */
static gssize receive(Wire *wire, int flags)
{
    gssize got = recv(wire->fd, wire->in + wire->end, sizeof wire->in - wire->end, flags);
    wire->end += got > 0 ? (gsize)got : 0;
    return got;
}

gboolean wire_get(Wire *wire, int timeout_ms, int stop_fd, Frame *frame, GError **error)
{
    gint64 until = timeout_ms < 0 ? -1 : g_get_monotonic_time() + (gint64)timeout_ms * 1000;
    for (;;) {
        int taken = take(wire, frame, error);
        if (taken != 0)
            return taken > 0;
        int ready = interrupt_wait(wire->fd, POLLIN, until, stop_fd, error);
        if (ready <= 0)
            return ready < 0 ? FALSE : silent(error);
        gssize got = receive(wire, 0);
        if (got == 0 || (got < 0 && errno != EINTR)) /* Ctrl-C may have ended it together with us */
            return interrupted(stop_fd, error) ? FALSE : gone(error);
    }
}

int wire_try(Wire *wire, Frame *frame, GError **error)
{
    int taken = take(wire, frame, error);
    if (taken != 0)
        return taken;
    gssize got = receive(wire, MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return 0;
    if (got > 0)
        return take(wire, frame, error);
    (void)gone(error);
    return -1;
}

int wire_fd(const Wire *wire)
{
    return wire->fd;
}

gboolean wire_held(const Wire *wire)
{
    Frame frame;
    return wire_parse(wire->in + wire->begin, wire->end - wire->begin, &frame, NULL) != 0;
}

/* Behind `end` lies what was there before the rest moved to the front. */
void wire_forget(Wire *wire)
{
    secret_wipe(wire->in, wire->begin);
    secret_wipe(wire->in + wire->end, sizeof wire->in - wire->end);
}
