#include "crypto/keyring.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/error.h"
#include "core/limits.h"
#include "crypto/pgp.h"
#include "crypto/trial.h"
#include "tests/lib/gnupg-home.h"

static void assert_refused(GError *error, PosternError kind, const char *rule)
{
    assert_non_null(error);
    assert_string_equal(postern_error_rule(error), rule);
    assert_int_equal(error->code, kind);
    g_error_free(error);
}

static KeyInfo *key_of(const char *name)
{
    g_autoptr(GError) error = NULL;
    KeyInfo *key = keyring_one(gnupg_home_key(home, name), &error);
    assert_null(error);
    return key;
}

/* What the list says of the keys of gnupg-home.sh. */
static const struct {
    const char *name;
    KeyState state;
    gboolean encrypts, signs, secret, confirmed;
} listed[] = {
    {"owner", KEY_FIT, TRUE, TRUE, TRUE, TRUE},
    {"locked", KEY_FIT, TRUE, TRUE, TRUE, TRUE},
    {"friend", KEY_FIT, TRUE, TRUE, FALSE, TRUE},
    {"stranger", KEY_FIT, TRUE, TRUE, FALSE, FALSE},
    {"disabled", KEY_DISABLED, FALSE, FALSE, FALSE, FALSE},
    {"sign-only", KEY_FIT, FALSE, TRUE, FALSE, FALSE},
    {"revoked", KEY_REVOKED, FALSE, FALSE, FALSE, FALSE},
    {"expired", KEY_EXPIRED, FALSE, FALSE, FALSE, FALSE},
    {"old-subkey", KEY_FIT, FALSE, TRUE, FALSE, FALSE},
    {"moved", KEY_REVOKED, FALSE, FALSE, FALSE, FALSE}, /* whatever was confirmed once */
    {"lapsed", KEY_EXPIRED, FALSE, FALSE, FALSE, FALSE},
};

static void what_a_key_is_good_for_is_told(void **state)
{
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(listed); i++) {
        g_autoptr(KeyInfo) key = key_of(listed[i].name);
        assert_string_equal(key->fingerprint, gnupg_home_key(home, listed[i].name));
        assert_int_equal(key->state, listed[i].state);
        assert_int_equal(key->encrypts, listed[i].encrypts);
        assert_int_equal(key->signs, listed[i].signs);
        assert_int_equal(key->secret, listed[i].secret);
        assert_int_equal(key->confirmed, listed[i].confirmed);
        assert_true(key->users->len > 0 && key->created > 0);
    }
    g_autoptr(KeyInfo) friend = key_of("friend");
    guint confirmed = 0;
    for (guint i = 0; i < friend->users->len; i++)
        confirmed += ((const KeyUser *)friend->users->pdata[i])->confirmed;
    assert_int_equal(friend->users->len, 3);
    assert_int_equal(confirmed, 2); /* one user id came after the confirmation */
}

static void the_list_is_of_all_keys_or_of_a_name(void **state)
{
    (void)state;
    g_autoptr(GPtrArray) all = keyring_list(NULL, NULL);
    g_autoptr(GPtrArray) friends = keyring_list("friend@corp.example", NULL);
    g_autoptr(GPtrArray) nobody = keyring_list("riend@corp.example", NULL);
    assert_int_equal(all->len, 18);
    assert_int_equal(friends->len, 2);
    assert_int_equal(nobody->len, 0);
    GError *error = NULL;
    assert_null(keyring_one("friend@corp.example", &error));
    assert_non_null(strstr(error->message, gnupg_home_key(home, "stranger")));
    assert_refused(error, POSTERN_ERROR_POLICY, "key.ambiguous");
    error = NULL;
    assert_null(keyring_one("nobody@corp.example", &error));
    assert_refused(error, POSTERN_ERROR_POLICY, "key.missing");
}

static GBytes *file_of(const char *which, const char *name)
{
    g_autofree char *dir = gnupg_home_path(home, which);
    g_autofree char *path = g_build_filename(dir, name, NULL);
    char *text;
    gsize size;
    assert_true(g_file_get_contents(path, &text, &size, NULL));
    return g_bytes_new_take(text, size);
}

