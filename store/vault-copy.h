/*
 * vault-copy — the sender's own copy of a letter: a message of the vault as others are, which no
 * server has sent. It is sealed before the letter leaves, and stored by the transaction that says
 * that it left (vault-outbox.h): so no kill leaves the letter in both places, or in none. This
 * takes no writer's lock; what fetchd stores meanwhile is met as that of another writer.
 */
#pragma once

#include "store/look.h"
#include "store/vault.h"

typedef struct OwnCopy OwnCopy;

/*
 * Of LETTER, CRLF, which is ACCOUNT's and lies in FOLDER, read, as of TIME (seconds since 1970).
 * With SHARE (store/share.h; else NULL) it is sealed singly, to KEYS (full fingerprints): gpg wraps
 * its key here, and a key that is not fit for it is 78. VAULT outlives it. 74 as of vault.h.
 */
OwnCopy *own_copy_new(Vault *vault, const Secret *match_key, const char *account,
                      const char *folder, gint64 time, GBytes *letter, GBytes *share,
                      char *const *keys, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void own_copy_free(OwnCopy *copy);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OwnCopy, own_copy_free)

/* Within a transaction of its vault; once. */
gboolean own_copy_store(OwnCopy *copy, GError **error) G_GNUC_WARN_UNUSED_RESULT;
