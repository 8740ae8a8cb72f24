/*
 * query-words — the words that the beginning of one stands for. FTS5 puts together where all words
 * with a prefix stand before it answers, in the whole index; single words it reads where it is told
 * to.
 */
#pragma once

#include "store/index-private.h"
#include "store/query.h"

/* Does QUERY look for the beginning of a word? */
gboolean query_has_prefix(const Query *query);

/*
 * QUERY with these words in the place of their beginnings. *spelled is NULL, which is no error,
 * where a beginning stands for more than a few words, or for one that is more than the letters a-z
 * and digits: what the tokenizer makes of such a word is not for us to say.
 */
gboolean query_spell_out(Index *index, const Query *query, Query **spelled,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;
