/*
 * search-format — `--format`: a line of one's own for each result, for scripts. {field} stands for
 * a value, made safe for a terminal; {{ and }} for a bracket; \t, \n and \\ for what they are in C.
 */
#pragma once

#include <glib.h>

typedef struct SearchFormat SearchFormat;

/* FIELDS, NULL at the end, are those that it may name. 64 "usage". */
SearchFormat *search_format_new(const char *text, const char *const *fields,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;
void search_format_free(SearchFormat *format);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SearchFormat, search_format_free)

/* The value of the field that stands at N in FIELDS (g_free). */
typedef char *(*FieldValue)(const void *hit, guint n);

/* Prints the line of HIT. */
void search_format_print(const SearchFormat *format, const void *hit, FieldValue value);
