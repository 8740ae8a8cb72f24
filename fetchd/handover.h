/*
 * handover — the connected socket, from the keeper to a net child that was started before there was
 * one: the first byte on the wire carries it (unix(7), SCM_RIGHTS). One socket, once.
 */
#pragma once

#include <glib.h>

/* Gives SOCKET_FD, which stays the caller's. 70 "net.gone" when the child has left. */
gboolean handover_give(int wire_fd, int socket_fd, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Waits for it; the caller's. -1 when there is no keeper, or it said something else. */
int handover_take(int wire_fd) G_GNUC_WARN_UNUSED_RESULT;
