/*
 * terminal — asking the person in front of it. Nothing here works without a terminal on stdin.
 */
#pragma once

#include <glib.h>

#include "core/secret.h"

/* One line for QUESTION; an empty one gives FALLBACK (which may be NULL). FALSE: no more lines. */
gboolean terminal_ask(const char *question, const char *fallback, char **answer);

/*
 * A secret: typed without echo on a terminal, else the first line of stdin. 64 "usage" when it is
 * empty or longer than LIMIT_SECRET.
 */
Secret *terminal_secret(const char *question, GError **error) G_GNUC_WARN_UNUSED_RESULT;
