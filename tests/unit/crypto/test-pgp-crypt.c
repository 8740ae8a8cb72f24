#include "crypto/pgp.h"

#include <gio/gio.h>
#include <glib/gstdio.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/error.h"
#include "core/limits.h"
#include "tests/lib/gnupg-home.h"

static const char text[] = "Needle in the hay\r\n";

static void assert_refused(GError *error, PosternError kind, const char *rule)
{
    assert_non_null(error);
    assert_string_equal(postern_error_rule(error), rule);
    assert_int_equal(error->code, kind);
    g_error_free(error);
}

static char *key(const char *name)
{
    return (char *)gnupg_home_key(home, name);
}

/* gpg itself, for what Postern would never make; COMMAND is read by a shell. */
static GBytes *gpg(GBytes *input, const char *command)
{
    g_autoptr(GError) error = NULL;
    GBytes *output = NULL;
    g_autoptr(GSubprocess) process =
        g_subprocess_new((input ? G_SUBPROCESS_FLAGS_STDIN_PIPE : G_SUBPROCESS_FLAGS_NONE) |
                             G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_SILENCE,
                         &error, "sh", "-c", command, NULL);
    assert_non_null(process);
    assert_true(g_subprocess_communicate(process, input, NULL, &output, NULL, &error));
    assert_true(g_subprocess_get_successful(process));
    return output;
}

static GBytes *wrap_to(const char *name)
{
    g_autoptr(Secret) secret = secret_new("\0key\xff", 5);
    g_autoptr(GError) error = NULL;
    char *to[] = {key(name), NULL};
    GBytes *wrapped = pgp_wrap(to, secret, &error);
    assert_null(error);
    return wrapped;
}

static Secret *unwrap(GBytes *wrapped, GError **error)
{
    gsize size;
    const guint8 *bytes = g_bytes_get_data(wrapped, &size);
    return pgp_unwrap(bytes, size, error);
}

static void a_secret_opens_for_each_it_was_wrapped_to(void **state)
{
    (void)state;
    g_autoptr(Secret) secret = secret_new("\0key\xff", 5);
    char *to[] = {key("owner"), key("stranger"), NULL};
    g_autoptr(GBytes) wrapped = pgp_wrap(to, secret, NULL);
    assert_true(*(const guint8 *)g_bytes_get_data(wrapped, NULL) & 0x80); /* binary */
    for (gsize i = 0; i < 2; i++) {
        gnupg_home_use(home, i == 0 ? "own" : "others");
        g_autoptr(Secret) back = unwrap(wrapped, NULL);
        gnupg_home_use(home, "own");
        assert_non_null(back);
        assert_int_equal(secret_size(back), 5);
        assert_memory_equal(secret_bytes(back), "\0key\xff", 5);
    }
}

static void p4_an_encrypt_to_of_gpg_conf_opens_nothing(void **state)
{
    (void)state;
    g_autofree char *own = gnupg_home_path(home, "own");
    g_autofree char *path = g_build_filename(own, "gpg.conf", NULL);
    g_autofree char *lines =
        g_strdup_printf("encrypt-to %s\nhidden-encrypt-to %s\n", key("friend"), key("stranger"));
    assert_true(g_file_set_contents(path, lines, -1, NULL));
    g_autoptr(GBytes) wrapped = wrap_to("owner");
    g_unlink(path);
    gnupg_home_use(home, "others");
    GError *error = NULL;
    assert_null(unwrap(wrapped, &error));
    gnupg_home_use(home, "own");
    assert_refused(error, POSTERN_ERROR_POLICY, "key.missing");
}

static void p5_nothing_is_wrapped_when_one_recipient_is_unusable(void **state)
{
    (void)state;
    static const char *const unusable[][2] = {
        {"expired", "key.expired"},    {"revoked", "key.revoked"},    {"disabled", "key.disabled"},
        {"sign-only", "key.unusable"}, {"old-subkey", "key.expired"},
    };
    g_autoptr(Secret) secret = secret_new("x", 1);
    for (gsize i = 0; i < G_N_ELEMENTS(unusable); i++) {
        char *to[] = {key("owner"), key(unusable[i][0]), NULL};
        GError *error = NULL;
        assert_null(pgp_wrap(to, secret, &error));
        assert_refused(error, POSTERN_ERROR_POLICY, unusable[i][1]);
    }
    char *nobody[] = {NULL};
    GError *error = NULL;
    assert_null(pgp_wrap(nobody, secret, &error));
    assert_refused(error, POSTERN_ERROR_POLICY, "key.missing");
}

