/*
 * session — what a connection needs to know, as the keeper hands it to its net child. Plain
 * data; whoever fills it owns it.
 */
#pragma once

#include "core/config.h"
#include "core/secret.h"
#include "net/trace.h"
#include "policy/endpoint.h"

/* Makes the answer to a server's Kerberos token of SIZE bytes, at most LIMIT_TICKET_TOKEN; the
 * first is to none. What parses them is not the process that speaks to the server. */
typedef Secret *(*TokenRelay)(gpointer user, const guint8 *token, gsize size, GError **error);

typedef struct {
    Scheme scheme;
    char *host; /* A-label: SNI and certificate name */
    char *login;
    char *auth;     /* demanded mechanism, or NULL */
    char *min_auth; /* the weakest that may be used, or NULL */
    Secret *secret;
    TlsMinimum min_tls;
    GPtrArray *ca_sets; /* GBytes * of PEM text; the chain must verify against every one */
    char **pins;        /* "sha256/BASE64" */
    gboolean compress;  /* where the server can (IMAP, RFC 4978) */
    gboolean traced;    /* the keeper wants to be told what is said */
    Trace *trace;       /* in the child: where to; NULL for nowhere */
    TokenRelay relay;   /* in the child: NULL where there is no Kerberos */
    gpointer relay_user;
} Session;

void session_clear(Session *session);
