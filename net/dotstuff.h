/*
 * dotstuff — a letter's body on its way into DATA (RFC 5321, 4.5.2): dots at the start of a line
 * doubled, and nothing in it but whole CR LF, so that no server can see the end of the letter
 * where we do not (SMTP smuggling). Into BDAT (RFC 3030) it goes undoubled, held to the same.
 *
 * Errors: 65 "send.value".
 */
#pragma once

#include <glib.h>

/* All zero at the start, but for the first. */
typedef struct {
    gboolean counted; /* BDAT has told its size: no byte is added */
    gboolean in_line; /* a byte of the line has passed */
    gboolean after_cr;
    gboolean eight_bit; /* a byte above 127 has passed */
} DotStuff;

/* Appends to OUT what BYTES become. */
gboolean dotstuff_feed(DotStuff *state, const guint8 *bytes, gsize size, GByteArray *out,
                       GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Ends the last line when it is open. The dot that ends DATA is the caller's. */
gboolean dotstuff_finish(DotStuff *state, GByteArray *out,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;
