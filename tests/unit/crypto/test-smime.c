/* S/MIME by gpgsm: what is covered by whom, and what only looks so. */
#include "crypto/smime.h"

#include <unistd.h>

#include "core/error.h"
#include "core/limits.h"
#include "core/paths.h"
#include "tests/unit/crypto/mail-fixture.h"

static char *dir;

/* openssl makes what gpgsm never would; %s of COMMAND is the folder with the certificates. */
static GBytes *openssl(const char *input, const char *command)
{
    g_autofree char *line =
        g_strdup_printf("cd %s && openssl cms -binary -outform DER %s | base64", dir, command);
    g_autofree char *base64 = gpg("own", input, "%s", line);
    gsize size;
    g_base64_decode_inplace(base64, &size);
    return g_bytes_new(base64, size);
}

static char *base64_of(GBytes *bytes)
{
    gsize size;
    const guchar *data = g_bytes_get_data(bytes, &size);
    return g_base64_encode(data, size);
}

#define SIGN "-sign -signer friend.pem -inkey friend.key"

static char *detached_around(const char *entity, GBytes *signature)
{
    g_autofree char *base64 = base64_of(signature);
    return g_strdup_printf("Content-Type: multipart/signed; boundary=s;\r\n"
                           " protocol=\"application/pkcs7-signature\"\r\n\r\n--s\r\n%s\r\n--s\r\n"
                           "Content-Type: application/pkcs7-signature\r\n"
                           "Content-Transfer-Encoding: base64\r\n\r\n%s\r\n--s--\r\n",
                           entity, base64);
}

static char *one_part(GBytes *cms)
{
    g_autofree char *base64 = base64_of(cms);
    return g_strconcat("Content-Type: application/pkcs7-mime; name=smime.p7m\r\n"
                       "Content-Transfer-Encoding: base64\r\n\r\n",
                       base64, "\r\n", NULL);
}

static Reading *open_detached(const char *from, const char *shown, const char *command)
{
    g_autoptr(GBytes) signature = openssl(TEXT, command);
    g_autofree char *entity = detached_around(shown, signature);
    return open_text(from, entity);
}

static Reading *open_cms(const char *content, const char *command)
{
    g_autoptr(GBytes) cms = openssl(content, command);
    g_autofree char *entity = one_part(cms);
    return open_text(FRIEND, entity);
}

static void a_detached_signature_is_verified(void **state)
{
    (void)state;
    g_autoptr(Reading) reading = open_detached(FRIEND, TEXT, SIGN);
    const Signature *signature = signature_at(reading, 0);
    assert_int_equal(signature->status, SIG_GOOD);
    assert_int_equal(signature->trust, TRUST_CONFIRMED);
    assert_true(signature->from_matches);
    assert_true(signature->whole);
    assert_true(signature->smime);
    assert_true(signature->created > 0);
    assert_int_equal(block_at(reading, 0)->signature, 0);
    g_autoptr(IndexDoc) doc = reading_index_doc(reading);
    assert_int_equal(doc->signature, SIGNATURE_GOOD_AT_INDEX);
}

static char *signed_times(guint layers)
{
    char *entity = g_strdup(TEXT);
    for (guint i = 0; i < layers; i++) {
        g_autofree char *inside = entity;
        g_autoptr(GBytes) cms = openssl(inside, SIGN " -nodetach");
        entity = one_part(cms);
    }
    return entity;
}

static void p8_87_layers_beyond_the_limit_stay_on(void **state)
{
    (void)state;
    for (guint beyond = 0; beyond < 2; beyond++) {
        g_autofree char *entity = signed_times(LIMIT_LAYERS + beyond);
        g_autoptr(Reading) reading = open_text(FRIEND, entity);
        assert_int_equal(reading->protection->signatures->len, LIMIT_LAYERS);
        assert_int_equal(reading->blocks->len, 1 - beyond);
    }
}

static void p7_77_another_text_is_bad(void **state)
{
    (void)state;
    g_autoptr(Reading) reading =
        open_detached(FRIEND, "Content-Type: text/plain\r\n\r\npay\r\n", SIGN);
    assert_int_equal(signature_at(reading, 0)->status, SIG_BAD);
}

