/*
 * vault-outbox — letters that wait to be sent. Each is sealed to the vault's public half, so that
 * who sends needs no private key to put one there; to open one again takes it.
 *
 * A letter lies there once; a row stands for those of its recipients for whom things stand alike.
 * Whoever sends a row has a claim on it, a kernel lock that ends with the process: so nobody sends
 * it a second time meanwhile, and no kill leaves a row that seems to be on its way. What may be
 * with the server is written down, OUTBOX_DOUBT, before its last dot is sent, and is sent again by
 * nobody but the user. With the letter lies the copy that its sender keeps; as soon as a server has
 * it for anybody, the copy moves into the vault, once, in the same transaction.
 *
 * VAULT_PRIVATE may be the private half of the outbox's own pair (vault-outbox-key.h), which opens
 * what is `unattended`, and makes all else look damaged.
 *
 * Writing takes neither the match key nor the writer's lock: fetchd may run meanwhile.
 */
#pragma once

#include "core/config.h"
#include "core/notice.h"
#include "store/vault-copy.h"
#include "store/vault.h"

typedef enum {
    OUTBOX_GONE = 0, /* sent, or not to be kept: it has no row any more */
    OUTBOX_QUEUED = 1,
    OUTBOX_DOUBT = 2, /* it may have been sent */
    OUTBOX_FAILED = 3,
    OUTBOX_SENDING = 4, /* somebody has a claim on it; never in the database */
    OUTBOX_FILING = 5, /* it was sent: its sender's copy waits to be put onto a server. It stays so,
                          whatever comes, until that is done: it must never be sent again */
} OutboxState;

typedef struct {
    const char *account, *from, *subject;
    GPtrArray *recipients; /* char * */
    gboolean encrypted;
    GBytes *letter; /* the bytes that go out */
    GBytes *copy;   /* the sender's own, which may be the same; NULL: none, or it is kept already */
    gboolean unattended; /* the outbox's own key opens it, where there is one */
    gboolean sensitive;  /* it is sealed singly whatever the rules say of its own bytes, */
    IndexShare share;    /* and the index knows no more of it */
    Notice notice;       /* what the servers are asked to tell of it */
} OutboxLetter;

/* --- sending ------------------------------------------------------------------------------- */

typedef struct OutboxClaim OutboxClaim;
void outbox_claim_free(OutboxClaim *claim); /* as of vault_outbox_settle(), for good or not */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OutboxClaim, outbox_claim_free)

/* Adds LETTERS (OutboxLetter *), all or none, queued and durable; CLAIMS gets one on each, so that
 * nobody else sends it first. They are those of one letter: of the copy there is one. */
gboolean vault_outbox_add(Vault *vault, const GPtrArray *letters, GPtrArray *claims,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* A claim on what is queued in ROW or to be filed or, with AGAIN, in doubt or failed there. NULL
 * without *error: there is no such row, or somebody else has it. 74 "vault.record": it does not
 * open. */
OutboxClaim *vault_outbox_claim(Vault *vault, const Secret *vault_private, gint64 row,
                                gboolean again, GError **error);

/* Valid as long as the claim, but for the recipients: until the next vault_outbox_settle(). */
const OutboxLetter *outbox_claim_letter(const OutboxClaim *claim);
const char *outbox_claim_id(const OutboxClaim *claim);
/* The id of the row where those lie whom vault_outbox_settle() gave STATE: a row that is split has
 * others beside its own. */
const char *outbox_claim_row(const OutboxClaim *claim, OutboxState state);
gint64 outbox_claim_since(const OutboxClaim *claim); /* seconds since 1970 */
/* What it was when the claim was made: OUTBOX_FILING when there is nothing to be sent, but
 * `letter`, the copy, to be filed. */
OutboxState outbox_claim_state(const OutboxClaim *claim);

/* What becomes of the sender's copy once somebody has the letter. */
typedef struct {
    OwnCopy *copy;       /* made through the same vault: goes there */
    gboolean file;       /* and to a server: a row that says so takes the letter's place, */
    OutboxClaim *filing; /* on which this is the claim, the caller's, after; or NULL */
} OutboxMove;

/*
 * What becomes of each recipient, in order: STATES, and WHY (GError *, NULL for none; may be NULL).
 * Durable on return. While some are in doubt they, and they alone, remain the claim's recipients;
 * else it is over. MOVE, when somebody has the letter now (else NULL), happens unless it has for
 * another row of the letter. What is to be filed (OUTBOX_FILING) is settled so as well.
 */
gboolean vault_outbox_settle(Vault *vault, OutboxClaim *claim, const OutboxState *states,
                             const GPtrArray *why, OutboxMove *move,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Takes a row out, whatever its state; *dropped FALSE when it is not there, or on its way. */
gboolean vault_outbox_drop(Vault *vault, gint64 row, gboolean *dropped,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* --- looking ------------------------------------------------------------------------------- */

typedef struct {
    gint64 row;
    char id[17]; /* base32 */
    OutboxState state;
    gint64 since, tried; /* seconds since 1970; 0: never */
    guint tries;
    guint64 bytes;    /* of the sealed letter */
    gboolean damaged; /* it does not open with the private key */
    /* NULL without that, or when it is damaged: */
    const char *account, *from, *subject;
    const GPtrArray *recipients; /* char * */
    const GPtrArray *answers;    /* char *, or NULL, for each: why it is still here */
    gboolean encrypted;
} OutboxEntry;
typedef gboolean (*OutboxTaker)(gpointer user, const OutboxEntry *entry, GError **error);

/* Every row, the oldest first; stops at TAKER's first FALSE. VAULT_PRIVATE may be NULL. */
gboolean vault_outbox_list(Vault *vault, const Secret *vault_private, OutboxTaker taker,
                           gpointer user, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* When a row that was tried TRIES times, the last time at TRIED, may be tried again. */
gint64 outbox_due(gint64 tried, guint tries);

typedef struct {
    guint queued, doubt, failed; /* letters, that is rows; what is being sent counts as queued */
    guint filing;                /* copies of what was sent */
    gint64 oldest;               /* since when the oldest of the queued waits; 0: none does */
    gint64
        due; /* when the next of the queued, or of the copies, is to be tried; G_MAXINT64: none */
} OutboxStat;
/* Needs no key. */
gboolean vault_outbox_stat(Vault *vault, OutboxStat *stat,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;
