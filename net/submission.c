/*
 * See submission.h. In clear this file can say two things, "EHLO [127.0.0.1]" and "STARTTLS"; all
 * the rest stands behind channel_start_tls().
 */
#include "net/submission.h"

#include <fcntl.h>
#include <string.h>

#include "core/error.h"
#include "core/limits.h"
#include "net/sasl.h"
#include "net/submission-state.h"

/* No machine's name, in clear or not (RFC 5321, 4.1.4 lets a client name an address). */
#define EHLO "EHLO [127.0.0.1]"

/* ---- replies ---- */

gboolean submission_reply(Submission *self, SmtpReply *reply, GError **error)
{
    gboolean good = smtp_read(self->reader, self->host, reply, NULL, NULL, error);
    self->broken = self->broken || !good || reply->code == 421;
    return good;
}

gboolean submission_unexpected(Submission *self, const char *what, const SmtpReply *reply,
                               GError **error)
{
    if (reply->code / 100 == 4)
        return refuse(error, POSTERN_ERROR_TEMPORARY, "server.busy", "try again later",
                      "%s does not take %s now: \"%s\"", self->host, what, reply->words);
    self->broken = TRUE;
    return refuse(error, POSTERN_ERROR_PROTOCOL, "server.protocol",
                  "tell the people who run the server; Postern has closed the connection",
                  "%s answered %s with \"%s\"", self->host, what, reply->words);
}

gboolean submission_command(Submission *self, const char *line, int code, GError **error)
{
    g_auto(SmtpReply) reply = {0};
    if (!line_write(self->channel, error, "%s", line) || !submission_reply(self, &reply, error))
        return FALSE;
    return reply.code == code ? TRUE : submission_unexpected(self, line, &reply, error);
}

/* ---- opening ---- */

static gboolean submission_greeting(Submission *self, GError **error)
{
    g_auto(SmtpReply) reply = {0};
    if (!submission_reply(self, &reply, error))
        return FALSE;
    return reply.code == 220 ? TRUE : submission_unexpected(self, "a connection", &reply, error);
}

static gboolean submission_ehlo(Submission *self, GError **error)
{
    g_auto(SmtpReply) reply = {0};
    smtp_features_reset(&self->features);
    if (!line_write(self->channel, error, EHLO) ||
        !smtp_read(self->reader, self->host, &reply, smtp_feature, &self->features, error))
        return FALSE;
    return reply.code == 250 ? TRUE : submission_unexpected(self, "EHLO", &reply, error);
}

static gboolean no_starttls(Submission *self, const char *why, GError **error)
{
    return refuse(error, POSTERN_ERROR_PROTOCOL, "transport.starttls",
                  "use smtps:// (465), or have STARTTLS switched on; Postern never sends in clear",
                  "%s offers no TLS on port 587: %s", self->host, why);
}

static gboolean injected(Submission *self, GError **error)
{
    return refuse(error, POSTERN_ERROR_PROTOCOL, "tls.injected",
                  "somebody on the way may be tampering: try another network",
                  "%s sent more than its answer before TLS began", self->host);
}

/* Up to the point where the handshake begins. */
static gboolean ask_starttls(Submission *self, GError **error)
{
    g_auto(SmtpReply) reply = {0};
    g_autoptr(GError) why = NULL;
    if (!self->features.starttls)
        return no_starttls(self, "it does not know STARTTLS", error);
    /* An answer that came before its question is somebody else's. */
    if (line_buffered(self->reader) || channel_pending(self->channel))
        return injected(self, error);
    if (!line_write(self->channel, error, "STARTTLS"))
        return FALSE;
    if (!submission_reply(self, &reply, &why))
        return no_starttls(self, why->message, error);
    if (reply.code != 220)
        return no_starttls(self, reply.words, error);
    return line_buffered(self->reader) ? injected(self, error) : TRUE;
}

static gboolean submission_starttls(Submission *self, const Session *session, GError **error)
{
    return ask_starttls(self, error) && channel_start_tls(self->channel, session, error);
}

/* ---- login ---- */

/* RFC 4954, 6: 535 alone is a verdict on the credential. */
static gboolean auth_refused(Submission *self, const SmtpReply *reply, const char *reason,
                             GError **error)
{
    if (reply->code / 100 != 5)
        return submission_unexpected(self, "the login", reply, error);
    if (reply->code != 535)
        return refuse(error, POSTERN_ERROR_LOGIN, "login.denied",
                      "do as the server says, or ask the people who run it",
                      "%s lets nobody log in so: \"%s\"", self->host, reply->words);
    return refuse(error, POSTERN_ERROR_LOGIN, "login.refused", "set the right password",
                  "%s refused the login: \"%s\"%s", self->host, reply->words, reason);
}

