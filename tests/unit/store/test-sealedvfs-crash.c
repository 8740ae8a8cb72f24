/* What is left of a sealed database when its writer dies at any write, and when its files come from
 * other times: held against an oracle that knows each committed state. */
#include "tests/unit/store/sealed-fixture.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

/* --- states and the oracle ----------------------------------------------------------------- */

/*
 * Commit K adds documents 3K-2, 3K-1 and 3K, gives 3K-5 other words, and takes 3K-9 away. Each has
 * five of 23 words, and a large part that fills pages of their own.
 */
#define COMMITS 14
#define DOCUMENTS (3 * COMMITS)
#define WORDS 23

/* What is killed has written all the same, synchronous or not. */
#define SETTINGS "PRAGMA cache_size=10; PRAGMA synchronous=OFF;"

static const char lay_out[] =
    SETTINGS "CREATE TABLE t(id INTEGER PRIMARY KEY, x, large);"
             "CREATE VIRTUAL TABLE f USING fts5(x, content='t', content_rowid='id');"
             "CREATE TABLE n(k, salt); INSERT INTO n VALUES(0, randomblob(16))";

static char *words_of(guint id, guint version)
{
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < 5; i++)
        g_string_append_printf(text, "%sw%u", i ? " " : "", (id * 7 + version * 5 + i * i) % WORDS);
    return g_string_free(text, FALSE);
}

/* Versions of the documents after K commits, from 1; 0: is not there. */
static void state_after(guint k, guint versions[static DOCUMENTS + 1])
{
    memset(versions, 0, (DOCUMENTS + 1) * sizeof *versions);
    for (guint i = 1; i <= k; i++) {
        versions[3 * i] = versions[3 * i - 1] = versions[3 * i - 2] = 1;
        if (i > 1)
            versions[3 * i - 5]++;
        if (i > 3)
            versions[3 * i - 9] = 0;
    }
}

static void put_document(GString *sql, guint id, guint version)
{
    g_autofree char *words = words_of(id, version);
    g_string_append_printf(sql,
                           "INSERT INTO t VALUES(%u, '%s', randomblob(5000));"
                           "INSERT INTO f(rowid, x) VALUES(%u, '%s');",
                           id, words, id, words);
}

static void take_document(GString *sql, guint id, guint version)
{
    g_autofree char *words = words_of(id, version);
    g_string_append_printf(sql,
                           "INSERT INTO f(f, rowid, x) VALUES('delete', %u, '%s');"
                           "DELETE FROM t WHERE id = %u;",
                           id, words, id);
}

static char *commit_number(guint k)
{
    guint before[DOCUMENTS + 1], after[DOCUMENTS + 1];
    GString *sql = g_string_new("BEGIN;");
    state_after(k - 1, before);
    state_after(k, after);
    for (guint id = 1; id <= DOCUMENTS; id++) {
        if (before[id] == after[id])
            continue;
        if (before[id])
            take_document(sql, id, before[id]);
        if (after[id])
            put_document(sql, id, after[id]);
    }
    g_string_append_printf(sql, "UPDATE n SET k = %u, salt = randomblob(16); COMMIT;", k);
    if (k % 5 == 0)
        g_string_append(sql, "PRAGMA wal_checkpoint(TRUNCATE);");
    else if (k % 5 == 3)
        g_string_append(sql, "PRAGMA wal_checkpoint(PASSIVE);");
    return g_string_free(sql, FALSE);
}

static gboolean has_word(guint id, guint version, guint word)
{
    g_autofree char *words = words_of(id, version);
    g_autofree char *padded = g_strdup_printf(" %s ", words);
    g_autofree char *wanted = g_strdup_printf(" w%u ", word);
    return strstr(padded, wanted) != NULL;
}

/* What a search of each word must give, by looking at each document. */
static char *expected_state(guint k)
{
    guint versions[DOCUMENTS + 1];
    GString *text = g_string_new(NULL);
    state_after(k, versions);
    for (guint word = 0; word < WORDS; word++) {
        for (guint id = 1; id <= DOCUMENTS; id++)
            if (versions[id] && has_word(id, versions[id], word))
                g_string_append_printf(text, "%u ", id);
        g_string_append_c(text, '\n');
    }
    for (guint id = 1; id <= DOCUMENTS; id++) {
        g_autofree char *words = words_of(id, versions[id]);
        if (versions[id])
            g_string_append_printf(text, "%u|%s|5000|\n", id, words);
    }
    return g_string_free(text, FALSE);
}

