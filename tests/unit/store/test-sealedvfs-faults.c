/* SQLite and the disk fail at each call once while a sealed database is made or opened, by the
 * linker's
 * --wrap: it is said by its rule, and nothing half made stays behind. */
#include <errno.h>
#include <glib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/store/sealed-fixture.h"

static guint calls, target; /* the call that fails, from 1; 0: none */
static int failure = SQLITE_ERROR;
static gboolean no_log; /* the file system has no room for one */

static gboolean struck(void)
{
    return target > 0 && ++calls == target;
}

int __real_sqlite3_exec(sqlite3 *db, const char *sql, sqlite3_callback row, void *user, char **why);
int __wrap_sqlite3_exec(sqlite3 *db, const char *sql, sqlite3_callback row, void *user, char **why);
int __wrap_sqlite3_exec(sqlite3 *db, const char *sql, sqlite3_callback row, void *user, char **why)
{
    if (no_log && strstr(sql, "journal_mode=WAL"))
        return SQLITE_OK; /* and no word of it */
    return struck() ? failure : __real_sqlite3_exec(db, sql, row, user, why);
}

int __real_sqlite3_file_control(sqlite3 *db, const char *name, int what, void *argument);
int __wrap_sqlite3_file_control(sqlite3 *db, const char *name, int what, void *argument);
int __wrap_sqlite3_file_control(sqlite3 *db, const char *name, int what, void *argument)
{
    return struck() ? failure : __real_sqlite3_file_control(db, name, what, argument);
}

int __wrap_sqlite3_db_config(sqlite3 *db, int what, ...);
int __wrap_sqlite3_db_config(sqlite3 *db, int what, ...)
{
    (void)db, (void)what;
    return struck() ? failure : SQLITE_OK;
}

/* Closed it is all the same. */
int __real_sqlite3_close(sqlite3 *db);
int __wrap_sqlite3_close(sqlite3 *db);
int __wrap_sqlite3_close(sqlite3 *db)
{
    int rc = __real_sqlite3_close(db);
    return struck() ? failure : rc;
}

int __real_link(const char *from, const char *to);
int __wrap_link(const char *from, const char *to);
static int link_errno;
int __wrap_link(const char *from, const char *to)
{
    if (link_errno == 0)
        return __real_link(from, to);
    if (link_errno == EEXIST) /* somebody was faster */
        (void)!__real_link(from, to);
    errno = link_errno;
    return -1;
}

static gboolean unregistered;
int __real_sqlite3_vfs_register(sqlite3_vfs *vfs, int standard);
int __wrap_sqlite3_vfs_register(sqlite3_vfs *vfs, int standard);
int __wrap_sqlite3_vfs_register(sqlite3_vfs *vfs, int standard)
{
    return unregistered ? SQLITE_NOMEM : __real_sqlite3_vfs_register(vfs, standard);
}

/* --- */

/* Files beside the database, its log and its shared memory. */
static guint strays(const Place *place)
{
    guint n = 0;
    g_autoptr(GDir) dir = g_dir_open(place->dir, 0, NULL);
    for (const char *name; (name = g_dir_read_name(dir)) != NULL;) {
        g_autofree char *path = g_build_filename(place->dir, name, NULL);
        n += strcmp(path, place->path) != 0 && strcmp(path, place->wal) != 0 &&
             strcmp(path, place->shm) != 0;
    }
    return n;
}

typedef enum { OPEN, MAKE, ASIDE } Way;

/* TRUE when it opened; else its rule. */
static gboolean opens(const Place *place, Way way, const char **rule, int *kind)
{
    g_autoptr(GError) error = NULL;
    sqlite3 *db = way == ASIDE ? sealed_aside(place->dir, &error)
                               : sealed_open(place->path, right_key, TRUE, &error);
    guint made = calls, at = target;
    target = 0;
    *rule = error ? g_intern_string(postern_error_rule(error)) : NULL;
    *kind = error ? error->code : 0;
    if (db)
        assert_int_equal(sqlite3_close(db), SQLITE_OK);
    calls = made;
    target = at;
    return db != NULL;
}

static const struct {
    int rc;
    const char *rule;
    int kind;
} meanings[] = {
    {SQLITE_ERROR, "index.read", POSTERN_ERROR_STORE},
    {SQLITE_IOERR_READ, "index.read", POSTERN_ERROR_STORE},
    {SQLITE_IOERR_DATA, "index.damage", POSTERN_ERROR_STORE},
    {SQLITE_CORRUPT, "index.damage", POSTERN_ERROR_STORE},
    {SQLITE_NOTADB, "index.damage", POSTERN_ERROR_STORE},
    {SQLITE_BUSY, "index.busy", POSTERN_ERROR_TEMPORARY},
    {SQLITE_LOCKED, "index.busy", POSTERN_ERROR_TEMPORARY},
    {SQLITE_FULL, "index.write", POSTERN_ERROR_STORE},
    {SQLITE_READONLY, "index.write", POSTERN_ERROR_STORE},
};

