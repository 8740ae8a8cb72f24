/* See fast-clock.h. */
#undef _FORTIFY_SOURCE /* it would make poll() one of its own */
#define _GNU_SOURCE    /* ppoll */
#include "tests/unit/net/fast-clock.h"

#include <poll.h>
#include <time.h>

/* Whatever is to happen in a test happens sooner. */
#define MOMENT_MS 300

static _Thread_local gboolean runs_fast;
static _Thread_local gint64 skipped_ms;

void clock_run_fast(gboolean fast)
{
    runs_fast = fast;
    skipped_ms = 0;
}

gint64 clock_skipped_ms(void)
{
    return skipped_ms;
}

void clock_skip_ms(gint64 ms)
{
    skipped_ms += ms;
}

gint64 g_get_monotonic_time(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (gint64)now.tv_sec * G_USEC_PER_SEC + now.tv_nsec / 1000 + skipped_ms * 1000;
}

int poll(struct pollfd *fds, nfds_t n, int timeout)
{
    int real = runs_fast && timeout > MOMENT_MS ? MOMENT_MS : timeout;
    const struct timespec wait = {.tv_sec = real / 1000, .tv_nsec = real % 1000 * 1000000L};
    int ready = ppoll(fds, n, timeout < 0 ? NULL : &wait, NULL);
    if (ready == 0 && real < timeout)
        skipped_ms += timeout - real;
    return ready;
}

/* What _FORTIFY_SOURCE makes of it. */
int __poll_chk(struct pollfd *fds, nfds_t n, int timeout, gsize room);
int __poll_chk(struct pollfd *fds, nfds_t n, int timeout, gsize room)
{
    g_assert(room / sizeof *fds >= n);
    return poll(fds, n, timeout);
}
