/* A gpg that says what an honest one hardly ever does: it is made up here, and GPGME believes it.
 */
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <gpgme.h>

#include "core/error.h"
#include "core/limits.h"
#include "crypto/keyfind.h"
#include "crypto/keyring.h"
#include "crypto/pgp-internal.h"
#include "tests/unit/crypto/mail-fixture.h"

#define FPR "1111111111111111111111111111111111111111"
#define OTHER "2222222222222222222222222222222222222222"
#define PUB "pub:u:255:22:1111111111111111:1600000000:::u:::scESC:::+::ed25519:::0:\n"
#define SUB "sub:u:255:18:3333333333333333:1600000000::::::e:::+::cv25519::\n"
#define FPR_LINE "fpr:::::::::" FPR ":\n"
#define UID(validity, id) "uid:" validity "::::1600000000::HASH::" id "::::::::::0:\n"

static char *dir;

/* What it says when NAME is one of its arguments. */
static void says_of(const char *name, const char *listing)
{
    g_autofree char *path = g_strdup_printf("%s/said.%s", dir, name);
    (void)g_unlink(path);
    assert_true(listing == NULL || g_file_set_contents(path, listing, -1, NULL));
}

/* What it lists else, and what it says by --status-fd. */
static void says(const char *listing, const char *status)
{
    g_autofree char *said = g_build_filename(dir, "said", NULL);
    g_autofree char *told = g_build_filename(dir, "status", NULL);
    assert_true(g_file_set_contents(said, listing, -1, NULL));
    assert_true(g_file_set_contents(told, status, -1, NULL));
}

static int make_gpg(void **state)
{
    (void)state;
    dir = g_mkdtemp(g_strdup("/tmp/postern-XXXXXX"));
    g_autofree char *path = g_build_filename(dir, "gpg", NULL);
    g_autofree char *text =
        g_strdup_printf("#!/bin/sh\n"
                        "before= to= say=said\n"
                        "for word; do\n"
                        "    [ \"$word\" != --version ] || { echo 'gpg (GnuPG) 2.2.40'; exit; }\n"
                        "    [ \"$before\" != --status-fd ] || to=$word\n"
                        "    [ ! -f \"%1$s/said.$word\" ] || say=said.$word\n"
                        "    before=$word\n"
                        "done\n"
                        "[ ! -e %1$s/slow ] || sleep 0.3\n"
                        "[ -z \"$to\" ] || eval \"cat %1$s/status >&$to\"\n"
                        "cat %1$s/$say\n",
                        dir);
    if (!g_file_set_contents(path, text, -1, NULL) || g_chmod(path, 0700) != 0)
        return -1;
    g_setenv("GNUPGHOME", dir, TRUE);
    gpgme_check_version(NULL);
    return gpgme_set_engine_info(GPGME_PROTOCOL_OpenPGP, path, NULL) ? -1 : 0;
}

static int remove_gpg(void **state)
{
    (void)state;
    g_autofree char *line = g_strdup_printf("rm -rf %s", dir);
    (void)g_spawn_command_line_sync(line, NULL, NULL, NULL, NULL);
    g_free(dir);
    return 0;
}

static void assert_rule(GError **error, const char *rule)
{
    assert_non_null(*error);
    assert_string_equal(postern_error_rule(*error), rule);
    g_clear_error(error);
}

static KeyInfo *the_one(const char *listing)
{
    g_autoptr(GError) error = NULL;
    says(listing, "");
    g_autoptr(GPtrArray) keys = keyring_list(NULL, &error);
    assert_null(error);
    assert_int_equal(keys->len, 1);
    return g_ptr_array_steal_index(keys, 0);
}

static void a_user_id_counts_for_what_it_is(void **state)
{
    (void)state;
    g_autoptr(KeyInfo) key = the_one(PUB FPR_LINE UID("u", "Nobody at all") UID(
        "i", "<bad@corp.example>") UID("u", "<good@corp.example>") SUB);
    const KeyUser *const *users = (const KeyUser *const *)key->users->pdata;
    assert_int_equal(key->users->len, 3);
    assert_null(users[0]->address);
    assert_true(users[1]->revoked);
    assert_false(users[1]->confirmed);
    assert_string_equal(users[2]->address, "good@corp.example");
    assert_true(key->confirmed);
    /* A key that is gone is no confirmed one, whatever its user ids count for. */
    g_autoptr(KeyInfo) gone = the_one(
        "pub:r:255:22:1111111111111111:1600000000:::u:::sc:::+::ed25519:::0:\n" FPR_LINE UID(
            "u", "<good@corp.example>") SUB);
    assert_false(gone->confirmed);
    key_info_free(NULL);
}

