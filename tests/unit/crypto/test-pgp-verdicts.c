/* What gpg and gpgsm say in GPGME's structures, and what is made of it. The structures are made up
 * here, by the linker's --wrap: hardly any of this can be had of a real gpg, and each of it decides
 * on trust. */
#include <gpgme.h>
#include <openssl/cms.h>

#include "core/error.h"
#include "core/paths.h"
#include "crypto/keyring.h"
#include "crypto/pgp-internal.h"
#include "crypto/smime.h"
#include "tests/unit/crypto/mail-fixture.h"

#define FROM "friend@corp.example"

/* --- what is made up ------------------------------------------------------------------------ */

static gpgme_verify_result_t verified;
static gpgme_key_t found; /* NULL: there is no such key */
static gboolean engine_fails;

gpgme_verify_result_t __wrap_gpgme_op_verify_result(gpgme_ctx_t context);
gpgme_verify_result_t __wrap_gpgme_op_verify_result(gpgme_ctx_t context)
{
    (void)context;
    return verified;
}

gpgme_error_t __wrap_gpgme_op_verify(gpgme_ctx_t context, gpgme_data_t signature, gpgme_data_t text,
                                     gpgme_data_t plain);
gpgme_error_t __wrap_gpgme_op_verify(gpgme_ctx_t context, gpgme_data_t signature, gpgme_data_t text,
                                     gpgme_data_t plain)
{
    (void)context, (void)signature, (void)text, (void)plain;
    return 0;
}

gpgme_error_t __wrap_gpgme_get_key(gpgme_ctx_t context, const char *name, gpgme_key_t *key,
                                   int secret);
gpgme_error_t __wrap_gpgme_get_key(gpgme_ctx_t context, const char *name, gpgme_key_t *key,
                                   int secret)
{
    (void)context, (void)name, (void)secret;
    *key = found;
    if (found == NULL)
        return gpgme_error(GPG_ERR_EOF);
    gpgme_key_ref(found);
    return 0;
}

/* gpgsm is looked for and never started. */
char *__wrap_paths_program(const char *name);
char *__wrap_paths_program(const char *name)
{
    (void)name;
    return g_strdup("/bin/true");
}

gpgme_error_t __real_gpgme_ctx_set_engine_info(gpgme_ctx_t context, gpgme_protocol_t protocol,
                                               const char *program, const char *dir);
gpgme_error_t __wrap_gpgme_ctx_set_engine_info(gpgme_ctx_t context, gpgme_protocol_t protocol,
                                               const char *program, const char *dir);
static guint engines, broken_engine;
gpgme_error_t __wrap_gpgme_ctx_set_engine_info(gpgme_ctx_t context, gpgme_protocol_t protocol,
                                               const char *program, const char *dir)
{
    return engine_fails && ++engines == broken_engine
               ? gpgme_error(GPG_ERR_ENOMEM)
               : __real_gpgme_ctx_set_engine_info(context, protocol, program, dir);
}

typedef struct {
    struct _gpgme_key key;
    struct _gpgme_subkey subkeys[2];
    struct _gpgme_user_id uids[2];
} Made;

/* A key with one user id and one subkey that can do everything; never freed by GPGME. */
static void make(Made *made, const char *address)
{
    static char fingerprint[] = "0123456789ABCDEF0123456789ABCDEF01234567";
    *made = (Made){0};
    made->key._refs = 1000;
    made->key.fpr = fingerprint;
    made->key.subkeys = &made->subkeys[0];
    made->key.uids = &made->uids[0];
    made->subkeys[0].can_encrypt = made->subkeys[0].can_sign = 1;
    made->subkeys[0].fpr = fingerprint;
    made->uids[0].uid = made->uids[0].address = made->uids[0].email = (char *)address;
    made->uids[0].validity = GPGME_VALIDITY_FULL;
}

static Made somebody;
static struct _gpgme_signature signature;
static struct _gpgme_op_verify_result result;

