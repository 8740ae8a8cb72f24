/* doubts — senders that pass for others: what a reader should be warned of. Pure. */
#pragma once

#include <glib.h>

/* Does DOMAIN look like KNOWN, or begin with it, and is neither that nor below it? */
gboolean doubt_domain(const char *domain, const char *known);

/* Does ADDRESS look like KNOWN and is another? Of the same domain; for other domains see above. */
gboolean doubt_address(const char *address, const char *known);

/* The address that NAME, a display name, holds and that is not ADDRESS; NULL for none (g_free). */
char *doubt_name(const char *name, const char *address);
