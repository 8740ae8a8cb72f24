/*
 * P1's one exception: what the probe tells, and that it says nothing. In a network namespace of
 * its own, as the ports are the real ones.
 */
#include "net/probe.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/error.h"
#include "core/limits.h"
#include "tests/unit/net/own-network.h"

static FakeResolver *resolver;

static const char *domains[] = {"corp.example", NULL};
static const char *none[] = {NULL};
static const char *loopback[] = {"127.0.0.0/8", NULL};
static const char *elsewhere[] = {"10.0.0.0/8", NULL};

static Company company_of(const char **networks, const char **offices)
{
    return (Company){
        .domains = (char **)domains, .networks = (char **)networks, .offices = (char **)offices};
}

static gboolean probe(const Company *company, const char *const *answer, PortState *states,
                      GError **error)
{
    g_autoptr(VettedEndpoint) endpoint =
        endpoint_vet("imaps://john@mail.corp.example", company, error);
    assert_non_null(endpoint);
    resolver->answer = answer;
    return probe_plain_ports(endpoint, company, states, error);
}

static struct sockaddr_in name_of(const char *address, guint16 port)
{
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_port = htons(port)};
    assert_int_equal(inet_pton(AF_INET, address, &name.sin_addr), 1);
    return name;
}

static int listen_on(const char *address, guint16 port, int backlog)
{
    struct sockaddr_in name = name_of(address, port);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    assert_int_equal(bind(fd, (struct sockaddr *)&name, sizeof name), 0);
    assert_int_equal(listen(fd, backlog), 0);
    return fd;
}

static void assert_heard_nothing(int listener)
{
    char buffer[16];
    int peer = accept(listener, NULL, NULL);
    assert_true(peer >= 0);
    assert_int_equal(recv(peer, buffer, sizeof buffer, 0), 0);
    close(peer);
}

static void p1_an_open_port_is_told_and_hears_nothing(void **state)
{
    (void)state;
    static const char *answer[] = {"127.0.0.7", NULL};
    Company company = company_of(loopback, none);
    for (guint i = 0; i < PROBE_PORTS; i++) {
        PortState states[PROBE_PORTS];
        int listener = listen_on("127.0.0.7", probe_ports[i], 5);
        assert_true(probe(&company, answer, states, NULL));
        for (guint k = 0; k < PROBE_PORTS; k++)
            assert_int_equal(states[k], k == i ? PORT_OPEN : PORT_CLOSED);
        assert_heard_nothing(listener);
        close(listener);
    }
}

static void one_open_address_of_several_is_enough(void **state)
{
    (void)state;
    static const char *answer[] = {"127.0.0.7", "127.0.0.8", "127.0.0.9", NULL};
    Company company = company_of(loopback, none);
    PortState states[PROBE_PORTS];
    int listener = listen_on("127.0.0.8", 25, 5);
    assert_true(probe(&company, answer, states, NULL));
    const PortState wanted[PROBE_PORTS] = {PORT_CLOSED, PORT_CLOSED, PORT_OPEN, PORT_CLOSED};
    assert_memory_equal(states, wanted, sizeof states);
    close(listener);
}

/* Fills the queue of a listener that takes nobody: the next connection gets no answer. */
static void stuff(const char *address, guint16 port, int *fds, gsize n)
{
    struct sockaddr_in name = name_of(address, port);
    for (gsize i = 0; i < n; i++) {
        fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        (void)!connect(fds[i], (struct sockaddr *)&name, sizeof name);
    }
}

static void p10_who_says_nothing_is_waited_for_no_longer_than_the_limit(void **state)
{
    (void)state;
    static const char *answer[] = {"127.0.0.7", NULL};
    Company company = company_of(loopback, none);
    PortState states[PROBE_PORTS];
    int listener = listen_on("127.0.0.7", 143, 0), fds[4];
    stuff("127.0.0.7", 143, fds, G_N_ELEMENTS(fds));
    gint64 began = g_get_monotonic_time();
    assert_true(probe(&company, answer, states, NULL));
    gint64 took = (g_get_monotonic_time() - began) / 1000;
    assert_true(took >= LIMIT_PROBE_MS - 50 && took < 2 * LIMIT_PROBE_MS);
    const PortState wanted[PROBE_PORTS] = {PORT_CLOSED, PORT_SILENT, PORT_CLOSED, PORT_CLOSED};
    assert_memory_equal(states, wanted, sizeof states);
    for (gsize i = 0; i < G_N_ELEMENTS(fds); i++)
        close(fds[i]);
    close(listener);
}

static void p2_no_stranger_is_probed(void **state)
{
    (void)state;
    static const char *answer[] = {"127.0.0.7", "10.0.0.1", NULL};
    Company mixed = company_of(loopback, none), outside = company_of(loopback, elsewhere);
    const struct {
        const Company *company;
        const char *rule;
        const char *const *answer;
    } cases[] = {
        {&mixed, "server.network", answer},
        {&outside, "server.office", (const char *const[]){"127.0.0.7", NULL}},
        {&mixed, "server.dns", none},
    };
    int listener = listen_on("127.0.0.7", 143, 5);
    fcntl(listener, F_SETFL, O_NONBLOCK);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        PortState states[PROBE_PORTS];
        g_autoptr(GError) error = NULL;
        assert_false(probe(cases[i].company, cases[i].answer, states, &error));
        assert_string_equal(postern_error_rule(error), cases[i].rule);
        assert_int_equal(accept(listener, NULL, NULL), -1);
    }
    close(listener);
}

int main(void)
{
    if (!own_network()) {
        puts("1..0 # SKIP no network namespace can be made here");
        return 0;
    }
    resolver = fake_resolver_new();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(p1_an_open_port_is_told_and_hears_nothing),
        cmocka_unit_test(one_open_address_of_several_is_enough),
        cmocka_unit_test(p10_who_says_nothing_is_waited_for_no_longer_than_the_limit),
        cmocka_unit_test(p2_no_stranger_is_probed),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    g_object_unref(resolver);
    return failed;
}
