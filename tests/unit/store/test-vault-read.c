#include "tests/unit/store/fixture.h"

#include <glib/gstdio.h>
#include <string.h>

/* --- reading what is not there or not sound ------------------------------------------------ */

static void an_unknown_id_is_told(void **state)
{
    const Fixture *fixture = *state;
    static const char *const ids[] = {"", "abc", "aaaaaaaaaaaaaaaa", "!!!!!!!!!!!!!!!!",
                                      "aaaaaaaaaaaaaaaaa"};
    g_autoptr(Vault) vault = fixture_open(fixture);
    for (gsize i = 0; i < G_N_ELEMENTS(ids); i++) {
        g_autoptr(GError) error = NULL;
        assert_null(vault_message(vault, fixture->private_key, ids[i], &error));
        assert_rule(error, POSTERN_ERROR_INPUT, "message.id");
    }
}

static gboolean drain(gpointer user, const JournalRecord *record, GError **error)
{
    const Fixture *fixture = ((void **)user)[0];
    Vault *vault = ((void **)user)[1];
    g_autoptr(Source) source = vault_message(vault, fixture->private_key, record->id, error);
    g_autoptr(GBytes) mail = source ? source_drain(source, G_MAXINT, error) : NULL;
    return mail != NULL;
}

static void p4_40_records_and_chunks_in_the_wrong_place_are_found(void **state)
{
    const Fixture *fixture = *state;
    static const char *const damages[] = {
        "UPDATE chunk SET key = key + 1000 WHERE key = 1 << 20",
        "UPDATE chunk SET data = (SELECT data FROM chunk WHERE key = 2 << 20) WHERE key = 1 << 20",
        "UPDATE chunk SET data = substr(data, 1, length(data) - 1) WHERE key = 1 << 20",
        "UPDATE chunk SET data = zeroblob(length(data)) WHERE key = 1 << 20",
        "UPDATE message SET chunks = 2 WHERE row = 1",
        "UPDATE message SET chunks = 0 WHERE row = 1",
        "UPDATE message SET chunks = -1 WHERE row = 1",
        "UPDATE message SET wrapped = (SELECT wrapped FROM message WHERE row = 2) WHERE row = 1",
        "UPDATE message SET wrapped = x'' WHERE row = 1",
        "UPDATE message SET wrapped = x'0200' WHERE row = 1",
        "UPDATE message SET batch = 2 WHERE row = 1",
        "UPDATE message SET id = x'00' WHERE row = 1",
        "UPDATE batch SET ephemeral = zeroblob(32) WHERE id = 1",
        "UPDATE batch SET ephemeral = x'00' WHERE id = 1",
        ("UPDATE journal SET record = (SELECT record FROM journal WHERE sequence = 2) "
         "WHERE sequence = 1"),
        "UPDATE journal SET record = x'' WHERE sequence = 1",
        "UPDATE journal SET batch = 2 WHERE sequence = 1",
        "UPDATE journal SET message = 2 WHERE sequence = 1",
    };
    Vault *vault = fixture_open(fixture);
    VaultWriter *writer = fixture_writer(fixture, vault);
    store_mail(writer, "first", 5, &inbox_7);
    store_mail(writer, "other", 5, &inbox_7);
    commit(writer, 2, 0);
    store_mail(writer, "third", 5, &inbox_7);
    commit(writer, 1, 0);
    vault_writer_free(writer);
    vault_close(vault);
    g_autofree char *path = inside(fixture, "vault.db");
    g_autofree char *sound = NULL;
    gsize size;
    assert_true(g_file_get_contents(path, &sound, &size, NULL));
    for (gsize i = 0; i < G_N_ELEMENTS(damages); i++) {
        tamper(fixture, damages[i]);
        vault = fixture_open(fixture);
        void *user[] = {(void *)fixture, vault};
        g_autoptr(GError) error = NULL;
        assert_false(vault_replay(vault, fixture->private_key, 0, drain, user, &error));
        assert_int_equal(error->code, POSTERN_ERROR_STORE);
        vault_close(vault);
        assert_true(g_file_set_contents_full(path, sound, (gssize)size,
                                             G_FILE_SET_CONTENTS_CONSISTENT, 0600, NULL));
    }
    vault = fixture_open(fixture);
    g_autoptr(GPtrArray) lines = everything(fixture, vault);
    assert_int_equal(lines->len, 3);
    vault_close(vault);
}

