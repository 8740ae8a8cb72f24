/* See export-lines.h. */
#include "archive/export-lines.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "core/error.h"
#include "core/secret.h"

#define PIECE (64 * 1024)

void exporter_free(Exporter *exporter)
{
    if (exporter)
        exporter->free(exporter);
}

/* Behind one CR, and no more: a second one would make CRLF of what becomes LF. */
static gboolean may_change(const guint8 before[2])
{
    return before[1] == '\r' && before[0] != '\r';
}

static gboolean all_may_change(const guint8 *data, gsize size, guint8 before[2])
{
    gboolean may = TRUE;
    for (gsize i = 0; i < size; i++) {
        may = may && (data[i] != '\n' || may_change(before));
        before[0] = before[1];
        before[1] = data[i];
    }
    return may;
}

gboolean lines_may_change(const ExportMessage *message, ExportOpener opener, gpointer user,
                          gboolean *may, GError **error)
{
    guint8 before[2] = {0};
    gssize got = 0;
    *may = !message->as_is;
    g_autoptr(Source) source = opener(user, error);
    if (source == NULL)
        return FALSE;
    g_autofree guint8 *buffer = g_malloc(PIECE);
    while ((got = source_read(source, buffer, PIECE, error)) > 0)
        *may = all_may_change(buffer, (gsize)got, before) && *may;
    secret_wipe(buffer, PIECE);
    return got == 0;
}

gboolean out_failed(const char *shown, int cause, GError **error)
{
    return refuse(error, POSTERN_ERROR_STORE, "export.write",
                  "see that its disk has room, then export again", "%s cannot be written: %s",
                  shown, g_strerror(cause));
}

gboolean out_flush(FileOut *self, GError **error)
{
    for (gsize at = 0; at < self->used;) {
        gssize done = write(self->fd, self->out + at, self->used - at);
        if (done < 0 && errno != EINTR)
            return out_failed(self->shown, errno, error);
        at += done > 0 ? (gsize)done : 0;
    }
    self->used = 0;
    return TRUE;
}

gboolean out_put(FileOut *self, guint8 byte, GError **error)
{
    if (self->used == sizeof self->out && !out_flush(self, error))
        return FALSE;
    self->out[self->used++] = self->last = byte;
    return TRUE;
}

static gboolean pour_piece(const guint8 *data, gsize size, gboolean *cr, ByteTaker taker,
                           gpointer taking, GError **error)
{
    for (gsize i = 0; i < size; i++) {
        if (*cr && data[i] != '\n' && !taker(taking, '\r', error))
            return FALSE;
        *cr = data[i] == '\r';
        if (!*cr && !taker(taking, data[i], error))
            return FALSE;
    }
    return TRUE;
}

static gboolean pour_as_is(const guint8 *data, gsize size, ByteTaker taker, gpointer taking,
                           GError **error)
{
    for (gsize i = 0; i < size; i++)
        if (!taker(taking, data[i], error))
            return FALSE;
    return TRUE;
}

gboolean lines_pour(ExportOpener opener, gpointer user, gboolean change, ByteTaker taker,
                    gpointer taking, GError **error)
{
    gssize got;
    gboolean cr = FALSE, fine = TRUE;
    g_autoptr(Source) source = opener(user, error);
    if (source == NULL)
        return FALSE;
    g_autofree guint8 *buffer = g_malloc(PIECE);
    while (fine && (got = source_read(source, buffer, PIECE, error)) != 0)
        fine = got > 0 && (change ? pour_piece(buffer, (gsize)got, &cr, taker, taking, error)
                                  : pour_as_is(buffer, (gsize)got, taker, taking, error));
    secret_wipe(buffer, PIECE);
    return fine && (!cr || taker(taking, '\r', error));
}
