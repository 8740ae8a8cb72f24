/* The outbox's own key: it opens what waits of those who want it, and nothing else. */
#include <string.h>

#include "store/vault-outbox-key.h"
#include "store/vault-outbox.h"
#include "tests/unit/store/fixture.h"

#define BODY "Subject: zebrafish\r\n\r\nThe quokka.\r\n"

static void add(Vault *vault, const char *account, gboolean unattended)
{
    g_autoptr(GBytes) body = g_bytes_new_static(BODY, strlen(BODY));
    g_autoptr(GPtrArray) to = g_ptr_array_new(), letters = g_ptr_array_new();
    g_autoptr(GPtrArray) claims = g_ptr_array_new();
    g_ptr_array_add(to, (gpointer) "mary@corp.example");
    OutboxLetter letter = {.account = account,
                           .from = "john@corp.example",
                           .subject = "zebrafish",
                           .recipients = to,
                           .letter = body,
                           .copy = body,
                           .unattended = unattended};
    g_ptr_array_add(letters, &letter);
    assert_true(vault_outbox_add(vault, letters, claims, NULL));
}

static gboolean describe(gpointer user, const OutboxEntry *entry, GError **error)
{
    (void)error;
    g_string_append_printf(user, "%s ", entry->damaged ? "closed" : entry->account);
    return TRUE;
}

static void assert_opens(Vault *vault, const Secret *key, const char *wanted)
{
    g_autoptr(GString) all = g_string_new(NULL);
    assert_true(vault_outbox_list(vault, key, describe, all, NULL));
    assert_string_equal(all->str, wanted);
}

static void each_key_opens_what_is_sealed_to_it_and_the_vaults_opens_all(void **state)
{
    const Fixture *fixture = *state;
    g_autoptr(Vault) vault = fixture_open(fixture);
    g_autoptr(GError) error = NULL;
    add(vault, "before", TRUE);
    g_autoptr(Secret) own = vault_outbox_key_make(vault, &error);
    assert_non_null(own);
    add(vault, "work", TRUE);
    add(vault, "home", FALSE);
    assert_opens(vault, own, "closed work closed ");
    assert_opens(vault, fixture->private_key, "before work home ");
    g_autoptr(OutboxClaim) claim = vault_outbox_claim(vault, own, 2, FALSE, &error);
    assert_non_null(claim);
    assert_int_equal(g_bytes_get_size(outbox_claim_letter(claim)->copy), strlen(BODY));
    /* What becomes of it opens by the same key. */
    const OutboxState later[] = {OUTBOX_QUEUED};
    assert_true(vault_outbox_settle(vault, claim, later, NULL, NULL, NULL));
    g_clear_pointer(&claim, outbox_claim_free);
    assert_opens(vault, own, "closed work closed ");
    assert_null(vault_outbox_claim(vault, own, 3, FALSE, &error));
    assert_rule(error, POSTERN_ERROR_STORE, "vault.record");
}

static gboolean no_record(gpointer user, const JournalRecord *record, GError **error)
{
    (void)user;
    (void)error;
    fail_msg("a record of %s opened", record->id);
    return FALSE;
}

static void p5_a_stolen_key_opens_no_message(void **state)
{
    const Fixture *fixture = *state;
    g_autoptr(Vault) vault = fixture_open(fixture);
    g_autoptr(VaultWriter) writer = fixture_writer(fixture, vault);
    g_autoptr(GError) error = NULL;
    g_autoptr(Secret) own = vault_outbox_key_make(vault, NULL);
    store_mail(writer, BODY, strlen(BODY), &inbox_7);
    commit(writer, 1, 0);
    /* What was sent is a message, too. */
    add(vault, "work", TRUE);
    g_autoptr(Vault) other = fixture_open(fixture);
    g_autoptr(OutboxClaim) claim = vault_outbox_claim(other, own, 1, FALSE, NULL);
    g_autoptr(GBytes) letter = g_bytes_new_static(BODY "more", strlen(BODY) + 4);
    OutboxMove move = {.copy = own_copy_new(other, fixture->match_key, "work", "Sent", 1, letter,
                                            NULL, NULL, NULL)};
    const OutboxState gone[] = {OUTBOX_GONE};
    assert_true(vault_outbox_settle(other, claim, gone, NULL, &move, NULL));
    own_copy_free(move.copy);
    assert_int_equal(number(fixture, "SELECT count(*) FROM message WHERE stored = 1"), 2);
    assert_false(vault_replay(vault, own, 0, no_record, NULL, &error));
    assert_rule(error, POSTERN_ERROR_STORE, "vault.record");
    assert_null(vault_outbox_key_open(vault, own, &error));
    assert_rule(error, POSTERN_ERROR_STORE, "vault.record");
}

