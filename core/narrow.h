/*
 * narrow — how a policy's [company] is laid over the user's (see config_narrow()).
 */
#pragma once

#include "core/config.h"

/* COMPANY becomes the narrower of itself and RULES. Code 78, rule "policy.conflict", when nothing
 * would be left of a list; NAME is the policy's file. */
gboolean narrow_company(Company *company, const Company *rules, const char *name,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Lays the company's pins over the accounts'; likewise refuses when no pin would be left. */
gboolean narrow_accounts(Config *config, GError **error) G_GNUC_WARN_UNUSED_RESULT;
