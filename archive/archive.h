/*
 * archive — mail that lies in files: Maildirs (Maildir++, and the nested ones that mbsync and
 * offlineimap make), mboxes of all four kinds, single messages, standard input. It knows files
 * and lines, and nothing of what becomes of the messages.
 *
 * Lines that end with LF alone are given with CRLF, as a server would, where nothing is lost by it:
 * where the message has no CRLF anywhere. Any other is given as it is. Either way its bytes in the
 * file follow from what was given and `as_is`.
 *
 * Files are anybody's: links and special files within a folder are told of and not opened, numbers
 * are bounded by core/limits.h, and what is no message stops nothing.
 */
#pragma once

#include "core/stream.h"

typedef enum {
    MBOX_AUTO, /* by Content-Length where that fits, else as MBOX_RD */
    MBOX_O,    /* only "From " is quoted, with ">" */
    MBOX_RD,   /* ">From ", ">>From " … are quoted, too */
    MBOX_CL,   /* Content-Length, and quoted as MBOX_O */
    MBOX_CL2,  /* Content-Length, nothing is quoted */
} MboxKind;
/* "auto", "mboxo", "mboxrd", "mboxcl", "mboxcl2". */
gboolean mbox_kind_named(const char *name, MboxKind *kind) G_GNUC_WARN_UNUSED_RESULT;

/* Valid while it is being taken. */
typedef struct {
    const char *place;  /* where it lies, safe to print */
    const char *folder; /* "A/B" in the bytes of the file system; NULL: that does not say */
    const char *flags;  /* letters of Maildir: D F P R S T */
    gint64 date;        /* of the file or the From_ line, seconds since 1970; 0: not known */
    gboolean as_is;     /* its bytes in the file are those that are given */
    guint64 size;       /* of what is given */
} ArchiveMessage;

typedef struct {
    /* CONTENT ends with 65 "import.changed" when the file is not what it was a moment ago. */
    gboolean (*message)(gpointer user, const ArchiveMessage *message, Source *content,
                        GError **error);
    /* WHY: 65 "import.message", "import.file"; 74 "import.read". */
    gboolean (*unusable)(gpointer user, const GError *why, GError **error);
    gpointer user;
    int stop_fd; /* readable: a wait for standard input ends with 75 "run.interrupted"; -1: none */
} ArchiveTaker;

/*
 * All mail at PATH ("-": standard input), which may itself be a link. What the taker says no to
 * ends it. 65 "import.nothing", "import.file" when there is no mail; 74 "import.read".
 */
gboolean archive_read(const char *path, MboxKind kind, const ArchiveTaker *taker,
                      GError **error) G_GNUC_WARN_UNUSED_RESULT;
