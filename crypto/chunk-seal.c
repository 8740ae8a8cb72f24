/* See seal.h: the writing side of chunks. */
#include <string.h>
#include <zstd.h>

#include "core/error.h"
#include "crypto/chunk.h"

/*
 * A message that ends within the head is compressed at once: knowing its size, zstd takes
 * smaller tables, which is faster, and packs better. Nearly all mail is shorter than this.
 */
#define HEAD_SIZE (128 * 1024)
#define LEVEL 1

/* Of a longer message; what readers allow would cost each connection two megabytes more. */
#define FLOW_WINDOW_LOG 19

typedef struct {
    Sink sink;
    guint8 vault_id[VAULT_ID_SIZE];
    ChunkCipher cipher;
    ChunkWriter writer;
    gpointer user;
    ZSTD_CCtx *compressor;
    guint32 n;    /* number of the chunk being filled */
    gsize filled; /* bytes in it */
    gsize head_size;
    gboolean flowing; /* the head went to the compressor, and more follows */
    guint64 true_size, compressed_size;
    guint8 chunk[LIMIT_CHUNK + GCM_TAG];
    guint8 head[HEAD_SIZE];
} SealSink;

static gboolean emit(SealSink *self, gboolean last, GError **error)
{
    gsize size = self->filled;
    chunk_seal(&self->cipher, self->n, last, self->chunk, size);
    self->filled = 0;
    return self->writer(self->user, self->n++, self->chunk, size + GCM_TAG, error);
}

/* A full chunk stays until another byte comes, because only then it is not the last. */
static gboolean room(SealSink *self, GError **error)
{
    return self->filled < LIMIT_CHUNK || emit(self, FALSE, error);
}

static gboolean compress(SealSink *self, const guint8 *data, gsize size, gboolean end,
                         GError **error)
{
    ZSTD_inBuffer in = {.src = data, .size = size};
    ZSTD_EndDirective mode = end ? ZSTD_e_end : ZSTD_e_continue;
    for (gsize left = 1; end ? left > 0 : in.pos < in.size;) {
        if (!room(self, error))
            return FALSE;
        ZSTD_outBuffer out = {.dst = self->chunk, .size = LIMIT_CHUNK, .pos = self->filled};
        left = ZSTD_compressStream2(self->compressor, &out, &in, mode);
        chunk_must(!ZSTD_isError(left));
        self->compressed_size += out.pos - self->filled;
        self->filled = out.pos;
    }
    return TRUE;
}

static gboolean flow(SealSink *self, GError **error)
{
    gboolean fine = compress(self, self->head, self->head_size, FALSE, error);
    secret_wipe(self->head, self->head_size);
    self->head_size = 0;
    self->flowing = TRUE;
    return fine;
}

static gboolean seal_write(Sink *sink, const guint8 *data, gsize size, GError **error)
{
    SealSink *self = (SealSink *)sink;
    if (size > LIMIT_MESSAGE_BYTES - self->true_size)
        return refuse(error, POSTERN_ERROR_INPUT, "message.size",
                      "read it where it lies, it stays on the server",
                      "the message is larger than %" G_GUINT64_FORMAT " bytes",
                      LIMIT_MESSAGE_BYTES);
    self->true_size += size;
    if (!self->flowing && size <= HEAD_SIZE - self->head_size) {
        if (size > 0)
            memcpy(self->head + self->head_size, data, size);
        self->head_size += size;
        return TRUE;
    }
    /* LCOV_EXCL_BR_START: today's zstd takes the head at one go, so that nothing is written yet. */
    if (!self->flowing && !flow(self, error))
        return FALSE;
    /* LCOV_EXCL_BR_STOP */
    return compress(self, data, size, FALSE, error);
}

static gboolean pad(SealSink *self, guint64 zeros, GError **error)
{
    while (zeros > 0) {
        if (!room(self, error))
            return FALSE;
        gsize now = (gsize)MIN(zeros, LIMIT_CHUNK - self->filled);
        memset(self->chunk + self->filled, 0, now);
        self->filled += now;
        zeros -= now;
    }
    return TRUE;
}

/* The trailer never straddles two chunks: above one chunk, Padmé's sizes are whole kilobytes. */
static void put_trailer(SealSink *self)
{
    guint64 sizes[2] = {GUINT64_TO_BE(self->compressed_size), GUINT64_TO_BE(self->true_size)};
    G_STATIC_ASSERT(sizeof sizes == TRAILER_SIZE);
    memcpy(self->chunk + self->filled, sizes, sizeof sizes);
    self->filled += sizeof sizes;
}

static gboolean seal_finish(Sink *sink, GError **error)
{
    SealSink *self = (SealSink *)sink;
    if (!compress(self, self->head, self->head_size, TRUE, error))
        return FALSE;
    guint64 total = padme(self->compressed_size + TRAILER_SIZE);
    if (!pad(self, total - TRAILER_SIZE - self->compressed_size, error))
        return FALSE;
    put_trailer(self);
    return emit(self, TRUE, error);
}

static void forget(SealSink *self)
{
    gcm_key_free(self->cipher.key);
    secret_wipe(self->head, self->head_size);
    secret_wipe(self->chunk, self->filled);
    ZSTD_CCtx_reset(self->compressor, ZSTD_reset_session_only);
}

static void seal_free(Sink *sink)
{
    SealSink *self = (SealSink *)sink;
    forget(self);
    ZSTD_freeCCtx(self->compressor);
    g_free(self);
}

static void begin(SealSink *self, const guint8 message_id[static MESSAGE_ID_SIZE],
                  const guint8 message_key[static KEY_SIZE])
{
    self->cipher = chunk_cipher(self->vault_id, message_id, message_key);
    self->n = 0;
    self->filled = self->head_size = 0;
    self->flowing = FALSE;
    self->true_size = self->compressed_size = 0;
}

Sink *seal_sink(const guint8 vault_id[static VAULT_ID_SIZE],
                const guint8 message_id[static MESSAGE_ID_SIZE],
                const guint8 message_key[static KEY_SIZE], ChunkWriter writer, gpointer user)
{
    SealSink *self = g_malloc(sizeof *self);
    self->sink = (Sink){.write = seal_write, .finish = seal_finish, .free = seal_free};
    memcpy(self->vault_id, vault_id, VAULT_ID_SIZE);
    self->writer = writer;
    self->user = user;
    self->compressor = ZSTD_createCCtx();
    chunk_must(self->compressor != NULL);
    ZSTD_CCtx_setParameter(self->compressor, ZSTD_c_compressionLevel, LEVEL);
    ZSTD_CCtx_setParameter(self->compressor, ZSTD_c_windowLog, FLOW_WINDOW_LOG);
    begin(self, message_id, message_key);
    return &self->sink;
}

void seal_sink_again(Sink *sink, const guint8 message_id[static MESSAGE_ID_SIZE],
                     const guint8 message_key[static KEY_SIZE])
{
    SealSink *self = (SealSink *)sink;
    forget(self);
    begin(self, message_id, message_key);
}
