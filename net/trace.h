/*
 * trace — what was said on a connection, told so that it may lie about in clear (P4): a whitelist.
 * Words of the protocols and numbers stand as they are; everything else, names and addresses,
 * passwords, mail, what a server says in its own words, is told by its size alone.
 *
 * A NULL Trace is a good one, which tells nobody. Lines come without CRLF.
 */
#pragma once

#include <glib.h>

typedef struct Trace Trace;

/* TEXT is one line of printable ASCII, at most TRACE_LINE bytes, without a line end. */
#define TRACE_LINE 1000
typedef void (*TraceTaker)(gpointer user, const char *text);
Trace *trace_new(TraceTaker taker, gpointer user);
void trace_free(Trace *trace);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Trace, trace_free)

/* DATA is one command or several, each a line. */
void trace_client(Trace *trace, const void *data, gsize size);
/* A line that ends with a secret, of which not even the size is told. */
void trace_secret(Trace *trace, const char *before);
void trace_server(Trace *trace, const void *line, gsize size);
/* A body, of which only the size is told. */
void trace_body(Trace *trace, gboolean server, guint64 size);
/* What is ours, like "TLS 1.3". */
void trace_note(Trace *trace, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* IMAP: the server's bytes as they come; literals (RFC 3501, 4.3) are told by their size. */
void trace_imap(Trace *trace, const guint8 *bytes, gsize size);
