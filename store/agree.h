/*
 * agree — do vault and index agree? The vault is replayed once more, into an index that is thrown
 * away, and the two are compared. Nothing is written to the vault and nobody is asked for a key.
 */
#pragma once

#include "store/absorb.h"
#include "store/index-compare.h"

typedef struct {
    const char *store;       /* the folder; what is thrown away lies there, too, while it lasts */
    IndexShare share;        /* as AbsorbOptions */
    AbsorbProgress progress; /* or NULL */
    gpointer user;
} AgreeOptions;

/*
 * Compares as far as INDEX came, in one state of it, while others may write. TAKER is not told of a
 * message that INDEX alone has while the vault says that it was removed later. A damaged message of
 * the vault is compared as if it were empty, and a disowned one is not compared but told as if the
 * vault had it not. *unopened as index_compare().
 */
gboolean agree(Vault *vault, const Secret *vault_private, Index *index, const AgreeOptions *options,
               DifferenceTaker taker, gpointer user, guint64 *unopened,
               GError **error) G_GNUC_WARN_UNUSED_RESULT;
