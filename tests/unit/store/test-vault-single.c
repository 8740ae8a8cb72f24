/* Messages that are sealed singly, by a gpg of the test's own. */
#include "store/vault-single.h"

#include <string.h>

#include "store/share.h"
#include "store/vault-pending.h"
#include "store/vault-rewrap.h"
#include "tests/lib/gnupg-home.h"
#include "tests/unit/store/fixture.h"

static void arrive(VaultWriter *writer, const char *mail, const char *account, guint32 uid,
                   gboolean singly, gboolean hand_on, gboolean hand_on_singly)
{
    const Arrival arrival = {.account = account,
                             .mailbox = "INBOX",
                             .uid = uid,
                             .internaldate = 1700000000,
                             .hand_on = hand_on,
                             .hand_on_singly = hand_on_singly};
    g_autoptr(GBytes) head = g_bytes_new_static(mail, strlen(mail));
    g_autoptr(GBytes) share = share_make(head, INDEX_HEADERS, strlen(mail));
    assert_true(vault_message_start(writer, NULL));
    assert_true(vault_message_write(writer, (const guint8 *)mail, strlen(mail), NULL));
    assert_true(singly ? vault_message_finish_singly(writer, &arrival, share, NULL)
                       : vault_message_finish(writer, &arrival, NULL));
}

static VaultWriter *writer_to(const Fixture *fixture, Vault *vault, const char *name)
{
    char *keys[] = {(char *)gnupg_home_key(home, name), NULL};
    VaultWriter *writer = fixture_writer(fixture, vault);
    vault_writer_set_keys(writer, keys);
    return writer;
}

#define SINGLES "SELECT count(*) FROM message WHERE substr(wrapped, 1, 1) = x'02'"

typedef struct {
    char id[17];
    gint64 row;
    guint singles, records;
} Seen;

static gboolean see(gpointer user, const JournalRecord *record, GError **error)
{
    (void)error;
    Seen *seen = user;
    seen->records++;
    if (record->singly) {
        seen->singles++;
        seen->row = record->row;
        g_strlcpy(seen->id, record->id, sizeof seen->id);
    }
    return TRUE;
}

static void p4_a_message_sealed_singly_opens_by_its_own_key(void **state)
{
    const Fixture *fixture = *state;
    guint64 size;
    Seen seen = {.row = 0};
    g_autoptr(Vault) vault = fixture_open(fixture);
    g_autoptr(VaultWriter) writer = writer_to(fixture, vault, "owner");
    arrive(writer, "Subject: secret\n\nx\n", "work", 1, TRUE, FALSE, FALSE);
    arrive(writer, "Subject: plain\n\nx\n", "work", 2, FALSE, FALSE, FALSE);
    commit(writer, 2, 0);
    assert_true(vault_read_back(writer, NULL));
    assert_int_equal(number(fixture, SINGLES), 1);
    assert_true(vault_replay(vault, fixture->private_key, 0, see, &seen, NULL));
    assert_int_equal(seen.records, 2);
    assert_int_equal(seen.singles, 1);
    g_autoptr(IndexDoc) doc = vault_share(vault, fixture->private_key, seen.id, &size, NULL);
    assert_non_null(doc);
    assert_string_equal(doc->subject, "secret");
    assert_int_equal(size, 19);
    GError *error = NULL;
    g_autoptr(Source) source = vault_message(vault, fixture->private_key, seen.id, &error);
    if (error)
        fail_msg("%s", error->message);
    guint8 buffer[64];
    assert_int_equal(source_read(source, buffer, sizeof buffer, NULL), 19);
    /* Where its key is not, the vault's own opens it not. */
    gnupg_home_use(home, "empty");
    assert_null(vault_message(vault, fixture->private_key, seen.id, &error));
    assert_rule(error, POSTERN_ERROR_POLICY, "key.missing");
    gnupg_home_use(home, "own");
    gboolean intact;
    assert_true(vault_row_intact(vault, fixture->match_key, seen.row, &intact, NULL));
    assert_true(intact);
    tamper(fixture, "UPDATE message SET wrapped = CAST(wrapped || x'00' AS BLOB)");
    assert_true(vault_row_intact(vault, fixture->match_key, seen.row, &intact, NULL));
    assert_false(intact);
}

static void p4_a_key_that_is_not_fit_stores_nothing(void **state)
{
    const Fixture *fixture = *state;
    GError *error = NULL;
    g_autoptr(Vault) vault = fixture_open(fixture);
    g_autoptr(VaultWriter) writer = writer_to(fixture, vault, "expired");
    arrive(writer, "Subject: plain\n\nx\n", "work", 1, FALSE, FALSE, FALSE);
    arrive(writer, "Subject: secret\n\nx\n", "work", 2, TRUE, FALSE, FALSE);
    assert_false(vault_commit(writer, NULL, NULL, &error));
    assert_rule(error, POSTERN_ERROR_POLICY, "key.expired");
    assert_false(vault_writer_sound(writer));
    assert_int_equal(number(fixture, "SELECT count(*) FROM message WHERE stored = 1"), 0);
    assert_int_equal(number(fixture, "SELECT count(*) FROM journal"), 0);
}