/* gpg-agent is replaced by a program that leaves a mark. */
static void p5_wrapping_with_public_keys_starts_no_agent(void **state)
{
    (void)state;
    g_autofree char *public = gnupg_home_path(home, "public");
    g_autofree char *mark = g_build_filename(public, "mark", NULL);
    g_autofree char *agent = g_build_filename(public, "agent", NULL);
    g_autofree char *conf = g_build_filename(public, "gpg.conf", NULL);
    g_autofree char *script = g_strdup_printf("#!/bin/sh\ntouch '%s'\nexit 1\n", mark);
    g_autofree char *line = g_strdup_printf("agent-program %s\n", agent);
    gnupg_home_use(home, "public");
    g_bytes_unref(gpg(NULL, "gpg --batch --import \"$GNUPGHOME/../others.asc\"; "
                            "gpgconf --homedir \"$GNUPGHOME\" --kill all"));
    assert_true(g_file_set_contents(agent, script, -1, NULL));
    g_chmod(agent, 0700);
    assert_true(g_file_set_contents(conf, line, -1, NULL));

    g_autoptr(Secret) secret = secret_new("x", 1);
    char *to[] = {key("friend"), NULL};
    gboolean checked = pgp_check_encrypt(to[0], NULL, NULL);
    g_autoptr(GBytes) wrapped = pgp_wrap(to, secret, NULL);
    gboolean before = g_file_test(mark, G_FILE_TEST_EXISTS);
    gboolean has = pgp_has_secret(to[0]); /* this one must ask the agent */
    gboolean after = g_file_test(mark, G_FILE_TEST_EXISTS);
    gnupg_home_use(home, "own");
    assert_true(checked && wrapped && !before);
    assert_true(!has && after);
}

static void a_locked_key_is_told_from_a_missing_one(void **state)
{
    (void)state;
    g_autoptr(GBytes) locked = wrap_to("locked");
    g_autoptr(GBytes) foreign = wrap_to("friend");
    GError *error = NULL;
    assert_null(unwrap(locked, &error));
    assert_refused(error, POSTERN_ERROR_TEMPORARY, "key.locked");
    error = NULL;
    assert_null(unwrap(foreign, &error));
    assert_refused(error, POSTERN_ERROR_POLICY, "key.missing");
}

static void quietly_nobody_is_asked(void **state)
{
    (void)state;
    g_autoptr(GBytes) locked = wrap_to("locked");
    g_autoptr(GBytes) open = wrap_to("owner");
    gsize size;
    const guint8 *bytes = g_bytes_get_data(locked, &size);
    gnupg_home_answer(home, "own"); /* a pinentry that would know */
    GError *error = NULL;
    assert_null(pgp_unwrap_quietly(bytes, size, &error));
    assert_refused(error, POSTERN_ERROR_TEMPORARY, "key.locked");
    g_autoptr(Secret) asked = unwrap(locked, NULL);
    assert_non_null(asked);
    g_autoptr(Secret) cached = pgp_unwrap_quietly(bytes, size, NULL); /* the agent knows it now */
    assert_true(cached && secret_equal(cached, asked));
    bytes = g_bytes_get_data(open, &size);
    g_autoptr(Secret) never_locked = pgp_unwrap_quietly(bytes, size, NULL);
    assert_non_null(never_locked);
}

static void the_agent_answers(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    assert_true(pgp_agent_answers(&error));
    assert_null(error);
}

static const char *const no_messages[] = {"", "x", "-----BEGIN PGP MESSAGE-----\n\nAAAA\n",
                                          "Dear John", "\x85\x01\x0c\x03"};

static void what_is_no_message_is_unusable_data(void **state)
{
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(no_messages); i++) {
        GError *error = NULL;
        assert_null(pgp_unwrap((const guint8 *)no_messages[i], strlen(no_messages[i]), &error));
        assert_refused(error, POSTERN_ERROR_INPUT, "openpgp.data");
    }
    /* A signed message decrypts to nothing, and so does one that was only packed. */
    g_autoptr(GBytes) plain = g_bytes_new_static(text, strlen(text));
    g_autoptr(GBytes) packed = gpg(plain, "gpg --batch --store");
    g_autoptr(GPtrArray) signatures = g_ptr_array_new();
    GError *error = NULL;
    assert_null(pgp_decrypt(packed, NULL, NULL, signatures, &error));
    assert_refused(error, POSTERN_ERROR_INPUT, "openpgp.data");
}

