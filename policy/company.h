/*
 * company — are the company's own rules sound? A company domain that is a public suffix, or a
 * freemail provider's, would let half the world in.
 */
#pragma once

#include "core/config.h"

/*
 * Every domain is one that a company can own, there is at least one, and the networks are
 * sound. Code 78, rule "config.value". endpoint_vet() asks this first, so that nothing is
 * vetted against unsound rules.
 */
gboolean company_check(const Company *company, GError **error) G_GNUC_WARN_UNUSED_RESULT;
