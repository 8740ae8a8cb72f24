/* search-list — how results of a search are printed: as lines, by a format, as JSON. */
#pragma once

#include "cli/command.h"
#include "cli/output.h"
#include "cli/search-format.h"
#include "store/index-threads.h"
#include "store/query-explain.h"

typedef struct {
    const Context *context;
    const SearchFormat *format; /* or NULL */
    JsonArrayOutput json;
    guint columns; /* of the terminal; 0: lines have no end */
    guint hits;
} Listing;

/* Fields that a format may name, NULL at the end. */
extern const char *const hit_fields[], *const thread_fields[];

/* A HitTaker, a ThreadTaker and a PartTaker; USER is a Listing. */
gboolean list_hit(gpointer user, const Hit *hit, GError **error);
gboolean list_thread(gpointer user, const ThreadHit *thread, GError **error);
gboolean list_part(gpointer user, const QueryPart *part, GError **error);
