/*
 * child — the net child's side of the wire: obeys the keeper's commands with one connection.
 * Links net/ and what lies below it, nothing of the store and no keys: what parses a server's
 * bytes has neither to give away.
 */
#pragma once

#include <glib.h>

/* Serves commands from WIRE_FD over the connected socket SOCKET_FD until QUIT or the keeper goes
 * away. Takes both over. Failures of commands go to the keeper. */
void child_serve(int wire_fd, int socket_fd);
