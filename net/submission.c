/*
 * See submission.h. In clear this file can say two things, "EHLO [127.0.0.1]" and "STARTTLS"; all
 * the rest stands behind channel_start_tls().
 */
#include "net/submission.h"

#include <fcntl.h>
#include <string.h>

#include "core/error.h"
#include "core/limits.h"
#include "net/dotstuff.h"
#include "net/sasl.h"
#include "net/smtpreply.h"
#include "net/words.h"

/* No machine's name, in clear or not (RFC 5321, 4.1.4 lets a client name an address). */
#define EHLO "EHLO [127.0.0.1]"

/* Recipients named before their replies are read: far less than a socket takes. */
#define WINDOW 32

/* A letter must make this much way in the time of one command. */
#define PIECE_BYTES (32 * 1024)

struct Submission {
    Channel *channel;
    LineReader *reader;
    char *host;
    SmtpFeatures features;
    gboolean broken; /* out of step with the server: nothing more is sent */
};

/* ---- replies ---- */

static gboolean read_reply(Submission *self, SmtpReply *reply, GError **error)
{
    gboolean good = smtp_read(self->reader, self->host, reply, NULL, NULL, error);
    self->broken = self->broken || !good || reply->code == 421;
    return good;
}

static gboolean unexpected(Submission *self, const char *what, const SmtpReply *reply,
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

/* A command without arguments from outside, and the one code that is right. */
static gboolean command(Submission *self, const char *line, int code, GError **error)
{
    g_auto(SmtpReply) reply = {0};
    if (!line_write(self->channel, error, "%s", line) || !read_reply(self, &reply, error))
        return FALSE;
    return reply.code == code ? TRUE : unexpected(self, line, &reply, error);
}

/* ---- opening ---- */

static gboolean submission_greeting(Submission *self, GError **error)
{
    g_auto(SmtpReply) reply = {0};
    if (!read_reply(self, &reply, error))
        return FALSE;
    return reply.code == 220 ? TRUE : unexpected(self, "a connection", &reply, error);
}

static gboolean submission_ehlo(Submission *self, GError **error)
{
    g_auto(SmtpReply) reply = {0};
    smtp_features_reset(&self->features);
    if (!line_write(self->channel, error, EHLO) ||
        !smtp_read(self->reader, self->host, &reply, smtp_feature, &self->features, error))
        return FALSE;
    return reply.code == 250 ? TRUE : unexpected(self, "EHLO", &reply, error);
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
    if (!read_reply(self, &reply, &why))
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
        return unexpected(self, "the login", reply, error);
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
    if (!auth_begin(self, exchange, error) || !read_reply(self, &reply, error))
        return FALSE;
    while (reply.code == 334) {
        g_autoptr(Secret) answer = sasl_answer(exchange, reply.text, error);
        if (answer == NULL || !line_write_secret(self->channel, "", answer, error) ||
            !read_reply(self, &reply, error))
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

/* ---- one letter ---- */

/* A dot-atom or quoted string without blanks, and a domain: nothing that could end a path. */
static gboolean sendable(const char *address)
{
    const char *at = strrchr(address, '@');
    if (at == NULL || at == address || strlen(address) > LIMIT_ADDRESS)
        return FALSE;
    gsize local = (gsize)(at - address), domain = strlen(at + 1);
    gboolean quoted = address[0] == '"' && at[-1] == '"' && local > 2;
    for (gsize i = quoted; i < local - quoted; i++)
        if (address[i] <= ' ' || address[i] >= 0x7f || strchr("<>\"\\", address[i]) ||
            (!quoted && strchr("()[]:;@,", address[i])))
            return FALSE;
    return domain > 0 && strspn(at + 1, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "-.") == domain;
}

static gboolean check_address(const char *address, GError **error)
{
    if (sendable(address))
        return TRUE;
    g_autofree char *safe = server_words(address, strlen(address));
    return refuse(error, POSTERN_ERROR_INPUT, "send.value", "correct the address",
                  "\"%s\" is no address that can be sent", safe);
}

static gboolean check_envelope(Submission *self, const char *from, const GPtrArray *recipients,
                               guint64 size, GError **error)
{
    if (recipients->len == 0 || recipients->len > LIMIT_RECIPIENTS)
        return refuse(error, POSTERN_ERROR_INPUT, "send.recipient",
                      "send it in several letters to some recipients each",
                      "a letter goes to 1 to %d recipients, not %u", LIMIT_RECIPIENTS,
                      recipients->len);
    if (*from != '\0' && !check_address(from, error))
        return FALSE;
    for (guint i = 0; i < recipients->len; i++)
        if (!check_address(g_ptr_array_index(recipients, i), error))
            return FALSE;
    if (self->features.size > 0 && size > self->features.size)
        return refuse(error, POSTERN_ERROR_INPUT, "send.rejected", "send less at once",
                      "the letter has %" G_GUINT64_FORMAT " bytes, and %s takes %" G_GUINT64_FORMAT
                      " at most",
                      size, self->host, self->features.size);
    return TRUE;
}

/* The server's no to the letter or one recipient. */
static gboolean rejected(Submission *self, const char *recipient, const SmtpReply *reply,
                         GError **error)
{
    g_autofree char *safe = recipient ? server_words(recipient, strlen(recipient)) : NULL;
    if (reply->code / 100 == 4)
        return refuse(error, POSTERN_ERROR_TEMPORARY, "send.deferred", "send it again later",
                      "%s does not take the letter%s%s now: \"%s\"", self->host, safe ? " to " : "",
                      safe ? safe : "", reply->words);
    if (reply->code / 100 != 5)
        return unexpected(self, recipient ? "RCPT" : "the letter", reply, error);
    return refuse(error, POSTERN_ERROR_INPUT, recipient ? "send.recipient" : "send.rejected",
                  recipient ? "correct or remove the recipient"
                            : "change the letter as the server says",
                  "%s refuses the letter%s%s: \"%s\"", self->host, safe ? " to " : "",
                  safe ? safe : "", reply->words);
}

/* Before the last dot 421 is about the connection, and ends it: the letter may go by another. */
static gboolean read_early(Submission *self, SmtpReply *reply, GError **error)
{
    return read_reply(self, reply, error) &&
           (reply->code != 421 || unexpected(self, "another letter", reply, error));
}

/* Line NUMBER of an envelope: MAIL, then one RCPT each. */
static gboolean write_envelope(Submission *self, const char *from, const GPtrArray *recipients,
                               guint64 size, guint number, GError **error)
{
    if (number > 0)
        return line_write(self->channel, error, "RCPT TO:<%s>",
                          (const char *)g_ptr_array_index(recipients, number - 1));
    g_autofree char *told = self->features.size_known
                                ? g_strdup_printf(" SIZE=%" G_GUINT64_FORMAT, size)
                                : g_strdup("");
    return line_write(self->channel, error, "MAIL FROM:<%s>%s%s", from, told,
                      self->features.eight_bit ? " BODY=8BITMIME" : "");
}

/* Its reply; the first that is no yes goes to *no. */
static gboolean read_envelope(Submission *self, const GPtrArray *recipients, guint number,
                              GError **no, GError **error)
{
    g_auto(SmtpReply) reply = {0};
    if (!read_early(self, &reply, error))
        return FALSE;
    /* 251: it will forward, and says so; where to is the server's business. */
    gboolean yes = reply.code == 250 || (number > 0 && (reply.code == 251 || reply.code == 252));
    if (!yes && *no == NULL)
        rejected(self, number > 0 ? g_ptr_array_index(recipients, number - 1) : NULL, &reply, no);
    return TRUE;
}

/* MAIL and every RCPT, WINDOW at a time where the server lets us; *no: somebody is refused. */
static gboolean submission_envelope(Submission *self, const char *from, const GPtrArray *recipients,
                                    guint64 size, GError **no, GError **error)
{
    guint window = self->features.pipelining ? WINDOW : 1, lines = recipients->len + 1;
    for (guint at = 0; at < lines && *no == NULL; at += window) {
        guint until = MIN(at + window, lines);
        channel_deadline(self->channel, LIMIT_COMMAND_MS);
        for (guint i = at; i < until; i++)
            if (!write_envelope(self, from, recipients, size, i, error))
                return FALSE;
        for (guint i = at; i < until; i++)
            if (!read_envelope(self, recipients, i, no, error))
                return FALSE;
    }
    return TRUE;
}

static gboolean submission_data(Submission *self, GError **error)
{
    g_auto(SmtpReply) reply = {0};
    channel_deadline(self->channel, LIMIT_COMMAND_MS);
    if (!line_write(self->channel, error, "DATA") || !read_early(self, &reply, error))
        return FALSE;
    return reply.code == 354 ? TRUE : rejected(self, NULL, &reply, error);
}

static gboolean write_piece(Submission *self, const DotStuff *stuff, GByteArray *piece,
                            GError **error)
{
    if (stuff->eight_bit && !self->features.eight_bit)
        return refuse(error, POSTERN_ERROR_INPUT, "send.rejected", "send it encrypted or as base64",
                      "%s takes seven-bit letters only", self->host);
    channel_deadline(self->channel, LIMIT_COMMAND_MS);
    return channel_write(self->channel, piece->data, piece->len, error);
}

/* Everything but the dot at the end: until that is out, no server may take the letter. */
static gboolean submission_body(Submission *self, Source *body, guint64 size, GError **error)
{
    DotStuff stuff = {0};
    g_autofree guint8 *buffer = g_malloc(PIECE_BYTES);
    g_autoptr(GByteArray) piece = g_byte_array_new();
    guint64 total = 0;
    gssize got;
    while ((got = source_read(body, buffer, PIECE_BYTES, error)) > 0) {
        total += (guint64)got;
        g_byte_array_set_size(piece, 0);
        if (!dotstuff_feed(&stuff, buffer, (gsize)got, piece, error) ||
            !write_piece(self, &stuff, piece, error))
            return FALSE;
    }
    if (got < 0)
        return FALSE;
    if (total != size)
        return refuse(error, POSTERN_ERROR_BUG, "send.size", NULL,
                      "a letter of %" G_GUINT64_FORMAT " bytes was announced and %" G_GUINT64_FORMAT
                      " came",
                      size, total);
    g_byte_array_set_size(piece, 0);
    trace_body(channel_trace(self->channel), FALSE, total);
    return dotstuff_finish(&stuff, piece, error) && write_piece(self, &stuff, piece, error);
}

/* The dot and its answer; when that fails nobody knows whether the letter was taken. */
static gboolean submission_dot(Submission *self, GError **error)
{
    static const char dot[] = ".\r\n";
    g_auto(SmtpReply) reply = {0};
    g_autoptr(GError) why = NULL;
    channel_deadline(self->channel, LIMIT_DELIVERY_MS);
    channel_silence(self->channel, LIMIT_DELIVERY_MS);
    gboolean answered = channel_write(self->channel, (const guint8 *)dot, sizeof dot - 1, &why) &&
                        read_reply(self, &reply, &why);
    channel_silence(self->channel, LIMIT_READ_MS);
    if (answered && reply.code == 250)
        return TRUE;
    if (answered && reply.code >= 400)
        return rejected(self, NULL, &reply, error);
    self->broken = TRUE;
    return refuse(error, POSTERN_ERROR_TEMPORARY, "send.doubt",
                  "ask a recipient before you send it again",
                  "the letter may have been sent: %s did not confirm it (%s)", self->host,
                  answered ? reply.words : why->message);
}

static gboolean submission_content(Submission *self, Source *body, guint64 size, GError **error)
{
    self->broken = !submission_body(self, body, size, error);
    return !self->broken && submission_dot(self, error);
}

gboolean submission_send(Submission *self, const char *from, const GPtrArray *recipients,
                         Source *body, guint64 size, GError **error)
{
    g_autoptr(GError) no = NULL;
    if (self->broken)
        return refuse(error, POSTERN_ERROR_UNREACHABLE, "server.closed", "connect again",
                      "the connection with %s is no longer usable", self->host);
    if (!check_envelope(self, from, recipients, size, error) ||
        !submission_envelope(self, from, recipients, size, &no, error))
        return FALSE;
    if (no)
        g_propagate_error(error, g_steal_pointer(&no));
    else if (submission_data(self, error))
        return submission_content(self, body, size, error);
    /* All or nothing; a server that cannot even forget is not spoken to again. */
    self->broken = self->broken || !command(self, "RSET", 250, NULL);
    return FALSE;
}

gboolean submission_quit(Submission *self, GError **error)
{
    if (self->broken)
        return TRUE;
    channel_deadline(self->channel, LIMIT_COMMAND_MS);
    gboolean good = command(self, "QUIT", 221, error);
    self->broken = TRUE;
    return good;
}
