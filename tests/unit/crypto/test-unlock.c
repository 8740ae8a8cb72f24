#include "crypto/unlock.h"

#include <keyutils.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/error.h"
#include "crypto/pgp.h"
#include "tests/lib/gnupg-home.h"

static guint8 vault_id[VAULT_ID_SIZE], vault_private[KEY_SIZE], vault_public[KEY_SIZE];
static GBytes *wrapped;

static Secret *unlock(guint seconds, GError **error)
{
    gsize size;
    const guint8 *bytes = g_bytes_get_data(wrapped, &size);
    return unlock_vault(vault_id, vault_public, bytes, size, seconds, error);
}

static void assert_is_vault_key(const Secret *key)
{
    assert_non_null(key);
    assert_int_equal(secret_size(key), KEY_SIZE);
    assert_memory_equal(secret_bytes(key), vault_private, KEY_SIZE);
}

static void assert_locked(const char *rule)
{
    g_autoptr(GError) error = NULL;
    assert_null(unlock(0, &error));
    assert_string_equal(postern_error_rule(error), rule);
}

/* Containers often forbid the calls; then there is nothing to test but that it does not fail. */
static gboolean keyring_works(void)
{
    key_serial_t serial = add_key("user", "postern-test", "x", 1, KEY_SPEC_USER_KEYRING);
    if (serial >= 0)
        keyctl_unlink(serial, KEY_SPEC_USER_KEYRING);
    return serial >= 0;
}

/* Calls of the kernel's that fail. */
static gboolean no_room, no_timeout, no_permissions;

key_serial_t __real_add_key(const char *type, const char *name, const void *data, size_t size,
                            key_serial_t ring);
key_serial_t __wrap_add_key(const char *type, const char *name, const void *data, size_t size,
                            key_serial_t ring);
key_serial_t __wrap_add_key(const char *type, const char *name, const void *data, size_t size,
                            key_serial_t ring)
{
    return no_room ? -1 : __real_add_key(type, name, data, size, ring);
}

long __real_keyctl_set_timeout(key_serial_t key, unsigned seconds);
long __wrap_keyctl_set_timeout(key_serial_t key, unsigned seconds);
long __wrap_keyctl_set_timeout(key_serial_t key, unsigned seconds)
{
    return no_timeout ? -1 : __real_keyctl_set_timeout(key, seconds);
}

long __real_keyctl_setperm(key_serial_t key, key_perm_t permissions);
long __wrap_keyctl_setperm(key_serial_t key, key_perm_t permissions);
long __wrap_keyctl_setperm(key_serial_t key, key_perm_t permissions)
{
    return no_permissions ? -1 : __real_keyctl_setperm(key, permissions);
}

/* What would stay for ever, or be open to others, does not stay at all. */
static void p4_47_a_key_that_cannot_be_kept_safely_is_not_kept(void **state)
{
    (void)state;
    gboolean *const faults[] = {&no_room, &no_timeout, &no_permissions};
    for (gsize i = 0; i < G_N_ELEMENTS(faults); i++) {
        *faults[i] = TRUE;
        g_autoptr(Secret) key = unlock(60, NULL);
        *faults[i] = FALSE;
        assert_is_vault_key(key);
        assert_null(unlock_cached(vault_id));
    }
}

static void one_gpg_call_opens_the_vault(void **state)
{
    (void)state;
    g_autoptr(Secret) key = unlock(0, NULL);
    assert_is_vault_key(key);
    assert_null(unlock_cached(vault_id));
    gnupg_home_use(home, "empty");
    assert_locked("key.missing");
    gnupg_home_use(home, "own");
}

