/*
 * index-words — the words of messages on their way into the full-text index, and what all words of
 * one come to in a sum, by which the index can be held against the mail without finding each word.
 */
#pragma once

#include "store/index.h"

/* The words of DOC, which ROW has from now on. Of an index that lies aside only their sum is kept.
 */
gboolean index_add_words(Index *index, gint64 row, const IndexDoc *doc,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Takes them out again, of a message that waited for its key: only what is named goes. */
gboolean index_remove_words(Index *index, gint64 row, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/*
 * Elements guint64, by row: the sum over all (word, column, place) of the message, in whatever
 * order they are met. NULL with *error. Eight bytes a message; of a large index this takes a while.
 */
GArray *index_word_sums(Index *index, GError **error) G_GNUC_WARN_UNUSED_RESULT;