/* A signature that brings a text of its own proves that one, not the one that is shown. */
static void p7_77_a_content_of_its_own_proves_nothing(void **state)
{
    (void)state;
    g_autoptr(Reading) other =
        open_detached(FRIEND, "Content-Type: text/plain\r\n\r\npay\r\n", SIGN " -nodetach");
    assert_int_equal(signature_at(other, 0)->status, SIG_ERROR);
    g_autoptr(Reading) same = open_detached(FRIEND, TEXT, SIGN " -nodetach");
    assert_int_equal(signature_at(same, 0)->status, SIG_ERROR);
}

static void p7_77_another_senders_certificate_is_told(void **state)
{
    (void)state;
    g_autoptr(Reading) reading = open_detached("Boss <boss@corp.example>", TEXT, SIGN);
    assert_int_equal(signature_at(reading, 0)->status, SIG_GOOD);
    assert_false(signature_at(reading, 0)->from_matches);
}

/* The name and the address of a friend, by a CA that nobody trusts. */
static void p7_77_a_stranger_is_not_confirmed(void **state)
{
    (void)state;
    g_autoptr(Reading) reading =
        open_detached(FRIEND, TEXT, "-sign -signer stranger.pem -inkey stranger.key");
    assert_true(signature_at(reading, 0)->status != SIG_GOOD ||
                signature_at(reading, 0)->trust < TRUST_CONFIRMED);
    g_autoptr(IndexDoc) doc = reading_index_doc(reading);
    assert_int_equal(doc->signature, SIGNATURE_PRESENT);
}

static void p7_77_several_signers_are_all_told(void **state)
{
    (void)state;
    g_autoptr(Reading) reading =
        open_detached(FRIEND, TEXT, SIGN " -signer stranger.pem -inkey stranger.key");
    assert_int_equal(reading->protection->signatures->len, 2);
    const Signature *shown = signature_at(reading, (guint)block_at(reading, 0)->signature);
    assert_true(shown->trust < TRUST_CONFIRMED || shown->status != SIG_GOOD);
}

static void p7_77_no_signer_is_no_signature(void **state)
{
    (void)state;
    g_autoptr(Reading) reading = open_cms(TEXT, "-data_create");
    assert_string_equal(postern_error_rule(reading->locked), "smime.data");
    g_autoptr(GBytes) none =
        openssl(NULL, "-sign -nodetach -in /dev/null -signer friend.pem -inkey friend.key -outform "
                      "DER -nocerts >/dev/null; openssl crl2pkcs7 -nocrl -certfile friend.pem "
                      "-outform DER");
    g_autofree char *entity = detached_around(TEXT, none);
    g_autoptr(Reading) empty = open_text(FRIEND, entity);
    assert_int_equal(signature_at(empty, 0)->status, SIG_ERROR);
    g_autofree char *alone = one_part(none);
    g_autoptr(Reading) root = open_text(FRIEND, alone);
    assert_string_equal(postern_error_rule(root->locked), "smime.data");
}

static void a_signed_content_is_the_message(void **state)
{
    (void)state;
    g_autoptr(Reading) reading = open_cms(TEXT, SIGN " -nodetach");
    assert_null(reading->locked);
    assert_false(reading->protection->encrypted);
    assert_string_equal(block_at(reading, 0)->text, "hello\n");
    assert_int_equal(block_at(reading, 0)->signature, 0);
    assert_int_equal(signature_at(reading, 0)->status, SIG_GOOD);
    assert_string_equal(message_header(reading->message, "Subject"), "outer");
}

static void p7_77_a_changed_content_is_shown_as_bad(void **state)
{
    (void)state;
    g_autoptr(GBytes) cms = openssl(TEXT, SIGN " -nodetach");
    gsize size;
    const char *data = g_bytes_get_data(cms, &size);
    g_autofree char *changed = g_memdup2(data, size);
    char *hello = memmem(changed, size, "hello", 5);
    assert_non_null(hello);
    *hello = 'j';
    g_autoptr(GBytes) bytes = g_bytes_new(changed, size);
    g_autofree char *entity = one_part(bytes);
    g_autoptr(Reading) reading = open_text(FRIEND, entity);
    assert_int_equal(signature_at(reading, 0)->status, SIG_BAD);
    assert_int_equal(block_at(reading, 0)->signature, 0);
}

static void p7_77_what_is_enveloped_is_said_to_be_changeable(void **state)
{
    (void)state;
    g_autoptr(Reading) reading = open_cms(TEXT, "-encrypt -aes256 owner.pem");
    assert_null(reading->locked);
    assert_true(reading->protection->encrypted);
    assert_string_equal(block_at(reading, 0)->text, "hello\n");
    assert_true(warns(reading, "changeable"));
    g_autoptr(IndexDoc) doc = reading_index_doc(reading);
    assert_true(doc->encrypted);
}

