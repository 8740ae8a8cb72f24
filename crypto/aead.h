/*
 * aead — the only door to libcrypto's ciphers: AES-256-GCM, X25519, HKDF-SHA256, HMAC-SHA256,
 * scrypt and random bytes. Every return value of the library is looked at; a failure of the library
 * itself ends the process (there is nothing sensible to do without it). What can fail from
 * data is gcm_key_open(): it returns FALSE and leaves the output wiped.
 */
#pragma once

#include <glib.h>

#include "core/secret.h"

#define KEY_SIZE 32
#define GCM_NONCE 12
#define GCM_TAG 16

void random_bytes(void *out, gsize size);

/* A reusable context for many blocks under one key (the page VFS, chunks). IN and OUT may be the
 * same. */
typedef struct GcmKey GcmKey;
GcmKey *gcm_key_new(const guint8 key[static KEY_SIZE]);
void gcm_key_free(GcmKey *key);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(GcmKey, gcm_key_free)
void gcm_key_seal(GcmKey *key, const guint8 nonce[static GCM_NONCE], const guint8 *ad,
                  gsize ad_size, const guint8 *in, gsize size, guint8 *out,
                  guint8 tag[static GCM_TAG]);
gboolean gcm_key_open(GcmKey *key, const guint8 nonce[static GCM_NONCE], const guint8 *ad,
                      gsize ad_size, const guint8 *in, gsize size, guint8 *out,
                      const guint8 tag[static GCM_TAG]) G_GNUC_WARN_UNUSED_RESULT;

/* One AES-256 block, no mode: for the WAL frame header's sixteen checksum bytes. */
void aes_block(const guint8 key[static KEY_SIZE], gboolean encrypt, const guint8 in[static 16],
               guint8 out[static 16]);

void x25519_generate(guint8 private_key[static KEY_SIZE], guint8 public_key[static KEY_SIZE]);
void x25519_public(const guint8 private_key[static KEY_SIZE], guint8 public_key[static KEY_SIZE]);
/* FALSE for a public key of low order (all-zero result, RFC 7748, 6.1). */
gboolean x25519_agree(const guint8 private_key[static KEY_SIZE],
                      const guint8 public_key[static KEY_SIZE],
                      guint8 shared[static KEY_SIZE]) G_GNUC_WARN_UNUSED_RESULT;

/* INFO says what the derived key is for; it may hold binary parts such as public keys. */
void hkdf_sha256(const guint8 *secret, gsize secret_size, const guint8 *salt, gsize salt_size,
                 const void *info, gsize info_size, guint8 *out, gsize out_size);

/* A key for one PURPOSE ("postern names 1") from another one; KEY_SIZE bytes, the caller's. */
Secret *derive_key(const Secret *from, const char *purpose);

/* RFC 7914, slow on purpose, for what can be guessed. It needs 128 × N × R bytes; N is a power of
 * two. */
void scrypt_hash(const guint8 *secret, gsize secret_size, const guint8 *salt, gsize salt_size,
                 guint64 n, guint32 r, guint32 p, guint8 *out, gsize out_size);

/* For one text after another under the same key: a new one for each takes four times as long as a
 * short text does. */
#define MAC_SIZE 32
typedef struct Mac Mac;
Mac *mac_new(const guint8 *key, gsize key_size);
void mac_update(Mac *mac, const void *data, gsize size);
void mac_finish(Mac *mac, guint8 out[static MAC_SIZE]); /* then it stands at its beginning again */
void mac_reset(Mac *mac); /* likewise, for a text that was broken off */
void mac_free(Mac *mac);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Mac, mac_free)
