/*
 * P2: one look-up, every address held against the company, and the checked one connected to.
 * Runs in a network namespace of its own, where the loopback holds the company's addresses and
 * the real ports can be bound.
 */
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
#include "net/connect.h"
#include "tests/unit/net/own-network.h"

static FakeResolver *resolver;

/* ---- the company ---- */

static const char *domains[] = {"corp.example", NULL};
static const char *none[] = {NULL};

static Company company_of(const char **networks, const char **offices)
{
    return (Company){
        .domains = (char **)domains, .networks = (char **)networks, .offices = (char **)offices};
}

static int stop_fd = -1;

static int try_connect(const Company *company, const char *const *answer, GError **error)
{
    g_autoptr(VettedEndpoint) endpoint =
        endpoint_vet("imaps://john@mail.corp.example", company, error);
    assert_non_null(endpoint);
    resolver->answer = answer;
    resolver->asked = 0;
    int fd = connect_vetted(endpoint, company, stop_fd, error);
    /* Who was interrupted did not wait for the thread that asks. */
    for (guint i = 0; i < 1000 && g_atomic_int_get(&resolver->asked) == 0; i++)
        g_usleep(G_USEC_PER_SEC / 100);
    assert_int_equal(g_atomic_int_get(&resolver->asked), 1);
    return fd;
}

static int listen_on(int family, const char *address, int backlog)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(993)};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(993)};
    gboolean four = family == AF_INET;
    assert_int_equal(inet_pton(family, address, four ? (void *)&v4.sin_addr : &v6.sin6_addr), 1);
    int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    assert_int_equal(bind(fd, four ? (struct sockaddr *)&v4 : (struct sockaddr *)&v6,
                          four ? sizeof v4 : sizeof v6),
                     0);
    assert_int_equal(listen(fd, backlog), 0);
    return fd;
}

static void assert_peer(int fd, const char *address)
{
    struct sockaddr_storage name;
    socklen_t size = sizeof name;
    assert_true(fd >= 0);
    assert_int_equal(getpeername(fd, (struct sockaddr *)&name, &size), 0);
    g_autoptr(GSocketAddress) full = g_socket_address_new_from_native(&name, size);
    g_autofree char *text =
        g_inet_address_to_string(g_inet_socket_address_get_address(G_INET_SOCKET_ADDRESS(full)));
    assert_string_equal(text, address);
    assert_int_equal(g_inet_socket_address_get_port(G_INET_SOCKET_ADDRESS(full)), 993);
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
}

static void assert_rule(const GError *error, int code, const char *rule)
{
    assert_non_null(error);
    if (postern_exit_code(error) != code || strcmp(postern_error_rule(error), rule) != 0)
        fail_msg("wanted %d %s, got %d %s: %s", code, rule, postern_exit_code(error),
                 postern_error_rule(error), error->message);
}

static const char *loopback[] = {"127.0.0.0/8", "::1/128", NULL};

/* ---- tests ---- */

static void p2_16_the_checked_address_is_the_one_connected_to(void **state)
{
    (void)state;
    static const char *answer[] = {"127.0.0.7", NULL};
    Company company = company_of(loopback, none);
    int server = listen_on(AF_INET, "127.0.0.7", 5);
    g_autoptr(GError) error = NULL;
    int fd = try_connect(&company, answer, &error);
    assert_peer(fd, "127.0.0.7");
    close(fd);
    close(server);
}

static void p2_17_one_address_outside_refuses_the_whole_name(void **state)
{
    (void)state;
    static const char *answers[][3] = {{"127.0.0.7", "10.0.0.1"},
                                       {"10.0.0.1", "127.0.0.7"},
                                       {"127.0.0.7", "2001:db8::1"},
                                       {"::ffff:10.0.0.1", "127.0.0.7"}};
    Company company = company_of(loopback, none);
    int server = listen_on(AF_INET, "127.0.0.7", 5);
    for (gsize i = 0; i < G_N_ELEMENTS(answers); i++) {
        g_autoptr(GError) error = NULL;
        assert_int_equal(try_connect(&company, answers[i], &error), -1);
        assert_rule(error, POSTERN_ERROR_POLICY, "server.network");
    }
    fcntl(server, F_SETFL, O_NONBLOCK);
    assert_int_equal(accept(server, NULL, NULL), -1);
    close(server);
}

