/*
 * nearest — what the writer of an unknown word may have meant.
 */
#pragma once

#include <glib.h>

/* Changes of one letter between WRITTEN and KNOWN (Levenshtein), without regard to the case of
 * WRITTEN, of which only the start counts. KNOWN has less than 32 bytes. */
guint nearest_distance(const char *written, const char *known);
