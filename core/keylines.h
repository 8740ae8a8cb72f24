/*
 * keylines — the lines of a configuration file. The grammar is GKeyFile's; it is read here
 * because GKeyFile knows no line numbers and lets the last of repeated keys win in silence.
 * What GKeyFile would read from an accepted text is the same (a test and the fuzzer compare).
 */
#pragma once

#include <glib.h>

typedef struct {
    char *section; /* what stands between the brackets */
    char *key;     /* NULL where the section itself begins */
    char *value;   /* raw, without the blanks at both ends; NULL with key */
    guint line;    /* from 1 */
} KeyLine;

/*
 * Elements KeyLine *, in the order of the file. Code 78, rule "config.syntax": lines that are
 * none, repeated sections and keys, control characters, bytes that are not UTF-8, a text larger
 * than LIMIT_CONFIG_BYTES. NAME stands before the line number in messages.
 */
GPtrArray *keylines_read(const char *text, gsize size, const char *name,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;
