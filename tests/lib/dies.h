/* dies — what ends the process with a word why (g_error), tried in a process of its own. */
#pragma once

#include <glib.h>

/* Ends a forked child so that what it covered counts. */
G_NORETURN void leave_child(int code);

/* Does WHAT end it, and say WHY among other words? */
gboolean dies(void (*what)(void), const char *why);
