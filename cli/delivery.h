/*
 * delivery — the copies of one letter and what became of each recipient's. Shared by everything
 * that sends. A copy lies in the outbox before a server hears of it.
 */
#pragma once

#include "cli/posting.h"
#include "cli/protect.h"
#include "crypto/pgpmime.h"

typedef enum {
    FATE_UNSENT,
    FATE_SENT,
    FATE_DOUBT,  /* it may have been sent: the connection died before the server's answer */
    FATE_QUEUED, /* it waits in the outbox */
    N_FATES
} Fate;

typedef struct {
    GPtrArray *recipients[N_FATES]; /* char *, in the letter's order */
    GPtrArray *waiting;             /* char *: ids in the outbox of what is queued or in doubt, */
    GPtrArray *doubtful;            /* and, of these, of what is in doubt */
    GError *failure;                /* the one that the exit code stands for, or NULL */
    GError *reason;                 /* why something is queued, or NULL */
    GError *unfiled;                /* why the sender's copy is not on the server yet, or NULL */
} Delivery;
void delivery_clear(Delivery *delivery);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Delivery, delivery_clear)

/*
 * The copies of LETTER (OutboxLetter *): one for To, Cc and, when it is not encrypted, Bcc; of an
 * encrypted letter each Bcc recipient gets one of his own, so that no key id betrays him. With each
 * comes the sender's own, if ACCOUNT keeps such, and with each of them NOTICE goes. They point into
 * LETTER and ACCOUNT.
 */
GPtrArray *delivery_copies(const Account *account, const Letter *letter,
                           const LetterIdentity *identity, const Protect *protect,
                           const Notice *notice, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/*
 * Puts COPIES into the outbox and, unless they are just to wait there (QUEUE), tries to send each
 * once. What may go later stays there; of anything else nothing does, and when nobody got the first
 * copy, which is that of To and Cc if it LEADS, neither do the others. With FILE the sender's own
 * goes to the server at once, where it is wanted there, else out of the outbox. FALSE with *error:
 * nothing was tried. Clear RESULT in any case.
 *
 * What was a DRAFT (or NULL) is one no longer, from the moment on in which it is in the outbox, and
 * is one again when nobody got it or will; what only some of its recipients did not get stays in
 * the outbox as failed.
 */
gboolean delivery_run(const Context *context, const Account *account, const GPtrArray *copies,
                      gboolean leads, gboolean queue, gboolean file, PostedDraft *draft,
                      Delivery *result, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* What would leave, and to whom, in place of sending it. */
void delivery_print(const Context *context, const Letter *letter, const LetterIdentity *identity,
                    const Protect *protect, const GPtrArray *copies);

/* "encrypted and signed", and so on. */
const char *delivery_protection(const Protect *protect);

/* Tells the user, in words and, with --json, by the contract: a failure too. */
void delivery_tell(const Context *context, const Letter *letter, const LetterIdentity *identity,
                   const Protect *protect, const Delivery *delivery);
