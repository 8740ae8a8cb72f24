/* P4, P6: which messages stay on their server alone, what the vault knows and shows of them. */
#include "store/vault-skipped.h"

#include <string.h>

#include "core/limits.h"
#include "store/ranges.h"
#include "store/vault-place.h"
#include "tests/unit/store/fixture.h"

static void state_of(VaultWriter *writer, const char *mailbox, guint32 uidvalidity)
{
    g_autoptr(GArray) covered = ranges_new();
    const MailboxState state = {.uidvalidity = uidvalidity, .covered = covered};
    assert_true(vault_set_mailbox_state(writer, "work", mailbox, &state, NULL));
}

static void leave(VaultWriter *writer, const char *mailbox, guint32 uid, guint64 size)
{
    const Skipped skipped = {.account = "work",
                             .mailbox = mailbox,
                             .uid = uid,
                             .size = size,
                             .internaldate = 1700000000 + uid};
    assert_true(vault_skip(writer, &skipped, NULL));
}

static void leave_uidl(VaultWriter *writer, const char *uidl, guint64 size)
{
    const Skipped skipped = {.account = "work", .mailbox = "INBOX", .uidl = uidl, .size = size};
    assert_true(vault_skip(writer, &skipped, NULL));
}

static void drop(VaultWriter *writer, const char *mailbox, guint32 uid, const char *uidl)
{
    const Skipped skipped = {.account = "work", .mailbox = mailbox, .uid = uid, .uidl = uidl};
    assert_true(vault_unskip(writer, &skipped, NULL));
}

static void assert_uids(VaultWriter *writer, const char *mailbox, const char *expected)
{
    g_autoptr(GString) all = g_string_new(NULL);
    g_autoptr(GArray) uids = vault_skipped_uids(writer, "work", mailbox, NULL);
    assert_non_null(uids);
    for (guint i = 0; i < uids->len; i++)
        g_string_append_printf(all, "%u=%" G_GUINT64_FORMAT " ",
                               g_array_index(uids, SkippedUid, i).uid,
                               g_array_index(uids, SkippedUid, i).size);
    assert_string_equal(all->str, expected);
}

static void assert_uidl(VaultWriter *writer, const char *uidl, gboolean there, guint64 expected)
{
    gboolean skipped;
    guint64 size;
    assert_true(vault_skipped_uidl(writer, "work", uidl, &skipped, &size, NULL));
    assert_int_equal(skipped, there);
    assert_true(size == expected);
}

static gboolean add_line(gpointer user, const Skipped *skipped, GError **error)
{
    (void)error;
    assert_in_range(skipped->since, 1700000000, G_MAXUINT32);
    g_string_append_printf(user, "%s %u %s %" G_GUINT64_FORMAT " %" G_GINT64_FORMAT ";",
                           skipped->mailbox ? skipped->mailbox : "?", skipped->uid,
                           skipped->uidl ? skipped->uidl : "?", skipped->size,
                           skipped->internaldate);
    return TRUE;
}

static void assert_told(const Fixture *fixture, Vault *vault, const Secret *key,
                        const char *expected)
{
    g_autoptr(GString) lines = g_string_new(NULL);
    g_autoptr(GError) error = NULL;
    if (!vault_skipped(vault, fixture->match_key, key, "work", add_line, lines, &error))
        fail_msg("%s", error->message);
    assert_string_equal(lines->str, expected);
}

static void what_stays_on_the_server_is_known_with_its_batch(void **state)
{
    const Fixture *fixture = *state;
    g_autoptr(Vault) vault = fixture_open(fixture);
    g_autoptr(VaultWriter) writer = fixture_writer(fixture, vault);
    state_of(writer, "INBOX", 1);
    leave(writer, "INBOX", 9, 5000);
    leave(writer, "INBOX", 3, G_MAXINT64);
    leave(writer, "nowhere", 1, 1);
    assert_uids(writer, "INBOX", "");
    commit(writer, 0, 0);
    assert_uids(writer, "INBOX", "3=9223372036854775807 9=5000 ");
    assert_uids(writer, "nowhere", "");
    assert_told(fixture, vault, fixture->private_key,
                "INBOX 3  9223372036854775807 1700000003;INBOX 9  5000 1700000009;");

    /* Once more, it is the same message. */
    leave(writer, "INBOX", 9, 6000);
    drop(writer, "INBOX", 3, NULL);
    drop(writer, "INBOX", 4, NULL);
    commit(writer, 0, 0);
    assert_uids(writer, "INBOX", "9=6000 ");
}

