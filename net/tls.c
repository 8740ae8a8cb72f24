/*
 * See tls.h. OpenSSL reads and writes the socket through a BIO of our own: its socket BIO lets a
 * peer that has gone kill the process by SIGPIPE, and does not show what a server that speaks no
 * TLS said instead.
 */
#include "net/tls.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/error.h"
#include "core/limits.h"
#include "core/text.h"
#include "net/certificate.h"
#include "net/staple.h"

#define CIPHERS_TLS_1_2 "ECDHE+AESGCM:ECDHE+CHACHA20"
#define CIPHERS_TLS_1_3 "TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256"

/* The first bytes a server says in a handshake: enough to recognise a greeting in clear. */
#define FIRST_WORDS 48

struct Channel {
    int fd;
    SSL *ssl;
    gint64 deadline;  /* monotonic, microseconds */
    guint silence_ms; /* the longest wait for a byte */
    gboolean spoke;   /* bytes have passed in clear */
    gboolean failed;  /* nothing is read or written any more */
    gboolean ended;   /* the socket's end of file */
    gboolean secured; /* the handshake is over */
    guint8 first[FIRST_WORDS];
    gsize first_size;
    Trace *trace;
};

G_DEFINE_AUTOPTR_CLEANUP_FUNC(SSL_CTX, SSL_CTX_free)

Channel *channel_new(int fd)
{
    tls_without_config();
    Channel *channel = g_new0(Channel, 1);
    channel->fd = fd;
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
        channel->failed = TRUE;
    channel_deadline(channel, LIMIT_CONNECT_MS);
    channel_silence(channel, LIMIT_READ_MS);
    return channel;
}

void channel_free(Channel *channel)
{
    if (channel == NULL)
        return;
    /* One try at close_notify; after a failure OpenSSL must not be touched. */
    if (channel->secured && !channel->failed)
        (void)SSL_shutdown(channel->ssl);
    ERR_clear_error();
    SSL_free(channel->ssl);
    close(channel->fd);
    g_free(channel);
}

void channel_deadline(Channel *channel, guint ms)
{
    channel->deadline = g_get_monotonic_time() + (gint64)ms * 1000;
}

void channel_silence(Channel *channel, guint ms)
{
    channel->silence_ms = ms;
}

void channel_set_trace(Channel *channel, Trace *trace)
{
    channel->trace = trace;
}

Trace *channel_trace(const Channel *channel)
{
    return channel->trace;
}

int channel_fd(const Channel *channel)
{
    return channel->fd;
}

static gboolean readable(int fd)
{
    struct pollfd poller = {.fd = fd, .events = POLLIN};
    return poll(&poller, 1, 0) > 0;
}

gboolean channel_pending(Channel *channel)
{
    size_t got;
    if (channel->failed || channel->ssl == NULL)
        return !channel->failed && readable(channel->fd);
    ERR_clear_error(); /* records of TLS's own are no data; they are taken here */
    return SSL_peek_ex(channel->ssl, &(guint8){0}, 1, &got) ||
           SSL_get_error(channel->ssl, 0) != SSL_ERROR_WANT_READ;
}

static gboolean dead(Channel *channel, GError **error)
{
    return channel->failed && !refuse(error, POSTERN_ERROR_UNREACHABLE, "server.closed",
                                      "try again", "the connection has failed before");
}

static gboolean fail_closed(Channel *channel, int problem, GError **error)
{
    channel->failed = TRUE;
    return refuse(error, POSTERN_ERROR_UNREACHABLE, "server.closed", "try again later",
                  problem ? "the connection broke: %s" : "the server closed the connection%s",
                  problem ? g_strerror(problem) : "");
}

/* Waits for EVENTS until the deadline, and no longer than one silence may last. */
static gboolean await(Channel *channel, short events, GError **error)
{
    gint64 now = g_get_monotonic_time();
    gint64 silence = now + (gint64)channel->silence_ms * 1000;
    gint64 until = MIN(channel->deadline, silence);
    for (; now < until; now = g_get_monotonic_time()) {
        struct pollfd poller = {.fd = channel->fd, .events = events};
        int ready = poll(&poller, 1, (int)((until - now + 999) / 1000));
        if (ready > 0)
            return TRUE;
        if (ready < 0 && errno != EINTR)
            return fail_closed(channel, errno, error);
    }
    channel->failed = TRUE;
    return refuse(error, POSTERN_ERROR_TEMPORARY, "server.timeout", "try again later",
                  until == silence ? "the server said nothing for %u seconds"
                                   : "the server was not done in time (no silence over %u seconds)",
                  channel->silence_ms / 1000);
}

