/* Where messages lie on their servers: what the vault keeps of it, and how it ends. */
#include <string.h>

#include "store/ranges.h"
#include "store/vault-place.h"
#include "tests/unit/store/fixture.h"

static void arrive(VaultWriter *writer, const char *account, const char *mailbox, guint32 uid,
                   const char *mail, const char *flags)
{
    g_auto(GStrv) list = g_strsplit(flags, " ", 0);
    const Arrival arrival = {
        .account = account, .mailbox = mailbox, .uid = uid, .internaldate = 1, .flags = list};
    store_mail(writer, mail, strlen(mail), &arrival);
}

static void set_state(VaultWriter *writer, const char *mailbox, guint32 uidvalidity, guint64 modseq)
{
    g_autoptr(GArray) covered = ranges_new();
    const MailboxState state = {.uidvalidity = uidvalidity, .modseq = modseq, .covered = covered};
    assert_true(vault_set_mailbox_state(writer, "work", mailbox, &state, NULL));
}

static void assert_mailbox(VaultWriter *writer, const char *mailbox, guint64 messages,
                           guint64 modseq)
{
    MailboxState state;
    assert_true(vault_mailbox_state(writer, "work", mailbox, &state, NULL));
    assert_int_equal(state.messages, messages);
    assert_int_equal(state.modseq, modseq);
    g_array_unref(state.covered);
}

static void flag(VaultWriter *writer, guint32 uid, const char *flags)
{
    g_auto(GStrv) list = g_strsplit(flags, " ", 0);
    assert_true(vault_set_flags(writer, "work", "INBOX", uid, list, NULL));
}

static Departure *leave(const char *mailbox, guint32 first, guint32 last)
{
    Departure *departure = g_new0(Departure, 1);
    departure->mailbox = g_strdup(mailbox);
    departure->uids = ranges_new();
    departure->modseq = 99;
    ranges_add(departure->uids, first, last);
    return departure;
}

static void depart_all(VaultWriter *writer, const char *account, Removal *removal, Departure *first,
                       Departure *second)
{
    g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func((GDestroyNotify)departure_free);
    g_ptr_array_add(all, first);
    if (second)
        g_ptr_array_add(all, second);
    g_autoptr(GError) error = NULL;
    if (!vault_depart(writer, account, all, removal, &error))
        fail_msg("%s", error->message);
}

static guint64 messages_of(const Fixture *fixture, Vault *vault, const char *account)
{
    AccountStat stat;
    assert_true(vault_account_stat(vault, fixture->match_key, account, &stat, NULL));
    return stat.messages;
}

static gboolean add_line(gpointer user, const JournalRecord *record, GError **error)
{
    (void)error;
    static const char *const kinds[] = {"?", "arrival", "flags", "gone", "only"};
    g_autofree char *flags =
        record->arrival.flags ? g_strjoinv(",", record->arrival.flags) : g_strdup("");
    g_string_append_printf(user, "%s %s %u %s%s;", kinds[record->kind], record->arrival.mailbox,
                           record->arrival.uid, flags, record->removed ? " removed" : "");
    return TRUE;
}

static void assert_journal(const Fixture *fixture, Vault *vault, gint64 after, const char *expected)
{
    g_autoptr(GString) lines = g_string_new(NULL);
    assert_true(vault_replay(vault, fixture->private_key, after, add_line, lines, NULL));
    assert_string_equal(lines->str, expected);
}

static void flags_that_changed_are_journalled_and_no_others(void **state)
{
    const Fixture *fixture = *state;
    g_autoptr(Vault) vault = fixture_open(fixture);
    g_autoptr(VaultWriter) writer = fixture_writer(fixture, vault);
    arrive(writer, "work", "INBOX", 5, "one", "\\Recent $a");
    commit(writer, 1, 0);
    flag(writer, 5, "$a");
    flag(writer, 6, "\\Seen");
    commit(writer, 0, 0);
    assert_journal(fixture, vault, 1, "");

    /* The last word counts, also when it is the first again. */
    flag(writer, 5, "\\Seen b");
    flag(writer, 5, "$a b");
    flag(writer, 5, "b $a");
    set_state(writer, "INBOX", 1, 17);
    commit(writer, 0, 0);
    assert_journal(fixture, vault, 1, "flags INBOX 5 $a,b;");
    assert_mailbox(writer, "INBOX", 1, 17);
    flag(writer, 5, "");
    flag(writer, 5, "$a b");
    commit(writer, 0, 0);
    assert_journal(fixture, vault, 2, "flags INBOX 5 $a,b;");
}

