/*
 * vault-skipped — messages that stay on their server alone, because they are too large: which they
 * are, how large, and since when, so that no pass asks for them again and `status` can tell. Errors
 * as in vault.h.
 */
#pragma once

#include "store/vault.h"

/* Exactly one of uid and uidl is set. */
typedef struct {
    const char *account;
    const char *mailbox; /* as in Arrival */
    guint32 uid;
    const char *uidl;
    guint64 size;        /* bytes, as far as is known; below 2^63 */
    gint64 internaldate; /* seconds since 1970, 0 when it is not known */
    gint64 since;        /* when it was first left out; not for setting */
} Skipped;

/* SKIPPED stays on its server: known with the running batch. */
gboolean vault_skip(VaultWriter *writer, const Skipped *skipped,
                    GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Likewise, no more: it has come, or it is gone. Its place alone counts. */
gboolean vault_unskip(VaultWriter *writer, const Skipped *skipped,
                      GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* What was left out in a mailbox as of the last commit: SkippedUid, ascending, the caller's. */
typedef struct {
    guint32 uid;
    guint64 size;
} SkippedUid;
GArray *vault_skipped_uids(VaultWriter *writer, const char *account, const char *mailbox,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* POP3: was it left out? *size then. */
gboolean vault_skipped_uidl(VaultWriter *writer, const char *account, const char *uidl,
                            gboolean *skipped, guint64 *size,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* What lies in none of MAILBOXES, or has none of UIDLS (const char *), is gone from where ACCOUNT
 * fetches. Has a transaction of its own. */
gboolean vault_skipped_mailboxes(VaultWriter *writer, const char *account,
                                 const GPtrArray *mailboxes,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean vault_skipped_uidls(VaultWriter *writer, const char *account, const GPtrArray *uidls,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Calls READER for each that ACCOUNT has, the largest first; stops at its first FALSE. Without
 * VAULT_PRIVATE only size and since are known, the mailbox is NULL. Strings are valid during the
 * callback. */
typedef gboolean (*SkippedReader)(gpointer user, const Skipped *skipped, GError **error);
gboolean vault_skipped(Vault *vault, const Secret *match_key, const Secret *vault_private,
                       const char *account, SkippedReader reader, gpointer user,
                       GError **error) G_GNUC_WARN_UNUSED_RESULT;
