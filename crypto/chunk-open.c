/* See seal.h: the reading side of chunks. */
#include <string.h>
#include <zstd.h>

#include "core/cursor.h"
#include "core/error.h"
#include "crypto/chunk.h"

typedef struct {
    Source source;
    ChunkCipher cipher;
    ChunkReader reader;
    gpointer user;
    guint32 chunks;
    ZSTD_DCtx *decompressor;
    gboolean started, ended;
    guint64 true_size, returned;
    guint64 compressed_size, consumed; /* of the compressed frame */
    guint32 n;                         /* chunk in `chunk`; the last one is in `last` */
    gsize at;                          /* next byte of it */
    gsize last_size;
    guint8 last[LIMIT_CHUNK];
    guint8 chunk[LIMIT_CHUNK];
} OpenSource;

static gboolean damage(GError **error, const char *what)
{
    return refuse(error, POSTERN_ERROR_STORE, "vault.damage",
                  "run 'postern verify'; fetch the message again if the server still has it",
                  "a sealed message is damaged: %s", what);
}

static gboolean load(OpenSource *self, guint32 n, guint8 *out, gsize *size, GError **error)
{
    gboolean last = n == self->chunks - 1;
    g_autoptr(GBytes) sealed = self->reader(self->user, n, error);
    if (sealed == NULL)
        return FALSE;
    gsize sealed_size;
    const guint8 *bytes = g_bytes_get_data(sealed, &sealed_size);
    if (sealed_size > LIMIT_CHUNK + GCM_TAG || sealed_size < TRAILER_SIZE + GCM_TAG ||
        (!last && sealed_size != LIMIT_CHUNK + GCM_TAG))
        return damage(error, "a chunk has the wrong size");
    if (!chunk_open(&self->cipher, n, last, bytes, sealed_size, out))
        return damage(error, "a chunk is not authentic, or not in its place");
    *size = sealed_size - GCM_TAG;
    return TRUE;
}

/* The last chunk first: it says how much there is. */
static gboolean start(OpenSource *self, GError **error)
{
    if (self->chunks == 0)
        return damage(error, "it has no chunks");
    if (!load(self, self->chunks - 1, self->last, &self->last_size, error))
        return FALSE;
    Cursor trailer = cursor_over(self->last + self->last_size - TRAILER_SIZE, TRAILER_SIZE);
    self->compressed_size = cursor_u64(&trailer);
    self->true_size = cursor_u64(&trailer);
    guint64 total = (guint64)(self->chunks - 1) * LIMIT_CHUNK + self->last_size;
    if (self->true_size > LIMIT_MESSAGE_BYTES || self->compressed_size > total - TRAILER_SIZE ||
        total != padme(self->compressed_size + TRAILER_SIZE))
        return damage(error, "its sizes contradict each other");
    self->started = TRUE;
    gsize size;
    return self->chunks == 1 || load(self, 0, self->chunk, &size, error);
}

static const guint8 *here(OpenSource *self, gsize *left)
{
    gboolean last = self->n == self->chunks - 1;
    *left = (last ? self->last_size : LIMIT_CHUNK) - self->at;
    return (last ? self->last : self->chunk) + self->at;
}

/* Goes on by COUNT bytes that are in the chunk at hand, and to the next chunk at its end. */
static gboolean advance(OpenSource *self, gsize count, GError **error)
{
    gsize left, size;
    here(self, &left);
    self->at += count;
    if (count < left) /* as always in the last one, where the trailer is left */
        return TRUE;
    self->n++;
    self->at = 0;
    return self->n == self->chunks - 1 || load(self, self->n, self->chunk, &size, error);
}

/* zstd would also take skippable frames and, in some builds, formats of long ago. */
static gboolean check_magic(OpenSource *self, GError **error)
{
    static const guint8 magic[] = {0x28, 0xb5, 0x2f, 0xfd};
    gsize left;
    const guint8 *bytes = here(self, &left);
    if (self->compressed_size >= sizeof magic && memcmp(bytes, magic, sizeof magic) == 0)
        return TRUE;
    return damage(error, "it is no Zstandard frame");
}

