/*
 * pass-handoff — hands a pass's new messages on to the account's other reader (fetchd/deliver.h).
 * Sealing never waits for it: the keys of what was committed stay in memory until the pass has
 * nothing more to fetch (or there are too many of them), and then the messages are read from the
 * vault, from disk, and handed on. What could not be is marked there, and fetched again by a later
 * pass. A failure of the reader's fails nothing before handoff_end(). All of this does nothing for
 * an account that hands nothing on.
 */
#pragma once

#include "fetchd/pass.h"

/* Before the pass: of the connection that leads, and of one that helps. */
gboolean handoff_begin(Pass *pass, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void handoff_help(Pass *pass);

/* After each commit: keeps the keys of what waits. */
void handoff_take(Pass *pass);
/* Hands on what is kept, when that is much. Between two commands. */
gboolean handoff_make_room(Pass *pass, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Hands on what is kept, and, while the vault is unlocked, what waits since earlier passes. */
gboolean handoff_run(Pass *pass, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* What of a mailbox is to be fetched again (guint32, ascending, the caller's); does the message
 * with UIDL wait, and is it to be? */
GArray *handoff_uids(Pass *pass, const char *mailbox, GError **error);
gboolean handoff_uidl(Pass *pass, const char *uidl, gboolean *waits, gboolean *due,
                      GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Fetches NUMBERS (guint32) and hands on those that wait, as they come by. */
gboolean handoff_fetch(Pass *pass, const GArray *numbers, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* After the pass, well or not: counts what waits; FALSE with the first reason for it, when it came
 * up in this pass. */
gboolean handoff_end(Pass *pass, GError **error);
/* One that helps leaves what it has to the one that leads. */
void handoff_leave(Pass *pass);