static void a_wrong_private_key_opens_nothing(void **state)
{
    Fixture *fixture = *state;
    g_autoptr(Vault) vault = fixture_open(fixture);
    g_autoptr(VaultWriter) writer = fixture_writer(fixture, vault);
    store_mail(writer, "first", 5, &inbox_7);
    commit(writer, 1, 0);
    guint8 private_key[KEY_SIZE], public_key[KEY_SIZE];
    x25519_generate(private_key, public_key);
    secret_free(fixture->private_key);
    fixture->private_key = secret_new(private_key, sizeof private_key);
    void *user[] = {fixture, vault};
    g_autoptr(GError) error = NULL;
    assert_false(vault_replay(vault, fixture->private_key, 0, drain, user, &error));
    assert_int_equal(error->code, POSTERN_ERROR_STORE);
}

static void p6_60_reading_back_finds_what_is_not_there(void **state)
{
    const Fixture *fixture = *state;
    g_autoptr(Vault) vault = fixture_open(fixture);
    g_autoptr(VaultWriter) writer = fixture_writer(fixture, vault);
    g_autoptr(GError) error = NULL;
    store_mail(writer, "first", 5, &inbox_7);
    store_mail(writer, "other", 5, &inbox_7);
    commit(writer, 2, 0);
    assert_true(vault_read_back(writer, NULL));
    tamper(fixture, "UPDATE chunk SET data = zeroblob(length(data)) WHERE key = 2 << 20");
    assert_false(vault_read_back(writer, &error));
    assert_rule(error, POSTERN_ERROR_STORE, "vault.damage");

    /* Its bytes are stored anew when they come again. */
    store_mail(writer, "other", 5, &inbox_7);
    commit(writer, 1, 0);
    assert_true(vault_read_back(writer, NULL));
}

/* Of one held before, the key is gone: its digest must hold. Each statement breaks it. */
static void p6_60_reading_back_knows_a_held_message_by_its_digest(void **state)
{
    static const char *const harm[] = {
        "DELETE FROM chunk WHERE key = 1 << 20",
        "UPDATE chunk SET data = zeroblob(length(data)) WHERE key = 1 << 20",
        "UPDATE message SET wrapped = zeroblob(length(wrapped)) WHERE row = 1",
        "UPDATE message SET digest = zeroblob(32) WHERE row = 1",
        "UPDATE message SET digest = NULL WHERE row = 1",
        "UPDATE message SET chunks = 0 WHERE row = 1",
        "UPDATE batch SET ephemeral = zeroblob(32) WHERE id = 1",
    };
    for (guint i = 0; i < G_N_ELEMENTS(harm); i++) {
        const Fixture *fixture = *state;
        g_autoptr(Vault) vault = fixture_open(fixture);
        g_autoptr(VaultWriter) writer = fixture_writer(fixture, vault);
        g_autoptr(GError) error = NULL;
        store_mail(writer, "first", 5, &inbox_7);
        commit(writer, 1, 0);
        store_mail(writer, "first", 5, &inbox_7);
        commit(writer, 0, 1);
        assert_true(vault_read_back(writer, NULL));
        tamper(fixture, harm[i]);
        assert_false(vault_read_back(writer, &error));
        assert_rule(error, POSTERN_ERROR_STORE, "vault.damage");
        store_mail(writer, "first", 5, &inbox_7);
        commit(writer, 1, 0);
        assert_true(vault_read_back(writer, NULL));
        g_clear_pointer(&writer, vault_writer_free);
        g_clear_pointer(&vault, vault_close);
        fixture_tear_down(state);
        fixture_set_up(state);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(an_unknown_id_is_told),
        TEST(p4_40_records_and_chunks_in_the_wrong_place_are_found),
        TEST(a_wrong_private_key_opens_nothing),
        TEST(p6_60_reading_back_finds_what_is_not_there),
        TEST(p6_60_reading_back_knows_a_held_message_by_its_digest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