static GBytes *encrypted(const char *signer)
{
    g_autoptr(GBytes) plain = g_bytes_new_static(text, strlen(text));
    g_autoptr(GError) error = NULL;
    char *to[] = {key("owner"), key("friend"), NULL};
    GBytes *message = pgp_encrypt(to, signer, plain, &error);
    assert_null(error);
    assert_non_null(g_strstr_len(g_bytes_get_data(message, NULL), 30, "BEGIN PGP MESSAGE"));
    return message;
}

static GPtrArray *no_signatures(void)
{
    return g_ptr_array_new_with_free_func((GDestroyNotify)signature_free);
}

static void a_letter_opens_with_its_signature(void **state)
{
    (void)state;
    g_autoptr(GBytes) message = encrypted(key("owner"));
    g_autoptr(GPtrArray) signatures = no_signatures();
    gnupg_home_use(home, "others");
    g_autoptr(GBytes) back = pgp_decrypt(message, "jsmith@corp.example", NULL, signatures, NULL);
    gnupg_home_use(home, "own");
    assert_non_null(back);
    assert_int_equal(g_bytes_get_size(back), strlen(text));
    assert_memory_equal(g_bytes_get_data(back, NULL), text, strlen(text));
    assert_int_equal(signatures->len, 1);
    Signature *signature = signatures->pdata[0];
    assert_int_equal(signature->status, SIG_GOOD);
    assert_int_equal(signature->trust, TRUST_SEEN);
    assert_string_equal(signature->fingerprint, key("owner"));
}

static void a_letter_without_signature_has_none(void **state)
{
    (void)state;
    g_autoptr(GBytes) message = encrypted(NULL);
    g_autoptr(GPtrArray) signatures = no_signatures();
    g_autoptr(GBytes) back = pgp_decrypt(message, "jsmith@corp.example", NULL, signatures, NULL);
    assert_non_null(back);
    assert_int_equal(signatures->len, 0);
}

static void a_signer_who_cannot_sign_signs_nothing(void **state)
{
    (void)state;
    static const char *const signers[][2] = {
        {"friend", "key.missing"}, /* only the public half is here */
        {"expired", "key.expired"},
        {"revoked", "key.revoked"},
    };
    g_autoptr(GBytes) plain = g_bytes_new_static(text, strlen(text));
    char *to[] = {key("owner"), NULL};
    for (gsize i = 0; i < G_N_ELEMENTS(signers); i++) {
        GError *error = NULL;
        assert_null(pgp_encrypt(to, key(signers[i][0]), plain, &error));
        assert_refused(error, POSTERN_ERROR_POLICY, signers[i][1]);
        g_autofree char *micalg = NULL;
        error = NULL;
        assert_null(pgp_sign(key(signers[i][0]), plain, &micalg, &error));
        assert_null(micalg);
        assert_refused(error, POSTERN_ERROR_POLICY, signers[i][1]);
    }
    g_autofree char *micalg = NULL;
    GError *error = NULL;
    assert_null(pgp_sign(key("locked"), plain, &micalg, &error));
    assert_refused(error, POSTERN_ERROR_TEMPORARY, "key.locked");
}

static gboolean opens(const guint8 *bytes, gsize size)
{
    g_autoptr(GBytes) message = g_bytes_new(bytes, size);
    g_autoptr(GPtrArray) signatures = no_signatures();
    g_autoptr(GBytes) back = pgp_decrypt(message, NULL, NULL, signatures, NULL);
    return back != NULL || signatures->len > 0;
}

static void p7_a_message_cut_anywhere_gives_no_text(void **state)
{
    (void)state;
    g_autoptr(GBytes) wrapped = wrap_to("owner");
    gsize size;
    const guint8 *bytes = g_bytes_get_data(wrapped, &size);
    assert_true(opens(bytes, size));
    for (gsize cut = 0; cut < size; cut++)
        assert_false(opens(bytes, cut));
}

