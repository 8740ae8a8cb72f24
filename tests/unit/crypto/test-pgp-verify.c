#include "crypto/pgp.h"

#include <gio/gio.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/error.h"
#include "tests/lib/gnupg-home.h"

static GBytes *text;

static void assert_refused(GError *error, PosternError kind, const char *rule)
{
    assert_non_null(error);
    assert_string_equal(postern_error_rule(error), rule);
    assert_int_equal(error->code, kind);
    g_error_free(error);
}

/* What gpg says to OPTIONS over the text, in the home of the others. */
static GBytes *gpg(const char *options)
{
    g_autoptr(GError) error = NULL;
    GBytes *output = NULL;
    g_autofree char *path = gnupg_home_path(home, "others");
    g_autofree char *command =
        g_strdup_printf("gpg --homedir %s --batch --armor %s", path, options);
    g_autoptr(GSubprocess) process =
        g_subprocess_new(G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE |
                             G_SUBPROCESS_FLAGS_STDERR_SILENCE,
                         &error, "sh", "-c", command, NULL);
    assert_true(g_subprocess_communicate(process, text, NULL, &output, NULL, &error));
    assert_true(g_subprocess_get_successful(process));
    return output;
}

static GBytes *signed_by(const char *name, const char *options)
{
    g_autofree char *command =
        g_strdup_printf("%s -u %s! --detach-sign", options, gnupg_home_key(home, name));
    return gpg(command);
}

static GPtrArray *verified(GBytes *data, GBytes *signature, const char *from)
{
    GPtrArray *signatures = g_ptr_array_new_with_free_func((GDestroyNotify)signature_free);
    g_autoptr(GError) error = NULL;
    assert_true(pgp_verify(data, signature, from, signatures, &error));
    return signatures;
}

static const struct {
    const char *signer, *options, *from;
    SignatureStatus status;
    SignerTrust trust;
    gboolean from_matches;
} verdicts[] = {
    {"friend", "", "friend@corp.example", SIG_GOOD, TRUST_CONFIRMED, TRUE},
    {"friend", "", "FRIEND.second@CORP.example", SIG_GOOD, TRUST_CONFIRMED, TRUE},
    {"friend", "", "boss@corp.example", SIG_GOOD, TRUST_CONFIRMED, FALSE},
    {"friend", "", "end@corp.example", SIG_GOOD, TRUST_CONFIRMED, FALSE},
    {"friend", "", NULL, SIG_GOOD, TRUST_CONFIRMED, FALSE},
    {"stranger", "", "friend@corp.example", SIG_GOOD, TRUST_SEEN, TRUE},
    {"sign-only", "", "signs@corp.example", SIG_GOOD, TRUST_SEEN, TRUE},
    {"revoked", "", "revoked@corp.example", SIG_REVOKED_KEY, TRUST_SEEN, FALSE},
    {"expired", "--faked-system-time=20200101T100000", "expired@corp.example", SIG_EXPIRED_KEY,
     TRUST_SEEN, TRUE},
    {"friend", "--digest-algo SHA1", "friend@corp.example", SIG_ERROR, TRUST_CONFIRMED, TRUE},
    /* the signature itself has run out */
    {"old-subkey", "--faked-system-time=20200201T000000 --default-sig-expire 1d",
     "old@corp.example", SIG_ERROR, TRUST_SEEN, TRUE},
};

static void p7_each_kind_of_signature_has_its_verdict(void **state)
{
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(verdicts); i++) {
        g_autoptr(GBytes) detached = signed_by(verdicts[i].signer, verdicts[i].options);
        g_autoptr(GPtrArray) signatures = verified(text, detached, verdicts[i].from);
        assert_int_equal(signatures->len, 1);
        Signature *signature = signatures->pdata[0];
        assert_int_equal(signature->status, verdicts[i].status);
        assert_int_equal(signature->trust, verdicts[i].trust);
        assert_int_equal(signature->from_matches, verdicts[i].from_matches);
        assert_string_equal(signature->fingerprint, gnupg_home_key(home, verdicts[i].signer));
        assert_non_null(signature->signer);
        assert_true(signature->created > 0);
        assert_false(signature->whole);
    }
}

static void ones_own_signature_is_own(void **state)
{
    (void)state;
    g_autofree char *micalg = NULL;
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) detached = pgp_sign(gnupg_home_key(home, "owner"), text, &micalg, &error);
    assert_null(error);
    assert_true(g_str_has_prefix(micalg, "pgp-sha"));
    g_autoptr(GPtrArray) signatures = verified(text, detached, "jsmith@corp.example");
    Signature *signature = signatures->pdata[0];
    assert_int_equal(signature->status, SIG_GOOD);
    assert_int_equal(signature->trust, TRUST_OWN);
    assert_string_equal(signature->signer, "John Smith <jsmith@corp.example>");
}

