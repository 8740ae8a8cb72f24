/*
 * sealedvfs — an SQLite VFS that seals every page and WAL frame it writes (AES-256-GCM, fresh
 * random nonce and tag in the page's reserved bytes). SQLite sees the reserved bytes as zero.
 * Default-deny: file kinds, offsets and sizes it does not know are refused with an I/O error.
 * What it protects and what not stands in SECURITY.md.
 */
#pragma once

#include <sqlite3.h>

#include "crypto/aead.h"

#define SEALED_RESERVE 32 /* bytes at the end of each page: 12 nonce, 16 tag, 4 zero */
#define SEALED_PAGE 8192

/*
 * Opens (and makes, when CREATE) the sealed database at PATH: WAL, temp_store MEMORY, no mmap.
 * A wrong key or a damaged first page is 74 "index.damage", never an empty database.
 */
sqlite3 *sealed_open(const char *path, const guint8 key[static KEY_SIZE], gboolean create,
                     GError **error) G_GNUC_WARN_UNUSED_RESULT;
