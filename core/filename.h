/* filename — names for files that a stranger proposes. */
#pragma once

#include <glib.h>

/*
 * A name for a file of ours out of PROPOSED (UTF-8, or NULL): one component, visible, at most
 * LIMIT_FILE_NAME bytes with its ending kept, that no shell or file manager takes for an option, a
 * hidden file or another type. What is not fit becomes '_'; OTHERWISE when nothing is left. The
 * caller's (g_free).
 */
char *filename_safe(const char *proposed, const char *otherwise);

/* NAME with "-N" before its ending, for when there is such a file (g_free). */
char *filename_numbered(const char *name, guint n);
