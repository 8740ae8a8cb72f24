/*
 * rfc2231 — the value and the parameters of Content-Type and Content-Disposition, with
 * continuations and charsets. Our own, because GMime's hands any charset name to iconv. Linear
 * time; no more than LIMIT_PARAMETERS pieces are kept.
 */
#pragma once

#include <glib.h>

typedef struct Parameters Parameters;

/* RAW is the unfolded field value or NULL. */
Parameters *parameters_parse(const char *raw);
void parameters_free(Parameters *parameters);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Parameters, parameters_free)

/* What stands before the first semicolon, lower case, without comments; "" for nothing. */
const char *parameters_value(const Parameters *parameters);

/*
 * The parameter NAME as one line of valid UTF-8, the extended form before the plain one and the
 * first before the second; NULL when it is missing. The caller's (g_free).
 */
char *parameters_get(const Parameters *parameters, const char *name);

/* As it came, not decoded: for a boundary, whose bytes count. */
char *parameters_get_raw(const Parameters *parameters, const char *name);
