/*
 * vault-single — messages that are sealed singly: their key is not under their batch's but in an
 * OpenPGP message of its own, so that reading one asks for the private key. What the index may know
 * of one is its share (store/share.h).
 */
#pragma once

#include "core/letter.h"
#include "store/vault.h"

/* To whom WRITER wraps from now on: full fingerprints, the owner's first. */
void vault_writer_set_keys(VaultWriter *writer, char *const *fingerprints);

/*
 * As vault_message_finish(), of a message that is sealed singly when its bytes are new; one that is
 * here already stays as it was sealed first. SHARE as share_make() gives it. Its key is wrapped by
 * gpg before the commit's transaction: a key that is not fit for it ends vault_commit() with 78,
 * and nothing of the batch is stored.
 */
gboolean vault_message_finish_singly(VaultWriter *writer, const Arrival *arrival, GBytes *share,
                                     GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The document that its share gives the index, and the message's size, of the message with this id
 * (base32). Never asks for anything. 74 "vault.damage", "vault.record", 65 "message.id". */
IndexDoc *vault_share(Vault *vault, const Secret *vault_private, const char *id, guint64 *size,
                      GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* A message's key, sealed by OPENPGP, as the database has it: behind the algorithm's id. */
GBytes *single_wrap(GBytes *openpgp);

/* How many there are. */
gboolean vault_singles(Vault *vault, guint64 *count, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Is the message in ROW as it was sealed? Told by its digest, without opening it. */
gboolean vault_row_intact(Vault *vault, const Secret *match_key, gint64 row, gboolean *intact,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;
