/*
 * tour — one account's round, as the connections that make it share it: the mailboxes still to be
 * visited, what was found, and what progress knows. The first connection leads: it lists the
 * mailboxes, and ends what can only be ended once. Others help it, when the engine has some to
 * give. All functions may be called from several threads. Internal to fetchd/.
 */
#pragma once

#include "fetchd/engine.h"
#include "net/fetcher.h"
#include "store/vault-place.h"

typedef struct Tour Tour;

/* What all tours of a run share. */
typedef struct {
    const EngineRun *run;
    GMutex telling; /* around run->progress */
    int bell;       /* an eventfd that rings when the engine has something to do; -1 for none */
} TourGround;

/* GROUND and OUTCOME outlive it; of OUTCOME, the counts are its until it is freed. */
Tour *tour_new(TourGround *ground, Outcome *outcome);
void tour_free(Tour *tour);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Tour, tour_free)

/* --- the mailboxes ------------------------------------------------------------------------- */

/* The leader's: MAILBOXES (MailboxName *, borrowed until tour_gather()) are to be visited, by at
 * most CONNECTIONS at a time; the leader has begun with the first BEGUN of them. */
void tour_share(Tour *tour, const GPtrArray *mailboxes, guint begun, guint connections);
/* The next one that nobody has begun with, or NULL. */
const MailboxName *tour_next(Tour *tour);
/* The leader's, when there is none left: waits for those who help. FALSE with the first failure
 * that ended one of them. */
gboolean tour_gather(Tour *tour, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Rings the bell. */
void tour_ring(const Tour *tour);
/* The engine's: how many more connections would pay; told once. */
guint tour_wants(Tour *tour);
/* One is there: FALSE when it comes too late. It leaves with its FAILURE, taken, or NULL. */
gboolean tour_join(Tour *tour) G_GNUC_WARN_UNUSED_RESULT;
void tour_leave(Tour *tour, GError *failure);

/* --- what was found ------------------------------------------------------------------------ */

/* So many messages more are new; and so many arrived, BYTES since this was told last. */
void tour_expect(Tour *tour, guint64 messages);
void tour_advance(Tour *tour, const char *account, guint64 messages, guint64 bytes);
/* One that stays on its server; the total is less by EXPECTED. */
void tour_left_out(Tour *tour, guint64 expected);
/* Committed. */
void tour_stored(Tour *tour, guint stored, guint known);
/* One that a rule for sensitive mail fits has come. */
void tour_sensitive(Tour *tour);
void tour_removed(Tour *tour, guint removed);

/* Counted at the end: what waits to be handed on, and what of it the server has no more. */
void tour_pending(Tour *tour, guint64 waiting, guint64 astray);

/* What one who helps leaves to the leader: LIST (Waiting *) is emptied; the leader's gains it. */
void tour_leave_waiting(Tour *tour, GPtrArray *list);
void tour_take_waiting(Tour *tour, GPtrArray *list);

/* The server said no to WHAT (safe to print): FAILURE, which is taken, is kept. */
void tour_refused(Tour *tour, GError *failure, const char *what);
/* Did it, to anything? */
gboolean tour_was_refused(Tour *tour);
/* The first no, as an error, with the number of the others; TRUE for none. */
gboolean tour_end(Tour *tour, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* What ends when the tour went through; DEPARTURE is taken. The array (Departure *) is the leader's
 * to read once the others have left. */
void tour_depart(Tour *tour, Departure *departure);
const GPtrArray *tour_departures(Tour *tour);
