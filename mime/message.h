/*
 * message — a message as data. Structure (mime/entity.h), header words (mime/rfc2047.h),
 * parameters and addresses are read by our own bounded code, because GMime's crashes or loses
 * text on hostile mail; GMime undoes transfer encodings and composes. No GMime type leaves mime/.
 *
 * A Message is a tree of Parts. Parts are numbered from 1 in the order of the message; 1 is
 * the root. Parsing never fails: what cannot be understood becomes one part of type
 * application/octet-stream, and what passes a limit is left out and marked (message_truncated).
 */
#pragma once

#include <glib.h>

#include "core/letter.h"

typedef struct Message Message;

/* Parses BYTES, of which it keeps a reference. Never NULL. */
Message *message_parse(GBytes *bytes);
void message_free(Message *message);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Message, message_free)

gboolean message_truncated(const Message *message);

/* Header fields of the message itself in their order. */
typedef struct {
    char *name;
    char *value; /* decoded (RFC 2047), unfolded, valid UTF-8 */
    char *raw;   /* as it came, unfolded, valid UTF-8 */
} HeaderField;

guint message_header_count(const Message *message);
const HeaderField *message_header_at(const Message *message, guint i);
/* The first field called NAME (any case), decoded; NULL when there is none. */
const char *message_header(const Message *message, const char *name);

/* When it says that it was written, in seconds since 1970; 0 when it does not. */
gint64 message_date(const Message *message);

/* When the last of the servers on its way says that it took it, or, of one that came by none, what
 * message_date() does; 0 when neither says. The sender can write both. */
gint64 message_arrived(const Message *message);

/* Mailboxes of all fields called NAME, groups flattened; elements Mailbox *, owned by the array. */
GPtrArray *message_addresses(const Message *message, const char *name);

typedef struct {
    guint n;
    guint parent; /* the part around it, 0 for the root */
    guint depth;
    char *type;     /* "text/plain", lower case */
    char *filename; /* decoded (RFC 2231, RFC 2047), or NULL */
    gboolean attachment;
    gboolean multipart;
    gsize size; /* decoded bytes; 0 for a multipart */
} PartInfo;

guint message_part_count(const Message *message);
const PartInfo *message_part(const Message *message, guint n); /* n from 1; NULL beyond */

/* The exact bytes of part N, head and body: what a signature covers. NULL beyond. */
GBytes *message_part_raw(const Message *message, guint n);

/* A parameter of the part's Content-Type, decoded; NULL when missing. */
char *message_part_parameter(const Message *message, guint n, const char *name);

/* Header fields of the head of part N; elements HeaderField *, owned by the array. */
GPtrArray *message_part_headers(const Message *message, guint n);

/* Takes FIELDS (HeaderField *) in the place of the message's own: protected ones (RFC 9788). */
void message_take_headers(Message *message, GPtrArray *fields);

/* Transfer-decoded bytes of a leaf part; NULL for a multipart or beyond. */
GBytes *message_part_bytes(const Message *message, guint n);

/* Text of a text/plain or text/html part as UTF-8, HTML turned to text; NULL for others. */
char *message_part_text(const Message *message, guint n);
/* The same for search, which reads any text: calendars, tables and reports of delivery, too. */
char *message_part_words(const Message *message, guint n);
/* TEXT of part N, which stands in no armor, as it was before format=flowed broke it (RFC 3676).
 * Takes TEXT. */
char *message_unflow(const Message *message, guint n, char *text);

/* BYTES in CHARSET (or NULL) as UTF-8 with LF at the line ends. */
char *message_bytes_text(const char *charset, const void *bytes, gsize size);

/* The same of a text whose signature does not cover its CHARSET: UTF-8 when it is that, so that no
 * other label makes another text of it. */
char *message_signed_text(const char *charset, const void *bytes, gsize size);

/*
 * The parts a reader is shown, in order: text parts that are not attachments; of a
 * multipart/alternative the plain one, else the HTML one. Elements guint part numbers.
 */
GArray *message_readable_parts(const Message *message);

/* Fills what mime can know (all but encrypted/signed verdicts, which it leaves FALSE). */
IndexDoc *message_index_doc(const Message *message);
