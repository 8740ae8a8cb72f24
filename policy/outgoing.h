/*
 * outgoing — may this letter leave, and in which form? (P9) Pure.
 */
#pragma once

#include <glib.h>

#include "core/config.h"

/*
 * The strictest rule that a recipient meets: freemail, outside, or RULE_ALLOW inside the
 * company. ADDRESS is "local@domain" with an A-label domain.
 */
MailRule outgoing_rule(const Company *company, const char *address);

/*
 * Refuses with 78, "send.freemail" or "send.outside", when a recipient's rule says so. *DEMANDS
 * gets the first of RECIPIENTS (char *) whose rule demands encryption, or NULL.
 */
gboolean outgoing_vet(const Company *company, const GPtrArray *recipients, const char **demands,
                      GError **error) G_GNUC_WARN_UNUSED_RESULT;

/*
 * A header value or address that is sent: refuses CR, LF, NUL and other controls with 65,
 * "send.value"; WHAT names it for the message ("--to").
 */
gboolean outgoing_value(const char *what, const char *value,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;
