/* model-server — an IMAP server in memory, for passes: two mailboxes that change, in the three ways
 * in which servers tell what changed, and lines that are cut. */
#pragma once

#include "fetchd/pass.h"
#include "tests/unit/store/fixture.h"

#define MAILBOXES 2
#define LETTERS 40 /* of live() */

typedef struct {
    guint32 uid;
    guint letter, flags;
    guint64 modseq;
} Spot;

typedef struct {
    guint32 uid;
    guint64 modseq;
} Vanished;

typedef struct {
    guint32 uidvalidity, uidnext;
    guint64 modseq;
    GArray *spots;    /* Spot, ascending */
    GArray *vanished; /* Vanished */
} Box;

typedef enum { PLAIN, CONDSTORE, QRESYNC } Way;

typedef struct {
    Fetcher fetcher;
    const Fixture *fixture;
    GRand *random;
    Way way;
    Box mailboxes[MAILBOXES];
    Box *selected;
    gint until_cut;  /* steps until the line is cut; negative: never */
    guint asked;     /* commands */
    guint overcount; /* EXISTS says so many more */
    gboolean unlisted,
        partial; /* the last mailbox is not listed; and the server says no to a part */
    gboolean fetched[LETTERS];
    guint removed;    /* as the outcomes say */
    guint64 max_size; /* of the account; 0: none */
    gboolean large;   /* sync --large */
    guint skipped;    /* as the outcome of the last pass says */
} World;

/* How many bytes a letter has, from 200 to 900, and what the server says of it: the truth, too
 * little, much too much, or (0) nothing. */
guint64 letter_size(guint letter);
guint64 letter_told(guint letter);

extern const char *const model_names[MAILBOXES];
/* What flags may be; a Spot has one bit for each. */
#define WORDS 4
extern const char *const model_words[WORDS];

void world_start(World *self, const Fixture *fixture, guint32 seed, Way way);
void world_end(World *self);

guint any(World *self, guint below);
void deliver(World *self, Box *box);
void live(World *self); /* a few things happen */
Spot *spot_at(const Box *box, guint i);

/* One pass with `gone = GONE`; one that fails must fail with RULE. */
gboolean run_pass_as(World *self, int gone, gboolean accept, const char *rule);
/* One whose line may be cut. */
gboolean run_pass(World *self, int gone);
