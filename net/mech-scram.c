/*
 * SCRAM (RFC 5802, 7677). Computed here: GNU SASL 2.2 cannot say "y", that we could bind the
 * channel but the server did not offer it, by which an offer that was taken out on the way is found
 * out. What is left to the library is SASLprep (RFC 4013).
 */
#include <gsasl.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <string.h>

#include "core/error.h"
#include "core/limits.h"
#include "core/text.h"
#include "net/mechanism.h"

#define NONCE_BYTES 18

typedef struct {
    char *header;                      /* gs2-header */
    char *bare;                        /* client-first-message-bare */
    char *nonce;                       /* ours */
    guint8 signature[EVP_MAX_MD_SIZE]; /* that the server must give */
} Scram;

static void scram_free(gpointer data)
{
    Scram *scram = data;
    g_free(scram->header);
    g_free(scram->bare);
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
    refuse(error, POSTERN_ERROR_PROTOCOL, "login.challenge", CHALLENGE_MEND,
           "%s sent a malformed challenge of %s", exchange->session->host,
           exchange->mechanism->name);
    return NULL;
}

/* ---- what the server says against us (RFC 5802, 7) ---- */

#define TAMPERED                                                                                   \
    "somebody on the way may be tampering: try another network, and tell those who run the server"

static gboolean is_about_binding(const char *message)
{
    return strcmp(message, "e=server-does-support-channel-binding") == 0 ||
           strcmp(message, "e=channel-bindings-dont-match") == 0;
}

static Secret *server_error(const Exchange *exchange, const char *reason, GError **error)
{
    const char *host = exchange->session->host;
    g_autofree char *cut = g_strndup(reason, 100);
    g_autofree char *safe = text_field(cut);
    if (strcmp(reason, "server-does-support-channel-binding") == 0)
        refuse(error, POSTERN_ERROR_PROTOCOL, "login.binding", TAMPERED,
               "%s does offer to bind the login to the connection, but its offer did not reach us",
               host);
    else if (strcmp(reason, "channel-bindings-dont-match") == 0)
        refuse(error, POSTERN_ERROR_PROTOCOL, "login.binding", TAMPERED,
               "%s is at the end of another connection than ours", host);
    else if (strcmp(reason, "no-resources") == 0)
        refuse(error, POSTERN_ERROR_TEMPORARY, "server.busy", "try again later",
               "%s cannot judge the login now: \"%s\"", host, safe);
    else
        refuse(error, POSTERN_ERROR_LOGIN, "login.refused", "set the right password",
               "%s refused the login: \"%s\"", host, safe);
    return NULL;
}

/* ---- client first ---- */

/* RFC 5802, 6: "n" when we would not bind, "y" when the server did not offer what we could do. */
static char *header_of(const Exchange *exchange)
{
    return g_strdup(exchange->binding ? "p=tls-exporter,," : exchange->unoffered ? "y,," : "n,,");
}

/* The login as it stands in a message; NULL when it cannot. */
static char *saslname(const char *login)
{
    char *ready = NULL;
    if (gsasl_saslprep(login, GSASL_ALLOW_UNASSIGNED, &ready, NULL) != GSASL_OK)
        return NULL;
    GString *name = g_string_new(ready);
    gsasl_free(ready);
    g_string_replace(name, "=", "=3D", 0);
    g_string_replace(name, ",", "=2C", 0);
    return g_string_free(name, FALSE);
}

