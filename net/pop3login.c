/*
 * POP3 before the mailbox opens: greeting, capabilities, login (RFC 2449, 5034). Never APOP, which
 * is MD5, and never STLS: 995 is TLS from the first byte.
 */
#include <string.h>

#include "core/error.h"
#include "core/limits.h"
#include "net/pop3.h"
#include "net/sasl.h"
#include "net/words.h"

/* RFC 2449, 4: an honest server need not take a longer command line. */
#define COMMAND_BYTES 255

static gboolean pop3_greeting(Pop3 *self, GError **error)
{
    Pop3Status status;
    const char *text;
    if (!pop3_read(self, &status, &text, error))
        return FALSE;
    if (status == POP3_CHALLENGE)
        return pop3_nonsense(self, "+", 1, error);
    if (status == POP3_OK)
        return TRUE;
    g_autofree char *words = server_words(text, strlen(text));
    return refuse(error, POSTERN_ERROR_TEMPORARY, "server.busy", "try again later",
                  "%s takes no connection: \"%s\"", self->host, words);
}

static gboolean pop3_capa(Pop3 *self, GError **error)
{
    Pop3Status status;
    const char *text, *line;
    gsize size;
    g_autoptr(Pop3Capabilities) heard = pop3_capabilities_new();
    if (!line_write(self->channel, error, "CAPA") || !pop3_read(self, &status, &text, error))
        return FALSE;
    heard->answered = status == POP3_OK;
    for (guint lines = 0; heard->answered; lines++) {
        if (!pop3_next_line(self, &line, &size, error))
            return FALSE;
        if (line == NULL)
            break;
        if (lines == LIMIT_REPLY_LINES)
            return pop3_nonsense(self, line, size, error);
        pop3_capability(heard, line);
    }
    pop3_capabilities_free(self->capabilities);
    self->capabilities = g_steal_pointer(&heard);
    return TRUE;
}

/* Is this a verdict on login and password? Who told that he says so by [AUTH], and does not, gave
 * none. */
static gboolean is_verdict(const Pop3 *self, Pop3Reason reason)
{
    return reason == POP3_REASON_AUTH ||
           (reason == POP3_REASON_NONE && !self->capabilities->auth_codes);
}

/* TOKEN is sasl_refusal(). */
static gboolean login_refused(Pop3 *self, const char *text, const char *token, GError **error)
{
    Pop3Reason reason = pop3_reason(text);
    g_autofree char *words = server_words(text, strlen(text));
    if (is_verdict(self, reason))
        return refuse(error, POSTERN_ERROR_LOGIN, "login.refused", "set the right password",
                      "%s refused the login: \"%s\"%s", self->host, words, token);
    if (reason == POP3_REASON_NONE || reason == POP3_REASON_PERMANENT)
        return refuse(error, POSTERN_ERROR_LOGIN, "login.denied",
                      "do as the server says, or ask the people who run it",
                      "%s lets nobody log in so: \"%s\"", self->host, words);
    return pop3_refused(self, "the login", text, error);
}

static gboolean pop3_user(Pop3 *self, const Session *session, GError **error)
{
    Pop3Status status;
    const char *text;
    for (int step = 0; step < 2; step++) {
        gboolean sent = step == 0
                            ? line_write(self->channel, error, "USER %s", session->login)
                            : line_write_secret(self->channel, "PASS ", session->secret, error);
        if (!sent || !pop3_read(self, &status, &text, error))
            return FALSE;
        if (status == POP3_CHALLENGE)
            return pop3_nonsense(self, "+", 1, error);
        if (status == POP3_ERR)
            return login_refused(self, text, "", error);
    }
    return TRUE;
}

/* AUTH, with the first answer in the same line where RFC 5034 lets it. */
static gboolean auth_begin(Pop3 *self, Exchange *exchange, GError **error)
{
    g_autofree char *command = g_strdup_printf("AUTH %s ", sasl_name(exchange));
    g_autoptr(Secret) first = NULL;
    if (!sasl_first(exchange, COMMAND_BYTES - 2 - strlen(command), &first, error))
        return FALSE;
    if (first)
        return line_write_secret(self->channel, command, first, error);
    return line_write(self->channel, error, "AUTH %s", sasl_name(exchange));
}

/* Not what passes by itself, as a mailbox in use. */
static gboolean is_no(const char *text)
{
    Pop3Reason reason = pop3_reason(text);
    return reason == POP3_REASON_AUTH || reason == POP3_REASON_NONE ||
           reason == POP3_REASON_PERMANENT;
}

static gboolean pop3_auth(Pop3 *self, Exchange *exchange, const char *const *offered,
                          GError **error)
{
    Pop3Status status;
    const char *text;
    if (!auth_begin(self, exchange, error) || !pop3_read(self, &status, &text, error))
        return FALSE;
    while (status == POP3_CHALLENGE) {
        g_autoptr(Secret) answer = sasl_answer(exchange, text, error);
        if (answer == NULL || !line_write_secret(self->channel, "", answer, error) ||
            !pop3_read(self, &status, &text, error))
            return FALSE;
    }
    if (status == POP3_OK)
        return sasl_finish(exchange, error);
    if (is_no(text) && sasl_begin_unbound(exchange, offered, text))
        return pop3_auth(self, exchange, offered, error);
    return (!is_no(text) || !sasl_binding_refused(exchange, error)) &&
           login_refused(self, text, sasl_refusal(exchange), error);
}

/* RFC 6856: to who does not say so, a server may give something else for a message whose headers
 * hold UTF-8, as Courier does. Whatever it answers, the login goes on. */
static gboolean pop3_utf8(Pop3 *self, GError **error)
{
    Pop3Status status;
    const char *text;
    if (!self->capabilities->utf8)
        return TRUE;
    if (!line_write(self->channel, error, "UTF8") || !pop3_read(self, &status, &text, error))
        return FALSE;
    return status != POP3_CHALLENGE || pop3_nonsense(self, "+", 1, error);
}

static gboolean pop3_login(Pop3 *self, const Session *session, GError **error)
{
    const Pop3Capabilities *heard = self->capabilities;
    const char *const *offered = (const char *const *)heard->mechanisms->pdata;
    self->scram = sasl_offers_scram(heard->mechanisms);
    g_autoptr(GBytes) binding = channel_binding(self->channel);
    g_auto(Exchange) exchange = {0};
    g_autoptr(GError) none = NULL;
    if (sasl_begin(&exchange, session, offered, binding, &none))
        return pop3_auth(self, &exchange, offered, error);
    if (sasl_may_do_without(session) && (heard->user || !heard->answered))
        return pop3_user(self, session, error);
    g_propagate_error(error, g_steal_pointer(&none));
    return FALSE;
}

/* A server may say after login what it did not say before; but not take back what is of use here
 * (RFC 2449, 6.6 and 6.8). */
static gboolean knows_enough(const Pop3 *self)
{
    return self->capabilities->uidl && self->capabilities->pipelining;
}

gboolean pop3_authorize(Pop3 *self, const Session *session, GError **error)
{
    return pop3_greeting(self, error) && pop3_capa(self, error) && pop3_utf8(self, error) &&
           pop3_login(self, session, error) && (knows_enough(self) || pop3_capa(self, error));
}
