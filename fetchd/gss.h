/*
 * gss — a login by Kerberos (RFC 4752), as postern-gss makes it: the tickets of the user in, tokens
 * out. Nobody is asked for anything: where there is no ticket, that is all that is said.
 *
 * Errors: 75 "login.ticket" where no ticket is good; 69 "login.kdc" where no KDC answers; 78
 * "login.service" where Kerberos makes none for the server; 76 "login.unproven" for a server that
 * does not prove that it has the key, "login.challenge" for tokens that are none, "login.layer".
 */
#pragma once

#include "net/session.h"

typedef struct Gss Gss;

/* Reads the user's tickets, and asks nobody. SESSION is the caller's and outlives the result. */
Gss *gss_new(const Session *session, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void gss_free(Gss *gss);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Gss, gss_free)

/* Whose they are and since when: another word for each kinit. */
const char *gss_ticket(const Gss *gss);

/* The answer to TOKEN, at most LIMIT_TICKET_TOKEN bytes each; the first, to none, asks the KDC. */
Secret *gss_answer(Gss *gss, const guint8 *token, gsize size,
                   GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* What a server offers to put around mail (RFC 4752, 3.3): it must offer nothing, and may offer
 * more, for all is within TLS. */
gboolean gss_layer(const guint8 *offer, gsize size, const char *host,
                   GError **error) G_GNUC_WARN_UNUSED_RESULT;
