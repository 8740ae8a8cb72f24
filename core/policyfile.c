/* See policyfile.h. */
#include "core/policyfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/error.h"
#include "core/limits.h"
#include "core/text.h"

static gboolean refuse_file(GError **error, const char *rule, const char *mend, const char *path,
                            const char *why)
{
    g_autofree char *shown = text_name(path);
    const char *what = g_str_equal(rule, "policy.file") ? "policy" : "configuration";
    return refuse(error, POSTERN_ERROR_POLICY, rule, mend, "%s %s %s", what, shown, why);
}

static gboolean refuse_policy(GError **error, const char *mend, const char *path, const char *why)
{
    return refuse_file(error, "policy.file", mend, path, why);
}

/* All of FD; NULL and errno when it cannot be read or is larger than a configuration may be. */
static GBytes *read_whole(int fd)
{
    g_autoptr(GByteArray) text = g_byte_array_new();
    guint8 buffer[4096];
    gssize n;
    while ((n = read(fd, buffer, sizeof buffer)) != 0) {
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return NULL;
        g_byte_array_append(text, buffer, (guint)n);
        if (text->len > LIMIT_CONFIG_BYTES) {
            errno = EFBIG;
            return NULL;
        }
    }
    return g_byte_array_free_to_bytes(g_steal_pointer(&text));
}

GBytes *policyfile_read_config(const char *path, GError **error)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    GBytes *text = fd < 0 ? NULL : read_whole(fd);
    int cause = errno;
    if (fd >= 0)
        close(fd);
    if (text == NULL) {
        g_autofree char *why = g_strdup_printf("cannot be read: %s", g_strerror(cause));
        refuse_file(error, "config.file",
                    cause == ENOENT ? "run postern init, or name one with --config"
                                    : "name a file that you may read",
                    path, why);
    }
    return text;
}

gboolean policyfile_uid_is_root(guint uid, const char *map, guint overflow)
{
    gboolean root_is_mapped = FALSE;
    g_auto(GStrv) lines = g_strsplit(map, "\n", -1);
    for (guint i = 0; lines[i]; i++) {
        guint inside, outside, count;
        if (sscanf(lines[i], "%u %u %u", &inside, &outside, &count) == 3 && outside == 0)
            root_is_mapped = TRUE;
    }
    return uid == 0 || (!root_is_mapped && uid == overflow);
}

static gboolean is_root(guint uid)
{
    g_autofree char *map = NULL;
    g_autofree char *overflow = NULL;
    if (!g_file_get_contents("/proc/self/uid_map", &map, NULL, NULL) ||
        !g_file_get_contents("/proc/sys/kernel/overflowuid", &overflow, NULL, NULL))
        return uid == 0;
    return policyfile_uid_is_root(uid, map, (guint)g_ascii_strtoull(overflow, NULL, 10));
}

/*
 * PATH opened for reading with no link on the way: each directory is opened from the one before
 * it. -1 and errno (ELOOP or ENOTDIR for a link). O_NONBLOCK: a FIFO must not hold us.
 */
static int open_without_links(const char *path)
{
    g_auto(GStrv) names = g_strsplit(path, "/", -1);
    int dir = open(*path == '/' ? "/" : ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    for (guint i = 0; names[i] && dir >= 0; i++) {
        gboolean last = names[i + 1] == NULL;
        if (*names[i] == '\0' && !last)
            continue;
        int flags = O_NOFOLLOW | O_CLOEXEC |
                    (last ? O_RDONLY | O_NONBLOCK | O_NOCTTY : O_PATH | O_DIRECTORY);
        int next = openat(dir, names[i], flags);
        int cause = errno;
        close(dir);
        errno = cause;
        dir = next;
    }
    return dir;
}

static gboolean judge(int fd, const char *path, PolicyTrust trust, GError **error)
{
    struct stat found;
    if (fstat(fd, &found) != 0)
        return refuse_policy(error, "see what is wrong with the disk", path, g_strerror(errno));
    if (!S_ISREG(found.st_mode))
        return refuse_policy(error, "put a file there", path, "is no regular file");
    if (!is_root(found.st_uid) && (trust == POLICY_OF_SYSTEM || found.st_uid != geteuid()))
        return refuse_policy(error, "chown root it, after reading it", path,
                             trust == POLICY_OF_SYSTEM ? "does not belong to root"
                                                       : "belongs neither to root nor to you");
    if ((found.st_mode & 022) != 0)
        return refuse_policy(error, "chmod go-w it, after reading it", path,
                             "can be written by others");
    if (found.st_size == 0)
        return refuse_policy(error, "write the company's rules into it, or remove it", path,
                             "is empty");
    return TRUE;
}

static gboolean not_opened(int cause, const char *path, PolicyTrust trust, GError **error)
{
    struct stat found;
    gboolean absent = cause == ENOENT || (lstat(path, &found) != 0 && errno == ENOENT);
    if (absent && trust == POLICY_OF_SYSTEM)
        return TRUE;
    if (cause == ELOOP || cause == ENOTDIR)
        return refuse_policy(error, "put the file itself there", path,
                             "is a link, or is reached through one");
    g_autofree char *why = g_strdup_printf("cannot be read: %s", g_strerror(cause));
    return refuse_policy(error, "ask the administrator to make it readable for you", path, why);
}

gboolean policyfile_read(const char *path, PolicyTrust trust, GBytes **text, GError **error)
{
    *text = NULL;
    int fd = open_without_links(path);
    if (fd < 0)
        return not_opened(errno, path, trust, error);
    gboolean trusted = judge(fd, path, trust, error);
    if (trusted)
        *text = read_whole(fd);
    int cause = errno;
    close(fd);
    if (!trusted || *text)
        return trusted;
    g_autofree char *why = g_strdup_printf("cannot be read: %s", g_strerror(cause));
    return refuse_policy(error, "see that it is a policy", path, why);
}
