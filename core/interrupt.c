/* See interrupt.h. */
#include "core/interrupt.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "core/error.h"

/* timeout(1) sends a signal to its child and again to the group: that is one wish. */
#define PATIENCE_S 1

static int ends[2] = {-1, -1};
static volatile time_t ending; /* monotonic seconds of the first SIGINT or SIGTERM, 0 for none */

static time_t now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec;
}

/* Only what signal-safety(7) allows. */
static void note(int number)
{
    int before = errno;
    char byte = (char)number;
    if (number != SIGHUP && ending == 0) {
        ending = MAX(now(), 1);
    } else if (number != SIGHUP && now() > ending + PATIENCE_S) {
        signal(number, SIG_DFL);
        raise(number); /* comes when this handler returns */
    }
    /* A full pipe says enough already. */
    (void)!write(ends[1], &byte, 1);
    errno = before;
}

static void handle(int number)
{
    struct sigaction action = {.sa_handler = note, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    sigaction(number, &action, NULL);
}

int interrupt_open(gboolean hangup)
{
    if (ends[0] < 0 && pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0)
        g_error("no pipe for signals: %s", g_strerror(errno));
    handle(SIGINT);
    handle(SIGTERM);
    if (hangup)
        handle(SIGHUP);
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

gboolean was_interrupted(const GError *failure)
{
    static const char *const rules[] = {"run.interrupted", NULL};
    return postern_error_among(failure, rules);
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
