/*
 * fuzz-sealed — a sealed database and its log after any edits by somebody without the key. The
 * input is a list of edits of five bytes: kind and file, position (3 bytes), value. Whatever
 * comes out, it is an error or a state that was once committed.
 */
#include <glib/gstdio.h>
#include <string.h>

#include "store/sealedvfs.h"

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

#define EDIT 5
#define FILES 2

static const guint8 key[KEY_SIZE] = {1};
static const char *const endings[FILES] = {"", "-wal"};

typedef struct {
    char *dir, *path;
    GByteArray *files[FILES];
} Sound;

static void must(sqlite3 *db, const char *sql)
{
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
        g_error("%s: %s", sql, sqlite3_errmsg(db));
}

static char *name_of(const Sound *sound, gsize file)
{
    return g_strconcat(sound->path, endings[file], NULL);
}

/* State 1 in the file, states 2 and 3 in the log. */
static const Sound *sound_files(void)
{
    static Sound sound;
    if (sound.dir)
        return &sound;
    sound.dir = g_dir_make_tmp("postern-fuzz-XXXXXX", NULL);
    sound.path = g_build_filename(sound.dir, "index.db", NULL);
    sqlite3 *db = sealed_open(sound.path, key, TRUE, NULL);
    must(db, "CREATE TABLE t(a, b); INSERT INTO t VALUES(1, printf('%.*c', 9000, 'x'))");
    must(db, "PRAGMA wal_checkpoint(TRUNCATE)");
    must(db, "UPDATE t SET a = 2");
    must(db, "UPDATE t SET a = 3, b = b || 'y'");
    for (gsize i = 0; i < FILES; i++) {
        g_autofree char *name = name_of(&sound, i);
        char *bytes = NULL;
        gsize size = 0;
        if (!g_file_get_contents(name, &bytes, &size, NULL))
            g_error("no %s", name);
        sound.files[i] = g_byte_array_new_take((guint8 *)bytes, size);
    }
    sqlite3_close(db);
    return &sound;
}

static void edit(GByteArray *const files[FILES], const guint8 step[EDIT])
{
    GByteArray *file = files[step[0] % FILES];
    guint at = (guint)(step[1] << 16 | step[2] << 8 | step[3]) % (file->len + 1);
    switch (step[0] / FILES % 4) {
    case 0:
        if (at < file->len)
            file->data[at] ^= step[4];
        break;
    case 1: g_byte_array_set_size(file, at); break;
    case 2: /* one page over another */
        if (file->len >= 2 * SEALED_PAGE)
            memmove(file->data + at % (file->len - SEALED_PAGE),
                    file->data + step[4] * 31 % (file->len - SEALED_PAGE), SEALED_PAGE);
        break;
    default: g_byte_array_append(file, step, EDIT); break;
    }
}

static int check_row(void *user, int columns, char **values, char **names)
{
    (void)user, (void)columns, (void)names;
    gsize length = values[1] ? strlen(values[1]) : 0;
    int state = values[0] ? atoi(values[0]) : 0;
    if (state < 1 || state > 3 || length != (state == 3 ? 9001 : 9000) ||
        strspn(values[1], "x") != 9000)
        g_error("wrong data");
    return 0;
}

static void remove_all(const Sound *sound)
{
    g_autofree char *shm = g_strconcat(sound->path, "-shm", NULL);
    (void)g_unlink(shm);
    for (gsize i = 0; i < FILES; i++) {
        g_autofree char *name = name_of(sound, i);
        (void)g_unlink(name);
    }
}

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
    const Sound *sound = sound_files();
    GByteArray *files[FILES];
    (void)g_mkdir(sound->dir, 0700);
    for (gsize i = 0; i < FILES; i++) {
        files[i] = g_byte_array_new();
        g_byte_array_append(files[i], sound->files[i]->data, sound->files[i]->len);
    }
    for (gsize at = 0; at + EDIT <= size && at < 64 * EDIT; at += EDIT)
        edit(files, data + at);
    remove_all(sound);
    for (gsize i = 0; i < FILES; i++) {
        g_autofree char *name = name_of(sound, i);
        if (!g_file_set_contents_full(name, (char *)files[i]->data, files[i]->len,
                                      G_FILE_SET_CONTENTS_CONSISTENT, 0600, NULL))
            g_error("no room");
        g_byte_array_unref(files[i]);
    }
    sqlite3 *db = sealed_open(sound->path, key, FALSE, NULL);
    if (db)
        (void)sqlite3_exec(db, "SELECT a, b FROM t", check_row, NULL, NULL);
    sqlite3_close(db);
    remove_all(sound);
    (void)g_rmdir(sound->dir);
    return 0;
}
