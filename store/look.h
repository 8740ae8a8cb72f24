/*
 * look — how a message looks to who has not its bytes: its size, and a digest of its whole header.
 * By it a message that was brought along from files is known again when its server lists it
 * (vault-import.h).
 */
#pragma once

#include <glib.h>

#define LOOK_HEADER                                                                                \
    32 /* bytes: SHA-256 of the header, its last line's end and the empty line apart */

typedef struct {
    guint64 size; /* of the message, in bytes with CRLF */
    guint8 header[LOOK_HEADER];
} Look;

/* Of a message of SIZE bytes, of which HEAD holds at least the header. FALSE when the header does
 * not end within HEAD, and HEAD is not the whole message: then there is none. */
gboolean look_at(const guint8 *head, gsize head_size, guint64 size,
                 Look *look) G_GNUC_WARN_UNUSED_RESULT;

/* The same without the lines that programs of the user wrote into their own copy of it: mbsync
 * (X-TUID) and whatever writes an mbox (Status, X-Status, X-Keywords, X-UID, X-IMAP, X-IMAPbase,
 * Content-Length, Lines). FALSE when there are none, too. */
gboolean look_behind(const guint8 *head, gsize head_size, guint64 size,
                     Look *look) G_GNUC_WARN_UNUSED_RESULT;
