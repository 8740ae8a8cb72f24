#include "tests/unit/store/sealed-fixture.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

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

/* --- crashes and company ------------------------------------------------------------------- */

static void p6_54_a_killed_writer_leaves_a_whole_database(void **state)
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

#define TEST(name) cmocka_unit_test_setup_teardown(name, sealed_set_up, sealed_tear_down)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(a_database_comes_back_with_its_rows),
        TEST(random_statements_give_what_plain_sqlite_gives),
        TEST(p6_54_a_killed_writer_leaves_a_whole_database),
        TEST(a_reader_keeps_its_view_while_another_process_writes_and_checkpoints),
        TEST(two_who_make_it_at_once_get_the_same_database),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