static void p6_flags_and_modseq_come_together_or_not_at_all(void **state)
{
    const Fixture *fixture = *state;
    g_autoptr(Vault) vault = fixture_open(fixture);
    VaultWriter *writer = fixture_writer(fixture, vault);
    arrive(writer, "work", "INBOX", 5, "one", "");
    set_state(writer, "INBOX", 1, 3);
    commit(writer, 1, 0);
    flag(writer, 5, "\\Seen");
    set_state(writer, "INBOX", 1, 4);
    tamper(fixture,
           "CREATE TRIGGER broken BEFORE UPDATE ON placement BEGIN SELECT raise(ABORT, 'x');"
           "END");
    g_autoptr(GError) error = NULL;
    assert_false(vault_commit(writer, NULL, NULL, &error));
    vault_writer_free(writer);
    tamper(fixture, "DROP TRIGGER broken");
    writer = fixture_writer(fixture, vault);
    assert_mailbox(writer, "INBOX", 1, 3);
    assert_journal(fixture, vault, 1, "");
    vault_writer_free(writer);
}

static void what_is_gone_and_kept_stays_and_is_counted(void **state)
{
    const Fixture *fixture = *state;
    g_autoptr(Vault) vault = fixture_open(fixture);
    g_autoptr(VaultWriter) writer = fixture_writer(fixture, vault);
    arrive(writer, "work", "INBOX", 5, "one", "");
    arrive(writer, "work", "INBOX", 6, "two", "");
    arrive(writer, "work", "Archive", 1, "two", "");
    commit(writer, 2, 1);
    assert_int_equal(messages_of(fixture, vault, "work"), 3);
    Removal removal = {.most = 0};
    depart_all(writer, "work", &removal, leave("INBOX", 1, 100), NULL);
    assert_int_equal(removal.removed, 0);
    assert_int_equal(messages_of(fixture, vault, "work"), 2);
    assert_journal(fixture, vault, 3, "gone INBOX 5 ;gone INBOX 6 ;");
    assert_mailbox(writer, "INBOX", 0, 99);
    assert_mailbox(writer, "Archive", 1, 0);
    assert_int_equal(number(fixture, "SELECT messages FROM total"), 2);

    /* What comes back is counted once. */
    arrive(writer, "work", "INBOX", 7, "one", "");
    commit(writer, 0, 1);
    assert_int_equal(messages_of(fixture, vault, "work"), 2);
    assert_int_equal(number(fixture, "SELECT count(*) FROM kept"), 0);
    depart_all(writer, "work", &removal, leave("INBOX", 1, 100), leave("Archive", 1, 1));
    assert_int_equal(messages_of(fixture, vault, "work"), 2);
    assert_int_equal(number(fixture, "SELECT count(*) FROM placement"), 0);
}

static void p6_59_only_what_nobody_has_any_more_is_removed(void **state)
{
    const Fixture *fixture = *state;
    g_autoptr(Vault) vault = fixture_open(fixture);
    g_autoptr(VaultWriter) writer = fixture_writer(fixture, vault);
    const Arrival popped = {.account = "pop", .mailbox = "INBOX", .uidl = "u", .internaldate = 1};
    arrive(writer, "work", "INBOX", 1, "here alone", "");
    arrive(writer, "work", "INBOX", 2, "in a mailbox", "");
    arrive(writer, "work", "Archive", 1, "in a mailbox", "");
    arrive(writer, "work", "INBOX", 3, "in an account", "");
    arrive(writer, "home", "INBOX", 1, "in an account", "");
    arrive(writer, "work", "INBOX", 4, "by POP3", "");
    store_mail(writer, "by POP3", 7, &popped);
    arrive(writer, "work", "INBOX", 5, "kept elsewhere", "");
    arrive(writer, "home", "INBOX", 2, "kept elsewhere", "");
    commit(writer, 5, 4);
    Removal keep = {.remove = FALSE}, removal = {.remove = TRUE, .most = 100};
    depart_all(writer, "home", &keep, leave("INBOX", 2, 2), NULL);
    depart_all(writer, "work", &removal, leave("INBOX", 1, 9), NULL);
    assert_int_equal(removal.removed, 1);
    assert_false(removal.braked);
    assert_int_equal(messages_of(fixture, vault, "work"), 1);
    assert_int_equal(number(fixture, "SELECT messages FROM total"), 4);
    assert_int_equal(number(fixture, "SELECT count(*) FROM message WHERE stored = 3 AND row = 1"),
                     1);
    assert_int_equal(number(fixture, "SELECT count(*) FROM chunk WHERE key >> 20 = 1"), 0);
    assert_int_equal(number(fixture, "SELECT count(*) FROM chunk"), 4);
    assert_int_equal(
        number(fixture, "SELECT bytes - (SELECT sum(length(data)) FROM chunk) FROM total"), 0);

    /* It may come again, and is stored anew. */
    arrive(writer, "work", "INBOX", 10, "here alone", "");
    commit(writer, 1, 0);
    /* In two mailboxes, and gone from both at once. */
    arrive(writer, "work", "Archive", 2, "here alone", "");
    commit(writer, 0, 1);
    depart_all(writer, "work", &removal, leave("INBOX", 1, 99), leave("Archive", 2, 2));
    assert_int_equal(removal.removed, 1);
}

