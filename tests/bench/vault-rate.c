/*
 * vault-rate — how fast a folder of mail goes into the vault and is read back, beside the floor:
 * zstd and AES-256-GCM a message, appended to one file with an fdatasync each megabyte. Not a
 * test; build it with `make tests/bench/vault-rate`, run it on a folder of single messages.
 */
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <zstd.h>

#include "store/vault-uidl.h"

#define ROOM (1 << 22)

typedef struct {
    gint64 wall;
    clock_t cpu;
} Moment;

static Moment now(void)
{
    return (Moment){.wall = g_get_monotonic_time(), .cpu = clock()};
}

static void report(const char *what, Moment from, guint messages, guint64 bytes)
{
    double s = (double)(g_get_monotonic_time() - from.wall) / 1e6;
    double cpu = (double)(clock() - from.cpu) / CLOCKS_PER_SEC;
    printf("%-28s %6.3f s, %6.3f s CPU %7.1f MB/s %8.0f msg/s\n", what, s, cpu,
           (double)bytes / 1e6 / s, messages / s);
}

static void floor_rate(GPtrArray *mails, guint64 bytes, const char *dir)
{
    g_autofree char *path = g_build_filename(dir, "floor", NULL);
    g_autofree guint8 *room = g_malloc(ROOM);
    ZSTD_CCtx *zstd = ZSTD_createCCtx();
    guint8 key[KEY_SIZE] = {1}, nonce[GCM_NONCE] = {0};
    g_autoptr(GcmKey) gcm = gcm_key_new(key);
    Moment from = now();
    gsize waiting = 0;
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    for (guint i = 0; i < mails->len; i++) {
        gsize size;
        const void *data = g_bytes_get_data(mails->pdata[i], &size);
        gsize packed = ZSTD_compressCCtx(zstd, room, ROOM - GCM_TAG, data, size, 3);
        gcm_key_seal(gcm, nonce, NULL, 0, room, packed, room, room + packed);
        waiting += packed + GCM_TAG;
        if (write(fd, room, packed + GCM_TAG) < 0)
            g_error("no room");
        if (waiting > 1024 * 1024 && fdatasync(fd) == 0)
            waiting = 0;
    }
    (void)fdatasync(fd);
    (void)close(fd);
    report("floor: zstd, GCM, one file", from, mails->len, bytes);
    ZSTD_freeCCtx(zstd);
    (void)g_unlink(path);
}

static void must(gboolean worked, GError *error)
{
    if (!worked)
        g_error("%s", error->message);
}

static void write_all(VaultWriter *writer, GPtrArray *mails, gboolean read_back)
{
    GError *error = NULL;
    Arrival arrival = {.account = "work", .mailbox = "INBOX", .internaldate = 1};
    for (guint i = 0; i < mails->len; i++) {
        gsize size;
        const void *data = g_bytes_get_data(mails->pdata[i], &size);
        arrival.uid = i + 1;
        must(vault_message_start(writer, &error), error);
        must(vault_message_write(writer, data, size, &error), error);
        must(vault_message_finish(writer, &arrival, &error), error);
        if (!vault_batch_due(writer) && i + 1 < mails->len)
            continue;
        must(vault_commit(writer, NULL, NULL, &error), error);
        if (read_back)
            must(vault_read_back(writer, &error), error);
    }
}

static void vault_rate(GPtrArray *mails, guint64 bytes, const char *dir, gboolean read_back)
{
    g_autofree char *place = g_build_filename(dir, "store", NULL);
    guint8 id[VAULT_ID_SIZE] = {1}, private_key[KEY_SIZE], public_key[KEY_SIZE];
    x25519_generate(private_key, public_key);
    g_autoptr(Secret) match_key = secret_new(private_key, KEY_SIZE);
    g_autoptr(GBytes) wrapped = g_bytes_new_static("w", 1);
    GError *error = NULL;
    must(vault_create(place, id, public_key, wrapped, match_key, &error), error);
    Moment from = now();
    Vault *vault = vault_open(place, &error);
    VaultWriter *writer = vault_writer_new(vault, match_key, &error);
    write_all(writer, mails, read_back);
    vault_writer_free(writer);
    vault_close(vault);
    report(read_back ? "vault, read back" : "vault", from, mails->len, bytes);
    static const char *const names[] = {"vault.db", "lock"};
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *file = g_build_filename(place, names[i], NULL);
        (void)g_unlink(file);
    }
    (void)g_rmdir(place);
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: vault-rate MAIL-FOLDER SCRATCH-FOLDER\n");
        return 64;
    }
    g_autoptr(GPtrArray) mails = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
    g_autoptr(GDir) entries = g_dir_open(argv[1], 0, NULL);
    const char *name;
    guint64 bytes = 0;
    while (entries && (name = g_dir_read_name(entries))) {
        g_autofree char *path = g_build_filename(argv[1], name, NULL);
        char *data;
        gsize size;
        if (g_file_get_contents(path, &data, &size, NULL) && size < ROOM / 2) {
            g_ptr_array_add(mails, g_bytes_new_take(data, size));
            bytes += size;
        }
    }
    for (guint round = 0; round < 3; round++) {
        floor_rate(mails, bytes, argv[2]);
        vault_rate(mails, bytes, argv[2], FALSE);
        vault_rate(mails, bytes, argv[2], TRUE);
    }
    return 0;
}
