/*
 * schedule — when the daemon looks at each account again. Pure: the time is an argument, monotonic
 * microseconds.
 */
#pragma once

#include "core/config.h"

typedef struct Schedule Schedule;
Schedule *schedule_new(void);
void schedule_free(Schedule *schedule);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Schedule, schedule_free)

/*
 * The accounts of CONFIG that fetch, or those in ONLY when it is not NULL, whose `interval` has
 * passed at NOW; it begins anew for them. A name in ONLY that CONFIG does not know is always there:
 * its refusal is the engine's. May be empty.
 */
GStrv schedule_take(Schedule *schedule, const Config *config, char *const *only, gint64 now);

/* Leaves the account NAME alone until then, whatever its interval. */
void schedule_wait(Schedule *schedule, const char *name, gint64 until);

/* When the next one is due; NOW + the usual interval when nothing is known. */
gint64 schedule_next(const Schedule *schedule, gint64 now);

/* Everything is due. */
void schedule_forget(Schedule *schedule);
