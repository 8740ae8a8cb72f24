/* gpgsm that is not there, cannot be started or fails, and CMS of kinds that hardly anybody sends.
 */
#include <gpgme.h>
#include <openssl/cms.h>

#include "core/error.h"
#include "core/paths.h"
#include "crypto/smime.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { NONE, GPGSM, CONTEXT, PROTOCOL, VERIFY, RESULT, DECRYPT };
static int fails;
static const char *gpgsm = "/bin/true";
static gpgme_err_code_t reason = GPG_ERR_GENERAL;

static gpgme_error_t step(int which)
{
    return fails == which ? gpgme_error(reason) : 0;
}

gpgme_error_t __wrap_gpgme_engine_check_version(gpgme_protocol_t protocol);
gpgme_error_t __wrap_gpgme_engine_check_version(gpgme_protocol_t protocol)
{
    (void)protocol;
    return step(GPGSM);
}

gpgme_error_t __real_gpgme_new(gpgme_ctx_t *context);
gpgme_error_t __wrap_gpgme_new(gpgme_ctx_t *context);
gpgme_error_t __wrap_gpgme_new(gpgme_ctx_t *context)
{
    return step(CONTEXT) ? step(CONTEXT) : __real_gpgme_new(context);
}

gpgme_error_t __real_gpgme_set_protocol(gpgme_ctx_t context, gpgme_protocol_t protocol);
gpgme_error_t __wrap_gpgme_set_protocol(gpgme_ctx_t context, gpgme_protocol_t protocol);
gpgme_error_t __wrap_gpgme_set_protocol(gpgme_ctx_t context, gpgme_protocol_t protocol)
{
    return step(PROTOCOL) ? step(PROTOCOL) : __real_gpgme_set_protocol(context, protocol);
}

gpgme_error_t __wrap_gpgme_op_verify(gpgme_ctx_t context, gpgme_data_t signature, gpgme_data_t text,
                                     gpgme_data_t plain);
gpgme_error_t __wrap_gpgme_op_verify(gpgme_ctx_t context, gpgme_data_t signature, gpgme_data_t text,
                                     gpgme_data_t plain)
{
    (void)context, (void)signature, (void)text, (void)plain;
    return step(VERIFY);
}

gpgme_verify_result_t __wrap_gpgme_op_verify_result(gpgme_ctx_t context);
gpgme_verify_result_t __wrap_gpgme_op_verify_result(gpgme_ctx_t context)
{
    static struct _gpgme_op_verify_result unsigned_;
    (void)context;
    return fails == RESULT ? NULL : &unsigned_;
}

gpgme_error_t __wrap_gpgme_op_decrypt(gpgme_ctx_t context, gpgme_data_t sealed, gpgme_data_t plain);
gpgme_error_t __wrap_gpgme_op_decrypt(gpgme_ctx_t context, gpgme_data_t sealed, gpgme_data_t plain)
{
    (void)context, (void)sealed;
    (void)!gpgme_data_write(plain, "open", 4);
    return step(DECRYPT);
}

char *__wrap_paths_program(const char *name);
char *__wrap_paths_program(const char *name)
{
    (void)name;
    return g_strdup(gpgsm);
}

/* --- CMS of every kind ---------------------------------------------------------------------- */

/* Signed data (RFC 5652, 5.1) with no signer; detached without its content. */
#define OID "\x06\x09\x2A\x86\x48\x86\xF7\x0D\x01\x07"
#define WHOLE                                                                                      \
    "\x30\x2C" OID "\x02\xA0\x1F\x30\x1D\x02\x01\x01\x31\x00\x30\x14" OID                          \
    "\x01\xA0\x07\x04\x05hello\x31\x00"
#define DETACHED                                                                                   \
    "\x30\x23" OID "\x02\xA0\x16\x30\x14\x02\x01\x01\x31\x00\x30\x0B" OID "\x01\x31\x00"

static GBytes *signed_cms(gboolean detached)
{
    return detached ? g_bytes_new_static(DETACHED, sizeof DETACHED - 1)
                    : g_bytes_new_static(WHOLE, sizeof WHOLE - 1);
}

static GBytes *enveloped_cms(gboolean authenticated)
{
    BIO *data = BIO_new_mem_buf("hello", 5);
    CMS_ContentInfo *cms = authenticated ? CMS_AuthEnvelopedData_create(EVP_aes_256_gcm())
                                         : CMS_EnvelopedData_create(EVP_aes_256_cbc());
    static unsigned char key[32] = {1};
    assert_non_null(CMS_add0_recipient_key(cms, NID_undef, OPENSSL_memdup(key, sizeof key),
                                           sizeof key, OPENSSL_memdup("id", 2), 2, NULL, NULL,
                                           NULL));
    assert_int_equal(CMS_final(cms, data, NULL, CMS_BINARY), 1);
    BIO_free(data);
    unsigned char *der = NULL;
    int size = i2d_CMS_ContentInfo(cms, &der);
    assert_true(size > 0);
    GBytes *bytes = g_bytes_new(der, (gsize)size);
    OPENSSL_free(der);
    CMS_ContentInfo_free(cms);
    return bytes;
}

static GBytes *garbage(void)
{
    return g_bytes_new_static("garbage", 7);
}

