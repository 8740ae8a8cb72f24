/* vault-commit — what a batch does on disk; the other half of vault-batch.c. Where messages lie on
 * their servers stands in vault-place.c. */
#pragma once

#include "store/vault-batch.h"

typedef struct {
    BatchMessage *message;
    guint32 n;
    guint at, size; /* in batch->staged */
} StagedChunk;

/* Writes what is staged, as of arriving messages, without waiting for the disk. */
gboolean batch_spill(Batch *batch, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Removes an arriving message. */
gboolean batch_drop_row(Batch *batch, gint64 row, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The message with this identity, as it is stored; row 0 for none. */
typedef struct {
    gint64 row;
    gboolean singly;
    guint8 id[MESSAGE_ID_SIZE];
} StoredMessage;
gboolean vault_find_stored(Vault *vault, const guint8 identity[static MAC_SIZE],
                           StoredMessage *found, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* It becomes one of the batch; *found NULL when there is none. */
gboolean batch_find_stored(Batch *batch, const guint8 identity[static MAC_SIZE],
                           BatchMessage **found, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Removes what BATCH spilled and never stored; 0: what all killed writers left behind. */
gboolean vault_sweep(Vault *vault, gint64 batch, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* --- within a transaction ------------------------------------------------------------------- */

/* The row of the batch itself, made when it is not there yet. */
gboolean batch_add_row(Batch *batch, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/*
 * What other writers, and who puts a copy of a letter there, stored since the batch began: a
 * message that one of them has stored too is known now, and its records are its. 75 "vault.changed"
 * when one that was known is there no more.
 */
gboolean batch_settle(Batch *batch, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* All that batch_store() stores. */
gboolean batch_store_within(Batch *batch, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean vault_drop_chunks(Vault *vault, gint64 row, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* A journal record of the message in ROW. */
gboolean batch_add_record(const Batch *batch, gint64 row, GBytes *record,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;

gboolean batch_store_mailboxes(const Batch *batch, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean batch_store_arrivals(const Batch *batch, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* What the index may know of MESSAGE, when it is sealed singly. */
gboolean batch_store_share(const Batch *batch, BatchMessage *message,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean batch_store_skips(const Batch *batch, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Before ARRIVAL of ACCOUNT is stored: when it hands on and has no such message yet, this one
 * waits. */
gboolean batch_store_pending(const Batch *batch, const BatchArrival *arrival, gint64 account,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* vault-import.c. An arrival that was brought along: is it anything new, and *added as
 * vault_keep() has it. */
gboolean import_is_new(const Batch *batch, const BatchArrival *arrival, gint64 account,
                       gboolean *fresh, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean import_store(const Batch *batch, const BatchArrival *arrival, gint64 account,
                      gboolean *added, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean batch_store_flags(const Batch *batch, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The account's row, made when it is new. */
gboolean vault_account_row(Vault *vault, const guint8 mac[static MAC_SIZE], gint64 *id,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* A mailbox as it is now; id 0 when there is none of this name. */
typedef struct {
    gint64 id;
    guint32 uidvalidity;
} MailboxRow;
gboolean vault_mailbox_row(Vault *vault, const guint8 mac[static MAC_SIZE], MailboxRow *found,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* MESSAGE is ACCOUNT's though it lies on no server of it; *added FALSE when it was already. */
gboolean vault_keep(Vault *vault, gint64 message, gint64 account, gboolean *added,
                    GError **error) G_GNUC_WARN_UNUSED_RESULT;
