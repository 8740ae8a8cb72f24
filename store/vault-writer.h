/* vault-writer — the writer's own state, shared by vault-writer.c and vault-state.c. */
#pragma once

#include "store/vault-batch.h"
#include "store/vault-names.h"

struct VaultWriter {
    Vault *vault;
    int lock; /* descriptor of DIR/lock, or -1 */
    Secret *match_key;
    NameKey *names;
    Batch *batch;
    BatchMessage *current; /* between start and finish */
    Mac *identity;         /* of it */
    Sink *sink;            /* one for all messages */
    GPtrArray *committed;  /* BatchMessage * of the last batch, until the next message */
    gboolean broken;       /* a write failed: memory and disk may differ */
};

/* 74 "vault.write" for a writer that failed before. */
gboolean writer_sound(VaultWriter *writer, GError **error) G_GNUC_WARN_UNUSED_RESULT;
