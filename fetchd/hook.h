/*
 * hook — `[hook] new_mail`: a command of the user's that is told how many messages came, and nothing
 * of what stands in them. No shell runs it. It runs beside the daemon, once at a time: what comes
 * meanwhile is told by the next run. It has LIMIT_HOOK_MS, then it is ended.
 *
 * POSTERN_NEW in its environment is the number of new messages, POSTERN_ACCOUNTS has a line
 * "NUMBER ACCOUNT" for each account that has some. Its input is empty and its output dropped.
 */
#pragma once

#include <gio/gio.h>

typedef struct Hook Hook;
Hook *hook_new(void);
void hook_free(Hook *hook); /* ends it */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Hook, hook_free)

/* So many are new; to be told by the next run. */
void hook_count(Hook *hook, const char *account, guint stored);

/*
 * Starts COMMAND (NULL: none) when there is something to tell and it does not run, and ends it when
 * it has run too long. 69 "hook.failed", once until it goes well again: it could not be started,
 * ended with something but 0, or took too long.
 */
gboolean hook_go_on(Hook *hook, const char *command, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Readable when it has ended, -1 when it does not run; and the monotonic microsecond when it must. */
int hook_fd(const Hook *hook);
gint64 hook_deadline(const Hook *hook);
