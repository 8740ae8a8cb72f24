/* See archive.h: what lies at a path. */
#include "archive/archive.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "archive/maildir.h"
#include "archive/mbox.h"
#include "core/error.h"
#include "core/limits.h"
#include "core/text.h"

static gboolean no_mail(const char *shown, const char *what, GError **error)
{
    return refuse(error, POSTERN_ERROR_INPUT, "import.nothing",
                  "name a Maildir, a folder of Maildirs, an mbox or a message", "%s %s", shown,
                  what);
}

/* One message or many, as the first bytes say. */
static gboolean read_window(Window *window, guint64 size, MboxKind kind, const ArchiveTaker *taker,
                            gint64 date, GError **error)
{
    guint8 head[5];
    g_autofree char *place = g_strdup(window_place(window));
    gssize got = window_read(window, 0, head, sizeof head, error);
    if (got < 0)
        return FALSE;
    if (got == 0)
        return no_mail(place, "is empty", error);
    if (got == sizeof head && memcmp(head, "From ", sizeof head) == 0)
        return mbox_read(window, kind, taker, error);
    if (kind != MBOX_AUTO)
        return no_mail(place, "is no mbox: it does not begin with \"From \"", error);
    Region region = {.window = window, .to = size};
    ArchiveMessage message = {.place = place, .flags = "", .date = date};
    return region_give(&region, &message, taker, error);
}

/* How much comes by a pipe is not known before. */
static gboolean read_piped(MboxKind kind, const ArchiveTaker *taker, GError **error)
{
    struct stat facts;
    int fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
    if (fd < 0 || fstat(fd, &facts) != 0)
        return no_mail("standard input", "is closed", error);
    gboolean file = S_ISREG(facts.st_mode);
    g_autoptr(Window) window = window_new(fd, "standard input", taker->stop_fd);
    return read_window(window, file ? (guint64)facts.st_size : G_MAXINT64, kind, taker,
                       file ? facts.st_mtime : 0, error);
}

static gboolean read_opened(int fd, const char *path, const struct stat *facts, MboxKind kind,
                            const ArchiveTaker *taker, GError **error)
{
    gboolean any = TRUE;
    g_autofree char *shown = text_name(path);
    if (S_ISDIR(facts->st_mode))
        return maildir_read(fd, path, taker, &any, error) &&
               (any || no_mail(shown, "holds no Maildir", error));
    g_autoptr(Window) window = window_new(fd, shown, -1);
    if (!S_ISREG(facts->st_mode))
        return refuse(error, POSTERN_ERROR_INPUT, "import.file",
                      "give what it says on standard input, and name that: -",
                      "%s is neither file nor folder", shown);
    return read_window(window, (guint64)facts->st_size, kind, taker, facts->st_mtime, error);
}

gboolean archive_read(const char *path, MboxKind kind, const ArchiveTaker *taker, GError **error)
{
    struct stat facts;
    if (g_str_equal(path, "-"))
        return read_piped(kind, taker, error);
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd >= 0 && fstat(fd, &facts) == 0)
        return read_opened(fd, path, &facts, kind, taker, error);
    int cause = errno;
    if (fd >= 0)
        close(fd);
    g_autofree char *shown = text_name(path);
    if (cause == ENOENT)
        return no_mail(shown, "is not there", error);
    return refuse(error, POSTERN_ERROR_STORE, "import.read", "see that you may read it",
                  "%s cannot be read: %s", shown, g_strerror(cause));
}
