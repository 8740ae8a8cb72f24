/* P6 55, P8 90: the stream under libetpan ends in time, says -1 at the end, and then no more. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "core/error.h"
#include "core/limits.h"
#include "net/guard.h"
#include "tests/unit/net/imap-talk.h"

typedef struct {
    Peer *peer;
    Guard *guard;
    mailstream *stream;
} Pipe;

static Pipe pipe_to(const PeerStep *steps, gsize n)
{
    Pipe pipe = {.peer = peer_start(NULL, steps, n)};
    pipe.guard = guard_new(channel_new(peer_fd(pipe.peer)));
    pipe.stream = guard_stream(pipe.guard);
    return pipe;
}

static char *pipe_end(Pipe *pipe)
{
    mailstream_close(pipe->stream);
    guard_free(pipe->guard);
    g_autoptr(GByteArray) heard = peer_finish(pipe->peer, NULL);
    return heard->len > 0 ? g_strndup((const char *)heard->data, heard->len) : g_strdup("");
}

/* Reads to the end of it; how many bytes came. */
static gsize drain(Pipe *pipe)
{
    char buffer[300];
    gsize all = 0;
    ssize_t got;
    while ((got = mailstream_read(pipe->stream, buffer, sizeof buffer)) > 0)
        all += (gsize)got;
    assert_int_equal(got, -1);
    return all;
}

static void p6_the_end_is_minus_one(void **state)
{
    (void)state;
    static const PeerStep steps[] = {PEER_SEND("* OK x\r\n"), PEER_CLOSE()};
    Pipe pipe = pipe_to(steps, G_N_ELEMENTS(steps));
    assert_int_equal(drain(&pipe), 8);
    assert_fault(guard_error(pipe.guard), 69, "server.closed");
    assert_int_equal(mailstream_write(pipe.stream, "1 NOOP\r\n", 8), 8);
    assert_int_equal(mailstream_flush(pipe.stream), -1);
    g_autofree char *heard = pipe_end(&pipe);
    assert_string_equal(heard, "");
}

static void p8_90_silence_ends(void **state)
{
    (void)state;
    static const PeerStep steps[] = {PEER_SEND("* OK x\r\n"), PEER_WAIT()};
    Pipe pipe = pipe_to(steps, G_N_ELEMENTS(steps));
    gint64 before = g_get_monotonic_time();
    guard_command(pipe.guard, SCAN_NOTHING, 100);
    assert_int_equal(drain(&pipe), 8);
    assert_fault(guard_error(pipe.guard), 75, "server.timeout");
    assert_in_range(g_get_monotonic_time() - before, 90 * 1000, 3 * G_USEC_PER_SEC);
    g_free(pipe_end(&pipe));
}

#define TEN "aaaaaaaaaa"
#define HUNDRED TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN
#define THOUSAND HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED

static void p8_90_a_reply_byte_by_byte_ends_in_time(void **state)
{
    (void)state;
    static const PeerStep steps[] = {PEER_SLOWLY("* OK " THOUSAND THOUSAND THOUSAND), PEER_WAIT()};
    Pipe pipe = pipe_to(steps, G_N_ELEMENTS(steps));
    guard_command(pipe.guard, SCAN_NOTHING, 100);
    assert_in_range(drain(&pipe), 1, 2999);
    assert_fault(guard_error(pipe.guard), 75, "server.timeout");
    g_free(pipe_end(&pipe));
}

static void p8_a_body_may_take_as_long_as_its_bytes_need(void **state)
{
    (void)state;
    static const PeerStep steps[] = {
        PEER_SEND("* 1 FETCH (BODY[] {3000}\r\n"),
        PEER_SLOWLY(THOUSAND THOUSAND THOUSAND),
        PEER_SEND(")\r\n"),
        PEER_CLOSE(),
    };
    Pipe pipe = pipe_to(steps, G_N_ELEMENTS(steps));
    guard_command(pipe.guard, SCAN_BODIES, 100);
    assert_int_equal(drain(&pipe), 3000 + strlen("* 1 FETCH (BODY[] {3000}\r\n)\r\n"));
    assert_fault(guard_error(pipe.guard), 69, "server.closed");
    g_free(pipe_end(&pipe));
}