/* The same as the database tells it; NULL when it gives an error. */
static char *told_state(sqlite3 *db)
{
    GString *text = g_string_new(NULL);
    gboolean fine = TRUE;
    for (guint word = 0; fine && word < WORDS; word++) {
        g_autofree char *sql =
            g_strdup_printf("SELECT rowid FROM f WHERE f MATCH 'w%u' ORDER BY rowid", word);
        g_autofree char *rows = answer(db, sql);
        fine = rows != NULL;
        for (char *c = rows; c && *c; c++)
            if (*c != '\n')
                g_string_append_c(text, *c == '|' ? ' ' : *c);
        g_string_append_c(text, '\n');
    }
    g_autofree char *rows = answer(db, "SELECT id, x, length(large) FROM t ORDER BY id");
    g_string_append(text, rows ? rows : "");
    return g_string_free(text, !fine || rows == NULL);
}

/* The number of the commit whose state lies there, sound in every respect; -1 for an error. */
static int state_of(const Place *place, gboolean create)
{
    g_autoptr(GError) error = NULL;
    sqlite3 *db = sealed_open(place->path, right_key, create, &error);
    if (db == NULL) {
        assert_int_equal(error->code, POSTERN_ERROR_STORE);
        assert_string_equal(postern_error_rule(error), "index.damage");
        return -1;
    }
    g_autofree char *told = told_state(db);
    g_autofree char *number = answer(db, "SELECT k FROM n");
    g_autofree char *checked = answer(db, "PRAGMA integrity_check");
    gboolean sound = told && number && g_strcmp0(checked, "ok|\n") == 0 &&
                     sqlite3_exec(db, "INSERT INTO f(f) VALUES('integrity-check')", NULL, NULL,
                                  NULL) == SQLITE_OK;
    sqlite3_close(db);
    if (!sound)
        return -1;
    guint k = (guint)g_ascii_strtoull(number, NULL, 10);
    g_autofree char *expected = expected_state(k);
    assert_string_equal(told, expected);
    return (int)k;
}

/* --- a writer that dies -------------------------------------------------------------------- */

static struct {
    guint calls, dies_at;
    guint eighths;       /* how much of its last write reaches the file */
    gboolean first_page; /* dies at the next write to it as well */
} writer;

static ssize_t deadly_write(int fd, const void *data, size_t size, off64_t at)
{
    gboolean first_page = at == 0 && size == SEALED_PAGE;
    if (++writer.calls == writer.dies_at || (first_page && writer.first_page)) {
        (void)!pwrite64(fd, data, size * writer.eighths / 8, at);
        kill(getpid(), SIGKILL);
    }
    return pwrite64(fd, data, size, at);
}

static int deadly_truncate(int fd, off_t size)
{
    if (++writer.calls == writer.dies_at)
        kill(getpid(), SIGKILL);
    return ftruncate(fd, size);
}

static void arm(guint dies_at, guint eighths)
{
    sqlite3_vfs *vfs = sqlite3_vfs_find("unix");
    writer.dies_at = dies_at;
    writer.eighths = eighths;
    vfs->xSetSystemCall(vfs, "pwrite64", (sqlite3_syscall_ptr)deadly_write);
    vfs->xSetSystemCall(vfs, "ftruncate", (sqlite3_syscall_ptr)deadly_truncate);
}

/* In a child, where cmocka's way of failing would go on as a second parent. */
static void sure(gboolean fine)
{
    if (!fine)
        _exit(1);
}

static sqlite3 *surely_open(const Place *place)
{
    sqlite3 *db = sealed_open(place->path, right_key, TRUE, NULL);
    sure(db != NULL);
    return db;
}

static void surely_run(sqlite3 *db, const char *sql)
{
    sure(sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK);
}

