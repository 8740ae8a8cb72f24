/* See stream.h. */
#include "core/stream.h"

#include <string.h>

#include "core/error.h"

gssize source_read(Source *source, guint8 *buffer, gsize size, GError **error)
{
    return source->read(source, buffer, size, error);
}

void source_free(Source *source)
{
    if (source)
        source->free(source);
}

gboolean sink_write(Sink *sink, const guint8 *data, gsize size, GError **error)
{
    return sink->write(sink, data, size, error);
}

gboolean sink_finish(Sink *sink, GError **error)
{
    return sink->finish(sink, error);
}

void sink_free(Sink *sink)
{
    if (sink)
        sink->free(sink);
}

GBytes *source_drain(Source *source, gsize limit, GError **error)
{
    g_autoptr(GByteArray) all = g_byte_array_new();
    guint8 buffer[16 * 1024];
    gssize got;
    while ((got = source_read(source, buffer, sizeof buffer, error)) > 0) {
        if ((gsize)got > limit - all->len) {
            refuse(error, POSTERN_ERROR_INPUT, "message.size",
                   "save it with 'postern show --raw ID' and open it elsewhere",
                   "the message is larger than %" G_GSIZE_FORMAT " bytes", limit);
            return NULL;
        }
        g_byte_array_append(all, buffer, (guint)got);
    }
    return got < 0 ? NULL : g_byte_array_free_to_bytes(g_steal_pointer(&all));
}

typedef struct {
    Source source;
    GBytes *bytes;
    gsize at;
} BytesSource;

static gssize bytes_read(Source *source, guint8 *buffer, gsize size, GError **error)
{
    (void)error;
    BytesSource *self = (BytesSource *)source;
    gsize total;
    const guint8 *data = g_bytes_get_data(self->bytes, &total);
    gsize take = MIN(size, total - self->at);
    if (take > 0)
        memcpy(buffer, data + self->at, take);
    self->at += take;
    return (gssize)take;
}

static void bytes_free(Source *source)
{
    BytesSource *self = (BytesSource *)source;
    g_bytes_unref(self->bytes);
    g_free(self);
}

Source *source_from_bytes(GBytes *bytes)
{
    BytesSource *self = g_new0(BytesSource, 1);
    self->source = (Source){.read = bytes_read, .free = bytes_free};
    self->bytes = g_bytes_ref(bytes);
    return &self->source;
}
