/*
 * confine — how the net child locks itself in, before the first foreign byte: no new privileges, no
 * dump, bounded memory and descriptors, no file written, no process started, and of the system's
 * calls only those that moving bytes between two sockets takes. Whoever takes the child over
 * can open no file, make no socket and run no program.
 */
#pragma once

#include <glib.h>

/* The first half: all but the calls. */
gboolean confine_first(void) G_GNUC_WARN_UNUSED_RESULT;

/*
 * The second half for postern-gss, which must look for a KDC: of files it may read settings and
 * libraries alone (where the kernel has Landlock), and it starts and traces no process, asks no
 * kernel keyring and no socket that is a file.
 */
gboolean confine_ticket(void) G_GNUC_WARN_UNUSED_RESULT;

/* FALSE when any part of it does not hold; the process must end then. */
gboolean confine(void) G_GNUC_WARN_UNUSED_RESULT;
