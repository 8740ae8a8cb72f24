/* See deflate.h. */
#include "net/deflate.h"

#include <zlib.h>

#include "core/error.h"
#include "core/limits.h"

#define RAW_WINDOW (-15) /* no zlib header, no checksum: TLS has one (RFC 4978, 4) */
#define PIECE 4096

struct Deflate {
    z_stream out, in;
    gboolean full;    /* the last buffer was filled: there may be more of the same bytes */
    gboolean ended;   /* the server has closed its stream */
    guint64 fed, got; /* since the present command or message began */
};

Deflate *deflate_new(void)
{
    Deflate *self = g_new0(Deflate, 1);
    if (deflateInit2(&self->out, Z_DEFAULT_COMPRESSION, Z_DEFLATED, RAW_WINDOW, 8,
                     Z_DEFAULT_STRATEGY) != Z_OK ||
        inflateInit2(&self->in, RAW_WINDOW) != Z_OK)
        g_error("zlib has no memory"); /* as GLib's own allocations end */
    return self;
}

void deflate_free(Deflate *self)
{
    if (self == NULL)
        return;
    deflateEnd(&self->out);
    inflateEnd(&self->in);
    g_free(self);
}

void deflate_pack(Deflate *self, const guint8 *data, gsize size, GByteArray *out)
{
    guint8 piece[PIECE];
    self->out.next_in = (z_const Bytef *)data;
    self->out.avail_in = (uInt)size;
    do {
        self->out.next_out = piece;
        self->out.avail_out = PIECE;
        (void)deflate(&self->out, Z_SYNC_FLUSH); /* fails of misuse alone */
        g_byte_array_append(out, piece, PIECE - self->out.avail_out);
    } while (self->out.avail_out == 0);
}

void deflate_feed(Deflate *self, const guint8 *data, gsize size)
{
    self->in.next_in = (z_const Bytef *)data;
    self->in.avail_in = (uInt)size;
}

gboolean deflate_hungry(const Deflate *self)
{
    return self->in.avail_in == 0 && !self->full;
}

static gssize broken(GError **error, const char *fault)
{
    refuse(error, POSTERN_ERROR_PROTOCOL, "server.protocol",
           "set compress = no, and tell the people who run the server",
           "the server's compressed bytes %s", fault);
    return -1;
}

gssize deflate_unpack(Deflate *self, guint8 *buffer, gsize room, GError **error)
{
    guint64 before = self->in.avail_in;
    if (self->ended)
        return broken(error, "end before the connection does");
    self->in.next_out = buffer;
    self->in.avail_out = (uInt)room;
    int r = inflate(&self->in, Z_SYNC_FLUSH);
    if (r != Z_OK && r != Z_STREAM_END && r != Z_BUF_ERROR)
        return broken(error, "cannot be inflated");
    gsize got = room - self->in.avail_out;
    self->full = self->in.avail_out == 0;
    self->ended = r == Z_STREAM_END;
    self->fed += before - self->in.avail_in;
    self->got += got;
    if (self->got > LIMIT_INFLATE_SLACK + self->fed * LIMIT_INFLATE_RATIO) {
        refuse(error, POSTERN_ERROR_PROTOCOL, "server.limit",
               "set compress = no, or tell the people who run the server",
               "the server's bytes swell to more than %d times their size", LIMIT_INFLATE_RATIO);
        return -1;
    }
    return (gssize)got;
}

void deflate_renew(Deflate *self)
{
    self->fed = self->got = 0;
}
