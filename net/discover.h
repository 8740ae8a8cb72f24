/*
 * discover — the servers that a domain names for its people's mail: SRV records of _imaps, _pop3s,
 * _submissions and _submission (RFC 6186, RFC 8314). The services in clear, _imap and _pop3, are
 * never asked for. Anybody may have written the answer, so that it is a proposal and no more: it
 * passes the rules that a server in the configuration passes, and the person or script that asked
 * is shown it.
 */
#pragma once

#include "policy/endpoint.h"

/*
 * The server for the people of DOMAIN to fetch from, or to send by, with LOGIN. Of two services the
 * one of the better (lower) priority, and with like ones that of TLS from the first byte, IMAP
 * rather than POP3. NULL without *error: DOMAIN offers none (no record, or the target "."), or is
 * no domain of COMPANY's, for which nothing is asked.
 *
 * When one target of that service is refused, the service is: 78 with the rules of
 * policy/endpoint.h. Other errors: 69 "server.dns" (also for more than LIMIT_ADDRESSES targets); 75
 * "server.timeout", "run.interrupted".
 */
VettedEndpoint *discover(const char *domain, gboolean submits, const char *login,
                         const Company *company, int stop_fd,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;
