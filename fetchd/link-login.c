/* See link.h: the login, for which the child is told who logs in where, and by what. */
#include "core/error.h"
#include "fetchd/link-state.h"
#include "fetchd/ticket.h"
#include "fetchd/trust.h"

void link_put_session(Link *link, const LinkTarget *target, GPtrArray *ca_sets)
{
    const VettedEndpoint *endpoint = target->endpoint;
    const char *login = endpoint_login(endpoint), *auth = endpoint_auth(endpoint);
    g_autofree char *host = g_strdup(endpoint_host(endpoint));
    g_autofree char *user = g_strdup(login);
    g_autofree char *mechanism = g_strdup(auth);
    g_autofree char *weakest = g_strdup(target->company->min_auth);
    const Session session = {
        .scheme = endpoint_scheme(endpoint),
        .host = host,
        .login = user,
        .auth = mechanism,
        .min_auth = weakest,
        .min_tls = target->company->min_tls,
        .ca_sets = ca_sets,
        .pins = target->account->pins,
        .traced = target->trace != NULL,
    };
    record_put_session(link->record, &session);
}

/* --- the login ----------------------------------------------------------------------------- */

typedef struct {
    Link *link;
    const LinkTarget *target;
    Ticket *ticket; /* NULL until the server is known, and offers GSSAPI */
    guint answers;
} LoginCall;

/* The child hands over a token of the server's. What is wrong with it ends the connection. */
static gboolean take_challenge(gpointer user, const Frame *frame, GError **error)
{
    LoginCall *call = user;
    if (frame->type != WIRE_CHALLENGE || !endpoint_by_ticket(call->target->endpoint) ||
        frame->size > LIMIT_TICKET_TOKEN || call->answers++ >= LIMIT_TICKET_ANSWERS)
        return refuse(error, POSTERN_ERROR_BUG, "net.record", NULL,
                      "the connection's process answered out of order");
    if (call->ticket == NULL)
        call->ticket = ticket_open(call->target->endpoint, call->target->stop_fd, error);
    g_autoptr(Secret) answer =
        call->ticket ? ticket_answer(call->ticket, frame->payload, frame->size, error) : NULL;
    return answer &&
           wire_put(call->link->wire, WIRE_ANSWER, secret_bytes(answer), secret_size(answer),
                    error) &&
           wire_flush(call->link->wire, error);
}

gboolean link_log_in(Link *link, const LinkTarget *target, GPtrArray *ca_sets, GError **error)
{
    LoginCall call = {.link = link, .target = target};
    /* The name of a ticket is for our own books. */
    gsize size = endpoint_by_ticket(target->endpoint) ? 0 : secret_size(target->secret);
    link_put_session(link, target, ca_sets);
    gboolean in = link_put(link, WIRE_SESSION, error) && trust_send(link->wire, ca_sets, error) &&
                  wire_put(link->wire, WIRE_SECRET, secret_bytes(target->secret), size, error) &&
                  link_await(link, COMMAND_MS, take_challenge, &call, error);
    ticket_free(call.ticket);
    return in;
}
