/*
 * spawn — starts a net child, or postern-gss. Their programs lie beside our own executable (a build
 * tree, a bundle) or in PKGLIBEXECDIR.
 */
#pragma once

#include <glib.h>
#include <sys/types.h>

/*
 * Returns our end of the wire, on which the child waits for its socket (handover.h); *pid is to be
 * ended with spawn_end(). -1 with 70 "net.spawn" on failure. The child ends with this thread.
 */
int spawn_net_child(pid_t *pid, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/*
 * The same for postern-gss, which gets no socket. Of the environment it gets where the user's
 * tickets lie, and not KRB5_CONFIG: what Kerberos trusts stands in /etc/krb5.conf.
 */
int spawn_ticket_child(pid_t *pid, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Ends the child, by force when it has not left by itself, and reaps it. */
void spawn_end(pid_t pid);