/* Does WORK in a process of its own; was it killed? */
static gboolean killed(void (*work)(const Place *place, guint *done), const Place *place,
                       guint *done)
{
    pid_t child = fork();
    if (child == 0) {
        work(place, done);
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
    return WIFSIGNALED(status);
}

static void write_commits(const Place *place, guint *done)
{
    sqlite3 *db = surely_open(place);
    surely_run(db, lay_out);
    arm(writer.dies_at, writer.eighths);
    for (guint k = 1; k <= COMMITS; k++) {
        g_autofree char *sql = commit_number(k);
        surely_run(db, sql);
        *done = k;
    }
    sqlite3_close(db);
}

static void recover(const Place *place, guint *done)
{
    (void)done;
    arm(writer.dies_at, writer.eighths);
    sqlite3_close(surely_open(place));
}

static void p6_54_death_at_any_write_leaves_the_last_commit_or_the_one_underway(void **state)
{
    const Place *place = *state;
    guint *done =
        mmap(NULL, sizeof *done, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    gboolean died = TRUE;
    guint deaths = 0;
    for (guint at = 1; died; at += at < 20 ? 1 : 13) {
        empty_folder(place->dir);
        *done = 0;
        writer.dies_at = at;
        writer.eighths = at % 9;
        died = killed(write_commits, place, done);
        deaths += died;
        /* Whoever comes next may die as well while he brings the log into the file. */
        writer.dies_at = 1 + at % 5;
        (void)killed(recover, place, done);
        int k = state_of(place, FALSE);
        if (k != (int)*done)
            assert_int_equal(k, *done + 1);
    }
    assert_true(deaths > 40);
    assert_int_equal(state_of(place, FALSE), COMMITS);
    munmap(done, sizeof *done);
}

/* SQLite looks there before it looks into the log, which still has that page. */
static void p6_54_a_first_page_torn_by_a_checkpoint_is_taken_from_the_log(void **state)
{
    const Place *place = *state;
    guint *done =
        mmap(NULL, sizeof *done, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    writer.dies_at = 0;
    writer.first_page = TRUE;
    for (writer.eighths = 1; writer.eighths < 8; writer.eighths++) {
        empty_folder(place->dir);
        assert_true(killed(write_commits, place, done));
        assert_true(killed(recover, place, done));
        g_autoptr(GBytes) file = file_bytes(place->path);
        g_autoptr(GBytes) log = file_bytes(place->wal);
        assert_damage(place, wrong_key);
        assert_int_equal(g_unlink(place->wal), 0);
        assert_damage(place, right_key);
        put_bytes(place->wal, g_bytes_get_data(log, NULL), FRAME_SIZE);
        assert_damage(place, right_key);
        put_bytes(place->wal, g_bytes_get_data(log, NULL), g_bytes_get_size(log));
        g_autoptr(GBytes) after = file_bytes(place->path);
        assert_true(g_bytes_equal(file, after));
        assert_int_equal(state_of(place, FALSE), 3);
    }
    writer.first_page = FALSE;
    munmap(done, sizeof *done);
}

/* --- files from other times ---------------------------------------------------------------- */

typedef struct {
    GBytes *file, *log, *shm;
} Image;

static guint stop_at;

static void write_until(const Place *place, guint *done)
{
    (void)done;
    sqlite3 *db = surely_open(place);
    surely_run(db, lay_out);
    for (guint k = 1; k <= stop_at; k++) {
        g_autofree char *sql = commit_number(k);
        surely_run(db, sql);
    }
    kill(getpid(), SIGKILL);
}

static void go_on_until(const Place *place, guint *done)
{
    sqlite3 *db = surely_open(place);
    surely_run(db, SETTINGS);
    for (guint k = *done + 1; k <= stop_at; k++) {
        g_autofree char *sql = commit_number(k);
        surely_run(db, sql);
    }
    kill(getpid(), SIGKILL);
}

/* The folder as it was K commits on, the writer killed. */
static Image image_at(const Place *place, guint from, guint k)
{
    stop_at = k;
    assert_true(killed(from == 0 ? write_until : go_on_until, place, &from));
    return (Image){file_bytes(place->path), file_bytes(place->wal), file_bytes(place->shm)};
}

static void image_clear(Image *image)
{
    g_bytes_unref(image->file);
    g_bytes_unref(image->log);
    g_bytes_unref(image->shm);
}

static void put_part(const char *path, GBytes *bytes, gsize size)
{
    put_bytes(path, g_bytes_get_data(bytes, NULL), MIN(size, g_bytes_get_size(bytes)));
}

static void lay(const Place *place, GBytes *file, GBytes *log, gsize log_size, GBytes *shm)
{
    empty_folder(place->dir);
    put_part(place->path, file, G_MAXSIZE);
    put_part(place->wal, log, log_size);
    put_part(place->shm, shm, G_MAXSIZE);
}

static void p4_40_a_log_cut_anywhere_gives_a_committed_state(void **state)
{
    const Place *place = *state;
    Image image = image_at(place, 0, 7); /* 5 in the file, two in the log */
    gsize size = g_bytes_get_size(image.log), frames = (size - WAL_HEADER) / FRAME_SIZE;
    assert_true(frames > 20);
    int last = 0;
    for (gsize frame = 0; frame < frames; frame++) {
        static const gsize within[] = {0, 1, FRAME_HEADER, FRAME_HEADER + SEALED_PAGE / 2,
                                       FRAME_SIZE - 1};
        gsize cut = WAL_HEADER + frame * FRAME_SIZE + within[frame % G_N_ELEMENTS(within)];
        lay(place, image.file, image.log, cut, image.shm);
        int k = state_of(place, FALSE);
        assert_true(k >= 5 && k >= last); /* more of the log is never less */
        last = k;
    }
    lay(place, image.file, image.log, WAL_HEADER - 1, image.shm);
    assert_int_equal(state_of(place, FALSE), 5);
    lay(place, image.file, image.log, G_MAXSIZE, image.shm);
    assert_int_equal(state_of(place, FALSE), 7);
    image_clear(&image);
}

static void p4_40_shared_memory_of_whatever_content_changes_nothing(void **state)
{
    const Place *place = *state;
    Image early = image_at(place, 0, 6);
    Image image = image_at(place, 6, 9);
    g_autofree guint8 *noise = g_malloc(32768);
    random_bytes(noise, 32768);
    g_autoptr(GBytes) rubbish = g_bytes_new(noise, 32768), none = g_bytes_new(NULL, 0);
    g_autoptr(GBytes) piece = g_bytes_new(noise, 100);
    GBytes *const memories[] = {rubbish, none, piece, early.shm};
    for (gsize i = 0; i < G_N_ELEMENTS(memories); i++) {
        lay(place, image.file, image.log, G_MAXSIZE, memories[i]);
        assert_int_equal(state_of(place, FALSE), 9);
    }
    image_clear(&early);
    image_clear(&image);
}

static void p4_40_a_page_damaged_beside_a_log_is_an_error_unless_the_log_has_it(void **state)
{
    const Place *place = *state;
    Image image = image_at(place, 0, 7);
    gsize size, refused = 0;
    const guint8 *data = g_bytes_get_data(image.file, &size);
    for (gsize at = 11; at < size; at += SEALED_PAGE) {
        g_autofree guint8 *copy = g_memdup2(data, size);
        copy[at] ^= 1;
        g_autoptr(GBytes) changed = g_bytes_new_take(g_steal_pointer(&copy), size);
        lay(place, changed, image.log, G_MAXSIZE, image.shm);
        int k = state_of(place, FALSE);
        assert_true(k == 7 || k == -1);
        refused += k == -1;
    }
    assert_true(refused > 0 && refused < size / SEALED_PAGE);
    image_clear(&image);
}

/* A whole state of another day opens: a seal does not know of time. Parts of two do not make a
 * third. */
static void p4_41_files_of_two_days_give_one_of_their_states_or_an_error(void **state)
{
    const Place *place = *state;
    static const int days[] = {4, 9, 14};
    Image images[] = {image_at(place, 0, 4), image_at(place, 4, 9), image_at(place, 9, 14)};
    for (gsize i = 0; i < G_N_ELEMENTS(images); i++)
        for (gsize j = 0; j < G_N_ELEMENTS(images); j++) {
            lay(place, images[i].file, images[j].log, G_MAXSIZE, images[i].shm);
            int k = state_of(place, FALSE);
            assert_true(k == -1 || k == days[0] || k == days[1] || k == days[2]);
            if (i == j)
                assert_int_equal(k, days[i]);
        }
    for (gsize i = 0; i < G_N_ELEMENTS(images); i++)
        image_clear(&images[i]);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, sealed_set_up, sealed_tear_down)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(p6_54_death_at_any_write_leaves_the_last_commit_or_the_one_underway),
        TEST(p6_54_a_first_page_torn_by_a_checkpoint_is_taken_from_the_log),
        TEST(p4_40_a_log_cut_anywhere_gives_a_committed_state),
        TEST(p4_40_shared_memory_of_whatever_content_changes_nothing),
        TEST(p4_40_a_page_damaged_beside_a_log_is_an_error_unless_the_log_has_it),
        TEST(p4_41_files_of_two_days_give_one_of_their_states_or_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
