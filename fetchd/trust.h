/*
 * trust — the CA certificates a connection is held against, read from configured and compiled
 * paths alone: no environment variable has a say (P3).
 */
#pragma once

#include <gio/gio.h>

#include "core/config.h"
#include "fetchd/wire.h"

/* One GBytes of PEM text a set: every `ca_file`, else the system's bundle. 78
 * "config.ca_file" for one that cannot be read, is empty or larger than LIMIT_CA_BUNDLE. */
GPtrArray *trust_load(const Company *company, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Sends SETS (GBytes *) over WIRE, as CA frames. */
gboolean trust_send(Wire *wire, const GPtrArray *sets, GError **error) G_GNUC_WARN_UNUSED_RESULT;
