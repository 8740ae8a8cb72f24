/*
 * output — what commands print beside JSON (json.h): notes and complaints on stderr, and the shape
 * of lines. Text that came from outside passes core/text.h before it gets here.
 */
#pragma once

#include <glib.h>

/* "postern: …" on stderr. */
void output_note(const char *format, ...) G_GNUC_PRINTF(1, 2);
/* The same, ten seconds after *TOLD (monotonic microseconds) at the earliest, which it moves. */
void output_now_and_then(gint64 *told, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* A failure as one sentence on stderr. */
void output_failure(const GError *error);

/* Columns of the terminal on stdout; 80 when it says nothing sensible, 0 when it is none. */
guint output_columns(void);
/* "2024-03-05" or "14:07" for today, local time. */
char *output_short_date(gint64 seconds);
