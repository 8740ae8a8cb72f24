/*
 * server — is a server that policy allows of use for what an account names it for?
 */
#pragma once

#include "policy/endpoint.h"

/* endpoint_vet() and endpoint_fits(). */
gboolean server_vet(const char *uri, gboolean submits, const Company *company,
                    GError **error) G_GNUC_WARN_UNUSED_RESULT;
