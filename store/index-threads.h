/* index-threads — what a query finds, by conversations. */
#pragma once

#include "store/index.h"

/* One conversation; strings its own. */
typedef struct {
    char *thread;
    gint64 date;        /* of the newest message that matches */
    guint messages;     /* all of it that is here, */
    guint matched;      /* and of those, what matches */
    char *subject;      /* of its oldest message that has one */
    GPtrArray *authors; /* char *: "Name <address>" as in from, each once, the oldest first */
    GPtrArray *tags;    /* char *: of any of its messages */
    GPtrArray *ids;     /* char *: of the messages that match, the oldest first */
} ThreadHit;

/* Hands THREAD over, which is the index's; FALSE ends the search with *error. */
typedef gboolean (*ThreadTaker)(gpointer user, const ThreadHit *thread, GError **error);

/* One after another, in the order in which SORT brings the first message of each, out of one state;
 * LIMIT 0 means all. */
gboolean index_search_threads(Index *index, const Query *query, guint limit, SearchSort sort,
                              ThreadTaker taker, gpointer user,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;
