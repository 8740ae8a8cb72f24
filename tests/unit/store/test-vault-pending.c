/* P4, P6: which messages wait to be handed on to another reader, and how they are opened for it. */
#include "store/vault-pending.h"

#include <string.h>

#include "store/ranges.h"
#include "tests/unit/store/fixture.h"

#define LATER G_MAXINT64 /* a pass that begins after all that was tried */

static GPtrArray *new_list(void)
{
    return g_ptr_array_new_with_free_func((GDestroyNotify)waiting_free);
}

static void arrive(VaultWriter *writer, const char *account, const char *mailbox, guint32 uid,
                   const char *uidl, guint letter)
{
    const Arrival arrival = {.account = account,
                             .mailbox = mailbox,
                             .uid = uid,
                             .uidl = uidl,
                             .internaldate = 1700000000,
                             .hand_on = TRUE};
    g_autoptr(GBytes) mail = mail_number(letter, 3000);
    store_mail(writer, g_bytes_get_data(mail, NULL), g_bytes_get_size(mail), &arrival);
}

static void assert_waiting(VaultWriter *writer, const char *account, guint waiting, guint lost)
{
    PendingStat stat;
    assert_true(vault_pending_count(writer, account, &stat, NULL));
    assert_int_equal(stat.waiting, waiting);
    assert_int_equal(stat.lost, lost);
}

static guint asked_for(VaultWriter *writer, const char *mailbox, gint64 began)
{
    g_autoptr(GArray) uids = vault_pending_uids(writer, "work", mailbox, began, NULL);
    assert_non_null(uids);
    return uids->len;
}

static void a_new_message_waits_once_an_account(void **state)
{
    const Fixture *fixture = *state;
    g_autoptr(Vault) vault = fixture_open(fixture);
    g_autoptr(VaultWriter) writer = fixture_writer(fixture, vault);
    g_autoptr(GPtrArray) list = new_list();
    arrive(writer, "work", "INBOX", 1, NULL, 1);
    arrive(writer, "work", "Archive", 9, NULL, 1);
    store_mail(writer, "not asked", 9, &inbox_7);
    commit(writer, 2, 1);
    vault_pending_take(writer, list);
    assert_int_equal(list->len, 1);
    assert_waiting(writer, "work", 1, 0);
    arrive(writer, "work", "Third", 1, NULL, 1);
    arrive(writer, "home", "INBOX", 1, NULL, 1);
    commit(writer, 0, 2);
    assert_waiting(writer, "work", 1, 0);
    assert_waiting(writer, "home", 1, 0);
    assert_int_equal(asked_for(writer, "INBOX", 0), 1);
    assert_int_equal(asked_for(writer, "Archive", 0), 1);
    assert_true(vault_pending_done(writer, "work", list, FALSE, NULL));
    arrive(writer, "work", "Fourth", 1, NULL, 1);
    commit(writer, 0, 1);
    assert_waiting(writer, "work", 0, 0);
    assert_waiting(writer, "home", 1, 0);
    g_ptr_array_set_size(list, 0);
    vault_pending_take(writer, list);
    assert_int_equal(list->len, 0); /* its key is gone */
}

static void what_is_opened_from_disk_is_what_was_sealed(void **state)
{
    const Fixture *fixture = *state;
    g_autoptr(Vault) vault = fixture_open(fixture);
    g_autoptr(VaultWriter) writer = fixture_writer(fixture, vault);
    g_autoptr(GPtrArray) list = new_list();
    arrive(writer, "work", "INBOX", 1, NULL, 1);
    arrive(writer, "work", "INBOX", 2, NULL, 2);
    commit(writer, 2, 0);
    vault_pending_take(writer, list);
    assert_int_equal(list->len, 2);
    for (guint i = 0; i < 2; i++) {
        g_autoptr(Source) source = vault_pending_open(writer, list->pdata[i], NULL);
        g_autoptr(GBytes) bytes = source_drain(source, 10000, NULL);
        g_autoptr(GBytes) mail = mail_number(i + 1, 3000);
        assert_true(bytes && g_bytes_equal(bytes, mail));
    }
    assert_true(vault_pending_done(writer, "work", list, TRUE, NULL));
    assert_waiting(writer, "work", 0, 0);
}

