/*
 * wkd — may a web key directory be asked for somebody's key? Pure.
 */
#pragma once

#include "core/config.h"

/* The question tells the domain of ADDRESS, "local@domain" with an A-label domain, that somebody
 * wants to write to it. 78 "key.wkd" where [company] wkd does not allow that. */
gboolean wkd_vet(const Company *company, const char *address,
                 GError **error) G_GNUC_WARN_UNUSED_RESULT;
