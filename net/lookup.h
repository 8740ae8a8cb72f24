/*
 * lookup — questions to GResolver, which has no deadline of its own before GLib 2.78: they fail
 * with G_IO_ERROR_CANCELLED after LIMIT_CONNECT_MS, or once STOP_FD (-1 for none) is readable.
 */
#pragma once

#include <gio/gio.h>

/* Asks what it has to ask, each question with CANCELLABLE, and sets the number of them. */
typedef void (*LookupAsker)(GResolver *resolver, GCancellable *cancellable, gpointer user);

/* Returns when *WAITING is 0, which ASK sets and every answer's callback counts down. */
void lookup_run(const guint *waiting, int stop_fd, LookupAsker ask, gpointer user);

/* What FAILURE of the question for NAME means: 69 "server.dns", 75 "server.timeout",
 * "run.interrupted". Always FALSE. */
gboolean lookup_failed(const char *name, const GError *failure, int stop_fd, GError **error);
