/* mailbox — made-up messages for the tests of the index, and what a query finds among them. */
#pragma once

#include "store/index.h"

/* A message as the index is told about it. Strings are the struct's own. */
typedef struct {
    gint64 row;
    char id[17];
    IndexDoc *doc;
    gint64 date;
    guint64 size;
    char *account, *folder;
    GStrv flags;
} Letter;

void letter_free(Letter *letter);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Letter, letter_free)

/* A message number ROW with an id made from ROW, and nothing else. */
Letter *letter_new(gint64 row);
/* One of few words, names, dates and ids, so that random queries meet it. */
Letter *letter_random(GRand *random, gint64 row);
char *query_random(GRand *random, guint depth);

/* Whether QUERY finds LETTER, decided without an index. */
gboolean letter_matches(const Letter *letter, const Query *query);

gboolean letter_add(Index *index, const Letter *letter, GError **error);
