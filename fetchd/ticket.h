/*
 * ticket — the keeper's side of postern-gss, which logs in by the user's Kerberos ticket. Its
 * answers are bounded and timed here; the errors are those of gss.h, and as of link.h when it
 * crashes, hangs or breaks the wire's rules.
 */
#pragma once

#include "core/secret.h"
#include "policy/endpoint.h"

typedef struct Ticket Ticket;

/* Starts one for the login of ENDPOINT. STOP_FD as of link.h. */
Ticket *ticket_open(const VettedEndpoint *endpoint, int stop_fd,
                    GError **error) G_GNUC_WARN_UNUSED_RESULT;
void ticket_free(Ticket *ticket);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Ticket, ticket_free)

/* The answer to a server's token of SIZE bytes; the first is to none. */
Secret *ticket_answer(Ticket *ticket, const guint8 *token, gsize size,
                      GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* What stands for a password where logins are remembered: which ticket this is. No network. */
Secret *ticket_name(const VettedEndpoint *endpoint, int stop_fd,
                    GError **error) G_GNUC_WARN_UNUSED_RESULT;
