/*
 * seal — how a message becomes sealed chunks, and how keys wrap keys. Needs public keys only.
 * The format is written down to the byte in doc/vault-format.md.
 *
 *   vault key pair (X25519) <- batch key (ephemeral X25519, HKDF) <- message key (32 random
 *   bytes) <- chunks (zstd, padded by Padmé, AES-256-GCM in the STREAM construction)
 */
#pragma once

#include "core/secret.h"
#include "core/stream.h"
#include "crypto/aead.h"

#define VAULT_ID_SIZE 16
#define MESSAGE_ID_SIZE 10
#define SEAL_FORMAT 1

/* A batch key: derived from a fresh ephemeral key, already wiped on return, and the vault's
 * public key. NULL with 74, "vault.key", when VAULT_PUBLIC is no usable key. */
typedef struct BatchKey BatchKey;
BatchKey *batch_key_new(const guint8 vault_id[static VAULT_ID_SIZE],
                        const guint8 vault_public[static KEY_SIZE],
                        guint8 ephemeral_public[static KEY_SIZE], GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
/* The same key again, on the reading side; NULL with 74, "vault.batch", for a bad ephemeral. */
BatchKey *batch_key_open(const guint8 vault_id[static VAULT_ID_SIZE], const Secret *vault_private,
                         const guint8 ephemeral_public[static KEY_SIZE], GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
void batch_key_free(BatchKey *key);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(BatchKey, batch_key_free)

/* Small records (names, journal) under the batch key: algorithm id, nonce, ciphertext, tag. The
 * size is padded, so that a folder's name does not show by its length. CONTEXT is the
 * associated data beyond the vault id, e.g. "journal". */
GBytes *record_seal(const BatchKey *key, const char *context, const void *data, gsize size);
/* 74, "vault.record", when it does not open. */
GBytes *record_open(const BatchKey *key, const char *context, const guint8 *sealed, gsize size,
                    GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The message key, wrapped: 1 byte algorithm id, 12 nonce, 32 + 16. */
#define WRAP_SIZE (1 + GCM_NONCE + KEY_SIZE + GCM_TAG)
#define WRAP_BATCH 1   /* under the batch key */
#define WRAP_OPENPGP 2 /* singly, by OpenPGP: id byte, then the OpenPGP message */
void key_wrap(const BatchKey *key, const guint8 message_id[static MESSAGE_ID_SIZE],
              const guint8 message_key[static KEY_SIZE], guint8 wrapped[static WRAP_SIZE]);
/* For WRAP_BATCH. 74, "vault.wrap", when it does not open; MESSAGE_KEY is zeros then. */
gboolean key_unwrap(const BatchKey *key, const guint8 message_id[static MESSAGE_ID_SIZE],
                    const guint8 *wrapped, gsize size, guint8 message_key[static KEY_SIZE],
                    GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Where sealed chunks go: called in order, N from 0; SIZE at most LIMIT_CHUNK + GCM_TAG. */
typedef gboolean (*ChunkWriter)(gpointer user, guint32 n, const guint8 *sealed, gsize size,
                                GError **error);
/* Where they come from: NULL with *error on failure or when there is no such chunk. */
typedef GBytes *(*ChunkReader)(gpointer user, guint32 n, GError **error);

/* Compresses, pads and seals what is written; the last chunk leaves with sink_finish(). More
 * than LIMIT_MESSAGE_BYTES is refused with 65, "message.size". */
Sink *seal_sink(const guint8 vault_id[static VAULT_ID_SIZE],
                const guint8 message_id[static MESSAGE_ID_SIZE],
                const guint8 message_key[static KEY_SIZE], ChunkWriter writer, gpointer user);
/* Turns SINK, whatever became of its message, to the next message of the same vault and writer:
 * a short message costs half when the compressor is not made anew. */
void seal_sink_again(Sink *sink, const guint8 message_id[static MESSAGE_ID_SIZE],
                     const guint8 message_key[static KEY_SIZE]);

/*
 * The way back. The last chunk is read first: it alone says how large the whole is. So from
 * the first byte on the number of chunks and the sizes are proven, each byte that is returned
 * is authentic and in its place, and nothing beyond the authenticated size is ever returned.
 * The last byte comes only after everything that follows it (end of the compressed frame,
 * padding) was checked too; a reader that must act on the whole waits for it. Truncation,
 * reordering, foreign and trailing chunks, and lies of whoever sealed it, fail with 74,
 * "vault.damage". CHUNKS is how many the store holds.
 */
Source *open_source(const guint8 vault_id[static VAULT_ID_SIZE],
                    const guint8 message_id[static MESSAGE_ID_SIZE],
                    const guint8 message_key[static KEY_SIZE], guint32 chunks, ChunkReader reader,
                    gpointer user);

/* Padmé: the smallest size >= SIZE that leaks O(log log SIZE) bits (Nikitin et al., 2019). */
guint64 padme(guint64 size);
