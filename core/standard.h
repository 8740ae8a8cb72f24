/*
 * standard — the three descriptors that a program is born with. Whoever starts one with them
 * closed would have the next file opened become its standard output: the vault, or a socket.
 */
#pragma once

#include <glib.h>

/* Fills 0, 1 and 2, where closed, with what can be neither read from nor written to, so that
 * using one is an error (EBADF) as before. FALSE when that cannot be done. For main(), first. */
gboolean standard_hold(void) G_GNUC_WARN_UNUSED_RESULT;
