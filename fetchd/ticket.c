/* See ticket.h. */
#include "fetchd/ticket.h"

#include "core/error.h"
#include "core/limits.h"
#include "fetchd/record.h"
#include "fetchd/spawn.h"
#include "fetchd/wire.h"

struct Ticket {
    Wire *wire;
    pid_t pid;
    int stop_fd;
    Secret *name;
};

static Secret *await(Ticket *ticket, GError **error)
{
    Frame frame;
    if (!wire_flush(ticket->wire, error) ||
        !wire_get(ticket->wire, LIMIT_TICKET_MS, ticket->stop_fd, &frame, error))
        return NULL;
    if (frame.type == WIRE_ANSWER && frame.size <= LIMIT_TICKET_TOKEN) {
        Secret *answer = secret_new(frame.payload, frame.size);
        wire_forget(ticket->wire);
        return answer;
    }
    if (frame.type == WIRE_FAIL)
        (void)record_get_fail(&frame, error);
    else
        refuse(error, POSTERN_ERROR_BUG, "net.record", NULL, "postern-gss answered out of order");
    return NULL;
}

static Secret *introduce(Ticket *ticket, const VettedEndpoint *endpoint, GError **error)
{
    g_autoptr(GByteArray) record = g_byte_array_new();
    const Session session = {
        .scheme = endpoint_scheme(endpoint),
        .host = (char *)endpoint_host(endpoint),
        .login = (char *)endpoint_login(endpoint),
    };
    record_put_session(record, &session);
    return wire_put(ticket->wire, WIRE_SESSION, record->data, record->len, error)
               ? await(ticket, error)
               : NULL;
}

Ticket *ticket_open(const VettedEndpoint *endpoint, int stop_fd, GError **error)
{
    pid_t pid;
    int wire_fd = spawn_ticket_child(&pid, error);
    if (wire_fd < 0)
        return NULL;
    g_autoptr(Ticket) ticket = g_new0(Ticket, 1);
    *ticket = (Ticket){.wire = wire_new(wire_fd), .pid = pid, .stop_fd = stop_fd};
    ticket->name = introduce(ticket, endpoint, error);
    return ticket->name ? g_steal_pointer(&ticket) : NULL;
}

void ticket_free(Ticket *ticket)
{
    if (ticket == NULL)
        return;
    wire_free(ticket->wire);
    spawn_end(ticket->pid);
    secret_free(ticket->name);
    g_free(ticket);
}

Secret *ticket_answer(Ticket *ticket, const guint8 *token, gsize size, GError **error)
{
    return wire_put(ticket->wire, WIRE_CHALLENGE, token, size, error) ? await(ticket, error) : NULL;
}

Secret *ticket_name(const VettedEndpoint *endpoint, int stop_fd, GError **error)
{
    g_autoptr(Ticket) ticket = ticket_open(endpoint, stop_fd, error);
    return ticket ? g_steal_pointer(&ticket->name) : NULL;
}
