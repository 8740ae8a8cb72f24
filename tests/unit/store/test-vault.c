#include "tests/unit/store/fixture.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/ranges.h"
#include "store/vault-rotate.h"

/* --- making and opening -------------------------------------------------------------------- */

static void a_vault_opens_as_it_was_made(void **state)
{
    const Fixture *fixture = *state;
    assert_true(vault_exists(fixture->dir));
    g_autoptr(Vault) vault = fixture_open(fixture);
    assert_memory_equal(vault_id(vault), fixture->id, VAULT_ID_SIZE);
    assert_memory_equal(vault_public_key(vault), fixture->public_key, KEY_SIZE);
    gsize size;
    const void *wrapped = g_bytes_get_data(vault_wrapped_private(vault), &size);
    assert_int_equal(size, 7);
    assert_memory_equal(wrapped, "wrapped", 7);
    VaultStat stat;
    assert_true(vault_stat(vault, &stat, NULL));
    assert_int_equal(stat.messages, 0);
    gint64 last = -1;
    assert_true(vault_journal_end(vault, &last, NULL));
    assert_int_equal(last, 0);
}

static guint entries_of(const char *dir)
{
    guint count = 0;
    g_autoptr(GDir) entries = g_dir_open(dir, 0, NULL);
    while (entries && g_dir_read_name(entries))
        count++;
    return count;
}

static gboolean create_in(const Fixture *fixture, const char *dir, GError **error)
{
    g_autoptr(GBytes) wrapped = g_bytes_new_static("other", 5);
    return vault_create(dir, fixture->id, fixture->public_key, wrapped, fixture->match_key, error);
}

static void a_second_vault_is_never_made_over_the_first(void **state)
{
    const Fixture *fixture = *state;
    g_autoptr(GError) error = NULL;
    assert_false(create_in(fixture, fixture->dir, &error));
    assert_rule(error, POSTERN_ERROR_CREATE, "vault.create");
    assert_int_equal(entries_of(fixture->dir), 1);
    g_autoptr(Vault) vault = fixture_open(fixture);
    assert_int_equal(g_bytes_get_size(vault_wrapped_private(vault)), 7);
}

static void the_log_of_a_vanished_vault_is_never_replayed(void **state)
{
    const Fixture *fixture = *state;
    g_autofree char *path = inside(fixture, "vault.db");
    g_autofree char *log = inside(fixture, "vault.db-wal");
    g_autoptr(GError) error = NULL;
    assert_int_equal(g_rename(path, log), 0);
    assert_false(create_in(fixture, fixture->dir, &error));
    assert_rule(error, POSTERN_ERROR_CREATE, "vault.create");
}

static void p4_files_are_private_under_any_umask(void **state)
{
    const Fixture *fixture = *state;
    g_autofree char *dir = inside(fixture, "deep");
    g_autofree char *path = g_build_filename(dir, "vault.db", NULL);
    GStatBuf facts;
    mode_t before = umask(0);
    gboolean made = create_in(fixture, dir, NULL);
    umask(before);
    assert_true(made);
    assert_int_equal(g_stat(dir, &facts), 0);
    assert_int_equal(facts.st_mode & 07777, 0700);
    assert_int_equal(g_stat(path, &facts), 0);
    assert_int_equal(facts.st_mode & 07777, 0600);
    g_unlink(path);
    g_rmdir(dir);
}

static void assert_refused(const Fixture *fixture, PosternError kind, const char *rule)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Vault) vault = vault_open(fixture->dir, &error);
    assert_null(vault);
    assert_rule(error, kind, rule);
}

