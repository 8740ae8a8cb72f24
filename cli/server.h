/*
 * server — is a server that policy allows of use for what an account names it for?
 */
#pragma once

#include "policy/endpoint.h"

/* SUBMITS: for submit, else for fetch. 78 "transport.scheme". */
gboolean server_fits(const VettedEndpoint *endpoint, gboolean submits,
                     GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* endpoint_vet() and server_fits(). */
gboolean server_vet(const char *uri, gboolean submits, const Company *company,
                    GError **error) G_GNUC_WARN_UNUSED_RESULT;