static void p2_18_special_addresses_need_to_be_named(void **state)
{
    (void)state;
    static const char *answer[] = {"127.0.0.7", NULL};
    Company company = company_of(none, none);
    g_autoptr(GError) error = NULL;
    assert_int_equal(try_connect(&company, answer, &error), -1);
    assert_rule(error, POSTERN_ERROR_POLICY, "server.network");
}

static void p2_20_we_must_be_in_an_office_when_offices_are_named(void **state)
{
    (void)state;
    static const char *answer[] = {"127.0.0.7", NULL};
    static const char *elsewhere[] = {"10.0.0.0/8", NULL};
    int server = listen_on(AF_INET, "127.0.0.7", 5);
    Company outside = company_of(loopback, elsewhere), inside = company_of(loopback, loopback);
    g_autoptr(GError) error = NULL;
    assert_int_equal(try_connect(&outside, answer, &error), -1);
    assert_rule(error, POSTERN_ERROR_POLICY, "server.office");
    fcntl(server, F_SETFL, O_NONBLOCK);
    assert_int_equal(accept(server, NULL, NULL), -1);
    int fd = try_connect(&inside, answer, NULL);
    assert_peer(fd, "127.0.0.7");
    close(fd);
    close(server);
}

static void p2_17_ten_thousand_addresses_are_too_many(void **state)
{
    (void)state;
    Company company = company_of(loopback, none);
    static const guint counts[] = {LIMIT_ADDRESSES + 1, 10000};
    for (gsize i = 0; i < G_N_ELEMENTS(counts); i++) {
        g_autoptr(GError) error = NULL;
        resolver->many = counts[i];
        assert_int_equal(try_connect(&company, NULL, &error), -1);
        assert_rule(error, POSTERN_ERROR_UNREACHABLE, "server.dns");
    }
    resolver->many = LIMIT_ADDRESSES;
    int server = listen_on(AF_INET, "127.0.0.1", 5);
    int fd = try_connect(&company, NULL, NULL);
    assert_peer(fd, "127.0.0.1");
    resolver->many = 0;
    close(fd);
    close(server);
}

static void a_name_without_addresses_is_unreachable(void **state)
{
    (void)state;
    Company company = company_of(loopback, none);
    g_autoptr(GError) error = NULL;
    assert_int_equal(try_connect(&company, none, &error), -1);
    assert_rule(error, POSTERN_ERROR_UNREACHABLE, "server.dns");
}

static void refused_addresses_give_way_to_the_next(void **state)
{
    (void)state;
    static const char *answer[] = {"127.0.0.1", "127.0.0.2", "::1", "127.0.0.7", NULL};
    Company company = company_of(loopback, none);
    int server = listen_on(AF_INET, "127.0.0.7", 5);
    int fd = try_connect(&company, answer, NULL);
    assert_peer(fd, "127.0.0.7");
    close(fd);
    close(server);
    g_autoptr(GError) error = NULL;
    assert_int_equal(try_connect(&company, answer, &error), -1);
    assert_rule(error, POSTERN_ERROR_UNREACHABLE, "server.unreachable");
}

/* Fills the queue of LISTENER, so that the next connection hangs. */
static void stuff(const char *address, int *fds, gsize n)
{
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_port = htons(993)};
    inet_pton(AF_INET, address, &name.sin_addr);
    for (gsize i = 0; i < n; i++) {
        fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        (void)!connect(fds[i], (struct sockaddr *)&name, sizeof name);
    }
}

static void a_silent_address_is_overtaken_by_the_next(void **state)
{
    (void)state;
    static const char *answer[] = {"127.0.0.1", "127.0.0.7", NULL};
    Company company = company_of(loopback, none);
    int fds[8];
    int silent = listen_on(AF_INET, "127.0.0.1", 0), server = listen_on(AF_INET, "127.0.0.7", 5);
    stuff("127.0.0.1", fds, G_N_ELEMENTS(fds));
    gint64 before = g_get_monotonic_time();
    int fd = try_connect(&company, answer, NULL);
    gint64 took = (g_get_monotonic_time() - before) / 1000;
    assert_peer(fd, "127.0.0.7");
    assert_in_range(took, 240, 2000);
    close(fd);
    close(server);
    close(silent);
    for (gsize i = 0; i < G_N_ELEMENTS(fds); i++)
        close(fds[i]);
}

