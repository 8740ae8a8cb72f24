/*
 * export — mail into files: a Maildir with its folders (Maildir++), or an mbox (mboxrd, of which
 * nothing is lost). Nothing is written over, and nothing through a link; files are the user's alone
 * (0600, folders 0700).
 *
 * Lines end with LF, as in the files of other programs, unless that could not be undone: a message
 * that has a line without CRLF, or came with CRLF from a file, is written as it is. So
 * archive_read() gives back what was written.
 *
 * Errors: 73 "export.create", 74 "export.write".
 */
#pragma once

#include "core/stream.h"

typedef struct {
    const char *id;      /* names its file: letters and digits */
    const char *account; /* where it lies below the Maildir, or NULL: directly there */
    const char *folder;  /* UTF-8, levels parted by "/" or "." */
    const char *flags;   /* letters of Maildir, ascending */
    gint64 date;         /* seconds since 1970 */
    gboolean as_is;      /* came with CRLF from a file */
} ExportMessage;

/* Its bytes, from the beginning: called twice. */
typedef Source *(*ExportOpener)(gpointer user, GError **error);

typedef enum {
    EXPORTED,
    EXPORTED_BEFORE, /* its file is there already, under any flags */
    EXPORTED_LONGER, /* an mbox ends each message with a newline: this one had none */
} Exported;

typedef struct Exporter Exporter;
struct Exporter {
    gboolean (*put)(Exporter *self, const ExportMessage *message, ExportOpener opener,
                    gpointer user, Exported *how, GError **error);
    /* All is on the disk when this has succeeded. */
    gboolean (*finish)(Exporter *self, GError **error);
    void (*free)(Exporter *self); /* an mbox that is not finished goes again */
};
void exporter_free(Exporter *exporter);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Exporter, exporter_free)

/* DIR and what lies below it is made where it is not there. */
Exporter *export_maildir(const char *dir, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* PATH is a new file, or "-", standard output. */
Exporter *export_mbox(const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;
