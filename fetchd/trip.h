/*
 * trip — one connection's part in an account's tour: the call, then the pass in a thread of its
 * own. Internal to fetchd/.
 */
#pragma once

#include "fetchd/call.h"
#include "fetchd/tour.h"

typedef enum {
    TRIP_CALLING,
    TRIP_READY, /* to be started */
    TRIP_RUNNING,
    TRIP_OVER,
} TripState;

typedef struct {
    const EngineRun *run;
    const Account *account;
    Tour *tour;
    gboolean leads; /* else it helps, and what keeps it from that is nobody's loss */
    TripState state;
    Call *call;          /* NULL when it could not begin */
    VaultWriter *writer; /* lent by trip_start() */
    GThread *thread;
    gint ended; /* atomic: the thread has, and rung the tour's bell */

    /* Of one that is over; before, the thread's own: */
    GError *failure;
    Connection *connection; /* NULL when there is none any more */
    gboolean may_stay;      /* that it may be kept open */
    gboolean brief;         /* only the watched mailbox was looked at */
} Trip;

/* Begins the call. All that is handed over outlives it, but for LEADER: the trip that is to be
 * helped, or NULL for one that leads. */
Trip *trip_new(const EngineRun *run, const LoginGuard *guard, const Account *account, Tour *tour,
               const Trip *leader);
/* Waits for its thread, and for a look-up under way; run->stop_fd ends both. */
void trip_free(Trip *trip);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Trip, trip_free)

/* Goes as far as it can without waiting. */
void trip_go_on(Trip *trip);
/* When that would be any further: this (-1: none) is readable, that monotonic microsecond over, or
 * the bell has rung. */
int trip_fd(const Trip *trip);
gint64 trip_deadline(const Trip *trip);

/* Ends it with FAILURE, which is taken. */
void trip_give_up(Trip *trip, GError *failure);
/* One that is ready runs, unless it is too late to help; WRITER is its thread's until it is over.
 */
void trip_start(Trip *trip, VaultWriter *writer);