/* Both while it is looked up and while it is connected. */
static void an_interruption_ends_the_wait(void **state)
{
    (void)state;
    static const char *answer[] = {"127.0.0.1", NULL};
    Company company = company_of(loopback, none);
    int fds[8], ends[2];
    int silent = listen_on(AF_INET, "127.0.0.1", 0);
    stuff("127.0.0.1", fds, G_N_ELEMENTS(fds));
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], "x", 1), 1);
    stop_fd = ends[0];
    for (guint hang = 0; hang < 2; hang++) {
        g_autoptr(GError) error = NULL;
        resolver->hangs = hang == 1;
        assert_int_equal(try_connect(&company, answer, &error), -1);
        assert_rule(error, POSTERN_ERROR_TEMPORARY, "run.interrupted");
    }
    resolver->hangs = FALSE;
    stop_fd = -1;
    close(ends[0]);
    close(ends[1]);
    close(silent);
    for (gsize i = 0; i < G_N_ELEMENTS(fds); i++)
        close(fds[i]);
}

static void families_take_turns(void **state)
{
    (void)state;
    static const char *answer[] = {"127.0.0.1", "127.0.0.2", "::1", NULL};
    Company company = company_of(loopback, none);
    int server = listen_on(AF_INET6, "::1", 5), second = listen_on(AF_INET, "127.0.0.2", 5);
    int fd = try_connect(&company, answer, NULL);
    assert_peer(fd, "::1");
    close(fd);
    close(server);
    close(second);
}

static void p2_19_another_name_for_a_freemail_host_is_refused(void **state)
{
    (void)state;
    static const char *const ours[] = {"10.1.2.3", NULL};
    static const struct {
        const char *canonical;
        gboolean refused;
    } cases[] = {
        {"imap.gmail.com", TRUE},
        {"IMAP.GMail.Com.", TRUE},
        {"_x.%.gmail.com", TRUE},
        {"outlook.co.uk", TRUE},
        {"imap.notgmail.com", FALSE},
        {"gmail.com.hosting.example", FALSE},
        {"mail.corp.example", FALSE},
        {"..", FALSE},
        {"", FALSE},
        {NULL, FALSE},
    };
    static const char *elsewhere[] = {"192.0.2.0/24", NULL};
    const Company company = company_of(elsewhere, none);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        resolver->canonical = cases[i].canonical;
        int fd = try_connect(&company, ours, &error);
        assert_int_equal(fd, -1);
        assert_string_equal(postern_error_rule(error),
                            cases[i].refused ? "server.freemail" : "server.network");
        assert_int_equal(postern_exit_code(error), POSTERN_ERROR_POLICY);
    }
    resolver->canonical = NULL;
}

int main(void)
{
    if (!own_network()) {
        puts("1..0 # SKIP no network namespace can be made here");
        return 0;
    }
    resolver = fake_resolver_new();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(p2_16_the_checked_address_is_the_one_connected_to),
        cmocka_unit_test(p2_19_another_name_for_a_freemail_host_is_refused),
        cmocka_unit_test(p2_17_one_address_outside_refuses_the_whole_name),
        cmocka_unit_test(p2_18_special_addresses_need_to_be_named),
        cmocka_unit_test(p2_20_we_must_be_in_an_office_when_offices_are_named),
        cmocka_unit_test(p2_17_ten_thousand_addresses_are_too_many),
        cmocka_unit_test(a_name_without_addresses_is_unreachable),
        cmocka_unit_test(refused_addresses_give_way_to_the_next),
        cmocka_unit_test(a_silent_address_is_overtaken_by_the_next),
        cmocka_unit_test(an_interruption_ends_the_wait),
        cmocka_unit_test(families_take_turns),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    g_object_unref(resolver);
    return failed;
}
