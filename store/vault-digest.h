/*
 * vault-digest — is what lies on the disk what was sealed? A digest under a key derived from the
 * match key, over all that is needed to open a message again: its sealed chunks, its wrapped key
 * and its batch's public key. So the unattended side, which holds no private key, can tell (P6).
 */
#pragma once

#include "core/secret.h"
#include "crypto/seal.h"

/* For one message after another; the caller's. */
Mac *digest_new(const Secret *match_key);

/* The chunks, in order, from digest_begin() to mac_finish(). */
void digest_begin(Mac *mac);
void digest_chunk(Mac *mac, const guint8 *sealed, gsize size);

/* CHUNKS: what mac_finish() gave; WRAPPED: SIZE bytes. MAC is another than one that is begun. */
void digest_message(Mac *mac, const guint8 chunks[static MAC_SIZE],
                    const guint8 id[static MESSAGE_ID_SIZE],
                    const guint8 ephemeral[static KEY_SIZE], const guint8 *wrapped, gsize size,
                    guint8 digest[static MAC_SIZE]);
