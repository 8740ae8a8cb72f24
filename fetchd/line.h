/*
 * line — a connection that the daemon keeps open between two passes over its account. Its mailbox
 * WATCHED is selected meanwhile, and the server tells of news (link_idle()).
 */
#pragma once

#include "core/config.h"
#include "net/fetcher.h"
#include "policy/endpoint.h"

typedef struct {
    Fetcher *fetcher;
    char *terms;          /* line_terms() when it was opened */
    MailboxName *watched; /* NULL until a pass has chosen it */
    gint64 opened;        /* as of clockwatch_now() */
} Line;

Line *line_new(Fetcher *fetcher, const char *terms); /* takes FETCHER */
void line_free(Line *line);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Line, line_free)

/* Lines by the names of their accounts. */
GHashTable *lines_new(void);

/*
 * All that configuration and policy say of ACCOUNT's connection to ENDPOINT, the trusted
 * certificates with it: a line that was opened under other terms is not used any more. 78
 * "config.ca_file".
 */
char *line_terms(const Company *company, const Account *account, const VettedEndpoint *endpoint,
                 GError **error) G_GNUC_WARN_UNUSED_RESULT;
