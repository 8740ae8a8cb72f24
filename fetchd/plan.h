/*
 * plan — what to get, decided from what the server lists and what is here. Pure: no network, no
 * store (the heart of P6: every case stands in one test table).
 *
 * IMAP: numbers are UIDs. `covered` holds every UID that is either here or known to be absent;
 * what is asked for is the rest, newest first. A UID that the server listed but did not deliver
 * stays uncovered and is asked for again next time.
 */
#pragma once

#include "net/fetcher.h"
#include "store/ranges.h"

/* Ranges to LIST in a mailbox: NumberRange, ascending; empty when nothing can be new. */
GArray *plan_missing(const GArray *covered, const Selected *selected);

/* Fills LISTED (guint32, empty) with every number of MISSING; FALSE, and nothing is filled in, when
 * these are more than MOST. */
gboolean plan_list_every(const GArray *missing, guint32 most, GArray *listed);

/*
 * After a LIST over MISSING answered LISTED (guint32, ascending): covers what is known to be
 * absent above the highest listed number, up to uidnext - 1.
 */
void plan_cover_absent(GArray *covered, const GArray *listed, const Selected *selected);

/* Number LISTED[I] is here now: covers it, and the absent numbers between it and the one before. */
void plan_cover_arrived(GArray *covered, const GArray *listed, guint i);

/* Index of NUMBER in LISTED, or -1. */
gssize plan_find(const GArray *listed, guint32 number);

/*
 * The ranges of one GET: listed numbers [begin, end), merged over numbers that do not exist but
 * never over one that is here already: MISSING is what plan_missing() said. Ascending.
 */
GArray *plan_batch(const GArray *missing, const GArray *listed, guint begin, guint end);

/* After a LIST over everything answered LISTED: covers what is not there, or is here: HELD
 * (guint32, ascending). What is left is missing. */
void plan_cover_listed(GArray *covered, const GArray *listed, const GArray *held, guint32 uidnext);

/* So many of MESSAGES may be removed at once without being asked for: a tenth, or 50. */
guint64 plan_removable(guint64 messages);

/* Does folder NAME match PATTERNS ("*; !Trash"; the last match decides; INBOX in any case)? A
 * pattern
 * "\Trash" stands for what the server calls one: USES are those of MailboxName. */
gboolean plan_wants_folder(char *const *patterns, const char *name, guint uses);
