/*
 * schedule — when the daemon looks at each account again: when its interval has passed, when its
 * server told of news, or when a lost connection may be tried anew. Pure: time is an argument,
 * microseconds of one clock, and so is chance, from 0 to below 1.
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

/*
 * News of NAME: due at once, but after a burst of LIMIT_NEWS_BURST no more often than every
 * LIMIT_NEWS_MS. Those that are due at NOW; they are news no more, as after schedule_take().
 */
void schedule_news(Schedule *schedule, const char *name, gint64 now);
GStrv schedule_take_news(Schedule *schedule, gint64 now);

/*
 * NAME's connection was lost, or could not be made: due within a second, and then later and later
 * until it was STEADY for a while or schedule_well() was said; never later than it was due before.
 */
void schedule_lost(Schedule *schedule, const char *name, gint64 now, gboolean steady,
                   double chance);
void schedule_well(Schedule *schedule, const char *name);

/* When the next one is due; NOW + the usual interval when nothing is known. */
gint64 schedule_next(const Schedule *schedule, gint64 now);

/* Everything is due. */
void schedule_forget(Schedule *schedule);
