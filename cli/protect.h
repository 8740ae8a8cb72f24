/*
 * protect — how a letter leaves: which keys, which protection. Shared by
 * everything that sends.
 */
#pragma once

#include "cli/command.h"
#include "mime/compose.h"

/* WISH_LEAST: only where it is demanded. */
typedef enum { WISH_AUTO, WISH_YES, WISH_NO, WISH_LEAST } Wish;

typedef struct {
    Wish encrypt, sign;
    const char *because; /* why it must be encrypted, whatever the user wishes; or NULL */
    gboolean sensitive;  /* it passes on what a rule fits, of which the index knows */
    IndexShare share;    /* so much */
    gboolean unattended; /* nobody can be asked: without a signature where that cannot be had */
} Wishes;

typedef struct {
    char **encrypt_to;   /* fingerprints: To, Cc, the sender, in that order; NULL: not encrypted */
    GPtrArray *bcc_keys; /* of each Bcc recipient and the sender, in the letter's order; GStrv */
    GError *in_clear;    /* why it is not encrypted though it could be: nobody has said either */
    const char *signer;  /* fingerprint, NULL: not signed */
    gboolean sensitive;  /* a rule fits it, or what it passes on: its copy is sealed singly, */
    IndexShare share;    /* and of it the index knows so much */
} Protect;

void protect_clear(Protect *protect);

/*
 * Holds LETTER against policy and the rules for sensitive mail, and decides. What they, a mark of
 * sensitivity or --encrypt demand is refused when it cannot be had. Where nobody demands it, a
 * recipient without a key, or with one that nobody confirmed, makes a letter in clear (in_clear
 * says so); any other fault of a key, the sender's own too, is refused: a letter to somebody who
 * had a key does not silently go in clear.
 *
 * 78: "send.freemail", "send.outside", "send.encrypt" and "send.sensitive" (--no-encrypt against
 * the policy, against a rule or mark), "send.own-key", "send.sign", "key.…" with the recipient's
 * address; 75 "key.locked"; 65 for what cannot be composed.
 */
gboolean protect_decide(const Context *context, const Account *account, const Letter *letter,
                        const LetterIdentity *identity, const Wishes *wishes, Protect *protect,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;
