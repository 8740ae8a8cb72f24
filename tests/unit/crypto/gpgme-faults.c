/* See gpgme-faults.h. */
#include "tests/unit/crypto/gpgme-faults.h"

#include <gpgme.h>

GpgmeFault fault;

static gboolean struck(void)
{
    return (guint)g_atomic_int_add(&fault.calls, 1) + 1 == fault.target;
}

#define FAILURE gpgme_error(GPG_ERR_ENOMEM)

#define FAILS(name, parameters, arguments)                                                         \
    gpgme_error_t __real_##name parameters;                                                        \
    gpgme_error_t __wrap_##name parameters;                                                        \
    gpgme_error_t __wrap_##name parameters                                                         \
    {                                                                                              \
        return struck() ? FAILURE : __real_##name arguments;                                       \
    }

/* What a call has done is not there to be asked for, or (fault.shape 1 and 2) it is one of these
 * two. */
#define LACKS(type, name, one, other)                                                              \
    type __real_##name(gpgme_ctx_t context);                                                       \
    type __wrap_##name(gpgme_ctx_t context);                                                       \
    type __wrap_##name(gpgme_ctx_t context)                                                        \
    {                                                                                              \
        if (!struck())                                                                             \
            return __real_##name(context);                                                         \
        fault.several = TRUE;                                                                      \
        return fault.shape == 0 ? NULL : fault.shape == 1 ? (one) : (other);                       \
    }

FAILS(gpgme_engine_check_version, (gpgme_protocol_t protocol), (protocol))
FAILS(gpgme_new, (gpgme_ctx_t * context), (context))
FAILS(gpgme_set_protocol, (gpgme_ctx_t context, gpgme_protocol_t protocol), (context, protocol))
FAILS(gpgme_set_pinentry_mode, (gpgme_ctx_t context, gpgme_pinentry_mode_t mode), (context, mode))
FAILS(gpgme_get_key, (gpgme_ctx_t context, const char *name, gpgme_key_t *key, int secret),
      (context, name, key, secret))
FAILS(gpgme_signers_add, (gpgme_ctx_t context, const gpgme_key_t key), (context, key))
FAILS(gpgme_op_keylist_start, (gpgme_ctx_t context, const char *pattern, int secret),
      (context, pattern, secret))
FAILS(gpgme_op_keylist_end, (gpgme_ctx_t context), (context))
FAILS(gpgme_op_keylist_from_data_start, (gpgme_ctx_t context, gpgme_data_t data, int reserved),
      (context, data, reserved))
FAILS(gpgme_op_import, (gpgme_ctx_t context, gpgme_data_t data), (context, data))
FAILS(gpgme_op_export_keys,
      (gpgme_ctx_t context, gpgme_key_t *keys, gpgme_export_mode_t mode, gpgme_data_t data),
      (context, keys, mode, data))
FAILS(gpgme_op_encrypt,
      (gpgme_ctx_t context, gpgme_key_t *keys, gpgme_encrypt_flags_t how, gpgme_data_t plain,
       gpgme_data_t sealed),
      (context, keys, how, plain, sealed))
FAILS(gpgme_op_encrypt_sign,
      (gpgme_ctx_t context, gpgme_key_t *keys, gpgme_encrypt_flags_t how, gpgme_data_t plain,
       gpgme_data_t sealed),
      (context, keys, how, plain, sealed))
FAILS(gpgme_op_sign,
      (gpgme_ctx_t context, gpgme_data_t plain, gpgme_data_t signature, gpgme_sig_mode_t mode),
      (context, plain, signature, mode))
FAILS(gpgme_op_decrypt, (gpgme_ctx_t context, gpgme_data_t sealed, gpgme_data_t plain),
      (context, sealed, plain))
FAILS(gpgme_op_decrypt_verify, (gpgme_ctx_t context, gpgme_data_t sealed, gpgme_data_t plain),
      (context, sealed, plain))
FAILS(gpgme_op_verify,
      (gpgme_ctx_t context, gpgme_data_t signature, gpgme_data_t text, gpgme_data_t plain),
      (context, signature, text, plain))
FAILS(gpgme_op_keysign,
      (gpgme_ctx_t context, gpgme_key_t key, const char *ids, unsigned long expiry,
       unsigned int how),
      (context, key, ids, expiry, how))
FAILS(gpgme_op_createkey,
      (gpgme_ctx_t context, const char *id, const char *algorithm, unsigned long reserved,
       unsigned long expiry, gpgme_key_t parent, unsigned int how),
      (context, id, algorithm, reserved, expiry, parent, how))
FAILS(gpgme_set_ctx_flag, (gpgme_ctx_t context, const char *name, const char *value),
      (context, name, value))

