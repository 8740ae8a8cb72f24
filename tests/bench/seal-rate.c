/*
 * seal-rate — how fast mail is sealed and opened in memory, beside the floor: one zstd call and
 * one AES-256-GCM call a message. Not a test; build it with `make tests/bench/seal-rate`.
 */
#include <stdio.h>
#include <string.h>
#include <zstd.h>

#include "crypto/seal.h"

#define MESSAGES 10000

static GRand *dice;

static void append_words(GString *mail, gsize size)
{
    while (mail->len < size) {
        guint32 word = g_rand_int(dice) & g_rand_int(dice); /* some words far oftener than others */
        g_string_append_printf(mail, "%x%s", word % 65521,
                               g_rand_int_range(dice, 0, 12) ? " " : "\r\n");
    }
}

/* Mean about 6.5 KB: short ones, and one in fifty with a random attachment. */
static GBytes *mail(void)
{
    GString *text = g_string_new("From: John <john@corp.example>\r\nSubject: the numbers\r\n\r\n");
    append_words(text, (gsize)g_rand_int_range(dice, 800, 8000));
    if (g_rand_int_range(dice, 0, 50) == 0) {
        gsize size = (gsize)g_rand_int_range(dice, 20000, 150000);
        g_autofree guchar *noise = g_malloc(size);
        random_bytes(noise, size);
        g_autofree char *base64 = g_base64_encode(noise, size);
        g_string_append(text, base64);
    }
    return g_string_free_to_bytes(text);
}

static guint64 stored;

static gboolean drop(gpointer user, guint32 n, const guint8 *sealed, gsize size, GError **error)
{
    (void)n, (void)error;
    stored += size;
    if (user)
        g_ptr_array_add(user, g_bytes_new(sealed, size));
    return TRUE;
}

static GBytes *fetch(gpointer user, guint32 n, GError **error)
{
    (void)error;
    return g_bytes_ref(g_ptr_array_index((GPtrArray *)user, n));
}

static void report(const char *what, gint64 from, guint64 bytes)
{
    double s = (double)(g_get_monotonic_time() - from) / 1e6;
    printf("%-28s %6.3f s %7.1f MB/s %8.0f msg/s\n", what, s, (double)bytes / 1e6 / s,
           MESSAGES / s);
}

static void floor_rate(GPtrArray *mails, guint64 bytes)
{
    g_autofree guint8 *room = g_malloc(ZSTD_compressBound(1 << 20));
    ZSTD_CCtx *zstd = ZSTD_createCCtx();
    guint8 key[KEY_SIZE] = {1}, nonce[GCM_NONCE] = {0}, tag[GCM_TAG];
    g_autoptr(GcmKey) gcm = gcm_key_new(key);
    gint64 from = g_get_monotonic_time();
    for (guint i = 0; i < mails->len; i++) {
        gsize size;
        const void *data = g_bytes_get_data(mails->pdata[i], &size);
        gsize packed = ZSTD_compressCCtx(zstd, room, ZSTD_compressBound(1 << 20), data, size, 3);
        gcm_key_seal(gcm, nonce, NULL, 0, room, packed, room, tag);
    }
    report("floor: zstd and GCM", from, bytes);
    ZSTD_freeCCtx(zstd);
}

static void seal_rate(GPtrArray *mails, guint64 bytes, gboolean again)
{
    guint8 vault[VAULT_ID_SIZE] = {0}, id[MESSAGE_ID_SIZE] = {0}, key[KEY_SIZE];
    guint8 private_key[KEY_SIZE], public_key[KEY_SIZE], ephemeral[KEY_SIZE], wrapped[WRAP_SIZE];
    x25519_generate(private_key, public_key);
    g_autoptr(BatchKey) batch = batch_key_new(vault, public_key, ephemeral, NULL);
    g_autoptr(Sink) sink = NULL;
    stored = 0;
    gint64 from = g_get_monotonic_time();
    for (guint i = 0; i < mails->len; i++) {
        gsize size;
        const void *data = g_bytes_get_data(mails->pdata[i], &size);
        random_bytes(key, sizeof key);
        random_bytes(id, sizeof id);
        key_wrap(batch, id, key, wrapped);
        if (sink && again)
            seal_sink_again(sink, id, key);
        else {
            sink_free(sink);
            sink = seal_sink(vault, id, key, drop, NULL);
        }
        if (!sink_write(sink, data, size, NULL) || !sink_finish(sink, NULL))
            g_error("it cannot be sealed");
    }
    report(again ? "sealed, one sink" : "sealed, a sink each", from, bytes);
    printf("%" G_GUINT64_FORMAT " bytes became %" G_GUINT64_FORMAT "\n", bytes, stored);
}

static void open_rate(GPtrArray *mails, guint64 bytes)
{
    guint8 vault[VAULT_ID_SIZE] = {0}, id[MESSAGE_ID_SIZE] = {0}, key[KEY_SIZE] = {3};
    g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func((GDestroyNotify)g_ptr_array_unref);
    g_autoptr(Sink) sink = NULL;
    for (guint i = 0; i < mails->len; i++) {
        gsize size;
        const void *data = g_bytes_get_data(mails->pdata[i], &size);
        GPtrArray *sealed = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
        g_ptr_array_add(all, sealed);
        sink_free(sink);
        sink = seal_sink(vault, id, key, drop, sealed);
        if (!sink_write(sink, data, size, NULL) || !sink_finish(sink, NULL))
            g_error("it cannot be sealed");
    }
    gint64 from = g_get_monotonic_time();
    for (guint i = 0; i < all->len; i++) {
        GPtrArray *sealed = all->pdata[i];
        g_autoptr(Source) source = open_source(vault, id, key, sealed->len, fetch, sealed);
        guint8 buffer[64 * 1024];
        gssize got;
        while ((got = source_read(source, buffer, sizeof buffer, NULL)) > 0)
            ;
        if (got < 0)
            g_error("it cannot be opened");
    }
    report("opened, a source each", from, bytes);
}

int main(void)
{
    dice = g_rand_new_with_seed(1);
    g_autoptr(GPtrArray) mails = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
    guint64 bytes = 0;
    for (guint i = 0; i < MESSAGES; i++) {
        g_ptr_array_add(mails, mail());
        bytes += g_bytes_get_size(mails->pdata[i]);
    }
    for (guint round = 0; round < 3; round++) {
        floor_rate(mails, bytes);
        seal_rate(mails, bytes, FALSE);
        seal_rate(mails, bytes, TRUE);
        open_rate(mails, bytes);
    }
    g_rand_free(dice);
    return 0;
}
