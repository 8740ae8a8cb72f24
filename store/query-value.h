/* query-value — what may follow `date:` and `size:`: a stretch of seconds or of bytes. */
#pragma once

#include <glib.h>

/* What is wrong with a value, why, and the byte of it where the fault begins. */
typedef struct {
    gsize at;
    const char *why;
    const char *mend;
} ValueFault;

/*
 * `2024`, `2024-03`, `2024-03-05`, `today`, `yesterday`, and two of those (or `7d`, `12h`, `2w`,
 * `6m`, `1y` before NOW) around `..`, either of which may be missing. Days are those of the
 * local time zone. Both ends are included; a missing one is G_MININT64 or G_MAXINT64.
 */
gboolean query_date(const char *text, gint64 now, gint64 *from, gint64 *to,
                    ValueFault *fault) G_GNUC_WARN_UNUSED_RESULT;

/* `>1M`, `>=1M`, `<10k`, `<=10k`, `1M..2M`, `1M..`, `..2M`; k, M and G are powers of 1024. */
gboolean query_size(const char *text, gint64 *from, gint64 *to,
                    ValueFault *fault) G_GNUC_WARN_UNUSED_RESULT;