static void p7_a_changed_message_gives_no_text(void **state)
{
    (void)state;
    g_autoptr(GBytes) wrapped = wrap_to("owner");
    gsize size;
    g_autofree guint8 *bytes =
        g_memdup2(g_bytes_get_data(wrapped, NULL), g_bytes_get_size(wrapped));
    g_bytes_get_data(wrapped, &size);
    for (gsize i = size / 2; i < size; i++) { /* the second half is all enciphered */
        bytes[i] ^= 0x10;
        assert_false(opens(bytes, size));
        bytes[i] ^= 0x10;
    }
}

/* The encrypted packet turned into the old kind that has no integrity check (EFAIL). */
static void p7_a_message_without_integrity_check_gives_no_text(void **state)
{
    (void)state;
    g_autoptr(GBytes) wrapped = wrap_to("owner");
    gsize size;
    const guint8 *bytes = g_bytes_get_data(wrapped, &size);
    g_autoptr(GByteArray) old = g_byte_array_new();
    gsize session = 2 + bytes[1]; /* the first packet: tag and one octet of length */
    if (!(bytes[0] & 0x40) && (bytes[0] & 3) == 1)
        session = 3 + (gsize)(bytes[1] << 8 | bytes[2]);
    assert_int_equal(bytes[session], 0xd2);     /* tag 18 */
    assert_int_equal(bytes[session + 2], 0x01); /* its version, which the old kind has not */
    g_byte_array_append(old, bytes, (guint)session);
    const guint8 head[] = {0xc9, (guint8)(bytes[session + 1] - 1)};
    g_byte_array_append(old, head, sizeof head);
    g_byte_array_append(old, bytes + session + 3, (guint)(size - session - 3));
    assert_false(opens(old->data, old->len));
}

static void a_secret_larger_than_its_limit_is_refused(void **state)
{
    (void)state;
    g_autofree char *command =
        g_strdup_printf("head -c %d /dev/zero | gpg --batch --trust-model always -r %s --encrypt",
                        LIMIT_SECRET + 1, key("owner"));
    g_autoptr(GBytes) message = gpg(NULL, command);
    GError *error = NULL;
    assert_null(unwrap(message, &error));
    assert_non_null(strstr(error->message, "4096"));
    assert_refused(error, POSTERN_ERROR_INPUT, "openpgp.data");
}

static void p8_89_a_bomb_stops_at_the_limit(void **state)
{
    (void)state;
    g_autofree char *command =
        g_strdup_printf("head -c %d /dev/zero | gpg --batch --trust-model always -r %s --encrypt",
                        LIMIT_DECRYPTED_BYTES + 1, key("owner"));
    g_autoptr(GBytes) message = gpg(NULL, command);
    g_autoptr(GPtrArray) signatures = no_signatures();
    GError *error = NULL;
    assert_null(pgp_decrypt(message, NULL, NULL, signatures, &error));
    assert_refused(error, POSTERN_ERROR_INPUT, "openpgp.data");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_secret_opens_for_each_it_was_wrapped_to),
        cmocka_unit_test(p4_an_encrypt_to_of_gpg_conf_opens_nothing),
        cmocka_unit_test(p5_nothing_is_wrapped_when_one_recipient_is_unusable),
        cmocka_unit_test(p5_wrapping_with_public_keys_starts_no_agent),
        cmocka_unit_test(a_locked_key_is_told_from_a_missing_one),
        cmocka_unit_test(what_is_no_message_is_unusable_data),
        cmocka_unit_test(a_letter_opens_with_its_signature),
        cmocka_unit_test(a_letter_without_signature_has_none),
        cmocka_unit_test(a_signer_who_cannot_sign_signs_nothing),
        cmocka_unit_test(p7_a_message_cut_anywhere_gives_no_text),
        cmocka_unit_test(p7_a_changed_message_gives_no_text),
        cmocka_unit_test(p7_a_message_without_integrity_check_gives_no_text),
        cmocka_unit_test(a_secret_larger_than_its_limit_is_refused),
        cmocka_unit_test(p8_89_a_bomb_stops_at_the_limit),
        cmocka_unit_test(the_agent_answers),
        /* The last one, for it leaves the locked key open. */
        cmocka_unit_test(quietly_nobody_is_asked),
    };
    return cmocka_run_group_tests(tests, make_home, remove_home);
}
