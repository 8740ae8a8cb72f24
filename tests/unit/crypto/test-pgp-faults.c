/* GPGME and gpg fail, at each call once, by the linker's --wrap: what is done with keys then says
 * so, and no signature is taken for more than it is. */
#include <gpgme.h>

#include "core/error.h"
#include "crypto/keyring.h"
#include "crypto/pgp.h"
#include "crypto/trial.h"
#include "tests/unit/crypto/mail-fixture.h"

/* --- the library, which fails at one call --------------------------------------------------- */

static guint calls, target; /* the call that fails, from 1; 0: none */

static gboolean struck(void)
{
    return (guint)g_atomic_int_add(&calls, 1) + 1 == target;
}

#define FAILURE gpgme_error(GPG_ERR_ENOMEM)

#define FAILS(name, parameters, arguments)                                                         \
    gpgme_error_t __real_##name parameters;                                                        \
    gpgme_error_t __wrap_##name parameters;                                                        \
    gpgme_error_t __wrap_##name parameters                                                         \
    {                                                                                              \
        return struck() ? FAILURE : __real_##name arguments;                                       \
    }

/* What a call has done is not there to be asked for. */
#define LACKS(type, name)                                                                          \
    type __real_##name(gpgme_ctx_t context);                                                       \
    type __wrap_##name(gpgme_ctx_t context);                                                       \
    type __wrap_##name(gpgme_ctx_t context)                                                        \
    {                                                                                              \
        return struck() ? NULL : __real_##name(context);                                           \
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
FAILS(gpgme_op_assuan_transact_ext,
      (gpgme_ctx_t context, const char *line, gpgme_assuan_data_cb_t data, void *data_user,
       gpgme_assuan_inquire_cb_t inquire, void *inquire_user, gpgme_assuan_status_cb_t status,
       void *status_user, gpgme_error_t *answer),
      (context, line, data, data_user, inquire, inquire_user, status, status_user, answer))
LACKS(gpgme_import_result_t, gpgme_op_import_result)
LACKS(gpgme_encrypt_result_t, gpgme_op_encrypt_result)
LACKS(gpgme_sign_result_t, gpgme_op_sign_result)
LACKS(gpgme_decrypt_result_t, gpgme_op_decrypt_result)
LACKS(gpgme_verify_result_t, gpgme_op_verify_result)
LACKS(gpgme_genkey_result_t, gpgme_op_genkey_result)

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

const char *__real_gpgme_check_version(const char *wanted);
const char *__wrap_gpgme_check_version(const char *wanted);
const char *__wrap_gpgme_check_version(const char *wanted)
{
    return struck() ? NULL : __real_gpgme_check_version(wanted);
}

/* --- what is done --------------------------------------------------------------------------- */

/* TOLD: by an error. LESS: without one, and less is known than without the failure. */
typedef enum { TOLD, LESS, WHOLE } Outcome;

static GBytes *plain, *sealed, *wrapped, *signature, *clear, *public_key;

static Outcome told_or_whole(gboolean whole)
{
    return whole ? WHOLE : TOLD;
}

static Outcome lists(GError **error)
{
    g_autoptr(GPtrArray) keys = keyring_list(NULL, error);
    return told_or_whole(keys != NULL);
}

static Outcome finds_one(GError **error)
{
    g_autoptr(KeyInfo) one = keyring_one(key("friend"), error);
    return told_or_whole(one != NULL);
}

static Outcome reads_keys(GError **error)
{
    g_autoptr(GPtrArray) keys = keyring_read(public_key, error);
    return told_or_whole(keys != NULL);
}

static Outcome imports(GError **error)
{
    KeyImport import;
    return told_or_whole(keyring_import(public_key, &import, error));
}

static Outcome exports(GError **error)
{
    g_autoptr(GBytes) bytes = keyring_export(key("friend"), TRUE, error);
    return told_or_whole(bytes != NULL);
}

static Outcome confirms(GError **error)
{
    return told_or_whole(keyring_confirm(key("soon"), key("owner"), error));
}

static Outcome finds(GError **error)
{
    g_autofree char *found = pgp_find("friend.second@corp.example", FALSE, error);
    return told_or_whole(found != NULL);
}

static Outcome finds_a_recipient(GError **error)
{
    g_autofree char *found = pgp_find_recipient("friend.second@corp.example", error);
    return told_or_whole(found != NULL);
}

/* The confirmed key has expired, and another one claims to be theirs. When gpg does not say that
 * the one was confirmed, the other is refused all the same, for nobody has confirmed it. */
static Outcome finds_a_change(GError **error)
{
    g_autofree char *found = pgp_find_recipient("lapsed@corp.example", error);
    assert_null(found);
    return told_or_whole(calls < target && strcmp(postern_error_rule(*error), "key.changed") == 0);
}

static Outcome checks(GError **error)
{
    gint64 expiry = 0;
    return told_or_whole(pgp_check_encrypt(key("soon"), &expiry, error) && expiry > 0 &&
                         pgp_check_sign(key("soon"), error));
}

static Outcome has_secret(GError **error)
{
    (void)error;
    return pgp_has_secret(key("owner")) ? WHOLE : LESS;
}

static Outcome reaches_the_agent(GError **error)
{
    return told_or_whole(pgp_agent_answers(error));
}

static Outcome generates(GError **error)
{
    g_autofree char *made = pgp_generate("New <new@corp.example>", FALSE, 0, error);
    return told_or_whole(made != NULL);
}

static Outcome wraps_all(GError **error)
{
    char *keys[] = {(char *)key("owner"), NULL};
    PgpWrap wraps[] = {{(const guint8 *)"one", NULL}, {(const guint8 *)"two", NULL}};
    gboolean done = pgp_wrap_all(keys, wraps, G_N_ELEMENTS(wraps), 3, error);
    for (gsize i = 0; i < G_N_ELEMENTS(wraps); i++) {
        assert_int_equal(wraps[i].wrapped != NULL, done);
        g_clear_pointer(&wraps[i].wrapped, g_bytes_unref);
    }
    return told_or_whole(done);
}

static Outcome lists_parts(GError **error)
{
    g_auto(GStrv) parts = pgp_parts(key("owner"), error);
    return told_or_whole(parts != NULL);
}

/* Whoever cannot be made to forget a passphrase is told of; a key that cannot be looked up has
 * none. */
static Outcome unwraps_asking(GError **error)
{
    gsize size;
    const guint8 *bytes = g_bytes_get_data(wrapped, &size);
    g_autoptr(Secret) secret = pgp_unwrap_asking(bytes, size, error);
    return told_or_whole(secret != NULL);
}

static Outcome tries(GError **error)
{
    return told_or_whole(trial_key(key("owner"), FALSE, error) &&
                         trial_key(key("owner"), TRUE, error));
}

static Outcome encrypts(GError **error)
{
    char *keys[] = {(char *)key("owner"), NULL};
    g_autoptr(GBytes) bytes = pgp_encrypt(keys, key("owner"), plain, error);
    return told_or_whole(bytes != NULL);
}

static Outcome signs(GError **error)
{
    g_autofree char *micalg = NULL;
    g_autoptr(GBytes) bytes = pgp_sign(key("owner"), plain, &micalg, error);
    return told_or_whole(bytes != NULL);
}

/* One good signature of ours, or less: nothing that looks good and is nobody's. */
static Outcome judged(const GPtrArray *signatures)
{
    if (signatures->len == 0)
        return LESS;
    const Signature *first = signatures->pdata[0];
    assert_int_equal(signatures->len, 1);
    if (first->status != SIG_GOOD) {
        assert_int_not_equal(first->trust, TRUST_CONFIRMED);
        assert_false(first->from_matches);
        return LESS;
    }
    assert_non_null(first->fingerprint);
    return first->trust == TRUST_OWN && first->from_matches ? WHOLE : LESS;
}

#define OWNER "jsmith@corp.example"

static GPtrArray *new_signatures(void)
{
    return g_ptr_array_new_with_free_func((GDestroyNotify)signature_free);
}

static Outcome decrypts(GError **error)
{
    g_autoptr(GPtrArray) signatures = new_signatures();
    g_autoptr(GBytes) bytes = pgp_decrypt(sealed, OWNER, NULL, signatures, error);
    return bytes ? judged(signatures) : TOLD;
}

static Outcome verifies(GError **error)
{
    g_autoptr(GPtrArray) signatures = new_signatures();
    return pgp_verify(plain, signature, OWNER, signatures, error) ? judged(signatures) : TOLD;
}

static Outcome verifies_a_text(GError **error)
{
    g_autoptr(GPtrArray) signatures = new_signatures();
    g_autoptr(GBytes) text = pgp_verify_clear(clear, OWNER, signatures, error);
    return text ? judged(signatures) : TOLD;
}

static const struct {
    const char *name;
    Outcome (*run)(GError **error);
} doings[] = {
    {"keyring_list", lists},
    {"keyring_one", finds_one},
    {"keyring_read", reads_keys},
    {"keyring_import", imports},
    {"keyring_export", exports},
    {"keyring_confirm", confirms},
    {"pgp_find", finds},
    {"pgp_find_recipient", finds_a_recipient},
    {"pgp_find_recipient, of a changed key", finds_a_change},
    {"pgp_check", checks},
    {"pgp_has_secret", has_secret},
    {"pgp_agent_answers", reaches_the_agent},
    {"pgp_wrap_all", wraps_all},
    {"pgp_parts", lists_parts},
    {"pgp_unwrap_asking", unwraps_asking},
    {"trial_key", tries},
    {"pgp_encrypt", encrypts},
    {"pgp_sign", signs},
    {"pgp_decrypt", decrypts},
    {"pgp_verify", verifies},
    {"pgp_verify_clear", verifies_a_text},
    {"pgp_generate", generates}, /* the last: it adds keys */
};

static Outcome run(gsize doing, guint at, guint *made)
{
    g_autoptr(GError) error = NULL;
    target = at;
    calls = 0;
    Outcome outcome = doings[doing].run(&error);
    target = 0;
    *made = calls;
    if (outcome == TOLD && error == NULL)
        fail_msg("%s, call %u: fails without an error", doings[doing].name, at);
    return outcome;
}

static void p7_each_failure_of_gpg_is_told_and_makes_nothing_good(void **state)
{
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(doings); i++) {
        guint at = 0, made;
        Outcome outcome;
        do {
            outcome = run(i, ++at, &made);
            if (made >= at && outcome == WHOLE)
                fail_msg("%s: call %u fails and nobody hears of it", doings[i].name, at);
        } while (made >= at);
        if (outcome != WHOLE)
            fail_msg("%s fails by itself", doings[i].name);
    }
}

static int make_world(void **state)
{
    if (make_home(state) != 0)
        return -1;
    char *keys[] = {(char *)key("owner"), NULL}, *micalg = NULL;
    g_autoptr(Secret) secret = secret_new("secret", 6);
    g_autofree char *text = clear_signed("owner", "hello\n");
    plain = bytes_of("hello\n");
    sealed = pgp_encrypt(keys, key("owner"), plain, NULL);
    signature = pgp_sign(key("owner"), plain, &micalg, NULL);
    g_free(micalg);
    wrapped = pgp_wrap(keys, secret, NULL);
    clear = bytes_of(text);
    public_key = keyring_export(key("friend"), FALSE, NULL);
    return sealed && signature && wrapped && public_key ? 0 : -1;
}

static int remove_world(void **state)
{
    GBytes *const all[] = {plain, sealed, signature, wrapped, clear, public_key};
    for (gsize i = 0; i < G_N_ELEMENTS(all); i++)
        g_bytes_unref(all[i]);
    return remove_home(state);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(p7_each_failure_of_gpg_is_told_and_makes_nothing_good),
    };
    return cmocka_run_group_tests(tests, make_world, remove_world);
}
