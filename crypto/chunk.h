/* chunk — what sealing and opening of chunks share; the rest of the house uses seal.h. */
#pragma once

#include "core/limits.h"
#include "crypto/seal.h"

/* The end of the padded stream: u64 compressed size, u64 true size, both big-endian. */
#define TRAILER_SIZE 16
/* What a Zstandard frame may ask for as window, as a power of two: 2 MiB. */
#define WINDOW_LOG 21

typedef struct {
    GcmKey *key;
    guint8 ad[1 + VAULT_ID_SIZE + MESSAGE_ID_SIZE];
} ChunkCipher;

/* Ends the process unless WORKED: zstd fails for want of memory alone. */
void chunk_must(gboolean worked);

ChunkCipher chunk_cipher(const guint8 vault_id[static VAULT_ID_SIZE],
                         const guint8 message_id[static MESSAGE_ID_SIZE],
                         const guint8 message_key[static KEY_SIZE]);

/* In place: SIZE bytes at CHUNK, which has room for the tag behind them. */
void chunk_seal(ChunkCipher *cipher, guint32 n, gboolean last, guint8 *chunk, gsize size);
/* SIZE counts the tag, and is no less than it. */
gboolean chunk_open(ChunkCipher *cipher, guint32 n, gboolean last, const guint8 *sealed, gsize size,
                    guint8 *out) G_GNUC_WARN_UNUSED_RESULT;