static void a_public_key_leaves_small_and_without_its_private_half(void **state)
{
    (void)state;
    g_autoptr(GBytes) armored = keyring_export(gnupg_home_key(home, "owner"), TRUE, NULL);
    g_autoptr(GBytes) binary = keyring_export(gnupg_home_key(home, "owner"), FALSE, NULL);
    g_autofree char *text = g_strndup(g_bytes_get_data(armored, NULL), g_bytes_get_size(armored));
    assert_true(g_str_has_prefix(text, "-----BEGIN PGP PUBLIC KEY BLOCK-----"));
    assert_null(strstr(text, "PRIVATE"));
    assert_in_range(g_bytes_get_size(binary), 100, 1000);
    g_autoptr(GPtrArray) keys = keyring_read(binary, NULL);
    assert_int_equal(keys->len, 1);
    const KeyInfo *key = keys->pdata[0];
    assert_string_equal(key->fingerprint, gnupg_home_key(home, "owner"));
    assert_false(key->secret);
}

static void an_imported_key_is_known_and_not_confirmed(void **state)
{
    (void)state;
    g_autoptr(GBytes) friend = keyring_export(gnupg_home_key(home, "friend"), TRUE, NULL);
    g_autoptr(GBytes) others = file_of("", "others.asc");
    KeyImport once = {0}, again = {0}, all = {0};
    g_autoptr(GError) error = NULL;
    gnupg_home_use(home, "importing");
    gboolean read_only = keyring_read(friend, NULL) != NULL;
    g_autoptr(GPtrArray) before = keyring_list(NULL, NULL);
    gboolean came = keyring_import(friend, &once, &error);
    g_autoptr(KeyInfo) key = keyring_one(gnupg_home_key(home, "friend"), NULL);
    gboolean twice = keyring_import(friend, &again, NULL);
    gboolean many = keyring_import(others, &all, NULL);
    gnupg_home_use(home, "own");
    assert_null(error);
    assert_true(read_only && came && twice && many);
    assert_int_equal(before->len, 0); /* reading takes nothing in */
    assert_false(key->confirmed);
    assert_int_equal(once.keys * 100 + once.imported * 10 + once.changed, 110);
    assert_int_equal(again.keys * 100 + again.imported * 10 + again.changed, 100);
    assert_int_equal(all.imported, all.keys - 1);
}

static void what_is_no_public_key_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "", "Hello.",
        "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n-----END PGP PUBLIC KEY BLOCK-----\n",
        "-----BEGIN PGP MESSAGE-----\n\nhQEMA\n-----END PGP MESSAGE-----\n"};
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(GBytes) data = g_bytes_new_static(texts[i], strlen(texts[i]));
        KeyImport import;
        GError *error = NULL;
        assert_false(keyring_import(data, &import, &error));
        assert_refused(error, POSTERN_ERROR_INPUT, "key.input");
    }
}

/* A shell's output; the homes are those of the fixture. */
static GBytes *made_by(const char *command)
{
    char *text;
    int status;
    const char *argv[] = {"sh", "-c", command, NULL};
    g_autoptr(GError) error = NULL;
    assert_true(g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &text,
                             NULL, &status, &error));
    return g_bytes_new_take(text, strlen(text));
}

static void a_private_key_is_left_to_gpg(void **state)
{
    (void)state;
    g_autoptr(GBytes) data = made_by("gpg --batch --armor --pinentry-mode loopback --passphrase '' "
                                     "--export-secret-keys jsmith@corp.example");
    KeyImport import;
    GError *error = NULL;
    assert_non_null(strstr(g_bytes_get_data(data, NULL), "PRIVATE KEY"));
    gnupg_home_use(home, "private");
    gboolean imported = keyring_import(data, &import, &error);
    g_autoptr(GPtrArray) keys = keyring_list(NULL, NULL);
    gnupg_home_use(home, "own");
    assert_false(imported);
    assert_refused(error, POSTERN_ERROR_INPUT, "key.private");
    assert_int_equal(keys->len, 0);
}

static GBytes *repeated(GBytes *one, gsize times)
{
    g_autoptr(GByteArray) all = g_byte_array_new();
    gsize size;
    const guint8 *bytes = g_bytes_get_data(one, &size);
    for (gsize i = 0; i < times; i++)
        g_byte_array_append(all, bytes, (guint)size);
    return g_byte_array_free_to_bytes(g_steal_pointer(&all));
}

