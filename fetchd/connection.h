/*
 * connection — to an account's server, kept open by the daemon between two passes. Its
 * mailbox WATCHED is selected meanwhile, and the server tells of news (link_idle()).
 */
#pragma once

#include "core/config.h"
#include "net/fetcher.h"
#include "policy/endpoint.h"

typedef struct {
    Fetcher *fetcher;
    char *terms;          /* connection_terms() when it was opened */
    MailboxName *watched; /* NULL until a pass has chosen it */
    gint64 opened;        /* as of clockwatch_now() */
} Connection;

Connection *connection_new(Fetcher *fetcher, const char *terms); /* takes FETCHER */
void connection_free(Connection *connection);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Connection, connection_free)

/* Connections by the names of their accounts. */
GHashTable *connections_new(void);

/*
 * All that configuration and policy say of ACCOUNT's connection to ENDPOINT, the trusted
 * certificates CA_SETS with it: a connection that was opened under other terms is not used any
 * more.
 */
char *connection_terms(const Company *company, const Account *account,
                       const VettedEndpoint *endpoint, const GPtrArray *ca_sets);
