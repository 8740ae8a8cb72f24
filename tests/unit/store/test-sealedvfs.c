#include "store/sealedvfs.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <glib/gstdio.h>

#include "core/error.h"

static const guint8 right_key[KEY_SIZE] = "thirty-two bytes of a test key!";
static const guint8 wrong_key[KEY_SIZE] = "thirty-two bytes of another key";

typedef struct {
    char *dir, *path, *wal, *shm;
} Place;

static int set_up(void **state)
{
    Place *place = g_new0(Place, 1);
    place->dir = g_dir_make_tmp("postern-vfs-XXXXXX", NULL);
    place->path = g_build_filename(place->dir, "index.db", NULL);
    place->wal = g_strconcat(place->path, "-wal", NULL);
    place->shm = g_strconcat(place->path, "-shm", NULL);
    *state = place;
    return place->dir ? 0 : -1;
}

static void empty_folder(const char *dir)
{
    g_autoptr(GDir) entries = g_dir_open(dir, 0, NULL);
    const char *name;
    while (entries && (name = g_dir_read_name(entries))) {
        g_autofree char *path = g_build_filename(dir, name, NULL);
        (void)g_unlink(path);
    }
}

static int tear_down(void **state)
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

static sqlite3 *open_right(const Place *place)
{
    g_autoptr(GError) error = NULL;
    sqlite3 *db = sealed_open(place->path, right_key, TRUE, &error);
    if (db == NULL)
        fail_msg("%s", error->message);
    return db;
}

static void must(sqlite3 *db, const char *sql)
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

/* All rows of SQL as text, or NULL when it fails. */
static char *answer(sqlite3 *db, const char *sql)
{
    GString *text = g_string_new(NULL);
    int rc = sqlite3_exec(db, sql, append_row, text, NULL);
    return g_string_free(text, rc != SQLITE_OK);
}

static void assert_answer(sqlite3 *db, const char *sql, const char *expected)
{
    g_autofree char *got = answer(db, sql);
    assert_non_null(got);
    assert_string_equal(got, expected);
}

static GBytes *file_bytes(const char *path)
{
    char *data = NULL;
    gsize size = 0;
    if (!g_file_get_contents(path, &data, &size, NULL))
        return g_bytes_new(NULL, 0);
    return g_bytes_new_take(data, size);
}

static void put_bytes(const char *path, const void *data, gsize size)
{
    assert_true(
        g_file_set_contents_full(path, data, (gssize)size, G_FILE_SET_CONTENTS_CONSISTENT, 0600, NULL));
}

static gboolean holds(const char *path, const void *needle, gsize size)
{
    g_autoptr(GBytes) bytes = file_bytes(path);
    gsize length;
    const void *data = g_bytes_get_data(bytes, &length);
    return length > 0 && memmem(data, length, needle, size) != NULL;
}

/* --- it is a database like any other ------------------------------------------------------- */