static void p6_a_message_that_reads_back_differently_has_no_end(void **state)
{
    const Fixture *fixture = *state;
    g_autoptr(Vault) vault = fixture_open(fixture);
    g_autoptr(VaultWriter) writer = fixture_writer(fixture, vault);
    g_autoptr(GPtrArray) list = new_list();
    g_autoptr(GError) error = NULL;
    arrive(writer, "work", "INBOX", 1, NULL, 1);
    commit(writer, 1, 0);
    vault_pending_take(writer, list);
    tamper(fixture, "UPDATE chunk SET data = zeroblob(length(data))");
    g_autoptr(Source) source = vault_pending_open(writer, list->pdata[0], &error);
    assert_null(source_drain(source, 10000, &error));
    assert_rule(error, POSTERN_ERROR_STORE, "vault.damage");
}

static void what_is_fetched_again_is_known_by_its_bytes(void **state)
{
    const Fixture *fixture = *state;
    g_autoptr(Vault) vault = fixture_open(fixture);
    g_autoptr(VaultWriter) writer = fixture_writer(fixture, vault);
    g_autoptr(GPtrArray) list = new_list();
    g_autoptr(GBytes) mail = mail_number(1, 3000);
    Waiting *found;
    arrive(writer, "work", "INBOX", 1, NULL, 1);
    commit(writer, 1, 0);
    vault_pending_take(writer, list);
    vault_pending_begin(writer);
    vault_pending_write(writer, g_bytes_get_data(mail, NULL), g_bytes_get_size(mail));
    assert_true(vault_pending_end(writer, "work", &found, NULL));
    assert_non_null(found);
    assert_string_equal(waiting_id(found), waiting_id(list->pdata[0]));
    waiting_free(found);
    vault_pending_begin(writer);
    vault_pending_write(writer, g_bytes_get_data(mail, NULL), g_bytes_get_size(mail) - 1);
    assert_true(vault_pending_end(writer, "work", &found, NULL));
    assert_null(found);
}

static void what_was_refused_is_asked_for_more_and_more_seldom(void **state)
{
    const Fixture *fixture = *state;
    g_autoptr(Vault) vault = fixture_open(fixture);
    g_autoptr(VaultWriter) writer = fixture_writer(fixture, vault);
    g_autoptr(GPtrArray) list = new_list();
    gint64 before = g_get_real_time();
    arrive(writer, "work", "INBOX", 1, NULL, 1);
    commit(writer, 1, 0);
    vault_pending_take(writer, list);
    assert_int_equal(asked_for(writer, "INBOX", before), 1);
    assert_true(vault_pending_tried(writer, "work", list, NULL));
    tamper(fixture, "UPDATE pending SET since = tried");
    assert_int_equal(asked_for(writer, "INBOX", before), 0); /* not twice a pass */
    assert_int_equal(asked_for(writer, "INBOX", LATER), 1);
    /* It had waited for an hour when it was tried, half an hour ago; a year, 23 hours ago. */
    tamper(fixture, "UPDATE pending SET tried = tried - 1800000000, since = tried - 5400000000");
    assert_int_equal(asked_for(writer, "INBOX", LATER), 0);
    tamper(fixture, "UPDATE pending SET tried = tried - 1800000000, since = since - 1800000000");
    assert_int_equal(asked_for(writer, "INBOX", LATER), 1);
    tamper(fixture, "UPDATE pending SET since = 1, tried = tried - 79200000000");
    assert_int_equal(asked_for(writer, "INBOX", LATER), 0);
    tamper(fixture, "UPDATE pending SET tried = tried - 3600000000");
    assert_int_equal(asked_for(writer, "INBOX", LATER), 1);
}

