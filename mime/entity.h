/*
 * entity — the structure of a message: where each part begins and ends, to the byte.
 *
 * Our own walk, because GMime's parser overflows the stack on "To: a:a:a:…" of 60 KB, takes
 * seconds for lines of "--" under deep nesting, and does not tell the bytes that a signature
 * covers. Linear time; LIMIT_HEADERS, LIMIT_HEADER_BYTES, LIMIT_PARTS and LIMIT_NESTING hold.
 */
#pragma once

#include <glib.h>

#include "mime/rfc2231.h"

typedef struct {
    char *name;
    char *raw; /* unfolded bytes, NUL made U+FFFD; perhaps not UTF-8 */
} Field;

typedef struct {
    guint parent; /* number of the part around it; 0 for the root */
    guint depth;
    gsize start, body, end; /* head is [start, body), body [body, end) */
    GPtrArray *fields;      /* Field * in order */
    char *type;             /* lower case */
    Parameters *content_type;
    Parameters *disposition;
    char *encoding; /* or NULL */
} Entity;

/* All parts in order, number 1 first; elements Entity *. Sets *truncated when a limit was hit. */
GPtrArray *entity_walk(const guint8 *bytes, gsize size, gboolean *truncated);

/* The raw value of the first field called NAME (any case), or NULL. */
const char *entity_field(const Entity *entity, const char *name);
