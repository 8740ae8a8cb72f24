/*
 * index — full-text search over sealed pages. Rebuilt from the vault at will; its key is
 * derived from the vault's private key (HKDF, info "postern index 1").
 *
 * Errors: 74 "index.damage", "index.read", "index.write"; 75 "index.busy".
 */
#pragma once

#include "core/letter.h"
#include "core/secret.h"
#include "store/query.h"
#include "store/vault.h"

/* What to do about damage. */
#define INDEX_MEND                                                                                 \
    "run 'postern index --rebuild': it is made anew from the vault, which holds all that is in it"

typedef struct Index Index;

/* Made when it is missing. One with the layout of another release is dropped and made anew: empty,
 * to be filled by the next absorb(). */
Index *index_open(const char *dir, const guint8 vault_id[static VAULT_ID_SIZE],
                  const Secret *vault_private, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* An empty one beside the real one, gone when it is closed: see sealed_aside(). It finds no words,
 * of which it has only what index-words.h says. */
Index *index_aside(const char *dir, const guint8 vault_id[static VAULT_ID_SIZE],
                   const Secret *vault_private, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void index_close(Index *index);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Index, index_close)

/* Removes index.db and its WAL, while nobody is opening it (who has it open keeps what is no
 * longer there): the way to rebuild is to drop it and absorb from sequence 0. */
gboolean index_drop(const char *dir, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The journal sequence up to which this index is complete. */
gint64 index_position(Index *index);

gboolean index_begin(Index *index, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Makes what was added since index_begin() visible, complete up to SEQUENCE. */
gboolean index_commit(Index *index, gint64 sequence, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void index_rollback(Index *index);

gboolean index_has(Index *index, gint64 row);
/* The message with the highest row: that and its id; *row 0 when there is none. */
gboolean index_newest(Index *index, gint64 *row, char id[static 17],
                      GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Adds a message (DOC not NULL) and its arrival; for a row that is there, the arrival only. */
gboolean index_add(Index *index, const JournalRecord *record, const IndexDoc *doc, guint64 size,
                   GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The flags of one arrival are others now. One that is not there counts for nothing. */
gboolean index_set_flags(Index *index, const JournalRecord *record,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* One arrival ended. The message stays; with its last arrival gone it has the tag "gone". */
gboolean index_gone(Index *index, const JournalRecord *record,
                    GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* It lies only in those mailboxes of its account that the record names in place of flags. */
gboolean index_only(Index *index, const JournalRecord *record,
                    GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Takes a message out: no search finds it. Its words stay, under a number that stands for nothing,
 * until the index is made anew. */
gboolean index_remove(Index *index, gint64 row, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/*
 * For a message that was added with less than its text: the words of DOC, as index_add() was given
 * it, are kept beside, so that they can be taken out again. TRIED is 0 when its key was locked,
 * else it says which keys were here (pgp_secrets_stamp) and none of them was the one.
 */
gboolean index_defer(Index *index, const JournalRecord *record, const IndexDoc *doc, gint64 tried,
                     GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* It waits on, by other words. */
gboolean index_defer_on(Index *index, gint64 row, gint64 tried,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;
typedef struct {
    gint64 row, tried;
    char id[17];
} Deferred;
/* The first such message behind next->row that was not tried with these KEYS; row 0 for none. */
gboolean index_deferred(Index *index, gint64 keys, Deferred *next,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* How many there are whose key was locked. */
gboolean index_waiting(Index *index, guint64 *count, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Ends its waiting: DOC takes the place of what was known, NULL leaves that as it is. */
gboolean index_settle(Index *index, gint64 row, const IndexDoc *doc,
                      GError **error) G_GNUC_WARN_UNUSED_RESULT;

typedef enum { SORT_NEWEST, SORT_OLDEST, SORT_RELEVANCE } SearchSort;

/* One result; strings its own. Fields as in the JSON contract. */
typedef struct {
    char *id;
    char *thread;
    gint64 date;
    char *from;
    GPtrArray *to; /* char *: "Name <address>" each */
    char *subject;
    char *account;
    GPtrArray *folders; /* char * */
    GPtrArray *tags;    /* char * */
    guint64 size;
    gboolean encrypted;
    const char *signature;
    gboolean sensitive;
    guint attachments;
    char *snippet;
    char *message_id; /* without <>; "" for none */
} Hit;
void hit_free(Hit *hit);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Hit, hit_free)

/* Hands HIT over, which is the index's; FALSE ends the search with *error. */
typedef gboolean (*HitTaker)(gpointer user, const Hit *hit, GError **error);

/* One hit after another, in the order of SORT, out of one state; LIMIT 0 means all. Memory does not
 * grow with what is in them. */
gboolean index_search_each(Index *index, const Query *query, guint limit, SearchSort sort,
                           HitTaker taker, gpointer user, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Likewise, together: elements Hit *. */
GPtrArray *index_search(Index *index, const Query *query, guint limit, SearchSort sort,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Where the message with this id lies: account, folder, account, folder … (char *). */
GPtrArray *index_places(Index *index, const char *id, GError **error) G_GNUC_WARN_UNUSED_RESULT;

typedef struct {
    guint64 messages, bytes;
    guint64 truncated; /* messages that hold more than could be read */
} IndexStat;
gboolean index_stat(Index *index, IndexStat *stat, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/*
 * Opens every page of the file and holds the whole against SQLite's own rules. *pages is their
 * number; each fault adds a sentence (char *) to FAULTS. FALSE only when it could not be looked.
 */
gboolean index_check(Index *index, guint64 *pages, GPtrArray *faults,
                     GError **error) G_GNUC_WARN_UNUSED_RESULT;
