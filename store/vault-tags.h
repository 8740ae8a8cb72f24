/*
 * vault-tags — the user's own tags: sealed records of the journal, so that they outlive the index.
 * Writing them takes neither the private key nor the writer's lock: fetchd may run meanwhile.
 */
#pragma once

#include "store/vault.h"

/* What becomes of the own tags of one message. */
typedef struct {
    char id[17];
    GStrv changes; /* "+name" adds, "-name" takes away; at most LIMIT_FLAGS */
} TagChange;

GPtrArray *tag_changes_new(void); /* elements TagChange * */
void tag_changes_add(GPtrArray *list, const char *id, const char *const *changes);

/*
 * Writes LIST in order, LIMIT_BATCH_MESSAGES in a transaction. *written counts the messages that are
 * here; others are passed over.
 */
gboolean vault_tag(Vault *vault, const GPtrArray *list, guint64 *written,
                   GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Another connection to the same vault, which a replay does not keep from writing. */
Vault *vault_again(const Vault *vault, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* How many of them are here; writes nothing. */
gboolean vault_count_tags(Vault *vault, const GPtrArray *list, guint64 *count,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Rules are asked about each message once, however often the index is made anew: the journal's
 * sequence up to which they were. */
gboolean vault_ruled(Vault *vault, gint64 *sequence, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Moves it from BEFORE to AFTER and writes LIST, both or nothing; *taken FALSE when another process
 * was faster. */
gboolean vault_rule(Vault *vault, gint64 before, gint64 after, const GPtrArray *list,
                    gboolean *taken, GError **error) G_GNUC_WARN_UNUSED_RESULT;
