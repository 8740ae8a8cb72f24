/*
 * loginguard — logins that do not lock anybody out: nothing reaches a server but through here.
 * What the vault knows of logins (store/vault-logins.h) is asked first and told afterwards.
 *
 * A credential that the server refused is not tried again, in whatever process: 77 "login.blocked",
 * until its secret, login, host or mechanism is another one, or the user says so. A host is logged
 * in to LIMIT_LOGINS times in an hour at most, and refuses LIMIT_REFUSED_LOGINS at most: then 75
 * "login.rate". Errors besides: those of the vault (a login that cannot be counted is not tried),
 * and of link.h.
 */
#pragma once

#include "fetchd/link.h"
#include "store/vault.h"

typedef struct {
    Vault *vault;
    const Secret *match_key;
} LoginGuard;

/* As the functions of link.h. */
Fetcher *loginguard_fetcher(const LoginGuard *guard, const LinkTarget *target,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean loginguard_try(const LoginGuard *guard, const LinkTarget *target, ServerReport *report,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;
Link *loginguard_mailer(const LoginGuard *guard, const LinkTarget *target,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* May this login be tried? It is counted when it may. */
gboolean loginguard_ask(const LoginGuard *guard, const LinkTarget *target,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* How it went: FAILURE is NULL, or why not. */
void loginguard_tell(const LoginGuard *guard, const LinkTarget *target, const GError *failure);
