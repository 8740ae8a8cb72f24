/* The line reader: exact bytes, at every edge, and its limits (P8). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "core/error.h"
#include "core/limits.h"
#include "net/line.h"
#include "tests/unit/net/tls-peer.h"

typedef struct {
    Peer *peer;
    Channel *channel;
    LineReader *reader;
} Wire;

/* A reader over what the peer says in clear. */
static Wire wire_open(const PeerStep *steps, gsize n)
{
    Wire wire = {.peer = peer_start(NULL, steps, n)};
    wire.channel = channel_new(peer_fd(wire.peer));
    wire.reader = line_reader_new(wire.channel);
    return wire;
}

static GByteArray *wire_close(Wire *wire)
{
    line_reader_free(wire->reader);
    channel_free(wire->channel);
    return peer_finish(wire->peer, NULL);
}

static void assert_rule(const GError *error, int code, const char *rule)
{
    assert_non_null(error);
    assert_int_equal(postern_exit_code(error), code);
    assert_string_equal(postern_error_rule(error), rule);
}

static void lines_come_one_by_one_without_their_ends(void **state)
{
    (void)state;
    static const PeerStep steps[] = {PEER_SEND("+OK\r\n\r\nnul\0here\r\n"), PEER_SLOWLY("slow\r\n"),
                                     PEER_WAIT()};
    static const struct {
        const char *line;
        gsize size;
    } wanted[] = {{"+OK", 3}, {"", 0}, {"nul\0here", 8}, {"slow", 4}};
    Wire wire = wire_open(steps, G_N_ELEMENTS(steps));
    for (gsize i = 0; i < G_N_ELEMENTS(wanted); i++) {
        gsize size;
        const char *line = line_read(wire.reader, &size, NULL);
        assert_non_null(line);
        assert_int_equal(size, wanted[i].size);
        assert_memory_equal(line, wanted[i].line, size + 1);
    }
    assert_false(line_buffered(wire.reader));
    g_byte_array_unref(wire_close(&wire));
}

static void what_waits_behind_a_line_is_seen(void **state)
{
    (void)state;
    static const PeerStep steps[] = {PEER_SEND("220 ready\r\n2"), PEER_WAIT()};
    Wire wire = wire_open(steps, G_N_ELEMENTS(steps));
    gsize size;
    assert_non_null(line_read(wire.reader, &size, NULL));
    assert_true(line_buffered(wire.reader));
    g_byte_array_unref(wire_close(&wire));
}

static void p8_90_lone_cr_and_lf_are_violations(void **state)
{
    (void)state;
    static const PeerStep cases[] = {PEER_SEND("+OK\n"), PEER_SEND("\n"), PEER_SEND("a\rb\r\n"),
                                     PEER_SEND("a\r\r\n"), PEER_SEND("\r+OK\r\n")};
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        PeerStep steps[] = {cases[i], PEER_WAIT()};
        Wire wire = wire_open(steps, G_N_ELEMENTS(steps));
        g_autoptr(GError) error = NULL;
        gsize size;
        assert_null(line_read(wire.reader, &size, &error));
        assert_rule(error, POSTERN_ERROR_PROTOCOL, "server.line");
        g_byte_array_unref(wire_close(&wire));
    }
}

static void p8_90_a_line_of_the_limit_passes_and_one_byte_more_does_not(void **state)
{
    (void)state;
    for (gsize extra = 0; extra < 2; extra++) {
        g_autofree char *long_line = g_malloc(LIMIT_LINE + 3);
        memset(long_line, 'x', LIMIT_LINE + 1);
        memcpy(long_line + LIMIT_LINE + extra, "\r\n", 2);
        PeerStep steps[] = {PEER_SEND_BYTES(long_line, LIMIT_LINE + 2 + extra), PEER_WAIT()};
        Wire wire = wire_open(steps, G_N_ELEMENTS(steps));
        g_autoptr(GError) error = NULL;
        gsize size;
        const char *line = line_read(wire.reader, &size, &error);
        assert_int_equal(line != NULL, extra == 0);
        if (line)
            assert_int_equal(size, LIMIT_LINE);
        else
            assert_rule(error, POSTERN_ERROR_PROTOCOL, "server.line");
        g_byte_array_unref(wire_close(&wire));
    }
}

