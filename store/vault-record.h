/* vault-record — a journal record as bytes, before it is sealed. Parsed with suspicion: whoever
 * has the vault's public key can make one. */
#pragma once

#include "store/vault.h"

#define RECORD_ARRIVAL 1

GBytes *arrival_pack(const Arrival *arrival);

/* The strings of an unpacked arrival are owned by it: free with arrival_clear(). FALSE for bytes
 * that are no arrival; then there is nothing to free. */
gboolean arrival_unpack(const guint8 *bytes, gsize size,
                        Arrival *arrival) G_GNUC_WARN_UNUSED_RESULT;
void arrival_clear(Arrival *arrival);
