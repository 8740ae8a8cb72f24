/*
 * window — a file's bytes by their offset, also of one that can only be read once: then what lies
 * behind window_forget() is kept, up to LIMIT_PIPED_MESSAGE. Errors: 74 "import.read", 65
 * "import.piped" when more would have to be kept.
 */
#pragma once

#include <glib.h>

typedef struct Window Window;

/* Takes FD over. PLACE: what it is called, safe to print. A wait for what comes by a pipe ends with
 * 75 "run.interrupted" when STOP_FD (-1: none) becomes readable. */
Window *window_new(int fd, const char *place, int stop_fd);
void window_free(Window *window);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Window, window_free)

const char *window_place(const Window *window);
/* PLACE is what is being read of it from now on. */
void window_rename(Window *window, const char *place);
/* Up to SIZE bytes from offset AT: fewer at the end alone; 0 behind it, -1 on failure. */
gssize window_read(Window *window, guint64 at, guint8 *buffer, gsize size, GError **error);
/* May what lies there be looked at in advance? */
gboolean window_reaches(const Window *window, guint64 at);
/* What lies before AT is not asked for any more. */
void window_forget(Window *window, guint64 at);