static Secret *client_first(Exchange *exchange, GError **error)
{
    guint8 random[NONCE_BYTES];
    g_autofree char *name = saslname(exchange->session->login);
    if (name == NULL || RAND_bytes(random, sizeof random) != 1) {
        refuse(error, name ? POSTERN_ERROR_BUG : POSTERN_ERROR_INPUT,
               name ? "login.library" : "send.value", name ? NULL : "correct the login in the URI",
               name ? "OpenSSL has no random bytes for %s"
                    : "the login holds characters that %s cannot carry",
               exchange->mechanism->name);
        return NULL;
    }
    Scram *scram = g_new0(Scram, 1);
    exchange->state = scram;
    exchange->state_free = scram_free;
    scram->header = header_of(exchange);
    scram->nonce = g_base64_encode(random, sizeof random);
    scram->bare = g_strdup_printf("n=%s,r=%s", name, scram->nonce);
    g_autofree char *message = g_strconcat(scram->header, scram->bare, NULL);
    return secret_new(message, strlen(message));
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

static const EVP_MD *hash_of(const Exchange *exchange)
{
    return strstr(exchange->mechanism->name, "256") ? EVP_sha256() : EVP_sha1();
}

static Secret *salted(const Exchange *exchange, const char *salt, guint iterations, GError **error)
{
    gsize salt_size;
    g_autofree guint8 *salt_bytes = base64_strict(salt, &salt_size);
    const EVP_MD *hash = hash_of(exchange);
    int size = EVP_MD_get_size(hash);
    guint8 key[EVP_MAX_MD_SIZE];
    if (salt_bytes == NULL || salt_size == 0)
        return malformed(exchange, error);
    g_autoptr(Secret) password = prepared(exchange->session, error);
    if (password == NULL)
        return NULL;
    if (!PKCS5_PBKDF2_HMAC((const char *)secret_bytes(password), (int)secret_size(password),
                           salt_bytes, (int)salt_size, (int)iterations, hash, size, key)) {
        refuse(error, POSTERN_ERROR_BUG, "login.library", NULL, "OpenSSL cannot salt a password");
        return NULL;
    }
    Secret *secret = secret_new(key, (gsize)size);
    secret_wipe(key, sizeof key);
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

/* Printable, without comma. */
static gboolean is_nonce(const char *text)
{
    for (; *text; text++)
        if (*text < 0x21 || *text > 0x7e)
            return FALSE;
    return TRUE;
}

/* "r=NONCE,s=SALT,i=ITERATIONS": *nonce, the caller's, and the salted password that it asks for. */
static Secret *salted_for(const Exchange *exchange, const Scram *scram, const char *first,
                          char **nonce, GError **error)
{
    static const char *const names[] = {"r=", "s=", "i="};
    g_auto(GStrv) fields = g_strsplit(first, ",", 4);
    guint64 iterations;
    if (g_strv_length(fields) < G_N_ELEMENTS(names))
        return malformed(exchange, error);
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++)
        if (!g_str_has_prefix(fields[i], names[i]))
            return malformed(exchange, error);
    *nonce = g_strdup(fields[0] + 2);
    if (!g_str_has_prefix(*nonce, scram->nonce) || strlen(*nonce) == strlen(scram->nonce))
        return unproven(exchange, "it has not extended our nonce", error);
    if (!is_nonce(*nonce))
        return malformed(exchange, error);
    if (!iterations_of(exchange, fields[2] + 2, &iterations, error))
        return NULL;
    return salted(exchange, fields[1] + 2, (guint)iterations, error);
}

/* The header and the binding, which the server holds against what it has heard and what it sees. */
static char *without_proof(const Exchange *exchange, const Scram *scram, const char *nonce)
{
    g_autoptr(GByteArray) bound = g_byte_array_new();
    g_byte_array_append(bound, (const guint8 *)scram->header, (guint)strlen(scram->header));
    if (exchange->binding) {
        gsize size;
        const guint8 *bytes = g_bytes_get_data(exchange->binding, &size);
        g_byte_array_append(bound, bytes, (guint)size);
    }
    g_autofree char *base64 = g_base64_encode(bound->data, bound->len);
    return g_strdup_printf("c=%s,r=%s", base64, nonce);
}

static gboolean hmac(const EVP_MD *hash, const guint8 *key, const char *text, guint8 *out)
{
    return HMAC(hash, key, EVP_MD_get_size(hash), (const guint8 *)text, strlen(text), out, NULL) !=
           NULL;
}

/* RFC 5802, 3: our proof in base64, the caller's; and the signature that is to come. */
static char *prove(const Exchange *exchange, Scram *scram, const Secret *salted_password,
                   const char *all, GError **error)
{
    const EVP_MD *hash = hash_of(exchange);
    const guint8 *key = secret_bytes(salted_password);
    gsize size = secret_size(salted_password);
    guint8 client[EVP_MAX_MD_SIZE], stored[EVP_MAX_MD_SIZE], proof[EVP_MAX_MD_SIZE],
        server[EVP_MAX_MD_SIZE];
    gboolean worked = hmac(hash, key, "Client Key", client) &&
                      hmac(hash, key, "Server Key", server) &&
                      EVP_Digest(client, size, stored, NULL, hash, NULL) &&
                      hmac(hash, stored, all, proof) && hmac(hash, server, all, scram->signature);
    for (gsize i = 0; worked && i < size; i++)
        proof[i] ^= client[i];
    secret_wipe(client, sizeof client);
    secret_wipe(stored, sizeof stored);
    secret_wipe(server, sizeof server);
    if (worked)
        return g_base64_encode(proof, size);
    refuse(error, POSTERN_ERROR_BUG, "login.library", NULL, "OpenSSL cannot compute %s",
           exchange->mechanism->name);
    return NULL;
}

static Secret *client_final(Exchange *exchange, Scram *scram, const char *first, GError **error)
{
    g_autofree char *nonce = NULL;
    if (strcmp(first, "e=unsupported-channel-binding-type") == 0) {
        exchange->unbindable = TRUE;
        return secret_new("", 0); /* and then the server says no */
    }
    if (is_about_binding(first))
        return server_error(exchange, first + 2, error);
    g_autoptr(Secret) key = salted_for(exchange, scram, first, &nonce, error);
    if (key == NULL)
        return NULL;
    g_autofree char *message = without_proof(exchange, scram, nonce);
    g_autofree char *all = g_strjoin(",", scram->bare, first, message, NULL);
    g_autofree char *proof = prove(exchange, scram, key, all, error);
    if (proof == NULL)
        return NULL;
    g_autofree char *whole = g_strconcat(message, ",p=", proof, NULL);
    return secret_new(whole, strlen(whole));
}

/* ---- server final ---- */

static Secret *verified(const Exchange *exchange, const Scram *scram, const char *final,
                        GError **error)
{
    if (g_str_has_prefix(final, "e="))
        return server_error(exchange, final + 2, error);
    gsize size = 0;
    g_auto(GStrv) fields = g_strsplit(final, ",", 2);
    g_autofree guint8 *signature =
        *final && g_str_has_prefix(fields[0], "v=") ? base64_strict(fields[0] + 2, &size) : NULL;
    gsize wanted = (gsize)EVP_MD_get_size(hash_of(exchange));
    if (signature && size == wanted && CRYPTO_memcmp(signature, scram->signature, size) == 0)
        return secret_new("", 0);
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
