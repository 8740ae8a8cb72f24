/* See probe.h. */
#include "net/probe.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/limits.h"
#include "net/connect.h"

const guint16 probe_ports[PROBE_PORTS] = {110, 143, 25, 109};

typedef struct {
    struct pollfd entries[LIMIT_ADDRESSES * PROBE_PORTS]; /* fd -1: known */
    PortState *states;
} Probe;

static void note(Probe *probe, guint entry, PortState state)
{
    PortState *known = &probe->states[entry % PROBE_PORTS];
    *known = MAX(*known, state);
    if (probe->entries[entry].fd >= 0)
        close(probe->entries[entry].fd);
    probe->entries[entry].fd = -1;
}

/* What the end of a connect() means: only an answer of the machine itself says "closed". */
static PortState state_of(int problem)
{
    return problem == 0 ? PORT_OPEN : problem == ECONNREFUSED ? PORT_CLOSED : PORT_SILENT;
}

static void begin(Probe *probe, guint entry, GInetAddress *address)
{
    ConnectTarget target;
    gboolean known = connect_target(address, probe_ports[entry % PROBE_PORTS], &target);
    int fd =
        known ? socket(target.name.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0) : -1;
    probe->entries[entry] = (struct pollfd){.fd = fd, .events = POLLOUT};
    int problem = fd < 0 ? EAFNOSUPPORT : 0;
    if (fd >= 0 && connect(fd, (const struct sockaddr *)&target.name, target.size) < 0)
        problem = errno;
    if (problem != EINPROGRESS)
        note(probe, entry, state_of(problem));
}

/* TRUE while some are not known. */
static gboolean look(Probe *probe, guint n)
{
    gboolean waiting = FALSE;
    for (guint i = 0; i < n; i++) {
        int problem = 0;
        socklen_t size = sizeof problem;
        struct pollfd *entry = &probe->entries[i];
        if (entry->fd >= 0 && entry->revents != 0) {
            if (getsockopt(entry->fd, SOL_SOCKET, SO_ERROR, &problem, &size) < 0)
                problem = errno;
            note(probe, i, state_of(problem));
        }
        waiting = waiting || entry->fd >= 0;
    }
    return waiting;
}

static void await(Probe *probe, guint n)
{
    gint64 end = g_get_monotonic_time() + (gint64)LIMIT_PROBE_MS * 1000, left;
    while (look(probe, n) && (left = end - g_get_monotonic_time()) > 0)
        (void)poll(probe->entries, n, (int)((left + 999) / 1000));
    for (guint i = 0; i < n; i++)
        if (probe->entries[i].fd >= 0)
            note(probe, i, PORT_SILENT);
}

gboolean probe_plain_ports(const VettedEndpoint *endpoint, const Company *company,
                           PortState states[static PROBE_PORTS], GError **error)
{
    g_autoptr(GPtrArray) addresses = connect_addresses(endpoint, company, -1, error);
    if (addresses == NULL)
        return FALSE;
    Probe probe = {.states = states};
    guint n = addresses->len * PROBE_PORTS;
    for (guint i = 0; i < PROBE_PORTS; i++)
        states[i] = PORT_CLOSED;
    for (guint i = 0; i < n; i++)
        begin(&probe, i, addresses->pdata[i / PROBE_PORTS]);
    await(&probe, n);
    return TRUE;
}
