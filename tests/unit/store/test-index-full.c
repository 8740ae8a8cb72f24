/* P6 on a disk that is really full: a small tmpfs in a mount namespace of the test's own. */
#define _GNU_SOURCE /* unshare */
#include "store/index.h"

#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glib/gstdio.h>
#include <sys/mount.h>
#include <unistd.h>

#include "core/error.h"
#include "tests/unit/store/index-fixture.h"

static gboolean own_mounts;
static Secret *key;

static int enter(void **state)
{
    (void)state;
    key = secret_new("the private half of a vault key.", KEY_SIZE);
    own_mounts = (unshare(CLONE_NEWNS) == 0 || unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0) &&
                 mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
    return 0;
}

static int leave(void **state)
{
    (void)state;
    secret_free(key);
    return 0;
}

static gboolean resize(const char *dir, unsigned long flags, guint kib)
{
    g_autofree char *options = g_strdup_printf("mode=0700,size=%uk", kib);
    return mount("none", dir, "tmpfs", flags, options) == 0;
}

#define NEED_DISK(dir, kib)                                                                        \
    do {                                                                                           \
        if (!own_mounts || !resize(dir, 0, kib))                                                   \
            skip();                                                                                \
    } while (0)

/* Adds letters until it fails or there are 200; how many are in whole commits. */
static gint64 add_until_full(Index *index, GError **error)
{
    gint64 row = index_position(index);
    while (row < 200) {
        g_autoptr(Letter) letter = letter_new(row + 1);
        g_autoptr(GString) body = g_string_new(NULL);
        for (guint word = 0; word < 1500; word++)
            g_string_append_printf(body, "w%ux%u ", (guint)row, word);
        letter->doc->subject = g_strdup("full");
        letter->doc->body = g_steal_pointer(&body->str);
        if (!index_begin(index, error))
            break;
        if (!letter_add(index, letter, error)) {
            index_rollback(index);
            break;
        }
        if (!index_commit(index, row + 1, error))
            break;
        row++;
    }
    return row;
}

static void assert_holds(Index *index, gint64 count)
{
    guint64 pages;
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) faults = g_ptr_array_new_with_free_func(g_free);
    if (!index_check(index, &pages, faults, &error))
        fail_msg("%s", error->message);
    assert_int_equal(faults->len, 0);
    assert_int_equal(index_position(index), count);
    g_autoptr(GPtrArray) hits = search(index, "full", 0, SORT_NEWEST);
    assert_int_equal(hits->len, count);
}

static Index *open_in(const char *dir, GError **error)
{
    return index_open(dir, the_vault, key, error);
}

static void p6_a_full_disk_loses_no_commit_and_goes_on_when_there_is_room(void **state)
{
    (void)state;
    g_autofree char *dir = g_dir_make_tmp("index-full-XXXXXX", NULL);
    NEED_DISK(dir, 1500);
    g_autoptr(GError) full = NULL;
    g_autoptr(Index) index = open_in(dir, NULL);
    assert_non_null(index);
    gint64 count = add_until_full(index, &full);
    assert_true(count > 2 && count < 200);
    assert_int_equal(full->code, POSTERN_ERROR_STORE);
    assert_string_equal(postern_error_rule(full), "index.write");
    assert_non_null(postern_error_mend(full));
    /* It can still be asked. */
    g_autoptr(GPtrArray) hits = search(index, "full", 0, SORT_NEWEST);
    assert_int_equal(hits->len, count);

    assert_true(resize(dir, MS_REMOUNT, 20000));
    assert_int_equal(add_until_full(index, NULL), 200);
    index_close(g_steal_pointer(&index));
    index = open_in(dir, NULL);
    assert_non_null(index);
    assert_holds(index, 200);
    index_close(g_steal_pointer(&index));
    (void)umount2(dir, MNT_DETACH);
    (void)g_rmdir(dir);
}

/* As after a kill: the handle is never closed, another one finds what lies there. */
static void p6_what_a_full_disk_leaves_behind_opens(void **state)
{
    (void)state;
    g_autofree char *dir = g_dir_make_tmp("index-full-XXXXXX", NULL);
    for (guint kib = 400; kib < 2000; kib += 137) {
        NEED_DISK(dir, kib);
        g_autoptr(GError) full = NULL;
        g_autoptr(Index) index = open_in(dir, &full);
        gint64 count = index ? add_until_full(index, &full) : 0;
        assert_non_null(full);
        assert_string_equal(postern_error_rule(full), "index.write");
        assert_true(resize(dir, MS_REMOUNT, 20000));
        g_autoptr(Index) other = open_in(dir, NULL);
        assert_non_null(other);
        assert_holds(other, count);
        index_close(g_steal_pointer(&other));
        index_close(g_steal_pointer(&index));
        assert_int_equal(umount2(dir, MNT_DETACH), 0);
    }
    (void)g_rmdir(dir);
}

static void p10_no_room_for_a_new_index_is_told_and_leaves_nothing(void **state)
{
    (void)state;
    g_autofree char *dir = g_dir_make_tmp("index-full-XXXXXX", NULL);
    NEED_DISK(dir, 4); /* one page of memory */
    g_autofree char *filler = g_build_filename(dir, "filler", NULL);
    g_autofree char *bytes = g_malloc0(4096);
    assert_true(
        g_file_set_contents_full(filler, bytes, 4096, G_FILE_SET_CONTENTS_NONE, 0600, NULL));
    g_autoptr(GError) error = NULL;
    assert_null(open_in(dir, &error));
    assert_int_equal(error->code, POSTERN_ERROR_STORE);
    assert_string_equal(postern_error_rule(error), "index.write");
    assert_int_equal(g_unlink(filler), 0);
    g_autoptr(GDir) entries = g_dir_open(dir, 0, NULL);
    assert_null(g_dir_read_name(entries));
    g_clear_pointer(&entries, g_dir_close);

    assert_true(resize(dir, MS_REMOUNT | MS_RDONLY, 20000));
    g_clear_error(&error);
    assert_null(open_in(dir, &error));
    assert_string_equal(postern_error_rule(error), "index.write");
    assert_int_equal(umount2(dir, MNT_DETACH), 0);
    (void)g_rmdir(dir);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(p6_a_full_disk_loses_no_commit_and_goes_on_when_there_is_room),
        cmocka_unit_test(p6_what_a_full_disk_leaves_behind_opens),
        cmocka_unit_test(p10_no_room_for_a_new_index_is_told_and_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, enter, leave);
}
