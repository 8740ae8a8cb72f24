/*
 * vault-batch — the running batch of a writer: messages, arrivals and server state that are not
 * visible yet. Sealed chunks wait in memory; beyond LIMIT_STAGE_BYTES they go to disk, where
 * their messages count as arriving until the batch is stored.
 */
#pragma once

#include "store/vault-digest.h"
#include "store/vault-names.h"
#include "store/vault-sql.h"

/* A message of the batch. Its key stays until it was read back. */
typedef struct {
    guint8 id[MESSAGE_ID_SIZE];
    guint8 key[KEY_SIZE];
    guint8 identity[MAC_SIZE];
    guint8 chunks_mac[MAC_SIZE]; /* see vault-digest.h */
    gint64 row;                  /* 0 while it is in memory alone */
    gboolean known;              /* held since an earlier batch: id and row alone are set */
    guint32 chunks;
    guint64 bytes;   /* sealed */
    gboolean waits;  /* to be handed on, since this batch */
    gboolean singly; /* sealed so: vault-single.h. Of a new one: */
    GBytes *share;   /* sealed */
    GBytes *single;  /* the wrapped key, once batch_wrap() has run */
} BatchMessage;

/* Of one that was brought along: how it looks, under the name key. */
#define LOOK_SIZE_MAC 8
typedef struct {
    gboolean as_is;
    guint n;
    struct {
        guint8 look[MAC_SIZE], size[LOOK_SIZE_MAC];
    } looks[3];
} BatchImport;

/* What one message was found as. */
typedef struct {
    BatchMessage *message;
    GBytes *record; /* sealed */
    guint8 account_mac[MAC_SIZE];
    guint8 uidl_mac[MAC_SIZE];
    gint64 since; /* when it was fetched, of one with a UIDL */
    gboolean has_uidl;
    BatchImport *import; /* or this; its flags_mac is of UID 0 */
    gboolean hand_on, hand_on_singly;
    guint32 uid; /* else this, in this mailbox, with these flags */
    guint8 mailbox_mac[MAC_SIZE];
    guint8 flags_mac[FLAGS_MAC_SIZE];
} BatchArrival;

/* Flags that changed. */
typedef struct {
    gint64 mailbox, row; /* of the message */
    guint32 uid;
    GBytes *record; /* sealed */
    guint8 flags_mac[FLAGS_MAC_SIZE];
} BatchFlags;

typedef struct {
    guint8 account_mac[MAC_SIZE];
    guint8 name_mac[MAC_SIZE];
    guint32 uidvalidity;
    guint64 modseq;
    GArray *covered; /* UidRange */
} BatchMailbox;

/* A message that stays on its server, or does no more. */
typedef struct {
    guint8 account_mac[MAC_SIZE];
    guint8 mailbox_mac[MAC_SIZE];
    guint32 uid; /* 0: it has a UIDL */
    guint8 uidl_mac[MAC_SIZE];
    guint64 size;
    gint64 since;
    GBytes *record; /* sealed; NULL: no more */
} BatchSkip;

typedef struct {
    Vault *vault;
    Mac *digest;   /* the writer's */
    BatchKey *key; /* NULL until the first message */
    guint8 ephemeral[KEY_SIZE];
    gint64 id;               /* 0 until something of it is on disk */
    gint64 began;            /* monotonic microseconds */
    guint64 changes_before;  /* of all writers: turn_changes() then, */
    gint64 version_before;   /* and whatever others wrote: vault_data_version() */
    gboolean whole;          /* never spilled: it has not the writer's lock */
    guint64 received;        /* bytes of mail */
    guint singles;           /* messages that came to be sealed singly, */
    guint64 shares;          /* and the bytes of their shares */
    GPtrArray *messages;     /* BatchMessage *, new and known */
    GHashTable *by_identity; /* identity -> BatchMessage *, new ones */
    GPtrArray *arrivals;     /* BatchArrival * */
    GPtrArray *flags;        /* BatchFlags * */
    GPtrArray *mailboxes;    /* BatchMailbox * */
    GPtrArray *skips;        /* BatchSkip *, in order */
    GByteArray *staged;      /* sealed chunks, one behind another */
    GArray *chunks;          /* what is in it */
} Batch;

Batch *batch_new(Vault *vault, Mac *digest);
void batch_free(Batch *batch);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Batch, batch_free)

/* Makes the batch key, when this is the batch's first message. */
gboolean batch_begin(Batch *batch, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* A chunk of MESSAGE, which need not be in the batch yet. May write to the disk. */
gboolean batch_stage(Batch *batch, BatchMessage *message, guint32 n, const guint8 *sealed,
                     gsize size, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Forgets what was staged of MESSAGE, on disk too. */
gboolean batch_unstage(Batch *batch, BatchMessage *message,
                       GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The message with these bytes in this batch or in the vault; *found NULL when it is new. */
gboolean batch_find(Batch *batch, const guint8 identity[static MAC_SIZE], BatchMessage **found,
                    GError **error) G_GNUC_WARN_UNUSED_RESULT;

void batch_add(Batch *batch, BatchMessage *message);    /* takes it */
void batch_arrive(Batch *batch, BatchArrival *arrival); /* takes it */
void batch_set_flags(Batch *batch, BatchFlags *flags);  /* takes it; the last one counts */
/* What is to be set for this message, or NULL. */
const BatchFlags *batch_flags(const Batch *batch, gint64 mailbox, guint32 uid);
void batch_set_mailbox(Batch *batch, BatchMailbox *mailbox); /* takes it; the last one counts */
const BatchMailbox *batch_mailbox(const Batch *batch, const guint8 name_mac[static MAC_SIZE]);

gboolean batch_is_empty(const Batch *batch);

/* Wraps the keys of what is sealed singly, to KEYS. Outside a transaction: it takes its time. */
gboolean batch_wrap(Batch *batch, char *const *keys, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Everything in one transaction, durable on return. */
gboolean batch_store(Batch *batch, GError **error) G_GNUC_WARN_UNUSED_RESULT;

void batch_message_free(BatchMessage *message);
void batch_arrival_free(BatchArrival *arrival);
void batch_flags_free(BatchFlags *flags);
void batch_mailbox_free(BatchMailbox *mailbox);
void batch_skip_free(BatchSkip *skip);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(BatchMessage, batch_message_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(BatchArrival, batch_arrival_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(BatchMailbox, batch_mailbox_free)
