/* export-lines — a message on its way into a file: its line ends, and buffered writing. */
#pragma once

#include "archive/export.h"

/* May its CRLF become LF? Reads all of it: FALSE with *error when it cannot be read to its end. */
gboolean lines_may_change(const ExportMessage *message, ExportOpener opener, gpointer user,
                          gboolean *may, GError **error) G_GNUC_WARN_UNUSED_RESULT;

typedef struct {
    int fd;
    const char *shown; /* for errors */
    gboolean cr;       /* a CR was seen, and not written yet */
    guint8 last;       /* byte that was written */
    gsize used;
    guint8 out[16 * 1024];
} FileOut;

gboolean out_put(FileOut *self, guint8 byte, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean out_flush(FileOut *self, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* 74 "export.write". Always FALSE. */
gboolean out_failed(const char *shown, int cause, GError **error);

/* Where each byte of a message goes. */
typedef gboolean (*ByteTaker)(gpointer user, guint8 byte, GError **error);
/* All of it, with LF where CHANGE says so. */
gboolean lines_pour(ExportOpener opener, gpointer user, gboolean change, ByteTaker taker,
                    gpointer taking, GError **error) G_GNUC_WARN_UNUSED_RESULT;
