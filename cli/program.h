/*
 * program — how postern begins and ends.
 */
#pragma once

#include <glib.h>

/* Holds standard input, output and error, and what the rest relies on; takes CATEGORY (LC_ALL …) of
 * the user's locale. FALSE: 70. */
gboolean program_begin(int category) G_GNUC_WARN_UNUSED_RESULT;

/* By a link, or by whoever started it: was NAME what it was called by? */
gboolean program_called(char *const *argv, const char *name);

/* What was printed is out: 74 "output" when it is not. */
gboolean program_flush(GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Did the reader of the output go, as `head` does when it has seen enough? Nobody wants to hear of
 * that. */
gboolean program_reader_left(const GError *error);