static void p4_open_foreign_and_linked_stores_are_refused(void **state)
{
    Fixture *fixture = *state;
    g_autofree char *path = inside(fixture, "vault.db");
    g_autofree char *moved = inside(fixture, "moved.db");
    assert_int_equal(g_chmod(path, 0660), 0);
    assert_refused(fixture, POSTERN_ERROR_STORE, "vault.read");
    assert_int_equal(g_chmod(path, 0600), 0);

    assert_int_equal(g_chmod(fixture->dir, 0770), 0);
    assert_refused(fixture, POSTERN_ERROR_CREATE, "store.directory");
    assert_int_equal(g_chmod(fixture->dir, 0700), 0);

    assert_int_equal(g_rename(path, moved), 0);
    assert_int_equal(symlink(moved, path), 0);
    assert_refused(fixture, POSTERN_ERROR_STORE, "vault.read");
    assert_int_equal(g_unlink(path), 0);
    assert_int_equal(g_rename(moved, path), 0);

    g_autofree char *whole = g_steal_pointer(&fixture->dir);
    fixture->dir = g_strconcat(whole, ".link", NULL);
    assert_int_equal(symlink(whole, fixture->dir), 0);
    assert_refused(fixture, POSTERN_ERROR_CREATE, "store.directory");
    assert_int_equal(g_unlink(fixture->dir), 0);
    g_free(fixture->dir);
    fixture->dir = g_steal_pointer(&whole);

    if (geteuid() == 0) {
        assert_int_equal(chown(path, 65534, 65534), 0);
        assert_refused(fixture, POSTERN_ERROR_STORE, "vault.read");
        assert_int_equal(chown(path, 0, 0), 0);
    }
    vault_close(fixture_open(fixture));
}

static void what_is_no_vault_is_refused_and_left_whole(void **state)
{
    const Fixture *fixture = *state;
    g_autofree char *path = inside(fixture, "vault.db");
    tamper(fixture, "PRAGMA application_id=1");
    assert_refused(fixture, POSTERN_ERROR_STORE, "vault.damage");
    tamper(fixture, "PRAGMA application_id=0x50535456");
    vault_close(fixture_open(fixture));
    tamper(fixture, "DELETE FROM meta");
    assert_refused(fixture, POSTERN_ERROR_STORE, "vault.damage");

    static const struct {
        const char *bytes;
        gsize size;
    } cases[] = {{"", 0}, {"not a database at all, but of some length", 41}};
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        assert_true(g_file_set_contents_full(path, cases[i].bytes, (gssize)cases[i].size,
                                             G_FILE_SET_CONTENTS_CONSISTENT, 0600, NULL));
        assert_refused(fixture, POSTERN_ERROR_STORE, "vault.damage");
        GStatBuf facts;
        assert_int_equal(g_stat(path, &facts), 0);
        assert_int_equal(facts.st_size, cases[i].size);
    }
    assert_int_equal(g_unlink(path), 0);
    assert_refused(fixture, POSTERN_ERROR_STORE, "vault.read");
    assert_false(vault_exists(fixture->dir));
}

/* Not even one that lacks what is new, or has what nobody knows yet. */
static void p10_109_a_vault_of_another_release_is_refused_by_name_and_left_whole(void **state)
{
    const Fixture *fixture = *state;
    g_autofree char *path = inside(fixture, "vault.db");
    static const char *const others[] = {
        "PRAGMA user_version=0",
        "PRAGMA user_version=1",
        "DROP TABLE secret; PRAGMA user_version=3",
        "ALTER TABLE meta DROP COLUMN match_copy; PRAGMA user_version=2",
        "PRAGMA user_version=18",
        "PRAGMA user_version=20",
        "PRAGMA user_version=-1"};
    for (gsize i = 0; i < G_N_ELEMENTS(others); i++) {
        tamper(fixture, others[i]);
        g_autofree char *before = NULL, *after = NULL;
        gsize size, size_after;
        assert_true(g_file_get_contents(path, &before, &size, NULL));
        assert_refused(fixture, POSTERN_ERROR_STORE, "vault.version");
        assert_true(g_file_get_contents(path, &after, &size_after, NULL));
        assert_int_equal(size, size_after);
        assert_memory_equal(before, after, size);
    }
}

