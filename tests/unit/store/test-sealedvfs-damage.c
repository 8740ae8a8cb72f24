#include "tests/unit/store/sealed-fixture.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- damage -------------------------------------------------------------------------------- */

static const char question[] = "SELECT a, b FROM t ORDER BY a";

/* Opens what lies there and asks; NULL for an error. */
/* NULL when anything does not open, were it a page that only SQLite itself is interested in. */
static char *ask(const Place *place)
{
    sqlite3 *db = sealed_open(place->path, right_key, FALSE, NULL);
    if (db == NULL)
        return NULL;
    char *got = answer(db, question);
    g_autofree char *sound = answer(db, "PRAGMA integrity_check");
    sqlite3_close(db);
    if (sound == NULL || strncmp(sound, "ok", 2) != 0)
        g_clear_pointer(&got, g_free);
    return got;
}

static void p4_40_a_changed_byte_gives_an_error_and_never_wrong_data(void **state)
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

static void p4_40_a_changed_log_gives_an_older_state_or_an_error(void **state)
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

static void p4_40_pages_moved_zeroed_or_cut_are_refused(void **state)
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

/* The frame headers are in clear as to their page, so a frame can be found; what is in it cannot.
 */
static void damage_frame(const Place *place, gsize frame, gsize at)
{
    FILE *file = g_fopen(place->wal, "r+b");
    assert_non_null(file);
    long offset = (long)(WAL_HEADER + frame * FRAME_SIZE + at);
    assert_int_equal(fseek(file, offset, SEEK_SET), 0);
    int byte = fgetc(file);
    assert_int_equal(fseek(file, offset, SEEK_SET), 0);
    assert_int_equal(fputc(byte ^ 4, file), byte ^ 4);
    assert_int_equal(fclose(file), 0);
}

/* While somebody has it open there is no recovery that would end the log at the damage. */
static void p4_40_a_changed_frame_of_a_log_in_use_is_an_error(void **state)
{
    const Place *place = *state;
    sqlite3 *writer = open_right(place);
    must(writer, "PRAGMA wal_autocheckpoint=0; CREATE TABLE t(a, b)");
    must(writer, "INSERT INTO t VALUES(1, 'x')");
    g_autoptr(GBytes) log = file_bytes(place->wal);
    gsize frames = (g_bytes_get_size(log) - WAL_HEADER) / FRAME_SIZE, refused = 0;
    for (gsize frame = 0; frame < frames; frame++) {
        damage_frame(place, frame, FRAME_HEADER + 100 + frame);
        sqlite3 *reader = sealed_open(place->path, right_key, FALSE, NULL);
        g_autofree char *got = reader ? answer(reader, question) : NULL;
        if (got)
            assert_string_equal(got, "1|x|\n"); /* a frame that a later one replaces */
        refused += got == NULL;
        sqlite3_close(reader);
        damage_frame(place, frame, FRAME_HEADER + 100 + frame);
    }
    assert_true(refused >= 2); /* both pages that hold the table and its row */
    damage_frame(place, frames - 1, FRAME_HEADER);
    assert_int_equal(sqlite3_wal_checkpoint_v2(writer, NULL, SQLITE_CHECKPOINT_FULL, NULL, NULL),
                     SQLITE_IOERR_DATA);
    damage_frame(place, frames - 1, FRAME_HEADER);
    assert_answer(writer, question, "1|x|\n");
    assert_int_equal(sqlite3_wal_checkpoint_v2(writer, NULL, SQLITE_CHECKPOINT_FULL, NULL, NULL),
                     SQLITE_OK);
    sqlite3_close(writer);
}

/* --- a disk that fails --------------------------------------------------------------------- */

typedef enum { READS, WRITES, SIZES } Calls;
static const char *const call_names[] = {"pread64", "pwrite64", "fstat"};

static struct {
    int calls, fails_at, reason;
    gboolean half; /* the call before does half of its work */
} disk;

static gboolean fails_now(void)
{
    errno = disk.reason;
    return ++disk.calls == disk.fails_at;
}

/* SQLite asks again for the other half. */
static size_t portion(size_t size)
{
    return disk.half && disk.calls + 1 == disk.fails_at && size > 1 ? size / 2 : size;
}

