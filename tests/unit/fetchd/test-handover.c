#include "fetchd/handover.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/error.h"

typedef struct {
    int keeper, child; /* the wire */
    int near, far;     /* a connection */
} World;

static int set_up(void **state)
{
    World *world = g_new0(World, 1);
    int wire[2], connection[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, wire), 0);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, connection), 0);
    *world = (World){wire[0], wire[1], connection[0], connection[1]};
    *state = world;
    return 0;
}

static void shut(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static int tear_down(void **state)
{
    World *world = *state;
    shut(&world->keeper);
    shut(&world->child);
    shut(&world->near);
    shut(&world->far);
    g_free(world);
    return 0;
}

static void a_socket_goes_over_and_what_follows_is_not_touched(void **state)
{
    World *world = *state;
    char text[8] = "";
    assert_true(handover_give(world->keeper, world->near, NULL));
    assert_int_equal(write(world->keeper, "frames", 6), 6);
    shut(&world->near);
    int fd = handover_take(world->child);
    assert_true(fd >= 0);
    assert_int_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
    assert_int_equal(read(world->child, text, sizeof text), 6);
    assert_string_equal(text, "frames");
    assert_int_equal(write(world->far, "hello", 6), 6);
    assert_int_equal(read(fd, text, sizeof text), 6);
    assert_string_equal(text, "hello");
    close(fd);
}

static void what_is_no_socket_is_not_taken(void **state)
{
    World *world = *state;
    int file = open("/dev/null", O_RDWR | O_CLOEXEC);
    assert_true(handover_give(world->keeper, file, NULL));
    close(file);
    assert_int_equal(handover_take(world->child), -1);
    assert_int_equal(write(world->keeper, "x", 1), 1);
    assert_int_equal(handover_take(world->child), -1);
}

static void the_other_end_may_be_gone(void **state)
{
    World *world = *state;
    g_autoptr(GError) error = NULL;
    shut(&world->child);
    assert_false(handover_give(world->keeper, world->near, &error));
    assert_string_equal(postern_error_rule(error), "net.gone");
    assert_int_equal(postern_exit_code(error), 70);
    int wire[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, wire), 0);
    close(wire[0]);
    assert_int_equal(handover_take(wire[1]), -1);
    close(wire[1]);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    static const struct CMUnitTest tests[] = {
        TEST(a_socket_goes_over_and_what_follows_is_not_touched),
        TEST(what_is_no_socket_is_not_taken),
        TEST(the_other_end_may_be_gone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
