/* search-list — how results of a search are printed: as lines, usual or by a format. */
#pragma once

#include "cli/command.h"
#include "cli/searching.h"

/* Prints what SEARCHING finds. *HITS, how many, is right after a failure, too. */
gboolean search_list(const Context *context, const Searching *searching, guint *hits,
                     GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Fields that a format may name, NULL at the end. */
extern const char *const hit_fields[], *const thread_fields[];
