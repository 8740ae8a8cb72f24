/* See staple.h. */
#include "net/staple.h"

#include <openssl/err.h>
#include <openssl/ocsp.h>
#include <openssl/x509v3.h>

#include "core/error.h"

/* RFC 7633: the feature is TLS extension 5, status_request. */
#define STATUS_REQUEST 5

/* Clocks of honest machines differ by this much. */
#define SKEW_SECONDS 300

G_DEFINE_AUTOPTR_CLEANUP_FUNC(OCSP_RESPONSE, OCSP_RESPONSE_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OCSP_BASICRESP, OCSP_BASICRESP_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OCSP_CERTID, OCSP_CERTID_free)

static gboolean must_staple(X509 *leaf)
{
    TLS_FEATURE *features = X509_get_ext_d2i(leaf, NID_tlsfeature, NULL, NULL);
    gboolean must = FALSE;
    for (int i = 0; features && i < sk_ASN1_INTEGER_num(features); i++)
        must = must || ASN1_INTEGER_get(sk_ASN1_INTEGER_value(features, i)) == STATUS_REQUEST;
    TLS_FEATURE_free(features);
    return must;
}

/* A response that its issuer signed. */
static OCSP_BASICRESP *verified(STACK_OF(X509) * chain, X509_STORE *store, const guint8 *bytes,
                                gsize size)
{
    g_autoptr(OCSP_RESPONSE) response = d2i_OCSP_RESPONSE(NULL, &bytes, (long)size);
    if (response == NULL || OCSP_response_status(response) != OCSP_RESPONSE_STATUS_SUCCESSFUL)
        return NULL;
    g_autoptr(OCSP_BASICRESP) basic = OCSP_response_get1_basic(response);
    if (basic == NULL || OCSP_basic_verify(basic, chain, store, 0) != 1)
        return NULL;
    return g_steal_pointer(&basic);
}

/* V_OCSP_CERTSTATUS_ of the leaf; UNKNOWN for whatever is wrong with the response. */
static int status_of(STACK_OF(X509) * chain, X509_STORE *store, const guint8 *bytes, gsize size)
{
    ASN1_GENERALIZEDTIME *from, *until;
    int status = V_OCSP_CERTSTATUS_UNKNOWN;
    if (bytes == NULL || size > G_MAXINT || sk_X509_num(chain) < 2)
        return status;
    g_autoptr(OCSP_BASICRESP) basic = verified(chain, store, bytes, size);
    if (basic == NULL)
        return status;
    g_autoptr(OCSP_CERTID) leaf =
        OCSP_cert_to_id(NULL, sk_X509_value(chain, 0), sk_X509_value(chain, 1));
    if (leaf == NULL || !OCSP_resp_find_status(basic, leaf, &status, NULL, NULL, &from, &until) ||
        !OCSP_check_validity(from, until, SKEW_SECONDS, -1))
        return V_OCSP_CERTSTATUS_UNKNOWN;
    return status;
}

gboolean staple_check(STACK_OF(X509) * chain, X509_STORE *store, const guint8 *response, gsize size,
                      const char *host, GError **error)
{
    int status = status_of(chain, store, response, size);
    ERR_clear_error();
    if (status == V_OCSP_CERTSTATUS_REVOKED)
        return refuse(error, POSTERN_ERROR_PROTOCOL, "tls.revoked",
                      "ask the company: its server must get a new certificate",
                      "the certificate of %s has been revoked", host);
    if (status != V_OCSP_CERTSTATUS_GOOD && must_staple(sk_X509_value(chain, 0)))
        return refuse(error, POSTERN_ERROR_PROTOCOL, "tls.staple",
                      "have OCSP stapling switched on at the server",
                      "the certificate of %s wants a fresh OCSP response, and the server sent %s",
                      host, response ? "none that is good" : "none");
    return TRUE;
}
