/*
 * engine — one pass over accounts: vet, connect, plan, fetch, seal, commit. The only thing that
 * fetchd and the command line share, and the keeper's whole work. Nothing here prints.
 */
#pragma once

#include <gio/gio.h>

#include "core/config.h"
#include "core/secret.h"
#include "fetchd/tracelog.h"
#include "store/absorb.h"

/* How one account's pass went. */
typedef struct {
    char *account;
    guint stored;    /* new messages */
    guint known;     /* arrivals whose bytes were here already */
    guint sensitive; /* arrivals that a rule for sensitive mail fits */
    guint skipped;   /* stay on the server because of their size, since this pass */
    guint64 waiting; /* messages that wait to be handed on, */
    guint64 astray;  /* and how many of them the server has no more */
    guint removed;   /* messages that went from here too, with `gone = remove` */
    char *alert;     /* what the server wants shown, safe to print, or NULL */
    GError *failure; /* NULL when all went well */
    gboolean brief;  /* only the watched mailbox was looked at, over the open connection */
    gboolean lost;   /* FAILURE is of the network or the server, and may be gone in a moment */
} Outcome;
void outcome_free(Outcome *outcome);

/* Told while an account is being fetched, within a large message too; TOTAL is what the server
 * lists as new so far. Called from other threads, one at a time. */
typedef void (*EngineProgress)(gpointer user, const char *account, guint64 messages, guint64 total,
                               guint64 bytes);

typedef struct {
    const Config *config;
    const char *store;        /* directory of the vault */
    char *const *accounts;    /* names, or NULL for all that fetch */
    gboolean accept_removals; /* however many messages go with `gone = remove` */
    gboolean large;           /* whatever max_size says */
    TraceLog *trace;          /* or NULL */
    int stop_fd;              /* readable: finish what is whole and stop; -1 for none */
    GHashTable
        *connections;   /* fetchd/connection.h: stay open and are used again; NULL: none stays */
    char *const *brief; /* those of ACCOUNTS of which the watched mailbox is enough, or NULL */
    EngineProgress progress; /* or NULL */
    gpointer user;
} EngineRun;

/*
 * Runs the passes and returns one Outcome an account, in order. All accounts' connections are
 * opened at once, and each pass runs as soon as its connection stands, LIMIT_PASSES at a time.
 * Fails as a whole only when nothing could be tried: 78 for the configuration, 73–75 for the store.
 */
GPtrArray *engine_sync(const EngineRun *run, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The worst exit code of OUTCOMES. */
int outcomes_exit_code(const GPtrArray *outcomes);

/*
 * Indexes what was sealed since the last time, when the vault's key rests in the kernel
 * keyring; calls no gpg. PROGRESS may be NULL. TRUE also when it does not rest there (*absorbed is
 * 0 then).
 */
gboolean engine_absorb_unlocked(const Config *config, const char *store, AbsorbProgress progress,
                                gpointer user, guint64 *absorbed,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Logins that a server refused of ACCOUNTS (names; NULL: of all) may be tried again: see
 * fetchd/loginguard.h. */
gboolean engine_retry_logins(const char *store, char *const *accounts,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;
