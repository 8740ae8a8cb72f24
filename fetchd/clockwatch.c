/* See clockwatch.h. */
#include "fetchd/clockwatch.h"

#include <errno.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

struct Clockwatch {
    int alarm, jump;
    gint64 asleep; /* between the two clocks, when asked last */
};

static gint64 now(clockid_t clock)
{
    struct timespec time;
    clock_gettime(clock, &time);
    return (gint64)time.tv_sec * G_USEC_PER_SEC + time.tv_nsec / 1000;
}

gint64 clockwatch_now(void)
{
    return now(CLOCK_BOOTTIME);
}

static gint64 asleep(void)
{
    return now(CLOCK_BOOTTIME) - now(CLOCK_MONOTONIC);
}

/* A timer that never ends, but is cancelled when the clock is set; waking sets it. */
static void watch_clock(int fd)
{
    const struct itimerspec never = {.it_value = {.tv_sec = G_MAXINT64 / G_USEC_PER_SEC / 1000}};
    (void)timerfd_settime(fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &never, NULL);
}

Clockwatch *clockwatch_new(void)
{
    Clockwatch *watch = g_new0(Clockwatch, 1);
    watch->alarm = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
    watch->jump = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);
    if (watch->alarm < 0 || watch->jump < 0)
        g_error("no timer: %s", g_strerror(errno));
    watch->asleep = asleep();
    watch_clock(watch->jump);
    return watch;
}

void clockwatch_free(Clockwatch *watch)
{
    if (watch == NULL)
        return;
    close(watch->alarm);
    close(watch->jump);
    g_free(watch);
}

int clockwatch_alarm(Clockwatch *watch, gint64 until)
{
    gint64 at = MAX(until, 1); /* 0 would stop it */
    const struct itimerspec time = {
        .it_value = {.tv_sec = at / G_USEC_PER_SEC, .tv_nsec = at % G_USEC_PER_SEC * 1000}};
    (void)timerfd_settime(watch->alarm, TFD_TIMER_ABSTIME, &time, NULL);
    return watch->alarm;
}

int clockwatch_jump(const Clockwatch *watch)
{
    return watch->jump;
}

gint64 clockwatch_slept(Clockwatch *watch)
{
    guint64 times;
    gint64 before = watch->asleep;
    (void)!read(watch->alarm, &times, sizeof times);
    if (read(watch->jump, &times, sizeof times) < 0 && errno == ECANCELED)
        watch_clock(watch->jump);
    watch->asleep = asleep();
    return watch->asleep - before;
}