static void p7_77_signed_within_enveloped_opens_both(void **state)
{
    (void)state;
    g_autoptr(GBytes) cms = openssl(TEXT, SIGN " -nodetach");
    g_autofree char *inner = one_part(cms);
    g_autoptr(Reading) reading = open_cms(inner, "-encrypt -aes256 owner.pem");
    assert_null(reading->locked);
    assert_true(reading->protection->encrypted);
    assert_string_equal(block_at(reading, 0)->text, "hello\n");
    assert_int_equal(signature_at(reading, 0)->status, SIG_GOOD);
    assert_int_equal(block_at(reading, 0)->signature, 0);
}

static void p7_66_enveloped_further_in_stays_closed(void **state)
{
    (void)state;
    g_autoptr(GBytes) cms = openssl(TEXT, "-encrypt -aes256 owner.pem");
    g_autofree char *part = one_part(cms);
    g_autofree char *entity = mixed(TEXT, part);
    g_autoptr(Reading) reading = open_text(FRIEND, entity);
    assert_false(reading->protection->encrypted);
    assert_int_equal(reading->blocks->len, 1);
    assert_true(reading_part_closed(reading, 3));
    g_autoptr(Reading) alone = reading_open_part(reading, 3, NULL);
    assert_string_equal(block_at(alone, 0)->text, "hello\n");
    g_autoptr(Reading) twice = open_cms(part, "-encrypt -aes256 owner.pem");
    assert_true(twice->protection->encrypted);
    assert_int_equal(twice->blocks->len, 0);
}

static void a_message_for_others_is_told(void **state)
{
    (void)state;
    g_autoptr(Reading) reading = open_cms(TEXT, "-encrypt -aes256 friend.pem");
    assert_string_equal(postern_error_rule(reading->locked), "key.missing");
    assert_int_equal(reading->blocks->len, 1);
}

static void p7_67_cut_or_longer_cms_is_refused(void **state)
{
    (void)state;
    g_autoptr(GBytes) cms = openssl(TEXT, "-encrypt -aes256 owner.pem");
    gsize size;
    const guint8 *data = g_bytes_get_data(cms, &size);
    g_autofree guint8 *longer = g_malloc0(size + 1);
    memcpy(longer, data, size);
    for (gsize cut = 0; cut <= size + 1; cut += cut < size - 1 ? 37 : 1) {
        gsize length = MIN(cut, size + 1);
        g_autoptr(GBytes) bytes = g_bytes_new(longer, length);
        gboolean encrypted, changeable;
        g_autoptr(GPtrArray) signatures = g_ptr_array_new();
        g_autoptr(GError) error = NULL;
        g_autoptr(GBytes) plain =
            smime_open(bytes, NULL, signatures, &encrypted, &changeable, &error);
        assert_int_equal(plain != NULL, length == size);
        if (length != size)
            assert_string_equal(postern_error_rule(error), "smime.data");
    }
}

/* Without leave to ask anybody it is known what is encrypted, and what is signed is read. */
static void without_leave_gpgsm_is_not_called(void **state)
{
    (void)state;
    g_autoptr(GBytes) envelope = openssl(TEXT, "-encrypt -aes256 owner.pem");
    g_autoptr(GBytes) content = openssl(TEXT, SIGN " -nodetach");
    g_autofree char *closed = one_part(envelope), *open = one_part(content);
    g_autoptr(GBytes) closed_bytes = bytes_of(closed), open_bytes = bytes_of(open);
    g_autofree char *path = g_strdup(g_getenv("PATH"));
    g_setenv("PATH", "/nonexistent", TRUE);
    g_autoptr(Reading) locked = reading_open(closed_bytes, FALSE);
    g_autoptr(Reading) read = reading_open(open_bytes, FALSE);
    g_setenv("PATH", path, TRUE);
    assert_string_equal(postern_error_rule(locked->locked), "key.locked");
    assert_true(locked->protection->encrypted);
    assert_string_equal(block_at(read, 0)->text, "hello\n");
    g_autoptr(IndexDoc) doc = reading_index_doc(read);
    assert_int_equal(doc->signature, SIGNATURE_PRESENT);
    /* No session key can have been kept of S/MIME. */
    g_autoptr(Reading) again = reading_open_by(closed_bytes, OPEN_AGAIN, NULL);
    g_autoptr(Reading) checked = reading_open_by(open_bytes, OPEN_AGAIN, NULL);
    assert_string_equal(postern_error_rule(again->locked), "key.locked");
    assert_int_equal(signature_at(checked, 0)->status, SIG_GOOD);
}

