/*
 * dispatch — one letter of the outbox goes to its server, and the outbox is told of each step: what
 * may have been sent stands there as doubtful before it can have been.
 */
#pragma once

#include "fetchd/sending.h"
#include "store/vault-outbox.h"

/* What became of it. */
typedef struct {
    GPtrArray *recipients; /* char *, all to whom it was to go */
    OutboxState *states;   /* of each; OUTBOX_GONE without a reason: sent */
    GPtrArray *why;        /* GError * or NULL, of each: why it was not sent */
    GError *failure;       /* that of the whole letter or, if somebody got it, the first of why */
    OutboxClaim *filing;   /* on the copy that is to be put onto a server now; or NULL */
    gboolean ended;        /* the server gave no verdict: further letters need not be tried */
} Dispatch;
void dispatch_clear(Dispatch *dispatch);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Dispatch, dispatch_clear)

/* When a letter that cannot be sent stays in the outbox. */
typedef enum {
    KEEP_WAITING, /* if it may go later: the server is away, or says 4yz */
    KEEP_ALL,     /* always: as failed when the server refuses it, else waiting */
} DispatchKeep;

/*
 * Sends the letter of CLAIM, and settles it. FALSE only when the outbox could not be written: 74;
 * RESULT tells what happened all the same. Clear it in any case.
 */
gboolean dispatch(Vault *vault, OutboxClaim *claim, Sending *sending, DispatchKeep keep,
                  Dispatch *result, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/*
 * The user knows that the letter of CLAIM arrived: it is settled as sent to all its recipients, and
 * nothing is sent. The sender's copy goes where it would have gone; what of it is for a server
 * waits for a flush. On FALSE nothing has changed: 74, and what sending_copy() fails with.
 */
gboolean dispatch_arrived(Vault *vault, OutboxClaim *claim, Sending *sending,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* May what failed with FAILURE go later, without anybody changing anything? */
gboolean dispatch_may_wait(const GError *failure);
