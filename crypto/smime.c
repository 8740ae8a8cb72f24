/* See smime.h. */
#include "crypto/smime.h"

#include <openssl/cms.h>
#include <openssl/err.h>
#include <string.h>

#include "core/limits.h"
#include "core/paths.h"
#include "core/text.h"
#include "crypto/pgp-internal.h"

#define QUIET "postern-gpgsm-quiet"

G_DEFINE_AUTOPTR_CLEANUP_FUNC(CMS_ContentInfo, CMS_ContentInfo_free)

static gboolean unusable(GError **error, const char *why)
{
    return refuse(error, POSTERN_ERROR_INPUT, "smime.data", "ask the sender to send it again",
                  "an S/MIME message %s", why);
}

/* --- structure ----------------------------------------------------------------------------- */

/* All of BYTES as CMS, and nothing behind it. */
static CMS_ContentInfo *parse(GBytes *bytes)
{
    gsize size;
    const unsigned char *at = g_bytes_get_data(bytes, &size), *end = at + size;
    if (size == 0)
        return NULL;
    CMS_ContentInfo *cms = d2i_CMS_ContentInfo(NULL, &at, (long)size);
    ERR_clear_error();
    if (cms != NULL && at == end)
        return cms;
    CMS_ContentInfo_free(cms);
    return NULL;
}

static gboolean is_enveloped(const CMS_ContentInfo *cms, gboolean *changeable)
{
    int type = OBJ_obj2nid(CMS_get0_type(cms));
    *changeable = type == NID_pkcs7_enveloped;
    return *changeable || type == NID_id_smime_ct_authEnvelopedData;
}

gboolean smime_is_enveloped(GBytes *bytes)
{
    gboolean changeable;
    g_autoptr(CMS_ContentInfo) cms = parse(bytes);
    return cms != NULL && is_enveloped(cms, &changeable);
}

/* Signed data; the content inside it or NULL. */
static gboolean is_signed(CMS_ContentInfo *cms, GBytes **content)
{
    *content = NULL;
    if (OBJ_obj2nid(CMS_get0_type(cms)) != NID_pkcs7_signed)
        return FALSE;
    ASN1_OCTET_STRING **inside = CMS_get0_content(cms);
    if (*inside != NULL)
        *content = g_bytes_new(ASN1_STRING_get0_data(*inside), (gsize)ASN1_STRING_length(*inside));
    return TRUE;
}

GBytes *smime_content(GBytes *bytes)
{
    g_autoptr(CMS_ContentInfo) cms = parse(bytes);
    GBytes *content = NULL;
    return cms != NULL && is_signed(cms, &content) ? content : NULL;
}

/* --- gpgsm --------------------------------------------------------------------------------- */

/* GPGME would find out only when it has begun. */
static gboolean is_there(const char *gpgsm)
{
    g_autofree char *real = g_find_program_in_path("gpgsm");
    return real != NULL && g_file_test(gpgsm, G_FILE_TEST_IS_EXECUTABLE);
}

/* PROGRAM is one of gpgsmmain.c. */
static gpgme_ctx_t new_context(const char *program, GError **error)
{
    g_auto(gpgme_ctx_t) context = NULL;
    if (!pgp_start(error))
        return NULL;
    g_autofree char *gpgsm = paths_program(program);
    gpgme_error_t failure = gpgme_new(&context);
    if (!failure)
        failure = gpgme_set_protocol(context, GPGME_PROTOCOL_CMS);
    if (!failure)
        failure = gpgme_ctx_set_engine_info(context, GPGME_PROTOCOL_CMS, gpgsm, NULL);
    if (!failure && !is_there(gpgsm))
        failure = gpgme_error(GPG_ERR_INV_ENGINE);
    if (failure) {
        refuse(error, POSTERN_ERROR_POLICY, "smime.engine", "install gpgsm",
               "S/MIME cannot be read without gpgsm");
        return NULL;
    }
    gpgme_set_offline(context, 1);
    return g_steal_pointer(&context);
}

static gboolean refuse_failure(GError **error, gpgme_error_t failure, const char *doing)
{
    g_autoptr(GError) meant = NULL;
    pgp_refuse(&meant, failure, doing);
    if (meant->code != POSTERN_ERROR_INPUT) {
        g_propagate_error(error, g_steal_pointer(&meant));
        return FALSE;
    }
    return unusable(error, "cannot be opened or verified");
}

static SignatureStatus status_of(gpgme_signature_t signature)
{
    switch (gpgme_err_code(signature->status)) {
    case GPG_ERR_NO_ERROR: return pgp_good_or(signature);
    case GPG_ERR_BAD_SIGNATURE: return SIG_BAD;
    case GPG_ERR_NO_PUBKEY: return SIG_UNKNOWN_KEY;
    case GPG_ERR_CERT_EXPIRED:
    case GPG_ERR_KEY_EXPIRED: return SIG_EXPIRED_KEY;
    case GPG_ERR_CERT_REVOKED: return SIG_REVOKED_KEY;
    default: return SIG_ERROR;
    }
}

/* gpgsm's user ids: the subject's name first, then "<address>". */
static gboolean carries(gpgme_key_t key, const char *from)
{
    for (gpgme_user_id_t uid = key->uids; uid; uid = uid->next) {
        const char *name = uid->email && *uid->email ? uid->email : uid->uid ? uid->uid : "";
        g_autofree char *bare = g_strdup(name + (*name == '<'));
        if (g_str_has_suffix(bare, ">"))
            bare[strlen(bare) - 1] = '\0';
        if (from != NULL && g_ascii_strcasecmp(bare, from) == 0)
            return TRUE;
    }
    return FALSE;
}