static void p8_90_an_endless_line_ends_at_the_limit(void **state)
{
    (void)state;
    static const PeerStep steps[] = {PEER_FLOOD("+OK for ever and ever ")};
    Wire wire = wire_open(steps, G_N_ELEMENTS(steps));
    g_autoptr(GError) error = NULL;
    gsize size;
    assert_null(line_read(wire.reader, &size, &error));
    assert_rule(error, POSTERN_ERROR_PROTOCOL, "server.line");
    g_byte_array_unref(wire_close(&wire));
}

/* ---- bodies ---- */

static gboolean collect(gpointer user, const guint8 *bytes, gsize size, GError **error)
{
    (void)error;
    g_byte_array_append(user, bytes, (guint)size);
    return TRUE;
}

typedef struct {
    const char *wire;
    gsize wire_size;
    const char *body;
    gsize body_size;
} BodyCase;

#define BODY(wire, body)                                                                           \
    {                                                                                              \
        wire, sizeof(wire) - 1, body, sizeof(body) - 1                                             \
    }

static const BodyCase body_cases[] = {
    BODY(".\r\n", ""),
    BODY("a\r\n.\r\n", "a\r\n"),
    BODY("..\r\n.\r\n", ".\r\n"),
    BODY("...\r\n.\r\n", "..\r\n"),
    BODY(".a\r\n.\r\n", "a\r\n"),
    BODY("a\r\n..b\r\n..\r\n.\r\n", "a\r\n.b\r\n.\r\n"),
    BODY("\r\n\r\n.\r\n", "\r\n\r\n"),
    BODY("a.b\r\n.\r\n", "a.b\r\n"),
    BODY("nul\0\0.\r\n.\r\n", "nul\0\0.\r\n"),
    BODY("bare\n.\n.\r\n.\r\n", "bare\n.\n.\r\n"),
    BODY("bare\r.\r.\r\n.\r\n", "bare\r.\r.\r\n"),
    BODY("a\r\r\n.\r\n", "a\r\r\n"),
    BODY(".\r.\r\n.\r\n", "\r.\r\n"),
    BODY(".\r\r\n.\r\n", "\r\r\n"),
    BODY(".\n\r\n.\r\n", "\n\r\n"),
    BODY("\n.\r\n\r\n.\r\n", "\n.\r\n\r\n"),
    BODY("\x80\xff\xfe\r\n.\r\n", "\x80\xff\xfe\r\n"),
};

/* The body as read when FILLER bytes stand before it in the buffer and it comes in STEP-wise. */
static void check_body(const BodyCase *c, gsize filler, PeerAct how)
{
    g_autoptr(GString) sent = g_string_new(NULL);
    for (gsize i = 0; i < filler; i++)
        g_string_append_c(sent, 'f');
    if (filler > 0)
        g_string_append(sent, "\r\n");
    g_string_append_len(sent, c->wire, (gssize)c->wire_size);
    g_string_append(sent, "+OK next\r\n");
    PeerStep steps[] = {{how, sent->str, sent->len}, PEER_WAIT()};
    Wire wire = wire_open(steps, G_N_ELEMENTS(steps));
    g_autoptr(GByteArray) body = g_byte_array_new();
    g_autoptr(GError) error = NULL;
    gsize size;
    assert_true(line_read_body(wire.reader, collect, body, &error));
    gsize before = filler > 0 ? filler + 2 : 0;
    assert_int_equal(body->len, before + c->body_size);
    if (c->body_size > 0)
        assert_memory_equal(body->data + before, c->body, c->body_size);
    assert_string_equal(line_read(wire.reader, &size, NULL), "+OK next");
    g_byte_array_unref(wire_close(&wire));
}

static void p8_bodies_arrive_byte_for_byte(void **state)
{
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(body_cases); i++) {
        check_body(&body_cases[i], 0, ACT_SEND);
        check_body(&body_cases[i], 0, ACT_SLOWLY);
    }
}

static void p8_dots_are_undone_at_every_edge_of_the_buffer(void **state)
{
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(body_cases); i++)
        for (gsize back = 0; back < 12; back++)
            check_body(&body_cases[i], LIMIT_LINE - back, ACT_SEND);
}