/* ---- the socket under OpenSSL ---- */

static gboolean speaks_tls(const Channel *channel)
{
    /* A record begins with its type: alert or handshake, and major version 3. */
    return channel->first_size == 0 || ((channel->first[0] == 0x15 || channel->first[0] == 0x16) &&
                                        (channel->first_size < 2 || channel->first[1] == 3));
}

static int socket_write(BIO *bio, const char *data, int size)
{
    Channel *channel = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    /* Not even an alert for somebody who speaks something else. */
    if (!speaks_tls(channel))
        return -1;
    ssize_t sent = send(channel->fd, data, (size_t)size, MSG_NOSIGNAL);
    if (sent < 0 && (errno == EAGAIN || errno == EINTR))
        BIO_set_retry_write(bio);
    return (int)sent;
}

static int socket_read(BIO *bio, char *data, int size)
{
    Channel *channel = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    ssize_t got = recv(channel->fd, data, (size_t)size, 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        BIO_set_retry_read(bio);
    channel->ended = channel->ended || got == 0;
    for (ssize_t i = 0; i < got && channel->first_size < FIRST_WORDS; i++)
        channel->first[channel->first_size++] = (guint8)data[i];
    return (int)got;
}

static long socket_control(BIO *bio, int command, long number, void *pointer)
{
    (void)number;
    (void)pointer;
    const Channel *channel = BIO_get_data(bio);
    if (command == BIO_CTRL_EOF)
        return channel->ended;
    return command == BIO_CTRL_FLUSH;
}

static BIO *socket_bio(Channel *channel)
{
    static gsize ready;
    if (g_once_init_enter(&ready)) {
        BIO_METHOD *method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "channel");
        if (method == NULL || !BIO_meth_set_write(method, socket_write) ||
            !BIO_meth_set_read(method, socket_read) || !BIO_meth_set_ctrl(method, socket_control))
            g_error("out of memory for a connection");
        g_once_init_leave(&ready, (gsize)method);
    }
    BIO *bio = BIO_new((BIO_METHOD *)ready);
    BIO_set_data(bio, channel);
    BIO_set_init(bio, 1);
    return bio;
}

/* ---- the handshake ---- */

/* What OpenSSL's verification hands to ours. */
typedef struct {
    const Session *session;
    GPtrArray *stores;
    STACK_OF(X509) * chain;
    GError *fault;
} Judge;

static int judge_chain(X509_STORE_CTX *context, void *user)
{
    Judge *judge = user;
    int code;
    gboolean good =
        certificate_check(X509_STORE_CTX_get0_cert(context), X509_STORE_CTX_get0_untrusted(context),
                          judge->stores, judge->session, &code, &judge->chain, &judge->fault);
    X509_STORE_CTX_set_error(context, code);
    return good;
}

