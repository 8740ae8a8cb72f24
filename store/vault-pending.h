/*
 * vault-pending — messages that wait to be handed on to another reader of their account (`deliver
 * =`). A message that is new to an account whose arrivals say `hand_on` (and, when it is sealed
 * singly, `hand_on_singly`) is marked in the transaction that stores it; the mark goes when it has
 * been handed on. So a kill in between hands it on once more, and never not at all. Errors as in
 * vault.h.
 *
 * What was just committed is opened with the keys that are still in memory. Of an older one no key
 * is here: it is read with the vault's private key where that rests in the keyring, else it is
 * fetched again, and its bytes tell which it is.
 */
#pragma once

#include "store/vault.h"

typedef struct Waiting Waiting;
void waiting_free(Waiting *waiting); /* the key with it, wiped */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Waiting, waiting_free)
const char *waiting_id(const Waiting *waiting); /* as in JournalRecord */

/* After vault_commit(), before the next message: appends to LIST (Waiting *, with waiting_free())
 * what waits since then and can be opened. */
void vault_pending_take(const VaultWriter *writer, GPtrArray *list);
/* Its exact bytes, from disk. The end comes only when they are what was sealed; else 74
 * "vault.damage". Uses WRITER until it is freed. */
Source *vault_pending_open(VaultWriter *writer, const Waiting *waiting,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;

/*
 * Which waiting messages are asked for: never tried, or not since BEGAN (microseconds since 1970)
 * and for as long again as they had waited when they were, at most a day.
 */

/* The vault's private key, when it rests in the keyring; else NULL. Then all that ACCOUNT has can
 * be appended to LIST and opened, but for what is sealed singly. */
Secret *vault_pending_key(const VaultWriter *writer);
Source *vault_pending_unlock(VaultWriter *writer, const Waiting *waiting,
                             const Secret *vault_private, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean vault_pending_list(VaultWriter *writer, const char *account, gint64 began, GPtrArray *list,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Those in a mailbox: guint32, ascending, the caller's. */
GArray *vault_pending_uids(VaultWriter *writer, const char *account, const char *mailbox,
                           gint64 began, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Does the message with this UIDL wait, and is it asked for? */
gboolean vault_pending_uidl(VaultWriter *writer, const char *account, const char *uidl,
                            gint64 began, gboolean *waits, gboolean *due,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Outside a message: bytes of one that is fetched again pass by. *found NULL at their end when
 * nothing of ACCOUNT that waits has just these. */
void vault_pending_begin(VaultWriter *writer);
void vault_pending_write(VaultWriter *writer, const guint8 *data, gsize size);
gboolean vault_pending_end(VaultWriter *writer, const char *account, Waiting **found,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* LIST (Waiting *) of ACCOUNT waits no more; or it was tried in vain, just now. DURABLE: waits for
 * the disk. */
gboolean vault_pending_done(VaultWriter *writer, const char *account, const GPtrArray *list,
                            gboolean durable, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean vault_pending_tried(VaultWriter *writer, const char *account, const GPtrArray *list,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* ACCOUNT hands on no more: nothing of it waits. */
gboolean vault_pending_forget(VaultWriter *writer, const char *account,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* How many of ACCOUNT wait, and of how many of them its server says that it has them no more. */
typedef struct {
    guint64 waiting, lost;
} PendingStat;
gboolean vault_pending_count(VaultWriter *writer, const char *account, PendingStat *stat,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean vault_pending_stat(Vault *vault, const Secret *match_key, const char *account,
                            PendingStat *stat, GError **error) G_GNUC_WARN_UNUSED_RESULT;
