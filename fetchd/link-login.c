/* See link.h: the login, for which the child is told who logs in where, and by what. */
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
        .compress = target->account->compress,
    };
    record_put_session(link->record, &session);
}

/* --- the login ----------------------------------------------------------------------------- */

/* The child hands over a token of the server's. What is wrong with it ends the connection. */
gboolean link_login_frame(Link *link, const Frame *frame, GError **error)
{
    if (frame->type != WIRE_CHALLENGE || link->target == NULL ||
        !endpoint_by_ticket(link->target->endpoint) || frame->size > LIMIT_TICKET_TOKEN ||
        link->answers++ >= LIMIT_TICKET_ANSWERS)
        return link_out_of_order(error);
    if (link->ticket == NULL)
        link->ticket = ticket_open(link->target->endpoint, link->target->stop_fd, error);
    g_autoptr(Secret) answer =
        link->ticket ? ticket_answer(link->ticket, frame->payload, frame->size, error) : NULL;
    return answer &&
           wire_put(link->wire, WIRE_ANSWER, secret_bytes(answer), secret_size(answer), error) &&
           wire_flush(link->wire, error);
}

gboolean link_introduce(Link *link, const LinkTarget *target, GPtrArray *ca_sets, GError **error)
{
    /* The name of a ticket is for our own books. */
    gsize size = endpoint_by_ticket(target->endpoint) ? 0 : secret_size(target->secret);
    link->target = target;
    link_put_session(link, target, ca_sets);
    return link_put(link, WIRE_SESSION, error) && trust_send(link->wire, ca_sets, error) &&
           wire_put(link->wire, WIRE_SECRET, secret_bytes(target->secret), size, error) &&
           wire_flush(link->wire, error);
}

void link_logged_in(Link *link)
{
    link->target = NULL;
    g_clear_pointer(&link->ticket, ticket_free);
}
