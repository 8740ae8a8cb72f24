/*
 * endpoint — may we talk to this server? A VettedEndpoint is the proof that policy said yes:
 * only endpoint_vet() makes one, and net/connect.h accepts nothing else, so that "refused
 * before a socket is opened" cannot be forgotten (P1, P2). Nothing here touches the network.
 */
#pragma once

#include <glib.h>

#include "core/config.h"

typedef enum { SCHEME_IMAPS, SCHEME_POPS, SCHEME_SMTPS, SCHEME_SUBMISSION } Scheme;

typedef struct VettedEndpoint VettedEndpoint;

/*
 * Parses URI (imaps: RFC 5092; pops: RFC 2384; smtps: and submission: likewise) and holds it
 * against the company's rules. Refusals are code 78 with the rules "transport.scheme",
 * "transport.port", "server.uri", "server.literal", "server.freemail", "server.company",
 * "server.login".
 */
VettedEndpoint *endpoint_vet(const char *uri, const Company *company,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;

/*
 * The same for a URI of ACCOUNT's, and its tunnel, when it has one, against policy/tunnel.h: 78
 * "config.tunnel".
 */
VettedEndpoint *endpoint_of(const Account *account, const char *uri, const Company *company,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;
void endpoint_free(VettedEndpoint *endpoint);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VettedEndpoint, endpoint_free)

Scheme endpoint_scheme(const VettedEndpoint *endpoint);
const char *endpoint_host(const VettedEndpoint *endpoint);  /* A-label, lower case, no final dot */
guint16 endpoint_port(const VettedEndpoint *endpoint);      /* 993, 995, 465 or 587 */
const char *endpoint_login(const VettedEndpoint *endpoint); /* decoded */
/* The mechanism of ";AUTH="; where there is none, GSSAPI when min_auth is that; or NULL. */
const char *endpoint_auth(const VettedEndpoint *endpoint);
/* The one mailbox that the URI names, in UTF-8; NULL: all that `folders` wants. */
const char *endpoint_mailbox(const VettedEndpoint *endpoint);
/* Is the login by a Kerberos ticket, with no password at all? */
gboolean endpoint_by_ticket(const VettedEndpoint *endpoint);
/* Is the server of use for what an account names it for: submit when SUBMITS, else fetch? 78
 * "transport.scheme". */
gboolean endpoint_fits(const VettedEndpoint *endpoint, gboolean submits,
                       GError **error) G_GNUC_WARN_UNUSED_RESULT;
const char *scheme_name(Scheme scheme);                     /* "imaps" … */
const char *scheme_port(Scheme scheme);                     /* "993" … */

/* TRUE when HOST or the domain of an address lies at or under one of the company's domains. */
gboolean company_owns(const Company *company, const char *domain);

/* TRUE when DOMAIN is, or lies under, a known freemail provider's domain (data/freemail.txt). */
gboolean freemail_domain(const char *domain);
