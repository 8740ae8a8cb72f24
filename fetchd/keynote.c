/* See keynote.h. */
#include "fetchd/keynote.h"

#include <stdint.h>
#include <sys/stat.h>

#include "core/limits.h"
#include "core/paths.h"
#include "crypto/pgp.h"

/* The keyring's, of any age of GnuPG, come first. */
static const char *const files[] = {
    "pubring.kbx",
    "pubring.gpg",
    "public-keys.d/pubring.db",
    "public-keys.d/pubring.db-wal",
    "trustdb.gpg",
    "gpg.conf",
    "common.conf",
};
#define KEYRINGS 3

static gint64 now(void)
{
    return g_get_real_time() / G_USEC_PER_SEC;
}

static void print_file(GString *out, const char *path, const struct stat *file)
{
    g_string_append_printf(
        out, "%s %ju %ju %jd %jd.%09ld %jd.%09ld\n", path, (uintmax_t)file->st_dev,
        (uintmax_t)file->st_ino, (intmax_t)file->st_size, (intmax_t)file->st_mtim.tv_sec,
        file->st_mtim.tv_nsec, (intmax_t)file->st_ctim.tv_sec, file->st_ctim.tv_nsec);
}

char *keynote_stamp(void)
{
    g_autofree char *home = pgp_home();
    g_autoptr(GString) all = g_string_new(NULL);
    gboolean keyring = FALSE;
    for (guint i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *path = g_build_filename(home, files[i], NULL);
        struct stat file;
        if (stat(path, &file) != 0)
            continue;
        print_file(all, path, &file);
        keyring = keyring || i < KEYRINGS;
    }
    return keyring ? g_compute_checksum_for_string(G_CHECKSUM_SHA256, all->str, -1) : NULL;
}

static char *note_path(void)
{
    g_autofree char *dir = path_state();
    return g_build_filename(dir, "keys", NULL);
}

/* Under another stamp, all that was noted is worth nothing. */
static GKeyFile *read_note(const char *stamp)
{
    g_autofree char *path = note_path();
    g_autoptr(GKeyFile) note = g_key_file_new();
    struct stat file;
    if (lstat(path, &file) == 0 && S_ISREG(file.st_mode) && file.st_size <= LIMIT_KEYNOTE &&
        g_key_file_load_from_file(note, path, G_KEY_FILE_NONE, NULL)) {
        g_autofree char *noted = g_key_file_get_string(note, "keyring", "stamp", NULL);
        if (g_strcmp0(noted, stamp) == 0)
            return g_steal_pointer(&note);
    }
    GKeyFile *empty = g_key_file_new();
    g_key_file_set_string(empty, "keyring", "stamp", stamp);
    return empty;
}

gboolean keynote_find(const char *stamp, const char *key, gint64 *expiry)
{
    if (stamp == NULL)
        return FALSE;
    g_autoptr(GKeyFile) note = read_note(stamp);
    gint64 asked = g_key_file_get_int64(note, key, "asked", NULL);
    *expiry = g_key_file_get_int64(note, key, "expiry", NULL);
    return asked <= now() && now() < asked + KEYNOTE_SECONDS && (*expiry == 0 || now() < *expiry);
}

void keynote_keep(const char *stamp, const char *key, gint64 expiry)
{
    if (stamp == NULL)
        return;
    gsize size;
    g_autofree char *dir = path_state(), *path = note_path();
    g_autoptr(GKeyFile) note = read_note(stamp);
    g_key_file_set_int64(note, key, "asked", now());
    g_key_file_set_int64(note, key, "expiry", expiry);
    g_autofree char *text = g_key_file_to_data(note, &size, NULL);
    if (path_private_directory(dir, NULL))
        (void)!path_write_private(path, text, size, NULL);
}