static void limit_keys(void **state)
{
    (void)state;
    g_autoptr(GBytes) one = keyring_export(gnupg_home_key(home, "friend"), FALSE, NULL);
    g_autoptr(GBytes) fit = repeated(one, LIMIT_KEYS);
    g_autoptr(GBytes) over = repeated(one, LIMIT_KEYS + 1);
    GError *error = NULL;
    g_autoptr(GPtrArray) keys = keyring_read(fit, &error);
    assert_null(error);
    assert_int_equal(keys->len, LIMIT_KEYS);
    assert_null(keyring_read(over, &error));
    assert_refused(error, POSTERN_ERROR_INPUT, "key.input");
}

static void limit_keys_bytes(void **state)
{
    (void)state;
    g_autofree char *text = g_strnfill(LIMIT_KEYS_BYTES + 1, '\n');
    g_autoptr(GBytes) one = keyring_export(gnupg_home_key(home, "friend"), TRUE, NULL);
    gsize size = g_bytes_get_size(one);
    memcpy(text + LIMIT_KEYS_BYTES + 1 - size, g_bytes_get_data(one, NULL), size);
    g_autoptr(GBytes) fit = g_bytes_new_static(text + 1, LIMIT_KEYS_BYTES);
    g_autoptr(GBytes) over = g_bytes_new_static(text, LIMIT_KEYS_BYTES + 1);
    GError *error = NULL;
    g_autoptr(GPtrArray) keys = keyring_read(fit, &error);
    assert_null(error);
    assert_int_equal(keys->len, 1);
    assert_null(keyring_read(over, &error));
    assert_refused(error, POSTERN_ERROR_INPUT, "key.input");
}

/* A key that gets MORE, an answer to gpg --edit-key, until there are too many of it. */
static void crosses(const char *which, int limit, const char *more)
{
    gnupg_home_use(home, which);
    g_autofree char *script = g_strdup_printf(
        "gpg() { command gpg --quiet --no-tty --pinentry-mode loopback --passphrase '' \"$@\"; }; "
        "gpg --batch --quick-gen-key 'Many <many@corp.example>' ed25519 sign never 2>/dev/null; "
        "fpr=$(gpg --with-colons --list-keys | awk -F: '/^fpr/ { print $10; exit }'); "
        "more() { for i in $(seq $1); do printf '%s' $2$i; done; echo save; }; "
        "grow() { more $1 $2 | gpg --expert --command-fd 0 --edit-key $fpr >/dev/null 2>&1; }; "
        "grow %d 1; gpg --armor --export; grow 1 2; echo; gpg --armor --export",
        more, limit - 1);
    g_autoptr(GBytes) both = made_by(script);
    gnupg_home_use(home, "own");
    const char *text = g_bytes_get_data(both, NULL);
    const char *second = strstr(text + 1, "-----BEGIN");
    assert_non_null(second);
    g_autoptr(GBytes) fit = g_bytes_new(text, (gsize)(second - text));
    g_autoptr(GBytes) over = g_bytes_new(second, strlen(second));
    GError *error = NULL;
    g_autoptr(GPtrArray) keys = keyring_read(fit, &error);
    assert_null(error);
    assert_int_equal(keys->len, 1);
    const KeyInfo *key = keys->pdata[0];
    assert_true((int)key->subkeys == limit || (int)key->users->len == limit);
    assert_null(keyring_read(over, &error));
    assert_refused(error, POSTERN_ERROR_INPUT, "key.input");
}

static void limit_subkeys(void **state)
{
    (void)state;
    crosses("subkeys", LIMIT_SUBKEYS, "addkey\\n10\\n1\\n0\\n%.0s");
}

static void limit_user_ids(void **state)
{
    (void)state;
    crosses("users", LIMIT_USER_IDS, "adduid\\nMany more\\nmany%s@corp.example\\n\\n");
}

/* Is one of the signatures on the exported key by somebody else? */
static gboolean shows_who_knows_whom(const char *name)
{
    g_autofree char *command =
        g_strdup_printf("gpg --batch --export %s | gpg --batch --list-packets 2>/dev/null | "
                        "awk '/signature packet/ { print $NF }' | sort -u | tr '\\n' ' '",
                        gnupg_home_key(home, name));
    g_autoptr(GBytes) ids = made_by(command);
    return g_strrstr(g_bytes_get_data(ids, NULL), gnupg_home_key(home, "owner") + 24) != NULL;
}