static ssize_t failing_read(int fd, void *data, size_t size, off64_t at)
{
    return fails_now() ? -1 : pread64(fd, data, portion(size), at);
}

static ssize_t failing_write(int fd, const void *data, size_t size, off64_t at)
{
    return fails_now() ? -1 : pwrite64(fd, data, portion(size), at);
}

static int failing_stat(int fd, struct stat *facts)
{
    return fails_now() ? -1 : fstat(fd, facts);
}

/* The call number AT fails from here on, once; 0 mends the disk. */
static void let_fail(Calls what, int at, int reason, gboolean half)
{
    static const sqlite3_syscall_ptr failing[] = {(sqlite3_syscall_ptr)failing_read,
                                                  (sqlite3_syscall_ptr)failing_write,
                                                  (sqlite3_syscall_ptr)failing_stat};
    sqlite3_vfs *vfs = sqlite3_vfs_find("unix");
    disk.calls = 0;
    disk.fails_at = at;
    disk.reason = reason;
    disk.half = half;
    /* NULL puts back what SQLite was built with. */
    vfs->xSetSystemCall(vfs, call_names[what], at > 0 ? failing[what] : NULL);
}

static gboolean is_named(const GError *error)
{
    static const char *const rules[] = {"index.damage", "index.read", "index.write", "index.busy"};
    for (gsize i = 0; i < G_N_ELEMENTS(rules); i++)
        if (g_strcmp0(postern_error_rule(error), rules[i]) == 0)
            return TRUE;
    return FALSE;
}

static const char script[] =
    "PRAGMA cache_size=10; BEGIN; CREATE TABLE IF NOT EXISTS t(a INTEGER PRIMARY KEY, b);"
    "INSERT OR IGNORE INTO t WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c "
    "WHERE n < 40) SELECT n, printf('%.*c', 3000, 'x') FROM c; UPDATE t SET b = b || 'y'; COMMIT;"
    "PRAGMA wal_checkpoint(FULL); SELECT count(*) FROM t WHERE length(b) > 0";

static gboolean run_script(const Place *place)
{
    g_autoptr(GError) error = NULL;
    sqlite3 *db = sealed_open(place->path, right_key, TRUE, &error);
    if (db == NULL) {
        assert_true(is_named(error));
        return FALSE;
    }
    gboolean fine = sqlite3_exec(db, script, NULL, NULL, NULL) == SQLITE_OK;
    sqlite3_close(db);
    return fine;
}

/* Half made is never found: the names of a failed making are gone again. */
static void assert_nothing_beside(const Place *place)
{
    g_autoptr(GDir) entries = g_dir_open(place->dir, 0, NULL);
    const char *name;
    while ((name = g_dir_read_name(entries)))
        assert_true(strcmp(name, "index.db") == 0 || g_str_has_prefix(name, "index.db-"));
}

static void p6_54_a_failing_disk_gives_an_error_and_a_whole_database(void **state)
{
    const Place *place = *state;
    static const struct {
        Calls what;
        int reason;
        gboolean half;
    } cases[] = {
        {READS, EIO, TRUE}, {WRITES, ENOSPC, TRUE}, {WRITES, EIO, FALSE}, {SIZES, EIO, FALSE}};
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        gboolean ended = FALSE;
        for (int at = 1; !ended; at += at < 40 ? 1 : 7) {
            empty_folder(place->dir);
            let_fail(cases[i].what, at, cases[i].reason, cases[i].half);
            gboolean fine = run_script(place);
            ended = disk.calls < at;
            let_fail(cases[i].what, 0, 0, FALSE);
            assert_nothing_beside(place);
            assert_true(fine || !ended);
            assert_true(run_script(place));
            sqlite3 *db = open_right(place);
            assert_answer(db, "PRAGMA integrity_check; SELECT count(*) FROM t", "ok|\n40|\n");
            sqlite3_close(db);
        }
    }
}

/* --- a scan, and others at work ------------------------------------------------------------ */

static int scan(sqlite3 *db, guint32 *pages)
{
    g_autoptr(GArray) damaged = g_array_new(FALSE, FALSE, sizeof(guint32));
    int rc = sealed_scan(db, pages, damaged);
    assert_int_equal(damaged->len, 0);
    assert_true(sqlite3_get_autocommit(db));
    return rc;
}

