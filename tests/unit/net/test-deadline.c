/*
 * The long deadlines of core/limits.h, each crossed in a moment (P8): see fast-clock.h. In a
 * network namespace of its own, as the ports are the real ones.
 */
#define _GNU_SOURCE /* RTLD_NEXT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/error.h"
#include "core/limits.h"
#include "core/stream.h"
#include "net/connect.h"
#include "net/submission.h"
#include "net/tls.h"
#include "tests/unit/net/fast-clock.h"
#include "tests/unit/net/own-network.h"
#include "tests/unit/net/tls-peer.h"

static FakeResolver *resolver;

/* What was not waited for, give or take what was. */
static void assert_waited(gint64 ms)
{
    assert_in_range(clock_skipped_ms(), ms - 2000, ms + 2000);
}

static void assert_timeout(const GError *error, guint seconds)
{
    g_autofree char *told = g_strdup_printf("%u seconds", seconds);
    assert_non_null(error);
    assert_int_equal(postern_exit_code(error), POSTERN_ERROR_TEMPORARY);
    assert_string_equal(postern_error_rule(error), "server.timeout");
    assert_non_null(strstr(error->message, told));
}

/* ---- before there is a connection ---- */

static int try_connect(GError **error)
{
    static const char *domains[] = {"corp.example", NULL}, *networks[] = {"127.0.0.0/8", NULL},
                      *none[] = {NULL};
    const Company company = {
        .domains = (char **)domains, .networks = (char **)networks, .offices = (char **)none};
    g_autoptr(VettedEndpoint) endpoint =
        endpoint_vet("imaps://john@mail.corp.example", &company, error);
    assert_non_null(endpoint);
    return connect_vetted(endpoint, &company, -1, error);
}

/* GLib's own clock cannot be put forward: what it is asked to wait for is noted, and cut short
 * where nothing comes. */
static guint asked_ms;

GSource *g_timeout_source_new(guint ms)
{
    GSource *(*real)(guint) = NULL;
    *(void **)&real = dlsym(RTLD_NEXT, "g_timeout_source_new");
    asked_ms = ms;
    return real(resolver->hangs ? MIN(ms, 50) : ms);
}

static void p8_90_a_look_up_that_hangs_ends_at_the_limit(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    resolver->hangs = TRUE;
    assert_int_equal(try_connect(&error), -1);
    resolver->hangs = FALSE;
    assert_int_equal(asked_ms, LIMIT_CONNECT_MS);
    assert_timeout(error, LIMIT_CONNECT_MS / 1000);
}

/* A listener whose queue is full answers nobody. */
static void p8_90_a_host_that_does_not_answer_is_left_at_the_limit(void **state)
{
    (void)state;
    static const char *answer[] = {"127.0.0.1", NULL};
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_port = htons(993)};
    int fds[8], silent = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    inet_pton(AF_INET, answer[0], &name.sin_addr);
    assert_int_equal(bind(silent, (struct sockaddr *)&name, sizeof name), 0);
    assert_int_equal(listen(silent, 0), 0);
    for (gsize i = 0; i < G_N_ELEMENTS(fds); i++) {
        fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        (void)!connect(fds[i], (struct sockaddr *)&name, sizeof name);
    }
    g_autoptr(GError) error = NULL;
    resolver->answer = answer;
    clock_run_fast(TRUE);
    assert_int_equal(try_connect(&error), -1);
    assert_waited(LIMIT_CONNECT_MS);
    assert_timeout(error, LIMIT_CONNECT_MS / 1000);
    for (gsize i = 0; i < G_N_ELEMENTS(fds); i++)
        close(fds[i]);
    close(silent);
}

/* ---- a connection that is silent ---- */

static void p8_90_a_handshake_that_does_not_begin_is_left_at_the_limit(void **state)
{
    (void)state;
    static const PeerStep steps[] = {PEER_WAIT()};
    Peer *peer = peer_start(NULL, steps, G_N_ELEMENTS(steps));
    clock_run_fast(TRUE);
    Channel *channel = channel_new(peer_fd(peer));
    g_autoptr(Session) session = peer_session(SCHEME_IMAPS);
    g_autoptr(GError) error = NULL;
    assert_false(channel_start_tls(channel, session, &error));
    assert_waited(LIMIT_CONNECT_MS);
    assert_int_equal(postern_exit_code(error), POSTERN_ERROR_TEMPORARY);
    assert_string_equal(postern_error_rule(error), "server.timeout");
    channel_free(channel);
    g_byte_array_unref(peer_finish(peer, NULL));
}

