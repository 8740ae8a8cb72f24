/*
 * sealedpage — how one page or WAL frame looks on disk, apart from how SQLite asks for it.
 * Three keys come from the database's own: for pages, for the pages in the WAL, and for the
 * frame headers. The bytes are written down in doc/vault-format.md.
 */
#pragma once

#include "crypto/aead.h"

#define SEALED_RESERVE 32 /* bytes at the end of each page: 12 nonce, 16 tag, 4 zero */
#define SEALED_PAGE 8192

#define WAL_HEADER 32
#define FRAME_HEADER 24
#define FRAME_SIZE (FRAME_HEADER + SEALED_PAGE)

typedef enum { SEALED_MAIN, SEALED_WAL } SealedPlace;

/* Counted by reference: the WAL's file shares them with its database's. */
typedef struct SealedKeys SealedKeys;
SealedKeys *sealed_keys_new(const guint8 key[static KEY_SIZE]);
SealedKeys *sealed_keys_ref(SealedKeys *keys);
void sealed_keys_unref(SealedKeys *keys);

/* Seals IN, whose reserved bytes must be zero (else FALSE), as page NUMBER at OFFSET of its file.
 */
gboolean sealed_page_seal(SealedKeys *keys, SealedPlace place, guint32 number, guint64 offset,
                          const guint8 in[static SEALED_PAGE],
                          guint8 out[static SEALED_PAGE]) G_GNUC_WARN_UNUSED_RESULT;
/* The way back; IN and OUT may be the same. FALSE, and OUT wiped, when it is not authentic. */
gboolean sealed_page_open(SealedKeys *keys, SealedPlace place, guint32 number, guint64 offset,
                          const guint8 in[static SEALED_PAGE],
                          guint8 out[static SEALED_PAGE]) G_GNUC_WARN_UNUSED_RESULT;

/* The frame header: page number and commit mark stay, salts and checksum are enciphered. */
void sealed_header(const SealedKeys *keys, gboolean seal, const guint8 in[static FRAME_HEADER],
                   guint8 out[static FRAME_HEADER]);
