#include "tests/unit/store/sealed-fixture.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

const guint8 right_key[KEY_SIZE] = "thirty-two bytes of a test key!";
const guint8 wrong_key[KEY_SIZE] = "thirty-two bytes of another key";

int sealed_set_up(void **state)
{
    Place *place = g_new0(Place, 1);
    place->dir = g_dir_make_tmp("postern-vfs-XXXXXX", NULL);
    place->path = g_build_filename(place->dir, "index.db", NULL);
    place->wal = g_strconcat(place->path, "-wal", NULL);
    place->shm = g_strconcat(place->path, "-shm", NULL);
    *state = place;
    return place->dir ? 0 : -1;
}

void empty_folder(const char *dir)
{
    g_autoptr(GDir) entries = g_dir_open(dir, 0, NULL);
    const char *name;
    while (entries && (name = g_dir_read_name(entries))) {
        g_autofree char *path = g_build_filename(dir, name, NULL);
        (void)g_unlink(path);
    }
}

int sealed_tear_down(void **state)
{
    Place *place = *state;
    empty_folder(place->dir);
    (void)g_rmdir(place->dir);
    g_free(place->dir);
    g_free(place->path);
    g_free(place->wal);
    g_free(place->shm);
    g_free(place);
    return 0;
}

sqlite3 *open_right(const Place *place)
{
    g_autoptr(GError) error = NULL;
    sqlite3 *db = sealed_open(place->path, right_key, TRUE, &error);
    if (db == NULL)
        fail_msg("%s", error->message);
    return db;
}

void must(sqlite3 *db, const char *sql)
{
    char *why = NULL;
    if (sqlite3_exec(db, sql, NULL, NULL, &why) != SQLITE_OK)
        fail_msg("%s: %s (%d)", sql, why, sqlite3_extended_errcode(db));
}

static int append_row(void *user, int columns, char **values, char **names)
{
    (void)names;
    for (int i = 0; i < columns; i++)
        g_string_append_printf(user, "%s|", values[i] ? values[i] : "NULL");
    g_string_append_c(user, '\n');
    return 0;
}

char *answer(sqlite3 *db, const char *sql)
{
    GString *text = g_string_new(NULL);
    int rc = sqlite3_exec(db, sql, append_row, text, NULL);
    return g_string_free(text, rc != SQLITE_OK);
}

void assert_answer(sqlite3 *db, const char *sql, const char *expected)
{
    g_autofree char *got = answer(db, sql);
    assert_non_null(got);
    assert_string_equal(got, expected);
}

GBytes *file_bytes(const char *path)
{
    char *data = NULL;
    gsize size = 0;
    if (!g_file_get_contents(path, &data, &size, NULL))
        return g_bytes_new(NULL, 0);
    return g_bytes_new_take(data, size);
}

void put_bytes(const char *path, const void *data, gsize size)
{
    assert_true(g_file_set_contents_full(path, data, (gssize)size, G_FILE_SET_CONTENTS_CONSISTENT,
                                         0600, NULL));
}

gboolean holds(const char *path, const void *needle, gsize size)
{
    g_autoptr(GBytes) bytes = file_bytes(path);
    gsize length;
    const void *data = g_bytes_get_data(bytes, &length);
    return length > 0 && memmem(data, length, needle, size) != NULL;
}

void assert_damage(const Place *place, const guint8 key[static KEY_SIZE])
{
    g_autoptr(GError) error = NULL;
    assert_null(sealed_open(place->path, key, TRUE, &error));
    assert_int_equal(error->code, POSTERN_ERROR_STORE);
    assert_string_equal(postern_error_rule(error), "index.damage");
}

void leave_log_behind(const Place *place)
{
    pid_t child = fork();
    if (child == 0) {
        sqlite3 *db = open_right(place);
        must(db, "CREATE TABLE t(a, b); INSERT INTO t VALUES(1, 'first')");
        must(db, "PRAGMA wal_checkpoint(TRUNCATE); INSERT INTO t VALUES(2, 'second')");
        must(db, "BEGIN; INSERT INTO t SELECT 3, hex(randomblob(9000))");
        kill(getpid(), SIGKILL);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
}
