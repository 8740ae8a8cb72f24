#include "core/interrupt.h"

#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/error.h"

static int stop_fd;

static void signals_are_taken_in_order_and_once(void **state)
{
    (void)state;
    assert_int_equal(interrupt_take(), 0);
    assert_false(interrupted(stop_fd, NULL));
    raise(SIGHUP);
    raise(SIGHUP);
    assert_true(interrupted(stop_fd, NULL));
    assert_int_equal(interrupt_take(), SIGHUP);
    assert_int_equal(interrupt_take(), SIGHUP);
    assert_int_equal(interrupt_take(), 0);
}

static void a_wait_tells_ready_from_late_from_interrupted(void **state)
{
    (void)state;
    int ends[2];
    g_autoptr(GError) error = NULL;
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(
        interrupt_wait(ends[0], POLLIN, g_get_monotonic_time() + 1000, stop_fd, &error), 0);
    assert_int_equal(interrupt_wait(ends[1], POLLOUT, -1, stop_fd, &error), 1);
    assert_int_equal(interrupt_wait(ends[1], POLLOUT, -1, -1, &error), 1);
    assert_null(error);
    raise(SIGHUP);
    assert_int_equal(interrupt_wait(ends[0], POLLIN, -1, stop_fd, &error), -1);
    assert_int_equal(error->code, POSTERN_ERROR_TEMPORARY);
    assert_string_equal(postern_error_rule(error), "run.interrupted");
    assert_int_equal(interrupt_take(), SIGHUP);
    close(ends[0]);
    close(ends[1]);
}

static void what_we_start_gets_its_signals(void **state)
{
    (void)state;
    g_autofree char *said = NULL;
    const char *argv[] = {"grep", "-E", "^Sig(Blk|Ign)", "/proc/self/status", NULL};
    assert_true(g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &said,
                             NULL, NULL, NULL));
    g_auto(GStrv) lines = g_strsplit(said, "\n", -1);
    for (guint i = 0; i < 2; i++) {
        guint64 set = g_ascii_strtoull(strchr(lines[i], '\t'), NULL, 16);
        assert_false(set & (1u << (SIGINT - 1) | 1u << (SIGTERM - 1) | 1u << (SIGHUP - 1)));
    }
}

static void an_impatient_second_signal_ends_at_once(void **state)
{
    (void)state;
    int status;
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        raise(SIGTERM);
        raise(SIGTERM);
        if (interrupt_take() != SIGTERM || interrupt_take() != SIGTERM)
            _exit(1);
        g_usleep(2100 * 1000);
        raise(SIGTERM);
        _exit(2);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
}

int main(void)
{
    stop_fd = interrupt_open(TRUE);
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(signals_are_taken_in_order_and_once),
        cmocka_unit_test(a_wait_tells_ready_from_late_from_interrupted),
        cmocka_unit_test(what_we_start_gets_its_signals),
        cmocka_unit_test(an_impatient_second_signal_ends_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
