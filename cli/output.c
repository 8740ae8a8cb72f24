/* See output.h. */
#include "cli/output.h"

#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "core/error.h"

#define TELL_EVERY_US (10 * G_USEC_PER_SEC)

void output_note(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *note = g_strdup_vprintf(format, args);
    va_end(args);
    fprintf(stderr, "postern: %s\n", note);
}

void output_now_and_then(gint64 *told, const char *format, ...)
{
    gint64 now = g_get_monotonic_time();
    if (now - *told < TELL_EVERY_US)
        return;
    *told = now;
    va_list args;
    va_start(args, format);
    g_autofree char *note = g_strdup_vprintf(format, args);
    va_end(args);
    output_note("%s", note);
}

void output_failure(const GError *error)
{
    g_autofree char *words = postern_error_words(error);
    output_note("%s", words);
}

guint output_columns(void)
{
    struct winsize size;
    if (!isatty(STDOUT_FILENO))
        return 0;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col >= 20)
        return size.ws_col;
    return 80;
}

char *output_short_date(gint64 seconds)
{
    g_autoptr(GDateTime) time = g_date_time_new_from_unix_local(seconds);
    if (time == NULL)
        return g_strdup("?");
    g_autoptr(GDateTime) now = g_date_time_new_now_local();
    gboolean today = g_date_time_get_year(time) == g_date_time_get_year(now) &&
                     g_date_time_get_day_of_year(time) == g_date_time_get_day_of_year(now);
    return g_date_time_format(time, today ? "%H:%M" : "%Y-%m-%d");
}
