/* See tlsport.h. */
#include "net/tlsport.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <unistd.h>

#include "core/error.h"
#include "core/interrupt.h"
#include "core/limits.h"
#include "core/text.h"
#include "net/submission.h"
#include "net/tls.h"

/* What is heard of an answer in clear: enough to show. */
#define WORDS 48

/* ---- old versions ---- */

/* Everything that OpenSSL still knows, so that a refusal is the server's. No certificate is looked
 * at: after the handshake the connection is closed. */
static SSL *old_tls(int fd, const char *host)
{
    tls_without_config();
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    if (context == NULL)
        return NULL;
    SSL_CTX_set_security_level(context, 0);
    SSL *ssl = SSL_CTX_set_min_proto_version(context, TLS1_VERSION) &&
                       SSL_CTX_set_max_proto_version(context, TLS1_1_VERSION) &&
                       SSL_CTX_set_cipher_list(context, "ALL:@SECLEVEL=0")
                   ? SSL_new(context)
                   : NULL;
    SSL_CTX_free(context);
    if (ssl && SSL_set_fd(ssl, fd) && SSL_set_tlsext_host_name(ssl, host))
        return ssl;
    SSL_free(ssl);
    return NULL;
}

typedef enum { REFUSED, TAKEN, SILENT } Answer;

static Answer shake_hands(SSL *ssl, int fd)
{
    gint64 until = g_get_monotonic_time() + (gint64)LIMIT_CONNECT_MS * 1000;
    for (;;) {
        ERR_clear_error();
        int done = SSL_connect(ssl);
        int kind = SSL_get_error(ssl, done);
        ERR_clear_error();
        if (done == 1)
            return TAKEN;
        if (kind != SSL_ERROR_WANT_READ && kind != SSL_ERROR_WANT_WRITE)
            return REFUSED;
        if (interrupt_wait(fd, kind == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT, until, -1, NULL) <=
            0)
            return SILENT;
    }
}

static gboolean judge_old(int fd, const Session *session, GError **error)
{
    SSL *ssl = old_tls(fd, session->host);
    if (ssl == NULL)
        return refuse(error, POSTERN_ERROR_BUG, "tls.setup", NULL,
                      "OpenSSL cannot be set up for an old TLS");
    Answer answer = shake_hands(ssl, fd);
    g_autofree char *version = g_strdup(SSL_get_version(ssl));
    SSL_free(ssl);
    if (answer == REFUSED)
        return TRUE;
    if (answer == SILENT)
        return refuse(error, POSTERN_ERROR_TEMPORARY, "server.timeout", "try again later",
                      "%s said nothing to an old TLS for %d seconds", session->host,
                      LIMIT_CONNECT_MS / 1000);
    return refuse(error, POSTERN_ERROR_PROTOCOL, "tls.old-versions",
                  "let the server demand TLS 1.2", "%s takes %s", session->host, version);
}

gboolean tlsport_refuses_old(int fd, const Session *session, GError **error)
{
    gboolean good =
        (session->scheme != SCHEME_SUBMISSION || submission_reach_tls(fd, session, error)) &&
        judge_old(fd, session, error);
    close(fd);
    return good;
}

/* ---- words in clear ---- */

static gboolean is_alert(const guint8 *bytes, gssize size)
{
    return size >= 1 && bytes[0] == 0x15;
}

gboolean tlsport_refuses_clear(int fd, const Session *session, GError **error)
{
    static const guint8 words[] = "NOOP\r\n";
    guint8 said[WORDS];
    g_autoptr(Channel) channel = channel_new(fd);
    channel_silence(channel, LIMIT_PROBE_MS);
    /* Silence, an end and an alert are all as they should be. */
    if (!channel_write(channel, words, sizeof words - 1, NULL))
        return TRUE;
    gssize got = channel_read(channel, said, sizeof said, NULL);
    if (got <= 0 || is_alert(said, got))
        return TRUE;
    g_autofree char *text = text_utf8((const char *)said, got);
    g_autofree char *shown = text_field(text);
    return refuse(error, POSTERN_ERROR_PROTOCOL, "tls.clear", "let the port speak nothing but TLS",
                  "%s answers in clear here: \"%s\"", session->host, shown);
}
