/* See sending.h. */
#include "fetchd/sending.h"

#include "core/error.h"
#include "fetchd/access.h"
#include "fetchd/owncopy.h"

struct Sending {
    Access access;
    Link *mailer; /* NULL: not connected */
};

Sending *sending_new(const Config *config, const Account *account, const char *store,
                     TraceLog *trace, int stop_fd)
{
    Sending *self = g_new0(Sending, 1);
    self->access = (Access){.config = config,
                            .account = account,
                            .store = store,
                            .trace = trace,
                            .stop_fd = stop_fd,
                            .submits = TRUE};
    return self;
}

void sending_free(Sending *self)
{
    if (self == NULL)
        return;
    if (self->mailer)
        link_mailer_part(self->mailer);
    access_clear(&self->access);
    g_free(self);
}

gboolean sending_goes_on(const GError *failure)
{
    static const char *const rules[] = {
        "send.recipient", "send.rejected", "send.deferred", "send.recipients",
        "send.value",     "send.utf8",     "send.dsn",      NULL};
    return postern_error_among(failure, rules);
}

/* Each of them comes before the last dot: after that it is "send.doubt". */
static gboolean connection_ended(const GError *failure)
{
    static const char *const rules[] = {"server.closed", "server.busy", "tls.truncated", NULL};
    return postern_error_among(failure, rules);
}

OwnCopy *sending_copy(Sending *self, Vault *vault, const OutboxLetter *letter, GError **error)
{
    if (letter->copy == NULL || !access_vault(&self->access, error))
        return NULL;
    return owncopy_prepare(self->access.config, self->access.account, vault, self->access.match_key,
                           letter, error);
}

gboolean sending_files(const Sending *self)
{
    return owncopy_filed(self->access.account);
}

static gboolean connect_mailer(Sending *self, GError **error)
{
    LoginGuard guard;
    LinkTarget target;
    if (self->mailer == NULL && access_have(&self->access, &guard, &target, error))
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
