/* See connect.h. */
#include "net/connect.h"

#include <errno.h>
#include <gio/gio.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/error.h"
#include "core/interrupt.h"
#include "core/limits.h"
#include "core/text.h"
#include "net/resolve.h"
#include "policy/network.h"

/* RFC 8305, 5: how long an address may keep the next one waiting. */
#define STEP_MS 250

/* ---- who we are ---- */

static GInetAddress *local_address(int fd)
{
    struct sockaddr_storage name;
    socklen_t size = sizeof name;
    if (getsockname(fd, (struct sockaddr *)&name, &size) < 0)
        return NULL;
    g_autoptr(GSocketAddress) own = g_socket_address_new_from_native(&name, size);
    if (!G_IS_INET_SOCKET_ADDRESS(own))
        return NULL;
    return g_object_ref(g_inet_socket_address_get_address(G_INET_SOCKET_ADDRESS(own)));
}

static gboolean socket_in_office(int fd, const Company *company, GError **error)
{
    g_autoptr(GInetAddress) own = local_address(fd);
    if (own == NULL)
        return refuse(error, POSTERN_ERROR_POLICY, "server.office",
                      "look at this machine's network",
                      "this machine's own address cannot be told");
    return network_in_office(company, own, error);
}

gboolean connect_target(GInetAddress *address, guint16 port, ConnectTarget *target)
{
    g_autoptr(GSocketAddress) full = g_inet_socket_address_new(address, port);
    gssize size = g_socket_address_get_native_size(full);
    target->size = (socklen_t)size;
    return size > 0 && (gsize)size <= sizeof target->name &&
           g_socket_address_to_native(full, &target->name, sizeof target->name, NULL);
}

/* The address the kernel would speak from, asked without a packet. */
static gboolean target_from_office(const ConnectTarget *target, const Company *company,
                                   GError **error)
{
    if (company->offices == NULL || company->offices[0] == NULL)
        return TRUE;
    int fd = socket(target->name.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    gboolean good =
        fd >= 0 && connect(fd, (const struct sockaddr *)&target->name, target->size) == 0;
    if (good)
        good = socket_in_office(fd, company, error);
    else
        refuse(error, POSTERN_ERROR_UNREACHABLE, "server.unreachable", "look at the network",
               "there is no way to the server: %s", g_strerror(errno));
    if (fd >= 0)
        close(fd);
    return good;
}

/* ---- the race ---- */

typedef struct {
    const char *host;
    ConnectTarget targets[LIMIT_ADDRESSES];
    struct pollfd running[LIMIT_ADDRESSES]; /* fd -1: over */
    guint n, started;
    int problem; /* the last errno */
    int stop_fd;
} Race;

static void race_start_next(Race *race)
{
    ConnectTarget *target = &race->targets[race->started];
    struct pollfd *entry = &race->running[race->started++];
    int fd = socket(target->name.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    *entry = (struct pollfd){.fd = fd, .events = POLLOUT};
    if (fd >= 0 && (connect(fd, (const struct sockaddr *)&target->name, target->size) == 0 ||
                    errno == EINPROGRESS))
        return;
    race->problem = errno;
    if (fd >= 0)
        close(fd);
    entry->fd = -1;
}

static guint race_running(const Race *race)
{
    guint running = 0;
    for (guint i = 0; i < race->started; i++)
        running += race->running[i].fd >= 0;
    return running;
}

/* The first socket that is connected, taken out of the race; -1 when there is none yet. */
static int race_winner(Race *race)
{
    for (guint i = 0; i < race->started; i++) {
        struct pollfd *entry = &race->running[i];
        int problem = 0, fd = entry->fd;
        socklen_t size = sizeof problem;
        if (fd < 0 || entry->revents == 0)
            continue;
        entry->fd = -1;
        if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &problem, &size) == 0 && problem == 0)
            return fd;
        race->problem = problem ? problem : errno;
        close(fd);
    }
    return -1;
}

/* Waits until something happens, the next address is due, or END; FALSE when interrupted. */
static gboolean race_wait(Race *race, gint64 next, gint64 end, GError **error)
{
    gint64 until = race->started < race->n ? MIN(next, end) : end;
    gint64 left = until - g_get_monotonic_time();
    struct pollfd fds[LIMIT_ADDRESSES + 1];
    for (guint i = 0; i < race->started; i++)
        fds[i] = (struct pollfd){.fd = race->running[i].fd, .events = POLLOUT};
    fds[race->started] = (struct pollfd){.fd = race->stop_fd, .events = POLLIN};
    if (left > 0)
        (void)poll(fds, race->started + 1, (int)((left + 999) / 1000));
    for (guint i = 0; i < race->started; i++)
        race->running[i].revents = fds[i].revents;
    return !interrupted(race->stop_fd, error);
}

/* -1 without *error when nobody answered. */
static int race_run_to(Race *race, gint64 end, GError **error)
{
    gint64 now = g_get_monotonic_time(), next = now;
    int winner = -1;
    for (; winner < 0 && now < end; now = g_get_monotonic_time()) {
        if (race->started < race->n && (now >= next || race_running(race) == 0)) {
            race_start_next(race);
            next = now + STEP_MS * 1000;
        }
        if (race->started == race->n && race_running(race) == 0)
            break;
        if (!race_wait(race, next, end, error))
            break;
        winner = race_winner(race);
    }
    return winner;
}

