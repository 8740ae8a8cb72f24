/*
 * daemon — passes for ever: when an account's interval is over, when its server tells of news, and
 * when a lost connection may be tried anew. Between passes every account whose server can tell of
 * news has its connection open. One thread, but for what waits for look-ups and connections.
 */
#pragma once

#include "fetchd/engine.h"
#include "fetchd/flusher.h"

typedef struct {
    const char *config, *store, *policy; /* paths; POLICY may be NULL */
    char *const *accounts;               /* names, or NULL for all that fetch */
    TraceLog *trace;                     /* or NULL */
    gboolean seal_only;
    int stop_fd; /* of interrupt_open() */
    /* What the user should be told. */
    void (*tell)(gpointer user, LogLevel level, const Outcome *outcome);
    void (*complain)(gpointer user, const GError *error);
    void (*tell_letter)(gpointer user, const FlushNews *news); /* in any thread */
    gpointer user;
} DaemonOptions;

/* One pass over all accounts, and the commands of [hook]; the exit code. */
int daemon_once(const DaemonOptions *options);

/* Until a signal, which is a clean stop: 0. A daemon that can do nothing ends at its start, while
 * somebody looks, with 78; later a file that is just being edited ends nothing. */
int daemon_stay(const DaemonOptions *options);
