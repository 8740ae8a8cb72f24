/* chunk-fixture — sealed messages as a store of chunks. */
#pragma once

#include "core/error.h"
#include "crypto/chunk.h"

extern const guint8 vault_id[VAULT_ID_SIZE], message_id[MESSAGE_ID_SIZE], message_key[KEY_SIZE];

/* A store of chunks: GBytes * by number. */
GPtrArray *new_store(void);
/* A ChunkWriter and a ChunkReader of one. */
gboolean keep(gpointer user, guint32 n, const guint8 *sealed, gsize size, GError **error);
GBytes *fetch(gpointer user, guint32 n, GError **error);

/* Bytes that do not shrink, from a small generator; or, with PLAIN, text that does. */
GBytes *message(gsize size, gboolean plain);
/* Written in pieces of so many bytes. */
GPtrArray *seal(GBytes *bytes, gsize piece);
Source *source_over(GPtrArray *store);
/* The rule that speaks against opening it, or NULL when it opens to EXPECTED (if not NULL). */
const char *opened(GPtrArray *store, GBytes *expected);
void assert_damaged(GPtrArray *store);
