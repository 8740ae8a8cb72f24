/* vault-record — a journal record as bytes, before it is sealed. Parsed with suspicion: whoever
 * has the vault's public key can make one. */
#pragma once

#include "crypto/seal.h"
#include "store/vault.h"

/* What KIND does not tell of ARRIVAL is left out. */
GBytes *journal_pack(JournalKind kind, const Arrival *arrival);

/* The strings of an unpacked arrival are owned by it: free with arrival_clear(). FALSE for bytes
 * that are no record; then there is nothing to free. */
gboolean journal_unpack(const guint8 *bytes, gsize size, JournalKind *kind,
                        Arrival *arrival) G_GNUC_WARN_UNUSED_RESULT;
void arrival_clear(Arrival *arrival);
/* With strings of its own. */
Arrival arrival_copy(const Arrival *arrival);

/* Sealed, a record names what it is (RECORD_…) and its message, so that records of one batch cannot
 * change places. */
#define RECORD_JOURNAL "journal"
#define RECORD_SHARE "share"     /* see share.h */
#define RECORD_SESSION "session" /* see vault-session.h */
GBytes *message_record_seal(const BatchKey *key, const char *what,
                            const guint8 id[static MESSAGE_ID_SIZE], GBytes *plain);
/* 74 "vault.record" when it does not open. */
GBytes *message_record_open(const BatchKey *key, const char *what,
                            const guint8 id[static MESSAGE_ID_SIZE], const guint8 *sealed,
                            gsize size, GError **error) G_GNUC_WARN_UNUSED_RESULT;