static Signature *signature_of(gpgme_signature_t found, const char *from)
{
    Signature *signature = g_new0(Signature, 1);
    g_auto(gpgme_ctx_t) context = new_context(QUIET, NULL);
    g_auto(gpgme_key_t) key = NULL;
    signature->smime = TRUE;
    signature->status = status_of(found);
    signature->created = (gint64)found->timestamp;
    signature->fingerprint = found->fpr ? g_ascii_strup(found->fpr, -1) : NULL;
    if (context == NULL || found->fpr == NULL || gpgme_get_key(context, found->fpr, &key, 0) ||
        key->uids == NULL) {
        if (signature->status == SIG_GOOD)
            signature->status = SIG_ERROR;
        return signature;
    }
    /* Confirmed is whom a CA in trustlist.txt vouches for. */
    gboolean vouched =
        found->validity >= GPGME_VALIDITY_FULL && (found->summary & GPGME_SIGSUM_GREEN);
    signature->trust = vouched ? TRUST_CONFIRMED : TRUST_SEEN;
    signature->from_matches = carries(key, from);
    signature->signer = text_utf8(key->uids->uid ? key->uids->uid : "", -1);
    return signature;
}

/* TRUE when there was one at least. */
static gboolean collect(gpgme_ctx_t context, const char *from, GPtrArray *signatures)
{
    gpgme_verify_result_t result = gpgme_op_verify_result(context);
    gpgme_signature_t first = result ? result->signatures : NULL;
    for (gpgme_signature_t each = first; each; each = each->next)
        g_ptr_array_add(signatures, signature_of(each, from));
    return first != NULL;
}

/* --- in ------------------------------------------------------------------------------------ */

/* CMS against DATA, or against its own content when DATA is NULL. */
static gboolean verify(GBytes *data, GBytes *cms, const char *from, GPtrArray *signatures,
                       GError **error)
{
    g_auto(gpgme_ctx_t) context = new_context(QUIET, error);
    if (context == NULL)
        return FALSE;
    gsize size, text_size = 0;
    const void *memory = g_bytes_get_data(cms, &size);
    const void *text_memory = data ? g_bytes_get_data(data, &text_size) : NULL;
    g_autoptr(GByteArray) content = g_byte_array_new();
    PgpOutput output = {.bytes = content, .limit = LIMIT_DECRYPTED_BYTES};
    g_auto(gpgme_data_t) signature = pgp_input(memory, size);
    g_auto(gpgme_data_t) text = pgp_input(text_memory, text_size);
    g_auto(gpgme_data_t) ignored = pgp_output(&output);
    gpgme_error_t failure =
        gpgme_op_verify(context, signature, data ? text : NULL, data ? NULL : ignored);
    if (failure)
        return refuse_failure(error, failure, "verify a signature");
    return collect(context, from, signatures) || unusable(error, "bears no signature");
}

gboolean smime_verify(GBytes *data, GBytes *bytes, const char *from, GPtrArray *signatures,
                      GError **error)
{
    g_autoptr(CMS_ContentInfo) cms = parse(bytes);
    g_autoptr(GBytes) content = NULL;
    if (cms == NULL || !is_signed(cms, &content))
        return unusable(error, "bears no signature");
    if (content != NULL)
        return unusable(error, "bears a signature over a content of its own");
    return verify(data, bytes, from, signatures, error);
}

static GBytes *decrypt(GBytes *cms, GError **error)
{
    g_auto(gpgme_ctx_t) context = new_context(pgp_may_ask() ? "postern-gpgsm" : QUIET, error);
    if (context == NULL)
        return NULL;
    gsize size;
    const void *memory = g_bytes_get_data(cms, &size);
    g_autoptr(GByteArray) plain = g_byte_array_new();
    PgpOutput output = {.bytes = plain, .limit = LIMIT_DECRYPTED_BYTES};
    g_auto(gpgme_data_t) sealed = pgp_input(memory, size);
    g_auto(gpgme_data_t) opened = pgp_output(&output);
    gpgme_error_t failure = gpgme_op_decrypt(context, sealed, opened);
    if (!failure)
        return g_byte_array_free_to_bytes(g_steal_pointer(&plain));
    secret_wipe(plain->data, plain->len);
    refuse_failure(error, failure, "decrypt");
    return NULL;
}

GBytes *smime_open(GBytes *bytes, const char *from, GPtrArray *signatures, gboolean *encrypted,
                   gboolean *changeable, GError **error)
{
    g_autoptr(CMS_ContentInfo) cms = parse(bytes);
    g_autoptr(GBytes) content = NULL;
    *encrypted = cms != NULL && is_enveloped(cms, changeable);
    if (*encrypted)
        return decrypt(bytes, error);
    if (cms == NULL || !is_signed(cms, &content) || content == NULL) {
        unusable(error, "is broken, or of no kind that is known");
        return NULL;
    }
    g_autoptr(GError) failure = NULL;
    if (!verify(NULL, bytes, from, signatures, &failure)) {
        Signature *fault = g_new0(Signature, 1);
        fault->status = SIG_ERROR;
        fault->smime = TRUE;
        g_ptr_array_add(signatures, fault);
    }
    return g_steal_pointer(&content);
}
