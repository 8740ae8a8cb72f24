#include "store/matchkey.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "store/vault-match.h"
#include "tests/unit/store/fixture.h"

static char *home;

static int make_home(void **state)
{
    (void)state;
    home = g_dir_make_tmp("postern-state-XXXXXX", NULL);
    return home && g_setenv("XDG_STATE_HOME", home, TRUE) ? 0 : -1;
}

static int remove_home(void **state)
{
    (void)state;
    g_autofree char *dir = g_build_filename(home, "postern", NULL);
    (void)g_rmdir(dir);
    (void)g_rmdir(home);
    g_free(home);
    return 0;
}

static char *key_path(const Fixture *fixture)
{
    g_autoptr(GString) name = g_string_new(NULL);
    for (gsize i = 0; i < VAULT_ID_SIZE; i++)
        g_string_append_printf(name, "%02x", fixture->id[i]);
    g_string_append(name, ".match");
    return g_build_filename(home, "postern", name->str, NULL);
}

/* The file as the vault of FIXTURE wants it. */
static void put_key(const Fixture *fixture, const void *key, gssize size)
{
    g_autofree char *path = key_path(fixture);
    g_autofree char *dir = g_path_get_dirname(path);
    assert_int_equal(g_mkdir_with_parents(dir, 0700), 0);
    assert_true(
        g_file_set_contents_full(path, key, size, G_FILE_SET_CONTENTS_CONSISTENT, 0600, NULL));
}

static int tear_down(void **state)
{
    g_autofree char *path = key_path(*state);
    (void)g_unlink(path);
    return fixture_tear_down(state);
}

static void assert_refused(const Vault *vault, const char *why)
{
    g_autoptr(GError) error = NULL;
    assert_null(matchkey_load(vault, &error));
    assert_non_null(error);
    assert_non_null(strstr(error->message, why));
    assert_non_null(postern_error_mend(error));
    assert_rule(error, POSTERN_ERROR_POLICY, "vault.matchkey");
}

static void assert_same(const Secret *a, const Secret *b)
{
    assert_non_null(a);
    assert_non_null(b);
    assert_int_equal(secret_size(a), KEY_SIZE);
    assert_memory_equal(secret_bytes(a), secret_bytes(b), KEY_SIZE);
}

static void a_key_is_made_once_and_stays(void **state)
{
    const Fixture *fixture = *state;
    g_autofree char *path = key_path(fixture);
    GStatBuf facts;
    g_autoptr(Secret) first = matchkey_create(fixture->id, NULL);
    g_autoptr(Secret) second = matchkey_create(fixture->id, NULL);
    assert_same(first, second);
    assert_int_equal(g_stat(path, &facts), 0);
    assert_int_equal(facts.st_mode & 07777, 0600);
    assert_int_equal(facts.st_size, KEY_SIZE);
    assert_int_equal(g_chmod(path, 0644), 0);
    g_autoptr(GError) error = NULL;
    assert_null(matchkey_create(fixture->id, &error));
    assert_rule(error, POSTERN_ERROR_POLICY, "vault.matchkey");
}

static void the_right_key_is_loaded(void **state)
{
    const Fixture *fixture = *state;
    put_key(fixture, secret_bytes(fixture->match_key), KEY_SIZE);
    g_autoptr(Vault) vault = fixture_open(fixture);
    g_autoptr(Secret) key = matchkey_load(vault, NULL);
    assert_same(key, fixture->match_key);
}

static void p10_109_a_missing_open_damaged_or_foreign_key_is_told(void **state)
{
    const Fixture *fixture = *state;
    g_autofree char *path = key_path(fixture);
    g_autoptr(Vault) vault = fixture_open(fixture);
    assert_refused(vault, "is missing");
    for (gssize size = 0; size <= KEY_SIZE + 1; size += KEY_SIZE + 1) {
        put_key(fixture, "123456789012345678901234567890123", size);
        assert_refused(vault, "is damaged");
    }
    put_key(fixture, "12345678901234567890123456789012", KEY_SIZE);
    assert_refused(vault, "is not the one of this vault");
    put_key(fixture, secret_bytes(fixture->match_key), KEY_SIZE);
    assert_int_equal(g_chmod(path, 0644), 0);
    assert_refused(vault, "is open to others");
}

static void p6_a_lost_key_is_put_back_from_the_copy_in_the_vault(void **state)
{
    const Fixture *fixture = *state;
    g_autofree char *path = key_path(fixture);
    g_autoptr(Vault) vault = fixture_open(fixture);
    GStatBuf facts;
    static const struct {
        const char *content;
        gssize size;
    } losses[] = {{NULL, 0}, {"", 0}, {"too short", 9}, {"12345678901234567890123456789012", 32}};
    for (gsize i = 0; i < G_N_ELEMENTS(losses); i++) {
        gboolean restored = FALSE;
        (void)g_unlink(path);
        if (losses[i].content)
            put_key(fixture, losses[i].content, losses[i].size);
        assert_true(matchkey_restore(vault, fixture->private_key, &restored, NULL));
        assert_true(restored);
        assert_int_equal(g_stat(path, &facts), 0);
        assert_int_equal(facts.st_mode & 07777, 0600);
        g_autoptr(Secret) key = matchkey_load(vault, NULL);
        assert_same(key, fixture->match_key);
        assert_true(matchkey_restore(vault, fixture->private_key, &restored, NULL));
        assert_false(restored);
    }
}

