/*
 * tagging — changes own tags of many messages: what is to change is looked up in the index and
 * written into the vault in small transactions, so that it may be interrupted and done again.
 * absorb() then brings it into the index.
 */
#pragma once

#include "store/index-tags.h"
#include "store/query.h"

typedef struct {
    Vault *vault; /* NULL: only count */
    Index *index;
    TagHow how;
    TagCount count;
    GPtrArray *waiting; /* TagChange *, not written yet */
} Tagging;

/* CHANGES ("+name", "-name") to what QUERY finds. */
gboolean tagging_query(Tagging *self, const Query *query, const char *const *changes,
                       GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* To the messages that index_rows_named() finds for NAME; *known FALSE when there is none. */
gboolean tagging_named(Tagging *self, const char *name, const char *const *changes,
                       gboolean *known, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Writes what waits still, when all went well. */
gboolean tagging_end(Tagging *self, gboolean fine, GError **error) G_GNUC_WARN_UNUSED_RESULT;
