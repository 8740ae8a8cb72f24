/*
 * transfer — undoing Content-Transfer-Encoding. Base64 is decoded by our own loop because
 * GMime stops at the first padded line and loses what follows (jstedfast/gmime#150).
 */
#pragma once

#include <glib.h>

/* Decodes every base64 letter, skips all else; padding only ends a group, never the data. */
void base64_append(GByteArray *out, const guint8 *bytes, gsize size);

/* ENCODING is the field's first word in any case, or NULL; an unknown one leaves BYTES alone. */
GBytes *transfer_decode(const char *encoding, GBytes *bytes);