static void a_cached_key_needs_no_gpg(void **state)
{
    (void)state;
    g_autoptr(Secret) key = unlock(60, NULL);
    assert_is_vault_key(key);
    if (!keyring_works()) {
        assert_null(unlock_cached(vault_id));
        skip();
    }
    gnupg_home_use(home, "empty");
    g_autoptr(Secret) cached = unlock(0, NULL);
    assert_is_vault_key(cached);
    g_autoptr(Secret) alone = unlock_cached(vault_id);
    assert_is_vault_key(alone);
    guint8 other[VAULT_ID_SIZE] = {0};
    assert_null(unlock_cached(other));
    assert_true(unlock_forget(vault_id));
    assert_false(unlock_forget(vault_id));
    assert_locked("key.missing");
    gnupg_home_use(home, "own");
}

static void p4_a_cached_key_is_gone_after_its_time(void **state)
{
    (void)state;
    if (!keyring_works())
        skip();
    g_autoptr(Secret) key = unlock(1, NULL);
    assert_non_null(key);
    g_autoptr(Secret) cached = unlock_cached(vault_id);
    assert_is_vault_key(cached);
    g_usleep(2 * G_USEC_PER_SEC);
    assert_null(unlock_cached(vault_id));
}

/* A child of another uid tries to read it by its number. */
static void p4_a_cached_key_is_not_for_other_users(void **state)
{
    (void)state;
    if (!keyring_works() || geteuid() != 0)
        skip();
    g_autoptr(Secret) key = unlock(60, NULL);
    assert_non_null(key);
    GString *name = g_string_new("postern:");
    for (gsize i = 0; i < VAULT_ID_SIZE; i++)
        g_string_append_printf(name, "%02x", vault_id[i]);
    long serial = keyctl_search(KEY_SPEC_USER_KEYRING, "user", name->str, 0);
    g_string_free(name, TRUE);
    assert_true(serial > 0);
    g_autofree char *described = g_malloc0(256);
    assert_true(keyctl_describe((key_serial_t)serial, described, 255) > 0);
    assert_non_null(strstr(described, ";3f000000;")); /* whoever possesses it, nobody else */
    pid_t child = fork();
    if (child == 0) {
        char buffer[KEY_SIZE];
        keyctl_join_session_keyring(NULL);
        _exit(setuid(65534) != 0 || keyctl_read((key_serial_t)serial, buffer, sizeof buffer) >= 0 ||
              unlock_cached(vault_id) != NULL);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    assert_true(unlock_forget(vault_id));
}

static void a_session_of_its_own_still_finds_it(void **state)
{
    (void)state;
    if (!keyring_works())
        skip();
    g_autoptr(Secret) key = unlock(60, NULL);
    assert_non_null(key);
    pid_t child = fork();
    if (child == 0) {
        /* As cron and system services have it. */
        keyctl_join_session_keyring(NULL);
        _exit(unlock_cached(vault_id) == NULL);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_true(unlock_forget(vault_id));
}

static void a_private_key_of_another_vault_is_not_taken(void **state)
{
    (void)state;
    guint8 kept = vault_public[0];
    vault_public[0] ^= 1;
    assert_locked("vault.key");
    g_autoptr(GError) error = NULL;
    assert_null(unlock(60, &error));
    assert_int_equal(error->code, POSTERN_ERROR_STORE);
    assert_null(unlock_cached(vault_id));
    vault_public[0] = kept;
}

static void a_wrong_key_in_the_keyring_is_passed_over(void **state)
{
    (void)state;
    g_autoptr(Secret) first = unlock(60, NULL);
    assert_non_null(first);
    guint8 other_private[KEY_SIZE], kept_private[KEY_SIZE], kept_public[KEY_SIZE];
    memcpy(kept_private, vault_private, KEY_SIZE);
    memcpy(kept_public, vault_public, KEY_SIZE);
    x25519_generate(other_private, vault_public);
    memcpy(vault_private, other_private, KEY_SIZE);
    g_autoptr(Secret) secret = secret_new(vault_private, KEY_SIZE);
    char *to[] = {(char *)gnupg_home_key(home, "owner"), NULL};
    GBytes *kept_wrapped = wrapped;
    wrapped = pgp_wrap(to, secret, NULL);
    g_autoptr(Secret) key = unlock(60, NULL);
    assert_is_vault_key(key);
    g_bytes_unref(wrapped);
    wrapped = kept_wrapped;
    memcpy(vault_private, kept_private, KEY_SIZE);
    memcpy(vault_public, kept_public, KEY_SIZE);
    unlock_forget(vault_id);
}

static void what_is_no_key_by_its_size_is_passed_over_or_refused(void **state)
{
    (void)state;
    g_autoptr(Secret) shorter = secret_new(vault_private, KEY_SIZE - 1);
    char *to[] = {(char *)gnupg_home_key(home, "owner"), NULL};
    GBytes *kept = wrapped;
    wrapped = pgp_wrap(to, shorter, NULL);
    assert_locked("vault.key");
    g_bytes_unref(wrapped);
    wrapped = kept;
    if (!keyring_works())
        skip();
    g_autoptr(GString) name = g_string_new("postern:");
    for (gsize i = 0; i < VAULT_ID_SIZE; i++)
        g_string_append_printf(name, "%02x", vault_id[i]);
    assert_true(add_key("user", name->str, vault_private, KEY_SIZE - 1, KEY_SPEC_USER_KEYRING) > 0);
    assert_null(unlock_cached(vault_id));
    g_autoptr(Secret) key = unlock(0, NULL);
    assert_is_vault_key(key);
    assert_true(unlock_forget(vault_id));
}

static gboolean says_unlock_first(void)
{
    g_autoptr(GError) error = NULL;
    assert_null(unlock(0, &error));
    assert_string_equal(postern_error_rule(error), "key.locked");
    return strstr(postern_error_mend(error), "postern unlock") != NULL;
}

static void a_locked_private_key_leaves_the_vault_locked(void **state)
{
    (void)state;
    g_autoptr(Secret) secret = secret_new(vault_private, KEY_SIZE);
    char *to[] = {(char *)gnupg_home_key(home, "locked"), NULL};
    GBytes *kept = wrapped;
    wrapped = pgp_wrap(to, secret, NULL);
    assert_locked("key.locked");
    assert_int_equal(says_unlock_first(), !pgp_may_ask());
    g_setenv("GPG_TTY", "/dev/null", TRUE); /* somebody is there, but nothing to ask him by */
    assert_false(says_unlock_first());
    gnupg_home_answer(home, "own");
    g_autoptr(Secret) key = unlock(0, NULL); /* nothing was lost by the refusal */
    assert_is_vault_key(key);
    g_bytes_unref(wrapped);
    wrapped = kept;
}

static int make_vault(void **state)
{
    if (make_home(state) != 0)
        return -1;
    random_bytes(vault_id, sizeof vault_id);
    x25519_generate(vault_private, vault_public);
    g_autoptr(Secret) secret = secret_new(vault_private, KEY_SIZE);
    char *to[] = {(char *)gnupg_home_key(home, "owner"), NULL};
    wrapped = pgp_wrap(to, secret, NULL);
    return wrapped ? 0 : -1;
}

static int remove_vault(void **state)
{
    (void)state;
    unlock_forget(vault_id);
    g_bytes_unref(wrapped);
    gnupg_home_free(home);
    return 0;
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(p4_47_a_key_that_cannot_be_kept_safely_is_not_kept),
        cmocka_unit_test(one_gpg_call_opens_the_vault),
        cmocka_unit_test(a_cached_key_needs_no_gpg),
        cmocka_unit_test(p4_a_cached_key_is_gone_after_its_time),
        cmocka_unit_test(p4_a_cached_key_is_not_for_other_users),
        cmocka_unit_test(a_session_of_its_own_still_finds_it),
        cmocka_unit_test(a_private_key_of_another_vault_is_not_taken),
        cmocka_unit_test(a_wrong_key_in_the_keyring_is_passed_over),
        cmocka_unit_test(what_is_no_key_by_its_size_is_passed_over_or_refused),
        cmocka_unit_test(a_locked_private_key_leaves_the_vault_locked),
    };
    return cmocka_run_group_tests(tests, make_vault, remove_vault);
}
