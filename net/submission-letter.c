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

/* A dot-atom or quoted string without blanks, perhaps with letters of RFC 6531, and a domain in
 * A-labels: nothing that could end a path. */
static gboolean sendable(const char *address)
{
    const char *at = strrchr(address, '@');
    if (at == NULL || at == address || strlen(address) > LIMIT_ADDRESS ||
        !g_utf8_validate(address, -1, NULL))
        return FALSE;
    gsize local = (gsize)(at - address), domain = strlen(at + 1);
    gboolean quoted = address[0] == '"' && at[-1] == '"' && local > 2;
    for (gsize i = quoted; i < local - quoted; i++)
        if ((guchar)address[i] <= ' ' || address[i] == 0x7f || strchr("<>\"\\", address[i]) ||
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

/* The first address that is more than ASCII, or NULL. */
static const char *beyond_ascii(const LetterEnvelope *letter)
{
    if (!g_str_is_ascii(letter->from))
        return letter->from;
    for (guint i = 0; i < letter->recipients->len; i++)
        if (!g_str_is_ascii(letter->recipients->pdata[i]))
            return letter->recipients->pdata[i];
    return NULL;
}

static gboolean needs_utf8(const LetterEnvelope *letter)
{
    return (letter->needs & LETTER_UTF8) || beyond_ascii(letter) != NULL;
}

/* What the server does not know to do is not begun. */
static gboolean check_carriage(Submission *self, const LetterEnvelope *letter, GError **error)
{
    const char *address = beyond_ascii(letter);
    g_autofree char *safe = address ? server_words(address, strlen(address)) : NULL;
    if (self->features.size > 0 && letter->size > self->features.size)
        return refuse(error, POSTERN_ERROR_INPUT, "send.rejected", "send less at once",
                      "the letter has %" G_GUINT64_FORMAT " bytes, and %s takes %" G_GUINT64_FORMAT
                      " at most",
                      letter->size, self->host, self->features.size);
    if (needs_utf8(letter) && !self->features.utf8)
        return refuse(error, POSTERN_ERROR_INPUT, "send.utf8",
                      "ask for an address in ASCII, or have SMTPUTF8 switched on",
                      "%s takes no letters outside ASCII in addresses%s%s", self->host,
                      safe ? ", as in " : "", safe ? safe : "");
    if (letter->notice && letter->notice->when && !self->features.dsn)
        return refuse(
            error, POSTERN_ERROR_INPUT, "send.dsn",
            "send it without --dsn (of sendmail, -N), and ask the recipient for an answer",
            "%s knows no notices of delivery on request", self->host);
    if ((letter->needs & LETTER_8BIT) && !self->features.eight_bit)
        return refuse(error, POSTERN_ERROR_INPUT, "send.rejected", "send it encrypted or as base64",
                      "%s takes seven-bit letters only", self->host);
    return TRUE;
}

static gboolean check_envelope(Submission *self, const LetterEnvelope *letter, GError **error)
{
    const GPtrArray *recipients = letter->recipients;
    if (recipients->len == 0 || recipients->len > LIMIT_RECIPIENTS)
        return refuse(error, POSTERN_ERROR_INPUT, "send.recipient",
                      "send it in several letters to some recipients each",
                      "a letter goes to 1 to %d recipients, not %u", LIMIT_RECIPIENTS,
                      recipients->len);
    if (*letter->from != '\0' && !check_address(letter->from, error))
        return FALSE;
    for (guint i = 0; i < recipients->len; i++)
        if (!check_address(g_ptr_array_index(recipients, i), error))
            return FALSE;
    return check_carriage(self, letter, error);
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
    const LetterEnvelope *letter;
    const LetterTaker *taker; /* or NULL */
    guint taken;              /* recipients that the server takes */
    GError *no;               /* to the whole letter, or to the first recipient that it refuses */
} Envelope;

/* Line NUMBER of an envelope: MAIL, then one RCPT each. */
static gboolean write_envelope(Submission *self, const Envelope *envelope, guint number,
                               GError **error)
{
    const LetterEnvelope *letter = envelope->letter;
    if (number > 0) {
        const char *address = letter->recipients->pdata[number - 1];
        g_autofree char *ask = submission_notice_rcpt(letter, address);
        return line_write(self->channel, error, "RCPT TO:<%s>%s", address, ask);
    }
    g_autofree char *ask = submission_notice_mail(letter);
    g_autofree char *told = self->features.size_known
                                ? g_strdup_printf(" SIZE=%" G_GUINT64_FORMAT, letter->size)
                                : g_strdup("");
    return line_write(self->channel, error, "MAIL FROM:<%s>%s%s%s%s", letter->from, told,
                      (letter->needs & LETTER_8BIT) ? " BODY=8BITMIME" : "",
                      needs_utf8(letter) ? " SMTPUTF8" : "", ask);
}

static gboolean refuse_recipient(Submission *self, Envelope *envelope, guint n, SmtpReply *reply)
{
    const char *recipient = envelope->letter->recipients->pdata[n];
    GError *no = NULL;
    if (reply->code < 400) {
        g_clear_error(&envelope->no);
        return rejected(self, recipient, reply, &envelope->no);
    }
    if (reply->code == 552) /* RFC 5321, 4.5.3.1.10: too many for one letter, says an old server */
        reply->code = 452;
    rejected(self, recipient, reply, &no);
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
    guint window = self->features.pipelining ? WINDOW : 1;
    guint lines = envelope->letter->recipients->len + 1;
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

/* On its way: what is held back is what would end the letter. */
typedef struct {
    Source *body;
    guint8 *buffer;
    gsize ahead; /* bytes of BUFFER that were read before it was known how they go */
    DotStuff stuff;
    GByteArray *piece; /* to be written next */
    guint64 total;
} Content;

static gssize content_read(Content *content, GError **error)
{
    gsize ahead = content->ahead;
    content->ahead = 0;
    return ahead > 0 ? (gssize)ahead
                     : source_read(content->body, content->buffer, PIECE_BYTES, error);
}

/* Nobody has heard of a letter's need that it does not tell (BODY=8BITMIME). */
static gboolean write_piece(Submission *self, const LetterEnvelope *letter, Content *content,
                            guint held, GError **error)
{
    if (content->stuff.eight_bit && !(letter->needs & LETTER_8BIT))
        return refuse(error, POSTERN_ERROR_BUG, "send.needs", NULL,
                      "a letter was announced as seven-bit and is not");
    guint n = content->piece->len - MIN(held, content->piece->len);
    channel_deadline(self->channel, LIMIT_COMMAND_MS);
    if (n > 0 && !channel_write(self->channel, content->piece->data, n, error))
        return FALSE;
    g_byte_array_remove_range(content->piece, 0, n);
    return TRUE;
}

/* Everything but what ends it, the dot or the last byte: until that is out, no server may take the
 * letter. What is left for it lies in CONTENT's piece then. */
static gboolean submission_body(Submission *self, const LetterEnvelope *letter, Content *content,
                                GError **error)
{
    guint held = content->stuff.counted;
    gssize got;
    while ((got = content_read(content, error)) > 0) {
        content->total += (guint64)got;
        if (content->total > letter->size)
            break;
        if (!dotstuff_feed(&content->stuff, content->buffer, (gsize)got, content->piece, error) ||
            !write_piece(self, letter, content, held, error))
            return FALSE;
    }
    if (got < 0)
        return FALSE;
    if (content->total != letter->size)
        return refuse(error, POSTERN_ERROR_BUG, "send.size", NULL,
                      "a letter of %" G_GUINT64_FORMAT " bytes was announced and %" G_GUINT64_FORMAT
                      " came",
                      letter->size, content->total);
    trace_body(channel_trace(self->channel), FALSE, content->total);
    return dotstuff_finish(&content->stuff, content->piece, error) &&
           write_piece(self, letter, content, held, error);
}

/* The end and its answer; when that fails nobody knows whether the letter was taken. */
static gboolean submission_end(Submission *self, const GByteArray *end, GError **error)
{
    g_auto(SmtpReply) reply = {0};
    g_autoptr(GError) why = NULL;
    channel_deadline(self->channel, LIMIT_DELIVERY_MS);
    channel_silence(self->channel, LIMIT_DELIVERY_MS);
    gboolean answered = channel_write(self->channel, end->data, end->len, &why) &&
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

/* --- BDAT ---------------------------------------------------------------------------------- */

/* Bytes of the letter that go in front, to see what the server makes of BDAT. */
#define PROOF 2

/* Is there enough of it that no command is the end of it, and does it begin with what is no line?
 */
static gboolean can_be_chunks(const Content *content, const LetterEnvelope *letter)
{
    return letter->size > PROOF && content->ahead >= PROOF && g_ascii_isalpha(content->buffer[0]) &&
           g_ascii_isalpha(content->buffer[1]);
}

/* It has read these bytes as the beginning of a command: they become a wrong one. */
static gboolean take_back(Submission *self, const SmtpReply *said, GError **error)
{
    g_auto(SmtpReply) reply = {0};
    self->features.chunking = FALSE;
    if (!line_write(self->channel, error, "%s", "") || !read_early(self, &reply, error))
        return FALSE;
    return (said->code >= 500 && said->code <= 504) || rejected(self, NULL, said, error);
}

/* Upon BDAT the letter follows its command unasked, and would be read as commands by a server that
 * only says CHUNKING. So each connection is asked once, by two letters; a chunk of nothing is none
 * to Postfix. Where they went, they are counted. */
static gboolean prove_chunks(Submission *self, Content *content, GError **error)
{
    g_auto(SmtpReply) reply = {0};
    channel_deadline(self->channel, LIMIT_COMMAND_MS);
    if (!line_write(self->channel, error, "BDAT %d", PROOF) ||
        !channel_write(self->channel, content->buffer, PROOF, error) ||
        !read_early(self, &reply, error))
        return FALSE;
    self->chunks = reply.code == 250;
    if (!self->chunks)
        return take_back(self, &reply, error);
    content->ahead -= PROOF;
    content->total = PROOF;
    memmove(content->buffer, content->buffer + PROOF, content->ahead);
    content->stuff.in_line = TRUE;
    return TRUE;
}

/* Asks for the letter. With BDAT nothing is asked: RFC 3030 has one answer, to the last byte. */
static gboolean submission_begin(Submission *self, const LetterEnvelope *letter, Content *content,
                                 GError **error)
{
    gssize got = source_read(content->body, content->buffer, PIECE_BYTES, error);
    if (got < 0)
        return FALSE;
    content->ahead = (gsize)got;
    gboolean fit = self->features.chunking && can_be_chunks(content, letter);
    if (fit && !self->chunks && !prove_chunks(self, content, error))
        return FALSE;
    content->stuff.counted = fit && self->chunks;
    if (!content->stuff.counted)
        return submission_data(self, error);
    channel_deadline(self->channel, LIMIT_COMMAND_MS);
    return line_write(self->channel, error, "BDAT %" G_GUINT64_FORMAT " LAST",
                      letter->size - content->total);
}

/* --- the whole ----------------------------------------------------------------------------- */

static gboolean submission_content(Submission *self, const Envelope *envelope, Content *content,
                                   GError **error)
{
    self->broken = !submission_body(self, envelope->letter, content, error) ||
                   !may_end(envelope->taker, error);
    if (self->broken)
        return FALSE;
    if (!content->stuff.counted)
        g_byte_array_append(content->piece, (const guint8 *)".\r\n", 3);
    return submission_end(self, content->piece, error);
}

static gboolean send_letter(Submission *self, Envelope *envelope, Source *body, GError **error)
{
    g_autofree guint8 *buffer = g_malloc(PIECE_BYTES);
    g_autoptr(GByteArray) piece = g_byte_array_new();
    Content content = {.body = body, .buffer = buffer, .piece = piece};
    gboolean on = TRUE;
    if (!submission_envelope(self, envelope, &on, error))
        return FALSE;
    if (!on || envelope->taken == 0)
        g_propagate_error(error, g_steal_pointer(&envelope->no));
    else if (submission_begin(self, envelope->letter, &content, error)) {
        if (submission_content(self, envelope, &content, error))
            return TRUE;
        if (!content.stuff.counted) /* a dot ends the letter, taken or not; RFC 3030, 2 */
            return FALSE;
    }
    /* A server that cannot even forget is not spoken to again. */
    self->broken = self->broken || !submission_command(self, "RSET", 250, NULL);
    return FALSE;
}

gboolean submission_send(Submission *self, const LetterEnvelope *letter, Source *body,
                         const LetterTaker *taker, GError **error)
{
    Envelope envelope = {.letter = letter, .taker = taker};
    if (self->broken)
        return refuse(error, POSTERN_ERROR_UNREACHABLE, "server.closed", "connect again",
                      "the connection with %s is no longer usable", self->host);
    if (!check_envelope(self, letter, error))
        return FALSE;
    gboolean sent = send_letter(self, &envelope, body, error);
    g_clear_error(&envelope.no);
    return sent;
}