static void make_world(void)
{
    make(&somebody, FROM);
    found = &somebody.key;
    signature = (struct _gpgme_signature){.fpr = somebody.key.fpr,
                                          .hash_algo = GPGME_MD_SHA256,
                                          .summary = GPGME_SIGSUM_VALID | GPGME_SIGSUM_GREEN,
                                          .validity = GPGME_VALIDITY_FULL};
    result = (struct _gpgme_op_verify_result){.signatures = &signature};
    verified = &result;
}

static GPtrArray *new_signatures(void)
{
    return g_ptr_array_new_with_free_func((GDestroyNotify)signature_free);
}

static GPtrArray *judge_pgp(void)
{
    GPtrArray *signatures = new_signatures();
    (void)pgp_collect_signatures(NULL, FROM, signatures);
    return signatures;
}

/* Signed data without content and without signers is all that libcrypto looks for. */
static GBytes *cms_of(GBytes *content)
{
    CMS_ContentInfo *cms =
        CMS_sign(NULL, NULL, NULL, NULL, CMS_BINARY | CMS_PARTIAL | CMS_DETACHED);
    assert_non_null(cms);
    if (content) {
        gsize size;
        const void *data = g_bytes_get_data(content, &size);
        ASN1_OCTET_STRING **inside = CMS_get0_content(cms);
        *inside = ASN1_OCTET_STRING_new();
        assert_true(ASN1_OCTET_STRING_set(*inside, data, (int)size));
    }
    unsigned char *der = NULL;
    int length = i2d_CMS_ContentInfo(cms, &der);
    GBytes *bytes = g_bytes_new(der, (gsize)length);
    OPENSSL_free(der);
    CMS_ContentInfo_free(cms);
    return bytes;
}

static GPtrArray *judge_smime(void)
{
    GPtrArray *signatures = new_signatures();
    g_autoptr(GBytes) text = bytes_of("hello"), cms = cms_of(NULL);
    if (!smime_verify(text, cms, FROM, signatures, NULL))
        assert_int_equal(signatures->len, 0);
    return signatures;
}

static const Signature *only(const GPtrArray *signatures)
{
    assert_int_equal(signatures->len, 1);
    return signatures->pdata[0];
}

/* --- signatures ----------------------------------------------------------------------------- */

static const struct {
    gpg_err_code_t status;
    unsigned summary;
    gpgme_hash_algo_t hash;
    gboolean wrong_usage;
    SignatureStatus verdict;
} cases[] = {
    {GPG_ERR_NO_ERROR, 0, GPGME_MD_SHA256, FALSE, SIG_GOOD},
    {GPG_ERR_NO_ERROR, GPGME_SIGSUM_KEY_REVOKED, GPGME_MD_SHA256, FALSE, SIG_REVOKED_KEY},
    {GPG_ERR_NO_ERROR, GPGME_SIGSUM_KEY_EXPIRED, GPGME_MD_SHA256, FALSE, SIG_EXPIRED_KEY},
    {GPG_ERR_NO_ERROR, GPGME_SIGSUM_KEY_MISSING, GPGME_MD_SHA256, FALSE, SIG_UNKNOWN_KEY},
    {GPG_ERR_NO_ERROR, GPGME_SIGSUM_RED, GPGME_MD_SHA256, FALSE, SIG_ERROR},
    {GPG_ERR_NO_ERROR, GPGME_SIGSUM_SIG_EXPIRED, GPGME_MD_SHA256, FALSE, SIG_ERROR},
    {GPG_ERR_NO_ERROR, GPGME_SIGSUM_SYS_ERROR, GPGME_MD_SHA256, FALSE, SIG_ERROR},
    {GPG_ERR_NO_ERROR, 0, GPGME_MD_MD5, FALSE, SIG_ERROR},
    {GPG_ERR_NO_ERROR, 0, GPGME_MD_SHA1, FALSE, SIG_ERROR},
    {GPG_ERR_NO_ERROR, 0, GPGME_MD_RMD160, FALSE, SIG_ERROR},
    {GPG_ERR_NO_ERROR, 0, GPGME_MD_SHA256, TRUE, SIG_ERROR},
    {GPG_ERR_BAD_SIGNATURE, 0, GPGME_MD_SHA256, FALSE, SIG_BAD},
    {GPG_ERR_NO_PUBKEY, 0, GPGME_MD_SHA256, FALSE, SIG_UNKNOWN_KEY},
    {GPG_ERR_KEY_EXPIRED, 0, GPGME_MD_SHA256, FALSE, SIG_EXPIRED_KEY},
    {GPG_ERR_CERT_REVOKED, 0, GPGME_MD_SHA256, FALSE, SIG_REVOKED_KEY},
    {GPG_ERR_SIG_EXPIRED, 0, GPGME_MD_SHA256, FALSE, SIG_ERROR},
    {GPG_ERR_GENERAL, 0, GPGME_MD_SHA256, FALSE, SIG_ERROR},
};