static void p3_32_a_body_that_ends_early_is_an_error(void **state)
{
    (void)state;
    static const PeerStep cases[] = {PEER_SEND("a\r\n"), PEER_SEND("a\r\n."), PEER_SEND("a\r\n.\r"),
                                     PEER_SEND("a\n.\n"), PEER_SEND("")};
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        PeerStep steps[] = {cases[i], PEER_DROP()};
        Wire wire = wire_open(steps, G_N_ELEMENTS(steps));
        g_autoptr(GByteArray) body = g_byte_array_new();
        g_autoptr(GError) error = NULL;
        assert_false(line_read_body(wire.reader, collect, body, &error));
        assert_rule(error, POSTERN_ERROR_UNREACHABLE, "server.closed");
        g_byte_array_unref(wire_close(&wire));
    }
}

static gboolean full(gpointer user, const guint8 *bytes, gsize size, GError **error)
{
    (void)user;
    (void)bytes;
    (void)size;
    return refuse(error, POSTERN_ERROR_STORE, "store.full", NULL, "the disk is full");
}

static void a_taker_that_refuses_ends_the_body(void **state)
{
    (void)state;
    static const PeerStep steps[] = {PEER_SEND("a\r\n.\r\n"), PEER_WAIT()};
    Wire wire = wire_open(steps, G_N_ELEMENTS(steps));
    g_autoptr(GError) error = NULL;
    assert_false(line_read_body(wire.reader, full, NULL, &error));
    assert_rule(error, POSTERN_ERROR_STORE, "store.full");
    g_byte_array_unref(wire_close(&wire));
}

/* ---- commands ---- */

static void a_command_is_one_line(void **state)
{
    (void)state;
    static const PeerStep steps[] = {PEER_WAIT()};
    Wire wire = wire_open(steps, G_N_ELEMENTS(steps));
    g_autoptr(Secret) good = secret_new("s3 cret", 7);
    assert_true(line_write(wire.channel, NULL, "RETR %d", 7));
    assert_true(line_write_secret(wire.channel, "PASS ", good, NULL));
    g_autoptr(GByteArray) heard = wire_close(&wire);
    static const char wanted[] = "RETR 7\r\nPASS s3 cret\r\n";
    assert_int_equal(heard->len, sizeof wanted - 1);
    assert_memory_equal(heard->data, wanted, heard->len);
}

static void p9_99_a_value_with_a_line_break_is_never_sent(void **state)
{
    (void)state;
    static const PeerStep steps[] = {PEER_WAIT()};
    static const char *values[] = {"a\rb", "a\nb", "a\r\nDELE 1", "\n"};
    Wire wire = wire_open(steps, G_N_ELEMENTS(steps));
    for (gsize i = 0; i < G_N_ELEMENTS(values); i++) {
        g_autoptr(GError) error = NULL, again = NULL;
        g_autoptr(Secret) secret = secret_new(values[i], strlen(values[i]));
        assert_false(line_write(wire.channel, &error, "USER %s", values[i]));
        assert_rule(error, POSTERN_ERROR_INPUT, "send.value");
        assert_false(line_write_secret(wire.channel, "PASS ", secret, &again));
        assert_rule(again, POSTERN_ERROR_INPUT, "send.value");
    }
    g_autoptr(Secret) nul = secret_new("a\0b", 3);
    assert_false(line_write_secret(wire.channel, "PASS ", nul, NULL));
    g_autoptr(GByteArray) heard = wire_close(&wire);
    assert_int_equal(heard->len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_come_one_by_one_without_their_ends),
        cmocka_unit_test(what_waits_behind_a_line_is_seen),
        cmocka_unit_test(p8_90_lone_cr_and_lf_are_violations),
        cmocka_unit_test(p8_90_a_line_of_the_limit_passes_and_one_byte_more_does_not),
        cmocka_unit_test(p8_90_an_endless_line_ends_at_the_limit),
        cmocka_unit_test(p8_bodies_arrive_byte_for_byte),
        cmocka_unit_test(p8_dots_are_undone_at_every_edge_of_the_buffer),
        cmocka_unit_test(p3_32_a_body_that_ends_early_is_an_error),
        cmocka_unit_test(a_taker_that_refuses_ends_the_body),
        cmocka_unit_test(a_command_is_one_line),
        cmocka_unit_test(p9_99_a_value_with_a_line_break_is_never_sent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
