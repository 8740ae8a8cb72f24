/*
 * progress — what `sync` shows while it fetches: on a terminal a live line an account, in a log one
 * now and then. Written to stderr; the functions may be called from any thread, one at a time.
 */
#pragma once

#include <glib.h>

typedef struct Progress Progress;

/* LIVE: on a terminal, of ROWS lines with COLUMNS characters each. */
Progress *progress_new(gboolean live, guint rows, guint columns);
/* Takes what is on the screen away. */
void progress_free(Progress *progress);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Progress, progress_free)

/* As EngineProgress: USER is the Progress. */
void progress_tell(gpointer user, const char *account, guint64 messages, guint64 total,
                   guint64 bytes);
