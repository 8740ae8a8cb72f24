/*
 * index-compare — two indexes of the same vault, message by message: what search filters by and
 * shows of each, where it lies, its tags, its thread, and its words.
 */
#pragma once

#include "store/index.h"

/* Of one message: WHAT differs, in words with commas between; NULL when FRESH has no such message.
 * FALSE ends the comparison with *error. */
typedef gboolean (*DifferenceTaker)(gpointer user, gint64 row, const char *id, const char *what,
                                    GError **error);

/*
 * Holds INDEX against FRESH, of which it must have all messages. *unopened counts encrypted ones of
 * which only one side knows the text, since their key is not at hand: there all else is compared.
 * Memory grows by 16 bytes a message. 74 "index.damage" when INDEX lacks a message of FRESH's.
 */
gboolean index_compare(Index *index, Index *fresh, DifferenceTaker taker, gpointer user,
                       guint64 *unopened, GError **error) G_GNUC_WARN_UNUSED_RESULT;
