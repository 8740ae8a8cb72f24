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

gboolean stream_copy(Source *source, Sink *sink, GError **error)
{
    guint8 buffer[64 * 1024];
    gssize got;
    while ((got = source_read(source, buffer, sizeof buffer, error)) > 0)
        if (!sink_write(sink, buffer, (gsize)got, error))
            return FALSE;
    return got == 0;
}

typedef struct {
    Sink sink;
    GByteArray *array;
} ArraySink;

static gboolean array_write(Sink *sink, const guint8 *data, gsize size, GError **error)
{
    ArraySink *self = (ArraySink *)sink;
    if (size > G_MAXINT32 - self->array->len)
        return refuse(error, POSTERN_ERROR_INPUT, "message.size", NULL,
                      "more than 2 GiB cannot be held in memory");
    g_byte_array_append(self->array, data, (guint)size);
    return TRUE;
}

static gboolean array_finish(Sink *sink, GError **error)
{
    (void)sink;
    (void)error;
    return TRUE;
}

static void array_free(Sink *sink)
{
    g_free(sink);
}

Sink *sink_to_array(GByteArray *array)
{
    ArraySink *self = g_new0(ArraySink, 1);
    self->sink = (Sink){.write = array_write, .finish = array_finish, .free = array_free};
    self->array = array;
    return &self->sink;
}
