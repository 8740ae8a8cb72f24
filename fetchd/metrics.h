/*
 * metrics — what a monitoring system wants to know, as a file in the text format of Prometheus
 * (0.0.4), for the node exporter's textfile collector, say. It names accounts and keys, no address,
 * no mail.
 */
#pragma once

#include "core/config.h"

/*
 * After a pass that ended with CODE: replaces the file that [log] metrics names, if it names one,
 * as a whole. Others may read it, as far as the umask lets them. A vault that cannot be read is
 * told by CODE alone. 74 "metrics.write".
 */
gboolean metrics_write(const Config *config, const char *store, int code,
                       GError **error) G_GNUC_WARN_UNUSED_RESULT;
