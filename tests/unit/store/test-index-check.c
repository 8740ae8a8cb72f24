#include "store/index.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/error.h"
#include "store/index-private.h"
#include "store/sealedpage.h"
#include "tests/unit/store/index-fixture.h"

/* COUNT more letters of about a page each, behind the first SEQUENCE. */
static void fill(const Fixture *fixture, guint count, gint64 sequence)
{
    g_autoptr(GPtrArray) letters = letters_new();
    for (guint i = 0; i < count; i++) {
        g_autoptr(GString) body = g_string_new(NULL);
        for (guint word = 0; word < 900; word++)
            g_string_append_printf(body, "w%xx%x ", i * 31 + word, (guint)sequence);
        Letter *letter = letter_new(sequence + i + 1);
        letter->doc->subject = g_strdup_printf("letter %u", i);
        letter->doc->body = g_steal_pointer(&body->str);
        letter->doc->snippet = g_strnfill(3000, 's');
        g_ptr_array_add(letters, letter);
    }
    add_all(fixture->index, letters, sequence + count);
}

static char *path_of(const Fixture *fixture, const char *name)
{
    return g_build_filename(fixture->dir, name, NULL);
}

static GBytes *bytes_of(const Fixture *fixture, const char *name)
{
    g_autofree char *path = path_of(fixture, name);
    char *data;
    gsize size;
    assert_true(g_file_get_contents(path, &data, &size, NULL));
    return g_bytes_new_take(data, size);
}

