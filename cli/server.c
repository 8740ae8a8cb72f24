/* See server.h. */
#include "cli/server.h"

#include "core/error.h"

gboolean server_fits(const VettedEndpoint *endpoint, gboolean submits, GError **error)
{
    Scheme scheme = endpoint_scheme(endpoint);
    gboolean sends = scheme == SCHEME_SMTPS || scheme == SCHEME_SUBMISSION;
    return sends == submits ||
           refuse(error, POSTERN_ERROR_POLICY, "transport.scheme",
                  submits ? "use smtps:// or submission:// for submit"
                          : "use imaps:// or pops:// for fetch",
                  "%s:// does not %s mail", scheme_name(scheme), submits ? "send" : "fetch");
}

gboolean server_vet(const char *uri, gboolean submits, const Company *company, GError **error)
{
    g_autoptr(VettedEndpoint) endpoint = endpoint_vet(uri, company, error);
    return endpoint && server_fits(endpoint, submits, error);
}
