/* See taken.h. */
#include "tests/unit/archive/taken.h"

#include <glib/gstdio.h>
#include <string.h>

#include "core/error.h"

static void taken_free(gpointer data)
{
    Taken *taken = data;
    g_free(taken->place);
    g_free(taken->folder);
    g_free(taken->flags);
    g_byte_array_unref(taken->given);
    g_byte_array_unref(taken->file);
    g_free(taken);
}

int harvest_set_up(void **state)
{
    Harvest *harvest = g_new0(Harvest, 1);
    harvest->messages = g_ptr_array_new_with_free_func(taken_free);
    harvest->faults = g_ptr_array_new_with_free_func(g_free);
    harvest->dir = g_dir_make_tmp("archive-XXXXXX", NULL);
    *state = harvest;
    return harvest->dir ? 0 : -1;
}

static void remove_all(const char *path)
{
    GDir *dir = g_dir_open(path, 0, NULL);
    const char *name;
    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *child = g_build_filename(path, name, NULL);
        if (g_file_test(child, G_FILE_TEST_IS_DIR) && !g_file_test(child, G_FILE_TEST_IS_SYMLINK))
            remove_all(child);
        else
            g_unlink(child);
    }
    if (dir)
        g_dir_close(dir);
    g_rmdir(path);
}

int harvest_tear_down(void **state)
{
    Harvest *harvest = *state;
    remove_all(harvest->dir);
    g_ptr_array_unref(harvest->messages);
    g_ptr_array_unref(harvest->faults);
    g_free(harvest->dir);
    g_free(harvest);
    return 0;
}

char *harvest_put(const Harvest *harvest, const char *name, const void *data, gsize size)
{
    char *path = g_build_filename(harvest->dir, name, NULL);
    g_autofree char *parent = g_path_get_dirname(path);
    assert_int_equal(g_mkdir_with_parents(parent, 0700), 0);
    assert_true(g_file_set_contents(path, data, (gssize)size, NULL));
    return path;
}

static gboolean take(gpointer user, const ArchiveMessage *message, Source *content, GError **error)
{
    Harvest *harvest = user;
    guint8 buffer[777];
    gssize got;
    Taken *taken = g_new0(Taken, 1);
    taken->given = g_byte_array_new();
    taken->file = g_byte_array_new();
    taken->place = g_strdup(message->place);
    taken->folder = g_strdup(message->folder);
    taken->flags = g_strdup(message->flags);
    taken->date = message->date;
    taken->as_is = message->as_is;
    g_ptr_array_add(harvest->messages, taken);
    while ((got = source_read(content, buffer, sizeof buffer, error)) > 0)
        g_byte_array_append(taken->given, buffer, (guint)got);
    assert_int_equal(got, 0);
    assert_int_equal(taken->given->len, message->size);
    for (guint i = 0; i < taken->given->len; i++) {
        const guint8 *at = taken->given->data + i;
        if (taken->as_is || *at != '\r' || i + 1 == taken->given->len || at[1] != '\n')
            g_byte_array_append(taken->file, at, 1);
    }
    return TRUE;
}

static gboolean refused(gpointer user, const GError *why, GError **error)
{
    (void)error;
    Harvest *harvest = user;
    assert_non_null(postern_error_mend(why));
    g_ptr_array_add(harvest->faults, g_strdup(postern_error_rule(why)));
    return TRUE;
}

gboolean harvest_read(Harvest *harvest, const char *path, MboxKind kind, GError **error)
{
    const ArchiveTaker taker = {take, refused, harvest, -1};
    g_ptr_array_set_size(harvest->messages, 0);
    g_ptr_array_set_size(harvest->faults, 0);
    return archive_read(path ? path : harvest->dir, kind, &taker, error);
}

const Taken *harvest_at(const Harvest *harvest, guint n)
{
    assert_true(n < harvest->messages->len);
    return harvest->messages->pdata[n];
}

const Taken *harvest_in(const Harvest *harvest, const char *folder)
{
    const Taken *found = NULL;
    for (guint i = 0; i < harvest->messages->len; i++) {
        const Taken *taken = harvest->messages->pdata[i];
        if (g_strcmp0(taken->folder, folder) != 0)
            continue;
        assert_null(found);
        found = taken;
    }
    return found;
}
