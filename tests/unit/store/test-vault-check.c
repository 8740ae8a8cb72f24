#include "store/vault-check.h"

#include <glib/gstdio.h>
#include <string.h>

#include "tests/unit/store/fixture.h"

#define MAIL_SIZE 200000

static void fill(const Fixture *fixture)
{
    g_autoptr(Vault) vault = fixture_open(fixture);
    g_autoptr(VaultWriter) writer = fixture_writer(fixture, vault);
    g_autoptr(GBytes) mail = mail_number(1, MAIL_SIZE);
    gsize size;
    const char *data = g_bytes_get_data(mail, &size);
    store_mail(writer, data, size, &inbox_7);
    commit(writer, 1, 0);
}

static GPtrArray *check(const Fixture *fixture)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Vault) vault = fixture_open(fixture);
    GPtrArray *faults = g_ptr_array_new_with_free_func(g_free);
    if (!vault_check(vault, faults, &error))
        fail_msg("%s", error->message);
    return faults;
}

static void a_sound_vault_has_no_faults(void **state)
{
    const Fixture *fixture = *state;
    fill(fixture);
    g_autoptr(GPtrArray) faults = check(fixture);
    assert_int_equal(faults->len, 0);
}

static void p4_40_a_row_whose_batch_is_gone_is_found(void **state)
{
    const Fixture *fixture = *state;
    fill(fixture);
    tamper(fixture, "DELETE FROM batch");
    g_autoptr(GPtrArray) faults = check(fixture);
    assert_int_equal(faults->len, 2);
    assert_non_null(strstr(faults->pdata[0], "of batch that is gone"));
}

static void p4_40_a_page_of_rubbish_is_found(void **state)
{
    const Fixture *fixture = *state;
    fill(fixture);
    g_autofree char *path = inside(fixture, "vault.db");
    char *data;
    gsize size;
    assert_true(g_file_get_contents(path, &data, &size, NULL));
    guint found = 0;
    for (gsize page = 2; page < size / 8192; page++) {
        g_autofree char *copy = g_memdup2(data, size);
        memset(copy + page * 8192, 0x55, 8192);
        assert_true(g_file_set_contents_full(path, copy, (gssize)size,
                                             G_FILE_SET_CONTENTS_CONSISTENT, 0600, NULL));
        g_autoptr(Vault) vault = vault_open(fixture->dir, NULL);
        g_autoptr(GPtrArray) faults = g_ptr_array_new_with_free_func(g_free);
        found += vault == NULL || (vault_check(vault, faults, NULL) && faults->len > 0);
    }
    g_free(data);
    assert_true(found > 5);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(a_sound_vault_has_no_faults),
        TEST(p4_40_a_row_whose_batch_is_gone_is_found),
        TEST(p4_40_a_page_of_rubbish_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