static void fail_at_each_call(const Place *place, Way way)
{
    for (guint at = 1;; at++) {
        guint made = 0;
        for (gsize i = 0; i < G_N_ELEMENTS(meanings); i++) {
            const char *rule;
            int kind;
            if (way == MAKE)
                empty_folder(place->dir);
            failure = meanings[i].rc;
            calls = 0;
            target = at;
            gboolean opened = opens(place, way, &rule, &kind);
            made = calls;
            target = 0;
            if (made < at) {
                assert_true(opened);
                return;
            }
            if (opened)
                fail_msg("call %u fails and nobody hears of it", at);
            if (strcmp(rule, meanings[i].rule) != 0 || kind != meanings[i].kind)
                fail_msg("call %u with %d: %s", at, meanings[i].rc, rule);
            assert_int_equal(strays(place), 0);
        }
    }
}

static void p6_54_each_failure_while_it_is_made_is_told_and_leaves_nothing(void **state)
{
    const Place *place = *state;
    fail_at_each_call(place, MAKE);
}

static void p6_54_each_failure_while_it_is_opened_is_told(void **state)
{
    const Place *place = *state;
    sqlite3 *db = open_right(place);
    must(db, "CREATE TABLE t(a)");
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    fail_at_each_call(place, OPEN);
    db = open_right(place);
    assert_answer(db, "SELECT count(*) FROM t", "0|\n");
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void p6_54_each_failure_of_one_aside_is_told_and_leaves_nothing(void **state)
{
    const Place *place = *state;
    fail_at_each_call(place, ASIDE);
    g_autoptr(GError) error = NULL;
    assert_null(sealed_aside("/nowhere", &error));
    assert_string_equal(postern_error_rule(error), "index.write");
}

static void a_database_that_gets_no_name_is_told(void **state)
{
    const Place *place = *state;
    g_autoptr(GError) error = NULL;
    link_errno = EPERM;
    assert_null(sealed_open(place->path, right_key, TRUE, &error));
    link_errno = 0;
    assert_string_equal(postern_error_rule(error), "index.write");
    assert_int_equal(strays(place), 0);
    no_log = TRUE;
    g_autoptr(GError) other = NULL;
    assert_null(sealed_open(place->path, right_key, TRUE, &other));
    no_log = FALSE;
    assert_string_equal(postern_error_rule(other), "index.read");
    assert_int_equal(strays(place), 0);
}

static void of_two_who_make_it_one_wins_and_both_open(void **state)
{
    const Place *place = *state;
    link_errno = EEXIST;
    sqlite3 *db = sealed_open(place->path, right_key, TRUE, NULL);
    link_errno = 0;
    assert_non_null(db);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    assert_int_equal(strays(place), 0);
}

/* SQLite asks the system for the size of a file by this. */
static guint asked, breaks;
static int broken_fstat(int fd, struct stat *facts)
{
    errno = EIO;
    return ++asked == breaks ? -1 : fstat(fd, facts);
}

static void a_file_whose_size_is_not_known_is_not_called_whole(void **state)
{
    const Place *place = *state;
    sqlite3_vfs *vfs = sqlite3_vfs_find("unix");
    sqlite3 *db = open_right(place);
    must(db, "CREATE TABLE t(a)");
    assert_int_equal(vfs->xSetSystemCall(vfs, "fstat", (sqlite3_syscall_ptr)broken_fstat),
                     SQLITE_OK);
    /* The last of its questions is about what it then reads. */
    g_autoptr(GArray) damaged = g_array_new(FALSE, FALSE, sizeof(guint32));
    guint32 pages = 0;
    for (int run = 0; run < 2; run++) {
        asked = 0;
        assert_int_equal(sealed_scan(db, &pages, damaged), SQLITE_OK);
    }
    breaks = asked;
    asked = 0;
    assert_int_not_equal(sealed_scan(db, &pages, damaged), SQLITE_OK);
    breaks = 0;
    assert_int_equal(vfs->xSetSystemCall(vfs, "fstat", NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* Once a process: a process of its own. */
static void without_its_file_system_nothing_opens(void **state)
{
    const Place *place = *state;
    pid_t child = fork();
    if (child == 0) {
        g_autoptr(GError) error = NULL;
        unregistered = TRUE;
        gboolean none = sealed_open(place->path, right_key, TRUE, &error) == NULL &&
                        sealed_aside(place->dir, NULL) == NULL;
        exit(none && strcmp(postern_error_rule(error), "index.read") == 0 ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, sealed_set_up, sealed_tear_down)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(without_its_file_system_nothing_opens),
        TEST(p6_54_each_failure_while_it_is_made_is_told_and_leaves_nothing),
        TEST(p6_54_each_failure_while_it_is_opened_is_told),
        TEST(p6_54_each_failure_of_one_aside_is_told_and_leaves_nothing),
        TEST(a_database_that_gets_no_name_is_told),
        TEST(of_two_who_make_it_one_wins_and_both_open),
        TEST(a_file_whose_size_is_not_known_is_not_called_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
