/*
 * mailboxname — the names of IMAP mailboxes: modified UTF-7 (RFC 3501, 5.1.3) for people, and
 * which names may be sent back to a server. A name is data; what it is called on the wire never
 * changes.
 */
#pragma once

#include <glib.h>

/* UTF-8 for showing, the caller's (g_free). A name that is no clean modified UTF-7 stays as it
 * is, with bytes that are no UTF-8 replaced. */
char *mailbox_name_decode(const char *name);

/* FALSE for an empty name and one with a control character: sent back, CR and LF would end the
 * command and begin another. */
gboolean mailbox_name_sendable(const char *name);
