/*
 * region — a stretch of a file that is one message: measured once, then given.
 */
#pragma once

#include "archive/archive.h"
#include "archive/window.h"

/* Whose ">" before "From " at the beginning of a line is taken away. */
typedef enum { QUOTED_NOT, QUOTED_ONCE, QUOTED_ANY } Quoting;

typedef struct {
    Window *window; /* borrowed */
    guint64 from, to;
    Quoting quoting;
    gboolean among_mail;
    /* by region_measure(): */
    gboolean as_is;
    guint64 size;
} Region;

gboolean region_measure(Region *region, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* What was measured, with CRLF unless it is as_is; 65 "import.changed" when it is not that. */
Source *region_source(const Region *region);

/* Does it begin as a message does: with header fields, one of which mail has, or a From_ line that
 * somebody left there?
 * Where mail is all that lies there (`among_mail`) any text is one, for servers take such, too. */
gboolean region_is_message(const Region *region, gboolean *is,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Is that a header field's name and colon, at the beginning of LINE? */
gboolean begins_with_field(const guint8 *line, gsize size);

/* Measures the message, and hands it to TAKER as one or as unusable. MESSAGE lacks as_is and size.
 */
gboolean region_give(Region *region, ArchiveMessage *message, const ArchiveTaker *taker,
                     GError **error) G_GNUC_WARN_UNUSED_RESULT;
