/* vault-record — a journal record as bytes, before it is sealed. Parsed with suspicion: whoever
 * has the vault's public key can make one. */
#pragma once

#include "store/vault.h"

/* What KIND does not tell of ARRIVAL is left out. */
GBytes *journal_pack(JournalKind kind, const Arrival *arrival);

/* The strings of an unpacked arrival are owned by it: free with arrival_clear(). FALSE for bytes
 * that are no record; then there is nothing to free. */
gboolean journal_unpack(const guint8 *bytes, gsize size, JournalKind *kind,
                        Arrival *arrival) G_GNUC_WARN_UNUSED_RESULT;
void arrival_clear(Arrival *arrival);