static void what_is_here_stays_as_it_was_sealed_first(void **state)
{
    const Fixture *fixture = *state;
    g_autoptr(Vault) vault = fixture_open(fixture);
    g_autoptr(VaultWriter) writer = writer_to(fixture, vault, "owner");
    arrive(writer, "a", "work", 1, FALSE, FALSE, FALSE);
    arrive(writer, "a", "work", 2, TRUE, FALSE, FALSE);
    arrive(writer, "b", "work", 3, TRUE, FALSE, FALSE);
    arrive(writer, "b", "work", 4, FALSE, FALSE, FALSE);
    commit(writer, 2, 2);
    arrive(writer, "a", "home", 1, TRUE, FALSE, FALSE);
    arrive(writer, "b", "home", 2, FALSE, FALSE, FALSE);
    commit(writer, 0, 2);
    assert_int_equal(number(fixture, SINGLES), 1);
    assert_int_equal(number(fixture, "SELECT count(*) FROM share"), 1);
}

/* Two writers that do not know of each other: the second's message becomes the first's. */
static void what_another_writer_sealed_meanwhile_stays_so(void **state)
{
    const Fixture *fixture = *state;
    g_autoptr(Vault) vault = fixture_open(fixture);
    g_autoptr(VaultWriter) first = writer_to(fixture, vault, "owner");
    g_autoptr(VaultWriter) second = vault_writer_beside(first, fixture->match_key, NULL);
    char *keys[] = {(char *)gnupg_home_key(home, "owner"), NULL};
    vault_writer_set_keys(second, keys);
    arrive(second, "a", "work", 1, TRUE, FALSE, FALSE);
    arrive(second, "b", "work", 2, FALSE, TRUE, FALSE);
    arrive(first, "a", "work", 3, FALSE, FALSE, FALSE);
    arrive(first, "b", "home", 4, TRUE, FALSE, FALSE);
    commit(first, 2, 0);
    commit(second, 0, 2);
    assert_int_equal(number(fixture, SINGLES), 1);
    assert_int_equal(number(fixture, "SELECT count(*) FROM share"), 1);
    assert_int_equal(number(fixture, "SELECT count(*) FROM pending"), 0);
}

static void p9_what_is_sealed_singly_is_not_handed_on(void **state)
{
    const Fixture *fixture = *state;
    g_autoptr(Vault) vault = fixture_open(fixture);
    g_autoptr(VaultWriter) writer = writer_to(fixture, vault, "owner");
    arrive(writer, "a", "work", 1, TRUE, TRUE, FALSE);
    arrive(writer, "b", "work", 2, FALSE, TRUE, FALSE);
    commit(writer, 2, 0);
    assert_int_equal(number(fixture, "SELECT count(*) FROM pending"), 1);
    /* In another account it is ordinary by its rules; sealed it stays. */
    arrive(writer, "a", "home", 1, FALSE, TRUE, FALSE);
    commit(writer, 0, 1);
    assert_int_equal(number(fixture, "SELECT count(*) FROM pending"), 1);
    arrive(writer, "c", "work", 3, TRUE, TRUE, TRUE);
    arrive(writer, "a", "third", 1, TRUE, TRUE, TRUE);
    commit(writer, 1, 1);
    assert_int_equal(number(fixture, "SELECT count(*) FROM pending"), 3);
    /* With the vault's key alone none of these opens: they are fetched again. */
    g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func((GDestroyNotify)waiting_free);
    assert_true(vault_pending_list(writer, "work", g_get_real_time(), list, NULL));
    assert_int_equal(list->len, 1);
}

static void many_of_them_make_a_batch_due(void **state)
{
    const Fixture *fixture = *state;
    g_autoptr(Vault) vault = fixture_open(fixture);
    g_autoptr(VaultWriter) writer = fixture_writer(fixture, vault);
    for (guint i = 0; i < 100; i++) {
        g_autofree char *mail = g_strdup_printf("%u", i);
        assert_false(vault_batch_due(writer));
        arrive(writer, mail, "work", i + 1, TRUE, FALSE, FALSE);
    }
    assert_true(vault_batch_due(writer));
}

static void large_shares_make_a_batch_due(void **state)
{
    const Fixture *fixture = *state;
    const Arrival arrival = {.account = "work", .mailbox = "INBOX", .uid = 1};
    g_autoptr(Vault) vault = fixture_open(fixture);
    g_autoptr(VaultWriter) writer = fixture_writer(fixture, vault);
    g_autofree char *text = g_strnfill(2 * 1024 * 1024, 'x');
    g_autoptr(GBytes) share = g_bytes_new_static(text, strlen(text));
    assert_true(vault_message_start(writer, NULL));
    assert_true(vault_message_finish_singly(writer, &arrival, share, NULL));
    assert_true(vault_batch_due(writer));
}

