/* vault-intact — does what lies on the disk have the digest that it was sealed with? Shared by the
 * reading back before a server deletes, by `verify` of what it cannot open, and by a change of
 * keys. */
#pragma once

#include "store/vault-digest.h"
#include "store/vault-sql.h"

/* Of the message in ROW, by two macs of digest_new(). A failure to read a part that is gone or
 * changed is an answer, any other a failure. */
gboolean vault_digest_holds(Vault *vault, Mac *chunks, Mac *digest, gint64 row, gboolean *intact,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* What the database says of a message that is not open to us. */
typedef struct {
    guint32 chunks;
    guint8 id[MESSAGE_ID_SIZE], ephemeral[KEY_SIZE], digest[MAC_SIZE];
    GBytes *wrapped;
} SealedRow;
void vault_sealed_clear(SealedRow *sealed);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(SealedRow, vault_sealed_clear)

/* *found FALSE when there is none in ROW, or none with all its columns. */
gboolean vault_sealed_row(Vault *vault, gint64 row, SealedRow *sealed, gboolean *found,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Does it have its digest? OF_CHUNKS is that of its chunks, when it has. */
gboolean vault_sealed_intact(Vault *vault, Mac *chunks, Mac *digest, gint64 row,
                             const SealedRow *sealed, guint8 of_chunks[static MAC_SIZE],
                             gboolean *intact, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Takes FAILURE: damage is an answer. */
gboolean vault_answer_damage(GError *failure, gboolean *intact, GError **error);
