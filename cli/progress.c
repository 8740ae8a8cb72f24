/* See progress.h. */
#include "cli/progress.h"

#include <stdio.h>

#include "core/text.h"

/* How often live lines are drawn, and a line of an account written where no terminal is. */
#define DRAW_EVERY_US (G_USEC_PER_SEC / 10)
#define WRITE_EVERY_US (10 * G_USEC_PER_SEC)

typedef struct {
    char *account;
    gint64 begun; /* monotonic microseconds */
    gint64 told;  /* when something was last written of it */
    guint64 messages, total, bytes;
} Line;

struct Progress {
    gboolean live;
    guint rows, columns;
    GPtrArray *lines; /* Line *, in the order in which the accounts began */
    guint drawn;      /* lines on the screen, the cursor in the last of them */
    gint64 last;      /* when they were drawn */
};

static void line_free(gpointer user)
{
    Line *line = user;
    g_free(line->account);
    g_free(line);
}

Progress *progress_new(gboolean live, guint rows, guint columns)
{
    Progress *progress = g_new0(Progress, 1);
    progress->live = live;
    progress->rows = rows;
    progress->columns = columns;
    progress->lines = g_ptr_array_new_with_free_func(line_free);
    return progress;
}

/* "", or ", 3 min left" once that can be guessed. */
static char *time_left(const Line *line, double seconds)
{
    if (line->messages == 0 || line->messages >= line->total || seconds < 1)
        return g_strdup("");
    guint64 missing = line->total - line->messages;
    guint64 left = (guint64)(seconds / (double)line->messages * (double)missing) + 1;
    return left < 60 ? g_strdup_printf(", %" G_GUINT64_FORMAT " s left", left)
           : left < 3600
               ? g_strdup_printf(", %" G_GUINT64_FORMAT " min left", left / 60)
               : g_strdup_printf(", %" G_GUINT64_FORMAT " h %02" G_GUINT64_FORMAT " min left",
                                 left / 3600, left / 60 % 60);
}

static char *in_words(const Line *line, gint64 now)
{
    double seconds = MAX((double)(now - line->begun) / G_USEC_PER_SEC, 0.001);
    g_autofree char *name = text_name(line->account);
    g_autofree char *size = g_format_size(line->bytes);
    g_autofree char *rate = g_format_size((guint64)((double)line->bytes / seconds));
    g_autofree char *left = time_left(line, seconds);
    return g_strdup_printf("%s: %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT
                           " messages, %s, %s/s%s",
                           name, line->messages, line->total, size, rate, left);
}

/* The cursor goes to the first of the lines, and all of them away. */
static void take_away(Progress *progress)
{
    if (progress->drawn > 1)
        fprintf(stderr, "\033[%uA", progress->drawn - 1);
    if (progress->drawn > 0)
        fputs("\r\033[J", stderr);
    progress->drawn = 0;
}

/* A line that wrapped would be two. */
static void draw_line(Progress *progress, const char *words)
{
    g_autofree char *fitting = text_fit(words, progress->columns - 1);
    fprintf(stderr, "%s%s", progress->drawn++ > 0 ? "\n" : "", fitting);
}

static void draw(Progress *progress, gint64 now)
{
    guint shown = progress->lines->len;
    if (shown >= progress->rows)
        shown = progress->rows - 2;
    take_away(progress);
    for (guint i = 0; i < shown; i++) {
        g_autofree char *words = in_words(progress->lines->pdata[i], now);
        draw_line(progress, words);
    }
    if (shown < progress->lines->len) {
        g_autofree char *more = g_strdup_printf("and %u more", progress->lines->len - shown);
        draw_line(progress, more);
    }
    progress->last = now;
    fflush(stderr);
}

/* A log begins with silence. */
static void write_line(Line *line, gint64 now)
{
    if (now - line->told < WRITE_EVERY_US)
        return;
    g_autofree char *words = in_words(line, now);
    fprintf(stderr, "%s\n", words);
    fflush(stderr);
    line->told = now;
}

static Line *line_of(Progress *progress, const char *account, gint64 now)
{
    for (guint i = 0; i < progress->lines->len; i++) {
        Line *line = progress->lines->pdata[i];
        if (g_str_equal(line->account, account))
            return line;
    }
    Line *line = g_new0(Line, 1);
    line->account = g_strdup(account);
    line->begun = line->told = now;
    g_ptr_array_add(progress->lines, line);
    return line;
}

void progress_tell(gpointer user, const char *account, guint64 messages, guint64 total,
                   guint64 bytes)
{
    Progress *progress = user;
    gint64 now = g_get_monotonic_time();
    Line *line = line_of(progress, account, now);
    line->messages = messages;
    line->total = total;
    line->bytes = bytes;
    if (!progress->live)
        write_line(line, now);
    else if (now - progress->last >= DRAW_EVERY_US || messages >= total)
        draw(progress, now);
}

void progress_free(Progress *progress)
{
    if (progress == NULL)
        return;
    take_away(progress);
    fflush(stderr);
    g_ptr_array_unref(progress->lines);
    g_free(progress);
}