typedef struct {
    guint calls, fails, stays; /* from 1; which call */
} Wrapping;

static GBytes *wrap_anew(gpointer user, const guint8 *openpgp, gsize size, GError **error)
{
    Wrapping *wrapping = user;
    assert_true(size > 1);
    if (++wrapping->calls == wrapping->fails)
        refuse(error, POSTERN_ERROR_TEMPORARY, "key.locked", "", "it is locked");
    if (wrapping->calls == wrapping->fails || wrapping->calls == wrapping->stays)
        return NULL;
    g_autoptr(GByteArray) now = g_byte_array_new();
    g_byte_array_append(now, (const guint8 *)"new", 3);
    g_byte_array_append(now, openpgp, (guint)size);
    return g_byte_array_free_to_bytes(g_steal_pointer(&now));
}

static guint intact_rows(const Fixture *fixture, Vault *vault)
{
    guint count = 0;
    for (gint64 row = 1; row <= 4; row++) {
        gboolean intact;
        assert_true(vault_row_intact(vault, fixture->match_key, row, &intact, NULL));
        count += intact;
    }
    return count;
}

#define ANEW "SELECT count(*) FROM message WHERE substr(wrapped, 1, 4) = x'026e6577'"

static void each_single_is_wrapped_anew_and_has_a_digest_again(void **state)
{
    const Fixture *fixture = *state;
    guint64 anew;
    GError *error = NULL;
    g_autoptr(Vault) vault = fixture_open(fixture);
    g_autoptr(VaultWriter) writer = writer_to(fixture, vault, "owner");
    arrive(writer, "a", "work", 1, TRUE, FALSE, FALSE);
    arrive(writer, "b", "work", 2, FALSE, FALSE, FALSE);
    arrive(writer, "c", "work", 3, TRUE, FALSE, FALSE);
    arrive(writer, "d", "work", 4, TRUE, FALSE, FALSE);
    commit(writer, 4, 0);
    Wrapping failing = {.fails = 2};
    assert_false(
        vault_rewrap_singles(vault, fixture->match_key, wrap_anew, &failing, &anew, &error));
    assert_rule(error, POSTERN_ERROR_TEMPORARY, "key.locked");
    assert_int_equal(anew, 1);
    assert_int_equal(number(fixture, ANEW), 1);
    assert_int_equal(intact_rows(fixture, vault), 4);
    Wrapping staying = {.stays = 2};
    assert_true(vault_rewrap_singles(vault, fixture->match_key, wrap_anew, &staying, &anew, NULL));
    assert_int_equal(anew, 2);
    assert_int_equal(number(fixture, ANEW), 2);
    assert_int_equal(intact_rows(fixture, vault), 4);
    assert_int_equal(number(fixture, "SELECT count(*) FROM share"), 3);
}

static void a_damaged_single_is_not_made_good(void **state)
{
    const Fixture *fixture = *state;
    guint64 anew;
    Wrapping wrapping = {0};
    g_autoptr(Vault) vault = fixture_open(fixture);
    g_autoptr(VaultWriter) writer = writer_to(fixture, vault, "owner");
    arrive(writer, "a", "work", 1, TRUE, FALSE, FALSE);
    arrive(writer, "b", "work", 2, TRUE, FALSE, FALSE);
    arrive(writer, "c", "work", 3, TRUE, FALSE, FALSE);
    arrive(writer, "d", "work", 4, TRUE, FALSE, FALSE);
    commit(writer, 4, 0);
    tamper(fixture, "UPDATE chunk SET data = zeroblob(length(data)) WHERE key >> 20 = 1");
    tamper(fixture, "DELETE FROM chunk WHERE key >> 20 = 2");
    tamper(fixture, "UPDATE message SET digest = NULL WHERE row = 3");
    assert_true(vault_rewrap_singles(vault, fixture->match_key, wrap_anew, &wrapping, &anew, NULL));
    assert_int_equal(anew, 1);
    assert_int_equal(wrapping.calls, 1);
    assert_int_equal(intact_rows(fixture, vault), 1);
}

#define test(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(p4_a_message_sealed_singly_opens_by_its_own_key),
        test(p4_a_key_that_is_not_fit_stores_nothing),
        test(what_is_here_stays_as_it_was_sealed_first),
        test(what_another_writer_sealed_meanwhile_stays_so),
        test(p9_what_is_sealed_singly_is_not_handed_on),
        test(many_of_them_make_a_batch_due),
        test(large_shares_make_a_batch_due),
        test(each_single_is_wrapped_anew_and_has_a_digest_again),
        test(a_damaged_single_is_not_made_good),
    };
    return cmocka_run_group_tests(tests, make_home, remove_home);
}
