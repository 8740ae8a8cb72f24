/*
 * SCRAM (RFC 5802, 7677), by GNU SASL. The password never enters the library: what a server's
 * first message demands is checked here, and the salted password computed, before the library
 * sees either.
 */
#include <gsasl.h>
#include <openssl/evp.h>
#include <string.h>

#include "core/error.h"
#include "core/limits.h"
#include "core/text.h"
#include "net/mechanism.h"

typedef struct {
    Gsasl *library;
    Gsasl_session *session;
    char *nonce; /* ours */
} Scram;

static void scram_free(gpointer data)
{
    Scram *scram = data;
    if (scram->session)
        gsasl_finish(scram->session);
    if (scram->library)
        gsasl_done(scram->library);
    g_free(scram->nonce);
    g_free(scram);
}

static Secret *unproven(const Exchange *exchange, const char *what, GError **error)
{
    refuse(error, POSTERN_ERROR_PROTOCOL, "login.unproven",
           "this may be another server than the company's: tell those who run it",
           "%s does not prove that it knows the password: %s", exchange->session->host, what);
    return NULL;
}

static Secret *malformed(const Exchange *exchange, GError **error)
{
    refuse(error, POSTERN_ERROR_PROTOCOL, "login.challenge", NULL,
           "%s sent a malformed challenge of %s", exchange->session->host,
           exchange->mechanism->name);
    return NULL;
}

/* One step of the library; NULL with *code set. */
static Secret *step(Scram *scram, const char *input, int *code)
{
    char *output = NULL;
    size_t size = 0;
    *code = gsasl_step(scram->session, input, strlen(input), &output, &size);
    Secret *answer =
        *code == GSASL_OK || *code == GSASL_NEEDS_MORE ? secret_new(output, size) : NULL;
    gsasl_free(output);
    return answer;
}

/* ---- client first ---- */

/* GNU SASL 2.2 fails when it is given a binding for a mechanism that does not bind: it cannot say
 * "y", that we could have (RFC 5802, 6). */
static int set_up(Scram *scram, const Exchange *exchange)
{
    int code = gsasl_init(&scram->library);
    if (code == GSASL_OK)
        code = gsasl_client_start(scram->library, exchange->mechanism->name, &scram->session);
    if (code == GSASL_OK && exchange->binding) {
        gsize size;
        const guint8 *bytes = g_bytes_get_data(exchange->binding, &size);
        g_autofree char *base64 = g_base64_encode(bytes, size);
        code = gsasl_property_set(scram->session, GSASL_CB_TLS_EXPORTER, base64);
    }
    if (code == GSASL_OK)
        code = gsasl_property_set(scram->session, GSASL_AUTHID, exchange->session->login);
    return code;
}

static Secret *client_first(Exchange *exchange, GError **error)
{
    Scram *scram = g_new0(Scram, 1);
    exchange->state = scram;
    exchange->state_free = scram_free;
    int code = set_up(scram, exchange);
    Secret *answer = code == GSASL_OK ? step(scram, "", &code) : NULL;
    if (answer) {
        /* A comma of the login's is written =2C, so this is the nonce. */
        scram->nonce = g_strdup(g_strrstr((const char *)secret_bytes(answer), ",r=") + 3);
        return answer;
    }
    if (code == GSASL_SASLPREP_ERROR)
        refuse(error, POSTERN_ERROR_INPUT, "send.value", "correct the login in the URI",
               "the login holds characters that %s cannot carry", exchange->mechanism->name);
    else
        refuse(error, POSTERN_ERROR_BUG, "login.library", NULL, "GNU SASL cannot begin %s: %s",
               exchange->mechanism->name, gsasl_strerror(code));
    return NULL;
}

/* ---- client final ---- */

/* The password as RFC 5802 wants it; what is plain ASCII needs no change and no copy in the
 * library's memory. */
static Secret *prepared(const Session *session, GError **error)
{
    const char *password = (const char *)secret_bytes(session->secret);
    gboolean whole = strlen(password) == secret_size(session->secret), plain = whole;
    for (const char *at = password; plain && *at; at++)
        plain = *at >= ' ' && *at < 0x7f;
    if (plain)
        return secret_copy(session->secret);
    /* Characters younger than SASLprep may stand in a password; GNU SASL 2.2 has the meaning of
     * the flag upside down. */
    char *ready = NULL;
    if (!whole || (gsasl_saslprep(password, 0, &ready, NULL) != GSASL_OK &&
                   gsasl_saslprep(password, GSASL_ALLOW_UNASSIGNED, &ready, NULL) != GSASL_OK)) {
        refuse(error, POSTERN_ERROR_INPUT, "send.value", "choose another password",
               "the password holds characters that SCRAM cannot carry");
        return NULL;
    }
    Secret *secret = secret_new(ready, strlen(ready));
    secret_wipe(ready, strlen(ready));
    gsasl_free(ready);
    return secret;
}

