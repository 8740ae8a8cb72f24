/* vault-read — one stored message's chunks, and as a stream; shared with vault-readback.c. */
#pragma once

#include "store/vault-sql.h"

/* Chunk N of the message in ROW; 74 "vault.damage" when it is not there. */
GBytes *vault_chunk(Vault *vault, gint64 row, guint32 n, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Opening one takes longer than opening a short message, and readers come batch by batch: it is the
 * vault's until the next call. */
const BatchKey *vault_batch_key(Vault *vault, const Secret *vault_private, gint64 batch,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Reads through VAULT, which must outlive it. NULL on failure. */
Source *vault_chunks(Vault *vault, gint64 row, const guint8 id[static MESSAGE_ID_SIZE],
                     const guint8 key[static KEY_SIZE], guint32 chunks) G_GNUC_WARN_UNUSED_RESULT;
