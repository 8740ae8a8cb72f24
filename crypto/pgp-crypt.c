/* See pgp.h: encrypting, signing and decrypting. */
#include <string.h>

#include "core/limits.h"
#include "crypto/pgp-internal.h"
#include "crypto/pgp-outline.h"

/* --- out ----------------------------------------------------------------------------------- */

static void unref_key(gpointer key)
{
    if (key)
        gpgme_key_unref(key);
}

GPtrArray *pgp_recipients(gpgme_ctx_t context, char *const *fingerprints, GError **error)
{
    g_autoptr(GPtrArray) keys = g_ptr_array_new_with_free_func(unref_key);
    for (char *const *fingerprint = fingerprints; fingerprint && *fingerprint; fingerprint++) {
        gpgme_key_t key = pgp_key(context, *fingerprint, FALSE, error);
        if (key == NULL)
            return NULL;
        g_ptr_array_add(keys, key);
        if (!pgp_key_check(key, FALSE, error))
            return NULL;
    }
    if (keys->len == 0) {
        refuse(error, POSTERN_ERROR_POLICY, "key.missing", "name a key",
               "there is nobody to encrypt to");
        return NULL;
    }
    g_ptr_array_add(keys, NULL);
    return g_steal_pointer(&keys);
}

static gboolean add_signer(gpgme_ctx_t context, const char *signer, GError **error)
{
    g_auto(gpgme_key_t) key = pgp_key(context, signer, FALSE, error);
    if (key == NULL || !pgp_key_check(key, TRUE, error))
        return FALSE;
    gpgme_error_t failure = gpgme_signers_add(context, key);
    return !failure || pgp_refuse(error, failure, "sign");
}

/* FAILURE, or the reason why a signer was passed over, which says more. */
static gpgme_error_t signing_failure(gpgme_ctx_t context, gpgme_error_t failure)
{
    gpgme_sign_result_t result = gpgme_op_sign_result(context);
    if (result && result->invalid_signers)
        return result->invalid_signers->reason;
    if (!failure && (result == NULL || result->signatures == NULL))
        return gpgme_error(GPG_ERR_UNUSABLE_SECKEY);
    return failure;
}

static gpgme_error_t encrypt(gpgme_ctx_t context, GPtrArray *keys, gboolean sign,
                             gpgme_encrypt_flags_t flags, gpgme_data_t plain, gpgme_data_t sealed)
{
    flags |= GPGME_ENCRYPT_ALWAYS_TRUST | GPGME_ENCRYPT_NO_ENCRYPT_TO;
    gpgme_key_t *to = (gpgme_key_t *)keys->pdata;
    gpgme_error_t failure = sign ? gpgme_op_encrypt_sign(context, to, flags, plain, sealed)
                                 : gpgme_op_encrypt(context, to, flags, plain, sealed);
    if (sign)
        failure = signing_failure(context, failure);
    gpgme_encrypt_result_t result = gpgme_op_encrypt_result(context);
    if (!failure && (result == NULL || result->invalid_recipients))
        failure = gpgme_error(GPG_ERR_UNUSABLE_PUBKEY);
    return failure;
}

GBytes *pgp_wrap_to(gpgme_ctx_t context, GPtrArray *keys, const void *secret, gsize size,
                    GError **error)
{
    g_autoptr(GByteArray) wrapped = g_byte_array_new();
    PgpOutput output = {.bytes = wrapped, .limit = WRAPPED_MAX};
    g_auto(gpgme_data_t) plain = pgp_input(secret, size);
    g_auto(gpgme_data_t) sealed = pgp_output(&output);
    gpgme_error_t failure = encrypt(context, keys, FALSE, GPGME_ENCRYPT_NO_COMPRESS, plain, sealed);
    if (failure) {
        pgp_refuse(error, failure, "wrap a key");
        return NULL;
    }
    return g_byte_array_free_to_bytes(g_steal_pointer(&wrapped));
}

