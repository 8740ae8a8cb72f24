/*
 * writer — header fields as they leave: encoded, folded, CRLF, and never more lines than one
 * field has. GMime encodes parameters (RFC 2231).
 */
#pragma once

#include <glib.h>

#include "core/letter.h"

/* TEXT with every control character made a blank, and valid UTF-8: what no field may pass. */
char *writer_one_line(const char *text);

/* NAME: VALUE, which is encoded already, folded before words. */
void writer_encoded(GString *out, const char *name, const char *value);
/* NAME: TEXT, encoded as free text. */
void writer_text(GString *out, const char *name, const char *text);
/* MAILBOXES holds Mailbox *; nothing is written for none. */
void writer_mailboxes(GString *out, const char *name, const GPtrArray *mailboxes);
/* Message ids without <>; what cannot be one is left out. */
void writer_ids(GString *out, const char *name, const GPtrArray *ids);

/* Content-Type and Content-Disposition with parameters: name, value, …, NULL. */
void writer_type(GString *out, const char *type, ...) G_GNUC_NULL_TERMINATED;
void writer_attachment(GString *out, const char *filename);

/* 128 random bits in base32. */
char *writer_random(void);

/* BYTES with every line end made CRLF. */
void writer_crlf(GString *out, const char *bytes, gsize size);
/* TEXT (LF or CRLF) as quoted-printable with LF, no line of which begins with "From " (g_free). */
char *writer_quoted_printable(const char *text);
/* ASCII armor, CRLF, without its header lines: a gpg.conf may have put a name or a version there.
 */
void writer_armor(GString *out, GBytes *armored);
