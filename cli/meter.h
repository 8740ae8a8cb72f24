/*
 * meter — how far long work is, on stderr: on a terminal one live line, in a log a line now and
 * then. Work of less than a second shows nothing.
 */
#pragma once

#include <glib.h>

typedef struct {
    gboolean live, drawn;
    gint64 begun, next; /* monotonic microseconds */
} Meter;

Meter meter_begin(void);
/* Is it time to tell something? */
gboolean meter_is_due(const Meter *meter);
void meter_tell(Meter *meter, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* Takes what is on the screen away. */
void meter_end(Meter *meter);

/* An AbsorbProgress; USER is the Meter. */
void meter_absorbing(gpointer user, guint64 done, guint64 total);
