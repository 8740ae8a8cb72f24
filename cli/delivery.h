/*
 * delivery — the copies of one letter and what became of each recipient's. Shared by everything
 * that sends.
 */
#pragma once

#include "cli/protect.h"
#include "crypto/pgpmime.h"

typedef enum {
    FATE_UNSENT,
    FATE_SENT,
    FATE_DOUBT, /* it may have been sent: the connection died before the server's answer */
    N_FATES
} Fate;

typedef struct {
    GPtrArray *recipients[N_FATES]; /* char *: addresses, the letter's own, in its order */
    GError *failure;                /* the one that the exit code stands for, or NULL */
} Delivery;

/* Takes one finished copy for the addresses (char *) of ENVELOPE. 75 "send.doubt": it may have
 * gone. */
typedef gboolean (*CopyTaker)(gpointer user, const GPtrArray *envelope, GBytes *copy,
                              GError **error);

/*
 * Hands the copies of LETTER to TAKER: one for To, Cc and, when it is not encrypted, Bcc; of an
 * encrypted letter each Bcc recipient gets one of his own, so that no key id betrays him. What the
 * server says to the copy of one Bcc recipient does not keep the further copies back; any other
 * failure does. Clear RESULT with delivery_clear().
 */
void delivery_run(const Letter *letter, const LetterIdentity *identity, const Protect *protect,
                  CopyTaker taker, gpointer user, Delivery *result);
void delivery_clear(Delivery *delivery);

/* What would leave, and to whom, in place of sending it. */
gboolean delivery_print(const Context *context, const Letter *letter,
                        const LetterIdentity *identity, const Protect *protect,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Tells the user, in words and, with --json, by the contract: a failure too. */
void delivery_tell(const Context *context, const Letter *letter, const LetterIdentity *identity,
                   const Protect *protect, const Delivery *delivery);