static void a_database_comes_back_with_its_rows(void **state)
{
    const Place *place = *state;
    sqlite3 *db = open_right(place);
    assert_answer(db, "PRAGMA journal_mode", "wal|\n");
    assert_answer(db, "PRAGMA page_size", "8192|\n");
    assert_answer(db, "PRAGMA temp_store", "2|\n");
    must(db, "CREATE TABLE t(a, b); INSERT INTO t VALUES(1, 'one'), (2, 'two')");
    assert_int_equal(sqlite3_close(db), SQLITE_OK);

    assert_false(g_file_test(place->wal, G_FILE_TEST_EXISTS));
    GStatBuf facts;
    assert_int_equal(g_stat(place->path, &facts), 0);
    assert_int_equal(facts.st_mode & 07777, 0600);

    g_autoptr(GError) error = NULL;
    db = sealed_open(place->path, right_key, FALSE, &error);
    assert_non_null(db);
    assert_answer(db, "SELECT * FROM t ORDER BY a", "1|one|\n2|two|\n");
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void p4_files_are_private_under_any_umask(void **state)
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

/* One random statement over two tables and a full-text one. */
static char *random_statement(GRand *rand)
{
    int n = g_rand_int_range(rand, 0, 400);
    int size = g_rand_int_range(rand, 0, 6) == 0 ? 20000 : g_rand_int_range(rand, 0, 300);
    switch (g_rand_int_range(rand, 0, 14)) {
    case 0: return g_strdup_printf("DELETE FROM t WHERE a %% 7 = %d", n % 7);
    case 1: return g_strdup_printf("UPDATE t SET b = zeroblob(%d) WHERE a < %d", size, n);
    case 2: return g_strdup_printf("DELETE FROM f WHERE rowid < %d", n);
    case 3: return g_strdup("INSERT INTO f(f) VALUES('optimize')");
    case 4: return g_strdup("SAVEPOINT s; DELETE FROM t; ROLLBACK TO s; RELEASE s");
    case 5: return g_strdup("PRAGMA wal_checkpoint(TRUNCATE)");
    case 6: return g_strdup("VACUUM");
    case 7: return g_strdup("DROP INDEX IF EXISTS i; CREATE INDEX i ON t(b, a)");
    case 8: return g_strdup_printf("INSERT INTO f(rowid, x) VALUES(NULL, 'w%d w%d')", n, n * 7);
    case 9:
        return g_strdup_printf("BEGIN; DELETE FROM t WHERE a > %d; INSERT INTO t VALUES(%d, 'x');"
                               "ROLLBACK",
                               n, n + 1000);
    case 10: return g_strdup("PRAGMA wal_checkpoint(PASSIVE)");
    default:
        return g_strdup_printf("INSERT OR REPLACE INTO t VALUES(%d, printf('%%.*c', %d, 'a'))", n,
                               size);
    }
}

static const char lay_out[] =
    "CREATE TABLE t(a INTEGER PRIMARY KEY, b); CREATE VIRTUAL TABLE f USING fts5(x)";

static void assert_same(sqlite3 *sealed_db, sqlite3 *plain)
{
    static const char *const questions[] = {
        "SELECT a, length(b), hex(substr(b, 1, 40)) FROM t ORDER BY a",
        "SELECT rowid, x FROM f ORDER BY rowid",
        "SELECT b FROM t ORDER BY b, a LIMIT 3",
        "SELECT rowid FROM f WHERE f MATCH 'w7* OR w3*' ORDER BY rowid",
        "PRAGMA integrity_check",
    };
    for (gsize i = 0; i < G_N_ELEMENTS(questions); i++) {
        g_autofree char *ours = answer(sealed_db, questions[i]);
        g_autofree char *theirs = answer(plain, questions[i]);
        assert_non_null(ours);
        assert_string_equal(ours, theirs);
    }
}

static void random_statements_give_what_plain_sqlite_gives(void **state)
{
    const Place *place = *state;
    for (guint32 seed = 1; seed <= 4; seed++) {
        empty_folder(place->dir);
        g_autoptr(GRand) rand = g_rand_new_with_seed(seed);
        sqlite3 *plain, *db = open_right(place);
        assert_int_equal(sqlite3_open(":memory:", &plain), SQLITE_OK);
        must(db, lay_out);
        must(db, "PRAGMA cache_size=10"); /* spills into the log in mid-transaction */
        must(plain, lay_out);
        for (int i = 0; i < 400; i++) {
            g_autofree char *sql = random_statement(rand);
            must(db, sql);
            if (strstr(sql, "PRAGMA") == NULL && strstr(sql, "VACUUM") == NULL)
                must(plain, sql);
            if (i % 50 == 0) {
                assert_int_equal(sqlite3_close(db), SQLITE_OK);
                db = open_right(place);
                must(db, "PRAGMA cache_size=10");
            }
            if (i % 40 == 39)
                assert_same(db, plain);
        }
        assert_same(db, plain);
        assert_int_equal(sqlite3_close(db), SQLITE_OK);
        assert_int_equal(sqlite3_close(plain), SQLITE_OK);
    }
}

/* --- nothing readable at rest -------------------------------------------------------------- */

static void p4_no_needle_in_file_log_or_shared_memory(void **state)
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

static void p4_frame_headers_hold_no_checksum_of_the_plaintext(void **state)
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

/* --- refusals ------------------------------------------------------------------------------ */

static void assert_damage(const Place *place, const guint8 key[static KEY_SIZE])
{
    g_autoptr(GError) error = NULL;
    assert_null(sealed_open(place->path, key, TRUE, &error));
    assert_int_equal(error->code, POSTERN_ERROR_STORE);
    assert_string_equal(postern_error_rule(error), "index.damage");
}

/* A folder as after kill -9: a log beside the file that holds what the file does not. */
static void leave_log_behind(const Place *place)
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

static void p4_open_linked_and_missing_files_are_refused(void **state)
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

static void p4_journals_other_databases_and_temporary_files_are_refused(void **state)
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

/* --- damage -------------------------------------------------------------------------------- */

static const char question[] = "SELECT a, b FROM t ORDER BY a";

/* Opens what lies there and asks; NULL for an error. */
static char *ask(const Place *place)
{
    sqlite3 *db = sealed_open(place->path, right_key, FALSE, NULL);
    if (db == NULL)
        return NULL;
    char *got = answer(db, question);
    sqlite3_close(db);
    return got;
}

static void p4_a_changed_byte_gives_an_error_and_never_wrong_data(void **state)
{
    const Place *place = *state;
    sqlite3 *db = open_right(place);
    must(db, "CREATE TABLE t(a, b); INSERT INTO t VALUES(1, 'x'), (2, zeroblob(9000))");
    sqlite3_close(db);
    g_autofree char *before = ask(place);
    g_autoptr(GBytes) bytes = file_bytes(place->path);
    gsize size;
    const guint8 *data = g_bytes_get_data(bytes, &size);
    assert_int_equal(size % SEALED_PAGE, 0);
    g_autofree guint8 *copy = g_malloc(size);
    int refused = 0, tried = 0;
    for (gsize i = 0; i < size; i += 41) {
        memcpy(copy, data, size);
        copy[i] ^= (guint8)(1 << (i % 8));
        put_bytes(place->path, copy, size);
        g_autofree char *got = ask(place);
        tried++;
        refused += got == NULL;
        if (got)
            assert_string_equal(got, before);
    }
    assert_int_equal(refused, tried); /* every page of this small file is read */
}

static void p4_a_changed_log_gives_an_older_state_or_an_error(void **state)
{
    const Place *place = *state;
    leave_log_behind(place);
    g_autoptr(GBytes) file = file_bytes(place->path);
    g_autoptr(GBytes) log = file_bytes(place->wal);
    gsize size, log_size;
    const guint8 *data = g_bytes_get_data(file, &size);
    const guint8 *log_data = g_bytes_get_data(log, &log_size);
    g_autofree guint8 *copy = g_malloc(log_size);
    for (gsize i = 0; i < log_size; i = i < 70 ? i + 1 : i + 83) {
        memcpy(copy, log_data, log_size);
        copy[i] ^= 0x10;
        put_bytes(place->path, data, size);
        put_bytes(place->wal, copy, log_size);
        (void)g_unlink(place->shm);
        g_autofree char *got = ask(place);
        if (got && strcmp(got, "1|first|\n") != 0)
            assert_string_equal(got, "1|first|\n2|second|\n");
    }
    for (gsize cut = 0; cut < log_size; cut += 509) {
        put_bytes(place->path, data, size);
        put_bytes(place->wal, log_data, cut);
        (void)g_unlink(place->shm);
        g_autofree char *got = ask(place);
        assert_non_null(got);
        if (strcmp(got, "1|first|\n") != 0)
            assert_string_equal(got, "1|first|\n2|second|\n");
    }
}

static void p4_pages_moved_zeroed_or_cut_are_refused(void **state)
{
    const Place *place = *state;
    sqlite3 *db = open_right(place);
    must(db, "CREATE TABLE t(a, b); INSERT INTO t VALUES(1, hex(randomblob(20000)))");
    sqlite3_close(db);
    g_autoptr(GBytes) bytes = file_bytes(place->path);
    gsize size;
    const guint8 *data = g_bytes_get_data(bytes, &size);
    gsize pages = size / SEALED_PAGE;
    assert_true(pages > 4);
    g_autofree guint8 *copy = g_malloc(size);
    for (gsize i = 0; i < pages; i++) {
        gsize other = (i + 1) % pages;
        memcpy(copy, data, size);
        memcpy(copy + i * SEALED_PAGE, data + other * SEALED_PAGE, SEALED_PAGE);
        memcpy(copy + other * SEALED_PAGE, data + i * SEALED_PAGE, SEALED_PAGE);
        put_bytes(place->path, copy, size);
        assert_null(ask(place));

        memcpy(copy, data, size);
        memset(copy + i * SEALED_PAGE, 0, SEALED_PAGE);
        put_bytes(place->path, copy, size);
        assert_null(ask(place));

        put_bytes(place->path, data, i * SEALED_PAGE);
        assert_null(ask(place));
        put_bytes(place->path, data, i * SEALED_PAGE + 100);
        assert_null(ask(place));
    }
}

/* --- crashes and company ------------------------------------------------------------------- */

static void p6_a_killed_writer_leaves_a_whole_database(void **state)
{
    const Place *place = *state;
    sqlite3 *db = open_right(place);
    must(db, "CREATE TABLE t(a INTEGER PRIMARY KEY, b)");
    sqlite3_close(db);
    for (int round = 0; round < 12; round++) {
        int ready[2];
        assert_int_equal(pipe(ready), 0);
        pid_t child = fork();
        if (child == 0) {
            db = open_right(place);
            must(db, "PRAGMA cache_size=10; PRAGMA wal_autocheckpoint=20");
            (void)!write(ready[1], "x", 1);
            for (;;)
                must(db, "BEGIN; INSERT INTO t(b) SELECT hex(randomblob(700)) FROM (VALUES(1),(2),"
                         "(3),(4),(5)); UPDATE t SET b = b || 'y' WHERE a % 5 = 1; COMMIT");
        }
        char byte;
        assert_int_equal(read(ready[0], &byte, 1), 1);
        g_usleep((gulong)(3000 + round * 1700));
        kill(child, SIGKILL);
        assert_int_equal(waitpid(child, NULL, 0), child);
        close(ready[0]);
        close(ready[1]);
        db = open_right(place);
        assert_answer(db, "PRAGMA integrity_check", "ok|\n");
        assert_answer(db, "SELECT count(*) % 5 FROM t", "0|\n");
        sqlite3_close(db);
    }
}

static void a_reader_keeps_its_view_while_another_process_writes_and_checkpoints(void **state)
{
    const Place *place = *state;
    sqlite3 *db = open_right(place);
    must(db, "CREATE TABLE t(a, b); INSERT INTO t VALUES(1, 'x')");
    must(db, "BEGIN");
    assert_answer(db, "SELECT count(*) FROM t", "1|\n");
    /* A fresh program, because SQLite must not cross a fork: the child opens its own. */
    pid_t child = fork();
    if (child == 0) {
        sqlite3 *other = open_right(place);
        for (int i = 0; i < 50; i++)
            must(other, "INSERT INTO t VALUES(2, hex(randomblob(5000)))");
        must(other, "PRAGMA wal_checkpoint(PASSIVE)");
        _exit(sqlite3_close(other) == SQLITE_OK ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    assert_answer(db, "SELECT count(*) FROM t", "1|\n");
    must(db, "COMMIT");
    assert_answer(db, "SELECT count(*) FROM t", "51|\n");
    assert_answer(db, "PRAGMA integrity_check", "ok|\n");
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void two_who_make_it_at_once_get_the_same_database(void **state)
{
    const Place *place = *state;
    for (int round = 0; round < 8; round++) {
        empty_folder(place->dir);
        pid_t children[3];
        for (gsize i = 0; i < G_N_ELEMENTS(children); i++) {
            children[i] = fork();
            if (children[i] == 0) {
                sqlite3 *db = open_right(place);
                must(db, "CREATE TABLE IF NOT EXISTS t(a); INSERT INTO t VALUES(1)");
                _exit(sqlite3_close(db) == SQLITE_OK ? 0 : 1);
            }
        }
        for (gsize i = 0; i < G_N_ELEMENTS(children); i++) {
            int status;
            assert_int_equal(waitpid(children[i], &status, 0), children[i]);
            assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
        }
        sqlite3 *db = open_right(place);
        assert_answer(db, "SELECT count(*) FROM t", "3|\n");
        assert_int_equal(sqlite3_close(db), SQLITE_OK);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(a_database_comes_back_with_its_rows),
        TEST(p4_files_are_private_under_any_umask),
        TEST(random_statements_give_what_plain_sqlite_gives),
        TEST(p4_no_needle_in_file_log_or_shared_memory),
        TEST(p4_frame_headers_hold_no_checksum_of_the_plaintext),
        TEST(p4_a_wrong_key_is_refused_and_changes_nothing),
        TEST(files_that_are_no_database_of_ours_are_refused),
        TEST(a_log_without_its_database_is_refused),
        TEST(p4_open_linked_and_missing_files_are_refused),
        TEST(p4_journals_other_databases_and_temporary_files_are_refused),
        TEST(a_key_is_wanted_for_each_file),
        TEST(p4_a_changed_byte_gives_an_error_and_never_wrong_data),
        TEST(p4_a_changed_log_gives_an_older_state_or_an_error),
        TEST(p4_pages_moved_zeroed_or_cut_are_refused),
        TEST(p6_a_killed_writer_leaves_a_whole_database),
        TEST(a_reader_keeps_its_view_while_another_process_writes_and_checkpoints),
        TEST(two_who_make_it_at_once_get_the_same_database),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
