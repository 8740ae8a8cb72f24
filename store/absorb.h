/*
 * absorb — replays the vault's journal into the index: opens each message that is new, makes
 * an index document of it and adds it. This is how everything gets into the index: new mail,
 * mail that arrived while locked, and a rebuild.
 */
#pragma once

#include "core/config.h"
#include "store/index.h"
#include "store/vault.h"

/* Called now and then; DONE of TOTAL journal records. */
typedef void (*AbsorbProgress)(gpointer user, guint64 done, guint64 total);

typedef struct {
    IndexShare share;        /* of mail that arrived encrypted; less than all of it, and no
                                session key is kept any more */
    const GPtrArray *rules;  /* of tagrules_parse(); NULL for none */
    gboolean may_decrypt;    /* may call gpg for those; else, and where their key is locked, they
                                are indexed by their outer headers, and the next absorb that can
                                brings their text */
    gboolean hear;           /* keys that mail carries are remembered, too */
    gboolean aside;          /* for an index_aside(): nobody is asked, only what was opened before
                                is opened, and the vault is left as it is */
    gint64 until;            /* no record behind it; 0 for all */
    AbsorbProgress progress; /* or NULL */
    gpointer user;
} AbsorbOptions;

/*
 * Was INDEX made from this very VAULT? 74 "index.damage" when it is newer, or when the row of its
 * newest message holds another one: a vault put back from a backup hands out its rows again.
 */
gboolean absorb_fits(Vault *vault, Index *index, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* *DUE: the vault has something that INDEX has not, or a message waits for a key that may
 * be here by now. */
gboolean absorb_is_due(Vault *vault, Index *index, gboolean *due,
                       GError **error) G_GNUC_WARN_UNUSED_RESULT;

/*
 * What is opened for the index is opened once: its session keys are kept in the vault
 * (vault-session.h), and found there when the index is made anew, or when a reader opened it.
 *
 * Commits every 500 records and every two seconds, so that an interrupt costs at most those
 * and others get in. *added, the number of new messages, may be NULL. A damaged message does
 * not keep the others out: it is indexed empty, and told (74) when all the rest is in.
 * 74 "index.damage" as absorb_fits().
 */
gboolean absorb(Vault *vault, const Secret *vault_private, Index *index,
                const AbsorbOptions *options, guint64 *added,
                GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Is ERROR damage of one message, which ends nothing? */
gboolean absorb_is_damage(const GError *error);