GBytes *pgp_encrypt(char **fingerprints, const char *signer, GBytes *data, GError **error)
{
    g_auto(gpgme_ctx_t) context = pgp_context(error);
    g_autoptr(GPtrArray) keys = context ? pgp_recipients(context, fingerprints, error) : NULL;
    if (keys == NULL || (signer && !add_signer(context, signer, error)))
        return NULL;
    gpgme_set_armor(context, 1);
    g_autoptr(GByteArray) message = g_byte_array_new();
    PgpOutput output = {.bytes = message, .limit = 2 * LIMIT_DECRYPTED_BYTES};
    gsize size;
    const void *memory = g_bytes_get_data(data, &size);
    g_auto(gpgme_data_t) plain = pgp_input(memory, size);
    g_auto(gpgme_data_t) sealed = pgp_output(&output);
    gpgme_error_t failure = encrypt(context, keys, signer != NULL, 0, plain, sealed);
    if (failure) {
        pgp_refuse(error, failure, "encrypt");
        return NULL;
    }
    return g_byte_array_free_to_bytes(g_steal_pointer(&message));
}

/* RFC 3156's name of the hash: "pgp-sha256". */
static char *micalg_of(gpgme_ctx_t context)
{
    gpgme_sign_result_t result = gpgme_op_sign_result(context);
    const char *name =
        result && result->signatures ? gpgme_hash_algo_name(result->signatures->hash_algo) : NULL;
    g_autofree char *lower = name ? g_ascii_strdown(name, -1) : NULL;
    return lower ? g_strconcat("pgp-", lower, NULL) : NULL;
}

GBytes *pgp_sign(const char *signer, GBytes *data, char **micalg, GError **error)
{
    g_auto(gpgme_ctx_t) context = pgp_context(error);
    if (context == NULL || !add_signer(context, signer, error))
        return NULL;
    gpgme_set_armor(context, 1);
    g_autoptr(GByteArray) signature = g_byte_array_new();
    PgpOutput output = {.bytes = signature, .limit = WRAPPED_MAX};
    gsize size;
    const void *memory = g_bytes_get_data(data, &size);
    g_auto(gpgme_data_t) plain = pgp_input(memory, size);
    g_auto(gpgme_data_t) detached = pgp_output(&output);
    gpgme_error_t failure =
        signing_failure(context, gpgme_op_sign(context, plain, detached, GPGME_SIG_MODE_DETACH));
    g_autofree char *name = failure ? NULL : micalg_of(context);
    if (name == NULL) {
        pgp_refuse(error, failure ? failure : gpgme_error(GPG_ERR_UNUSABLE_SECKEY), "sign");
        return NULL;
    }
    *micalg = g_steal_pointer(&name);
    return g_byte_array_free_to_bytes(g_steal_pointer(&signature));
}

/* --- in ------------------------------------------------------------------------------------ */

gboolean pgp_open(gpgme_ctx_t context, const void *memory, gsize size, gboolean verify,
                  PgpOutput *output, GError **error)
{
    g_auto(gpgme_data_t) sealed = pgp_input(memory, size);
    g_auto(gpgme_data_t) plain = pgp_output(output);
    gpgme_error_t failure = verify ? gpgme_op_decrypt_verify(context, sealed, plain)
                                   : gpgme_op_decrypt(context, sealed, plain);
    if (output->overflowed)
        return refuse(
            error, POSTERN_ERROR_INPUT, "openpgp.data", "ask the sender for less at a time",
            "an OpenPGP message holds more than %" G_GSIZE_FORMAT " bytes", output->limit);
    if (failure)
        return pgp_refuse(error, failure, "decrypt");
    gpgme_decrypt_result_t result = gpgme_op_decrypt_result(context);
    if (result == NULL || result->unsupported_algorithm || result->legacy_cipher_nomdc)
        return refuse(error, POSTERN_ERROR_INPUT, "openpgp.data",
                      "ask the sender to use a newer OpenPGP program",
                      "an OpenPGP message is not protected against changes");
    return TRUE;
}

/* Does LINE of a gpg.conf turn what gpg says into a file? */
static gboolean is_log_line(const char *line)
{
    line += strspn(line, " \t");
    return g_str_has_prefix(line, "log-file") || g_str_has_prefix(line, "logger-file");
}