static void a_uidl_stays_too(void **state)
{
    const Fixture *fixture = *state;
    g_autoptr(Vault) vault = fixture_open(fixture);
    g_autoptr(VaultWriter) writer = fixture_writer(fixture, vault);
    leave_uidl(writer, "one", 70);
    leave_uidl(writer, "two", 80);
    commit(writer, 0, 0);
    assert_uidl(writer, "one", TRUE, 70);
    assert_uidl(writer, "two", TRUE, 80);
    assert_uidl(writer, "three", FALSE, 0);
    assert_told(fixture, vault, fixture->private_key, "INBOX 0 two 80 0;INBOX 0 one 70 0;");
    drop(writer, "INBOX", 0, "one");
    commit(writer, 0, 0);
    assert_uidl(writer, "one", FALSE, 0);
}

static void p6_what_was_not_committed_is_not_known(void **state)
{
    const Fixture *fixture = *state;
    g_autoptr(Vault) vault = fixture_open(fixture);
    VaultWriter *writer = fixture_writer(fixture, vault);
    state_of(writer, "INBOX", 1);
    leave(writer, "INBOX", 9, 5000);
    vault_writer_free(writer);
    writer = fixture_writer(fixture, vault);
    assert_uids(writer, "INBOX", "");
    vault_writer_free(writer);
    /* Nor is the mailbox's state when what was left out cannot be written. */
    tamper(fixture, "CREATE TRIGGER broken BEFORE INSERT ON skipped BEGIN SELECT raise(ABORT, 'x');"
                    " END");
    writer = fixture_writer(fixture, vault);
    state_of(writer, "INBOX", 7);
    leave(writer, "INBOX", 9, 5000);
    assert_false(vault_commit(writer, NULL, NULL, NULL));
    assert_int_equal(number(fixture, "SELECT count(*) FROM mailbox"), 0);
    assert_false(vault_skip(writer, &(Skipped){.account = "work", .mailbox = "x", .uid = 1}, NULL));
    vault_writer_free(writer);
}

static void a_renumbered_mailbox_begins_anew(void **state)
{
    const Fixture *fixture = *state;
    g_autoptr(Vault) vault = fixture_open(fixture);
    g_autoptr(VaultWriter) writer = fixture_writer(fixture, vault);
    state_of(writer, "INBOX", 1);
    state_of(writer, "a", 1);
    leave(writer, "INBOX", 9, 5000);
    leave(writer, "a", 9, 5000);
    commit(writer, 0, 0);
    state_of(writer, "INBOX", 2);
    leave(writer, "INBOX", 1, 4000);
    commit(writer, 0, 0);
    assert_uids(writer, "INBOX", "1=4000 ");
    assert_uids(writer, "a", "9=5000 ");
    assert_int_equal(number(fixture, "SELECT count(*) FROM skipped"), 2);
}

