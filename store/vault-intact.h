/* vault-intact — does what lies on the disk have the digest that it was sealed with? Shared by the
 * reading back before a server deletes, and by `verify` of what it cannot open. */
#pragma once

#include "store/vault-digest.h"
#include "store/vault-sql.h"

/* Of the message in ROW, by two macs of digest_new(). A failure to read a part that is gone or
 * changed is an answer, any other a failure. */
gboolean vault_digest_holds(Vault *vault, Mac *chunks, Mac *digest, gint64 row, gboolean *intact,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Takes FAILURE: damage is an answer. */
gboolean vault_answer_damage(GError *failure, gboolean *intact, GError **error);
