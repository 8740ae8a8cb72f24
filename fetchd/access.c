/* See access.h. */
#include "fetchd/access.h"

#include "core/error.h"
#include "fetchd/login.h"
#include "policy/endpoint.h"
#include "store/matchkey.h"

void access_clear(Access *access)
{
    g_clear_pointer(&access->endpoint, endpoint_free);
    g_clear_pointer(&access->secret, secret_free);
    g_clear_pointer(&access->match_key, secret_free);
    g_clear_pointer(&access->vault, vault_close);
}

static const char *uri_of(const Access *access, GError **error)
{
    const Account *account = access->account;
    const char *uri = access->submits ? account->submit : account->fetch;
    if (uri == NULL && access->submits)
        refuse(error, POSTERN_ERROR_POLICY, "config.submit", "add a submit = smtps://… line",
               "account \"%s\" names no server to send by", account->name);
    else if (uri == NULL)
        refuse(error, POSTERN_ERROR_POLICY, "config.fetch", "add a fetch = imaps://… line",
               "account \"%s\" names no server with folders", account->name);
    return uri;
}

static gboolean vet(Access *access, GError **error)
{
    const char *uri = uri_of(access, error);
    g_autoptr(VettedEndpoint) endpoint =
        uri ? endpoint_of(access->account, uri, &access->config->company, error) : NULL;
    if (endpoint == NULL || !endpoint_fits(endpoint, access->submits, error))
        return FALSE;
    access->endpoint = g_steal_pointer(&endpoint);
    return TRUE;
}

gboolean access_vault(Access *access, GError **error)
{
    if (access->vault == NULL)
        access->vault = vault_open(access->store, error);
    if (access->vault && access->match_key == NULL)
        access->match_key = matchkey_load(access->vault, error);
    return access->match_key != NULL;
}

gboolean access_have(Access *access, LoginGuard *guard, LinkTarget *target, GError **error)
{
    if ((access->endpoint == NULL && !vet(access, error)) || !access_vault(access, error))
        return FALSE;
    if (access->secret == NULL)
        access->secret = login_secret(access->account, access->endpoint, access->vault,
                                      access->match_key, access->stop_fd, error);
    *guard = (LoginGuard){access->vault, access->match_key};
    *target = (LinkTarget){
        .company = &access->config->company,
        .account = access->account,
        .endpoint = access->endpoint,
        .secret = access->secret,
        .trace = access->trace,
        .stop_fd = access->stop_fd,
    };
    return access->secret != NULL;
}
