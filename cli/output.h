/*
 * output — what commands print: JSON by the contract (one document on stdout), notes and
 * complaints on stderr. Text that came from outside passes core/text.h before it gets here.
 */
#pragma once

#include <glib.h>
#include <json-glib/json-glib.h>

/* Prints BUILDER's document and a newline; C1, DEL and line separators leave escaped. */
void output_json(JsonBuilder *builder);

/* A document that is one array, element after element, however many: all zero is a good beginning.
 * What is printed before a failure cannot be taken back, but the first MiB waits for the end. */
typedef struct {
    GString *waiting;
    guint elements;
} JsonArrayOutput;
void output_json_element(JsonArrayOutput *output, JsonBuilder *builder);
/* The end of it; with FAILED nothing more is printed. */
void output_json_array_end(JsonArrayOutput *output, gboolean failed);

/* "postern: …" on stderr. */
void output_note(const char *format, ...) G_GNUC_PRINTF(1, 2);
/* The same, ten seconds after *TOLD (monotonic microseconds) at the earliest, which it moves. */
void output_now_and_then(gint64 *told, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* A failure: the sentence on stderr and, with JSON, {"error": …} on stdout. */
void output_failure(const GError *error, gboolean json);

/* Builder shorthands. A NULL string becomes null; invalid UTF-8 becomes U+FFFD. */
void json_string(JsonBuilder *builder, const char *name, const char *value);
void json_int(JsonBuilder *builder, const char *name, gint64 value);
void json_bool(JsonBuilder *builder, const char *name, gboolean value);
void json_strings(JsonBuilder *builder, const char *name, const GPtrArray *values);
/* Seconds since 1970 as RFC 3339 in local time; 0 becomes null. */
void json_time(JsonBuilder *builder, const char *name, gint64 seconds);
/* Member "error" of the contract: code, rule, message, mend. */
void json_failure(JsonBuilder *builder, const GError *error);

/* Columns of the terminal on stdout; 80 when it says nothing sensible, 0 when it is none. */
guint output_columns(void);
/* "2024-03-05" or "14:07" for today, local time. */
char *output_short_date(gint64 seconds);
