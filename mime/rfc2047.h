/*
 * rfc2047 — decoding of header text. Our own, because GMime 3.2 drops what follows a padded
 * base64 word (jstedfast/gmime#133) and hands charset names to iconv unseen. Neighbouring words
 * of one charset are joined before the charset is decoded, so that a character split over two
 * words comes out whole. Linear time.
 */
#pragma once

#include <glib.h>

/*
 * RAW is unfolded header text of any bytes. Returns valid UTF-8 on one line: CR and LF from
 * encoded words become a blank, NUL becomes U+FFFD.
 */
char *rfc2047_decode(const char *raw);

/*
 * The other way: UTF8 (valid, one line) as it may stand in a field. ASCII stays as it is unless
 * it holds "=?" or a word too long to fold; else encoded words of at most 75 characters with a
 * blank between, none of which splits a character (GMime's are longer than RFC 2047 allows).
 */
char *rfc2047_encode(const char *utf8);

/* Length of the encoded word that starts at TEXT, 0 when none does. */
gsize rfc2047_word(const char *text);
