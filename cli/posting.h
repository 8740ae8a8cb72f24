/*
 * posting — a finished letter on its way: which account it belongs to, what policy and the rules
 * for sensitive mail demand of it, how it is protected, its copies, the server, and what the user
 * is told. The one path out of every command that sends (P9).
 */
#pragma once

#include "cli/protect.h"
#include "store/vault-draft.h"

/* The account that owns the address FROM, else (NULL too) the first that can send. 78
 * "config.submit": none can. */
const Account *posting_account(const Config *config, const char *from, GError **error);

/* Sets the letter's From: FROM, with the configuration's name where it has none, or with NULL the
 * account's own address. 65 "send.value" and
 * "send.address"; 78 "send.from": it is not one of the account's. */
gboolean posting_from(Letter *letter, const Account *account, const char *from,
                      GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Has LETTER as many recipients as one may have? "send.recipients": 64 for none, with MEND, 65 for
 * too many. */
gboolean posting_counts(const Letter *letter, const char *mend,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The draft that a letter was until now. */
typedef struct {
    VaultDraft *draft;
    const DraftContent *content;
    gboolean returned; /* nobody got it, or will: it is a draft again */
} PostedDraft;

/* Shows what will happen to LETTER; FALSE: it shall not. */
typedef gboolean (*PostingAsk)(gpointer user, const Letter *letter, const Protect *protect);

typedef struct {
    Wishes wishes;
    gboolean dry_run;               /* it is printed in place of being sent */
    const LetterIdentity *identity; /* the letter's own, or NULL for a new one */
    gboolean fragile;               /* content that a server may change: not signed in clear */
    gboolean queue;                 /* it waits in the outbox, and is not tried now */
    Notice notice;                  /* without a name of its own it goes by the Message-ID */
    PostedDraft *draft;             /* or NULL */
    PostingAsk ask;                 /* before anything is done with it; or NULL */
    gpointer user;
} Posting;

/*
 * LETTER is whole but for its Autocrypt and gossip fields, which it gets here; CONTEXT has its
 * configuration and vault. The exit code, told already; or, with *error, nothing was tried: see
 * protect_decide().
 * POSTING_NOT without *error: who was asked said no.
 */
#define POSTING_NOT (-1)
int posting_run(const Context *context, const Account *account, Letter *letter,
                const Posting *posting, GError **error);
