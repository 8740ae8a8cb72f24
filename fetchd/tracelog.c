/* See tracelog.h. */
#include "fetchd/tracelog.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/error.h"
#include "core/text.h"

struct TraceLog {
    int fd;
};

static TraceLog *log_to(int fd)
{
    TraceLog *log = g_new0(TraceLog, 1);
    log->fd = fd;
    return log;
}

TraceLog *tracelog_stderr(void)
{
    return log_to(fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0));
}

TraceLog *tracelog_open(const char *path, GError **error)
{
    struct stat file;
    g_autofree char *shown = text_name(path);
    /* Non-blocking, so that a FIFO does not hold us up before it is refused. */
    int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0600);
    if (fd < 0) {
        refuse(error, POSTERN_ERROR_CREATE, "trace.file", "name a file that can be written",
               "the trace %s cannot be opened: %s", shown, g_strerror(errno));
        return NULL;
    }
    if (fstat(fd, &file) != 0 || !S_ISREG(file.st_mode)) {
        refuse(error, POSTERN_ERROR_CREATE, "trace.file", "name a regular file, or a new one",
               "the trace %s is no regular file", shown);
        close(fd);
        return NULL;
    }
    return log_to(fd);
}

void tracelog_close(TraceLog *log)
{
    if (log == NULL)
        return;
    close(log->fd);
    g_free(log);
}

void tracelog_line(TraceLog *log, const char *account, const char *host, const char *text)
{
    if (log == NULL)
        return;
    g_autoptr(GDateTime) now = g_date_time_new_now_local();
    g_autofree char *time = g_date_time_format(now, "%F %T.%f");
    g_autofree char *who = text_name(account);
    g_autofree char *words = g_strdup(text);
    g_strcanon(words,
               " !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`"
               "abcdefghijklmnopqrstuvwxyz{|}~",
               '?');
    g_autofree char *line = g_strdup_printf("%s %s %s %s\n", time, who, host, words);
    (void)!write(log->fd, line, strlen(line));
}
