/* See files.h. */
#include "store/files.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/text.h"

gboolean store_file_private(const char *path, PosternError kind, const char *rule, GError **error)
{
    g_autofree char *shown = text_name(path);
    struct stat facts;
    if (lstat(path, &facts) != 0)
        return refuse(error, kind, rule, "check the store's folder and --store",
                      "%s cannot be opened: %s", shown, g_strerror(errno));
    if (!S_ISREG(facts.st_mode))
        return refuse(error, kind, rule, "put the file itself there, no link",
                      "%s is not a plain file", shown);
    if (facts.st_uid != geteuid())
        return refuse(error, kind, rule, "run as the user who owns the store",
                      "%s belongs to user %u", shown, (unsigned)facts.st_uid);
    if ((facts.st_mode & 077) != 0)
        return refuse(error, kind, rule, "chmod 600 that file", "%s is open to others (mode %04o)",
                      shown, (unsigned)(facts.st_mode & 07777));
    return TRUE;
}

gboolean store_file_make(const char *path, PosternError kind, const char *rule, GError **error)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    gboolean made = fd >= 0 && fchmod(fd, 0600) == 0;
    int reason = errno;
    if (fd >= 0)
        (void)close(fd);
    if (made)
        return TRUE;
    g_autofree char *shown = text_name(path);
    return refuse(error, kind, rule, "make room, or choose another folder with --store",
                  "%s cannot be made: %s", shown, g_strerror(reason));
}
