#include "store/matchkey.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glib/gstdio.h>

#include "core/error.h"

static const guint8 vault_id[VAULT_ID_SIZE] = {0xab, 1, 2, 3};
static const char file_name[] = "ab010203000000000000000000000000.match";

static char *home;

static int make_home(void **state)
{
    (void)state;
    home = g_dir_make_tmp("postern-state-XXXXXX", NULL);
    return home && g_setenv("XDG_STATE_HOME", home, TRUE) ? 0 : -1;
}

static char *key_path(void)
{
    return g_build_filename(home, "postern", file_name, NULL);
}

static int remove_home(void **state)
{
    (void)state;
    g_autofree char *path = key_path();
    g_autofree char *dir = g_path_get_dirname(path);
    (void)g_unlink(path);
    (void)g_rmdir(dir);
    (void)g_rmdir(home);
    g_free(home);
    return 0;
}

static void assert_refused(void)
{
    g_autoptr(GError) error = NULL;
    assert_null(matchkey_load(vault_id, &error));
    assert_int_equal(error->code, POSTERN_ERROR_POLICY);
    assert_string_equal(postern_error_rule(error), "vault.matchkey");
    assert_non_null(postern_error_mend(error));
}

static void a_key_is_made_once_and_stays(void **state)
{
    (void)state;
    g_autofree char *path = key_path();
    GStatBuf facts;
    assert_refused();
    assert_true(matchkey_create(vault_id, NULL));
    g_autoptr(Secret) first = matchkey_load(vault_id, NULL);
    assert_true(matchkey_create(vault_id, NULL));
    g_autoptr(Secret) second = matchkey_load(vault_id, NULL);
    assert_int_equal(secret_size(first), KEY_SIZE);
    assert_memory_equal(secret_bytes(first), secret_bytes(second), KEY_SIZE);
    assert_int_equal(g_stat(path, &facts), 0);
    assert_int_equal(facts.st_mode & 07777, 0600);
}

static void p10_a_missing_open_or_damaged_key_is_told(void **state)
{
    (void)state;
    g_autofree char *path = key_path();
    assert_true(matchkey_create(vault_id, NULL));
    assert_int_equal(g_chmod(path, 0644), 0);
    assert_refused();
    for (gssize size = 0; size <= KEY_SIZE + 1; size += KEY_SIZE + 1) {
        assert_true(g_file_set_contents_full(path, "123456789012345678901234567890123", size,
                                             G_FILE_SET_CONTENTS_CONSISTENT, 0600, NULL));
        assert_refused();
    }
    assert_int_equal(g_unlink(path), 0);
    assert_refused();
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_is_made_once_and_stays),
        cmocka_unit_test(p10_a_missing_open_or_damaged_key_is_told),
    };
    return cmocka_run_group_tests(tests, make_home, remove_home);
}
