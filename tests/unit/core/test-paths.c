#include "core/paths.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/error.h"

static int make_home(void **state)
{
    *state = g_dir_make_tmp("postern-paths-XXXXXX", NULL);
    return *state == NULL;
}

static int remove_home(void **state)
{
    g_autofree char *home = *state;
    g_autoptr(GDir) dir = g_dir_open(home, 0, NULL);
    for (const char *name; (name = g_dir_read_name(dir));) {
        g_autofree char *path = g_build_filename(home, name, NULL);
        g_remove(path);
    }
    return g_rmdir(home);
}

static void assert_refused(const char *dir)
{
    g_autoptr(GError) error = NULL;
    assert_false(path_private_directory(dir, &error));
    assert_int_equal(postern_exit_code(error), POSTERN_ERROR_CREATE);
    assert_string_equal(postern_error_rule(error), "store.directory");
}

static void p4_46_a_directory_is_made_private(void **state)
{
    g_autofree char *dir = g_build_filename(*state, "store/", NULL);
    g_autoptr(GError) error = NULL;
    mode_t before = umask(0);
    assert_true(path_private_directory(dir, &error));
    umask(before);
    struct stat found;
    assert_int_equal(stat(dir, &found), 0);
    assert_int_equal(found.st_mode & 07777, 0700);
    assert_true(path_private_directory(dir, &error)); /* and is fine as it is */
}

static void p4_46_an_open_directory_is_refused(void **state)
{
    g_autofree char *dir = g_build_filename(*state, "open", NULL);
    g_mkdir(dir, 0700);
    static const mode_t modes[] = {0750, 0701, 0720, 0777};
    for (gsize i = 0; i < G_N_ELEMENTS(modes); i++) {
        chmod(dir, modes[i]);
        assert_refused(dir);
    }
    chmod(dir, 0700);
    if (geteuid() == 0) {
        assert_int_equal(chown(dir, 12345, 12345), 0);
        assert_refused(dir);
    }
}

static void p4_46_links_and_files_are_refused(void **state)
{
    g_autofree char *target = g_build_filename(*state, "target", NULL);
    g_autofree char *link = g_build_filename(*state, "link", NULL);
    g_autofree char *link_slash = g_build_filename(*state, "link/", NULL);
    g_autofree char *dangling = g_build_filename(*state, "dangling", NULL);
    g_autofree char *file = g_build_filename(*state, "file", NULL);
    g_autofree char *below = g_build_filename(*state, "file", "below", NULL);
    g_mkdir(target, 0700);
    assert_int_equal(symlink(target, link), 0);
    assert_int_equal(symlink("nowhere", dangling), 0);
    assert_true(g_file_set_contents(file, "x", 1, NULL));
    assert_refused(link);
    assert_refused(link_slash);
    assert_refused(dangling);
    assert_refused(file);
    assert_refused(below);
}

static void a_file_is_replaced_whole_and_private(void **state)
{
    g_autofree char *path = g_build_filename(*state, "key", NULL);
    g_autoptr(GError) error = NULL;
    mode_t before = umask(0);
    assert_true(path_write_private(path, "old", 3, &error));
    assert_true(path_write_private(path, "n\0w", 3, &error));
    umask(before);
    g_autofree char *data = NULL;
    gsize size;
    assert_true(g_file_get_contents(path, &data, &size, NULL));
    assert_int_equal(size, 3);
    assert_memory_equal(data, "n\0w", 3);
    struct stat found;
    assert_int_equal(stat(path, &found), 0);
    assert_int_equal(found.st_mode & 07777, 0600);

    guint entries = 0;
    g_autoptr(GDir) dir = g_dir_open(*state, 0, NULL);
    while (g_dir_read_name(dir))
        entries++;
    assert_int_equal(entries, 1); /* no temporary file stays */
}

static void a_link_is_replaced_not_followed(void **state)
{
    g_autofree char *path = g_build_filename(*state, "key", NULL);
    g_autofree char *target = g_build_filename(*state, "target", NULL);
    assert_true(g_file_set_contents(target, "kept", 4, NULL));
    assert_int_equal(symlink(target, path), 0);
    assert_true(path_write_private(path, "new", 3, NULL));
    g_autofree char *data = NULL;
    assert_true(g_file_get_contents(target, &data, NULL, NULL));
    assert_string_equal(data, "kept");
    assert_false(g_file_test(path, G_FILE_TEST_IS_SYMLINK));
}

