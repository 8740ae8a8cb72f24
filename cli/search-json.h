/* search-json — results of a search as one JSON array. */
#pragma once

#include "cli/command.h"
#include "cli/searching.h"

/* As search_list(). */
gboolean search_json(const Context *context, const Searching *searching, guint *hits,
                     GError **error) G_GNUC_WARN_UNUSED_RESULT;