static GPtrArray *(*const judges[])(void) = {judge_pgp, judge_smime};
static const char *const kinds[] = {"OpenPGP", "S/MIME"};

static void p7_each_word_of_gpg_against_a_signature_counts(void **state)
{
    (void)state;
    for (gsize j = 0; j < G_N_ELEMENTS(judges); j++)
        for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
            make_world();
            signature.status = gpgme_error(cases[i].status);
            signature.summary = (gpgme_sigsum_t)(signature.summary | cases[i].summary);
            signature.hash_algo = cases[i].hash;
            signature.wrong_key_usage = cases[i].wrong_usage ? 1 : 0;
            g_autoptr(GPtrArray) signatures = judges[j]();
            if (only(signatures)->status != cases[i].verdict)
                fail_msg("%s, case %zu: %d", kinds[j], i, only(signatures)->status);
        }
}

static void an_expired_certificate_is_told(void **state)
{
    (void)state;
    make_world();
    signature.status = gpgme_error(GPG_ERR_CERT_EXPIRED);
    g_autoptr(GPtrArray) signatures = judge_smime();
    assert_int_equal(only(signatures)->status, SIG_EXPIRED_KEY);
}

static void assert_nobodys(const GPtrArray *signatures, SignatureStatus status)
{
    assert_int_equal(only(signatures)->status, status);
    assert_int_equal(only(signatures)->trust, TRUST_UNKNOWN);
    assert_false(only(signatures)->from_matches);
    assert_null(only(signatures)->signer);
}

static void p7_a_good_signature_by_a_key_that_cannot_be_shown_is_an_error(void **state)
{
    (void)state;
    for (gsize j = 0; j < G_N_ELEMENTS(judges); j++) {
        make_world();
        found = NULL;
        g_autoptr(GPtrArray) missing = judges[j]();
        assert_nobodys(missing, SIG_ERROR);
        assert_string_equal(only(missing)->fingerprint, somebody.key.fpr);
        signature.status = gpgme_error(GPG_ERR_BAD_SIGNATURE);
        g_autoptr(GPtrArray) bad = judges[j]();
        assert_nobodys(bad, SIG_BAD);

        make_world();
        signature.fpr = NULL;
        g_autoptr(GPtrArray) unnamed = judges[j]();
        assert_nobodys(unnamed, SIG_ERROR);
        assert_null(only(unnamed)->fingerprint);
    }
    make_world();
    somebody.key.fpr = NULL;
    g_autoptr(GPtrArray) bare = judge_pgp();
    assert_nobodys(bare, SIG_ERROR);
    make_world();
    somebody.key.uids = NULL;
    g_autoptr(GPtrArray) anonymous = judge_smime();
    assert_nobodys(anonymous, SIG_ERROR);
}

