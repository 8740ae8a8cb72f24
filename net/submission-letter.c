/* See submission.h: one letter. */
#include <string.h>

#include "core/error.h"
#include "core/limits.h"
#include "net/dotstuff.h"
#include "net/submission-state.h"
#include "net/words.h"

/* Recipients named before their replies are read: far less than a socket takes. */
#define WINDOW 32

/* A letter must make this much way in the time of one command. */
#define PIECE_BYTES (32 * 1024)

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
        return submission_unexpected(self, recipient ? "RCPT" : "the letter", reply, error);
    return refuse(error, POSTERN_ERROR_INPUT, recipient ? "send.recipient" : "send.rejected",
                  recipient ? "correct or remove the recipient"
                            : "change the letter as the server says",
                  "%s refuses the letter%s%s: \"%s\"", self->host, safe ? " to " : "",
                  safe ? safe : "", reply->words);
}

/* Before the last dot 421 is about the connection, and ends it: the letter may go by another. */
static gboolean read_early(Submission *self, SmtpReply *reply, GError **error)
{
    return submission_reply(self, reply, error) &&
           (reply->code != 421 || submission_unexpected(self, "another letter", reply, error));
}

/* Who is to get a letter, and what the server says to that. */
typedef struct {
    const char *from;
    const GPtrArray *recipients;
    guint64 size;
    const LetterTaker *taker; /* or NULL */
    guint taken;              /* recipients that the server takes */
    GError *no;               /* to the whole letter, or to the first recipient that it refuses */
} Envelope;

/* Line NUMBER of an envelope: MAIL, then one RCPT each. */
static gboolean write_envelope(Submission *self, const Envelope *envelope, guint number,
                               GError **error)
{
    if (number > 0)
        return line_write(self->channel, error, "RCPT TO:<%s>",
                          (const char *)g_ptr_array_index(envelope->recipients, number - 1));
    g_autofree char *told = self->features.size_known
                                ? g_strdup_printf(" SIZE=%" G_GUINT64_FORMAT, envelope->size)
                                : g_strdup("");
    return line_write(self->channel, error, "MAIL FROM:<%s>%s%s", envelope->from, told,
                      self->features.eight_bit ? " BODY=8BITMIME" : "");
}

static gboolean refuse_recipient(Submission *self, Envelope *envelope, guint n, SmtpReply *reply)
{
    GError *no = NULL;
    if (reply->code < 400) {
        g_clear_error(&envelope->no);
        return rejected(self, g_ptr_array_index(envelope->recipients, n), reply, &envelope->no);
    }
    if (reply->code == 552) /* RFC 5321, 4.5.3.1.10: too many for one letter, says an old server */
        reply->code = 452;
    rejected(self, g_ptr_array_index(envelope->recipients, n), reply, &no);
    if (envelope->taker && envelope->taker->refused)
        envelope->taker->refused(envelope->taker->user, n, no);
    if (envelope->no == NULL)
        envelope->no = no;
    else
        g_error_free(no);
    return TRUE;
}

/* The reply to line NUMBER; *ON turns FALSE when it is no use to go on with the letter. */
static gboolean read_envelope(Submission *self, Envelope *envelope, guint number, gboolean *on,
                              GError **error)
{
    g_auto(SmtpReply) reply = {0};
    if (!read_early(self, &reply, error))
        return FALSE;
    if (!*on)
        return TRUE;
    /* 251: it will forward, and says so; where to is the server's business. */
    gboolean yes = reply.code == 250 || (number > 0 && (reply.code == 251 || reply.code == 252));
    if (yes)
        envelope->taken += number > 0;
    else if (number == 0)
        *on = rejected(self, NULL, &reply, &envelope->no);
    else
        *on = refuse_recipient(self, envelope, number - 1, &reply);
    return TRUE;
}

/* MAIL and every RCPT, WINDOW at a time where the server lets us. */
static gboolean submission_envelope(Submission *self, Envelope *envelope, gboolean *on,
                                    GError **error)
{
    guint window = self->features.pipelining ? WINDOW : 1, lines = envelope->recipients->len + 1;
    for (guint at = 0; at < lines && *on; at += window) {
        guint until = MIN(at + window, lines);
        channel_deadline(self->channel, LIMIT_COMMAND_MS);
        for (guint i = at; i < until; i++)
            if (!write_envelope(self, envelope, i, error))
                return FALSE;
        for (guint i = at; i < until; i++)
            if (!read_envelope(self, envelope, i, on, error))
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
                        submission_reply(self, &reply, &why);
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

static gboolean may_end(const LetterTaker *taker, GError **error)
{
    return taker == NULL || taker->dot == NULL || taker->dot(taker->user, error);
}

static gboolean submission_content(Submission *self, const Envelope *envelope, Source *body,
                                   GError **error)
{
    self->broken =
        !submission_body(self, body, envelope->size, error) || !may_end(envelope->taker, error);
    return !self->broken && submission_dot(self, error);
}

static gboolean send_letter(Submission *self, Envelope *envelope, Source *body, GError **error)
{
    gboolean on = TRUE;
    if (!submission_envelope(self, envelope, &on, error))
        return FALSE;
    if (!on || envelope->taken == 0)
        g_propagate_error(error, g_steal_pointer(&envelope->no));
    else if (submission_data(self, error))
        return submission_content(self, envelope, body, error);
    /* A server that cannot even forget is not spoken to again. */
    self->broken = self->broken || !submission_command(self, "RSET", 250, NULL);
    return FALSE;
}

gboolean submission_send(Submission *self, const char *from, const GPtrArray *recipients,
                         Source *body, guint64 size, const LetterTaker *taker, GError **error)
{
    Envelope envelope = {.from = from, .recipients = recipients, .size = size, .taker = taker};
    if (self->broken)
        return refuse(error, POSTERN_ERROR_UNREACHABLE, "server.closed", "connect again",
                      "the connection with %s is no longer usable", self->host);
    if (!check_envelope(self, from, recipients, size, error))
        return FALSE;
    gboolean sent = send_letter(self, &envelope, body, error);
    g_clear_error(&envelope.no);
    return sent;
}
