/*
 * compact — the store gives room back: pages of the two databases that stand free are cut off at
 * the end of the file, and the word index is merged. In small transactions, between which others
 * read and write; killed anywhere, all is there and a second time goes on.
 *
 * The journal stays as it is: its numbers are without a gap, by which verify sees that one is
 * missing, and whether a later record says it all stands in what is sealed.
 */
#pragma once

#include "store/index.h"
#include "store/vault.h"

/* LEFT pages are to be moved still. */
typedef void (*CompactProgress)(gpointer user, guint64 left);

/*
 * Also sweeps what a killed writer left. Needs no key. 75 "vault.busy" while another process has
 * the writer's lock. While somebody reads an old state, the file becomes shorter only when he is
 * done.
 */
gboolean vault_compact(Vault *vault, CompactProgress progress, gpointer user,
                       GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Words of messages that were removed stay, see index_remove(). */
gboolean index_compact(Index *index, CompactProgress progress, gpointer user,
                       GError **error) G_GNUC_WARN_UNUSED_RESULT;

/*
 * So many messages come that merging their words at the end is less work than on the way: a segment
 * of each commit stays, until index_compact(). Whoever expects them calls index_merge() before some
 * hundreds have gathered, which makes one of those that were not merged before.
 */
gboolean index_expect_many(Index *index, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean index_merge(Index *index, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* *MANY: they were expected, and whoever did so did not get to the end. */
gboolean index_expects_many(Index *index, gboolean *many, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Only its free pages. */
gboolean index_shrink(Index *index, CompactProgress progress, gpointer user,
                      GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Bytes on the disk, each with its log. */
typedef struct {
    guint64 vault, index;
} StoreRoom;
StoreRoom store_room(const char *dir);
