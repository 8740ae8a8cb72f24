/*
 * vault-logins — what the vault keeps of logins, over all runs: which credential a server refused,
 * and when a server was logged in to. Accounts and hosts are HMACs like all names; a credential is
 * an HMAC over what scrypt makes of its secret, so that a thief who has the match key too can guess
 * no faster than that. NOW is seconds since 1970. No writer is needed.
 *
 * Errors: those of vault.h.
 */
#pragma once

#include "store/vault.h"

/* What a login is made of. Another value in any field is another credential. */
typedef struct {
    const char *account;
    const char *host;
    const char *login;
    const char *mechanism; /* demanded, or NULL */
    const Secret *secret;
} LoginCredential;

/* *since: when the host refused just this credential; 0 when it did not. */
gboolean vault_login_refused(Vault *vault, const Secret *match_key,
                             const LoginCredential *credential, gint64 *since,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The host refuses it. Durable when this returns; replaces what was noted of account and host. */
gboolean vault_note_login_refused(Vault *vault, const Secret *match_key,
                                  const LoginCredential *credential, gint64 now,
                                  GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Forgets what HOST (NULL: any) refused of ACCOUNT (NULL: any); *forgotten, when given, is the
 * number of credentials. */
gboolean vault_forget_login_refused(Vault *vault, const Secret *match_key, const char *account,
                                    const char *host, guint *forgotten,
                                    GError **error) G_GNUC_WARN_UNUSED_RESULT;

/*
 * One more login at HOST. *wait is 0 when it may go ahead, and it is counted then; else the seconds
 * until it may: LIMIT_LOGINS logins or LIMIT_REFUSED_LOGINS refusals, whichever *refusals tells,
 * are not an hour old. A clock that was set back by more than a minute forgets the
 * times that lie ahead of it.
 */
gboolean vault_count_login(Vault *vault, const Secret *match_key, const char *host, gint64 now,
                           gint64 *wait, gboolean *refusals,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* HOST refused a login for whatever reason. */
gboolean vault_count_refusal(Vault *vault, const Secret *match_key, const char *host, gint64 now,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;
