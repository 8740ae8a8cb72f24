/* See nearest.h. */
#include "core/nearest.h"

#include <string.h>

/* Levenshtein's distance, one row at a time; only the start of a long WRITTEN counts. */
guint nearest_distance(const char *written, const char *known)
{
    guint row[32];
    guint n = (guint)strlen(known);
    g_assert(n < G_N_ELEMENTS(row));
    for (guint i = 0; i <= n; i++)
        row[i] = i;
    for (guint j = 1; j <= 64 && written[j - 1]; j++) {
        guint diagonal = row[0];
        row[0] = j;
        for (guint i = 1; i <= n; i++) {
            guint change = diagonal + (g_ascii_tolower(written[j - 1]) != known[i - 1]);
            diagonal = row[i];
            row[i] = MIN(change, 1 + MIN(row[i], row[i - 1]));
        }
    }
    return row[n];
}
