/* See pgp.h: what a signature is worth. */
#include "core/text.h"
#include "crypto/pgp-internal.h"

static gboolean weak_hash(gpgme_hash_algo_t hash)
{
    /* Collisions can be bought: such a signature may have been made for another text. */
    return hash == GPGME_MD_MD5 || hash == GPGME_MD_SHA1 || hash == GPGME_MD_RMD160;
}

SignatureStatus pgp_good_or(gpgme_signature_t signature)
{
    if (signature->summary & GPGME_SIGSUM_KEY_REVOKED)
        return SIG_REVOKED_KEY;
    if (signature->summary & GPGME_SIGSUM_KEY_EXPIRED)
        return SIG_EXPIRED_KEY;
    if (signature->summary & GPGME_SIGSUM_KEY_MISSING)
        return SIG_UNKNOWN_KEY;
    if (signature->summary &
            (GPGME_SIGSUM_RED | GPGME_SIGSUM_SIG_EXPIRED | GPGME_SIGSUM_SYS_ERROR) ||
        signature->wrong_key_usage || weak_hash(signature->hash_algo))
        return SIG_ERROR;
    return SIG_GOOD;
}

static SignatureStatus status_of(gpgme_signature_t signature)
{
    switch (gpgme_err_code(signature->status)) {
    case GPG_ERR_NO_ERROR: return pgp_good_or(signature);
    case GPG_ERR_BAD_SIGNATURE: return SIG_BAD;
    case GPG_ERR_NO_PUBKEY: return SIG_UNKNOWN_KEY;
    case GPG_ERR_KEY_EXPIRED: return SIG_EXPIRED_KEY;
    case GPG_ERR_CERT_REVOKED: return SIG_REVOKED_KEY;
    default: return SIG_ERROR;
    }
}

static gpgme_key_t signing_key(gpgme_signature_t signature)
{
    g_auto(gpgme_ctx_t) context = pgp_context(NULL);
    gpgme_key_t key = NULL;
    if (context == NULL || signature->fpr == NULL)
        return NULL;
    gpgme_set_keylist_mode(context, GPGME_KEYLIST_MODE_LOCAL | GPGME_KEYLIST_MODE_WITH_SECRET);
    /* The fingerprint may be that of a subkey; the key that comes back is the whole one. */
    if (gpgme_get_key(context, signature->fpr, &key, 0))
        return NULL;
    return key;
}

static SignerTrust trust_of(gpgme_key_t key)
{
    if (key->secret)
        return TRUST_OWN;
    for (gpgme_user_id_t uid = key->uids; uid; uid = uid->next)
        if (!uid->revoked && !uid->invalid && uid->validity >= GPGME_VALIDITY_FULL)
            return TRUST_CONFIRMED;
    return TRUST_SEEN;
}

/* The user id that carries FROM. Anybody can add any address to his key, so of a confirmed
 * key only the user ids that are confirmed themselves count. */
static gpgme_user_id_t matching_uid(gpgme_key_t key, SignerTrust trust, const char *from)
{
    for (gpgme_user_id_t uid = key->uids; uid; uid = uid->next)
        if (pgp_uid_carries(uid, from) &&
            (trust != TRUST_CONFIRMED || uid->validity >= GPGME_VALIDITY_FULL))
            return uid;
    return NULL;
}

static Signature *signature_of(gpgme_signature_t from_gpg, const char *from)
{
    Signature *signature = g_new0(Signature, 1);
    signature->status = status_of(from_gpg);
    signature->created = (gint64)from_gpg->timestamp;
    g_auto(gpgme_key_t) key = signing_key(from_gpg);
    if (key == NULL || key->fpr == NULL) {
        signature->fingerprint = from_gpg->fpr ? g_ascii_strup(from_gpg->fpr, -1) : NULL;
        /* A verdict about a key that cannot be shown is none. */
        if (signature->status == SIG_GOOD)
            signature->status = SIG_ERROR;
        return signature;
    }
    signature->fingerprint = g_ascii_strup(key->fpr, -1);
    signature->trust = trust_of(key);
    gpgme_user_id_t match = matching_uid(key, signature->trust, from);
    gpgme_user_id_t shown = match ? match : key->uids;
    signature->from_matches = match != NULL;
    signature->signer = shown && shown->uid ? text_utf8(shown->uid, -1) : NULL;
    return signature;
}

guint pgp_collect_signatures(gpgme_ctx_t context, const char *from, GPtrArray *signatures)
{
    gpgme_verify_result_t result = gpgme_op_verify_result(context);
    guint found = 0;
    for (gpgme_signature_t each = result ? result->signatures : NULL; each; each = each->next) {
        g_ptr_array_add(signatures, signature_of(each, from));
        found++;
    }
    return found;
}

gboolean pgp_verify(GBytes *data, GBytes *signature, const char *from, GPtrArray *signatures,
                    GError **error)
{
    g_auto(gpgme_ctx_t) context = pgp_context(error);
    if (context == NULL)
        return FALSE;
    gsize text_size, signature_size;
    const void *text_memory = g_bytes_get_data(data, &text_size);
    const void *signature_memory = g_bytes_get_data(signature, &signature_size);
    g_auto(gpgme_data_t) text = pgp_input(text_memory, text_size);
    g_auto(gpgme_data_t) detached = pgp_input(signature_memory, signature_size);
    gpgme_error_t failure = gpgme_op_verify(context, detached, text, NULL);
    if (failure)
        return pgp_refuse(error, failure, "verify a signature");
    return pgp_collect_signatures(context, from, signatures) > 0 ||
           refuse(error, POSTERN_ERROR_INPUT, "openpgp.data", "ask the sender to sign it again",
                  "there is no OpenPGP signature in what should be one");
}

GBytes *pgp_verify_clear(GBytes *data, const char *from, GPtrArray *signatures, GError **error)
{
    g_auto(gpgme_ctx_t) context = pgp_context(error);
    if (context == NULL)
        return NULL;
    gsize size;
    const void *memory = g_bytes_get_data(data, &size);
    g_autoptr(GByteArray) text = g_byte_array_new();
    PgpOutput output = {.bytes = text, .limit = size};
    g_auto(gpgme_data_t) signed_text = pgp_input(memory, size);
    g_auto(gpgme_data_t) plain = pgp_output(&output);
    gpgme_error_t failure = gpgme_op_verify(context, signed_text, NULL, plain);
    if (failure) {
        pgp_refuse(error, failure, "verify a signature");
        return NULL;
    }
    if (pgp_collect_signatures(context, from, signatures) > 0)
        return g_byte_array_free_to_bytes(g_steal_pointer(&text));
    refuse(error, POSTERN_ERROR_INPUT, "openpgp.data", "ask the sender to sign it again",
           "there is no OpenPGP signature in what should be one");
    return NULL;
}