static void a_failed_write_is_told(void **state)
{
    static const char *const names[] = {"missing/key", "dir"};
    g_autofree char *dir = g_build_filename(*state, "dir", NULL);
    g_mkdir(dir, 0700);
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *path = g_build_filename(*state, names[i], NULL);
        g_autoptr(GError) error = NULL;
        assert_false(path_write_private(path, "x", 1, &error));
        assert_int_equal(postern_exit_code(error), POSTERN_ERROR_STORE);
        assert_string_equal(postern_error_rule(error), "store.write");
    }
}

static void p8_92_nothing_is_written_over(void **state)
{
    const char *home = *state;
    g_autoptr(GError) error = NULL;
    static const char *const names[] = {"a.txt", "a-2.txt", "a-3.txt"};
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *path = NULL;
        g_autofree char *expected = g_build_filename(home, names[i], NULL);
        GStatBuf entry;
        assert_true(path_write_new(home, "a.txt", names[i], strlen(names[i]), &path, NULL));
        assert_string_equal(path, expected);
        assert_int_equal(g_stat(path, &entry), 0);
        assert_int_equal(entry.st_mode & 0777, 0600);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *path = g_build_filename(home, names[i], NULL);
        g_autofree char *text = NULL;
        assert_true(g_file_get_contents(path, &text, NULL, NULL));
        assert_string_equal(text, names[i]);
    }
}

static void p8_92_a_link_is_not_written_through(void **state)
{
    const char *home = *state;
    g_autofree char *link = g_build_filename(home, "a.txt", NULL);
    g_autofree char *target = g_build_filename(home, "target", NULL);
    g_autofree char *path = NULL;
    assert_int_equal(symlink(target, link), 0);
    assert_true(path_write_new(home, "a.txt", "x", 1, &path, NULL));
    assert_true(g_str_has_suffix(path, "/a-2.txt"));
    assert_false(g_file_test(target, G_FILE_TEST_EXISTS));
}

static void what_cannot_be_written_whole_is_not_there(void **state)
{
    const char *home = *state;
    g_autoptr(GError) error = NULL;
    char *path;
    assert_false(path_write_new("/nowhere", "a.txt", "x", 1, &path, &error));
    assert_null(path);
    assert_string_equal(postern_error_rule(error), "save.file");
    assert_int_equal(error->code, POSTERN_ERROR_CREATE);
    g_clear_error(&error);
    struct rlimit before, small = {.rlim_cur = 10, .rlim_max = RLIM_INFINITY};
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small.rlim_max = before.rlim_max;
    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    gboolean written = path_write_new(home, "a.txt", "more than ten bytes", 19, &path, &error);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_false(written);
    assert_int_equal(error->code, POSTERN_ERROR_STORE);
    g_autofree char *there = g_build_filename(home, "a.txt", NULL);
    assert_false(g_file_test(there, G_FILE_TEST_EXISTS));
}

static void the_places_follow_xdg(void **state)
{
    (void)state;
    g_autofree char *config = path_config(), *data = path_data(), *kept = path_state();
    assert_string_equal(config, "/x/config/postern/config");
    assert_string_equal(data, "/x/data/postern");
    assert_string_equal(kept, "/x/state/postern");
}

static void p2_22_the_policy_moves_with_no_variable(void **state)
{
    (void)state;
    g_autofree char *policy = path_policy();
    assert_string_equal(policy, SYSCONFDIR "/postern/policy");
}

#define IN_HOME(test) cmocka_unit_test_setup_teardown(test, make_home, remove_home)

int main(void)
{
    g_setenv("XDG_CONFIG_HOME", "/x/config", TRUE);
    g_setenv("XDG_DATA_HOME", "/x/data", TRUE);
    g_setenv("XDG_STATE_HOME", "/x/state", TRUE);
    g_setenv("HOME", "/x", TRUE);
    static const struct CMUnitTest tests[] = {
        IN_HOME(p4_46_a_directory_is_made_private),
        IN_HOME(p4_46_an_open_directory_is_refused),
        IN_HOME(p4_46_links_and_files_are_refused),
        IN_HOME(a_file_is_replaced_whole_and_private),
        IN_HOME(a_link_is_replaced_not_followed),
        IN_HOME(a_failed_write_is_told),
        IN_HOME(p8_92_nothing_is_written_over),
        IN_HOME(p8_92_a_link_is_not_written_through),
        IN_HOME(what_cannot_be_written_whole_is_not_there),
        cmocka_unit_test(the_places_follow_xdg),
        cmocka_unit_test(p2_22_the_policy_moves_with_no_variable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
