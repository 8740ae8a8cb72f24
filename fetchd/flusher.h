/*
 * flusher — fetchd's turn at the outbox: while the vault is unlocked, or of accounts with an
 * outbox_key, what is due is sent, in a thread of its own, so that a server that stalls holds no
 * mail up.
 */
#pragma once

#include "fetchd/flush.h"

typedef struct {
    const char *config, *store, *policy; /* paths; POLICY may be NULL */
    char *const *accounts;               /* their letters alone; NULL: all */
    TraceLog *trace;                     /* or NULL */
    /* Both in any thread. */
    void (*tell)(gpointer user, const FlushNews *news);
    void (*complain)(gpointer user, const GError *error);
    gpointer user;
} FlusherOptions;

/* What is due, now and here, if it can be opened. STOP_FD may be -1. Configuration and policy
 * are read anew. */
gboolean flusher_once(const FlusherOptions *options, int stop_fd,
                      GError **error) G_GNUC_WARN_UNUSED_RESULT;

typedef struct Flusher Flusher;
Flusher *flusher_new(const FlusherOptions *options); /* which outlive it */
void flusher_free(Flusher *flusher);                 /* interrupts what is under way */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Flusher, flusher_free)

/* Looks into the outbox if it is time, and begins to send if something is due. Never waits. */
void flusher_go_on(Flusher *flusher);
/* It is time now. */
void flusher_hurry(Flusher *flusher);

/* When it would get any further: this is readable, or that clockwatch_now() has come. */
int flusher_fd(const Flusher *flusher);
gint64 flusher_next(const Flusher *flusher);
