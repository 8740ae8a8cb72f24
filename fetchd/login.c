/* See login.h. */
#include "fetchd/login.h"

#include "core/error.h"
#include "core/text.h"
#include "crypto/password.h"
#include "crypto/pgp.h"
#include "fetchd/ticket.h"

#define OTHER_WAYS                                                                                 \
    "on a host without the private key use 'secret = keyring', 'secret = credential:NAME' or "     \
    "'secret = command:…'"

typedef Secret *Unwrap(const guint8 *wrapped, gsize size, GError **error);

/* Asked only now, since every question to gpg costs some milliseconds. FAILURE (taken) is NULL
 * where there is no password. */
static Secret *why_not(const Account *account, GError *failure, GError **error)
{
    if (account->key && !pgp_has_secret(account->key)) {
        g_clear_error(&failure);
        refuse(error, POSTERN_ERROR_POLICY, "secret.sealed", OTHER_WAYS,
               "the password of account \"%s\" is sealed to key %s, whose private half is not "
               "here",
               account->name, account->key);
    } else if (failure) {
        g_propagate_error(error, failure);
    } else {
        g_autofree char *mend = g_strdup_printf("run 'postern password set %s'", account->name);
        refuse(error, POSTERN_ERROR_POLICY, "secret.missing", mend,
               "account \"%s\" has no password yet", account->name);
    }
    return NULL;
}

static Secret *sealed(const Account *account, Vault *vault, const Secret *match_key, Unwrap *unwrap,
                      GError **error)
{
    g_autoptr(GError) failure = NULL;
    g_autoptr(GBytes) blob = vault_get_secret(vault, match_key, account->name, &failure);
    if (failure) {
        g_propagate_error(error, g_steal_pointer(&failure));
        return NULL;
    }
    gsize size = 0;
    const guint8 *bytes = blob ? g_bytes_get_data(blob, &size) : NULL;
    Secret *secret = blob ? unwrap(bytes, size, &failure) : NULL;
    return secret ? secret : why_not(account, g_steal_pointer(&failure), error);
}

Secret *login_secret(const Account *account, const VettedEndpoint *endpoint, Vault *vault,
                     const Secret *match_key, int stop_fd, GError **error)
{
    if (endpoint && endpoint_by_ticket(endpoint))
        return ticket_name(endpoint, stop_fd, error);
    return account->secret_kind == SECRET_SEALED
               ? sealed(account, vault, match_key, pgp_may_ask() ? pgp_unwrap : pgp_unwrap_quietly,
                        error)
               : password_get(account, stop_fd, error);
}

Secret *login_secret_quietly(const Account *account, Vault *vault, const Secret *match_key,
                             GError **error)
{
    switch (account->secret_kind) {
    case SECRET_SEALED: return sealed(account, vault, match_key, pgp_unwrap_quietly, error);
    case SECRET_CREDENTIAL: return password_get(account, -1, error);
    default: break;
    }
    refuse(error, POSTERN_ERROR_TEMPORARY, "key.locked", "run 'postern sync' to try it",
           "the password of account \"%s\" comes from a program that may ask for something",
           account->name);
    return NULL;
}

void login_name_account(const Account *account, const VettedEndpoint *endpoint, GError *failure)
{
    if (g_strcmp0(postern_error_rule(failure), "login.refused") != 0)
        return;
    g_autofree char *word = text_word(account->name);
    g_autofree char *name = text_name(account->name);
    g_autofree char *mend =
        endpoint_by_ticket(endpoint)
            ? g_strdup("see with 'klist' whose ticket it is, and ask who runs the server")
        : account->secret_kind == SECRET_SEALED || account->secret_kind == SECRET_KEYRING
            ? g_strdup_printf("set the right password: postern password set %s", word)
            : g_strdup_printf("correct the password where account \"%s\" takes it from", name);
    postern_error_set_mend(failure, mend);
}