static gboolean auth_begin(Submission *self, Exchange *exchange, GError **error)
{
    g_autofree char *command = g_strdup_printf("AUTH %s ", sasl_name(exchange));
    g_autoptr(Secret) first = NULL;
    if (!sasl_first(exchange, LIMIT_FIRST_ANSWER - 2 - strlen(command), &first, error))
        return FALSE;
    if (first)
        return line_write_secret(self->channel, command, first, error);
    return line_write(self->channel, error, "AUTH %s", sasl_name(exchange));
}

static gboolean auth(Submission *self, Exchange *exchange, const char *const *offered,
                     GError **error)
{
    g_auto(SmtpReply) reply = {0};
    if (!auth_begin(self, exchange, error) || !submission_reply(self, &reply, error))
        return FALSE;
    while (reply.code == 334) {
        g_autoptr(Secret) answer = sasl_answer(exchange, reply.text, error);
        if (answer == NULL || !line_write_secret(self->channel, "", answer, error) ||
            !submission_reply(self, &reply, error))
            return FALSE;
    }
    gboolean no = reply.code / 100 == 5;
    if (reply.code == 235)
        return sasl_finish(exchange, error);
    if (no && sasl_begin_unbound(exchange, offered, reply.words))
        return auth(self, exchange, offered, error);
    return (!no || !sasl_binding_refused(exchange, error)) &&
           auth_refused(self, &reply, sasl_refusal(exchange), error);
}

static gboolean submission_auth(Submission *self, const Session *session, GError **error)
{
    const char *const *offered = (const char *const *)self->features.offers->pdata;
    g_autoptr(GBytes) binding = channel_binding(self->channel);
    g_auto(Exchange) exchange = {0};
    return sasl_begin(&exchange, session, offered, binding, error) &&
           auth(self, &exchange, offered, error);
}

static Submission *submission_new(int fd, const Session *session)
{
    Submission *self = g_new0(Submission, 1);
    self->host = g_strdup(session->host);
    self->channel = channel_new(fd);
    channel_set_trace(self->channel, session->trace);
    self->reader = line_reader_new(self->channel);
    return self;
}

gboolean submission_reach_tls(int fd, const Session *session, GError **error)
{
    int own = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (own < 0)
        return refuse(error, POSTERN_ERROR_BUG, "net.descriptor", NULL, "no descriptor for %s",
                      session->host);
    g_autoptr(Submission) self = submission_new(own, session);
    return submission_greeting(self, error) && submission_ehlo(self, error) &&
           ask_starttls(self, error);
}

Submission *submission_open(int fd, const Session *session, GError **error)
{
    g_autoptr(Submission) self = submission_new(fd, session);
    gboolean inside = session->scheme == SCHEME_SMTPS;
    if (inside && !channel_start_tls(self->channel, session, error))
        return NULL;
    channel_deadline(self->channel, LIMIT_COMMAND_MS);
    if (!submission_greeting(self, error) || !submission_ehlo(self, error))
        return NULL;
    /* What was heard in clear counts for nothing: EHLO again. */
    if (!inside && (!submission_starttls(self, session, error) || !submission_ehlo(self, error)))
        return NULL;
    return submission_auth(self, session, error) ? g_steal_pointer(&self) : NULL;
}

void submission_free(Submission *self)
{
    if (self == NULL)
        return;
    line_reader_free(self->reader);
    channel_free(self->channel);
    smtp_features_clear(&self->features);
    g_free(self->host);
    g_free(self);
}

void submission_report(const Submission *self, ServerReport *report)
{
    channel_report(self->channel, report);
    report->abilities = (self->features.pipelining ? SERVER_PIPELINING : 0) |
                        (sasl_offers_scram(self->features.offers) ? SERVER_SCRAM : 0);
}

gboolean submission_quit(Submission *self, GError **error)
{
    if (self->broken)
        return TRUE;
    channel_deadline(self->channel, LIMIT_COMMAND_MS);
    gboolean good = submission_command(self, "QUIT", 221, error);
    self->broken = TRUE;
    return good;
}