/* In place, so that a process that has it open sees it. */
static void put(const Fixture *fixture, gsize at, const void *data, gsize size)
{
    g_autofree char *path = path_of(fixture, "index.db");
    FILE *file = g_fopen(path, "r+b");
    assert_non_null(file);
    assert_int_equal(fseek(file, (long)at, SEEK_SET), 0);
    assert_int_equal(fwrite(data, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static void put_all(const Fixture *fixture, const void *data, gsize size)
{
    g_autofree char *path = path_of(fixture, "index.db");
    assert_true(g_file_set_contents_full(path, data, (gssize)size, G_FILE_SET_CONTENTS_CONSISTENT,
                                         0600, NULL));
}

static GPtrArray *check(Index *index, guint64 *pages)
{
    g_autoptr(GError) error = NULL;
    GPtrArray *faults = g_ptr_array_new_with_free_func(g_free);
    if (!index_check(index, pages, faults, &error))
        fail_msg("%s", error->message);
    return faults;
}

/* The faults of what lies on the disk, one a line; opening it may tell the only one. */
static char *faults_on_disk(Fixture *fixture)
{
    guint64 pages;
    g_autoptr(GError) error = NULL;
    g_autoptr(Index) index = index_open(fixture->dir, the_vault, fixture->key, &error);
    if (index == NULL) {
        assert_string_equal(postern_error_rule(error), "index.damage");
        assert_non_null(strstr(postern_error_mend(error), "'postern index --rebuild'"));
        return g_strdup("does not open\n");
    }
    g_autoptr(GPtrArray) faults = check(index, &pages);
    g_autoptr(GString) text = g_string_new(NULL);
    for (guint i = 0; i < faults->len; i++)
        g_string_append_printf(text, "%s\n", (const char *)faults->pdata[i]);
    return g_string_free(g_steal_pointer(&text), FALSE);
}

static void close_it(Fixture *fixture)
{
    g_clear_pointer(&fixture->index, index_close);
}

static void a_sound_index_has_no_faults_and_all_its_pages_are_counted(void **state)
{
    Fixture *fixture = *state;
    guint64 pages;
    fill(fixture, 40, 0); /* still in the log */
    g_autoptr(GPtrArray) faults = check(fixture->index, &pages);
    assert_int_equal(faults->len, 0);
    g_autoptr(GBytes) file = bytes_of(fixture, "index.db");
    assert_int_equal(pages * SEALED_PAGE, g_bytes_get_size(file));
    assert_true(pages > 20);
    fill(fixture, 1, 40); /* and it goes on */
    g_autoptr(GPtrArray) hits = search(fixture->index, "letter", 0, SORT_NEWEST);
    assert_int_equal(hits->len, 41);
}

static void p4_40_one_bit_of_any_page_is_found_and_the_page_is_named(void **state)
{
    Fixture *fixture = *state;
    fill(fixture, 40, 0);
    close_it(fixture);
    g_autoptr(GBytes) file = bytes_of(fixture, "index.db");
    gsize size, named = 0;
    const guint8 *data = g_bytes_get_data(file, &size);
    for (gsize page = 0; page * SEALED_PAGE < size; page++) {
        gsize at = page * SEALED_PAGE + (page * 397) % SEALED_PAGE;
        guint8 changed = data[at] ^ (guint8)(1 << page % 8);
        put(fixture, at, &changed, 1);
        g_autofree char *faults = faults_on_disk(fixture);
        g_autofree char *name =
            g_strdup_printf("page %" G_GSIZE_FORMAT " does not open\n", page + 1);
        if (strcmp(faults, name) == 0)
            named++;
        else
            assert_string_equal(faults, "does not open\n");
        put(fixture, at, data + at, 1);
    }
    assert_true(named > 20);
    g_autofree char *none = faults_on_disk(fixture);
    assert_string_equal(none, "");
}

static void many_damaged_pages_are_counted_rather_than_named(void **state)
{
    Fixture *fixture = *state;
    fill(fixture, 40, 0);
    guint64 pages;
    g_autoptr(GPtrArray) none = check(fixture->index, &pages);
    for (gsize page = 4; page < pages; page++)
        put(fixture, page * SEALED_PAGE + 5, "rubbish", 7);
    g_autoptr(GPtrArray) faults = check(fixture->index, &pages);
    assert_int_equal(faults->len, 21);
    assert_string_equal(faults->pdata[0], "page 5 does not open");
    g_autofree char *rest = g_strdup_printf("and %d more pages do not", (int)pages - 24);
    assert_string_equal(faults->pdata[20], rest);
}

static void a_damaged_log_is_a_fault(void **state)
{
    Fixture *fixture = *state;
    guint64 pages;
    fill(fixture, 5, 0);
    g_autofree char *path = path_of(fixture, "index.db-wal");
    g_autoptr(GBytes) log = bytes_of(fixture, "index.db-wal");
    FILE *file = g_fopen(path, "r+b");
    long last = (long)g_bytes_get_size(log) - SEALED_PAGE;
    assert_int_equal(fseek(file, last, SEEK_SET), 0);
    assert_int_equal(fwrite("rubbish", 1, 7, file), 7);
    assert_int_equal(fclose(file), 0);
    g_autoptr(GPtrArray) faults = check(fixture->index, &pages);
    assert_int_equal(faults->len, 1);
    assert_non_null(strstr(faults->pdata[0], "does not open"));
}

/* Each time the file moves on while it is read, or right before. */
static void p6_who_checks_while_another_writes_finds_no_damage(void **state)
{
    Fixture *fixture = *state;
    fill(fixture, 10, 0);
    pid_t child = fork();
    if (child == 0) {
        alarm(120); /* whatever becomes of this test, the writer ends */
        Index *writer = open_index(fixture);
        for (gint64 row = 10; row < 1000000; row++)
            fill(&(Fixture){.index = writer}, 1, row);
        _exit(0);
    }
    guint64 pages;
    for (guint i = 0; i < 300 && index_position(fixture->index) < 25; i++) {
        g_autoptr(GPtrArray) faults = check(fixture->index, &pages);
        assert_int_equal(faults->len, 0);
        g_usleep(150 * 1000); /* longer than SQLite waits between two looks: the other's turn */
    }
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_true(index_position(fixture->index) >= 25);
}

static void p4_40_pages_cut_off_or_added_are_found(void **state)
{
    Fixture *fixture = *state;
    fill(fixture, 40, 0);
    close_it(fixture);
    g_autoptr(GBytes) file = bytes_of(fixture, "index.db");
    gsize size;
    const guint8 *data = g_bytes_get_data(file, &size);
    for (gsize cut = 1; cut <= 3 * SEALED_PAGE;
         cut = cut < 100 ? cut * 64 : cut + SEALED_PAGE / 2) {
        put_all(fixture, data, size - cut);
        g_autofree char *faults = faults_on_disk(fixture);
        assert_string_not_equal(faults, "");
    }
    g_autoptr(GByteArray) longer = g_byte_array_new();
    g_byte_array_append(longer, data, (guint)size);
    g_byte_array_append(longer, data + size - SEALED_PAGE, SEALED_PAGE);
    put_all(fixture, longer->data, longer->len);
    g_autofree char *faults = faults_on_disk(fixture);
    assert_non_null(strstr(faults, "does not open"));
    put_all(fixture, longer->data, size + 9);
    g_autofree char *ragged = faults_on_disk(fixture);
    assert_non_null(strstr(ragged, "does not open"));
}

/* No seal tells that; the other pages may. */
static void p4_41_an_old_page_put_back_is_found_where_it_contradicts_the_others(void **state)
{
    Fixture *fixture = *state;
    fill(fixture, 40, 0);
    close_it(fixture);
    g_autoptr(GBytes) before = bytes_of(fixture, "index.db");
    fixture->index = open_index(fixture);
    fill(fixture, 40, 40);
    close_it(fixture);
    g_autoptr(GBytes) after = bytes_of(fixture, "index.db");
    gsize old_size, size, found = 0;
    const guint8 *old = g_bytes_get_data(before, &old_size);
    const guint8 *data = g_bytes_get_data(after, &size);
    assert_true(old_size < size);
    for (gsize at = 0; at < old_size; at += SEALED_PAGE) {
        if (memcmp(old + at, data + at, SEALED_PAGE) == 0)
            continue;
        put(fixture, at, old + at, SEALED_PAGE);
        g_autofree char *faults = faults_on_disk(fixture);
        found += faults[0] != '\0';
        put(fixture, at, data + at, SEALED_PAGE);
    }
    assert_true(found > 2);
}

/* A kill in the middle of a checkpoint may leave half a page in the file. */
static void p6_a_torn_page_that_the_log_still_has_is_no_damage(void **state)
{
    Fixture *fixture = *state;
    fill(fixture, 40, 0);
    reopen(fixture); /* all in the file */
    g_autoptr(GBytes) file = bytes_of(fixture, "index.db");
    fill(fixture, 5, 40);
    g_autoptr(GBytes) log = bytes_of(fixture, "index.db-wal");
    gsize size, torn = 0;
    const guint8 *frames = g_bytes_get_data(log, &size);
    static const guint8 rubbish[SEALED_PAGE / 2] = {1, 2, 3};
    for (gsize at = WAL_HEADER; at + FRAME_SIZE <= size; at += FRAME_SIZE) {
        gsize page = (gsize)frames[at + 2] << 8 | frames[at + 3];
        if (page * SEALED_PAGE <= g_bytes_get_size(file) && ++torn)
            put(fixture, (page - 1) * SEALED_PAGE, rubbish, sizeof rubbish);
    }
    assert_true(torn > 0);
    guint64 pages;
    g_autoptr(GPtrArray) faults = check(fixture->index, &pages);
    assert_int_equal(faults->len, 0);
}

static void a_word_index_that_contradicts_itself_is_found(void **state)
{
    Fixture *fixture = *state;
    guint64 pages;
    fill(fixture, 40, 0);
    sqlite3 *db = fixture->index->db;
    assert_int_equal(sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 0, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db,
                                  "DELETE FROM words_data WHERE id ="
                                  " (SELECT id FROM words_data WHERE id > 10 LIMIT 1 OFFSET 1)",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    g_autoptr(GPtrArray) faults = check(fixture->index, &pages);
    assert_int_equal(faults->len, 1);
}

static void p10_an_index_that_is_being_written_is_busy_and_not_damaged(void **state)
{
    Fixture *fixture = *state;
    guint64 pages;
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) faults = g_ptr_array_new_with_free_func(g_free);
    Index *other = open_index(fixture);
    assert_true(index_begin(other, NULL));
    sqlite3_busy_timeout(fixture->index->db, 1);
    assert_false(index_check(fixture->index, &pages, faults, &error));
    assert_int_equal(error->code, POSTERN_ERROR_TEMPORARY);
    assert_string_equal(postern_error_rule(error), "index.busy");
    assert_int_equal(faults->len, 0);
    index_rollback(other);
    index_close(other);
    assert_true(index_check(fixture->index, &pages, faults, NULL));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(a_sound_index_has_no_faults_and_all_its_pages_are_counted),
        TEST(p4_40_one_bit_of_any_page_is_found_and_the_page_is_named),
        TEST(many_damaged_pages_are_counted_rather_than_named),
        TEST(a_damaged_log_is_a_fault),
        TEST(p6_who_checks_while_another_writes_finds_no_damage),
        TEST(p4_40_pages_cut_off_or_added_are_found),
        TEST(p4_41_an_old_page_put_back_is_found_where_it_contradicts_the_others),
        TEST(p6_a_torn_page_that_the_log_still_has_is_no_damage),
        TEST(a_word_index_that_contradicts_itself_is_found),
        TEST(p10_an_index_that_is_being_written_is_busy_and_not_damaged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
