/*
 * tagrules — the [tag] rules of a configuration. Each message is held against them once, when it is
 * first indexed, and again when text is added that waited for a key; what they give is written into
 * the vault's journal like tags given by hand, and the hand wins.
 */
#pragma once

#include "core/config.h"
#include "store/index.h"

/* The rules with their queries parsed. NOW as query_parse(). 78 "config.value" names the file and
 * the line, and the query's character. */
GPtrArray *tagrules_parse(const Config *config, gint64 now,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Elements of that. */
typedef struct {
    char *change; /* "+name" */
    Query *query;
} ParsedRule;

/* A message whose words entered the index since the last commit. */
typedef struct {
    gint64 row;
    gint64 sequence; /* of the record that brought it; G_MAXINT64 where text was added */
} FreshRow;

/*
 * Within a transaction of INDEX that holds all of the journal up to DONE and is not committed yet:
 * RULES (NULL: none) over FRESH (FreshRow), as far as VAULT says that they were not asked before.
 * VAULT must not be in the middle of a replay. *wrote: the journal has grown.
 */
gboolean tagrules_apply(const GPtrArray *rules, Vault *vault, Index *index, const GArray *fresh,
                        gint64 done, gboolean *wrote, GError **error) G_GNUC_WARN_UNUSED_RESULT;
