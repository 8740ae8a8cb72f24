/* See paths.h. */
#include "core/paths.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/error.h"
#include "core/filename.h"
#include "core/limits.h"
#include "core/text.h"

char *path_config(void)
{
    return g_build_filename(g_get_user_config_dir(), "postern", "config", NULL);
}

char *path_policy(void)
{
    return g_build_filename(SYSCONFDIR, "postern", "policy", NULL);
}

char *path_data(void)
{
    return g_build_filename(g_get_user_data_dir(), "postern", NULL);
}

char *path_state(void)
{
    return g_build_filename(g_get_user_state_dir(), "postern", NULL);
}

static gboolean refuse_directory(const char *dir, const char *mend, const char *why, GError **error)
{
    g_autofree char *shown = text_name(dir);
    return refuse(error, POSTERN_ERROR_CREATE, "store.directory", mend, "directory %s %s", shown,
                  why);
}

/* "d/" would follow a link that is called d. */
static char *without_final_slash(const char *dir)
{
    char *bare = g_strdup(dir);
    for (gsize end = strlen(bare); end > 1 && bare[end - 1] == '/'; end--)
        bare[end - 1] = '\0';
    return bare;
}

gboolean path_private_directory(const char *dir, GError **error)
{
    g_autofree char *bare = without_final_slash(dir);
    if (g_mkdir_with_parents(bare, 0700) != 0 && errno != EEXIST)
        return refuse_directory(bare, "choose a place you may write to", g_strerror(errno), error);

    int fd = open(bare, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    int cause = errno;
    struct stat found;
    gboolean known = fd >= 0 && fstat(fd, &found) == 0;
    if (fd >= 0)
        close(fd);
    if (!known && (cause == ENOTDIR || cause == ELOOP))
        return refuse_directory(bare, "name the directory itself", "is a link or no directory",
                                error);
    if (!known)
        return refuse_directory(bare, "choose a place you may read", g_strerror(cause), error);
    if (found.st_uid != geteuid())
        return refuse_directory(bare, "use a directory of your own", "belongs to another user",
                                error);
    if ((found.st_mode & 077) != 0)
        return refuse_directory(bare, "see who had access, then chmod 700 it",
                                "is open to other users", error);
    return TRUE;
}

static gboolean write_all(int fd, const guint8 *data, gsize size)
{
    while (size > 0) {
        gssize done = write(fd, data, size);
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return FALSE;
        data += done;
        size -= (gsize)done;
    }
    return TRUE;
}

/* The bytes are on the disk in the new file PATH, which FD (taken) was opened for; or it is gone
 * and errno says why. */
static gboolean fill_new(int fd, const char *path, const void *data, gsize size)
{
    gboolean whole = fchmod(fd, 0600) == 0 && write_all(fd, data, size) && fsync(fd) == 0;
    int cause = errno;
    if (close(fd) != 0 && whole) {
        whole = FALSE;
        cause = errno;
    }
    if (!whole)
        g_unlink(path);
    errno = cause;
    return whole;
}

/* A rename is durable only once its directory is. */
static gboolean sync_directory_of(const char *path)
{
    g_autofree char *dir = g_path_get_dirname(path);
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return FALSE;
    gboolean synced = fsync(fd) == 0;
    int cause = errno;
    close(fd);
    errno = cause;
    return synced;
}

static gboolean replace_file(const char *path, const void *data, gsize size)
{
    g_autofree char *temporary = g_strconcat(path, ".XXXXXX", NULL);
    int fd = g_mkstemp_full(temporary, O_WRONLY | O_CLOEXEC, 0600);
    if (fd < 0 || !fill_new(fd, temporary, data, size))
        return FALSE;
    if (g_rename(temporary, path) != 0) {
        int cause = errno;
        g_unlink(temporary);
        errno = cause;
        return FALSE;
    }
    return sync_directory_of(path);
}

gboolean path_write_private(const char *path, const void *data, gsize size, GError **error)
{
    if (replace_file(path, data, size))
        return TRUE;
    int cause = errno;
    g_autofree char *shown = text_name(path);
    return refuse(error, POSTERN_ERROR_STORE, "store.write",
                  "see that the disk has room and the directory is yours", "cannot write %s: %s",
                  shown, g_strerror(cause));
}

/* -1 with errno; *path is what was made. */
static int create_new(const char *dir, const char *name, char **path)
{
    int fd = -1;
    for (guint n = 1; fd < 0 && n <= LIMIT_FILE_TWINS; n++) {
        g_autofree char *numbered = n > 1 ? filename_numbered(name, n) : g_strdup(name);
        g_free(*path);
        *path = g_build_filename(dir, numbered, NULL);
        fd = open(*path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (fd < 0 && errno != EEXIST)
            break;
    }
    return fd;
}

gboolean path_write_new(const char *dir, const char *name, const void *data, gsize size,
                        char **path, GError **error)
{
    *path = NULL;
    int fd = create_new(dir, name, path);
    gboolean made = fd >= 0;
    if (made && fill_new(fd, *path, data, size))
        return TRUE;
    int cause = errno;
    g_autofree char *shown = text_name(*path);
    g_clear_pointer(path, g_free);
    return refuse(error, made ? POSTERN_ERROR_STORE : POSTERN_ERROR_CREATE, "save.file",
                  "name a directory of yours that has room, with --to", "cannot write %s: %s",
                  shown, g_strerror(cause));
}

char *paths_program(const char *name)
{
    g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *dir = self ? g_path_get_dirname(self) : NULL;
    g_autofree char *beside = dir ? g_build_filename(dir, name, NULL) : NULL;
    if (beside && g_file_test(beside, G_FILE_TEST_IS_EXECUTABLE))
        return g_steal_pointer(&beside);
    return g_build_filename(PKGLIBEXECDIR, name, NULL);
}
