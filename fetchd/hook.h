/*
 * hook — a command of the user's that is told how many messages came (`[hook] new_mail`), or which
 * letters did not leave (`failed_mail`), and nothing of what stands in them. No shell runs it. It
 * runs beside the daemon, once at a time: what comes meanwhile is told by the next run. It has
 * LIMIT_HOOK_MS, then it is ended.
 *
 * In its environment POSTERN_NEW is the number of new messages, POSTERN_ACCOUNTS has a line
 * "NUMBER ACCOUNT" for each account that has some; or POSTERN_FAILED is the number of letters,
 * POSTERN_LETTERS has a line "ID STATE ACCOUNT" for each, as many as LIMIT_HOOK_LINES bytes hold.
 * Its input is empty and its output dropped.
 */
#pragma once

#include <gio/gio.h>

typedef struct Hook Hook;
typedef enum { HOOK_NEW_MAIL, HOOK_FAILED_MAIL } HookKind;
Hook *hook_new(HookKind kind);
void hook_free(Hook *hook); /* ends it */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Hook, hook_free)

/* So many are new; to be told by the next run. */
void hook_count(Hook *hook, const char *account, guint stored);
/* The letter ID of the outbox is in STATE now, "failed" or "maybe-sent". In any thread. */
void hook_letter(Hook *hook, const char *id, const char *state, const char *account);

/*
 * Starts COMMAND (NULL: none) when there is something to tell and it does not run, and ends it when
 * it has run too long. 69 "hook.failed", once until it goes well again: it could not be started,
 * ended with something but 0, or took too long.
 */
gboolean hook_go_on(Hook *hook, const char *command, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Readable when it has ended, -1 when it does not run; and the monotonic microsecond when it must.
 */
int hook_fd(const Hook *hook);
gint64 hook_deadline(const Hook *hook);
