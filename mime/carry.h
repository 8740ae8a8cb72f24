/*
 * carry — what another program wrote so that every server can carry it, and a signature over it
 * holds: parts with 8-bit text or lines that are too long are encoded, the rest stays as it is.
 */
#pragma once

#include <glib.h>

/* The longest line, without its end (RFC 5322, 2.1.1). */
#define CARRY_LINE 998

/* Is all of BYTES seven-bit, in lines of at most CARRY_LINE? */
gboolean carry_is_fit(const char *bytes, gsize size);

/*
 * ENTITY is head and body, CRLF, without NUL. NULL when it cannot be had so: bytes of a signed or
 * encrypted part are nobody's to change, and a header of a message in it may be 8-bit itself.
 */
GString *carry_encode(const GString *entity);