static void a_file_that_is_open_to_others_stays_as_it_is(void **state)
{
    const Fixture *fixture = *state;
    g_autofree char *path = key_path(fixture);
    g_autoptr(Vault) vault = fixture_open(fixture);
    g_autoptr(GError) error = NULL;
    gboolean restored = TRUE;
    GStatBuf facts;
    put_key(fixture, "lost", 4);
    assert_int_equal(g_chmod(path, 0604), 0);
    assert_false(matchkey_restore(vault, fixture->private_key, &restored, &error));
    assert_rule(error, POSTERN_ERROR_POLICY, "vault.matchkey");
    assert_false(restored);
    assert_int_equal(g_stat(path, &facts), 0);
    assert_int_equal(facts.st_size, 4);
}

/* --- the copy ------------------------------------------------------------------------------ */

static void p4_who_has_the_vault_alone_does_not_get_the_key(void **state)
{
    const Fixture *fixture = *state;
    g_autoptr(Vault) vault = fixture_open(fixture);
    guint8 other[KEY_SIZE], public_key[KEY_SIZE];
    x25519_generate(other, public_key);
    g_autoptr(Secret) foreign = secret_new(other, sizeof other);
    g_autoptr(GError) error = NULL;
    assert_null(vault_match_key(vault, foreign, &error));
    assert_rule(error, POSTERN_ERROR_STORE, "vault.damage");
    g_autofree char *path = inside(fixture, "vault.db");
    g_autofree char *data = NULL;
    gsize size;
    assert_true(g_file_get_contents(path, &data, &size, NULL));
    assert_null(memmem(data, size, secret_bytes(fixture->match_key), KEY_SIZE));
    g_autoptr(Secret) key = vault_match_key(vault, fixture->private_key, NULL);
    assert_same(key, fixture->match_key);
}

static void p4_a_damaged_copy_puts_nothing_back(void **state)
{
    const Fixture *fixture = *state;
    g_autofree char *path = key_path(fixture);
    static const char *const damages[] = {
        "UPDATE meta SET match_copy = zeroblob(length(match_copy))",
        "UPDATE meta SET match_copy = substr(match_copy, 1, 32)",
        "UPDATE meta SET match_copy = substr(match_copy, 1, length(match_copy) - 1)",
        "UPDATE meta SET match_copy = substr(match_copy, 1, 9)",
        "UPDATE meta SET match_copy = x''",
    };
    for (gsize i = 0; i < G_N_ELEMENTS(damages); i++) {
        tamper(fixture, damages[i]);
        g_autoptr(Vault) vault = fixture_open(fixture);
        g_autoptr(GError) error = NULL;
        gboolean restored = TRUE;
        assert_false(matchkey_restore(vault, fixture->private_key, &restored, &error));
        assert_rule(error, POSTERN_ERROR_STORE, "vault.damage");
        assert_false(restored);
        assert_int_not_equal(g_access(path, F_OK), 0);
    }
}

static void p4_a_copy_of_another_key_puts_nothing_back(void **state)
{
    const Fixture *fixture = *state;
    g_autofree char *path = key_path(fixture);
    g_autoptr(GError) error = NULL;
    gboolean restored = TRUE;
    tamper(fixture, "UPDATE meta SET match_check = zeroblob(32)");
    g_autoptr(Vault) vault = fixture_open(fixture);
    assert_false(matchkey_restore(vault, fixture->private_key, &restored, &error));
    assert_rule(error, POSTERN_ERROR_STORE, "vault.damage");
    assert_false(restored);
    assert_int_not_equal(g_access(path, F_OK), 0);
    tamper(fixture, "UPDATE meta SET match_check = x'00'");
    assert_null(vault_open(fixture->dir, &error));
    assert_rule(error, POSTERN_ERROR_STORE, "vault.damage");
}

static void a_copy_needs_a_key_to_be_sealed_to(void **state)
{
    const Fixture *fixture = *state;
    static const guint8 no_key[KEY_SIZE];
    g_autoptr(GError) error = NULL;
    assert_null(match_seal(fixture->id, no_key, fixture->match_key, &error));
    assert_rule(error, POSTERN_ERROR_STORE, "vault.key");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, tear_down)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(a_key_is_made_once_and_stays),
        TEST(the_right_key_is_loaded),
        TEST(p10_109_a_missing_open_damaged_or_foreign_key_is_told),
        TEST(p6_a_lost_key_is_put_back_from_the_copy_in_the_vault),
        TEST(a_file_that_is_open_to_others_stays_as_it_is),
        TEST(p4_who_has_the_vault_alone_does_not_get_the_key),
        TEST(p4_a_damaged_copy_puts_nothing_back),
        TEST(p4_a_copy_of_another_key_puts_nothing_back),
        TEST(a_copy_needs_a_key_to_be_sealed_to),
    };
    return cmocka_run_group_tests(tests, make_home, remove_home);
}
