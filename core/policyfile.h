/*
 * policyfile — opens a configuration or policy file and decides whether it can be trusted. What
 * is judged is the open descriptor, never the name.
 */
#pragma once

#include <glib.h>

typedef enum {
    POLICY_OF_SYSTEM, /* root's, and may be absent */
    POLICY_OF_CALLER, /* root's or our own, and must be there */
} PolicyTrust;

/*
 * The text of the policy at PATH; *text stays NULL when the system has none. Code 78, rule
 * "policy.file", for whatever else: see config_load() for what a policy must be.
 */
gboolean policyfile_read(const char *path, PolicyTrust trust, GBytes **text,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The user's own file, which may be anything readable. Code 78, rule "config.file". */
GBytes *policyfile_read_config(const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/*
 * TRUE when UID is root as this process sees root: 0, or, where MAP (the text of
 * /proc/self/uid_map) leaves the uid 0 of the namespace outside unmapped, OVERFLOW, which is the
 * uid that the kernel then shows for root's files.
 */
gboolean policyfile_uid_is_root(guint uid, const char *map, guint overflow);
