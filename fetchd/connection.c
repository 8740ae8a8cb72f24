/* See connection.h. */
#include "fetchd/connection.h"

#include "fetchd/clockwatch.h"

Connection *connection_new(Fetcher *fetcher, const char *terms)
{
    Connection *connection = g_new0(Connection, 1);
    connection->fetcher = fetcher;
    connection->terms = g_strdup(terms);
    connection->opened = clockwatch_now();
    return connection;
}

void connection_free(Connection *connection)
{
    if (connection == NULL)
        return;
    fetcher_free(connection->fetcher);
    mailbox_name_free(connection->watched);
    g_free(connection->terms);
    g_free(connection);
}

static void free_connection(gpointer connection)
{
    connection_free(connection);
}

GHashTable *connections_new(void)
{
    return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_connection);
}

static void add(GString *terms, const char *text)
{
    g_string_append_printf(terms, "%s\n", text ? text : "");
}

static void add_list(GString *terms, char *const *list)
{
    for (; list && *list; list++)
        add(terms, *list);
    add(terms, NULL);
}

static void add_certificates(GString *terms, const GPtrArray *sets)
{
    for (guint i = 0; i < sets->len; i++) {
        g_autofree char *sum = g_compute_checksum_for_bytes(G_CHECKSUM_SHA256, sets->pdata[i]);
        add(terms, sum);
    }
}

char *connection_terms(const Company *company, const Account *account,
                       const VettedEndpoint *endpoint, const GPtrArray *ca_sets)
{
    GString *terms = g_string_new(NULL);
    g_string_append_printf(terms, "%d %d %d %d %d\n", account->compress, endpoint_scheme(endpoint),
                           endpoint_port(endpoint), company->min_tls, company->tunnel);
    add(terms, endpoint_host(endpoint));
    add(terms, endpoint_login(endpoint));
    add(terms, endpoint_auth(endpoint));
    add(terms, company->min_auth);
    add(terms, account->tunnel);
    add_list(terms, company->domains);
    add_list(terms, company->networks);
    add_list(terms, company->offices);
    add_list(terms, account->pins);
    add(terms, endpoint_mailbox(endpoint)); /* and what may be under watch */
    add_list(terms, account->folders);
    add_certificates(terms, ca_sets);
    return g_string_free(terms, FALSE);
}
