/*
 * See deliver.h: a local LMTP server (RFC 2033). The sender is <>, so that nothing that is handed
 * on can cause a bounce or an answer to whoever wrote it. A CR or LF alone becomes CR LF, as RFC
 * 5321 (2.3.8) demands: no two ends of the line can differ in where a message ends. The last dot
 * goes out when the whole message was read and proved; on any doubt before, the socket is closed
 * instead, and the server drops what it has (RFC 5321, 4.1.1.4).
 */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/error.h"
#include "core/limits.h"
#include "core/secret.h"
#include "core/text.h"
#include "fetchd/deliver.h"
#include "net/words.h"

#define OUT_BYTES (16 * 1024)

typedef struct {
    Deliverer deliverer;
    char *path, *recipient;
    int fd; /* -1: not connected */
    gboolean eight_bit;
    gboolean begins, cr; /* a line begins; a CR was seen and not sent yet */
    gsize used, had;
    guint8 out[OUT_BYTES];
    char in[LIMIT_HANDOFF_LINE];
} Lmtp;

/* A reply: the code, and the first line made safe. */
typedef struct {
    int code;
    char *words;
} Reply;

static void reply_clear(Reply *reply)
{
    g_clear_pointer(&reply->words, g_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Reply, reply_clear)

static gboolean down(const Lmtp *self, const char *rule, const char *why, GError **error)
{
    g_autofree char *shown = text_name(self->path);
    return refuse(error, POSTERN_ERROR_TEMPORARY, rule,
                  "see that the LMTP server runs; mail is handed on with the next pass",
                  "mail cannot be handed on to %s: %s", shown, why);
}

static gboolean said(const Lmtp *self, const char *rule, const Reply *reply, const char *mend,
                     GError **error)
{
    g_autofree char *shown = text_name(self->path);
    return refuse(error, POSTERN_ERROR_TEMPORARY, rule, mend, "%s says: \"%s\"", shown,
                  reply->words);
}

static void hang_up(Lmtp *self)
{
    if (self->fd >= 0)
        close(self->fd);
    self->fd = -1;
    secret_wipe(self->out, sizeof self->out);
    self->used = self->had = 0;
}

/* --- bytes --------------------------------------------------------------------------------- */

static gboolean await(const Lmtp *self, short events, gint64 until, GError **error)
{
    struct pollfd fd = {.fd = self->fd, .events = events};
    for (;;) {
        gint64 left = (until - g_get_monotonic_time() + 999) / 1000;
        int ready = left > 0 ? poll(&fd, 1, (int)left) : 0;
        if (ready > 0)
            return TRUE;
        if (ready == 0)
            return down(self, "deliver.timeout", "it does not answer", error);
        if (errno != EINTR)
            return down(self, "deliver.unreachable", g_strerror(errno), error);
    }
}

static gint64 deadline(void)
{
    return g_get_monotonic_time() + (gint64)LIMIT_HANDOFF_MS * 1000;
}

static gboolean flush(Lmtp *self, GError **error)
{
    gint64 until = deadline();
    for (gsize at = 0; at < self->used;) {
        gssize done = send(self->fd, self->out + at, self->used - at, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (done > 0)
            at += (gsize)done;
        else if (errno != EINTR && errno != EAGAIN)
            return down(self, "deliver.unreachable", g_strerror(errno), error);
        else if (!await(self, POLLOUT, until, error))
            return FALSE;
    }
    self->used = 0;
    return TRUE;
}

static gboolean put(Lmtp *self, guint8 byte, GError **error)
{
    if (self->used == OUT_BYTES && !flush(self, error))
        return FALSE;
    self->out[self->used++] = byte;
    return TRUE;
}

static gboolean put_text(Lmtp *self, const char *text, GError **error)
{
    for (; *text; text++)
        if (!put(self, (guint8)*text, error))
            return FALSE;
    return TRUE;
}

/* --- replies ------------------------------------------------------------------------------- */

/* The next line without its end, valid until the next call. */
static gboolean read_line(Lmtp *self, gint64 until, char line[static LIMIT_HANDOFF_LINE],
                          GError **error)
{
    char *end;
    while ((end = memchr(self->in, '\n', self->had)) == NULL) {
        if (self->had == sizeof self->in)
            return down(self, "deliver.protocol", "its reply has no end", error);
        if (!await(self, POLLIN, until, error))
            return FALSE;
        gssize got = recv(self->fd, self->in + self->had, sizeof self->in - self->had, 0);
        if (got < 0 && (errno == EINTR || errno == EAGAIN))
            continue;
        if (got <= 0)
            return down(self, "deliver.unreachable", "it has hung up", error);
        self->had += (gsize)got;
    }
    gsize size = (gsize)(end - self->in);
    memcpy(line, self->in, size);
    self->had -= size + 1;
    memmove(self->in, end + 1, self->had);
    if (size > 0 && line[size - 1] == '\r')
        size--;
    line[size] = '\0';
    return strlen(line) == size || down(self, "deliver.protocol", "it does not speak LMTP", error);
}

static int code_of(const char *line)
{
    gboolean formed = line[0] >= '2' && line[0] <= '5' && g_ascii_isdigit(line[1]) &&
                      g_ascii_isdigit(line[2]) && strchr(" -", line[3]);
    return formed ? (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0') : 0;
}

static gboolean read_reply(Lmtp *self, Reply *reply, GError **error)
{
    char line[LIMIT_HANDOFF_LINE];
    gint64 until = deadline();
    for (guint lines = 0; lines < LIMIT_REPLY_LINES; lines++) {
        if (!read_line(self, until, line, error))
            return FALSE;
        int code = code_of(line);
        if (code == 0 || (lines > 0 && code != reply->code))
            break;
        reply->code = code;
        if (lines == 0) {
            g_free(reply->words);
            reply->words = server_words(line, strlen(line));
        }
        if (code == 250 && g_ascii_strcasecmp(line + MIN(strlen(line), 4), "8BITMIME") == 0)
            self->eight_bit = TRUE;
        if (line[3] != '-')
            return TRUE;
    }
    return down(self, "deliver.protocol", "it does not speak LMTP", error);
}

static gboolean is_good(const Reply *reply, int hundreds)
{
    return reply->code / 100 == hundreds;
}

/* The server is about to go (RFC 5321, 3.8). */
static gboolean goes(const Reply *reply)
{
    return reply->code == 421;
}

static gboolean ask(Lmtp *self, Reply *reply, GError **error, const char *format, ...)
    G_GNUC_PRINTF(4, 5);

static gboolean ask(Lmtp *self, Reply *reply, GError **error, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *command = g_strdup_vprintf(format, args);
    va_end(args);
    return put_text(self, command, error) && put_text(self, "\r\n", error) && flush(self, error) &&
           read_reply(self, reply, error);
}

/* --- the connection ------------------------------------------------------------------------ */

static gboolean refuse_socket(const Lmtp *self, const char *why, GError **error)
{
    g_autofree char *shown = text_name(self->path);
    return refuse(error, POSTERN_ERROR_POLICY, "deliver.socket",
                  "name the socket of an LMTP server of your own or of root's",
                  "mail is not handed on to %s: %s", shown, why);
}

static gboolean is_trusted(uid_t uid)
{
    return uid == 0 || uid == geteuid();
}

static gboolean dial(Lmtp *self, GError **error)
{
    struct stat facts;
    struct ucred peer = {.uid = (uid_t)-1};
    socklen_t size = sizeof peer;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (g_strlcpy(address.sun_path, self->path, sizeof address.sun_path) >= sizeof address.sun_path)
        return refuse_socket(self, "the name is too long for a socket", error);
    if (lstat(self->path, &facts) != 0)
        return down(self, "deliver.unreachable", g_strerror(errno), error);
    if (!S_ISSOCK(facts.st_mode))
        return refuse_socket(self, "it is no socket", error);
    self->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (self->fd < 0 || connect(self->fd, (struct sockaddr *)&address, sizeof address) != 0)
        return down(self, "deliver.unreachable", g_strerror(errno), error);
    /* Whoever listens, not whoever made the name: no link and no rename makes a difference. */
    if (getsockopt(self->fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0 || !is_trusted(peer.uid))
        return refuse_socket(self, "it belongs to another user", error);
    return TRUE;
}

static gboolean greet(Lmtp *self, GError **error)
{
    g_auto(Reply) reply = {.code = 0};
    self->eight_bit = FALSE;
    if (!read_reply(self, &reply, error))
        return FALSE;
    if (is_good(&reply, 2) && !ask(self, &reply, error, "LHLO localhost"))
        return FALSE;
    return is_good(&reply, 2) ||
           said(self, "deliver.unreachable", &reply, "look into the LMTP server's log", error);
}

static gboolean connect_to(Lmtp *self, GError **error)
{
    if (dial(self, error) && greet(self, error))
        return TRUE;
    hang_up(self);
    return FALSE;
}

/* --- one message --------------------------------------------------------------------------- */

/* What the server says no to before the message: is it of this one alone? */
static gboolean no_to(Lmtp *self, const Reply *reply, gboolean recipient, GError **error)
{
    g_auto(Reply) after = {.code = 0};
    if (goes(reply))
        (void)said(self, "deliver.unreachable", reply, "look into the LMTP server's log", error);
    else if (recipient)
        (void)said(self, "deliver.recipient", reply,
                   "let the LMTP server take mail for the account's address", error);
    else
        (void)said(self, "deliver.message", reply, "look into the LMTP server's log", error);
    if (goes(reply) || !ask(self, &after, NULL, "RSET") || !is_good(&after, 2))
        hang_up(self);
    return FALSE;
}

static gboolean envelope(Lmtp *self, GError **error)
{
    g_auto(Reply) reply = {.code = 0};
    if (!ask(self, &reply, error, "MAIL FROM:<>%s", self->eight_bit ? " BODY=8BITMIME" : ""))
        return FALSE;
    if (!is_good(&reply, 2))
        return no_to(self, &reply, FALSE, error);
    if (!ask(self, &reply, error, "RCPT TO:<%s>", self->recipient))
        return FALSE;
    return is_good(&reply, 2) || no_to(self, &reply, TRUE, error);
}

static gboolean start(Lmtp *self, GError **error)
{
    g_auto(Reply) reply = {.code = 0};
    if ((self->fd < 0 && !connect_to(self, error)) || !envelope(self, error) ||
        !ask(self, &reply, error, "DATA"))
        return FALSE;
    if (!is_good(&reply, 3))
        return no_to(self, &reply, FALSE, error);
    self->begins = TRUE;
    self->cr = FALSE;
    return TRUE;
}

static gboolean is(const GError *error, const char *rule)
{
    return g_strcmp0(postern_error_rule(error), rule) == 0;
}

static gboolean lmtp_start(Deliverer *deliverer, GError **error)
{
    Lmtp *self = (Lmtp *)deliverer;
    g_autoptr(GError) failure = NULL;
    gboolean was_open = self->fd >= 0;
    if (start(self, &failure))
        return TRUE;
    if (was_open && is(failure, "deliver.unreachable")) { /* tired of waiting: once more */
        hang_up(self);
        g_clear_error(&failure);
        if (start(self, &failure))
            return TRUE;
    }
    if (!is(failure, "deliver.message"))
        hang_up(self);
    g_propagate_error(error, g_steal_pointer(&failure));
    return FALSE;
}

/* The server went away over the message: perhaps because of it. */
static gboolean lost(Lmtp *self, GError *failure, GError **error)
{
    hang_up(self);
    const char *rule = is(failure, "deliver.unreachable") ? "deliver.lost" : NULL;
    refuse(error, failure->code, rule ? rule : postern_error_rule(failure),
           postern_error_mend(failure), "%s", failure->message);
    g_error_free(failure);
    return FALSE;
}

static gboolean put_end(Lmtp *self, GError **error)
{
    self->begins = TRUE;
    self->cr = FALSE;
    return put(self, '\r', error) && put(self, '\n', error);
}

static gboolean put_body(Lmtp *self, const guint8 *data, gsize size, GError **error)
{
    for (gsize i = 0; i < size; i++) {
        if (self->cr && data[i] != '\n' && !put_end(self, error))
            return FALSE;
        if (data[i] == '\n') {
            if (!put_end(self, error))
                return FALSE;
        } else if (data[i] == '\r') {
            self->cr = TRUE;
        } else {
            if ((self->begins && data[i] == '.' && !put(self, '.', error)) ||
                !put(self, data[i], error))
                return FALSE;
            self->begins = FALSE;
        }
    }
    return TRUE;
}

static gboolean lmtp_write(Deliverer *deliverer, const guint8 *data, gsize size, GError **error)
{
    Lmtp *self = (Lmtp *)deliverer;
    GError *failure = NULL;
    return put_body(self, data, size, &failure) || lost(self, failure, error);
}

static gboolean lmtp_finish(Deliverer *deliverer, const char *name, gboolean again, GError **error)
{
    (void)name;
    (void)again;
    Lmtp *self = (Lmtp *)deliverer;
    g_auto(Reply) reply = {.code = 0};
    GError *failure = NULL;
    gboolean whole = self->begins && !self->cr;
    if ((!whole && !put_end(self, &failure)) || !put_text(self, ".\r\n", &failure) ||
        !flush(self, &failure) || !read_reply(self, &reply, &failure))
        return lost(self, failure, error);
    secret_wipe(self->out, sizeof self->out);
    if (is_good(&reply, 2))
        return TRUE;
    if (goes(&reply))
        hang_up(self);
    return said(self, "deliver.message", &reply, "look into the LMTP server's log", error);
}

static void lmtp_abort(Deliverer *deliverer)
{
    hang_up((Lmtp *)deliverer);
}

/* The server's yes says that it is (RFC 5321, 4.2.5). */
static gboolean lmtp_settle(Deliverer *deliverer, GError **error)
{
    (void)deliverer;
    (void)error;
    return TRUE;
}

static void lmtp_free(Deliverer *deliverer)
{
    Lmtp *self = (Lmtp *)deliverer;
    if (self->fd >= 0 && self->used == 0)
        (void)send(self->fd, "QUIT\r\n", 6, MSG_NOSIGNAL | MSG_DONTWAIT);
    hang_up(self);
    g_free(self->path);
    g_free(self->recipient);
    g_free(self);
}

Deliverer *lmtp_open(const char *path, const char *recipient, GError **error)
{
    Lmtp *self = g_new0(Lmtp, 1);
    self->deliverer = (Deliverer){.start = lmtp_start,
                                  .write = lmtp_write,
                                  .finish = lmtp_finish,
                                  .abort = lmtp_abort,
                                  .settle = lmtp_settle,
                                  .many = 1,
                                  .free = lmtp_free};
    g_autoptr(Deliverer) deliverer = &self->deliverer;
    self->path = g_strdup(path);
    self->recipient = g_strdup(recipient);
    self->fd = -1;
    g_auto(Reply) reply = {.code = 0};
    if (!connect_to(self, error) || !envelope(self, error) || !ask(self, &reply, error, "RSET"))
        return NULL;
    if (is_good(&reply, 2))
        return g_steal_pointer(&deliverer);
    (void)said(self, "deliver.unreachable", &reply, "look into the LMTP server's log", error);
    return NULL;
}
