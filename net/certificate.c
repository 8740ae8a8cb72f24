/* See certificate.h. */
#include "net/certificate.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include "core/error.h"
#include "core/limits.h"
#include "core/text.h"

/* 112 bits: RSA 2048, EC 224, and neither MD5 nor SHA-1 in a signature. */
#define AUTH_LEVEL 2

/* Names of a wrong certificate that an error lists before it only counts. */
#define NAMES_SHOWN 5

static void x509_stack_free(STACK_OF(X509) * stack)
{
    sk_X509_pop_free(stack, X509_free);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(X509, X509_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(X509_STORE, X509_STORE_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(X509_STORE_CTX, X509_STORE_CTX_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(BIO, BIO_free_all)
typedef STACK_OF(X509) X509Stack;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(X509Stack, x509_stack_free)

static gboolean bad_set(GError **error, guint number, const char *why)
{
    return refuse(error, POSTERN_ERROR_POLICY, "tls.ca", "look at ca_file: it must hold PEM text",
                  "CA set %u %s", number + 1, why);
}

/* OpenSSL's own would ask on the terminal. */
static int no_passphrase(char *buffer, int size, int writing, void *user)
{
    (void)buffer;
    (void)size;
    (void)writing;
    (void)user;
    return -1;
}

static X509_STORE *store_from_pem(GBytes *pem, guint number, GError **error)
{
    gsize size;
    const void *text = g_bytes_get_data(pem, &size);
    g_autoptr(BIO) bio = BIO_new_mem_buf(text ? text : "", (int)MIN(size, LIMIT_CA_BUNDLE));
    g_autoptr(X509_STORE) store = X509_STORE_new();
    guint certificates = 0;
    /* What the company configured is the anchor, also when it is an intermediate. */
    X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);
    if (size > LIMIT_CA_BUNDLE) {
        bad_set(error, number, "is larger than 2 MiB");
        return NULL;
    }
    for (;;) {
        g_autoptr(X509) certificate = PEM_read_bio_X509(bio, NULL, no_passphrase, NULL);
        if (certificate == NULL)
            break;
        if (!X509_STORE_add_cert(store, certificate)) {
            bad_set(error, number, "holds a certificate that cannot be used");
            return NULL;
        }
        certificates++;
    }
    gboolean at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
    ERR_clear_error();
    if (!at_end || certificates == 0) {
        bad_set(error, number, at_end ? "holds no certificate" : "holds a broken certificate");
        return NULL;
    }
    return g_steal_pointer(&store);
}

GPtrArray *certificate_stores(const GPtrArray *ca_sets, GError **error)
{
    g_autoptr(GPtrArray) stores = g_ptr_array_new_with_free_func((GDestroyNotify)X509_STORE_free);
    if (ca_sets == NULL || ca_sets->len == 0) {
        refuse(error, POSTERN_ERROR_POLICY, "tls.ca", "install ca-certificates or set ca_file",
               "no CA is trusted, so no server can be");
        return NULL;
    }
    for (guint i = 0; i < ca_sets->len; i++) {
        X509_STORE *store = store_from_pem(g_ptr_array_index(ca_sets, i), i, error);
        if (store == NULL)
            return NULL;
        g_ptr_array_add(stores, store);
    }
    return g_steal_pointer(&stores);
}

static char *subject_of(X509 *certificate)
{
    if (certificate == NULL)
        return g_strdup("unknown");
    g_autofree char *line = NULL;
    g_autoptr(BIO) bio = BIO_new(BIO_s_mem());
    X509_NAME_print_ex(bio, X509_get_subject_name(certificate), 0,
                       XN_FLAG_ONELINE & ~ASN1_STRFLGS_ESC_MSB);
    char *bytes;
    long size = BIO_get_mem_data(bio, &bytes);
    line = g_strndup(bytes, (gsize)MIN(size, 200));
    return text_field(line);
}

static char *date_of(const ASN1_TIME *time)
{
    struct tm parts;
    if (!ASN1_TIME_to_tm(time, &parts))
        return g_strdup("an unreadable date");
    return g_strdup_printf("%04d-%02d-%02d", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday);
}

/* The host names a certificate offers, made safe: "a, b and 3 more". */
static char *names_of(X509 *certificate)
{
    GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    g_autoptr(GString) list = g_string_new(NULL);
    guint shown = 0, more = 0;
    for (int i = 0; names && i < sk_GENERAL_NAME_num(names); i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
        if (name->type != GEN_DNS)
            continue;
        if (shown == NAMES_SHOWN) {
            more++;
            continue;
        }
        int size = ASN1_STRING_length(name->d.dNSName);
        g_autofree char *bytes =
            text_utf8((const char *)ASN1_STRING_get0_data(name->d.dNSName), MIN(size, 255));
        g_autofree char *safe = text_name(bytes);
        g_string_append_printf(list, "%s%s", shown++ ? ", " : "", safe);
    }
    GENERAL_NAMES_free(names);
    if (more > 0)
        g_string_append_printf(list, " and %u more", more);
    return g_string_free(g_steal_pointer(&list), FALSE);
}

static gboolean refuse_name(X509 *leaf, const char *host, GError **error)
{
    g_autofree char *names = names_of(leaf);
    return refuse(error, POSTERN_ERROR_PROTOCOL, "tls.name",
                  "use the name the certificate was made for, or have it made for this host",
                  *names ? "the certificate is not for %s but for %s"
                         : "the certificate is not for %s: it names no host at all%s",
                  host, names);
}

/* One sentence for each fault that people can do something about; the rest in OpenSSL's words. */
static gboolean refuse_chain(X509_STORE_CTX *context, X509 *leaf, guint set, guint sets,
                             const char *host, GError **error)
{
    int fault = X509_STORE_CTX_get_error(context);
    X509 *at = X509_STORE_CTX_get_current_cert(context);
    g_autofree char *subject = subject_of(at);
    g_autofree char *which = sets > 1 ? g_strdup_printf(" (CA set %u)", set + 1) : g_strdup("");
    g_autofree char *date = NULL;
    switch (fault) {
    case X509_V_ERR_HOSTNAME_MISMATCH: return refuse_name(leaf, host, error);
    case X509_V_ERR_CERT_HAS_EXPIRED:
        date = date_of(X509_get0_notAfter(at));
        return refuse(error, POSTERN_ERROR_PROTOCOL, "tls.expired",
                      "have the certificate renewed, or set this machine's clock",
                      "the certificate \"%s\" of %s expired on %s", subject, host, date);
    case X509_V_ERR_CERT_NOT_YET_VALID:
        date = date_of(X509_get0_notBefore(at));
        return refuse(error, POSTERN_ERROR_PROTOCOL, "tls.expired",
                      "set this machine's clock, or wait",
                      "the certificate \"%s\" of %s is not valid before %s", subject, host, date);
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
        return refuse(error, POSTERN_ERROR_PROTOCOL, "tls.chain",
                      "name the company's CA in ca_file if this server is the company's",
                      "the certificate of %s is self-signed and not trusted%s", host, which);
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
        return refuse(error, POSTERN_ERROR_PROTOCOL, "tls.chain",
                      "name the company's CA in ca_file if this server is the company's",
                      "the certificate of %s comes from a CA that is not trusted%s: \"%s\"", host,
                      which, subject);
    default:
        return refuse(error, POSTERN_ERROR_PROTOCOL, "tls.chain", "have the certificate replaced",
                      "the certificate \"%s\" of %s is not acceptable%s: %s", subject, host, which,
                      X509_verify_cert_error_string(fault));
    }
}

/* Not OpenSSL's strict mode: it would also refuse the many company CAs without key usage or key
 * identifiers. */
static X509_STORE_CTX *context_for(X509_STORE *store, X509 *leaf, STACK_OF(X509) * sent,
                                   const char *host)
{
    X509_STORE_CTX *context = X509_STORE_CTX_new();
    if (!X509_STORE_CTX_init(context, store, leaf, sent))
        g_error("out of memory for a certificate check");
    X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(context);
    X509_VERIFY_PARAM_set_auth_level(param, AUTH_LEVEL);
    X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS |
                                               X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
    if (!X509_VERIFY_PARAM_set_purpose(param, X509_PURPOSE_SSL_SERVER) ||
        !X509_VERIFY_PARAM_set_trust(param, X509_TRUST_SSL_SERVER) ||
        !X509_VERIFY_PARAM_set1_host(param, host, 0))
        g_error("libcrypto knows no check for TLS servers");
    return context;
}

static gboolean pin_matches(X509 *certificate, char **pins)
{
    guint8 *spki = NULL;
    int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &spki);
    if (size < 0)
        return FALSE;
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
    g_checksum_update(sum, spki, size);
    OPENSSL_free(spki);
    guint8 digest[32];
    gsize length = sizeof digest;
    g_checksum_get_digest(sum, digest, &length);
    g_autofree char *base64 = g_base64_encode(digest, length);
    g_autofree char *pin = g_strconcat("sha256/", base64, NULL);
    return g_strv_contains((const char *const *)pins, pin);
}

static gboolean chain_pinned(STACK_OF(X509) * chain, char **pins)
{
    for (int i = 0; i < sk_X509_num(chain); i++)
        if (pin_matches(sk_X509_value(chain, i), pins))
            return TRUE;
    return FALSE;
}

gboolean certificate_check(X509 *leaf, STACK_OF(X509) * sent, const GPtrArray *stores,
                           const Session *session, int *code, STACK_OF(X509) * *chain,
                           GError **error)
{
    gboolean pinned = session->pins == NULL || session->pins[0] == NULL;
    g_autoptr(X509Stack) first = NULL;
    *code = X509_V_ERR_UNSPECIFIED;
    for (guint i = 0; i < stores->len; i++) {
        g_autoptr(X509_STORE_CTX) context =
            context_for(g_ptr_array_index(stores, i), leaf, sent, session->host);
        if (X509_verify_cert(context) != 1) {
            *code = X509_STORE_CTX_get_error(context);
            return refuse_chain(context, leaf, i, stores->len, session->host, error);
        }
        pinned = pinned || chain_pinned(X509_STORE_CTX_get0_chain(context), session->pins);
        if (first == NULL)
            first = X509_STORE_CTX_get1_chain(context);
    }
    if (first == NULL)
        return refuse(error, POSTERN_ERROR_POLICY, "tls.ca",
                      "set ca_file, or install the package ca-certificates", "no CA is trusted");
    if (!pinned)
        return refuse(error, POSTERN_ERROR_PROTOCOL, "tls.pin",
                      "if the company changed its key, take the new pin from the company",
                      "no certificate of %s carries a pinned key", session->host);
    *code = X509_V_OK;
    if (chain)
        *chain = g_steal_pointer(&first);
    return TRUE;
}

gint64 certificate_end(const X509 *certificate)
{
    struct tm end;
    if (certificate == NULL || !ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &end))
        return 0;
    return (gint64)timegm(&end);
}
