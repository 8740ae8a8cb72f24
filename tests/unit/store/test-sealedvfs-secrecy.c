#include "tests/unit/store/sealed-fixture.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- nothing readable at rest -------------------------------------------------------------- */

static void p4_36_no_needle_in_file_log_or_shared_memory(void **state)
{
    const Place *place = *state;
    static const char needle[] = "Quarterly-Needle-4711";
    sqlite3 *db = open_right(place);
    must(db, "PRAGMA cache_size=10; CREATE TABLE secret_table(a, b); CREATE INDEX i ON "
             "secret_table(a); CREATE VIRTUAL TABLE f USING fts5(x)");
    for (int i = 0; i < 300; i++) {
        g_autofree char *sql = g_strdup_printf(
            "INSERT INTO secret_table VALUES('%s-%d', '%s'); INSERT INTO f VALUES('needleword %d')",
            needle, i, needle, i);
        must(db, sql);
    }
    for (int round = 0; round < 2; round++) {
        const char *paths[] = {place->path, place->wal, place->shm};
        for (gsize i = 0; i < G_N_ELEMENTS(paths); i++) {
            assert_true(g_file_test(paths[i], G_FILE_TEST_EXISTS));
            assert_false(holds(paths[i], needle, strlen(needle)));
            assert_false(holds(paths[i], "needleword", 10));
            assert_false(holds(paths[i], "secret_table", 12));
            assert_false(holds(paths[i], "SQLite format", 13));
        }
        must(db, "PRAGMA wal_checkpoint(PASSIVE)");
    }
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static GPtrArray *opened; /* paths that SQLite opened */

static int note_open(const char *path, int flags, int mode)
{
    g_ptr_array_add(opened, g_strdup(path));
    return open(path, flags, mode);
}

/* Statement journals, sorts and temporary tables larger than the cache, merges, a rebuild. */
static void p4_38_no_file_outside_is_opened(void **state)
{
    const Place *place = *state;
    sqlite3_vfs *unix_vfs = sqlite3_vfs_find("unix");
    sqlite3_syscall_ptr old = unix_vfs->xGetSystemCall(unix_vfs, "open");
    opened = g_ptr_array_new_with_free_func(g_free);
    unix_vfs->xSetSystemCall(unix_vfs, "open", (sqlite3_syscall_ptr)note_open);
    sqlite3 *db = open_right(place);
    must(db,
         "PRAGMA cache_size=10; CREATE TABLE t(a UNIQUE, b); CREATE VIRTUAL TABLE f USING "
         "fts5(x); BEGIN; INSERT INTO t WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 "
         "FROM c WHERE n < 20000) SELECT n, hex(randomblob(40)) FROM c; SAVEPOINT s; "
         "INSERT OR IGNORE INTO t SELECT a + 10000, b FROM t; UPDATE t SET a = a + 100000; "
         "ROLLBACK TO s; COMMIT; CREATE INDEX i ON t(b); "
         "CREATE TEMP TABLE large AS SELECT * FROM t ORDER BY b DESC; "
         "INSERT INTO f SELECT b FROM t; INSERT INTO f(f) VALUES('optimize'); VACUUM");
    assert_answer(db, "SELECT count(*) FROM (SELECT a, b FROM t GROUP BY b ORDER BY a + b)",
                  "20000|\n");
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    unix_vfs->xSetSystemCall(unix_vfs, "open", old);
    assert_true(opened->len > 0);
    for (guint i = 0; i < opened->len; i++)
        if (!g_str_has_prefix(opened->pdata[i], place->dir))
            assert_string_equal(opened->pdata[i], "/dev/urandom"); /* read for names */
    g_ptr_array_unref(opened);
}

/* SQLite's checksum, as its file format document defines it (big-endian words). */
static void wal_checksum(const guint8 *data, gsize size, guint32 sum[2])
{
    for (gsize i = 0; i < size; i += 8) {
        guint32 x[2];
        memcpy(x, data + i, 8);
        sum[0] += GUINT32_FROM_LE(x[0]) + sum[1];
        sum[1] += GUINT32_FROM_LE(x[1]) + sum[0];
    }
}

static void p4_39_frame_headers_hold_no_checksum_of_the_plaintext(void **state)
{
    const Place *place = *state;
    sqlite3 *db = open_right(place);
    must(db, "CREATE TABLE t(a); INSERT INTO t VALUES('guessed')");
    g_autoptr(GBytes) bytes = file_bytes(place->wal);
    gsize size;
    const guint8 *log = g_bytes_get_data(bytes, &size);
    assert_true(size > WAL_HEADER + FRAME_SIZE);
    /* One who knows the whole plaintext of the first frame can work its checksum out. */
    SealedKeys *keys = sealed_keys_new(right_key);
    guint8 page[SEALED_PAGE];
    const guint8 *frame = log + WAL_HEADER;
    assert_true(sealed_page_open(keys, SEALED_WAL, GUINT32_FROM_BE(*(const guint32 *)frame),
                                 WAL_HEADER, frame + FRAME_HEADER, page));
    guint32 sum[2] = {0, 0};
    wal_checksum(log, 24, sum);
    wal_checksum(frame, 8, sum);
    wal_checksum(page, sizeof page, sum);
    guint32 big[2] = {GUINT32_TO_BE(sum[0]), GUINT32_TO_BE(sum[1])};
    guint8 open_header[FRAME_HEADER];
    sealed_header(keys, FALSE, frame, open_header);
    assert_memory_equal(open_header + 16, big, 8); /* the sum is right, and enciphered */
    assert_null(memmem(log, size, big, 8));
    assert_null(memmem(log + WAL_HEADER, size - WAL_HEADER, log + 16, 8)); /* salts */
    sealed_keys_unref(keys);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void p4_46_files_are_private_under_any_umask(void **state)
{
    const Place *place = *state;
    mode_t before = umask(0);
    sqlite3 *db = open_right(place);
    must(db, "CREATE TABLE t(a)");
    umask(before);
    const char *paths[] = {place->path, place->wal, place->shm};
    for (gsize i = 0; i < G_N_ELEMENTS(paths); i++) {
        GStatBuf facts;
        assert_int_equal(g_stat(paths[i], &facts), 0);
        assert_int_equal(facts.st_mode & 07777, 0600);
    }
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* --- refusals ------------------------------------------------------------------------------ */

static void p4_a_wrong_key_is_refused_and_changes_nothing(void **state)
{
    const Place *place = *state;
    leave_log_behind(place);
    g_autoptr(GBytes) file = file_bytes(place->path);
    g_autoptr(GBytes) log = file_bytes(place->wal);
    assert_true(g_bytes_get_size(log) > 0);
    assert_damage(place, wrong_key);
    g_autoptr(GBytes) file_after = file_bytes(place->path);
    g_autoptr(GBytes) log_after = file_bytes(place->wal);
    assert_true(g_bytes_equal(file, file_after));
    assert_true(g_bytes_equal(log, log_after));

    sqlite3 *db = open_right(place);
    assert_answer(db, "SELECT a, b FROM t", "1|first|\n2|second|\n");
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void files_that_are_no_database_of_ours_are_refused(void **state)
{
    const Place *place = *state;
    static const struct {
        const char *bytes;
        gsize size;
    } cases[] = {{"", 0}, {"SQLite format 3", 16}, {"x", 1}};
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        put_bytes(place->path, cases[i].bytes, cases[i].size);
        assert_damage(place, right_key);
        g_autoptr(GBytes) after = file_bytes(place->path);
        assert_int_equal(g_bytes_get_size(after), cases[i].size);
    }
    g_autofree guint8 *zeros = g_malloc0(SEALED_PAGE);
    put_bytes(place->path, zeros, SEALED_PAGE);
    assert_damage(place, right_key);
}

static void a_log_without_its_database_is_refused(void **state)
{
    const Place *place = *state;
    leave_log_behind(place);
    assert_int_equal(g_unlink(place->path), 0);
    assert_damage(place, right_key);
}

static void p4_46_open_linked_and_missing_files_are_refused(void **state)
{
    const Place *place = *state;
    g_autoptr(GError) missing = NULL, wide = NULL, linked = NULL;
    assert_null(sealed_open(place->path, right_key, FALSE, &missing));
    assert_string_equal(postern_error_rule(missing), "index.read");

    assert_int_equal(sqlite3_close(open_right(place)), SQLITE_OK);
    assert_int_equal(g_chmod(place->path, 0640), 0);
    assert_null(sealed_open(place->path, right_key, FALSE, &wide));
    assert_string_equal(postern_error_rule(wide), "index.read");
    assert_int_equal(g_chmod(place->path, 0600), 0);

    g_autofree char *moved = g_strconcat(place->path, ".moved", NULL);
    assert_int_equal(g_rename(place->path, moved), 0);
    assert_int_equal(symlink(moved, place->path), 0);
    assert_null(sealed_open(place->path, right_key, TRUE, &linked));
    assert_string_equal(postern_error_rule(linked), "index.read");
}

static void where_no_folder_is_none_is_made(void **state)
{
    const Place *place = *state;
    g_autofree char *nowhere = g_build_filename(place->dir, "none", "index.db", NULL);
    g_autofree char *beyond = g_build_filename(place->path, "index.db", NULL);
    g_autoptr(GError) missing = NULL, file = NULL;
    assert_null(sealed_open(nowhere, right_key, TRUE, &missing));
    assert_string_equal(postern_error_rule(missing), "index.write");
    assert_int_equal(sqlite3_close(open_right(place)), SQLITE_OK);
    assert_null(sealed_open(beyond, right_key, TRUE, &file));
    assert_string_equal(postern_error_rule(file), "index.read");
}

static void p4_38_journals_other_databases_and_temporary_files_are_refused(void **state)
{
    const Place *place = *state;
    sqlite3 *db = open_right(place);
    must(db, "CREATE TABLE t(a); INSERT INTO t VALUES(1)");
    g_autofree char *other = g_build_filename(place->dir, "other.db", NULL);
    g_autofree char *attach = g_strdup_printf("ATTACH '%s' AS o; CREATE TABLE o.t(a)", other);
    g_autofree char *into = g_strdup_printf("VACUUM INTO '%s'", other);
    assert_int_not_equal(sqlite3_exec(db, attach, NULL, NULL, NULL), SQLITE_OK);
    assert_int_not_equal(sqlite3_exec(db, into, NULL, NULL, NULL), SQLITE_OK);
    assert_false(g_file_test(other, G_FILE_TEST_EXISTS));
    /* Leaving WAL needs a journal. */
    (void)sqlite3_exec(db, "PRAGMA journal_mode=DELETE; INSERT INTO t VALUES(2)", NULL, NULL, NULL);
    must(db, "PRAGMA temp_store=FILE");
    assert_int_not_equal(sqlite3_exec(db,
                                      "CREATE TEMP TABLE big AS WITH RECURSIVE c(x) AS (SELECT 1 "
                                      "UNION ALL SELECT x+1 FROM c WHERE x < 200000) SELECT "
                                      "hex(randomblob(40)) AS y FROM c",
                                      NULL, NULL, NULL),
                         SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    db = open_right(place);
    assert_answer(db, "SELECT a FROM t", "1|\n");
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void a_key_is_wanted_for_each_file(void **state)
{
    const Place *place = *state;
    sqlite3_close(open_right(place));
    sqlite3 *db = NULL;
    assert_int_not_equal(sqlite3_open_v2(place->path, &db, SQLITE_OPEN_READWRITE, "postern-sealed"),
                         SQLITE_OK);
    sqlite3_close(db);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, sealed_set_up, sealed_tear_down)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(p4_46_files_are_private_under_any_umask),
        TEST(p4_36_no_needle_in_file_log_or_shared_memory),
        TEST(p4_38_no_file_outside_is_opened),
        TEST(p4_39_frame_headers_hold_no_checksum_of_the_plaintext),
        TEST(p4_a_wrong_key_is_refused_and_changes_nothing),
        TEST(files_that_are_no_database_of_ours_are_refused),
        TEST(a_log_without_its_database_is_refused),
        TEST(p4_46_open_linked_and_missing_files_are_refused),
        TEST(where_no_folder_is_none_is_made),
        TEST(p4_38_journals_other_databases_and_temporary_files_are_refused),
        TEST(a_key_is_wanted_for_each_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
