/* index-fixture — an index in a fresh folder, and short ways to fill and ask it. */
#pragma once

#include "tests/unit/store/mailbox.h"

typedef struct {
    char *dir;
    Secret *key;
    Index *index;
} Fixture;

extern const guint8 the_vault[VAULT_ID_SIZE];

int set_up(void **state); /* *state becomes a Fixture */
int tear_down(void **state);
/* All of these fail the test when something fails. */
Index *open_index(const Fixture *fixture);
void reopen(Fixture *fixture);
GPtrArray *letters_new(void); /* elements Letter * */
/* The next letter of LETTERS, 100 s younger than the last. */
Letter *write_letter(GPtrArray *letters, const char *subject, const char *body);
void add_all(Index *index, GPtrArray *letters, gint64 sequence);
Hit *lookup(Index *index, const char *id); /* the one message with this id */
GPtrArray *search(Index *index, const char *text, guint limit, SearchSort sort);
/* Newest first. Of letters in that order the search finds those that fit, in theirs. */
void letters_sort(GPtrArray *letters);
void assert_as_oracle(Index *index, GPtrArray *letters, const char *text, guint limit,
                      gboolean oldest);
