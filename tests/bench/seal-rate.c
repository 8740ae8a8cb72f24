/*
 * seal-rate — how fast mail is sealed and opened in memory, beside the floor (one zstd call and one
 * AES-256-GCM call a message) and beside one run of gpg a message, for a cv25519 key. Not a test;
 * build it with `make tests/bench/seal-rate`. What counts is the CPU time (user and system), of gpg
 * with its children: other work on the machine stretches the wall. The best of some rounds is
 * shown.
 */
#include <gio/gio.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <zstd.h>

#include "crypto/seal.h"
#include "tests/lib/gnupg-home.h"

#define MESSAGES 10000
#define GPG_MESSAGES 200
#define ROUNDS 3

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

/* Of this process, or of the children it waited for. */
static double cpu(int whose)
{
    struct rusage used;
    getrusage(whose, &used);
    return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
           (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

typedef enum { FLOOR, SLOWER_FLOOR, EACH, AGAIN, OPENED, GPG, WORKS } Work;
static const struct {
    const char *name;
    guint messages;
} works[WORKS] = {
    [FLOOR] = {"floor: zstd, level 1, and AES-256-GCM", MESSAGES},
    [SLOWER_FLOOR] = {"the same with level 3", MESSAGES},

    [EACH] = {"sealed, a sink each", MESSAGES},
    [AGAIN] = {"sealed, one sink", MESSAGES},
    [OPENED] = {"opened", MESSAGES},
    [GPG] = {"gpg, a run each", GPG_MESSAGES},
};
static double best[WORKS];

static void note(Work work, double seconds)
{
    best[work] = best[work] > 0 ? MIN(best[work], seconds) : seconds;
}

static guint64 bytes_of(GPtrArray *mails, guint count)
{
    guint64 bytes = 0;
    for (guint i = 0; i < count; i++)
        bytes += g_bytes_get_size(mails->pdata[i]);
    return bytes;
}

static void report(GPtrArray *mails)
{
    double floor = best[FLOOR] / MESSAGES;
    printf("\n| | messages | CPU s | messages a second | MB/s | speed / floor |\n"
           "|---|---|---|---|---|---|\n");
    for (Work i = 0; i < WORKS; i++) {
        guint64 bytes = bytes_of(mails, works[i].messages);
        printf("| %s | %u | %.3f | %.0f | %.1f | %.3f |\n", works[i].name, works[i].messages,
               best[i], works[i].messages / best[i], (double)bytes / 1e6 / best[i],
               floor * works[i].messages / best[i]);
    }
}

static void floor_rate(GPtrArray *mails, Work work, int level)
{
    g_autofree guint8 *room = g_malloc(ZSTD_compressBound(1 << 20));
    ZSTD_CCtx *zstd = ZSTD_createCCtx();
    guint8 key[KEY_SIZE] = {1}, nonce[GCM_NONCE] = {0}, tag[GCM_TAG];
    g_autoptr(GcmKey) gcm = gcm_key_new(key);
    double from = cpu(RUSAGE_SELF);
    for (guint i = 0; i < mails->len; i++) {
        gsize size;
        const void *data = g_bytes_get_data(mails->pdata[i], &size);
        gsize packed =
            ZSTD_compressCCtx(zstd, room, ZSTD_compressBound(1 << 20), data, size, level);
        gcm_key_seal(gcm, nonce, NULL, 0, room, packed, room, tag);
    }
    note(work, cpu(RUSAGE_SELF) - from);
    ZSTD_freeCCtx(zstd);
}

static void seal_rate(GPtrArray *mails, gboolean again)
{
    guint8 vault[VAULT_ID_SIZE] = {0}, id[MESSAGE_ID_SIZE] = {0}, key[KEY_SIZE];
    guint8 private_key[KEY_SIZE], public_key[KEY_SIZE], ephemeral[KEY_SIZE], wrapped[WRAP_SIZE];
    x25519_generate(private_key, public_key);
    g_autoptr(BatchKey) batch = batch_key_new(vault, public_key, ephemeral, NULL);
    g_autoptr(Sink) sink = NULL;
    stored = 0;
    double from = cpu(RUSAGE_SELF);
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
    note(again ? AGAIN : EACH, cpu(RUSAGE_SELF) - from);
}

static void open_rate(GPtrArray *mails)
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
    double from = cpu(RUSAGE_SELF);
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
    note(OPENED, cpu(RUSAGE_SELF) - from);
}

static void gpg_rate(GPtrArray *mails, const char *key)
{
    double from = cpu(RUSAGE_CHILDREN);
    for (guint i = 0; i < GPG_MESSAGES; i++) {
        g_autoptr(GBytes) out = NULL;
        g_autoptr(GSubprocess) gpg =
            g_subprocess_new(G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE, NULL,
                             "gpg", "--batch", "--quiet", "--no-options", "--trust-model", "always",
                             "--encrypt", "--recipient", key, NULL);
        if (gpg == NULL ||
            !g_subprocess_communicate(gpg, mails->pdata[i], NULL, &out, NULL, NULL) ||
            !g_subprocess_get_successful(gpg))
            g_error("gpg cannot encrypt");
    }
    note(GPG, cpu(RUSAGE_CHILDREN) - from);
}

int main(void)
{
    dice = g_rand_new_with_seed(1);
    g_autoptr(GPtrArray) mails = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
    for (guint i = 0; i < MESSAGES; i++)
        g_ptr_array_add(mails, mail());
    home = gnupg_home_new();
    for (guint round = 0; round < ROUNDS; round++) {
        floor_rate(mails, FLOOR, 1);
        floor_rate(mails, SLOWER_FLOOR, 3);
        seal_rate(mails, FALSE);
        seal_rate(mails, TRUE);
        open_rate(mails);
        gpg_rate(mails, gnupg_home_key(home, "owner"));
    }
    gnupg_home_free(home);
    report(mails);
    g_rand_free(dice);
    return 0;
}
