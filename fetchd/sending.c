/* See sending.h. */
#include "fetchd/sending.h"

#include "core/error.h"
#include "fetchd/login.h"
#include "fetchd/loginguard.h"
#include "fetchd/owncopy.h"
#include "policy/endpoint.h"
#include "store/matchkey.h"

struct Sending {
    const Config *config;
    const Account *account;
    const char *store;
    TraceLog *trace;
    int stop_fd;
    VettedEndpoint *endpoint;
    Vault *vault;
    Secret *match_key;
    Secret *secret; /* NULL until all four are there */
    Link *mailer;   /* NULL: not connected */
};

Sending *sending_new(const Config *config, const Account *account, const char *store,
                     TraceLog *trace, int stop_fd)
{
    Sending *self = g_new0(Sending, 1);
    *self = (Sending){
        .config = config, .account = account, .store = store, .trace = trace, .stop_fd = stop_fd};
    return self;
}

void sending_free(Sending *self)
{
    if (self == NULL)
        return;
    if (self->mailer)
        link_mailer_part(self->mailer);
    endpoint_free(self->endpoint);
    secret_free(self->secret);
    secret_free(self->match_key);
    vault_close(self->vault);
    g_free(self);
}

static gboolean says(const GError *failure, const char *const *rules, gsize n)
{
    for (gsize i = 0; i < n; i++)
        if (g_strcmp0(postern_error_rule(failure), rules[i]) == 0)
            return TRUE;
    return FALSE;
}

gboolean sending_goes_on(const GError *failure)
{
    static const char *const rules[] = {"send.recipient",  "send.rejected", "send.deferred",
                                        "send.recipients", "send.value",    "send.utf8",
                                        "send.dsn"};
    return says(failure, rules, G_N_ELEMENTS(rules));
}

/* Each of them comes before the last dot: after that it is "send.doubt". */
static gboolean connection_ended(const GError *failure)
{
    static const char *const rules[] = {"server.closed", "server.busy", "tls.truncated"};
    return says(failure, rules, G_N_ELEMENTS(rules));
}

static gboolean vet(Sending *self, GError **error)
{
    const Account *account = self->account;
    if (account->submit == NULL)
        return refuse(error, POSTERN_ERROR_POLICY, "config.submit", "add a submit = smtps://… line",
                      "account \"%s\" names no server to send by", account->name);
    g_autoptr(VettedEndpoint) endpoint =
        endpoint_of(account, account->submit, &self->config->company, error);
    if (endpoint == NULL || !endpoint_fits(endpoint, TRUE, error))
        return FALSE;
    self->endpoint = g_steal_pointer(&endpoint);
    return TRUE;
}

static gboolean load_match_key(Sending *self, GError **error)
{
    if (self->vault == NULL)
        self->vault = vault_open(self->store, error);
    if (self->vault && self->match_key == NULL)
        self->match_key = matchkey_load(self->vault, error);
    return self->match_key != NULL;
}

OwnCopy *sending_copy(Sending *self, Vault *vault, const OutboxLetter *letter, GError **error)
{
    if (letter->copy == NULL || !load_match_key(self, error))
        return NULL;
    return owncopy_prepare(self->config, self->account, vault, self->match_key, letter, error);
}

gboolean sending_files(const Sending *self)
{
    return owncopy_filed(self->account);
}

static gboolean prepare(Sending *self, GError **error)
{
    if (self->endpoint == NULL && !vet(self, error))
        return FALSE;
    if (load_match_key(self, error) && self->secret == NULL)
        self->secret = login_secret(self->account, self->endpoint, self->vault, self->match_key,
                                    self->stop_fd, error);
    return self->secret != NULL;
}

static gboolean connect_mailer(Sending *self, GError **error)
{
    if (self->mailer)
        return TRUE;
    if (self->secret == NULL && !prepare(self, error))
        return FALSE;
    const LinkTarget target = {
        .company = &self->config->company,
        .account = self->account,
        .endpoint = self->endpoint,
        .secret = self->secret,
        .trace = self->trace,
        .stop_fd = self->stop_fd,
    };
    const LoginGuard guard = {self->vault, self->match_key};
    self->mailer = loginguard_mailer(&guard, &target, error);
    return self->mailer != NULL;
}

/* *ENDED: it may be tried once more on a new connection. */
static gboolean hand_over(Sending *self, const char *from, const GPtrArray *recipients,
                          GBytes *letter, LetterWay *way, gboolean *ended, GError **error)
{
    g_autoptr(GError) failure = NULL;
    *ended = FALSE;
    if (!connect_mailer(self, error))
        return FALSE;
    if (link_letter(self->mailer, from, recipients, letter, way, &failure))
        return TRUE;
    /* Asked before a tunnel explains itself: it ends with the connection. */
    *ended = connection_ended(failure);
    if (!sending_goes_on(failure))
        link_mailer_drop(g_steal_pointer(&self->mailer), &failure);
    g_propagate_error(error, g_steal_pointer(&failure));
    return FALSE;
}

gboolean sending_letter(Sending *self, const char *from, const GPtrArray *recipients,
                        GBytes *letter, LetterWay *way, GError **error)
{
    gboolean used = self->mailer != NULL, ended;
    g_autoptr(GError) failure = NULL;
    if (hand_over(self, from, recipients, letter, way, &ended, &failure))
        return TRUE;
    if (used && ended)
        return hand_over(self, from, recipients, letter, way, &ended, error);
    g_propagate_error(error, g_steal_pointer(&failure));
    return FALSE;
}