static int race_run(Race *race, GError **error)
{
    gint64 end = g_get_monotonic_time() + (gint64)LIMIT_CONNECT_MS * 1000;
    g_autoptr(GError) stopped = NULL;
    int winner = race_run_to(race, end, &stopped);
    for (guint i = 0; i < race->started; i++)
        if (race->running[i].fd >= 0)
            close(race->running[i].fd);
    if (stopped)
        g_propagate_error(error, g_steal_pointer(&stopped));
    else if (winner < 0 && g_get_monotonic_time() >= end)
        refuse(error, POSTERN_ERROR_TEMPORARY, "server.timeout", "try again later",
               "%s did not answer within %d seconds", race->host, LIMIT_CONNECT_MS / 1000);
    else if (winner < 0)
        refuse(error, POSTERN_ERROR_UNREACHABLE, "server.unreachable",
               "look at the network; is the server up?", "%s cannot be reached: %s", race->host,
               g_strerror(race->problem));
    return winner;
}

/* ---- all together ---- */

/* Refuses the whole name when one address is outside (P2). */
static gboolean all_allowed(GList *addresses, const Company *company, const char *host,
                            GError **error)
{
    for (GList *at = addresses; at; at = at->next)
        if (!network_allows(company, at->data, host, error))
            return FALSE;
    return TRUE;
}

static gboolean reachable(GInetAddress *address, guint16 port, const Company *company,
                          GError **error)
{
    ConnectTarget target;
    return connect_target(address, port, &target) && target_from_office(&target, company, error);
}

/* Takes the addresses that we may reach from where we are, families in turn (RFC 8305, 4). */
static gboolean line_up(GPtrArray *line, GList *addresses, const VettedEndpoint *endpoint,
                        const Company *company, GError **error)
{
    g_autoptr(GError) last = NULL;
    g_autoptr(GList) waiting = g_list_copy(addresses);
    int family = -1;
    while (waiting) {
        GList *at = waiting;
        while (at && g_inet_address_get_family(at->data) == (GSocketFamily)family)
            at = at->next;
        at = at ? at : waiting;
        family = g_inet_address_get_family(at->data);
        g_clear_error(&last);
        if (reachable(at->data, endpoint_port(endpoint), company, &last))
            g_ptr_array_add(line, g_object_ref(at->data));
        waiting = g_list_delete_link(waiting, at);
    }
    if (line->len == 0 && last)
        g_propagate_error(error, g_steal_pointer(&last));
    else if (line->len == 0)
        refuse(error, POSTERN_ERROR_UNREACHABLE, "server.dns",
               "look at the server's name and at this machine's DNS", "%s has no address",
               endpoint_host(endpoint));
    return line->len > 0;
}

GPtrArray *connect_addresses(const VettedEndpoint *endpoint, const Company *company, int stop_fd,
                             GError **error)
{
    const char *host = endpoint_host(endpoint);
    GList *addresses = resolve_host(host, stop_fd, error);
    if (addresses == NULL)
        return NULL;
    g_autoptr(GPtrArray) line = g_ptr_array_new_with_free_func(g_object_unref);
    gboolean good = all_allowed(addresses, company, host, error) &&
                    line_up(line, addresses, endpoint, company, error);
    g_resolver_free_addresses(addresses);
    return good ? g_steal_pointer(&line) : NULL;
}

GInetAddress *connect_address(const VettedEndpoint *endpoint, const Company *company, int stop_fd,
                              GError **error)
{
    GList *addresses = resolve_host(endpoint_host(endpoint), stop_fd, error);
    if (addresses == NULL)
        return NULL;
    GInetAddress *one = addresses->data;
    for (GList *at = addresses; at; at = at->next)
        if (g_inet_address_get_family(one) != G_SOCKET_FAMILY_IPV4)
            one = at->data;
    one =
        all_allowed(addresses, company, endpoint_host(endpoint), error) ? g_object_ref(one) : NULL;
    g_resolver_free_addresses(addresses);
    return one;
}

static int connect_to(const GPtrArray *addresses, const VettedEndpoint *endpoint,
                      const Company *company, int stop_fd, GError **error)
{
    Race race = {.host = endpoint_host(endpoint), .stop_fd = stop_fd};
    for (guint i = 0; i < addresses->len; i++)
        if (connect_target(addresses->pdata[i], endpoint_port(endpoint), &race.targets[race.n]))
            race.n++;
    int fd = race_run(&race, error);
    /* The routes may have changed since they were asked. */
    if (fd >= 0 && company->offices && company->offices[0] &&
        !socket_in_office(fd, company, error)) {
        close(fd);
        return -1;
    }
    return fd;
}

/* Commands are small and wait for answers; a dead peer must be noticed, while IDLE waits for news
 * too: after two quiet minutes it is asked four times, or it owes an answer for a minute and a
 * half. */
static void set_options(int fd)
{
    const struct {
        int level, name, value;
    } options[] = {
        {IPPROTO_TCP, TCP_NODELAY, 1},    {SOL_SOCKET, SO_KEEPALIVE, 1},
        {IPPROTO_TCP, TCP_KEEPIDLE, 120}, {IPPROTO_TCP, TCP_KEEPINTVL, 15},
        {IPPROTO_TCP, TCP_KEEPCNT, 4},    {IPPROTO_TCP, TCP_USER_TIMEOUT, 90000},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(options); i++)
        (void)setsockopt(fd, options[i].level, options[i].name, &options[i].value, sizeof(int));
}

int connect_vetted(const VettedEndpoint *endpoint, const Company *company, int stop_fd,
                   GError **error)
{
    g_autoptr(GPtrArray) addresses = connect_addresses(endpoint, company, stop_fd, error);
    int fd = addresses ? connect_to(addresses, endpoint, company, stop_fd, error) : -1;
    if (fd >= 0)
        set_options(fd);
    return fd;
}