static SSL_CTX *context_for(Judge *judge)
{
    g_autoptr(SSL_CTX) context = SSL_CTX_new(TLS_client_method());
    int minimum = judge->session->min_tls == TLS_1_3 ? TLS1_3_VERSION : TLS1_2_VERSION;
    if (context == NULL || !SSL_CTX_set_min_proto_version(context, minimum) ||
        !SSL_CTX_set_max_proto_version(context, 0) ||
        !SSL_CTX_set_cipher_list(context, CIPHERS_TLS_1_2) ||
        !SSL_CTX_set_ciphersuites(context, CIPHERS_TLS_1_3))
        return NULL;
    SSL_CTX_set_security_level(context, 2);
    SSL_CTX_set_options(context,
                        SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_cert_verify_callback(context, judge_chain, judge);
    return g_steal_pointer(&context);
}

static gboolean refuse_clear(const Channel *channel, const char *host, GError **error)
{
    g_autofree char *text = text_utf8((const char *)channel->first, (gssize)channel->first_size);
    g_autofree char *words = text_field(text);
    return refuse(error, POSTERN_ERROR_PROTOCOL, "tls.handshake",
                  "ask the company for the server's TLS port; Postern never speaks in clear",
                  "%s does not speak TLS here; it said \"%s\"", host, words);
}

static gboolean is_version_fault(int reason)
{
    return reason == SSL_R_UNSUPPORTED_PROTOCOL || reason == SSL_R_TLSV1_ALERT_PROTOCOL_VERSION ||
           reason == SSL_R_WRONG_SSL_VERSION || reason == SSL_R_VERSION_TOO_LOW ||
           reason == SSL_R_WRONG_VERSION_NUMBER;
}

static gboolean refuse_handshake(Channel *channel, Judge *judge, int kind, int problem,
                                 GError **error)
{
    const char *host = judge->session->host;
    unsigned long code = ERR_peek_last_error();
    int reason = kind == SSL_ERROR_SSL ? ERR_GET_REASON(code) : 0;
    if (judge->fault) {
        g_propagate_error(error, g_steal_pointer(&judge->fault));
        return FALSE;
    }
    if (!speaks_tls(channel))
        return refuse_clear(channel, host, error);
    if (is_version_fault(reason))
        return refuse(error, POSTERN_ERROR_PROTOCOL, "tls.version",
                      "the server must offer TLS 1.2 or newer", "%s offers no TLS %s or newer",
                      host, judge->session->min_tls == TLS_1_3 ? "1.3" : "1.2");
    if (kind == SSL_ERROR_SSL && reason != SSL_R_UNEXPECTED_EOF_WHILE_READING) {
        const char *words = ERR_reason_error_string(code);
        return refuse(error, POSTERN_ERROR_PROTOCOL, "tls.handshake",
                      "tell the people who run the server", "no TLS connection with %s: %s", host,
                      words ? words : "unknown fault");
    }
    return refuse(error, POSTERN_ERROR_PROTOCOL, "tls.handshake", "try again later",
                  "%s ended the connection in the middle of the TLS handshake%s%s", host,
                  problem ? ": " : "", problem ? g_strerror(problem) : "");
}

static gboolean handshake(Channel *channel, Judge *judge, GError **error)
{
    for (;;) {
        ERR_clear_error();
        int done = SSL_connect(channel->ssl);
        int problem = errno;
        int kind = SSL_get_error(channel->ssl, done);
        if (done == 1)
            return TRUE;
        if (kind != SSL_ERROR_WANT_READ && kind != SSL_ERROR_WANT_WRITE) {
            channel->failed = TRUE;
            refuse_handshake(channel, judge, kind, channel->ended ? 0 : problem, error);
            ERR_clear_error();
            return FALSE;
        }
        if (!await(channel, kind == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT, error))
            return FALSE;
    }
}

static gboolean ssl_for(Channel *channel, Judge *judge, GError **error)
{
    g_autoptr(SSL_CTX) context = context_for(judge);
    channel->ssl = context ? SSL_new(context) : NULL;
    if (channel->ssl == NULL || !SSL_set_tlsext_host_name(channel->ssl, judge->session->host) ||
        !SSL_set_tlsext_status_type(channel->ssl, TLSEXT_STATUSTYPE_ocsp))
        return refuse(error, POSTERN_ERROR_BUG, "tls.setup", NULL,
                      "OpenSSL cannot be set up for %s", judge->session->host);
    BIO *bio = socket_bio(channel);
    SSL_set_bio(channel->ssl, bio, bio);
    return TRUE;
}

static gboolean staple_good(Channel *channel, Judge *judge, GError **error)
{
    unsigned char *response;
    long size = SSL_get_tlsext_status_ocsp_resp(channel->ssl, &response);
    return staple_check(judge->chain, g_ptr_array_index(judge->stores, 0),
                        size > 0 ? response : NULL, size > 0 ? (gsize)size : 0,
                        judge->session->host, error);
}

static void judge_clear(Judge *judge)
{
    g_clear_error(&judge->fault);
    g_clear_pointer(&judge->stores, g_ptr_array_unref);
    sk_X509_pop_free(judge->chain, X509_free);
}

gboolean channel_start_tls(Channel *channel, const Session *session, GError **error)
{
    if (dead(channel, error))
        return FALSE;
    Judge judge = {.session = session};
    if (channel->spoke && readable(channel->fd))
        channel->failed = !refuse(error, POSTERN_ERROR_PROTOCOL, "tls.injected",
                                  "somebody on the way may be tampering: try another network",
                                  "%s sent more than its answer before TLS began", session->host);
    else if ((judge.stores = certificate_stores(session->ca_sets, error)) == NULL ||
             !ssl_for(channel, &judge, error) || !handshake(channel, &judge, error) ||
             !staple_good(channel, &judge, error))
        channel->failed = TRUE;
    /* No certificate is judged after the handshake; if one were, the empty store would say no. */
    if (channel->ssl)
        SSL_CTX_set_cert_verify_callback(SSL_get_SSL_CTX(channel->ssl), NULL, NULL);
    judge_clear(&judge);
    channel->secured = !channel->failed;
    if (channel->secured)
        trace_note(channel->trace, "-- %s, %s", SSL_get_version(channel->ssl),
                   SSL_get_cipher_name(channel->ssl));
    else
        trace_note(channel->trace, "-- no TLS: %s",
                   error && *error ? postern_error_rule(*error) : "failed");
    return channel->secured;
}

/* ---- bytes ---- */

/* After a failed SSL_read or SSL_write: waits and TRUE to try again, else the failure. */
static gboolean retry(Channel *channel, int problem, GError **error)
{
    int kind = SSL_get_error(channel->ssl, 0);
    if (kind == SSL_ERROR_WANT_READ || kind == SSL_ERROR_WANT_WRITE)
        return await(channel, kind == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT, error);
    unsigned long code = ERR_peek_last_error();
    ERR_clear_error();
    channel->failed = TRUE;
    if (kind == SSL_ERROR_SYSCALL)
        return fail_closed(channel, problem, error);
    if (ERR_GET_REASON(code) == SSL_R_UNEXPECTED_EOF_WHILE_READING)
        return refuse(error, POSTERN_ERROR_PROTOCOL, "tls.truncated", "try again",
                      "the connection ended without TLS's good-bye: something may be missing");
    const char *words = ERR_reason_error_string(code);
    return refuse(error, POSTERN_ERROR_PROTOCOL, "tls.handshake",
                  "tell the people who run the server", "TLS failed: %s",
                  words ? words : "unknown fault");
}

static gssize read_tls(Channel *channel, guint8 *buffer, gsize size, GError **error)
{
    for (;;) {
        size_t got;
        ERR_clear_error();
        errno = 0;
        if (SSL_read_ex(channel->ssl, buffer, size, &got))
            return (gssize)got;
        int problem = errno;
        if (SSL_get_error(channel->ssl, 0) == SSL_ERROR_ZERO_RETURN)
            return 0;
        if (!retry(channel, problem, error))
            return -1;
    }
}

static gssize read_clear(Channel *channel, guint8 *buffer, gsize size, GError **error)
{
    for (;;) {
        ssize_t got = recv(channel->fd, buffer, size, 0);
        channel->spoke = channel->spoke || got > 0;
        if (got > 0)
            return got;
        if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
            fail_closed(channel, got == 0 ? 0 : errno, error);
            return -1;
        }
        if (!await(channel, POLLIN, error))
            return -1;
    }
}