static void what_is_not_on_the_server_any_more_is_forgotten(void **state)
{
    const Fixture *fixture = *state;
    const char *names[] = {"a", "INBOX"}, *uidls[] = {"two"};
    g_autoptr(GPtrArray) mailboxes = g_ptr_array_new(), listed = g_ptr_array_new();
    g_autoptr(Vault) vault = fixture_open(fixture);
    g_autoptr(VaultWriter) writer = fixture_writer(fixture, vault);
    g_ptr_array_add(mailboxes, (gpointer)names[0]);
    g_ptr_array_add(mailboxes, (gpointer)names[1]);
    g_ptr_array_add(listed, (gpointer)uidls[0]);
    state_of(writer, "a", 1);
    state_of(writer, "b", 1);
    leave(writer, "a", 1, 10);
    leave(writer, "b", 1, 20);
    leave_uidl(writer, "one", 30);
    leave_uidl(writer, "two", 40);
    commit(writer, 0, 0);
    assert_true(vault_skipped_mailboxes(writer, "other", listed, NULL));
    assert_int_equal(number(fixture, "SELECT count(*) FROM skipped"), 4);
    /* An account that was POP3, too, and is IMAP now. */
    assert_true(vault_skipped_mailboxes(writer, "work", mailboxes, NULL));
    assert_told(fixture, vault, fixture->private_key, "a 1  10 1700000001;");
    leave_uidl(writer, "one", 30);
    leave_uidl(writer, "two", 40);
    commit(writer, 0, 0);
    assert_true(vault_skipped_uidls(writer, "work", listed, NULL));
    assert_told(fixture, vault, fixture->private_key, "INBOX 0 two 40 0;");
}

static void p4_without_the_key_only_sizes_show(void **state)
{
    const Fixture *fixture = *state;
    g_autoptr(Vault) vault = fixture_open(fixture);
    VaultWriter *writer = fixture_writer(fixture, vault);
    state_of(writer, "Needlework", 1);
    leave(writer, "Needlework", 9, 5000);
    leave_uidl(writer, "needle-uidl", 6000);
    commit(writer, 0, 0);
    assert_told(fixture, vault, NULL, "? 0 ? 6000 0;? 9 ? 5000 0;");
    vault_writer_free(writer);
    assert_null(find_needle(fixture->dir, "Needlework"));
    assert_null(find_needle(fixture->dir, "needle-uidl"));
}

/* Whoever has the public key can write a row; whoever has the disk can move one. */
static void p4_a_record_in_another_place_is_damage(void **state)
{
    const Fixture *fixture = *state;
    g_autoptr(GString) lines = g_string_new(NULL);
    g_autoptr(Vault) vault = fixture_open(fixture);
    VaultWriter *writer = fixture_writer(fixture, vault);
    GError *error = NULL;
    state_of(writer, "INBOX", 1);
    leave(writer, "INBOX", 9, 5000);
    commit(writer, 0, 0);
    vault_writer_free(writer);
    static const struct {
        const char *sql, *rule;
    } cases[] = {
        {"UPDATE skipped SET uid = 8", "vault.damage"},
        {"UPDATE skipped SET record = substr(record, 1, 40)", "vault.record"},
        {"UPDATE skipped SET record = substr(record, 1, 31)", "vault.damage"},
        {"UPDATE skipped SET record = zeroblob(32) || record", "vault.batch"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        tamper(fixture, cases[i].sql);
        assert_false(vault_skipped(vault, fixture->match_key, fixture->private_key, "work",
                                   add_line, lines, &error));
        assert_rule(error, POSTERN_ERROR_STORE, cases[i].rule);
    }
    assert_string_equal(lines->str, "");
}

static void a_batch_of_many_is_due(void **state)
{
    const Fixture *fixture = *state;
    g_autoptr(Vault) vault = fixture_open(fixture);
    g_autoptr(VaultWriter) writer = fixture_writer(fixture, vault);
    state_of(writer, "INBOX", 1);
    for (guint32 uid = 1; uid < LIMIT_BATCH_MESSAGES; uid++)
        leave(writer, "INBOX", uid, 1);
    assert_false(vault_batch_due(writer));
    leave(writer, "INBOX", LIMIT_BATCH_MESSAGES, 1);
    assert_true(vault_batch_due(writer));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_stays_on_the_server_is_known_with_its_batch),
        TEST(a_uidl_stays_too),
        TEST(p6_what_was_not_committed_is_not_known),
        TEST(a_renumbered_mailbox_begins_anew),
        TEST(what_is_not_on_the_server_any_more_is_forgotten),
        TEST(p4_without_the_key_only_sizes_show),
        TEST(p4_a_record_in_another_place_is_damage),
        TEST(a_batch_of_many_is_due),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
