/*
 * cidr — a network as a company writes it: "10.0.0.0/8", "2001:db8::/32". Stricter than
 * GInetAddressMask: no octal look-alikes, no bits beyond the prefix, no missing prefix.
 */
#pragma once

#include <glib.h>

typedef struct {
    int family;        /* AF_INET or AF_INET6 */
    guint8 prefix[16]; /* in network order; of AF_INET the first four bytes count */
    guint length;      /* bits of the prefix */
} Cidr;

/* FALSE for anything that is not exactly that. */
gboolean cidr_parse(const char *text, Cidr *cidr) G_GNUC_WARN_UNUSED_RESULT;

/* As it is written: what cidr_parse() takes, in one form only (g_free). */
char *cidr_text(const Cidr *cidr);

/* Does the address of FAMILY, its bytes in network order, lie in it? */
gboolean cidr_covers(const Cidr *cidr, int family, const guint8 *address);

/* TRUE when every address of INNER lies in OUTER. */
gboolean cidr_contains(const Cidr *outer, const Cidr *inner);