/* The salted password in hex. */
static Secret *salted(const Exchange *exchange, const char *salt, guint iterations, GError **error)
{
    gsize salt_size;
    g_autofree guint8 *salt_bytes = g_base64_decode(salt, &salt_size);
    const EVP_MD *hash = strstr(exchange->mechanism->name, "256") ? EVP_sha256() : EVP_sha1();
    int size = EVP_MD_get_size(hash);
    guint8 key[EVP_MAX_MD_SIZE];
    char hex[2 * EVP_MAX_MD_SIZE + 1];
    if (salt_size == 0)
        return malformed(exchange, error);
    g_autoptr(Secret) password = prepared(exchange->session, error);
    if (password == NULL)
        return NULL;
    if (!PKCS5_PBKDF2_HMAC((const char *)secret_bytes(password), (int)secret_size(password),
                           salt_bytes, (int)salt_size, (int)iterations, hash, size, key)) {
        refuse(error, POSTERN_ERROR_BUG, "login.library", NULL, "OpenSSL cannot salt a password");
        return NULL;
    }
    for (int i = 0; i < size; i++)
        g_snprintf(hex + 2 * i, 3, "%02x", key[i]);
    Secret *secret = secret_new(hex, 2 * (gsize)size);
    secret_wipe(key, sizeof key);
    secret_wipe(hex, sizeof hex);
    return secret;
}

static gboolean iterations_of(const Exchange *exchange, const char *text, guint64 *iterations,
                              GError **error)
{
    if (g_ascii_string_to_unsigned(text, 10, LIMIT_SCRAM_LEAST, LIMIT_SCRAM_MOST, iterations, NULL))
        return TRUE;
    g_autofree char *cut = g_strndup(text, 40);
    g_autofree char *safe = text_field(cut);
    return refuse(error, POSTERN_ERROR_PROTOCOL, "login.iterations",
                  "ask the company to set the server's number of SCRAM iterations",
                  "%s wants %s iterations; from %d to %d are taken", exchange->session->host, safe,
                  LIMIT_SCRAM_LEAST, LIMIT_SCRAM_MOST);
}

/* "r=NONCE,s=SALT,i=ITERATIONS": the salted password that it asks for. */
static Secret *salted_for(const Exchange *exchange, const Scram *scram, const char *first,
                          GError **error)
{
    static const char *const names[] = {"r=", "s=", "i="};
    g_auto(GStrv) fields = g_strsplit(first, ",", 4);
    guint64 iterations;
    if (g_strv_length(fields) < G_N_ELEMENTS(names))
        return malformed(exchange, error);
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++)
        if (!g_str_has_prefix(fields[i], names[i]))
            return malformed(exchange, error);
    const char *nonce = fields[0] + 2;
    if (!g_str_has_prefix(nonce, scram->nonce) || strlen(nonce) == strlen(scram->nonce))
        return unproven(exchange, "it has not extended our nonce", error);
    if (!iterations_of(exchange, fields[2] + 2, &iterations, error))
        return NULL;
    return salted(exchange, fields[1] + 2, (guint)iterations, error);
}

static Secret *client_final(const Exchange *exchange, Scram *scram, const char *first,
                            GError **error)
{
    g_autoptr(Secret) key = salted_for(exchange, scram, first, error);
    if (key == NULL)
        return NULL;
    int code;
    gsasl_property_set(scram->session, GSASL_SCRAM_SALTED_PASSWORD,
                       (const char *)secret_bytes(key));
    Secret *answer = step(scram, first, &code);
    char *copy = (char *)gsasl_property_fast(scram->session, GSASL_SCRAM_SALTED_PASSWORD);
    if (copy)
        secret_wipe(copy, strlen(copy));
    return answer ? answer : malformed(exchange, error);
}

/* ---- server final ---- */

static Secret *server_error(const Exchange *exchange, const char *reason, GError **error)
{
    g_autofree char *cut = g_strndup(reason, 100);
    g_autofree char *safe = text_field(cut);
    refuse(error, POSTERN_ERROR_LOGIN, "login.refused", "set the right password",
           "%s refused the login: \"%s\"", exchange->session->host, safe);
    return NULL;
}

static Secret *verified(const Exchange *exchange, Scram *scram, const char *final, GError **error)
{
    if (g_str_has_prefix(final, "e="))
        return server_error(exchange, final + 2, error);
    int code;
    g_autoptr(Secret) answer = step(scram, final, &code);
    if (code == GSASL_OK)
        return g_steal_pointer(&answer);
    return unproven(exchange, *final ? "its signature is wrong" : "it sent no signature", error);
}

static Secret *scram_answer(Exchange *exchange, const guint8 *challenge, gsize size, GError **error)
{
    g_autofree char *text = g_strndup((const char *)challenge, size);
    if (strlen(text) != size)
        return malformed(exchange, error);
    switch (exchange->step) {
    case 0: return client_first(exchange, error);
    case 1: return client_final(exchange, exchange->state, text, error);
    default: return verified(exchange, exchange->state, text, error);
    }
}

#define SCRAM(mechanism, binds)                                                                    \
    {                                                                                              \
        .name = mechanism, .client_first = TRUE, .bound = binds, .proves = TRUE, .answers = 3,     \
        .most = 3, .answer = scram_answer                                                          \
    }
const Mechanism mechanism_scram_sha_1 = SCRAM("SCRAM-SHA-1", FALSE);
const Mechanism mechanism_scram_sha_256 = SCRAM("SCRAM-SHA-256", FALSE);
const Mechanism mechanism_scram_sha_1_plus = SCRAM("SCRAM-SHA-1-PLUS", TRUE);
const Mechanism mechanism_scram_sha_256_plus = SCRAM("SCRAM-SHA-256-PLUS", TRUE);