/* A peer that sends a byte now and then never lets a wait run out: the deadline counts as well. */
static gboolean in_time(Channel *channel, GError **error)
{
    return g_get_monotonic_time() < channel->deadline || await(channel, 0, error);
}

gssize channel_read(Channel *channel, guint8 *buffer, gsize size, GError **error)
{
    if (dead(channel, error) || !in_time(channel, error))
        return -1;
    return channel->ssl ? read_tls(channel, buffer, size, error)
                        : read_clear(channel, buffer, size, error);
}

/* How many bytes went out; 0 to try again, -1 on failure. */
static gssize write_some(Channel *channel, const guint8 *data, gsize size, GError **error)
{
    errno = 0;
    if (channel->ssl) {
        size_t sent;
        ERR_clear_error();
        if (SSL_write_ex(channel->ssl, data, size, &sent))
            return (gssize)sent;
        return retry(channel, errno, error) ? 0 : -1;
    }
    ssize_t sent = send(channel->fd, data, size, MSG_NOSIGNAL);
    if (sent >= 0)
        return sent;
    if (errno == EINTR || (errno == EAGAIN && await(channel, POLLOUT, error)))
        return 0;
    if (!channel->failed)
        fail_closed(channel, errno, error);
    return -1;
}

gboolean channel_write(Channel *channel, const guint8 *data, gsize size, GError **error)
{
    channel->spoke = channel->spoke || !channel->ssl;
    while (size > 0) {
        if (dead(channel, error) || !in_time(channel, error))
            return FALSE;
        gssize sent = write_some(channel, data, size, error);
        if (sent < 0)
            return FALSE;
        data += sent;
        size -= (gsize)sent;
    }
    return TRUE;
}

GBytes *channel_binding(const Channel *channel)
{
    static const char label[] = "EXPORTER-Channel-Binding";
    guint8 bytes[32];
    if (!channel->secured || channel->failed || SSL_version(channel->ssl) != TLS1_3_VERSION ||
        SSL_export_keying_material(channel->ssl, bytes, sizeof bytes, label, strlen(label), NULL, 0,
                                   1) != 1)
        return NULL;
    return g_bytes_new(bytes, sizeof bytes);
}

void channel_report(const Channel *channel, ServerReport *report)
{
    *report = (ServerReport){0};
    if (!channel->secured || channel->failed)
        return;
    report->tls_minor = SSL_version(channel->ssl) == TLS1_3_VERSION ? 3 : 2;
    report->not_after = certificate_end(SSL_get0_peer_certificate(channel->ssl));
}