static void p7_no_signature_is_none(void **state)
{
    (void)state;
    for (guint i = 0; i < 2; i++) {
        make_world();
        result.signatures = NULL;
        verified = i == 0 ? &result : NULL;
        g_autoptr(GPtrArray) pgp = judge_pgp(), smime = judge_smime(), given = new_signatures();
        g_autoptr(GBytes) text = bytes_of("hello"), cms = cms_of(NULL);
        g_autoptr(GError) error = NULL, unsigned_text = NULL;
        assert_int_equal(pgp->len + smime->len, 0);
        assert_false(smime_verify(text, cms, FROM, given, &error));
        assert_string_equal(postern_error_rule(error), "smime.data");
        assert_false(pgp_verify(text, text, FROM, given, &unsigned_text));
        assert_string_equal(postern_error_rule(unsigned_text), "openpgp.data");
        assert_null(pgp_verify_clear(text, FROM, given, NULL));
        assert_int_equal(given->len, 0);
    }
}

static void p7_whose_key_it_is_says_how_much_it_is_worth(void **state)
{
    (void)state;
    static const struct {
        guint secret, revoked, invalid;
        gpgme_validity_t validity;
        SignerTrust trust;
        gboolean matches;
    } keys[] = {
        {1, 0, 0, GPGME_VALIDITY_UNKNOWN, TRUST_OWN, TRUE},
        {0, 0, 0, GPGME_VALIDITY_ULTIMATE, TRUST_CONFIRMED, TRUE},
        {0, 0, 0, GPGME_VALIDITY_FULL, TRUST_CONFIRMED, TRUE},
        {0, 0, 0, GPGME_VALIDITY_MARGINAL, TRUST_SEEN, TRUE},
        {0, 1, 0, GPGME_VALIDITY_FULL, TRUST_SEEN, FALSE},
        {0, 0, 1, GPGME_VALIDITY_FULL, TRUST_SEEN, FALSE},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(keys); i++) {
        make_world();
        somebody.key.secret = keys[i].secret & 1;
        somebody.uids[0].revoked = keys[i].revoked & 1;
        somebody.uids[0].invalid = keys[i].invalid & 1;
        somebody.uids[0].validity = keys[i].validity;
        g_autoptr(GPtrArray) signatures = judge_pgp();
        assert_int_equal(only(signatures)->trust, keys[i].trust);
        assert_int_equal(only(signatures)->from_matches, keys[i].matches);
    }
    /* A key without a user id, and one whose user id holds no address. */
    make_world();
    somebody.key.uids = NULL;
    g_autoptr(GPtrArray) bare = judge_pgp();
    assert_null(only(bare)->signer);
    make_world();
    somebody.uids[0].uid = somebody.uids[0].address = NULL;
    g_autoptr(GPtrArray) nameless = judge_pgp();
    assert_null(only(nameless)->signer);
    assert_false(only(nameless)->from_matches);
}

static void p7_77_whose_certificate_it_is_says_how_much_it_is_worth(void **state)
{
    (void)state;
    static const struct {
        gpgme_validity_t validity;
        unsigned summary;
        const char *email, *uid;
        SignerTrust trust;
        gboolean matches;
    } certificates[] = {
        {GPGME_VALIDITY_FULL, GPGME_SIGSUM_GREEN, FROM, "CN=Friend", TRUST_CONFIRMED, TRUE},
        {GPGME_VALIDITY_FULL, 0, FROM, "CN=Friend", TRUST_SEEN, TRUE},
        {GPGME_VALIDITY_MARGINAL, GPGME_SIGSUM_GREEN, FROM, "CN=Friend", TRUST_SEEN, TRUE},
        {GPGME_VALIDITY_FULL, GPGME_SIGSUM_GREEN, "", "<Friend@corp.example>", TRUST_CONFIRMED,
         TRUE},
        {GPGME_VALIDITY_FULL, GPGME_SIGSUM_GREEN, NULL, FROM, TRUST_CONFIRMED, TRUE},
        {GPGME_VALIDITY_FULL, GPGME_SIGSUM_GREEN, NULL, NULL, TRUST_CONFIRMED, FALSE},
        {GPGME_VALIDITY_FULL, GPGME_SIGSUM_GREEN, "friend@corp.example.evil.test", "CN=Friend",
         TRUST_CONFIRMED, FALSE},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(certificates); i++) {
        make_world();
        signature.validity = certificates[i].validity;
        signature.summary = (gpgme_sigsum_t)certificates[i].summary;
        somebody.uids[0].email = (char *)certificates[i].email;
        somebody.uids[0].uid = (char *)certificates[i].uid;
        g_autoptr(GPtrArray) signatures = judge_smime();
        assert_int_equal(only(signatures)->trust, certificates[i].trust);
        assert_int_equal(only(signatures)->from_matches, certificates[i].matches);
        assert_string_equal(only(signatures)->signer,
                            certificates[i].uid ? certificates[i].uid : "");
    }
    make_world();
    g_autoptr(GPtrArray) signatures = new_signatures();
    g_autoptr(GBytes) text = bytes_of("hello"), cms = cms_of(NULL);
    assert_true(smime_verify(text, cms, NULL, signatures, NULL));
    assert_false(only(signatures)->from_matches);
}