static void p9_102_a_confirmation_makes_gpg_itself_call_the_key_valid(void **state)
{
    (void)state;
    const char *one = gnupg_home_key(home, "soon"), *owner = gnupg_home_key(home, "owner");
    assert_null(pgp_find_recipient("soon@corp.example", NULL));
    g_autoptr(GError) error = NULL;
    assert_true(keyring_confirm(one, owner, &error));
    assert_null(error);
    g_autofree char *found = pgp_find_recipient("soon@corp.example", NULL);
    assert_string_equal(found, one);
    assert_false(shows_who_knows_whom("soon")); /* it never leaves this keyring */
    g_autoptr(KeyInfo) key = key_of("soon");
    assert_true(key->confirmed && !key->secret);
}

static void a_confirmation_needs_a_signer_whom_gpg_believes(void **state)
{
    (void)state;
    GError *error = NULL;
    assert_false(
        keyring_confirm(gnupg_home_key(home, "stranger"), gnupg_home_key(home, "friend"), &error));
    assert_non_null(error);
    g_clear_error(&error);
    assert_false(keyring_confirm("0123456789ABCDEF0123456789ABCDEF01234567",
                                 gnupg_home_key(home, "owner"), &error));
    assert_refused(error, POSTERN_ERROR_POLICY, "key.missing");
    error = NULL;
    assert_false(
        keyring_confirm(gnupg_home_key(home, "stranger"), gnupg_home_key(home, "locked"), &error));
    assert_refused(error, POSTERN_ERROR_TEMPORARY, "key.locked");
    error = NULL;
    g_autoptr(GBytes) nobody = made_by("echo \"$(sed -n 's/^owner //p' $GNUPGHOME/../keys):2:\" | "
                                       "gpg --batch --quiet --import-ownertrust 2>/dev/null");
    gboolean confirmed =
        keyring_confirm(gnupg_home_key(home, "stranger"), gnupg_home_key(home, "owner"), &error);
    g_autoptr(GBytes) mine = made_by("echo \"$(sed -n 's/^owner //p' $GNUPGHOME/../keys):6:\" | "
                                     "gpg --batch --quiet --import-ownertrust 2>/dev/null");
    assert_false(confirmed);
    assert_refused(error, POSTERN_ERROR_POLICY, "key.trust");
}

/* Keys that are tried, and why they fail. */
static const struct {
    const char *name;
    PosternError kind;
    const char *rule;
} trials[] = {
    {"owner", 0, NULL},
    {"locked", POSTERN_ERROR_TEMPORARY, "key.locked"}, /* nobody is asked */
    {"friend", POSTERN_ERROR_POLICY, "key.missing"},   /* its private half is not here */
    {"expired", POSTERN_ERROR_POLICY, "key.expired"},
};

static void p5_a_key_is_tried_before_anything_depends_on_it(void **state)
{
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(trials); i++) {
        GError *error = NULL;
        gboolean opens = trial_key(gnupg_home_key(home, trials[i].name), FALSE, &error);
        assert_int_equal(opens, trials[i].rule == NULL);
        if (trials[i].rule)
            assert_refused(error, trials[i].kind, trials[i].rule);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_key_is_good_for_is_told),
        cmocka_unit_test(the_list_is_of_all_keys_or_of_a_name),
        cmocka_unit_test(a_public_key_leaves_small_and_without_its_private_half),
        cmocka_unit_test(an_imported_key_is_known_and_not_confirmed),
        cmocka_unit_test(what_is_no_public_key_is_refused),
        cmocka_unit_test(a_private_key_is_left_to_gpg),
        cmocka_unit_test(limit_keys),
        cmocka_unit_test(limit_keys_bytes),
        cmocka_unit_test(limit_subkeys),
        cmocka_unit_test(limit_user_ids),
        cmocka_unit_test(p9_102_a_confirmation_makes_gpg_itself_call_the_key_valid),
        cmocka_unit_test(p5_a_key_is_tried_before_anything_depends_on_it),
        cmocka_unit_test(a_confirmation_needs_a_signer_whom_gpg_believes),
    };
    return cmocka_run_group_tests(tests, make_home, remove_home);
}
