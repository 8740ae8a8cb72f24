/* maildir-name — what a folder's directory is called in Maildir++. */
#pragma once

#include <glib.h>

/* ".A.B" of "A/B", in modified UTF-7 (RFC 3501, 5.1.3) as Dovecot and mbsync have it; "" of INBOX.
 * What no directory can be called becomes "_", and a name that is too long ends with its digest.
 * The caller's (g_free). */
char *maildir_name(const char *folder);
