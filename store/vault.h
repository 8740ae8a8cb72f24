/*
 * vault — the sealed store: messages, server state and the journal, written by a process that
 * holds public keys only. No SQLite type shows here, so that another engine can stand behind
 * the same functions. The database's layout is written down in doc/vault-format.md.
 *
 * All that becomes visible becomes visible with a batch: its messages, its journal records and
 * its server state commit in one transaction (P6). No transaction is open between two calls.
 * Errors: 73 "vault.create", 74 "vault.read", "vault.write", "vault.damage", "vault.version"; 75
 * "vault.busy" when another process holds the writer's lock; 65 "message.id" for an unknown id.
 */
#pragma once

#include "core/secret.h"
#include "core/stream.h"
#include "crypto/seal.h"

typedef struct Vault Vault;

/* Makes DIR/vault.db. A copy of MATCH_KEY lies in it, sealed to VAULT_PUBLIC. */
gboolean vault_create(const char *dir, const guint8 vault_id[static VAULT_ID_SIZE],
                      const guint8 vault_public[static KEY_SIZE], GBytes *wrapped_private,
                      const Secret *match_key, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean vault_exists(const char *dir);
Vault *vault_open(const char *dir, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void vault_close(Vault *vault);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Vault, vault_close)

const guint8 *vault_id(const Vault *vault);         /* VAULT_ID_SIZE bytes */
const guint8 *vault_public_key(const Vault *vault); /* KEY_SIZE bytes */
GBytes *vault_wrapped_private(const Vault *vault);  /* OpenPGP message; borrowed */

/* Login secrets sealed by OpenPGP, by account name, which MATCH_KEY hides. NULL without *error:
 * there is none. */
gboolean vault_put_secret(Vault *vault, const Secret *match_key, const char *account,
                          GBytes *sealed, GError **error) G_GNUC_WARN_UNUSED_RESULT;
GBytes *vault_get_secret(Vault *vault, const Secret *match_key, const char *account,
                         GError **error);

/* --- writing ------------------------------------------------------------------------------ */

/* The writer's side. One at a time over all processes (a kernel lock on DIR/lock): 75
 * "vault.busy". MATCH_KEY is the HMAC key of identities and names. Leftovers of a killed
 * writer are swept here. */
typedef struct VaultWriter VaultWriter;
VaultWriter *vault_writer_new(Vault *vault, const Secret *match_key,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Another one for another thread of this process, which outlives FIRST no longer than it likes.
 * What both get is stored once. */
VaultWriter *vault_writer_beside(const VaultWriter *first, const Secret *match_key,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* FALSE after a write that failed: no other will work. */
gboolean vault_writer_sound(const VaultWriter *writer);
void vault_writer_free(VaultWriter *writer); /* what was not committed is gone */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VaultWriter, vault_writer_free)

/* A set of UIDs as ascending, disjoint, non-adjacent ranges, both ends included. */
typedef struct {
    guint32 first, last;
} UidRange;

/* Where a message was found. Exactly one of uid, uidl and imported is set. */
typedef struct {
    const char *account;
    const char *mailbox; /* UTF-8 for display and look-up; "INBOX" for POP3 */
    guint32 uid;
    const char *uidl;
    const struct Imported *imported;  /* vault-import.h */
    gint64 internaldate;              /* seconds since 1970; POP3: the time of fetch */
    GStrv flags;                      /* server flags and keywords, or NULL */
    gboolean hand_on, hand_on_singly; /* whether it waits: vault-pending.h */
} Arrival;

/* One message: start, write any number of times, finish or abort. */
gboolean vault_message_start(VaultWriter *writer, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean vault_message_write(VaultWriter *writer, const guint8 *data, gsize size,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* A message whose bytes the vault already holds is stored once; only the arrival is added. */
gboolean vault_message_finish(VaultWriter *writer, const Arrival *arrival,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;
void vault_message_abort(VaultWriter *writer);

/* TRUE when the running batch has reached one of its limits (messages, bytes, time). */
gboolean vault_batch_due(const VaultWriter *writer);

/* Makes the running batch durable and visible; the next call starts a new one with a fresh
 * key. *stored and *known (may be NULL) get the numbers of new and of already held messages. */
gboolean vault_commit(VaultWriter *writer, guint *stored, guint *known,
                      GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* --- reading ------------------------------------------------------------------------------ */

typedef struct {
    guint64 messages, bytes; /* stored messages; sealed bytes */
} VaultStat;
gboolean vault_stat(Vault *vault, VaultStat *stat, GError **error) G_GNUC_WARN_UNUSED_RESULT;

typedef struct {
    gint64 last_sync;  /* seconds since 1970, 0: never */
    int outcome;       /* exit code of the last run */
    guint64 messages;  /* here, counted once for each mailbox they lie in */
    guint64 unindexed; /* of them, what arrived since the index was last complete */
} AccountStat;
/* Looks ACCOUNT up by HMAC under MATCH_KEY. */
gboolean vault_account_stat(Vault *vault, const Secret *match_key, const char *account,
                            AccountStat *stat, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The index is complete up to SEQUENCE: what `status` tells while the index is locked. */
gboolean vault_note_indexed(Vault *vault, gint64 sequence,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;

typedef enum {
    JOURNAL_ARRIVAL = 1, /* all of `arrival` */
    JOURNAL_FLAGS = 2,   /* account, mailbox, UID, and all the flags that it has now */
    JOURNAL_GONE = 3,    /* account, mailbox, UID: it is not there any more */
    JOURNAL_ONLY = 4,    /* account; its mailboxes that still have it stand in place of flags */
    JOURNAL_TAGS = 5,    /* changes of own tags stand in place of flags: see vault-tags.h */
    JOURNAL_IMPORT = 6,  /* account, mailbox, time, flags: was brought along from files */
} JournalKind;

/* One journal record, of message ROW (dense, ascending, never reused). */
typedef struct {
    gint64 sequence;
    gint64 row;
    JournalKind kind;
    char id[17];       /* base32 of the message id */
    gboolean disowned; /* found damaged, */
    gboolean replaced; /* and its bytes have been stored anew since */
    gboolean singly;   /* sealed singly: vault-single.h */
    gboolean removed;  /* gone with `gone = remove`: there are no bytes any more */
    Arrival arrival;   /* strings valid during the callback */
} JournalRecord;
typedef gboolean (*JournalReader)(gpointer user, const JournalRecord *record, GError **error);

/* Calls READER for each record after SEQUENCE, in order; stops at its first FALSE. */
gboolean vault_replay(Vault *vault, const Secret *vault_private, gint64 after, JournalReader reader,
                      gpointer user, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean vault_journal_end(Vault *vault, gint64 *last, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Is the message in ROW the one with this id (base32)? */
gboolean vault_has_message(Vault *vault, gint64 row, const char *id, gboolean *has,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The message with this id (base32), as a stream of its exact bytes. Of one that is sealed singly
 * gpg asks for the private key, each time: 75 "key.locked", 78 "key.missing". */
Source *vault_message(Vault *vault, const Secret *vault_private, const char *id,
                      GError **error) G_GNUC_WARN_UNUSED_RESULT;