static void pop3_knows_by_the_uidl(void **state)
{
    const Fixture *fixture = *state;
    g_autoptr(Vault) vault = fixture_open(fixture);
    g_autoptr(VaultWriter) writer = fixture_writer(fixture, vault);
    g_autoptr(GPtrArray) none = g_ptr_array_new();
    gboolean waits, due;
    arrive(writer, "work", "INBOX", 0, "uidl-1", 1);
    commit(writer, 1, 0);
    assert_true(vault_pending_uidl(writer, "work", "uidl-1", 1, &waits, &due, NULL));
    assert_true(waits && due);
    assert_true(vault_pending_uidl(writer, "home", "uidl-1", 1, &waits, &due, NULL));
    assert_false(waits || due);
    assert_waiting(writer, "work", 1, 0);
    assert_true(vault_forget_uidls(writer, "work", none, NULL));
    assert_waiting(writer, "work", 1, 1);
    arrive(writer, "work", "INBOX", 0, "uidl-2", 1); /* it is the account's already */
    commit(writer, 0, 1);
    assert_waiting(writer, "work", 1, 0);
}

static void what_is_gone_is_counted_and_what_is_removed_waits_no_more(void **state)
{
    const Fixture *fixture = *state;
    g_autoptr(Vault) vault = fixture_open(fixture);
    g_autoptr(VaultWriter) writer = fixture_writer(fixture, vault);
    g_autoptr(GArray) covered = ranges_new();
    g_autoptr(GPtrArray) departures = g_ptr_array_new();
    const MailboxState inbox = {.uidvalidity = 1, .covered = covered};
    assert_true(vault_set_mailbox_state(writer, "work", "INBOX", &inbox, NULL));
    arrive(writer, "work", "INBOX", 1, NULL, 1);
    arrive(writer, "work", "INBOX", 2, NULL, 2);
    commit(writer, 2, 0);
    g_autoptr(GArray) first = ranges_new(), second = ranges_new();
    ranges_add(first, 1, 1);
    ranges_add(second, 2, 2);
    Departure departure = {.mailbox = (char *)"INBOX", .uids = first, .modseq = 1};
    Removal keep = {.remove = FALSE, .most = 10}, remove = {.remove = TRUE, .most = 10};
    g_ptr_array_add(departures, &departure);
    assert_true(vault_depart(writer, "work", departures, &keep, NULL));
    assert_waiting(writer, "work", 2, 1);
    departure.uids = second;
    assert_true(vault_depart(writer, "work", departures, &remove, NULL));
    assert_int_equal(remove.removed, 1);
    assert_waiting(writer, "work", 1, 1);
    assert_true(vault_pending_forget(writer, "work", NULL));
    assert_waiting(writer, "work", 0, 0);
}

static void p6_marks_outlive_the_writer(void **state)
{
    const Fixture *fixture = *state;
    g_autoptr(Vault) vault = fixture_open(fixture);
    VaultWriter *writer = fixture_writer(fixture, vault);
    arrive(writer, "work", "INBOX", 1, NULL, 1);
    commit(writer, 1, 0);
    arrive(writer, "work", "INBOX", 2, NULL, 2);
    vault_writer_free(writer); /* the second was not committed */
    g_autoptr(VaultWriter) next = fixture_writer(fixture, vault);
    assert_waiting(next, "work", 1, 0);
    PendingStat stat;
    assert_true(vault_pending_stat(vault, fixture->match_key, "work", &stat, NULL));
    assert_int_equal(stat.waiting, 1);
    g_autoptr(GPtrArray) list = new_list();
    assert_true(vault_pending_list(next, "work", 1, list, NULL));
    assert_int_equal(list->len, 1);
    g_autoptr(Source) source =
        vault_pending_unlock(next, list->pdata[0], fixture->private_key, NULL);
    g_autoptr(GBytes) bytes = source_drain(source, 10000, NULL);
    g_autoptr(GBytes) mail = mail_number(1, 3000);
    assert_true(bytes && g_bytes_equal(bytes, mail));
}

#define WITH_VAULT(test) cmocka_unit_test_setup_teardown(test, fixture_set_up, fixture_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_VAULT(a_new_message_waits_once_an_account),
        WITH_VAULT(what_is_opened_from_disk_is_what_was_sealed),
        WITH_VAULT(p6_a_message_that_reads_back_differently_has_no_end),
        WITH_VAULT(what_is_fetched_again_is_known_by_its_bytes),
        WITH_VAULT(what_was_refused_is_asked_for_more_and_more_seldom),
        WITH_VAULT(pop3_knows_by_the_uidl),
        WITH_VAULT(what_is_gone_is_counted_and_what_is_removed_waits_no_more),
        WITH_VAULT(p6_marks_outlive_the_writer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