/* --- login secrets ------------------------------------------------------------------------- */

static void a_login_secret_is_kept_by_account(void **state)
{
    const Fixture *fixture = *state;
    g_autoptr(Vault) vault = fixture_open(fixture);
    g_autoptr(GBytes) first = g_bytes_new_static("sealed one", 10);
    g_autoptr(GBytes) second = g_bytes_new_static("sealed two", 10);
    g_autoptr(GError) error = NULL;
    assert_null(vault_get_secret(vault, fixture->match_key, "work", &error));
    assert_null(error);
    assert_true(vault_put_secret(vault, fixture->match_key, "work", first, NULL));
    assert_true(vault_put_secret(vault, fixture->match_key, "work", second, NULL));
    g_autoptr(GBytes) got = vault_get_secret(vault, fixture->match_key, "work", NULL);
    assert_true(g_bytes_equal(got, second));
    assert_null(vault_get_secret(vault, fixture->match_key, "home", &error));
    assert_null(error);
}

/* --- server state -------------------------------------------------------------------------- */

static void assert_state(VaultWriter *writer, guint32 uidvalidity, guint ranges)
{
    MailboxState state;
    assert_true(vault_mailbox_state(writer, "work", "INBOX", &state, NULL));
    assert_int_equal(state.uidvalidity, uidvalidity);
    assert_int_equal(state.covered->len, ranges);
    g_array_unref(state.covered);
}

static void server_state_is_stored_with_its_batch(void **state)
{
    const Fixture *fixture = *state;
    g_autoptr(Vault) vault = fixture_open(fixture);
    VaultWriter *writer = fixture_writer(fixture, vault);
    assert_state(writer, 0, 0);
    g_autoptr(GArray) covered = ranges_new();
    MailboxState mailbox = {.uidvalidity = G_MAXUINT32, .covered = covered};
    assert_true(vault_set_mailbox_state(writer, "work", "INBOX", &mailbox, NULL));
    commit(writer, 0, 0);
    assert_state(writer, G_MAXUINT32, 0); /* an empty set comes back as one */
    ranges_add(covered, 1, 5);
    ranges_add(covered, 9, G_MAXUINT32);
    assert_true(vault_set_mailbox_state(writer, "work", "INBOX", &mailbox, NULL));
    assert_state(writer, G_MAXUINT32, 2);
    vault_writer_free(writer); /* not committed */

    writer = fixture_writer(fixture, vault);
    assert_state(writer, G_MAXUINT32, 0);
    mailbox.uidvalidity = 3;
    assert_true(vault_set_mailbox_state(writer, "work", "INBOX", &mailbox, NULL));
    assert_true(vault_set_mailbox_state(writer, "work", "Other", &mailbox, NULL));
    assert_true(vault_set_mailbox_state(writer, "home", "INBOX", &mailbox, NULL));
    commit(writer, 0, 0);
    vault_writer_free(writer);

    writer = fixture_writer(fixture, vault);
    assert_state(writer, 3, 2);
    vault_writer_free(writer);
    tamper(fixture, "UPDATE mailbox SET covered = x'00'");
    writer = fixture_writer(fixture, vault);
    MailboxState damaged;
    g_autoptr(GError) error = NULL;
    assert_false(vault_mailbox_state(writer, "work", "INBOX", &damaged, &error));
    assert_rule(error, POSTERN_ERROR_STORE, "vault.damage");
    vault_writer_free(writer);
}

static gboolean has(VaultWriter *writer, const char *account, const char *uidl)
{
    gboolean there = FALSE;
    assert_true(vault_has_uidl(writer, account, uidl, &there, NULL, NULL));
    return there;
}

