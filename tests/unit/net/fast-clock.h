/*
 * fast-clock — time that passes while one waits for nothing, so that long deadlines can be crossed:
 * this program's poll() and g_get_monotonic_time() stand before the libraries'. A wait in which
 * nothing happens for a moment is over at once, and the clock shows what it would have taken. For
 * the calling thread alone; the peer in another one lives in real time.
 */
#pragma once

#include <glib.h>

void clock_run_fast(gboolean fast);

/* Milliseconds that were not waited for since clock_run_fast(TRUE). */
gint64 clock_skipped_ms(void);

/* The clock is put forward. */
void clock_skip_ms(gint64 ms);
