/*
 * flush — what waits in the outbox goes to its servers: one connection for all letters of an
 * account. What policy forbids today, what a server refuses for good and what is too old has
 * failed, stays, and is told.
 */
#pragma once

#include "fetchd/dispatch.h"

/* What became of one letter. */
typedef struct {
    const OutboxClaim *claim;   /* outbox_claim_row() says where each of them lies now */
    const OutboxLetter *letter; /* its recipients may be fewer than the result's by now */
    const Dispatch *result;
    gboolean files; /* it was sent before, and its copy is put onto a server, or is not: RESULT's
                       failure */
} FlushNews;

typedef struct {
    const Config *config;
    const char *store;
    Vault *vault;
    const Secret *vault_private;
    TraceLog *trace;       /* or NULL */
    int stop_fd;           /* or -1 */
    char *const *accounts; /* their letters alone; NULL: all */
    char *const *ids;      /* these alone, due or not; NULL: all */
    gboolean due;          /* only what is due */
    gboolean again;        /* what failed or may have been sent, too */
    void (*tell)(gpointer user, const FlushNews *news);
    gpointer user;
} Flush;

/*
 * Each letter once. What somebody else is sending is left to him. *CODE gets the exit code of the
 * worst failure of a letter; FALSE with *error when the outbox cannot be read or written.
 */
gboolean flush_run(const Flush *flush, int *code, GError **error) G_GNUC_WARN_UNUSED_RESULT;
