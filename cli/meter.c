/* See meter.h. */
#include "cli/meter.h"

#include <stdio.h>
#include <unistd.h>

#include "cli/output.h"

#define BEGIN_AFTER_US (G_USEC_PER_SEC)
#define DRAW_EVERY_US (G_USEC_PER_SEC / 10)
#define WRITE_EVERY_US (10 * G_USEC_PER_SEC)

Meter meter_begin(void)
{
    gint64 now = g_get_monotonic_time();
    return (Meter){.live = isatty(STDERR_FILENO) != 0, .begun = now, .next = now + BEGIN_AFTER_US};
}

gboolean meter_is_due(const Meter *meter)
{
    return g_get_monotonic_time() >= meter->next;
}

void meter_tell(Meter *meter, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *line = g_strdup_vprintf(format, args);
    va_end(args);
    meter->next = g_get_monotonic_time() + (meter->live ? DRAW_EVERY_US : WRITE_EVERY_US);
    meter->drawn = TRUE;
    if (meter->live)
        fprintf(stderr, "\r\033[K%s", line);
    else
        output_note("%s", line);
    fflush(stderr);
}

void meter_end(Meter *meter)
{
    if (meter->live && meter->drawn)
        fputs("\r\033[K", stderr);
    fflush(stderr);
    meter->drawn = FALSE;
}

void meter_absorbing(gpointer user, guint64 done, guint64 total)
{
    Meter *meter = user;
    if (meter->drawn && done == total)
        meter_tell(meter, "indexing: the words of %" G_GUINT64_FORMAT " records are merged", total);
    else if (meter_is_due(meter))
        meter_tell(meter, "indexing: %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT, done, total);
}
