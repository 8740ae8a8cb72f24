/*
 * interrupt — signals as a descriptor to wait on, so that what is whole is kept before we end.
 * Handlers rather than a blocked mask and signalfd(2): what we start would inherit the mask, and
 * gpg-agent, which outlives us, could not be ended any more.
 */
#pragma once

#include <glib.h>

/* SIGINT and SIGTERM, and SIGHUP too when HANGUP, are noted from now on, in the whole process.
 * Another SIGINT or SIGTERM, some two seconds later, ends it at once. Returns a descriptor,
 * readable while a signal waits to be taken, the same each time it is asked for. */
int interrupt_open(gboolean hangup);

/* The signal that came first and was not taken yet; 0 for none. */
int interrupt_take(void);

/* Has STOP_FD (-1 for none) become readable? Then 75 "run.interrupted"; TRUE. */
gboolean interrupted(int stop_fd, GError **error);

/* Is that what FAILURE, which may be NULL, tells? */
gboolean was_interrupted(const GError *failure);

/*
 * Waits like poll(2) for EVENTS of FD until UNTIL (monotonic microseconds; -1: for ever) or an
 * interruption. 1 when FD is ready, 0 when the time is over, -1 with 75 "run.interrupted".
 */
int interrupt_wait(int fd, short events, gint64 until, int stop_fd, GError **error);