static void p6_59_too_many_and_nothing_is_removed(void **state)
{
    const Fixture *fixture = *state;
    g_autoptr(Vault) vault = fixture_open(fixture);
    g_autoptr(VaultWriter) writer = fixture_writer(fixture, vault);
    arrive(writer, "work", "INBOX", 1, "one", "");
    arrive(writer, "work", "INBOX", 2, "two", "");
    arrive(writer, "work", "INBOX", 3, "three", "");
    set_state(writer, "INBOX", 1, 3);
    commit(writer, 3, 0);
    Removal removal = {.remove = TRUE, .most = 1};
    depart_all(writer, "work", &removal, leave("INBOX", 1, 2), NULL);
    assert_true(removal.braked);
    assert_int_equal(removal.removed, 2);
    assert_mailbox(writer, "INBOX", 3, 3);
    assert_journal(fixture, vault, 3, "");
    assert_int_equal(number(fixture, "SELECT count(*) FROM chunk"), 3);
    assert_int_equal(messages_of(fixture, vault, "work"), 3);
    removal.most = 2;
    depart_all(writer, "work", &removal, leave("INBOX", 1, 2), NULL);
    assert_false(removal.braked);
    assert_int_equal(removal.removed, 2);
    assert_journal(fixture, vault, 3, "gone INBOX 1  removed;gone INBOX 2  removed;");
    arrive(writer, "work", "INBOX", 4, "four", "");
    commit(writer, 1, 0);
}

static void p6_57_renumbered_messages_are_lost_by_nobody(void **state)
{
    const Fixture *fixture = *state;
    g_autoptr(Vault) vault = fixture_open(fixture);
    g_autoptr(VaultWriter) writer = fixture_writer(fixture, vault);
    for (guint32 uidvalidity = 1; uidvalidity <= 2; uidvalidity++) {
        arrive(writer, "work", "INBOX", 1, "same", "");
        arrive(writer, "work", "INBOX", uidvalidity + 1, "moved", "");
        if (uidvalidity == 1)
            arrive(writer, "work", "INBOX", 9, "lost", "");
        set_state(writer, "INBOX", uidvalidity, 5);
        if (uidvalidity == 1)
            commit(writer, 3, 0);
        else
            commit(writer, 0, 2);
    }
    assert_mailbox(writer, "INBOX", 2, 5);
    assert_int_equal(number(fixture, "SELECT count(*) FROM placement"), 5);
    Departure *departure = leave("INBOX", 1, 0);
    departure->renumbered = TRUE;
    Removal removal = {.remove = TRUE, .most = 0};
    depart_all(writer, "work", &removal, departure, NULL);
    assert_int_equal(removal.removed, 0);
    assert_journal(fixture, vault, 5, "gone INBOX 2 ;gone INBOX 9 ;");
    assert_int_equal(number(fixture, "SELECT count(*) FROM mailbox"), 1);
    assert_int_equal(number(fixture, "SELECT count(*) FROM placement"), 2);
    assert_int_equal(messages_of(fixture, vault, "work"), 3);
    assert_mailbox(writer, "INBOX", 2, 99);
}

/* Nobody here can read the name of a mailbox that is not listed; what still has the message is
 * named. */
static void p6_59_what_lay_in_an_unlisted_mailbox_is_kept(void **state)
{
    const Fixture *fixture = *state;
    g_autoptr(Vault) vault = fixture_open(fixture);
    g_autoptr(VaultWriter) writer = fixture_writer(fixture, vault);
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    guint64 ended = 9;
    arrive(writer, "work", "INBOX", 1, "one", "");
    arrive(writer, "work", "Old", 1, "one", "");
    arrive(writer, "work", "Older", 1, "one", "");
    arrive(writer, "work", "Old", 2, "two", "");
    arrive(writer, "home", "Old", 1, "two", "");
    arrive(writer, "home", "Old", 2, "three", "");
    set_state(writer, "Old", 1, 17);
    commit(writer, 3, 3);
    g_ptr_array_add(names, (gpointer) "INBOX");
    g_ptr_array_add(names, (gpointer) "Old");
    g_ptr_array_add(names, (gpointer) "Older");
    assert_true(vault_depart_unlisted(writer, "work", names, &ended, NULL));
    assert_int_equal(ended, 0);
    assert_journal(fixture, vault, 6, "");

    g_ptr_array_set_size(names, 1);
    assert_true(vault_depart_unlisted(writer, "work", names, &ended, NULL));
    assert_int_equal(ended, 3);
    assert_journal(fixture, vault, 6, "only  0 INBOX;only  0 ;only  0 INBOX;");
    assert_int_equal(messages_of(fixture, vault, "work"), 2);
    assert_int_equal(messages_of(fixture, vault, "home"), 2);
    assert_int_equal(number(fixture, "SELECT count(*) FROM kept"), 1);
    assert_int_equal(number(fixture, "SELECT count(*) FROM mailbox"), 2);
    assert_mailbox(writer, "Old", 0, 0);

    /* It comes back, and is what it was. */
    arrive(writer, "work", "Old", 1, "two", "");
    commit(writer, 0, 1);
    assert_int_equal(messages_of(fixture, vault, "work"), 2);
    assert_int_equal(number(fixture, "SELECT count(*) FROM kept"), 0);
}

