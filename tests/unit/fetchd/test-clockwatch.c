/* A machine that sleeps, by clocks of our own: clock_gettime() here stands before the C library's.
 */
#include "fetchd/clockwatch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <poll.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static gint64 asleep_s;

int clock_gettime(clockid_t clock, struct timespec *time)
{
    long done = syscall(SYS_clock_gettime, clock, time);
    if (clock == CLOCK_BOOTTIME)
        time->tv_sec += asleep_s;
    return (int)done;
}

static void p6_65_sleep_is_noticed_once(void **state)
{
    (void)state;
    g_autoptr(Clockwatch) watch = clockwatch_new();
    assert_in_range(clockwatch_slept(watch) + 1000000, 0, 2000000);
    gint64 before = clockwatch_now();
    asleep_s = 3600;
    assert_true(clockwatch_now() - before >= (gint64)3600 * G_USEC_PER_SEC);
    assert_in_range(clockwatch_slept(watch), (gint64)3599 * G_USEC_PER_SEC,
                    (gint64)3601 * G_USEC_PER_SEC);
    assert_in_range(clockwatch_slept(watch) + 1000000, 0, 2000000);
    asleep_s = 0;
}

static void the_alarm_rings_when_it_should(void **state)
{
    (void)state;
    g_autoptr(Clockwatch) watch = clockwatch_new();
    struct pollfd fd = {
        .fd = clockwatch_alarm(watch, clockwatch_now() + (gint64)3600 * G_USEC_PER_SEC),
        .events = POLLIN};
    assert_int_equal(poll(&fd, 1, 20), 0);
    assert_int_equal(clockwatch_alarm(watch, clockwatch_now() + 30000), fd.fd);
    assert_int_equal(poll(&fd, 1, 2000), 1);
    (void)clockwatch_slept(watch);
    assert_int_equal(poll(&fd, 1, 0), 0);
    (void)clockwatch_alarm(watch, G_MININT64); /* long ago is now */
    assert_int_equal(poll(&fd, 1, 2000), 1);
    fd.fd = clockwatch_jump(watch);
    assert_int_equal(poll(&fd, 1, 0), 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(p6_65_sleep_is_noticed_once),
        cmocka_unit_test(the_alarm_rings_when_it_should),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