static gboolean dir_names_log(const char *path)
{
    gboolean names = FALSE;
    g_autoptr(GDir) dir = path ? g_dir_open(path, 0, NULL) : NULL;
    for (const char *entry; dir && !names && (entry = g_dir_read_name(dir));) {
        if (!g_str_has_prefix(entry, "gpg.conf"))
            continue;
        g_autofree char *file = g_build_filename(path, entry, NULL), *text = NULL;
        if (!g_file_get_contents(file, &text, NULL, NULL))
            continue;
        g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
        for (char **line = lines; *line && !names; line++)
            names = is_log_line(*line);
    }
    return names;
}

static gpointer look_for_log(gpointer unused)
{
    (void)unused;
    return GINT_TO_POINTER(dir_names_log(gpgme_get_dirinfo("homedir")) ||
                           dir_names_log(gpgme_get_dirinfo("sysconfdir")));
}

/* gpg tells a session key to GPGME, and to its log too. Looked for once a process. */
static gboolean log_is_kept(void)
{
    static GOnce once = G_ONCE_INIT;
    return GPOINTER_TO_INT(g_once(&once, look_for_log, NULL));
}

/* What the last operation was opened with: for SEALED, unless there is a doubt. */
static void take_session_key(gpgme_ctx_t context, GBytes *sealed, SessionKeys *keys)
{
    gpgme_decrypt_result_t result = gpgme_op_decrypt_result(context);
    char *key = result ? result->session_key : NULL;
    if (key == NULL)
        return;
    if (!result->wrong_key_usage)
        session_keys_add(keys, sealed, key);
    secret_wipe(key, strlen(key));
}

/* SEALED as pgp_outline_encrypted() gives it. */
static GBytes *decrypt(gpgme_ctx_t context, GBytes *sealed, const char *from, GPtrArray *signatures,
                       GError **error)
{
    g_autoptr(GByteArray) plain = g_byte_array_new();
    PgpOutput output = {.bytes = plain, .limit = LIMIT_DECRYPTED_BYTES};
    gsize size;
    const void *memory = g_bytes_get_data(sealed, &size);
    if (!pgp_open(context, memory, size, TRUE, &output, error)) {
        secret_wipe(plain->data, plain->len);
        return NULL;
    }
    pgp_collect_signatures(context, from, signatures);
    return g_byte_array_free_to_bytes(g_steal_pointer(&plain));
}

GBytes *pgp_decrypt(GBytes *data, const char *from, SessionKeys *keys, GPtrArray *signatures,
                    GError **error)
{
    g_auto(gpgme_ctx_t) context = pgp_context(error);
    g_autoptr(GBytes) sealed = context ? pgp_outline_encrypted(data, NULL, error) : NULL;
    if (sealed == NULL)
        return NULL;
    gboolean keep = keys && !log_is_kept();
    gpgme_error_t failure = keep ? gpgme_set_ctx_flag(context, "export-session-key", "1") : 0;
    if (failure) {
        pgp_refuse(error, failure, "start");
        return NULL;
    }
    GBytes *plain = decrypt(context, sealed, from, signatures, error);
    if (plain && keep)
        take_session_key(context, sealed, keys);
    return plain;
}

GBytes *pgp_decrypt_again(GBytes *data, const char *from, const Secret *key, GPtrArray *signatures,
                          GError **error)
{
    g_auto(gpgme_ctx_t) context = pgp_context(error);
    g_autoptr(GBytes) sealed = context ? pgp_outline_encrypted(data, NULL, error) : NULL;
    if (sealed == NULL)
        return NULL;
    /* GPGME hands it to gpg through a pipe. */
    gpgme_error_t failure =
        gpgme_set_ctx_flag(context, "override-session-key", (const char *)secret_bytes(key));
    if (failure) {
        pgp_refuse(error, failure, "start");
        return NULL;
    }
    GBytes *plain = decrypt(context, sealed, from, signatures, error);
    char *copy = (char *)gpgme_get_ctx_flag(context, "override-session-key");
    secret_wipe(copy, strlen(copy));
    return plain;
}
