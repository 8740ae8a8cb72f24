/*
 * session — the session keys of OpenPGP messages that were opened once (RFC 9580, 2.1): with one,
 * its message opens again without the private key. Each is bound to the very bytes it opens.
 *
 * A set of them belongs to one letter, which may hold several messages. Parsed with suspicion.
 */
#pragma once

#include <glib.h>

#include "core/secret.h"

typedef struct SessionKeys SessionKeys;

/* A set with nothing in it. */
SessionKeys *session_keys_new(void);
void session_keys_free(SessionKeys *keys);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SessionKeys, session_keys_free)

/* The key that opens MESSAGE, as pgp_outline_encrypted() gives it: text with a zero byte behind it.
 * NULL when it is not known. The set's. */
const Secret *session_keys_find(const SessionKeys *keys, GBytes *message);
gboolean session_keys_any(const SessionKeys *keys);

/* KEY, as gpg tells it ("9:" and hexadecimal), opened MESSAGE. Passed over when it is none, or when
 * there are LIMIT_KEPT_KEYS. */
void session_keys_add(SessionKeys *keys, GBytes *message, const char *key);
/* Was one added since the set was made or read? */
gboolean session_keys_grew(const SessionKeys *keys);

/* The set as bytes: for each a SHA-256 of the message and the key, a u32 length and the bytes. */
Secret *session_keys_pack(const SessionKeys *keys);
/* The way back; NULL for bytes that are no set. */
SessionKeys *session_keys_read(const guint8 *bytes, gsize size);
