/*
 * vault-uidl — which messages of a POP3 server are here, and may the server delete them (P6)? All
 * but vault_has_uidl() fail with 74 "vault.write" after a failed write.
 */
#pragma once

#include "store/vault.h"

/* Is the message with this UIDL here (and durable)? *since: the time of its fetch, as its Arrival
 * had it; may be NULL. */
gboolean vault_has_uidl(VaultWriter *writer, const char *account, const char *uidl, gboolean *has,
                        gint64 *since, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* A server may give a UIDL to another message once the first is gone (RFC 1939, 7): what LISTED
 * (const char *) does not name is forgotten. */
gboolean vault_forget_uidls(VaultWriter *writer, const char *account, const GPtrArray *listed,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;

/*
 * One of these is asked before the server may delete. Both read from disk what was stored. What
 * reads back differently is disowned: its UIDLs are forgotten and its bytes are stored anew when
 * they come again, while the damaged copy stays for `verify` to name.
 *
 * vault_read_back(), after vault_commit(): opens the messages of that batch with the keys that are
 * still in memory, and works out the digest of each. TRUE when every byte is there, else 74
 * "vault.damage". vault_uidl_intact(): the digest alone, of a message of an earlier run.
 */
gboolean vault_read_back(VaultWriter *writer, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean vault_uidl_intact(VaultWriter *writer, const char *account, const char *uidl,
                           gboolean *intact, GError **error) G_GNUC_WARN_UNUSED_RESULT;
