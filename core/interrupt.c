/* See interrupt.h. */
#include "core/interrupt.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include "core/error.h"

static int ends[2] = {-1, -1};

static void note(int number)
{
    int before = errno;
    char byte = (char)number;
    /* A full pipe says enough already. */
    (void)!write(ends[1], &byte, 1);
    errno = before;
}

static void handle(int number, int flags)
{
    struct sigaction action = {.sa_handler = note, .sa_flags = SA_RESTART | flags};
    sigemptyset(&action.sa_mask);
    sigaction(number, &action, NULL);
}

int interrupt_open(gboolean hangup)
{
    if (ends[0] < 0 && pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0)
        g_error("no pipe for signals: %s", g_strerror(errno));
    handle(SIGINT, (int)SA_RESETHAND);
    handle(SIGTERM, (int)SA_RESETHAND);
    if (hangup)
        handle(SIGHUP, 0);
    return ends[0];
}

int interrupt_take(void)
{
    char number;
    return read(ends[0], &number, 1) == 1 ? number : 0;
}

static gboolean refuse_interrupted(GError **error)
{
    return refuse(error, POSTERN_ERROR_TEMPORARY, "run.interrupted",
                  "start it again; what arrived is kept", "interrupted");
}

gboolean interrupted(int stop_fd, GError **error)
{
    struct pollfd fd = {.fd = stop_fd, .events = POLLIN};
    if (poll(&fd, 1, 0) <= 0)
        return FALSE;
    refuse_interrupted(error);
    return TRUE;
}

int interrupt_wait(int fd, short events, gint64 until, int stop_fd, GError **error)
{
    struct pollfd fds[] = {{.fd = fd, .events = events}, {.fd = stop_fd, .events = POLLIN}};
    for (;;) {
        gint64 left = until < 0 ? -1 : MAX(0, until - g_get_monotonic_time());
        int ready = poll(fds, G_N_ELEMENTS(fds), left < 0 ? -1 : (int)((left + 999) / 1000));
        if (ready == 0)
            return 0;
        if (ready > 0)
            return fds[1].revents == 0 || refuse_interrupted(error) ? 1 : -1;
        if (errno != EINTR)
            g_error("cannot wait: %s", g_strerror(errno));
    }
}
