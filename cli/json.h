/*
 * json — what commands print with --json, by the contract: one document on stdout.
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

/* {"error": …} */
void output_json_failure(const GError *error);

/* Builder shorthands. A NULL string becomes null; invalid UTF-8 becomes U+FFFD. */
void json_string(JsonBuilder *builder, const char *name, const char *value);
void json_int(JsonBuilder *builder, const char *name, gint64 value);
void json_bool(JsonBuilder *builder, const char *name, gboolean value);
void json_strings(JsonBuilder *builder, const char *name, const GPtrArray *values);
/* Seconds since 1970 as RFC 3339 in local time; 0 becomes null. */
void json_time(JsonBuilder *builder, const char *name, gint64 seconds);
/* Member "error" of the contract: code, rule, message, mend. */
void json_failure(JsonBuilder *builder, const GError *error);
