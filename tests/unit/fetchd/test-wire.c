#include "fetchd/wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/error.h"
#include "core/limits.h"

typedef struct {
    Wire *near, *far;
} Pair;

static int open_pair(void **state)
{
    int fds[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    Pair *pair = g_new0(Pair, 1);
    pair->near = wire_new(fds[0]);
    pair->far = wire_new(fds[1]);
    *state = pair;
    return 0;
}

static int close_pair(void **state)
{
    Pair *pair = *state;
    wire_free(pair->near);
    wire_free(pair->far);
    g_free(pair);
    return 0;
}

static void frames_arrive_in_order(void **state)
{
    Pair *pair = *state;
    assert_true(wire_put(pair->near, WIRE_SELECT, "INBOX", 5, NULL));
    assert_true(wire_put(pair->near, WIRE_QUIT, NULL, 0, NULL));
    assert_true(wire_flush(pair->near, NULL));
    Frame frame;
    assert_true(wire_get(pair->far, 1000, -1, &frame, NULL));
    assert_int_equal(frame.type, WIRE_SELECT);
    assert_int_equal(frame.size, 5);
    assert_memory_equal(frame.payload, "INBOX", 5);
    assert_true(wire_get(pair->far, 1000, -1, &frame, NULL));
    assert_int_equal(frame.type, WIRE_QUIT);
    assert_int_equal(frame.size, 0);
}

/* One frame moved to the front and left a copy behind; the next one is not read yet. */
static void p4_45_a_secret_that_was_read_is_forgotten(void **state)
{
    Pair *pair = *state;
    g_autofree char *filler = g_strnfill(LIMIT_FRAME, 'x');
    Frame frame;
    /* The rest of a full buffer is moved: the secret comes in two pieces. */
    for (int i = 0; i < 3; i++) {
        assert_true(wire_put(pair->near, WIRE_DATA, filler, LIMIT_FRAME - 100, NULL));
        assert_true(wire_put(pair->near, WIRE_SECRET, "hunter2", 7, NULL));
        assert_true(wire_put(pair->near, WIRE_QUIT, NULL, 0, NULL));
        assert_true(wire_flush(pair->near, NULL));
        assert_true(wire_get(pair->far, 1000, -1, &frame, NULL));
        assert_true(wire_get(pair->far, 1000, -1, &frame, NULL));
        assert_int_equal(frame.type, WIRE_SECRET);
        assert_memory_equal(frame.payload, "hunter2", 7);
        const guint8 *was = frame.payload;
        wire_forget(pair->far);
        assert_memory_equal(was, "\0\0\0\0\0\0\0", 7);
        assert_true(wire_get(pair->far, 1000, -1, &frame, NULL));
        assert_int_equal(frame.type, WIRE_QUIT);
    }
}

/* Writes the first bytes of a frame of 100, one each 20 ms. */
static gpointer trickle(gpointer fd)
{
    static const guint8 frame[50] = {0, 0, 0, 100, WIRE_DATA};
    for (gsize i = 0; i < sizeof frame; i++) {
        if (send(GPOINTER_TO_INT(fd), frame + i, 1, MSG_NOSIGNAL) != 1)
            break;
        g_usleep(20 * 1000);
    }
    return NULL;
}

static void p8_a_frame_that_trickles_in_has_one_deadline(void **state)
{
    (void)state;
    int fds[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    Wire *wire = wire_new(fds[0]);
    GThread *thread = g_thread_new("trickle", trickle, GINT_TO_POINTER(fds[1]));
    Frame frame;
    g_autoptr(GError) error = NULL;
    assert_false(wire_get(wire, 200, -1, &frame, &error));
    assert_string_equal(postern_error_rule(error), "net.timeout");
    wire_free(wire);
    g_thread_join(thread);
    close(fds[1]);
}

static void the_largest_frame_fits(void **state)
{
    Pair *pair = *state;
    g_autofree guint8 *big = g_malloc(LIMIT_FRAME);
    memset(big, 'x', LIMIT_FRAME);
    assert_true(wire_put(pair->near, WIRE_DATA, big, LIMIT_FRAME, NULL));
    assert_true(wire_flush(pair->near, NULL));
    Frame frame;
    assert_true(wire_get(pair->far, 1000, -1, &frame, NULL));
    assert_int_equal(frame.size, LIMIT_FRAME);
    assert_memory_equal(frame.payload, big, LIMIT_FRAME);
}

static void silence_ends_the_wait(void **state)
{
    Pair *pair = *state;
    Frame frame;
    g_autoptr(GError) error = NULL;
    assert_false(wire_get(pair->far, 10, -1, &frame, &error));
    assert_string_equal(postern_error_rule(error), "net.timeout");
}

static void a_stop_ends_the_wait(void **state)
{
    Pair *pair = *state;
    int stop[2];
    assert_int_equal(pipe(stop), 0);
    assert_int_equal(write(stop[1], "!", 1), 1);
    Frame frame;
    g_autoptr(GError) error = NULL;
    assert_false(wire_get(pair->far, 10000, stop[0], &frame, &error));
    assert_string_equal(postern_error_rule(error), "run.interrupted");
    assert_int_equal(postern_exit_code(error), 75);
    close(stop[0]);
    close(stop[1]);
}

static void an_end_that_is_gone_is_told(void **state)
{
    Pair *pair = *state;
    assert_true(wire_put(pair->near, WIRE_DONE, NULL, 0, NULL));
    assert_true(wire_flush(pair->near, NULL));
    g_clear_pointer(&pair->near, wire_free);
    Frame frame;
    assert_true(wire_get(pair->far, 1000, -1, &frame, NULL)); /* what was said still counts */
    g_autoptr(GError) error = NULL;
    assert_false(wire_get(pair->far, 1000, -1, &frame, &error));
    assert_string_equal(postern_error_rule(error), "net.gone");

    g_autoptr(GError) broken = NULL;
    assert_true(wire_put(pair->far, WIRE_DONE, NULL, 0, NULL));
    assert_false(wire_flush(pair->far, &broken));
    assert_string_equal(postern_error_rule(broken), "net.gone");
}

/* Nothing is waited for: what is here counts. */
static void a_try_takes_what_is_here(void **state)
{
    Pair *pair = *state;
    Frame frame;
    g_autoptr(GError) error = NULL;
    assert_int_equal(wire_try(pair->far, &frame, NULL), 0);
    assert_true(wire_put(pair->near, WIRE_NEWS, NULL, 0, NULL));
    assert_true(wire_put(pair->near, WIRE_WAKE, NULL, 0, NULL));
    assert_true(wire_flush(pair->near, NULL));
    assert_int_equal(wire_try(pair->far, &frame, NULL), 1);
    assert_int_equal(frame.type, WIRE_NEWS);
    assert_true(wire_held(pair->far));
    assert_int_equal(wire_try(pair->far, &frame, NULL), 1);
    assert_int_equal(frame.type, WIRE_WAKE);
    assert_false(wire_held(pair->far));
    assert_int_equal(write(wire_fd(pair->near), "\0\0\0\0\0", 5), 5);
    assert_int_equal(wire_try(pair->far, &frame, &error), -1);
    assert_string_equal(postern_error_rule(error), "net.record");
    g_clear_error(&error);
    assert_false(wire_get(pair->far, -1, -1, &frame, &error));
    assert_string_equal(postern_error_rule(error), "net.record");
}

static void a_try_tells_of_an_end(void **state)
{
    Pair *pair = *state;
    Frame frame;
    g_autoptr(GError) error = NULL;
    g_clear_pointer(&pair->near, wire_free);
    assert_int_equal(wire_try(pair->far, &frame, &error), -1);
    assert_string_equal(postern_error_rule(error), "net.gone");
}

/* Nobody reads at the other end, and the line is full. */
static void a_line_that_takes_no_more_ends_the_wait(void **state)
{
    Pair *pair = *state;
    static const struct timeval soon = {.tv_usec = 20000};
    assert_int_equal(setsockopt(wire_fd(pair->near), SOL_SOCKET, SO_SNDTIMEO, &soon, sizeof soon),
                     0);
    g_autofree guint8 *big = g_malloc0(LIMIT_FRAME);
    g_autoptr(GError) error = NULL;
    for (guint i = 0; i < 1000 && error == NULL; i++)
        (void)!wire_put(pair->near, WIRE_DATA, big, LIMIT_FRAME, &error);
    assert_non_null(error);
    assert_string_equal(postern_error_rule(error), "net.timeout");
}

/* Ctrl-C ends the net child, too: that is no fault of its own. */
static void an_end_after_an_interruption_is_one(void **state)
{
    Pair *pair = *state;
    int stop[2];
    assert_int_equal(pipe(stop), 0);
    g_clear_pointer(&pair->near, wire_free);
    Frame frame;
    g_autoptr(GError) error = NULL;
    assert_int_equal(write(stop[1], "!", 1), 1);
    assert_false(wire_get(pair->far, 1000, stop[0], &frame, &error));
    assert_string_equal(postern_error_rule(error), "run.interrupted");
    close(stop[0]);
    close(stop[1]);
}

static void p8_98_malformed_frames_are_refused(void **state)
{
    static const struct {
        guint8 bytes[5];
        const char *why;
    } cases[] = {
        {{0, 1, 0, 1, WIRE_DATA}, "one byte over the limit"},
        {{0xff, 0xff, 0xff, 0xff, WIRE_DATA}, "as large as it gets"},
        {{0, 0, 0, 0, 0}, "type 0"},
        {{0, 0, 0, 0, WIRE_TYPES + 1}, "a type beyond the last"},
    };
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        Frame frame;
        g_autoptr(GError) error = NULL;
        assert_int_equal(wire_parse(cases[i].bytes, 5, &frame, &error), -1);
        assert_string_equal(postern_error_rule(error), "net.record");
    }
}

static void a_frame_waits_for_its_last_byte(void **state)
{
    static const guint8 bytes[] = {0, 0, 0, 3, WIRE_DATA, 'a', 'b', 'c', 0};
    (void)state;
    Frame frame;
    for (gsize cut = 0; cut < 8; cut++)
        assert_int_equal(wire_parse(bytes, cut, &frame, NULL), 0);
    assert_int_equal(wire_parse(bytes, 9, &frame, NULL), 8);
    assert_int_equal(frame.size, 3);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(frames_arrive_in_order, open_pair, close_pair),
        cmocka_unit_test(p8_a_frame_that_trickles_in_has_one_deadline),
        cmocka_unit_test_setup_teardown(a_try_takes_what_is_here, open_pair, close_pair),
        cmocka_unit_test_setup_teardown(a_try_tells_of_an_end, open_pair, close_pair),
        cmocka_unit_test_setup_teardown(a_line_that_takes_no_more_ends_the_wait, open_pair,
                                        close_pair),
        cmocka_unit_test_setup_teardown(an_end_after_an_interruption_is_one, open_pair, close_pair),
        cmocka_unit_test_setup_teardown(the_largest_frame_fits, open_pair, close_pair),
        cmocka_unit_test_setup_teardown(silence_ends_the_wait, open_pair, close_pair),
        cmocka_unit_test_setup_teardown(a_stop_ends_the_wait, open_pair, close_pair),
        cmocka_unit_test_setup_teardown(an_end_that_is_gone_is_told, open_pair, close_pair),
        cmocka_unit_test_setup_teardown(p4_45_a_secret_that_was_read_is_forgotten, open_pair,
                                        close_pair),
        cmocka_unit_test(p8_98_malformed_frames_are_refused),
        cmocka_unit_test(a_frame_waits_for_its_last_byte),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
