/*
 * line — lines from a server, for the protocols that are ours (POP3, SMTP). Counts lengths,
 * never NULs; a line ends with CRLF, and a lone LF or CR inside one is a violation of protocol
 * (76, "server.line") except where a body is read.
 */
#pragma once

#include "net/tls.h"

typedef struct LineReader LineReader;

LineReader *line_reader_new(Channel *channel); /* the channel stays the caller's */
void line_reader_free(LineReader *reader);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LineReader, line_reader_free)

/* The next line without its CRLF, NUL-terminated behind *size bytes, valid until the next call;
 * NULL on failure or when the connection ends. Longer than LIMIT_LINE is 76 "server.line". */
const char *line_read(LineReader *reader, gsize *size, GError **error);

/*
 * A dot-terminated body (RFC 1939, 3): hands the exact bytes with dot-stuffing undone to TAKE,
 * in pieces of any size and without a limit on lines; stops after CRLF "." CRLF. A bare LF or
 * CR and NUL pass through as they are.
 */
typedef gboolean (*BodyTaker)(gpointer user, const guint8 *bytes, gsize size, GError **error);
gboolean line_read_body(LineReader *reader, BodyTaker take, gpointer user,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* TRUE when bytes have been read from the channel that no line has consumed yet. */
gboolean line_buffered(const LineReader *reader);

/* One command line: refuses CR, LF and NUL inside it with 65 "send.value", then adds CRLF. */
gboolean line_write(Channel *channel, GError **error, const char *format, ...) G_GNUC_PRINTF(3, 4);

/* As line_write() for a line that ends with a secret; the copy that is sent is wiped. */
gboolean line_write_secret(Channel *channel, const char *prefix, const Secret *secret,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;