/* gpgsm is started once to verify, and once more for each certificate. */
static void p7_77_a_gpgsm_that_goes_away_leaves_no_signature_out(void **state)
{
    (void)state;
    make_world();
    engine_fails = TRUE;
    engines = 0;
    broken_engine = 2;
    g_autoptr(GPtrArray) signatures = judge_smime();
    broken_engine = engines = 1;
    engines = 0;
    g_autoptr(GPtrArray) none = judge_smime();
    engine_fails = FALSE;
    assert_nobodys(signatures, SIG_ERROR);
    assert_int_equal(none->len, 0);
}

static void a_cms_of_another_kind_is_not_verified(void **state)
{
    (void)state;
    make_world();
    g_autoptr(GBytes) text = bytes_of("hello"), rubbish = bytes_of("rubbish"), full = cms_of(text);
    g_autoptr(GPtrArray) signatures = new_signatures();
    assert_false(smime_verify(text, rubbish, FROM, signatures, NULL));
    assert_false(smime_verify(text, full, FROM, signatures, NULL));
    assert_null(smime_content(rubbish));
    assert_false(smime_is_enveloped(rubbish));
    assert_int_equal(signatures->len, 0);
    g_autoptr(GBytes) nothing = g_bytes_new(NULL, 0);
    assert_null(smime_content(nothing));
    g_autoptr(GBytes) inside = smime_content(full);
    assert_true(g_bytes_equal(inside, text));
}

/* --- keys ----------------------------------------------------------------------------------- */

static const char *rule_of(Made *made, gboolean sign)
{
    g_autoptr(GError) error = NULL;
    if (pgp_key_check(&made->key, sign, &error))
        return "fit";
    return g_intern_string(postern_error_rule(error));
}

static void each_reason_against_a_key_has_its_rule(void **state)
{
    (void)state;
    Made made;
#define ASSERT_RULE(change, sign, rule)                                                            \
    make(&made, FROM);                                                                             \
    change;                                                                                        \
    assert_string_equal(rule_of(&made, sign), rule)
    struct _gpgme_subkey *part = &made.subkeys[0];
    ASSERT_RULE((void)0, FALSE, "fit");
    ASSERT_RULE((void)0, TRUE, "fit");
    ASSERT_RULE(made.key.revoked = 1, FALSE, "key.revoked");
    ASSERT_RULE(made.key.expired = 1, FALSE, "key.expired");
    ASSERT_RULE(made.key.disabled = 1, FALSE, "key.disabled");
    ASSERT_RULE(made.key.invalid = 1, FALSE, "key.unusable");
    ASSERT_RULE(made.key.subkeys = NULL, FALSE, "key.unusable");
    ASSERT_RULE(part->can_encrypt = 0, FALSE, "key.unusable");
    ASSERT_RULE(part->can_sign = 0, TRUE, "key.unusable");
    ASSERT_RULE(part->revoked = 1, FALSE, "key.unusable");
    ASSERT_RULE(part->disabled = 1, FALSE, "key.unusable");
    ASSERT_RULE(part->invalid = 1, FALSE, "key.unusable");
    ASSERT_RULE(part->timestamp = 4000000000, FALSE, "key.unusable");
    ASSERT_RULE(part->expired = 1, FALSE, "key.expired");
    ASSERT_RULE(part->expired = 1, TRUE, "key.expired");
    ASSERT_RULE((part->expired = 1, part->revoked = 1), FALSE, "key.unusable");
    ASSERT_RULE((part->expired = 1, part->can_sign = 0), TRUE, "key.unusable");
    ASSERT_RULE((part->expired = 1, part->can_encrypt = 0), FALSE, "key.unusable");
    make(&made, FROM);
    made.key.revoked = 1;
    assert_false(pgp_key_check(&made.key, FALSE, NULL));
}

