/* PLAIN, LOGIN and CRAM-MD5. A library would hold the password in memory that nobody wipes. */
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

#include "core/error.h"
#include "net/mechanism.h"

static gboolean sendable(const Session *session, GError **error)
{
    if (memchr(secret_bytes(session->secret), '\0', secret_size(session->secret)))
        return refuse(error, POSTERN_ERROR_INPUT, "send.value", "set the password again",
                      "the password holds a NUL byte");
    return TRUE;
}

/* RFC 4616: NUL login NUL password. */
static Secret *plain_answer(Exchange *exchange, const guint8 *challenge, gsize size, GError **error)
{
    (void)challenge;
    (void)size;
    const Session *session = exchange->session;
    if (!sendable(session, error))
        return NULL;
    gsize login = strlen(session->login), password = secret_size(session->secret);
    gsize whole = login + password + 2;
    guint8 *message = g_malloc0(whole);
    memcpy(message + 1, session->login, login);
    memcpy(message + 1 + login + 1, secret_bytes(session->secret), password);
    return answer_take(message, whole);
}

static Secret *login_answer(Exchange *exchange, const guint8 *challenge, gsize size, GError **error)
{
    (void)challenge;
    (void)size;
    const Session *session = exchange->session;
    if (!sendable(session, error))
        return NULL;
    return exchange->step == 0 ? secret_new(session->login, strlen(session->login))
                               : secret_copy(session->secret);
}

/* RFC 2195: login, blank, HMAC-MD5 of the challenge in hex. */
static Secret *cram_md5_answer(Exchange *exchange, const guint8 *challenge, gsize size,
                               GError **error)
{
    const Session *session = exchange->session;
    guint8 digest[EVP_MAX_MD_SIZE];
    guint length = 0;
    if (size == 0) {
        refuse(error, POSTERN_ERROR_PROTOCOL, "login.challenge", CHALLENGE_MEND,
               "%s sent an empty challenge where CRAM-MD5 needs one", session->host);
        return NULL;
    }
    if (!HMAC(EVP_md5(), secret_bytes(session->secret), (int)secret_size(session->secret),
              challenge, size, digest, &length)) {
        refuse(error, POSTERN_ERROR_POLICY, "login.mechanism", "demand another by ;AUTH=",
               "OpenSSL computes no MD5 here, so CRAM-MD5 cannot be used");
        return NULL;
    }
    g_autoptr(GString) answer = g_string_new(session->login);
    g_string_append_c(answer, ' ');
    for (guint i = 0; i < length; i++)
        g_string_append_printf(answer, "%02x", digest[i]);
    return secret_new(answer->str, answer->len);
}

const Mechanism mechanism_plain = {
    .name = "PLAIN", .client_first = TRUE, .answers = 1, .most = 1, .answer = plain_answer};
const Mechanism mechanism_login = {
    .name = "LOGIN", .answers = 2, .most = 2, .answer = login_answer};
const Mechanism mechanism_cram_md5 = {
    .name = "CRAM-MD5", .answers = 1, .most = 1, .answer = cram_md5_answer};
