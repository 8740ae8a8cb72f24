/* base32 — message ids in words: RFC 4648 base32, lower case, no padding (10 bytes, 16 letters). */
#pragma once

#include <glib.h>

char *base32_encode(const guint8 *bytes, gsize size);

/* Exactly SIZE bytes from TEXT (either case); FALSE for anything else. */
gboolean base32_decode(const char *text, guint8 *bytes, gsize size);