static void a_uidl_is_here_once_it_is_durable(void **state)
{
    const Fixture *fixture = *state;
    g_autoptr(Vault) vault = fixture_open(fixture);
    g_autoptr(VaultWriter) writer = fixture_writer(fixture, vault);
    Arrival arrival = {.account = "pop", .mailbox = "INBOX", .uidl = "u id 1", .internaldate = 1};
    assert_false(has(writer, "pop", "u id 1"));
    store_mail(writer, "mail", 4, &arrival);
    assert_false(has(writer, "pop", "u id 1"));
    commit(writer, 1, 0);
    assert_true(has(writer, "pop", "u id 1"));
    assert_false(has(writer, "pop", "u id 2"));
    assert_false(has(writer, "other", "u id 1"));
    store_mail(writer, "mail", 4, &arrival); /* a UIDL that comes again */
    commit(writer, 0, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

/* --- sealed anew --------------------------------------------------------------------------- */

static void holds(const Fixture *fixture, const char *private, const char *secret)
{
    g_autoptr(Vault) vault = fixture_open(fixture);
    g_autoptr(GBytes) sealed = vault_get_secret(vault, fixture->match_key, "work", NULL);
    g_autoptr(GBytes) wanted = g_bytes_new_static(private, strlen(private));
    g_autoptr(GBytes) wanted_secret = g_bytes_new_static(secret, strlen(secret));
    assert_true(g_bytes_equal(vault_wrapped_private(vault), wanted));
    assert_true(g_bytes_equal(sealed, wanted_secret));
}

static void p6_what_openpgp_sealed_changes_as_a_whole_or_not_at_all(void **state)
{
    const Fixture *fixture = *state;
    g_autoptr(Vault) vault = fixture_open(fixture);
    g_autoptr(Vault) other = fixture_open(fixture);
    g_autoptr(GBytes) now = g_bytes_new_static("wrapped anew", 12);
    g_autoptr(GBytes) before = g_bytes_new_static("password", 8);
    g_autoptr(GBytes) later = g_bytes_new_static("another", 7);
    g_autoptr(GBytes) after = g_bytes_new_static("password anew", 13);
    RotatedSecret one = {"work", before, after};
    g_autoptr(GPtrArray) secrets = g_ptr_array_new();
    g_ptr_array_add(secrets, &one);
    g_autoptr(GError) error = NULL;

    assert_true(vault_put_secret(vault, fixture->match_key, "work", before, NULL));
    one.before = later; /* somebody set another password meanwhile */
    assert_false(vault_rotate(vault, fixture->match_key, now, secrets, &error));
    assert_rule(error, POSTERN_ERROR_TEMPORARY, "vault.busy");
    holds(fixture, "wrapped", "password");
    one.before = before;
    assert_true(vault_rotate(vault, fixture->match_key, now, secrets, NULL));
    assert_true(g_bytes_equal(vault_wrapped_private(vault), now));
    holds(fixture, "wrapped anew", "password anew");
    g_clear_error(&error); /* the other one read the vault before that */
    one.before = after;
    assert_false(vault_rotate(other, fixture->match_key, before, secrets, &error));
    assert_rule(error, POSTERN_ERROR_TEMPORARY, "vault.busy");
    holds(fixture, "wrapped anew", "password anew");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(a_vault_opens_as_it_was_made),
        TEST(a_second_vault_is_never_made_over_the_first),
        TEST(the_log_of_a_vanished_vault_is_never_replayed),
        TEST(p4_files_are_private_under_any_umask),
        TEST(p4_open_foreign_and_linked_stores_are_refused),
        TEST(what_is_no_vault_is_refused_and_left_whole),
        TEST(p10_109_a_vault_of_another_release_is_refused_by_name_and_left_whole),
        TEST(a_login_secret_is_kept_by_account),
        TEST(p6_what_openpgp_sealed_changes_as_a_whole_or_not_at_all),
        TEST(server_state_is_stored_with_its_batch),
        TEST(a_uidl_is_here_once_it_is_durable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
