/* vault-writer — the writer's own state, shared by the files of its side. */
#pragma once

#include "store/vault-batch.h"
#include "store/vault-names.h"
#include "store/vault-sealing.h"

/* An account and a mailbox, by what they are looked up. */
typedef struct {
    char *account, *mailbox;
    guint8 account_mac[MAC_SIZE], mailbox_mac[MAC_SIZE];
} PlaceName;

struct VaultWriter {
    Vault *vault;
    Vault *own; /* the same, of one that stands beside another; else NULL */
    NameKey *names;
    char **keys;     /* to whom single wraps go, or NULL */
    Mac *digest;     /* for digest_message() */
    PlaceName place; /* of the last call of writer_place() */
    Batch *batch;
    BatchMessage *current; /* between start and finish */
    Sealing *sealing;      /* where its bytes go */
    GQueue endings;        /* Ending *, in order: of what is still in there */
    Mac *identity;         /* of one that is read back */
    Mac *chunks;           /* of its sealed chunks, likewise */
    GPtrArray *committed;  /* BatchMessage * of the last batch, until the next message */
    Vault *fresh;          /* what is read back comes through this; or NULL */
    gboolean broken;       /* a write failed: memory and disk may differ */
};

/* One that has not the writer's lock. What it gets stays in memory, and is stored by
 * batch_store_within() in somebody else's transaction; it is never committed by itself. */
VaultWriter *writer_alone(Vault *vault, const Secret *match_key);
/* All messages that ended are in the batch, and what is sealed singly is wrapped. */
gboolean writer_settle(VaultWriter *writer, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The marks of a mailbox, worked out once for a run of calls; borrowed until the next call. */
const PlaceName *writer_place(VaultWriter *writer, const char *account, const char *mailbox);

/* The row of the message that UIDL stands for, 0 when it is not known. */
gboolean vault_uidl_row(VaultWriter *writer, const char *account, const char *uidl, gint64 *row,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* An arrival for the running batch, without its message and record. */
BatchArrival *batch_arrival_new(VaultWriter *writer, const Arrival *arrival);
/* vault-import.c: of one that was brought along. */
void import_prepare(VaultWriter *writer, const Arrival *arrival, BatchArrival *made);

/* A connection of its own to the writer's database, the writer's: what comes through it comes from
 * the disk. */
Vault *writer_fresh(VaultWriter *writer, GError **error);

/* 74 "vault.write" for a writer that failed before. */
gboolean writer_sound(VaultWriter *writer, GError **error) G_GNUC_WARN_UNUSED_RESULT;
