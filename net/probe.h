/*
 * probe — are a company server's ports for mail in clear closed? P1's one exception, for `postern
 * doctor` alone: each port is connected to and closed again; nothing is sent and nothing is read.
 * Which ports that are cannot be chosen.
 */
#pragma once

#include "policy/endpoint.h"

typedef enum { PORT_CLOSED, PORT_SILENT, PORT_OPEN } PortState;

#define PROBE_PORTS 4
extern const guint16 probe_ports[PROBE_PORTS]; /* 110, 143, 25, 109 */

/*
 * The state of each of probe_ports at ENDPOINT's host, the worst of all its addresses. They are
 * the very addresses that connect_vetted() would go to. Errors as there, with no port asked.
 */
gboolean probe_plain_ports(const VettedEndpoint *endpoint, const Company *company,
                           PortState states[static PROBE_PORTS],
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;
