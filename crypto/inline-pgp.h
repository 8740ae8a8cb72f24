/*
 * inline-pgp — OpenPGP that stands within a text (RFC 9580, 7 and 6.2): where it begins and ends,
 * to the byte. Pure; what stands there is verified and opened by pgp.h.
 */
#pragma once

#include <glib.h>

typedef enum { SPAN_PLAIN, SPAN_SIGNED, SPAN_ENCRYPTED } SpanKind;

/* From the line that begins it to the line that ends it, its LF included. */
typedef struct {
    SpanKind kind;
    gsize start, end;
} Span;

/*
 * The spans of TEXT in order, without gaps; Span. What begins as signed or encrypted but is not
 * built as it must be is plain, and *malformed becomes TRUE: a signed text whose armor has other
 * lines than "Hash:" with names of hashes (NotDashEscaped among them), that has a line with a bare
 * dash at its start, or that does not end. Linear time.
 */
GArray *inline_pgp_spans(const char *text, gsize size, gboolean *malformed);

/* The kind of the one span that there is beside white space; SPAN_PLAIN when there are more. */
SpanKind inline_pgp_whole(const char *text, gsize size, Span *span);
