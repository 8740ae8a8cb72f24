/*
 * sealedvfs — an SQLite VFS that seals every page and WAL frame it writes (AES-256-GCM, fresh
 * random nonce and tag in the page's reserved bytes). SQLite sees the reserved bytes as zero.
 * Default-deny: file kinds, offsets and sizes it does not know are refused with an I/O error;
 * rollback journals and temporary files are such kinds, and do not arise.
 *
 * What it hides and what not stands in SECURITY.md and doc/vault-format.md. One thing asks for
 * the caller's help: the -shm file holds SQLite's running checksum of the plaintext written to
 * the WAL. A caller that writes 16 fresh random bytes somewhere in each transaction makes that
 * number confirm nothing.
 */
#pragma once

#include <sqlite3.h>

#include "crypto/aead.h"
#include "store/sealedpage.h"

/*
 * Opens (and makes, when CREATE and there is no file) the sealed database at PATH: WAL,
 * synchronous NORMAL, temp_store MEMORY, no mmap, no secure_delete. The connection is for one
 * thread at a time. 74 "index.damage" for a wrong key, a damaged first page or an empty file,
 * which are never overwritten; 74 "index.read", "index.write"; 75 "index.busy".
 */
sqlite3 *sealed_open(const char *path, const guint8 key[static KEY_SIZE], gboolean create,
                     GError **error) G_GNUC_WARN_UNUSED_RESULT;

/*
 * A sealed database for as long as the connection lives, in a file of DIR that has no name: what
 * becomes too large for memory lies there, under a key that nobody else has, and goes with the
 * process however that ends. Errors as sealed_open().
 */
sqlite3 *sealed_aside(const char *dir, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/*
 * Opens every page of the file, also those that no query would ask for, after bringing all of the
 * log into it; others who want to write wait meanwhile. *pages is how many the file has, DAMAGED
 * (of guint32) gets the numbers of those that are not authentic or cannot be read. An SQLite
 * code; on failure sqlite3_extended_errcode() of DB tells the same.
 */
int sealed_scan(sqlite3 *db, guint32 *pages, GArray *damaged) G_GNUC_WARN_UNUSED_RESULT;

/*
 * The VFS alone, for sealedopen.c: sqlite3_open_v2() on PATH through it. The key is handed over
 * beside SQLite, so that it stands in no file name.
 */
int sealed_vfs_open(const char *path, const guint8 key[static KEY_SIZE],
                    sqlite3 **db) G_GNUC_WARN_UNUSED_RESULT;
