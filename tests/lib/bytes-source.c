#include "tests/lib/bytes-source.h"

#include <string.h>

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