static void p6_54_a_scan_of_a_failing_disk_is_an_error_and_no_damage(void **state)
{
    const Place *place = *state;
    sqlite3 *db = open_right(place);
    must(db, "CREATE TABLE t(a); INSERT INTO t VALUES(1)");
    guint32 pages;
    guint failed = 0;
    gboolean ended = FALSE;
    for (int at = 1; !ended; at++) {
        let_fail(SIZES, at, EIO, FALSE);
        int rc = scan(db, &pages);
        ended = disk.calls < at;
        let_fail(SIZES, 0, 0, FALSE);
        failed += rc != SQLITE_OK;
        assert_true(rc == SQLITE_OK || !ended);
    }
    assert_true(failed > 0);
    assert_int_equal(scan(db, &pages), SQLITE_OK);
    assert_int_equal(pages, 3);
    sqlite3_close(db);
}

/* What another does between the log's coming into the file and the writer's lock. */
static struct {
    sqlite3 *other;
    const char *sql;
    guint times;
} between;

static int before_begin(unsigned what, void *user, void *statement, void *sql)
{
    (void)what, (void)user, (void)statement;
    if (strcmp(sql, "BEGIN IMMEDIATE") == 0 && between.times > 0) {
        between.times--;
        must(between.other, between.sql);
    }
    return 0;
}

static void a_scan_waits_for_a_moment_without_commits_but_not_for_ever(void **state)
{
    const Place *place = *state;
    sqlite3 *db = open_right(place);
    guint32 pages;
    must(db, "CREATE TABLE t(a); INSERT INTO t VALUES(1)");
    between.other = open_right(place);
    sqlite3_trace_v2(db, SQLITE_TRACE_STMT, before_begin, NULL);
    between.sql = "INSERT INTO t VALUES(2)";
    between.times = 3;
    assert_int_equal(scan(db, &pages), SQLITE_OK);
    between.times = 1000;
    assert_int_equal(scan(db, &pages), SQLITE_BUSY);
    assert_true(between.times > 900);
    between.sql = "BEGIN IMMEDIATE; INSERT INTO t VALUES(3)";
    between.times = 1;
    sqlite3_busy_timeout(db, 1);
    assert_int_equal(scan(db, &pages), SQLITE_BUSY);
    assert_int_equal(pages, 0);
    must(between.other, "COMMIT");
    assert_int_equal(scan(db, &pages), SQLITE_OK);
    sqlite3_close(between.other);
    sqlite3_close(db);
}

/* --- what SQLite never asks ---------------------------------------------------------------- */

static sqlite3_file *file_of(sqlite3 *db, int what)
{
    sqlite3_file *file = NULL;
    assert_int_equal(sqlite3_file_control(db, "main", what, &file), SQLITE_OK);
    return file;
}