static void uids_come_in_pages(void **state)
{
    const Fixture *fixture = *state;
    g_autoptr(Vault) vault = fixture_open(fixture);
    g_autoptr(VaultWriter) writer = fixture_writer(fixture, vault);
    arrive(writer, "work", "INBOX", 7, "one", "");
    arrive(writer, "work", "INBOX", G_MAXUINT32, "two", "");
    arrive(writer, "work", "INBOX", 3, "three", "");
    arrive(writer, "work", "Other", 5, "three", "");
    commit(writer, 3, 1);
    g_autoptr(GArray) uids = g_array_new(FALSE, FALSE, sizeof(guint32));
    assert_true(vault_uids(writer, "work", "INBOX", 0, 2, uids, NULL));
    assert_int_equal(uids->len, 2);
    assert_int_equal(g_array_index(uids, guint32, 0), 3);
    assert_true(vault_uids(writer, "work", "INBOX", 7, 2, uids, NULL));
    assert_int_equal(uids->len, 3);
    assert_int_equal(g_array_index(uids, guint32, 2), G_MAXUINT32);
    assert_true(vault_uids(writer, "work", "None", 0, 2, uids, NULL));
    assert_int_equal(uids->len, 3);
}

/* A UID that the server gives to another message takes nothing away. */
static void p6_57_a_uid_given_twice_loses_nothing(void **state)
{
    const Fixture *fixture = *state;
    g_autoptr(Vault) vault = fixture_open(fixture);
    g_autoptr(VaultWriter) writer = fixture_writer(fixture, vault);
    arrive(writer, "work", "INBOX", 1, "one", "");
    commit(writer, 1, 0);
    arrive(writer, "work", "INBOX", 1, "two", "");
    arrive(writer, "work", "INBOX", 1, "two", "");
    commit(writer, 1, 1);
    assert_mailbox(writer, "INBOX", 1, 0);
    assert_int_equal(messages_of(fixture, vault, "work"), 2);
    Removal removal = {.remove = TRUE, .most = 9};
    depart_all(writer, "work", &removal, leave("INBOX", 1, 1), NULL);
    assert_int_equal(removal.removed, 1);
    assert_int_equal(number(fixture, "SELECT count(*) FROM message WHERE stored = 1 AND row = 1"),
                     1);
}

static void p4_flags_and_mailboxes_lie_sealed(void **state)
{
    const Fixture *fixture = *state;
    {
        g_autoptr(Vault) vault = fixture_open(fixture);
        g_autoptr(VaultWriter) writer = fixture_writer(fixture, vault);
        const Arrival arrival = {
            .account = "work", .mailbox = "Needle Folder", .uid = 5, .internaldate = 1};
        store_mail(writer, "one", 3, &arrival);
        commit(writer, 1, 0);
        char *flags[] = {(char *)"needlekeyword", NULL};
        assert_true(vault_set_flags(writer, "work", "Needle Folder", 5, flags, NULL));
        commit(writer, 0, 0);
        Removal removal = {.remove = TRUE, .most = 9};
        depart_all(writer, "work", &removal, leave("Needle Folder", 1, 9), NULL);
        assert_int_equal(removal.removed, 1);
    }
    assert_null(find_needle(fixture->dir, "needlekeyword"));
    assert_null(find_needle(fixture->dir, "Needle Folder"));
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)
    const struct CMUnitTest tests[] = {
        CASE(flags_that_changed_are_journalled_and_no_others),
        CASE(p6_flags_and_modseq_come_together_or_not_at_all),
        CASE(what_is_gone_and_kept_stays_and_is_counted),
        CASE(p6_59_only_what_nobody_has_any_more_is_removed),
        CASE(p6_59_too_many_and_nothing_is_removed),
        CASE(p6_57_renumbered_messages_are_lost_by_nobody),
        CASE(p6_59_what_lay_in_an_unlisted_mailbox_is_kept),
        CASE(uids_come_in_pages),
        CASE(p6_57_a_uid_given_twice_loses_nothing),
        CASE(p4_flags_and_mailboxes_lie_sealed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
