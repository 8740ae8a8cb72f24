/*
 * cidr — a network as a company writes it: "10.0.0.0/8", "2001:db8::/32". Stricter than
 * GInetAddressMask: no octal look-alikes, no bits beyond the prefix, no missing prefix.
 */
#pragma once

#include <gio/gio.h>

/* NULL for anything that is not exactly that. */
GInetAddressMask *cidr_parse(const char *text);

/* TRUE when every address of INNER lies in OUTER. */
gboolean cidr_contains(GInetAddressMask *outer, GInetAddressMask *inner);
