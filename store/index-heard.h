/*
 * index-heard — keys that mail brought along (mime/autocrypt.h), by the address they came for. A
 * function of the mail alone, in whatever order it comes: so they lie in the index, and are there
 * again after a rebuild. They are nobody's word: who sends mail as somebody sends his key, too.
 */
#pragma once

#include "store/index.h"

typedef struct {
    GBytes *key;      /* as pgp-cert.h left it; gpg has not seen it */
    guint64 messages; /* that carried it */
    gint64 last;      /* when the last of them was written, but not after it came */
    char *sayer;      /* who wrote that, when it was not ADDRESS itself; else NULL */
} HeardKey;
void heard_key_free(HeardKey *heard);

/* HeardKey *: those that ADDRESS sent, the last one first, and no more than LIMIT_HEARD_KEYS;
 * behind them as many that others call his (gossip). Neither pushes the other out. */
GPtrArray *index_heard(Index *index, const char *address, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* When the last message of ADDRESS came, with a key or without; 0 for none. Looks at all mail. */
gboolean index_last_seen(Index *index, const char *address, gint64 *seen,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* A message that ARRIVED then carried a key, of its sender or of another. Within a transaction. */
gboolean index_hear(Index *index, const CarriedKey *carried, gint64 arrived,
                    GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Likewise all the gossip of DOC, of the message ROW, which is there. */
gboolean index_hear_gossip(Index *index, gint64 row, const IndexDoc *doc,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;