static void shapes_that_are_no_page_or_frame_are_refused(void **state)
{
    const Place *place = *state;
    sqlite3 *db = open_right(place);
    must(db, "CREATE TABLE t(a); INSERT INTO t VALUES(1)");
    sqlite3_file *file = file_of(db, SQLITE_FCNTL_FILE_POINTER);
    static guint8 bytes[2 * SEALED_PAGE];
    static const struct {
        int size;
        gint64 at;
    } reads[] = {{0, 0}, {16, -1}, {SEALED_PAGE, 1}, {SEALED_PAGE + 1, 0}, {16, SEALED_PAGE - 8}},
      writes[] = {{0, 0}, {16, -1}, {SEALED_PAGE, 1}, {100, 0}, {2 * SEALED_PAGE, 0}};
    for (gsize i = 0; i < G_N_ELEMENTS(reads); i++)
        assert_int_equal(file->pMethods->xRead(file, bytes, reads[i].size, reads[i].at),
                         SQLITE_IOERR_READ);
    for (gsize i = 0; i < G_N_ELEMENTS(writes); i++)
        assert_int_equal(file->pMethods->xWrite(file, bytes, writes[i].size, writes[i].at),
                         SQLITE_IOERR_WRITE);
    memset(bytes, 0, sizeof bytes);
    bytes[SEALED_PAGE - 1] = 1; /* in the reserved bytes */
    assert_int_equal(file->pMethods->xWrite(file, bytes, SEALED_PAGE, 0), SQLITE_IOERR_WRITE);
    assert_int_equal(file->pMethods->xTruncate(file, 100), SQLITE_IOERR_TRUNCATE);
    int held = 1;
    assert_int_equal(file->pMethods->xCheckReservedLock(file, &held), SQLITE_OK);
    assert_int_equal(held, 0);
    assert_true(file->pMethods->xSectorSize(file) > 0);
    int chunk = 65536;
    assert_int_equal(file->pMethods->xFileControl(file, SQLITE_FCNTL_CHUNK_SIZE, &chunk),
                     SQLITE_NOTFOUND);
    assert_answer(db, "SELECT a FROM t", "1|\n");
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void shapes_in_the_log_are_refused_too(void **state)
{
    const Place *place = *state;
    sqlite3 *db = open_right(place);
    must(db, "CREATE TABLE t(a); INSERT INTO t VALUES(1)");
    sqlite3_vfs *vfs = sqlite3_vfs_find("postern-sealed");
    sqlite3_file *file = g_malloc0((gsize)vfs->szOsFile);
    /* The name SQLite would open the log by carries its database along. */
    const char *name = sqlite3_filename_wal(sqlite3_db_filename(db, "main"));
    assert_int_equal(vfs->xOpen(vfs, name, file, SQLITE_OPEN_WAL | SQLITE_OPEN_READWRITE, NULL),
                     SQLITE_OK);
    static guint8 bytes[FRAME_SIZE + 1];
    static const struct {
        int size;
        gint64 at;
    } shapes[] = {{WAL_HEADER, 1},
                  {WAL_HEADER + 1, 0},
                  {FRAME_HEADER + 1, WAL_HEADER},
                  {FRAME_SIZE + 1, WAL_HEADER},
                  {SEALED_PAGE, WAL_HEADER},
                  {SEALED_PAGE - 1, WAL_HEADER + FRAME_HEADER},
                  {100, WAL_HEADER + FRAME_HEADER + 4}};
    for (gsize i = 0; i < G_N_ELEMENTS(shapes); i++) {
        assert_int_equal(file->pMethods->xRead(file, bytes, shapes[i].size, shapes[i].at),
                         SQLITE_IOERR_READ);
        assert_int_equal(file->pMethods->xWrite(file, bytes, shapes[i].size, shapes[i].at),
                         SQLITE_IOERR_WRITE);
    }
    /* A page without its header, and one with something in the reserved bytes. */
    const gint64 beyond = WAL_HEADER + FRAME_HEADER + 1000 * (gint64)FRAME_SIZE;
    assert_int_equal(file->pMethods->xWrite(file, bytes, SEALED_PAGE, beyond), SQLITE_IOERR_WRITE);
    bytes[SEALED_PAGE - 1] = 1;
    assert_int_equal(file->pMethods->xWrite(file, bytes, SEALED_PAGE, WAL_HEADER + FRAME_HEADER),
                     SQLITE_IOERR_WRITE);
    /* Behind its end a log gives zeros and a short read. */
    memset(bytes, 7, sizeof bytes);
    assert_int_equal(file->pMethods->xRead(file, bytes, FRAME_HEADER, beyond - FRAME_HEADER),
                     SQLITE_IOERR_SHORT_READ);
    assert_int_equal(bytes[0], 0);
    assert_int_equal(file->pMethods->xClose(file), SQLITE_OK);
    g_free(file);
    assert_answer(db, "SELECT a FROM t", "1|\n");
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, sealed_set_up, sealed_tear_down)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(p4_40_a_changed_byte_gives_an_error_and_never_wrong_data),
        TEST(p4_40_a_changed_log_gives_an_older_state_or_an_error),
        TEST(p4_40_a_changed_frame_of_a_log_in_use_is_an_error),
        TEST(p4_40_pages_moved_zeroed_or_cut_are_refused),
        TEST(p6_54_a_failing_disk_gives_an_error_and_a_whole_database),
        TEST(p6_54_a_scan_of_a_failing_disk_is_an_error_and_no_damage),
        TEST(a_scan_waits_for_a_moment_without_commits_but_not_for_ever),
        TEST(shapes_that_are_no_page_or_frame_are_refused),
        TEST(shapes_in_the_log_are_refused_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