/* However long a whole command may take. */
static void p8_90_a_server_that_falls_silent_is_left_at_the_limit(void **state)
{
    (void)state;
    static const PeerStep steps[] = {PEER_TLS(), PEER_WAIT()};
    Peer *peer = peer_start(NULL, steps, G_N_ELEMENTS(steps));
    clock_run_fast(TRUE);
    Channel *channel = channel_new(peer_fd(peer));
    g_autoptr(Session) session = peer_session(SCHEME_IMAPS);
    g_autoptr(GError) error = NULL;
    guint8 byte;
    assert_true(channel_start_tls(channel, session, &error));
    channel_deadline(channel, 100 * LIMIT_COMMAND_MS);
    assert_int_equal(channel_read(channel, &byte, 1, &error), -1);
    assert_waited(LIMIT_READ_MS);
    assert_timeout(error, LIMIT_READ_MS / 1000);
    channel_free(channel);
    g_byte_array_unref(peer_finish(peer, NULL));
}

/* ---- a letter ---- */

#define OPEN                                                                                       \
    PEER_TLS(), PEER_SEND("220 mail\r\n"), PEER_EXPECT("EHLO"),                                    \
        PEER_SEND("250-mail\r\n250 AUTH PLAIN\r\n"), PEER_EXPECT("AUTH"), PEER_SEND("235 in\r\n"), \
        PEER_EXPECT("MAIL"), PEER_SEND("250 ok\r\n"), PEER_EXPECT("RCPT"),                         \
        PEER_SEND("250 ok\r\n"), PEER_EXPECT("DATA")

static gboolean send_letter(Submission *submission, GError **error)
{
    g_autoptr(GBytes) data = g_bytes_new_static("x\r\n", 3);
    g_autoptr(Source) source = source_from_bytes(data);
    g_autoptr(GPtrArray) recipients = g_ptr_array_new();
    g_ptr_array_add(recipients, (char *)"a@x.test");
    const LetterEnvelope envelope = {"john@corp.example", recipients, 3, 0, NULL};
    return submission_send(submission, &envelope, source, NULL, error);
}

typedef struct {
    PeerStep last; /* of the server's, after DATA */
    gint64 ms;
    const char *rule;
} LetterCase;

static void p6_62_after_the_dot_a_server_may_scan_for_ten_minutes(void **state)
{
    (void)state;
    static const LetterCase cases[] = {
        {PEER_SEND("354 go\r\n"), LIMIT_DELIVERY_MS, "send.doubt"},
        {PEER_SEND(""), LIMIT_READ_MS, "server.timeout"}, /* before it, not */
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        const PeerStep steps[] = {OPEN, cases[i].last, PEER_WAIT()};
        Peer *peer = peer_start(NULL, steps, G_N_ELEMENTS(steps));
        g_autoptr(Session) session = peer_session(SCHEME_SMTPS);
        g_autoptr(GError) error = NULL;
        clock_run_fast(TRUE);
        Submission *submission = submission_open(peer_fd(peer), session, &error);
        assert_non_null(submission);
        assert_false(send_letter(submission, &error));
        assert_waited(cases[i].ms);
        assert_int_equal(postern_exit_code(error), POSTERN_ERROR_TEMPORARY);
        assert_string_equal(postern_error_rule(error), cases[i].rule);
        submission_free(submission);
        g_byte_array_unref(peer_finish(peer, NULL));
    }
}

int main(void)
{
    if (!own_network()) {
        puts("1..0 # SKIP no network namespace can be made here");
        return 0;
    }
    resolver = fake_resolver_new();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(p8_90_a_look_up_that_hangs_ends_at_the_limit),
        cmocka_unit_test(p8_90_a_host_that_does_not_answer_is_left_at_the_limit),
        cmocka_unit_test(p8_90_a_handshake_that_does_not_begin_is_left_at_the_limit),
        cmocka_unit_test(p8_90_a_server_that_falls_silent_is_left_at_the_limit),
        cmocka_unit_test(p6_62_after_the_dot_a_server_may_scan_for_ten_minutes),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    g_object_unref(resolver);
    return failed;
}
