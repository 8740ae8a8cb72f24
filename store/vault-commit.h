/* vault-commit — what a batch does on disk; the other half of vault-batch.c. */
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
gboolean batch_find_stored(Batch *batch, const guint8 identity[static MAC_SIZE],
                           BatchMessage **found, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Removes what killed writers left behind. */
gboolean vault_sweep(Vault *vault, GError **error) G_GNUC_WARN_UNUSED_RESULT;
