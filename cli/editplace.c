/* See editplace.h. */
#include "cli/editplace.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "core/error.h"
#include "core/limits.h"

#define PREFIX "postern-draft-"
#define TEXT_FILE "letter.eml"
#define FIRST_FILE ".as-it-was"

/* Where to look, NULL-terminated; some may be the same. */
static GStrv candidates(void)
{
    g_autoptr(GStrvBuilder) all = g_strv_builder_new();
    const char *runtime = g_getenv("XDG_RUNTIME_DIR");
    g_autofree char *by_user = g_strdup_printf("/run/user/%u", (unsigned)getuid());
    if (runtime && g_path_is_absolute(runtime))
        g_strv_builder_add(all, runtime);
    g_strv_builder_add(all, by_user);
    g_strv_builder_add(all, "/dev/shm");
    return g_strv_builder_end(all);
}

/* In memory, and nobody but root and we can put another directory in the place of one of ours. */
static gboolean is_fit(const char *dir)
{
    struct statfs system;
    struct stat status;
    if (statfs(dir, &system) != 0 || stat(dir, &status) != 0 || !S_ISDIR(status.st_mode))
        return FALSE;
    gboolean memory = system.f_type == TMPFS_MAGIC || system.f_type == RAMFS_MAGIC;
    gboolean ours = status.st_uid == getuid() || status.st_uid == 0;
    gboolean closed = !(status.st_mode & (S_IWGRP | S_IWOTH)) || (status.st_mode & S_ISVTX);
    return memory && ours && closed && access(dir, W_OK | X_OK) == 0;
}

static char *find_parent(GError **error)
{
    g_auto(GStrv) all = candidates();
    for (char **dir = all; *dir; dir++)
        if (is_fit(*dir))
            return g_strdup(*dir);
    refuse(
        error, POSTERN_ERROR_POLICY, "draft.place",
        "give the text with --body FILE, or with --body - from standard input",
        "a letter is edited in memory alone, and neither XDG_RUNTIME_DIR nor /dev/shm is a tmpfs "
        "that may be written to");
    return NULL;
}

gboolean editplace_possible(GError **error)
{
    g_autofree char *parent = find_parent(error);
    return parent != NULL;
}

void editplace_settle(const EditPlace *place)
{
    g_autofree char *nanos = g_strconcat(place->file, ".save", NULL);
    (void)!g_rename(nanos, place->file);
}

void editplace_clear(EditPlace *place)
{
    g_clear_pointer(&place->dir, g_free);
    g_clear_pointer(&place->file, g_free);
    g_clear_pointer(&place->first, g_free);
}

static void name_files(EditPlace *place, char *dir)
{
    *place = (EditPlace){dir, g_build_filename(dir, TEXT_FILE, NULL),
                         g_build_filename(dir, FIRST_FILE, NULL)};
}

static gboolean write_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    gsize size = strlen(text), done = 0;
    while (fd >= 0 && done < size) {
        ssize_t wrote = write(fd, text + done, size - done);
        if (wrote < 0 && errno != EINTR)
            break;
        done += wrote > 0 ? (gsize)wrote : 0;
    }
    return fd >= 0 && close(fd) == 0 && done == size;
}

gboolean editplace_make(EditPlace *place, const char *id, const char *text, GError **error)
{
    g_autofree char *parent = find_parent(error), *name = g_strconcat(PREFIX, id, NULL);
    if (parent == NULL)
        return FALSE;
    name_files(place, g_build_filename(parent, name, NULL));
    if (g_mkdir(place->dir, 0700) == 0 && is_fit(place->dir) && write_file(place->first, text) &&
        write_file(place->file, text))
        return TRUE;
    int why = errno;
    editplace_remove(place);
    return refuse(error, POSTERN_ERROR_STORE, "draft.write", "see that there is room in memory",
                  "the text cannot be laid down in %s: %s", parent, g_strerror(why));
}

GBytes *editplace_read(const char *file, GError **error)
{
    int fd = open(file, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    struct stat status;
    g_autoptr(GByteArray) data = g_byte_array_new();
    gboolean fine = fd >= 0 && fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
    guint8 buffer[16 * 1024];
    ssize_t got = 1;
    while (fine && got > 0 && data->len <= LIMIT_DRAFT_BYTES) {
        got = read(fd, buffer, sizeof buffer);
        fine = got >= 0 || errno == EINTR;
        g_byte_array_append(data, buffer, got > 0 ? (guint)got : 0);
        got = got < 0 ? 1 : got;
    }
    if (fd >= 0)
        close(fd);
    if (fine && data->len <= LIMIT_DRAFT_BYTES)
        return g_byte_array_free_to_bytes(g_steal_pointer(&data));
    refuse(error, POSTERN_ERROR_INPUT, "draft.text",
           fine ? "attach it in place of that" : "save it under the name that the editor was given",
           fine ? "the text is longer than 16 MiB" : "the text is not there any more");
    return NULL;
}

/* What is in DIR, and DIR. Editors make directories there, too, which TMPDIR names. */
static void remove_tree(const char *path, guint depth)
{
    struct stat status;
    if (lstat(path, &status) != 0)
        return;
    if (!S_ISDIR(status.st_mode)) {
        g_unlink(path);
        return;
    }
    g_autoptr(GDir) dir = depth < LIMIT_ARCHIVE_DEPTH ? g_dir_open(path, 0, NULL) : NULL;
    const char *name;
    while (dir && (name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *inner = g_build_filename(path, name, NULL);
        remove_tree(inner, depth + 1);
    }
    g_rmdir(path);
}

void editplace_remove(EditPlace *place)
{
    if (place->dir)
        remove_tree(place->dir, 0);
    editplace_clear(place);
}

static gboolean is_left(const char *path)
{
    struct stat status;
    return lstat(path, &status) == 0 && S_ISDIR(status.st_mode) && status.st_uid == getuid() &&
           (status.st_mode & 077) == 0;
}

void editplace_each(EditPlaceTaker taker, gpointer user)
{
    g_auto(GStrv) all = candidates();
    for (char **parent = all; *parent; parent++) {
        g_autoptr(GDir) dir = is_fit(*parent) ? g_dir_open(*parent, 0, NULL) : NULL;
        const char *name;
        while (dir && (name = g_dir_read_name(dir)) != NULL) {
            EditPlace place = {NULL, NULL, NULL};
            if (!g_str_has_prefix(name, PREFIX))
                continue;
            name_files(&place, g_build_filename(*parent, name, NULL));
            if (is_left(place.dir))
                taker(user, name + strlen(PREFIX), &place);
            editplace_clear(&place);
        }
    }
}