static void p4_a_new_key_is_made_where_nothing_waits_for_the_old_one(void **state)
{
    const Fixture *fixture = *state;
    g_autoptr(Vault) vault = fixture_open(fixture);
    g_autoptr(GError) error = NULL;
    gboolean there, dropped;
    assert_true(vault_outbox_key_there(vault, &there, NULL) && !there);
    assert_null(vault_outbox_key_open(vault, fixture->private_key, &error));
    assert_rule(error, POSTERN_ERROR_POLICY, "outbox.key");
    assert_false(vault_outbox_key_check(vault, fixture->match_key, &error));
    assert_rule(error, POSTERN_ERROR_POLICY, "outbox.key");
    g_autoptr(Secret) first = vault_outbox_key_make(vault, NULL);
    g_autoptr(Secret) again = vault_outbox_key_open(vault, fixture->private_key, NULL);
    assert_memory_equal(secret_bytes(first), secret_bytes(again), KEY_SIZE);
    assert_true(vault_outbox_key_check(vault, first, NULL));
    assert_false(vault_outbox_key_check(vault, fixture->private_key, &error));
    assert_rule(error, POSTERN_ERROR_POLICY, "outbox.key");
    add(vault, "work", TRUE);
    assert_null(vault_outbox_key_make(vault, &error));
    assert_rule(error, POSTERN_ERROR_TEMPORARY, "outbox.waiting");
    assert_true(vault_outbox_drop(vault, 1, &dropped, NULL) && dropped);
    g_autoptr(Secret) second = vault_outbox_key_make(vault, NULL);
    assert_non_null(second);
    assert_false(vault_outbox_key_check(vault, first, &error));
    assert_rule(error, POSTERN_ERROR_POLICY, "outbox.key");
}

static void p4_40_a_pair_that_was_tampered_with_does_not_open(void **state)
{
    const Fixture *fixture = *state;
    g_autoptr(Vault) vault = fixture_open(fixture);
    g_autoptr(GError) error = NULL;
    g_autoptr(Secret) own = vault_outbox_key_make(vault, NULL);
    add(vault, "work", TRUE);
    tamper(fixture, "UPDATE outbox_key SET public = randomblob(32)");
    assert_null(vault_outbox_key_open(vault, fixture->private_key, &error));
    assert_rule(error, POSTERN_ERROR_STORE, "vault.damage");
    tamper(fixture, "UPDATE outbox_key SET public = x'00'");
    assert_null(vault_outbox_key_open(vault, fixture->private_key, &error));
    assert_rule(error, POSTERN_ERROR_STORE, "vault.damage");
    tamper(fixture, "DELETE FROM outbox_key");
    assert_opens(vault, fixture->private_key, "closed ");
    tamper(fixture, "UPDATE outbox SET record = x'03' || substr(record, 2)");
    assert_opens(vault, fixture->private_key, "closed ");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(each_key_opens_what_is_sealed_to_it_and_the_vaults_opens_all),
        TEST(p5_a_stolen_key_opens_no_message),
        TEST(p4_a_new_key_is_made_where_nothing_waits_for_the_old_one),
        TEST(p4_40_a_pair_that_was_tampered_with_does_not_open),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
