/*
 * P2: one look-up, every address held against the company, and the checked one connected to.
 * Runs in a network namespace of its own, where the loopback holds the company's addresses and
 * the real ports can be bound.
 */
#define _GNU_SOURCE /* unshare */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/error.h"
#include "core/limits.h"
#include "net/connect.h"

/* ---- a resolver that says what a test wants ---- */

typedef struct {
    GResolver parent;
    const char *const *answer; /* NULL: no such name */
    guint many;                /* instead: so many addresses */
    guint asked;
} FakeResolver;

typedef struct {
    GResolverClass parent;
} FakeResolverClass;

static GType fake_resolver_get_type(void);
G_DEFINE_TYPE(FakeResolver, fake_resolver, G_TYPE_RESOLVER)

static void fake_async(GResolver *resolver, const char *host, GCancellable *cancellable,
                       GAsyncReadyCallback callback, gpointer user)
{
    (void)host;
    FakeResolver *self = (FakeResolver *)resolver;
    GTask *task = g_task_new(resolver, cancellable, callback, user);
    GList *list = NULL;
    self->asked++;
    /* Different ones: GResolver leaves out doubles. */
    for (guint i = self->many; i > 0; i--) {
        const guint8 bytes[] = {127, 0, (guint8)(i >> 8), (guint8)i};
        list = g_list_prepend(list, g_inet_address_new_from_bytes(bytes, G_SOCKET_FAMILY_IPV4));
    }
    for (const char *const *one = self->answer; one && *one; one++)
        list = g_list_append(list, g_inet_address_new_from_string(*one));
    if (list)
        g_task_return_pointer(task, list, (GDestroyNotify)g_resolver_free_addresses);
    else
        g_task_return_new_error(task, G_RESOLVER_ERROR, G_RESOLVER_ERROR_NOT_FOUND, "no such name");
    g_object_unref(task);
}

static GList *fake_finish(GResolver *resolver, GAsyncResult *result, GError **error)
{
    (void)resolver;
    return g_task_propagate_pointer(G_TASK(result), error);
}

static void fake_resolver_init(FakeResolver *self)
{
    (void)self;
}

static void fake_resolver_class_init(FakeResolverClass *class)
{
    class->parent.lookup_by_name_async = fake_async;
    class->parent.lookup_by_name_finish = fake_finish;
}

static FakeResolver *resolver;

/* ---- the company ---- */

static const char *domains[] = {"corp.example", NULL};
static const char *none[] = {NULL};

static Company company_of(const char **networks, const char **offices)
{
    return (Company){
        .domains = (char **)domains, .networks = (char **)networks, .offices = (char **)offices};
}

static int try_connect(const Company *company, const char *const *answer, GError **error)
{
    g_autoptr(VettedEndpoint) endpoint =
        endpoint_vet("imaps://john@mail.corp.example", company, error);
    assert_non_null(endpoint);
    resolver->answer = answer;
    resolver->asked = 0;
    int fd = connect_vetted(endpoint, company, error);
    assert_int_equal(resolver->asked, 1);
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

static void the_checked_address_is_the_one_connected_to(void **state)
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

static void p2_one_address_outside_refuses_the_whole_name(void **state)
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

static void p2_special_addresses_need_to_be_named(void **state)
{
    (void)state;
    static const char *answer[] = {"127.0.0.7", NULL};
    Company company = company_of(none, none);
    g_autoptr(GError) error = NULL;
    assert_int_equal(try_connect(&company, answer, &error), -1);
    assert_rule(error, POSTERN_ERROR_POLICY, "server.network");
}

static void p2_we_must_be_in_an_office_when_offices_are_named(void **state)
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

static void p2_ten_thousand_addresses_are_too_many(void **state)
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

/* ---- the namespace ---- */

static gboolean loopback_up(void)
{
    struct ifreq request = {.ifr_name = "lo"};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    gboolean good = fd >= 0 && ioctl(fd, SIOCGIFFLAGS, &request) == 0;
    request.ifr_flags |= IFF_UP;
    good = good && ioctl(fd, SIOCSIFFLAGS, &request) == 0;
    if (fd >= 0)
        close(fd);
    return good;
}

static gboolean enter_namespace(void)
{
    return (unshare(CLONE_NEWNET) == 0 || unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0) &&
           loopback_up();
}

int main(void)
{
    if (!enter_namespace()) {
        puts("1..0 # SKIP no network namespace can be made here");
        return 0;
    }
    resolver = g_object_new(fake_resolver_get_type(), NULL);
    g_resolver_set_default((GResolver *)resolver);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_checked_address_is_the_one_connected_to),
        cmocka_unit_test(p2_one_address_outside_refuses_the_whole_name),
        cmocka_unit_test(p2_special_addresses_need_to_be_named),
        cmocka_unit_test(p2_we_must_be_in_an_office_when_offices_are_named),
        cmocka_unit_test(p2_ten_thousand_addresses_are_too_many),
        cmocka_unit_test(a_name_without_addresses_is_unreachable),
        cmocka_unit_test(refused_addresses_give_way_to_the_next),
        cmocka_unit_test(a_silent_address_is_overtaken_by_the_next),
        cmocka_unit_test(families_take_turns),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    g_object_unref(resolver);
    return failed;
}
