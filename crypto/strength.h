/*
 * strength — how hard is a password to guess? The facade over libpwquality.
 */
#pragma once

#include "core/secret.h"

/*
 * TRUE when SECRET may stand; else *why is the rest of a sentence about it that does not quote it
 * (g_free). USER is a name that it must not hold, or NULL. Words of a dictionary are refused
 * where cracklib's dictionary is installed.
 */
gboolean strength_judge(const Secret *secret, const char *user,
                        char **why) G_GNUC_WARN_UNUSED_RESULT;
