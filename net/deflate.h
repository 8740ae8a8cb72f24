/*
 * deflate — both directions of an IMAP connection that is compressed (RFC 4978), by zlib. Pure: no
 * socket. What comes in may swell to no more than LIMIT_INFLATE_RATIO times its size and
 * LIMIT_INFLATE_SLACK beyond that.
 *
 * Errors: 76 "server.protocol" for what is no DEFLATE or ends it; 76 "server.limit" for a bomb.
 */
#pragma once

#include <glib.h>

typedef struct Deflate Deflate;

Deflate *deflate_new(void);
void deflate_free(Deflate *deflate);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Deflate, deflate_free)

/* Appends to OUT what the server must get for DATA, up to its last byte. */
void deflate_pack(Deflate *deflate, const guint8 *data, gsize size, GByteArray *out);

/* Takes bytes of the server's, when deflate_hungry(). They must stay until it is so again. */
void deflate_feed(Deflate *deflate, const guint8 *data, gsize size);

/* Is all that was fed given out? */
gboolean deflate_hungry(const Deflate *deflate);

/* Up to ROOM bytes of what was said into BUFFER: their number, 0 when it is hungry, -1 with *error.
 */
gssize deflate_unpack(Deflate *deflate, guint8 *buffer, gsize room, GError **error);

/* A command or a message begins: its slack is its own. */
void deflate_renew(Deflate *deflate);