static void p7_a_key_that_is_not_here_proves_nothing(void **state)
{
    (void)state;
    g_autoptr(GBytes) detached = signed_by("friend", "");
    gnupg_home_use(home, "empty");
    g_autoptr(GPtrArray) signatures = verified(text, detached, "friend@corp.example");
    gnupg_home_use(home, "own");
    Signature *signature = signatures->pdata[0];
    assert_int_equal(signature->status, SIG_UNKNOWN_KEY);
    assert_int_equal(signature->trust, TRUST_UNKNOWN);
    assert_null(signature->signer);
    assert_false(signature->from_matches);
}

static void p7_a_changed_text_is_bad(void **state)
{
    (void)state;
    g_autoptr(GBytes) detached = signed_by("friend", "");
    g_autoptr(GBytes) other = g_bytes_new_static("Pay 1000\r\n", 10);
    g_autoptr(GPtrArray) signatures = verified(other, detached, "friend@corp.example");
    assert_int_equal(signatures->len, 1);
    Signature *signature = signatures->pdata[0];
    assert_int_equal(signature->status, SIG_BAD);
}

static void p7_every_signature_is_listed_good_or_not(void **state)
{
    (void)state;
    g_autofree char *options =
        g_strdup_printf("-u %s -u %s -u %s --detach-sign", gnupg_home_key(home, "friend"),
                        gnupg_home_key(home, "stranger"), gnupg_home_key(home, "revoked"));
    g_autoptr(GBytes) detached = gpg(options);
    g_autoptr(GPtrArray) signatures = verified(text, detached, "friend@corp.example");
    assert_int_equal(signatures->len, 3);
    guint good = 0, confirmed = 0, revoked = 0;
    for (guint i = 0; i < 3; i++) {
        const Signature *signature = signatures->pdata[i];
        good += signature->status == SIG_GOOD;
        confirmed += signature->trust == TRUST_CONFIRMED;
        revoked += signature->status == SIG_REVOKED_KEY;
    }
    assert_int_equal(good, 2);
    assert_int_equal(confirmed, 1);
    assert_int_equal(revoked, 1);
}

static void assert_no_verdict(GBytes *signature)
{
    g_autoptr(GPtrArray) signatures =
        g_ptr_array_new_with_free_func((GDestroyNotify)signature_free);
    GError *error = NULL;
    assert_false(pgp_verify(text, signature, "friend@corp.example", signatures, &error));
    assert_int_equal(signatures->len, 0);
    assert_refused(error, POSTERN_ERROR_INPUT, "openpgp.data");
}

static void p7_what_is_no_signature_gives_no_verdict(void **state)
{
    (void)state;
    g_autofree char *export = g_strdup_printf("--export %s", gnupg_home_key(home, "friend"));
    g_autoptr(GBytes) empty = g_bytes_new_static("", 0);
    g_autoptr(GBytes) words = g_bytes_new_static("Good signature from Friend", 26);
    g_autoptr(GBytes) public = gpg(export);
    assert_no_verdict(empty);
    assert_no_verdict(words);
    assert_no_verdict(public);
}

/* A whole signed message in the place of a detached signature vouches for its own text only. */
static void p7_a_signed_message_is_no_signature_of_another_text(void **state)
{
    (void)state;
    g_autofree char *options = g_strdup_printf("-u %s --sign", gnupg_home_key(home, "friend"));
    g_autoptr(GBytes) whole = gpg(options);
    g_autoptr(GBytes) other = g_bytes_new_static("Pay 1000\r\n", 10);
    g_autoptr(GPtrArray) signatures =
        g_ptr_array_new_with_free_func((GDestroyNotify)signature_free);
    gboolean found = pgp_verify(other, whole, "friend@corp.example", signatures, NULL);
    for (guint i = 0; found && i < signatures->len; i++)
        assert_int_not_equal(((Signature *)signatures->pdata[i])->status, SIG_GOOD);
}

static int set_up(void **state)
{
    text = g_bytes_new_static("Meet me at noon\r\n", 17);
    return make_home(state);
}

static int tear_down(void **state)
{
    g_bytes_unref(text);
    return remove_home(state);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(p7_each_kind_of_signature_has_its_verdict),
        cmocka_unit_test(ones_own_signature_is_own),
        cmocka_unit_test(p7_a_key_that_is_not_here_proves_nothing),
        cmocka_unit_test(p7_a_changed_text_is_bad),
        cmocka_unit_test(p7_every_signature_is_listed_good_or_not),
        cmocka_unit_test(p7_what_is_no_signature_gives_no_verdict),
        cmocka_unit_test(p7_a_signed_message_is_no_signature_of_another_text),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