/* OpenPGP around S/MIME: whoever signed had the cipher text. */
static void p7_80_a_signature_around_an_envelope_is_told(void **state)
{
    (void)state;
    g_autoptr(GBytes) envelope = openssl(TEXT, "-encrypt -aes256 owner.pem");
    g_autofree char *part = one_part(envelope), *entity = signed_part("owner", part);
    g_autofree char *text = g_strconcat("From: " FRIEND "\r\nMIME-Version: 1.0\r\n", entity, NULL);
    g_autoptr(GBytes) bytes = bytes_of(text);
    g_autoptr(Reading) reading = reading_open(bytes, TRUE);
    assert_true(warns(reading, "signature-outside"));
    assert_string_equal(block_at(reading, 0)->text, "hello\n");
    g_autoptr(Reading) closed = reading_open(bytes, FALSE);
    assert_string_equal(postern_error_rule(closed->locked), "key.locked");
    assert_int_equal(closed->protection->signatures->len, 0);
}

#define CLAIMS(from)                                                                               \
    "Content-Type: text/plain; hp=\"clear\"\r\n" from "Subject: inner\r\n\r\nhello\r\n"

/* Signed without encryption: its header counts when the signature is good, an inner From only by
 * OpenPGP keys, which the user confirms for an address. */
static void p7_76_fields_within_a_signed_content_count_by_its_signature(void **state)
{
    (void)state;
    g_autoptr(Reading) same = open_cms(CLAIMS("From: friend@corp.example\r\n"), SIGN " -nodetach");
    assert_string_equal(message_header(same->message, "Subject"), "inner");
    g_autoptr(Reading) other = open_cms(CLAIMS("From: boss@corp.example\r\n"), SIGN " -nodetach");
    assert_string_equal(message_header(other->message, "From"), FRIEND);
    assert_true(warns(other, "from-unvouched"));
    g_autoptr(GBytes) cms = openssl(CLAIMS("From: friend@corp.example\r\n"), SIGN " -nodetach");
    gsize size;
    g_autofree char *changed = g_memdup2(g_bytes_get_data(cms, NULL), g_bytes_get_size(cms));
    size = g_bytes_get_size(cms);
    char *inner = memmem(changed, size, "inner", 5);
    assert_non_null(inner);
    *inner = 'I';
    g_autoptr(GBytes) bytes = g_bytes_new(changed, size);
    g_autofree char *entity = one_part(bytes);
    g_autoptr(Reading) bad = open_text(FRIEND, entity);
    assert_string_equal(message_header(bad->message, "Subject"), "outer");
    assert_false(bad->protection->header_protection);
}

/* A test's program lies elsewhere than those of Postern, which look for each other side by side. */
static gboolean put_beside(const char *name, gboolean there)
{
    g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *folder = g_path_get_dirname(self);
    g_autofree char *target = g_build_filename("..", "..", "..", "bin", name, NULL);
    g_autofree char *link = g_build_filename(folder, name, NULL);
    if (!there)
        return unlink(link) == 0;
    return symlink(target, link) == 0 || g_file_test(link, G_FILE_TEST_IS_EXECUTABLE);
}

static void a_missing_gpgsm_is_told(void **state)
{
    (void)state;
    g_autoptr(GBytes) cms = openssl(TEXT, "-encrypt -aes256 owner.pem");
    g_autoptr(GBytes) content = openssl(TEXT, SIGN " -nodetach");
    g_autofree char *closed = one_part(cms), *open = one_part(content);
    assert_true(put_beside("postern-gpgsm", FALSE) && put_beside("postern-gpgsm-quiet", FALSE));
    g_autoptr(Reading) locked = open_text(FRIEND, closed);
    g_autoptr(Reading) unproven = open_text(FRIEND, open);
    assert_true(put_beside("postern-gpgsm", TRUE) && put_beside("postern-gpgsm-quiet", TRUE));
    assert_string_equal(postern_error_rule(locked->locked), "smime.engine");
    assert_int_equal(locked->locked->code, POSTERN_ERROR_POLICY);
    assert_string_equal(block_at(unproven, 0)->text, "hello\n");
    assert_int_equal(signature_at(unproven, 0)->status, SIG_ERROR);
}

