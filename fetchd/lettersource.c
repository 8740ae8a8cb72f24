/* See lettersource.h. */
#include "fetchd/lettersource.h"

#include <string.h>

#include "core/error.h"

static gssize letter_read(Source *source, guint8 *buffer, gsize size, GError **error)
{
    LetterSource *self = (LetterSource *)source;
    while (self->frame.size == 0 && !self->ended) {
        if (!wire_get(self->wire, -1, -1, &self->frame, error))
            return -1;
        if (self->frame.type == WIRE_END)
            self->ended = TRUE;
        else if (self->frame.type != WIRE_DATA) {
            refuse(error, POSTERN_ERROR_BUG, "net.record", NULL, "a letter was interrupted");
            return -1;
        }
    }
    gsize take = self->ended ? 0 : MIN(size, self->frame.size);
    if (take > 0)
        memcpy(buffer, self->frame.payload, take);
    self->frame.payload += take;
    self->frame.size -= take;
    return (gssize)take;
}

LetterSource letter_source(Wire *wire)
{
    return (LetterSource){.source = {.read = letter_read}, .wire = wire};
}

gboolean letter_source_drain(LetterSource *self, GError **error)
{
    guint8 buffer[4096];
    gssize got;
    do
        got = letter_read(&self->source, buffer, sizeof buffer, error);
    while (got > 0);
    return got == 0;
}
