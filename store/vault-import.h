/*
 * vault-import — messages that were brought along from files. Such a message is its account's as
 * one is that its server has no more; its folder and flags are journalled (JOURNAL_IMPORT). When
 * the server lists it later, it is known by its looks (look.h), so that its bytes need not come
 * again. Errors as in vault.h.
 */
#pragma once

#include "store/look.h"
#include "store/vault.h"

#define IMPORTED_LOOKS 2

/* In an Arrival: what there is in place of a UID. */
struct Imported {
    gboolean as_is; /* its lines ended with CRLF in the file, too */
    Look looks[IMPORTED_LOOKS];
    guint n;                /* of them */
    const char *message_id; /* of what the account sent: its field's value; else NULL */
};

/* Is any message of ACCOUNT waiting to be known again? */
gboolean vault_awaits(VaultWriter *writer, const char *account, gboolean *any,
                      GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* And one of this size? */
gboolean vault_awaits_size(VaultWriter *writer, const char *account, guint64 size, gboolean *any,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The row of the one message of ACCOUNT that has this look and lies not in MAILBOX yet; 0 when there
 * is none, or another looks so. */
gboolean vault_awaited(VaultWriter *writer, const char *account, const char *mailbox,
                       const Look *look, gint64 *row, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* What was sent may be kept by a server that changed it: is any of ACCOUNT waiting to be known by its
 * Message-ID, and the row of the one with this one, as of vault_awaited()? */
gboolean vault_awaits_sent(VaultWriter *writer, const char *account, gboolean *any,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean vault_sent_row(VaultWriter *writer, const char *account, const char *mailbox,
                        const char *message_id, gint64 *row,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The message in ROW, which is here, was found at ARRIVAL, too: becomes part of the running batch,
 * as vault_message_finish() has it. */
gboolean vault_arrive(VaultWriter *writer, gint64 row, const Arrival *arrival,
                      GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Was the message with this id (base32) first brought along with CRLF at its lines' ends? */
gboolean vault_as_is(Vault *vault, const char *id, gboolean *as_is,
                     GError **error) G_GNUC_WARN_UNUSED_RESULT;
