/*
 * login — an account's login secret, from where its configuration says it is.
 */
#pragma once

#include "core/config.h"
#include "core/secret.h"
#include "policy/endpoint.h"
#include "store/vault.h"

/*
 * The secret of ACCOUNT for ENDPOINT; NULL: its password. Where endpoint_by_ticket() it is
 * ticket_name(), and no password is looked for. For `secret = sealed` this is one gpg call, which
 * may ask for a passphrase where pgp_may_ask(), and elsewhere is 75 "key.locked" rather than waits;
 * where the private key is missing it is 78 "secret.sealed", told before any connection, and the
 * mend names the other three ways. For the other kinds see crypto/password.h; STOP_FD too.
 */
Secret *login_secret(const Account *account, const VettedEndpoint *endpoint, Vault *vault,
                     const Secret *match_key, int stop_fd,
                     GError **error) G_GNUC_WARN_UNUSED_RESULT;

/*
 * The same where nobody may be asked for anything: 75 "key.locked" when `sealed` would need a
 * passphrase, and always for the two kinds that are programs, which may ask as they like.
 */
Secret *login_secret_quietly(const Account *account, Vault *vault, const Secret *match_key,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The net child knows the login, but neither the account nor where its password comes from: puts
 * both into the mend of a refused login. */
void login_name_account(const Account *account, const VettedEndpoint *endpoint, GError *failure);
