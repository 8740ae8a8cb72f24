/*
 * domain — host and mail domains in the one form that is compared: A-labels, lower case, without
 * a final dot.
 */
#pragma once

#include <glib.h>

/*
 * NAME in that form (g_free), or NULL when it is no domain: empty or overlong labels, characters
 * that a host name cannot have, labels that begin or end with a hyphen, U-labels that are not
 * written the way IDNA would write them (full-width letters, other dots) and false A-labels.
 */
char *domain_ascii(const char *name);

/* TRUE when DOMAIN is PARENT or lies under it, label by label. Both as domain_ascii() made them. */
gboolean domain_lies_in(const char *domain, const char *parent);