static GBytes *nothing(void)
{
    return g_bytes_new_static("", 0);
}

/* --- tests ---------------------------------------------------------------------------------- */

static void what_encrypts_without_protection_is_called_changeable(void **state)
{
    (void)state;
    for (int authenticated = 0; authenticated < 2; authenticated++) {
        gboolean encrypted = FALSE, changeable = FALSE;
        g_autoptr(GBytes) cms = enveloped_cms(authenticated);
        assert_true(smime_is_enveloped(cms));
        assert_null(smime_content(cms));
        g_autoptr(GBytes) plain = smime_open(cms, NULL, NULL, &encrypted, &changeable, NULL);
        assert_non_null(plain);
        assert_true(encrypted);
        assert_int_equal(changeable, !authenticated);
        assert_false(smime_verify(cms, cms, NULL, NULL, NULL));
    }
}

static void what_is_no_cms_is_neither_content_nor_signature(void **state)
{
    (void)state;
    GBytes *others[] = {garbage(), nothing()};
    g_autoptr(GBytes) whole = signed_cms(FALSE), detached = signed_cms(TRUE);
    for (gsize i = 0; i < G_N_ELEMENTS(others); i++) {
        gboolean encrypted = TRUE, changeable = FALSE;
        g_autoptr(GError) error = NULL;
        assert_false(smime_is_enveloped(others[i]));
        assert_null(smime_content(others[i]));
        assert_false(smime_verify(whole, others[i], NULL, NULL, &error));
        assert_string_equal(postern_error_rule(error), "smime.data");
        assert_null(smime_open(others[i], NULL, NULL, &encrypted, &changeable, NULL));
        assert_false(encrypted);
        g_bytes_unref(others[i]);
    }
    g_autoptr(GBytes) content = smime_content(whole);
    assert_int_equal(g_bytes_get_size(content), 5);
    assert_null(smime_content(detached));
    g_autoptr(GError) error = NULL;
    assert_false(smime_verify(whole, whole, NULL, NULL, &error));
    assert_string_equal(postern_error_rule(error), "smime.data");
}

static void assert_closed(const char *rule)
{
    g_autoptr(GBytes) sealed = enveloped_cms(TRUE), text = garbage(), detached = signed_cms(TRUE);
    g_autoptr(GError) error = NULL, other = NULL;
    gboolean encrypted, changeable;
    g_autoptr(GPtrArray) signatures = g_ptr_array_new();
    if (fails != VERIFY && fails != RESULT) {
        assert_null(smime_open(sealed, NULL, signatures, &encrypted, &changeable, &error));
        assert_string_equal(postern_error_rule(error), rule);
        assert_true(encrypted);
    }
    if (fails != DECRYPT) {
        assert_false(smime_verify(text, detached, NULL, signatures, &other));
        assert_string_equal(postern_error_rule(other), rule);
    }
    assert_int_equal(signatures->len, 0);
}

static void p7_77_each_failure_of_gpgsm_is_told_and_makes_nothing_good(void **state)
{
    (void)state;
    static const struct {
        int fails;
        gpgme_err_code_t reason;
        const char *rule;
    } cases[] = {
        {GPGSM, GPG_ERR_INV_ENGINE, "openpgp.engine"}, {CONTEXT, GPG_ERR_ENOMEM, "smime.engine"},
        {PROTOCOL, GPG_ERR_ENOMEM, "smime.engine"},    {VERIFY, GPG_ERR_GENERAL, "smime.data"},
        {VERIFY, GPG_ERR_ENOMEM, "openpgp.engine"},    {RESULT, GPG_ERR_GENERAL, "smime.data"},
        {DECRYPT, GPG_ERR_GENERAL, "smime.data"},      {DECRYPT, GPG_ERR_CANCELED, "key.locked"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        fails = cases[i].fails;
        reason = cases[i].reason;
        assert_closed(cases[i].rule);
    }
    fails = NONE;
}

static void without_gpgsm_that_is_told(void **state)
{
    (void)state;
    g_autofree char *path = g_strdup(g_getenv("PATH"));
    gpgsm = "/nonexistent/gpgsm";
    assert_closed("smime.engine");
    gpgsm = "/bin/true";
    g_setenv("PATH", "/nonexistent", TRUE);
    assert_closed("smime.engine");
    g_setenv("PATH", path, TRUE);
}

static void who_can_be_asked_is_asked(void **state)
{
    (void)state;
    g_autoptr(GBytes) sealed = enveloped_cms(TRUE);
    gboolean encrypted, changeable;
    static const char *const ways[] = {"/dev/null", ""};
    for (gsize i = 0; i < G_N_ELEMENTS(ways); i++) {
        g_setenv("GPG_TTY", ways[i], TRUE);
        g_autoptr(GBytes) plain = smime_open(sealed, NULL, NULL, &encrypted, &changeable, NULL);
        assert_non_null(plain);
    }
    g_unsetenv("GPG_TTY");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_encrypts_without_protection_is_called_changeable),
        cmocka_unit_test(what_is_no_cms_is_neither_content_nor_signature),
        cmocka_unit_test(p7_77_each_failure_of_gpgsm_is_told_and_makes_nothing_good),
        cmocka_unit_test(without_gpgsm_that_is_told),
        cmocka_unit_test(who_can_be_asked_is_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
