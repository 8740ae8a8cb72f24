/*
 * session — what a connection needs to know, as the keeper hands it to its net child. Plain
 * data; whoever fills it owns it.
 */
#pragma once

#include "core/config.h"
#include "core/secret.h"
#include "net/trace.h"
#include "policy/endpoint.h"

typedef struct {
    Scheme scheme;
    char *host;          /* A-label: SNI and certificate name */
    char *login;
    char *auth;          /* demanded mechanism, or NULL */
    char *min_auth;      /* the weakest that may be used, or NULL */
    Secret *secret;
    TlsMinimum min_tls;
    GPtrArray *ca_sets;  /* GBytes * of PEM text; the chain must verify against every one */
    char **pins;         /* "sha256/BASE64" */
    gboolean traced;     /* the keeper wants to be told what is said */
    Trace *trace;        /* in the child: where to; NULL for nowhere */
} Session;

void session_clear(Session *session);