/* Nothing was done, or not for everybody, or not as it should have been. */
static struct _gpgme_op_import_result no_import;
static struct _gpgme_op_sign_result no_sign;
static struct _gpgme_op_verify_result no_verify;
static struct _gpgme_op_genkey_result no_genkey;
static struct _gpgme_invalid_key nobody;
static struct _gpgme_op_encrypt_result not_to_all = {.invalid_recipients = &nobody};
static char odd_key[] = "9:00112233445566778899AABBCCDDEEFF00112233445566778899AABBCCDDEEFF";
static struct _gpgme_op_decrypt_result legacy = {.legacy_cipher_nomdc = 1};
static struct _gpgme_op_decrypt_result odd = {
    .unsupported_algorithm = odd_key, .session_key = odd_key, .wrong_key_usage = 1};
LACKS(gpgme_import_result_t, gpgme_op_import_result, &no_import, &no_import)
LACKS(gpgme_encrypt_result_t, gpgme_op_encrypt_result, &not_to_all, &not_to_all)
LACKS(gpgme_sign_result_t, gpgme_op_sign_result, &no_sign, &no_sign)
LACKS(gpgme_decrypt_result_t, gpgme_op_decrypt_result, &legacy, &odd)
LACKS(gpgme_verify_result_t, gpgme_op_verify_result, &no_verify, &no_verify)
LACKS(gpgme_genkey_result_t, gpgme_op_genkey_result, &no_genkey, &no_genkey)

/* The agent cannot be asked, or says no. */
#define ASSUAN                                                                                     \
    gpgme_ctx_t context, const char *line, gpgme_assuan_data_cb_t data, void *data_user,           \
        gpgme_assuan_inquire_cb_t inquire, void *inquire_user, gpgme_assuan_status_cb_t status,    \
        void *status_user, gpgme_error_t *answer
gpgme_error_t __real_gpgme_op_assuan_transact_ext(ASSUAN);
gpgme_error_t __wrap_gpgme_op_assuan_transact_ext(ASSUAN);
gpgme_error_t __wrap_gpgme_op_assuan_transact_ext(ASSUAN)
{
    if (!struck())
        return __real_gpgme_op_assuan_transact_ext(context, line, data, data_user, inquire,
                                                   inquire_user, status, status_user, answer);
    fault.several = TRUE;
    *answer = fault.shape == 0 ? 0 : FAILURE;
    return fault.shape == 0 ? FAILURE : 0;
}

/* Where GnuPG's files lie. */
const char *__real_gpgme_get_dirinfo(const char *what);
const char *__wrap_gpgme_get_dirinfo(const char *what);
const char *__wrap_gpgme_get_dirinfo(const char *what)
{
    if (!struck())
        return __real_gpgme_get_dirinfo(what);
    fault.harmless = TRUE;
    return NULL;
}

#define SHORT(name, parameters, arguments)                                                         \
    gpgme_error_t __real_##name parameters;                                                        \
    gpgme_error_t __wrap_##name parameters;                                                        \
    gpgme_error_t __wrap_##name parameters                                                         \
    {                                                                                              \
        return fault.no_memory ? FAILURE : __real_##name arguments;                                \
    }
SHORT(gpgme_data_new_from_mem, (gpgme_data_t * data, const char *bytes, size_t size, int copy),
      (data, bytes, size, copy))
SHORT(gpgme_data_new_from_cbs, (gpgme_data_t * data, gpgme_data_cbs_t calls_back, void *user),
      (data, calls_back, user))

/* Who works alone works all the same. */
GThread *__real_g_thread_try_new(const char *name, GThreadFunc run, gpointer user, GError **error);
GThread *__wrap_g_thread_try_new(const char *name, GThreadFunc run, gpointer user, GError **error);
GThread *__wrap_g_thread_try_new(const char *name, GThreadFunc run, gpointer user, GError **error)
{
    if (!struck())
        return __real_g_thread_try_new(name, run, user, error);
    fault.harmless = TRUE;
    return NULL;
}

gpgme_error_t __real_gpgme_op_keylist_next(gpgme_ctx_t context, gpgme_key_t *key);
gpgme_error_t __wrap_gpgme_op_keylist_next(gpgme_ctx_t context, gpgme_key_t *key);
gpgme_error_t __wrap_gpgme_op_keylist_next(gpgme_ctx_t context, gpgme_key_t *key)
{
    if (!struck())
        return __real_gpgme_op_keylist_next(context, key);
    /* GPGME 1.18 loses what it had ready for a listing that is not heard to its end. */
    for (gpgme_key_t rest; !__real_gpgme_op_keylist_next(context, &rest);)
        gpgme_key_unref(rest);
    return FAILURE;
}

/* gpgme_check_version() is this one. */
const char *__real_gpgme_check_version_internal(const char *wanted, size_t offset);
const char *__wrap_gpgme_check_version_internal(const char *wanted, size_t offset);
const char *__wrap_gpgme_check_version_internal(const char *wanted, size_t offset)
{
    return struck() ? NULL : __real_gpgme_check_version_internal(wanted, offset);
}
