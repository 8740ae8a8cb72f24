/* See notify.h. A few lines rather than libsystemd, which would bring compression and more along.
 */
#include "fetchd/notify.h"

#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

struct Notify {
    int fd; /* -1: nobody wants to know */
    struct sockaddr_un name;
    socklen_t size;
    gint64 every, said; /* microseconds */
};

/* A path, or with "@" a name without a file. */
static gboolean set_name(Notify *notify, const char *path)
{
    gsize length = path ? strlen(path) : 0;
    if (length < 2 || length >= sizeof notify->name.sun_path || (*path != '/' && *path != '@'))
        return FALSE;
    notify->name.sun_family = AF_UNIX;
    memcpy(notify->name.sun_path, path, length);
    if (*path == '@')
        notify->name.sun_path[0] = '\0';
    notify->size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
    return TRUE;
}

Notify *notify_new(void)
{
    Notify *notify = g_new0(Notify, 1);
    const char *limit = g_getenv("WATCHDOG_USEC"), *pid = g_getenv("WATCHDOG_PID");
    gboolean ours = pid == NULL || g_ascii_strtoll(pid, NULL, 10) == getpid();
    gint64 usec = limit && ours ? g_ascii_strtoll(limit, NULL, 10) : 0;
    notify->every = usec > 0 ? usec / 3 : G_MAXINT64;
    notify->fd = set_name(notify, g_getenv("NOTIFY_SOCKET"))
                     ? socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)
                     : -1;
    g_unsetenv("NOTIFY_SOCKET");
    g_unsetenv("WATCHDOG_USEC");
    g_unsetenv("WATCHDOG_PID");
    return notify;
}

void notify_free(Notify *notify)
{
    if (notify == NULL)
        return;
    if (notify->fd >= 0)
        close(notify->fd);
    g_free(notify);
}

static void say(const Notify *notify, const char *words)
{
    if (notify->fd >= 0)
        (void)sendto(notify->fd, words, strlen(words), MSG_NOSIGNAL | MSG_DONTWAIT,
                     (const struct sockaddr *)&notify->name, notify->size);
}

void notify_ready(const Notify *notify)
{
    say(notify, "READY=1");
}

void notify_reloading(const Notify *notify)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    g_autofree char *words =
        g_strdup_printf("RELOADING=1\nMONOTONIC_USEC=%" G_GINT64_FORMAT,
                        (gint64)now.tv_sec * G_USEC_PER_SEC + now.tv_nsec / 1000);
    say(notify, words);
}

void notify_stopping(const Notify *notify)
{
    say(notify, "STOPPING=1");
}

void notify_status(const Notify *notify, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *status = g_strdup_vprintf(format, args);
    va_end(args);
    g_autofree char *words = g_strconcat("STATUS=", status, NULL);
    say(notify, words);
}

void notify_alive(Notify *notify)
{
    gint64 now = g_get_monotonic_time();
    if (notify->every == G_MAXINT64 || (notify->said && now - notify->said < notify->every / 2))
        return;
    notify->said = now;
    say(notify, "WATCHDOG=1");
}

gint64 notify_every(const Notify *notify)
{
    return notify->every;
}
