/*
 * keynote — what gpg last said of the keys that open the store, noted for an hour: to ask it takes
 * longer than all else of a pass with nothing new. A note counts only while the files of the GnuPG
 * home that the answer hung on (keyring, trust, options) are the same ones, unchanged. It lies in
 * the state directory (0600), holds nothing secret, and speaks of fit keys alone.
 */
#pragma once

#include <glib.h>

#define KEYNOTE_SECONDS 3600

/* What an answer hangs on, as it is now; the caller's. NULL where no keyring is found: then nothing
 * is noted. To be had before gpg is asked. */
char *keynote_stamp(void);

/* Did gpg find KEY (a fingerprint) fit, under STAMP (may be NULL)? *expiry: until when, Unix
 * seconds, 0 for ever. */
gboolean keynote_find(const char *stamp, const char *key, gint64 *expiry);

/* It did, just now. A note that cannot be written is none. */
void keynote_keep(const char *stamp, const char *key, gint64 expiry);
