/*
 * tracelog — what --trace writes to a file, and -v to standard error: a line for each that was
 * said, with the time, the account and the server before it. What the lines may hold is decided by
 * net/trace.h, and held to printable ASCII here again.
 */
#pragma once

#include <glib.h>

typedef struct TraceLog TraceLog;

/* Appends to PATH, which is made with mode 0600. 73 "trace.file" when it cannot be opened, or is
 * no regular file. */
TraceLog *tracelog_open(const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The same lines on standard error; whoever calls keeps no progress bar there. */
TraceLog *tracelog_stderr(void);
void tracelog_close(TraceLog *log);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TraceLog, tracelog_close)

/* A NULL LOG takes nothing. What cannot be written is lost: a full disk must not stop mail. */
void tracelog_line(TraceLog *log, const char *account, const char *host, const char *text);