static void the_algorithm_is_that_of_the_first_part_that_encrypts(void **state)
{
    (void)state;
    static const struct {
        const char *parts, *words;
    } cases[] = {
        {SUB "sub:u:4096:1:4444444444444444:1600000000::::::e:::+:::\n", "ed25519, cv25519"},
        {"sub:r:255:18:3333333333333333:1600000000::::::e:::+::cv25519::\n", "ed25519"},
        {"sub:e:255:18:3333333333333333:1600000000:1600000001:::::e:::+::cv25519::\n", "ed25519"},
        {"sub:u:255:22:3333333333333333:1600000000::::::e:::+::ed25519::\n", "ed25519"},
        {"", "ed25519"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *listing =
            g_strconcat(PUB FPR_LINE UID("u", "<a@corp.example>"), cases[i].parts, NULL);
        g_autoptr(KeyInfo) key = the_one(listing);
        assert_string_equal(key->algorithm, cases[i].words);
    }
}

/* gpg matches far more than was asked for, and what has no fingerprint can be named by nobody. */
static void p5_53_only_what_was_named_counts(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    says(PUB UID("u", "<a@corp.example>") SUB, "");
    g_autoptr(GPtrArray) nameless = keyring_list(NULL, NULL);
    assert_int_equal(nameless->len, 0);
    assert_false(pgp_check_encrypt(FPR, NULL, &error));
    assert_rule(&error, "key.missing");
    g_autoptr(GBytes) some = bytes_of("key");
    assert_null(keyring_read(some, &error));
    assert_rule(&error, "key.input");
    says(PUB FPR_LINE UID("u", "<a@corp.example>") SUB, "");
    g_autofree char *long_name = g_strnfill(64, '1');
    static const char *const not_it[] = {OTHER, "2222222222222222", "b@corp.example", "1111111a"};
    for (gsize i = 0; i < G_N_ELEMENTS(not_it); i++) {
        assert_null(pgp_find(not_it[i], FALSE, &error));
        assert_rule(&error, "key.missing");
    }
    assert_null(pgp_find(long_name, FALSE, &error));
    assert_rule(&error, "key.missing");
    assert_false(pgp_check_encrypt(OTHER, NULL, &error));
    assert_rule(&error, "key.missing");
    g_autofree char *found = pgp_find("1111111111111111", FALSE, NULL);
    assert_string_equal(found, FPR);
}

/* Who it was is told of a revoked key, by the user ids that gpg calls revoked with it. */
static void a_revoked_key_is_named_by_its_address(void **state)
{
    (void)state;
    static const struct {
        const char *users, *rule;
    } cases[] = {
        {UID("r", "Nobody") UID("r", "<a@corp.example>"), "key.revoked"},
        {UID("i", "<a@corp.example>"), "key.missing"},
        {UID("r", "<b@corp.example>"), "key.missing"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *listing =
            g_strconcat("pub:r:255:22:1111111111111111:1600000000:::u:::sc:::+::ed25519:::0:\n",
                        FPR_LINE, cases[i].users, SUB, NULL);
        says(listing, "");
        assert_null(pgp_find("a@corp.example", FALSE, &error));
        assert_rule(&error, cases[i].rule);
    }
}

#define EXPIRED "pub:e:255:22:1111111111111111:1600000000:1600000001::u:::sc:::+::ed25519:::0:\n"
#define USER UID("u", "<a@corp.example>")

static void of_several_that_are_unfit_the_first_is_told(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    says(EXPIRED FPR_LINE USER SUB
         "pub:r:255:22:2222222222222222:1600000000:::u:::sc:::+::ed25519:::0:\n"
         "fpr:::::::::" OTHER ":\n" UID("r", "<a@corp.example>") SUB,
         "");
    assert_null(pgp_find("a@corp.example", FALSE, &error));
    assert_non_null(strstr(error->message, FPR));
    assert_rule(&error, "key.expired");
}

/* --- a key that changed --------------------------------------------------------------------- */

#define CLAIM(id, fingerprint, born)                                                               \
    "pub:-:255:22:" id ":" born ":::-:::scESC:::+::ed25519:::0:\nfpr:::::::::" fingerprint         \
    ":\n" UID("-", "<a@corp.example>") "sub:-:255:18:3333333333333333:1600000000::::::e:::+::"     \
                                       "cv25519::\n"
#define NEW CLAIM("2222222222222222", OTHER, "1700000000")
#define OLD CLAIM("4444444444444444", "4444444444444444444444444444444444444444", "1650000000")

/* Confirmed by whom the user trusts, before it expired; each case one part of that. */
static void p7_83_a_key_that_was_confirmed_once_is_not_forgotten(void **state)
{
    (void)state;
#define SIG(class, by) "sig:!::22:" by ":1600000001::::[User ID not found]:" class "x:::::8:\n"
    static const struct {
        const char *users, *rule;
    } cases[] = {
        {USER SIG("10", "1111111111111111"), "key.changed"},
        {USER SIG("30", "1111111111111111"), "key.untrusted"},
        {UID("u", "Nobody") SIG("10", "1111111111111111") USER, "key.untrusted"},
        {UID("u", "<b@corp.example>") SIG("10", "1111111111111111") USER, "key.untrusted"},
        {USER, "key.untrusted"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *listing = g_strconcat(EXPIRED FPR_LINE, cases[i].users, SUB, NULL);
        g_autofree char *all = g_strconcat(listing, NEW, NULL);
        says(all, "");
        says_of(FPR, listing);
        says_of("1111111111111111", listing);
        assert_null(pgp_find_recipient("a@corp.example", &error));
        if (g_strcmp0(postern_error_rule(error), cases[i].rule) != 0)
            fail_msg("case %zu: %s, %s", i, postern_error_rule(error), error->message);
    }
    says_of(FPR, NULL);
    says_of("1111111111111111", NULL);
#undef SIG
}

static void p7_83_of_two_new_keys_the_younger_is_named(void **state)
{
    (void)state;
    static const char *const orders[] = {PUB FPR_LINE USER SUB NEW OLD,
                                         PUB FPR_LINE USER SUB OLD NEW};
    for (gsize i = 0; i < G_N_ELEMENTS(orders); i++) {
        g_autoptr(GError) error = NULL;
        says(orders[i], "");
        assert_null(pgp_find_recipient("a@corp.example", &error));
        assert_non_null(strstr(error->message, OTHER));
        assert_rule(&error, "key.changed");
    }
}

/* --- what comes in and goes out ------------------------------------------------------------- */

#define WHOLE PUB FPR_LINE USER SUB

static void what_an_import_did_is_counted_by_key(void **state)
{
    (void)state;
    static const struct {
        const char *status;
        guint keys, imported, changed;
    } cases[] = {
        {"[GNUPG:] IMPORT_OK 1 " FPR "\n[GNUPG:] IMPORT_OK 4 " FPR "\n", 1, 1, 0},
        {"[GNUPG:] IMPORT_OK 4 " FPR "\n[GNUPG:] IMPORT_OK 0 " OTHER "\n", 2, 0, 1},
        {"[GNUPG:] IMPORT_OK 0 " FPR "\n[GNUPG:] IMPORT_PROBLEM 1 " OTHER "\n", 1, 0, 0},
    };
    g_autoptr(GBytes) some = bytes_of("key");
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        KeyImport import = {0};
        says(WHOLE, cases[i].status);
        assert_true(keyring_import(some, &import, NULL));
        assert_int_equal(import.keys, cases[i].keys);
        assert_int_equal(import.imported, cases[i].imported);
        assert_int_equal(import.changed, cases[i].changed);
    }
    KeyImport import = {0};
    g_autoptr(GError) error = NULL;
    says(WHOLE, "[GNUPG:] IMPORT_PROBLEM 1 " FPR "\n");
    assert_false(keyring_import(some, &import, &error));
    assert_rule(&error, "key.input");
}

static void p8_limit_keys(void **state)
{
    (void)state;
    g_autoptr(GString) many = g_string_new(NULL);
    g_autoptr(GBytes) some = bytes_of("key");
    g_autoptr(GError) error = NULL;
    for (guint i = 0; i < LIMIT_KEYS; i++)
        g_string_append_printf(many,
                               "pub:-:255:22:%016X:1600000000:::-:::sc:::+::ed25519:::0:\n"
                               "fpr:::::::::%040X:\n",
                               i, i);
    says(many->str, "");
    g_autoptr(GPtrArray) keys = keyring_read(some, NULL);
    assert_int_equal(keys->len, LIMIT_KEYS);
    g_string_append(many, NEW OLD);
    says(many->str, "");
    assert_null(keyring_read(some, &error));
    assert_rule(&error, "key.input");
}

static void a_key_that_gpg_does_not_give_out_is_told(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    says(WHOLE, "");
    says_of("--export", "");
    assert_null(keyring_export(FPR, FALSE, &error));
    says_of("--export", NULL);
    assert_rule(&error, "openpgp.data");
}

/* A public key of a@corp.example, as far as pgp-cert.c looks. */
#define CERT "\xC6\x01\x04\xCD\x10<a@corp.example>"

static void p7_82_what_gpg_does_not_call_theirs_is_not_found(void **state)
{
    (void)state;
    static const char gone[] =
        "pub:r:255:22:1111111111111111:1600000000:::u:::sc:::+::ed25519:::0:\n" FPR_LINE;
    static const struct {
        const char *key, *users;
        guint found;
    } cases[] = {
        {PUB FPR_LINE, USER, 1},
        {PUB FPR_LINE, UID("u", "Nobody") UID("u", "<b@corp.example>"), 0},
        {PUB FPR_LINE, UID("r", "<a@corp.example>"), 0},
        {gone, UID("r", "<a@corp.example>"), 1},
        {NEW, PUB FPR_LINE USER, 0},
        {"", "", 0},
    };
    g_autoptr(GBytes) cert = bytes_of(CERT);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *listing = g_strconcat(cases[i].key, cases[i].users, NULL);
        says(listing, "");
        g_autoptr(GPtrArray) found = keyfind_sift(cert, "a@corp.example", NULL);
        if (found->len != cases[i].found)
            fail_msg("case %zu: %u", i, found->len);
    }
    g_autoptr(GBytes) none = bytes_of("no key");
    assert_null(keyfind_sift(none, "a@corp.example", NULL));
    found_key_free(NULL);
}

static void a_letter_carries_a_fit_key_of_its_sender_alone(void **state)
{
    (void)state;
    static const struct {
        const char *listing, *exported;
        gboolean carried;
    } cases[] = {
        {WHOLE, CERT, TRUE},
        {WHOLE, "\xC6\x01\x04\xCD\x10<b@corp.example>", FALSE},
        {WHOLE, CERT CERT, FALSE},
        {WHOLE, "no key", FALSE},
        {EXPIRED FPR_LINE USER SUB, CERT, FALSE},
        {"", CERT, FALSE},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        says(cases[i].listing, "");
        says_of("--export", cases[i].exported);
        g_autoptr(GBytes) carried = keyfind_carried(FPR, "a@corp.example");
        if ((carried != NULL) != cases[i].carried)
            fail_msg("case %zu", i);
    }
    says_of("--export", NULL);
}

/* A part that gpg tells no keygrip of has none that the agent could know. */
static void a_part_without_keygrip_is_passed_over(void **state)
{
    (void)state;
    static const guint8 wrapped[] = {0xC1, 12,   3,  0x11, 0x11, 0x11, 0x11, 0x11, 0x11,
                                     0x11, 0x11, 18, 0,    0,    0xD2, 2,    1,    0};
    g_autoptr(GError) error = NULL;
    says("sec:u:255:22:1111111111111111:1600000000:::u:::scESC:::+::ed25519:::0:\n" FPR_LINE USER
         "ssb:u:255:18:3333333333333333:1600000000::::::e:::+::cv25519::\n",
         "");
    assert_null(pgp_unwrap_asking(wrapped, sizeof wrapped, &error));
    assert_string_not_equal(postern_error_rule(error), "key.locked");
}

static void a_new_key_is_told_by_its_fingerprint(void **state)
{
    (void)state;
    says("", "[GNUPG:] KEY_CREATED P " FPR "\n");
    g_autofree char *made = pgp_generate("a@corp.example", TRUE, 86400, NULL);
    assert_string_equal(made, FPR);
}

static void private_keys_that_come_or_go_change_the_stamp(void **state)
{
    (void)state;
    g_autofree char *keys = g_build_filename(dir, "private-keys-v1.d", NULL);
    g_autofree char *one = g_build_filename(keys, "one.key", NULL);
    gint64 none = pgp_secrets_stamp();
    assert_int_equal(none, pgp_secrets_stamp());
    assert_int_equal(g_mkdir(keys, 0700), 0);
    gint64 empty = pgp_secrets_stamp();
    g_usleep(20000);
    assert_true(g_file_set_contents(one, "key", -1, NULL));
    gint64 some = pgp_secrets_stamp();
    assert_true(none != 0 && none != empty && empty != some);
}

static void gnupgs_folder_is_the_one_that_is_named_or_the_usual(void **state)
{
    (void)state;
    g_autofree char *named = g_strdup(g_getenv("GNUPGHOME"));
    g_autofree char *usual = g_build_filename(g_get_home_dir(), ".gnupg", NULL);
    g_autofree char *there = pgp_home();
    assert_string_equal(there, named);
    g_setenv("GNUPGHOME", "", TRUE);
    g_autofree char *empty = pgp_home();
    g_unsetenv("GNUPGHOME");
    g_autofree char *unset = pgp_home();
    g_setenv("GNUPGHOME", named, TRUE);
    assert_string_equal(empty, usual);
    assert_string_equal(unset, usual);
}

/* Where somebody could have been asked, the passphrase was wrong. */
static void a_wrong_passphrase_is_no_missing_terminal(void **state)
{
    (void)state;
    static const struct {
        gpgme_err_code_t code;
        const char *tty;
        gboolean nobody;
    } cases[] = {
        {GPG_ERR_BAD_PASSPHRASE, "/dev/null", FALSE},
        {GPG_ERR_ENOTTY, "/dev/null", TRUE},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_setenv("GPG_TTY", cases[i].tty, TRUE);
        pgp_refuse(&error, gpgme_error(cases[i].code), "decrypt");
        assert_int_equal(strstr(error->message, "nobody could be asked") != NULL, cases[i].nobody);
        assert_rule(&error, "key.locked");
    }
    g_unsetenv("GPG_TTY");
}

/* All the threads fail: the first one's reason stays. */
static void the_first_of_several_failures_is_told(void **state)
{
    (void)state;
    char *keys[] = {(char *)FPR, NULL};
    PgpWrap wraps[8];
    g_autoptr(GError) error = NULL;
    g_autofree char *slow = g_build_filename(dir, "slow", NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(wraps); i++)
        wraps[i] = (PgpWrap){(const guint8 *)"key", NULL};
    says(WHOLE, "[GNUPG:] INV_RECP 0 " FPR "\n");
    assert_true(g_file_set_contents(slow, "", -1, NULL));
    assert_false(pgp_wrap_all(keys, wraps, G_N_ELEMENTS(wraps), 3, &error));
    assert_int_equal(g_unlink(slow), 0);
    assert_rule(&error, "key.unusable");
    for (gsize i = 0; i < G_N_ELEMENTS(wraps); i++)
        assert_null(wraps[i].wrapped);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_user_id_counts_for_what_it_is),
        cmocka_unit_test(the_algorithm_is_that_of_the_first_part_that_encrypts),
        cmocka_unit_test(p5_53_only_what_was_named_counts),
        cmocka_unit_test(a_revoked_key_is_named_by_its_address),
        cmocka_unit_test(of_several_that_are_unfit_the_first_is_told),
        cmocka_unit_test(p7_83_a_key_that_was_confirmed_once_is_not_forgotten),
        cmocka_unit_test(p7_83_of_two_new_keys_the_younger_is_named),
        cmocka_unit_test(what_an_import_did_is_counted_by_key),
        cmocka_unit_test(p8_limit_keys),
        cmocka_unit_test(a_key_that_gpg_does_not_give_out_is_told),
        cmocka_unit_test(p7_82_what_gpg_does_not_call_theirs_is_not_found),
        cmocka_unit_test(a_letter_carries_a_fit_key_of_its_sender_alone),
        cmocka_unit_test(a_part_without_keygrip_is_passed_over),
        cmocka_unit_test(private_keys_that_come_or_go_change_the_stamp),
        cmocka_unit_test(gnupgs_folder_is_the_one_that_is_named_or_the_usual),
        cmocka_unit_test(a_new_key_is_told_by_its_fingerprint),
        cmocka_unit_test(a_wrong_passphrase_is_no_missing_terminal),
        cmocka_unit_test(the_first_of_several_failures_is_told),
    };
    return cmocka_run_group_tests(tests, make_gpg, remove_gpg);
}
