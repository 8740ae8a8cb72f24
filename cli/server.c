/* See server.h. */
#include "cli/server.h"

gboolean server_vet(const char *uri, gboolean submits, const Company *company, GError **error)
{
    g_autoptr(VettedEndpoint) endpoint = endpoint_vet(uri, company, error);
    return endpoint && endpoint_fits(endpoint, submits, error);
}