/* One step of the decompressor into BUFFER; *got bytes came, *whole says that the frame ended. */
static gboolean step(OpenSource *self, guint8 *buffer, gsize size, gsize *got, gboolean *whole,
                     GError **error)
{
    gsize left;
    const guint8 *bytes = here(self, &left);
    ZSTD_inBuffer in = {.src = bytes,
                        .size = (gsize)MIN(left, self->compressed_size - self->consumed)};
    /* zstd asks for no window, however large, where there is room for all that a frame says it
     * holds. */
    ZSTD_outBuffer out = {.dst = buffer, .size = MIN(size, (gsize)1 << WINDOW_LOG)};
    gsize hint = ZSTD_decompressStream(self->decompressor, &out, &in);
    if (ZSTD_isError(hint))
        return damage(error, ZSTD_getErrorName(hint));
    if (in.pos == 0 && out.pos == 0)
        return damage(error, "its compressed text ends too early");
    self->consumed += in.pos;
    *got = out.pos;
    *whole = hint == 0;
    return advance(self, in.pos, error);
}

static gboolean check_padding(OpenSource *self, GError **error)
{
    guint64 zeros = (guint64)(self->chunks - 1) * LIMIT_CHUNK + self->last_size - TRAILER_SIZE -
                    self->compressed_size;
    while (zeros > 0) {
        gsize left;
        const guint8 *bytes = here(self, &left);
        gsize now = (gsize)MIN(left, zeros);
        for (gsize i = 0; i < now; i++)
            if (bytes[i] != 0)
                return damage(error, "its padding is not empty");
        zeros -= now;
        if (!advance(self, now, error))
            return FALSE;
    }
    return TRUE;
}

/* All bytes are out: the frame must end here, and nothing but padding may follow. */
static gboolean finish(OpenSource *self, gboolean whole, GError **error)
{
    guint8 beyond[1];
    gsize got = 0;
    while (!whole && got == 0)
        if (!step(self, beyond, sizeof beyond, &got, &whole, error))
            return FALSE;
    if (got > 0)
        return damage(error, "it holds more than it says");
    if (self->consumed != self->compressed_size)
        return damage(error, "something follows its compressed text");
    self->ended = TRUE;
    return check_padding(self, error);
}

static gboolean fill(OpenSource *self, guint8 *buffer, gsize size, gsize *filled, GError **error)
{
    gsize want = (gsize)MIN(size, self->true_size - self->returned);
    gboolean whole = FALSE;
    *filled = 0;
    while (*filled < want && !whole) {
        gsize got;
        if (!step(self, buffer + *filled, want - *filled, &got, &whole, error))
            return FALSE;
        *filled += got;
    }
    self->returned += *filled;
    if (self->returned == self->true_size)
        return finish(self, whole, error);
    if (whole)
        return damage(error, "it holds less than it says");
    return TRUE;
}

static gssize open_read(Source *source, guint8 *buffer, gsize size, GError **error)
{
    OpenSource *self = (OpenSource *)source;
    gsize filled;
    if (!self->started && !(start(self, error) && check_magic(self, error)))
        return -1;
    if (self->ended || size == 0)
        return 0;
    if (fill(self, buffer, MIN(size, G_MAXSSIZE), &filled, error))
        return (gssize)filled;
    secret_wipe(buffer, size);
    return -1;
}

static void open_free(Source *source)
{
    OpenSource *self = (OpenSource *)source;
    gcm_key_free(self->cipher.key);
    ZSTD_freeDCtx(self->decompressor);
    secret_wipe(self->last, self->last_size);
    if (self->chunks > 1)
        secret_wipe(self->chunk, sizeof self->chunk);
    g_free(self);
}

Source *open_source(const guint8 vault_id[static VAULT_ID_SIZE],
                    const guint8 message_id[static MESSAGE_ID_SIZE],
                    const guint8 message_key[static KEY_SIZE], guint32 chunks, ChunkReader reader,
                    gpointer user)
{
    OpenSource *self = g_malloc(sizeof *self);
    memset(self, 0, G_STRUCT_OFFSET(OpenSource, last));
    self->source = (Source){.read = open_read, .free = open_free};
    self->cipher = chunk_cipher(vault_id, message_id, message_key);
    self->reader = reader;
    self->user = user;
    self->chunks = chunks;
    self->decompressor = ZSTD_createDCtx();
    chunk_must(self->decompressor != NULL);
    ZSTD_DCtx_setParameter(self->decompressor, ZSTD_d_windowLogMax, WINDOW_LOG);
    return &self->source;
}
