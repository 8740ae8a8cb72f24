/*
 * index-tags — own tags in the index. What was taken away is remembered as well as what was given:
 * no rule gives it again. Two names that tag: takes for one are one tag, spelled as it came first.
 */
#pragma once

#include "store/index.h"

/* A record of kind JOURNAL_TAGS: of one name the last word counts. */
gboolean index_tag(Index *index, const JournalRecord *record,
                   GError **error) G_GNUC_WARN_UNUSED_RESULT;

typedef enum {
    TAG_BY_HAND,
    TAG_BY_RULE, /* adds only where the hand said neither yes nor no */
} TagHow;

typedef struct {
    guint64 found;   /* messages that were looked at */
    guint64 changed; /* of those, where something is to be written */
    guint64 kept;    /* that have a tag which was to go, for their server says so */
} TagCount;

/*
 * What CHANGES mean for the message in ROW: those that change something go to PLAN, a list of
 * TagChange. PLAN is written by vault_tag() and comes into the index by absorb().
 */
gboolean index_plan_tags(Index *index, gint64 row, const char *const *changes, TagHow how,
                         GPtrArray *plan, TagCount *count,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The rows (gint64) of the messages that have NAME, an id of Postern's or a Message-ID without <>,
 * are appended. */
gboolean index_rows_named(Index *index, const char *name, GArray *rows,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* TAGS are char *; MESSAGE_ID is NULL for none. FALSE ends with *error. */
typedef gboolean (*OwnedTaker)(gpointer user, const char *id, const char *message_id,
                               const GPtrArray *tags, GError **error);
/* Each message that has own tags, the oldest row first, out of one state. */
gboolean index_each_owned(Index *index, OwnedTaker taker, gpointer user,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;
