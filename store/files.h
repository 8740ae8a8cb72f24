/* files — what a file of the store must be before it is opened. */
#pragma once

#include <glib.h>

#include "core/error.h"

/*
 * PATH is a plain file of ours, reached through no link at its last component, closed to group
 * and others. Looks with lstat() alone: opening and closing a database file would drop the locks
 * this process holds on it. KIND and RULE name the failure.
 */
gboolean store_file_private(const char *path, PosternError kind, const char *rule,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Makes PATH, which must not be there, empty and with mode 0600 whatever the umask. */
gboolean store_file_make(const char *path, PosternError kind, const char *rule,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;