/* GPGME gives it a dozen. */
static void limit_arguments_of_gpgsm(void **state)
{
    (void)state;
    static const char *const programs[] = {"postern-gpgsm", "postern-gpgsm-quiet"};
    for (gsize i = 0; i < G_N_ELEMENTS(programs); i++) {
        g_autofree char *program = paths_program(programs[i]);
        char *argv[300];
        int status = 0;
        for (gsize n = 0; n < G_N_ELEMENTS(argv); n++)
            argv[n] = n == 0 ? program : (char *)"--version";
        argv[G_N_ELEMENTS(argv) - 1] = NULL;
        assert_true(g_spawn_sync(NULL, argv, NULL,
                                 G_SPAWN_STDOUT_TO_DEV_NULL | G_SPAWN_STDERR_TO_DEV_NULL, NULL,
                                 NULL, NULL, NULL, &status, NULL));
        assert_int_equal(status, 2 << 8);
        argv[2] = NULL;
        assert_true(g_spawn_sync(NULL, argv, NULL, G_SPAWN_STDOUT_TO_DEV_NULL, NULL, NULL, NULL,
                                 NULL, &status, NULL));
        assert_int_equal(status, 0);
    }
}

static void limit_cms_signature(void **state)
{
    (void)state;
    g_autofree char *large = g_strnfill(LIMIT_CMS_SIGNATURE_BYTES + 1, 'x');
    g_autoptr(GBytes) bytes = bytes_of(large);
    g_autofree char *entity = detached_around(TEXT, bytes);
    g_autoptr(Reading) reading = open_text(FRIEND, entity);
    assert_int_equal(signature_at(reading, 0)->status, SIG_ERROR);
}

static int make_certificates(void **state)
{
    if (!put_beside("postern-gpgsm", TRUE) || !put_beside("postern-gpgsm-quiet", TRUE))
        return -1;
    if (make_home(state) != 0)
        return -1;
    dir = gnupg_home_path(home, "own");
    g_autofree char *parent = gnupg_home_path(home, "certificates");
    if (g_mkdir_with_parents(parent, 0700) != 0)
        return -1;
    const char *srcdir = g_getenv("srcdir");
    g_autofree char *ignored =
        gpg("own", NULL, "sh %s/tests/lib/smime.sh %s %s", srcdir ? srcdir : ".", parent, dir);
    g_free(dir);
    dir = g_steal_pointer(&parent);
    gnupg_home_answer(home, "own");
    return 0;
}

static int remove_certificates(void **state)
{
    g_free(dir);
    return remove_home(state);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_detached_signature_is_verified),
        cmocka_unit_test(p8_87_layers_beyond_the_limit_stay_on),
        cmocka_unit_test(p7_77_another_text_is_bad),
        cmocka_unit_test(p7_77_a_content_of_its_own_proves_nothing),
        cmocka_unit_test(p7_77_another_senders_certificate_is_told),
        cmocka_unit_test(p7_77_a_stranger_is_not_confirmed),
        cmocka_unit_test(p7_77_several_signers_are_all_told),
        cmocka_unit_test(p7_77_no_signer_is_no_signature),
        cmocka_unit_test(a_signed_content_is_the_message),
        cmocka_unit_test(p7_77_a_changed_content_is_shown_as_bad),
        cmocka_unit_test(p7_77_what_is_enveloped_is_said_to_be_changeable),
        cmocka_unit_test(p7_77_signed_within_enveloped_opens_both),
        cmocka_unit_test(p7_66_enveloped_further_in_stays_closed),
        cmocka_unit_test(a_message_for_others_is_told),
        cmocka_unit_test(p7_67_cut_or_longer_cms_is_refused),
        cmocka_unit_test(without_leave_gpgsm_is_not_called),
        cmocka_unit_test(p7_80_a_signature_around_an_envelope_is_told),
        cmocka_unit_test(p7_76_fields_within_a_signed_content_count_by_its_signature),
        cmocka_unit_test(a_missing_gpgsm_is_told),
        cmocka_unit_test(limit_arguments_of_gpgsm),
        cmocka_unit_test(limit_cms_signature),
    };
    return cmocka_run_group_tests(tests, make_certificates, remove_certificates);
}