static void p1_after_a_violation_nothing_is_said(void **state)
{
    (void)state;
    static const PeerStep steps[] = {PEER_SEND("* OK x\r\n"), PEER_EXPECT("1 NOOP\r\n"),
                                     PEER_SEND("* OK y\r\nHTTP/1.1\r\n"), PEER_WAIT()};
    Pipe pipe = pipe_to(steps, G_N_ELEMENTS(steps));
    char buffer[8];
    assert_int_equal(mailstream_read(pipe.stream, buffer, 8), 8);
    guard_command(pipe.guard, SCAN_NOTHING, LIMIT_COMMAND_MS);
    mailstream_write(pipe.stream, "1 NOOP\r\n", 8);
    assert_int_equal(mailstream_flush(pipe.stream), 0);
    drain(&pipe);
    assert_fault(guard_error(pipe.guard), 76, "server.protocol");
    guard_command(pipe.guard, SCAN_NOTHING, LIMIT_COMMAND_MS);
    mailstream_write(pipe.stream, "2 NOOP\r\n", 8);
    assert_int_equal(mailstream_flush(pipe.stream), -1);
    assert_false(guard_send(pipe.guard, (const guint8 *)"x\r\n", 3));
    assert_fault(guard_error(pipe.guard), 76, "server.protocol");
    g_autofree char *heard = pipe_end(&pipe);
    assert_string_equal(heard, "1 NOOP\r\n");
}

static void p1_a_command_is_one_line(void **state)
{
    (void)state;
    static const PeerStep steps[] = {PEER_WAIT()};
    static const struct {
        const char *bytes;
        gsize size;
    } commands[] = {{"1 A\r\n2 B\r\n", 10}, {"1 A\nB\r\n", 7},  {"1 A\rB\r\n", 7},
                    {"1 A\0B\r\n", 7},      {"1 A\r\n\r\n", 7}, {"1 A\r", 4}};
    for (gsize i = 0; i < G_N_ELEMENTS(commands); i++) {
        Pipe pipe = pipe_to(steps, G_N_ELEMENTS(steps));
        mailstream_write(pipe.stream, commands[i].bytes, commands[i].size);
        assert_int_equal(mailstream_flush(pipe.stream), -1);
        assert_fault(guard_error(pipe.guard), 65, "send.value");
        g_autofree char *heard = pipe_end(&pipe);
        assert_string_equal(heard, "");
    }
}

static void the_first_error_stays(void **state)
{
    (void)state;
    static const PeerStep steps[] = {PEER_WAIT()};
    Pipe pipe = pipe_to(steps, G_N_ELEMENTS(steps));
    assert_null(guard_error(pipe.guard));
    guard_break(pipe.guard, g_error_new(POSTERN_ERROR, POSTERN_ERROR_STORE, "one"));
    guard_break(pipe.guard, g_error_new(POSTERN_ERROR, POSTERN_ERROR_STORE, "other"));
    assert_string_equal(guard_error(pipe.guard)->message, "one");
    assert_int_equal(drain(&pipe), 0);
    g_free(pipe_end(&pipe));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(p6_the_end_is_minus_one),
        cmocka_unit_test(p8_90_silence_ends),
        cmocka_unit_test(p8_90_a_reply_byte_by_byte_ends_in_time),
        cmocka_unit_test(p8_a_body_may_take_as_long_as_its_bytes_need),
        cmocka_unit_test(p1_after_a_violation_nothing_is_said),
        cmocka_unit_test(p1_a_command_is_one_line),
        cmocka_unit_test(the_first_error_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
