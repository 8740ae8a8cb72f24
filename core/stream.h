/*
 * stream — the two interfaces that all message data flows through.
 *
 * A Source gives bytes, a Sink takes them. Both are plain structs that an implementation
 * puts first in its own; data is never held whole where it can flow. All functions set
 * *error and return -1 or FALSE on failure; after a failure only freeing is allowed.
 */
#pragma once

#include <glib.h>

typedef struct Source Source;
struct Source {
    /* Up to SIZE bytes into BUFFER; the number read, 0 at the end, -1 on failure. */
    gssize (*read)(Source *self, guint8 *buffer, gsize size, GError **error);
    void (*free)(Source *self);
};

typedef struct Sink Sink;
struct Sink {
    gboolean (*write)(Sink *self, const guint8 *data, gsize size, GError **error);
    /* Everything has been written. Called once; only after it succeeds is the data whole. */
    gboolean (*finish)(Sink *self, GError **error);
    void (*free)(Sink *self);
};

gssize source_read(Source *source, guint8 *buffer, gsize size, GError **error);
void source_free(Source *source);
gboolean sink_write(Sink *sink, const guint8 *data, gsize size, GError **error);
gboolean sink_finish(Sink *sink, GError **error);
void sink_free(Sink *sink);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Source, source_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Sink, sink_free)

/* All of SOURCE on the heap; refuses with 65, "message.size", when more than LIMIT bytes come. */
GBytes *source_drain(Source *source, gsize limit, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Reads BYTES, of which it keeps a reference. */
Source *source_from_bytes(GBytes *bytes);