static gint64 expiry(long whole, long part, long other)
{
    Made made;
    make(&made, FROM);
    made.subkeys[0].expires = whole;
    made.subkeys[0].can_encrypt = 0;
    made.subkeys[0].next = part < 0 ? NULL : &made.subkeys[1];
    made.subkeys[1].can_encrypt = 1;
    made.subkeys[1].expires = part;
    struct _gpgme_subkey third = {.can_encrypt = 1, .expires = other};
    made.subkeys[1].next = other < 0 ? NULL : &third;
    return pgp_key_expiry(&made.key);
}

static void a_key_ends_with_its_first_necessary_part(void **state)
{
    (void)state;
    assert_int_equal(expiry(0, 0, -1), 0);
    assert_int_equal(expiry(100, 0, -1), 100);
    assert_int_equal(expiry(0, 50, -1), 50);
    assert_int_equal(expiry(100, 50, -1), 50);
    assert_int_equal(expiry(50, 100, -1), 50);
    assert_int_equal(expiry(100, 50, 70), 70);
    assert_int_equal(expiry(100, 70, 50), 70);
    assert_int_equal(expiry(100, 50, 0), 100);
    assert_int_equal(expiry(0, 0, 50), 0);
    assert_int_equal(expiry(100, -1, -1), 100);
    Made bare;
    make(&bare, FROM);
    bare.key.subkeys = NULL;
    assert_int_equal(pgp_key_expiry(&bare.key), 0);
}

static void a_user_id_carries_its_own_address_alone(void **state)
{
    (void)state;
    Made made;
    make(&made, FROM);
    struct _gpgme_user_id *uid = &made.uids[0];
    assert_true(pgp_uid_carries(uid, "Friend@Corp.Example"));
    assert_false(pgp_uid_carries(uid, "friend@corp.example.evil.test"));
    assert_false(pgp_uid_carries(uid, NULL));
    uid->revoked = 1;
    assert_false(pgp_uid_carries(uid, FROM));
    uid->revoked = 0;
    uid->invalid = 1;
    assert_false(pgp_uid_carries(uid, FROM));
    uid->invalid = 0;
    uid->address = NULL;
    assert_false(pgp_uid_carries(uid, FROM));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(p7_each_word_of_gpg_against_a_signature_counts),
        cmocka_unit_test(an_expired_certificate_is_told),
        cmocka_unit_test(p7_a_good_signature_by_a_key_that_cannot_be_shown_is_an_error),
        cmocka_unit_test(p7_no_signature_is_none),
        cmocka_unit_test(p7_whose_key_it_is_says_how_much_it_is_worth),
        cmocka_unit_test(p7_77_whose_certificate_it_is_says_how_much_it_is_worth),
        cmocka_unit_test(p7_77_a_gpgsm_that_goes_away_leaves_no_signature_out),
        cmocka_unit_test(a_cms_of_another_kind_is_not_verified),
        cmocka_unit_test(each_reason_against_a_key_has_its_rule),
        cmocka_unit_test(a_key_ends_with_its_first_necessary_part),
        cmocka_unit_test(a_user_id_carries_its_own_address_alone),
    };
    return cmocka_run_group_tests(tests, make_home, remove_home);
}
