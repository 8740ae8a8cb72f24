/* The outbox: who may send a letter, what is written down, and what no key opens. */
#include "store/vault-outbox.h"

#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/limits.h"
#include "tests/unit/store/fixture.h"

#define ROWS "SELECT count(*) FROM outbox"
#define LETTERS "SELECT count(*) FROM letter"
#define BODY "Subject: zebrafish\r\n\r\nThe quokka.\r\n"

static GPtrArray *strings(const char *words)
{
    GPtrArray *list = g_ptr_array_new_with_free_func(g_free);
    g_auto(GStrv) all = g_strsplit(words, " ", -1);
    for (char **one = all; *one; one++)
        g_ptr_array_add(list, g_strdup(*one));
    return list;
}

/* Adds one letter to TO; the claim on it. */
static OutboxClaim *add(Vault *vault, const char *to)
{
    g_autoptr(GPtrArray) recipients = strings(to);
    g_autoptr(GBytes) body = g_bytes_new_static(BODY, strlen(BODY));
    OutboxLetter letter = {.account = "work",
                           .from = "john@corp.example",
                           .subject = "Figures",
                           .recipients = recipients,
                           .encrypted = TRUE,
                           .notice = {NOTICE_SUCCESS | NOTICE_DELAY, "1@corp.example"},
                           .letter = body};
    g_autoptr(GPtrArray) letters = g_ptr_array_new();
    g_autoptr(GPtrArray) claims = g_ptr_array_new();
    g_ptr_array_add(letters, &letter);
    assert_true(vault_outbox_add(vault, letters, claims, NULL));
    assert_int_equal(claims->len, 1);
    return g_ptr_array_steal_index(claims, 0);
}

/* All rows in words: "STATE TRIES recipient:answer …" each. */
static gboolean describe(gpointer user, const OutboxEntry *entry, GError **error)
{
    (void)error;
    static const char *const words[] = {"gone", "queued", "doubt", "failed", "sending"};
    GString *all = user;
    g_string_append_printf(all, "%s%s %u", all->len ? "; " : "", words[entry->state], entry->tries);
    for (guint i = 0; entry->recipients && i < entry->recipients->len; i++) {
        const char *answer = entry->answers->pdata[i];
        g_string_append_printf(all, " %s%s%s", (const char *)entry->recipients->pdata[i],
                               *answer ? ":" : "", answer);
    }
    if (entry->damaged)
        g_string_append(all, " damaged");
    return TRUE;
}

static void assert_rows(const Fixture *fixture, const char *wanted)
{
    g_autoptr(Vault) vault = fixture_open(fixture);
    g_autoptr(GString) all = g_string_new(NULL);
    assert_true(vault_outbox_list(vault, fixture->private_key, describe, all, NULL));
    assert_string_equal(all->str, wanted);
}

static gint64 only_row(const Fixture *fixture)
{
    return number(fixture, "SELECT max(row) FROM outbox");
}

static GError *reason(const char *words)
{
    GError *error = NULL;
    refuse(&error, POSTERN_ERROR_TEMPORARY, "send.deferred", NULL, "%s", words);
    return error;
}

static void assert_notice(const OutboxClaim *claim)
{
    const Notice *notice = &outbox_claim_letter(claim)->notice;
    assert_int_equal(notice->when, NOTICE_SUCCESS | NOTICE_DELAY);
    assert_string_equal(notice->id, "1@corp.example");
}

static void what_is_asked_of_a_letter_stays_with_each_of_its_recipients(void **state)
{
    const Fixture *fixture = *state;
    g_autoptr(Vault) vault = fixture_open(fixture);
    static const OutboxState states[] = {OUTBOX_FAILED, OUTBOX_DOUBT, OUTBOX_QUEUED};
    {
        g_autoptr(OutboxClaim) claim = add(vault, "a@x.test b@x.test c@x.test");
        assert_notice(claim);
        assert_true(vault_outbox_settle(vault, claim, states, NULL, NULL, NULL));
        assert_notice(claim); /* those in doubt, who remain */
    }
    gint64 last = only_row(fixture);
    for (gint64 row = last - 2; row <= last; row++) {
        g_autoptr(OutboxClaim) claim =
            vault_outbox_claim(vault, fixture->private_key, row, TRUE, NULL);
        assert_non_null(claim);
        assert_int_equal(outbox_claim_letter(claim)->recipients->len, 1);
        assert_notice(claim);
    }
}

static void p4_38_a_letter_waits_sealed_and_comes_out_as_it_was(void **state)
{
    const Fixture *fixture = *state;
    static const char *const needles[] = {"zebrafish", "quokka", "Figures", "john@corp", "mary@"};
    g_autoptr(Vault) vault = fixture_open(fixture);
    outbox_claim_free(add(vault, "mary@corp.example paul@corp.example"));
    for (gsize i = 0; i < G_N_ELEMENTS(needles); i++) {
        g_autofree char *found = find_needle(fixture->dir, needles[i]);
        if (found)
            fail_msg("%s lies in %s", needles[i], found);
    }
    g_autoptr(OutboxClaim) claim =
        vault_outbox_claim(vault, fixture->private_key, only_row(fixture), FALSE, NULL);
    assert_non_null(claim);
    const OutboxLetter *letter = outbox_claim_letter(claim);
    assert_string_equal(letter->account, "work");
    assert_string_equal(letter->from, "john@corp.example");
    assert_string_equal(letter->subject, "Figures");
    assert_true(letter->encrypted);
    assert_int_equal(letter->recipients->len, 2);
    assert_string_equal(letter->recipients->pdata[1], "paul@corp.example");
    g_autoptr(GBytes) body = g_bytes_new_static(BODY, strlen(BODY));
    assert_true(g_bytes_equal(letter->letter, body));
}

static void p6_62_nobody_sends_what_somebody_has(void **state)
{
    const Fixture *fixture = *state;
    g_autoptr(Vault) vault = fixture_open(fixture);
    g_autoptr(Vault) other = fixture_open(fixture);
    OutboxClaim *first = add(vault, "a@x.test");
    gint64 row = only_row(fixture);
    g_autoptr(GError) error = NULL;
    gboolean dropped;
    assert_rows(fixture, "sending 0 a@x.test");
    assert_null(vault_outbox_claim(other, fixture->private_key, row, FALSE, &error));
    assert_null(vault_outbox_claim(vault, fixture->private_key, row, TRUE, &error));
    assert_null(error);
    assert_true(vault_outbox_drop(other, row, &dropped, NULL));
    assert_false(dropped);
    outbox_claim_free(first);
    assert_rows(fixture, "queued 0 a@x.test");
    g_autoptr(OutboxClaim) second =
        vault_outbox_claim(other, fixture->private_key, row, FALSE, &error);
    assert_non_null(second);
    const OutboxState gone[] = {OUTBOX_GONE};
    assert_true(vault_outbox_settle(other, second, gone, NULL, NULL, NULL));
    g_clear_pointer(&second, outbox_claim_free);
    assert_null(vault_outbox_claim(vault, fixture->private_key, row, TRUE, &error));
    assert_null(error);
    assert_int_equal(number(fixture, ROWS) + number(fixture, LETTERS), 0);
}

static void p6_62_a_claim_ends_with_its_process(void **state)
{
    const Fixture *fixture = *state;
    int ready[2], status;
    assert_int_equal(pipe(ready), 0);
    pid_t child = fork();
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        g_autoptr(Vault) vault = fixture_open(fixture);
        OutboxClaim *claim = add(vault, "a@x.test");
        const OutboxState doubt[] = {OUTBOX_DOUBT};
        _exit(vault_outbox_settle(vault, claim, doubt, NULL, NULL, NULL) &&
                      write(ready[1], "x", 1) == 1 && pause()
                  ? 1
                  : 0);
    }
    char byte;
    close(ready[1]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    assert_rows(fixture, "sending 0 a@x.test");
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_rows(fixture, "doubt 0 a@x.test");
    g_autoptr(Vault) vault = fixture_open(fixture);
    gint64 row = only_row(fixture);
    assert_null(vault_outbox_claim(vault, fixture->private_key, row, FALSE, NULL));
    g_autoptr(OutboxClaim) claim = vault_outbox_claim(vault, fixture->private_key, row, TRUE, NULL);
    assert_non_null(claim);
}

static void each_recipient_goes_his_way(void **state)
{
    const Fixture *fixture = *state;
    g_autoptr(Vault) vault = fixture_open(fixture);
    g_autoptr(OutboxClaim) claim = add(vault, "a@x b@x c@x d@x e@x");
    const OutboxState before[] = {OUTBOX_DOUBT, OUTBOX_QUEUED, OUTBOX_FAILED, OUTBOX_GONE,
                                  OUTBOX_DOUBT};
    g_autoptr(GPtrArray) why = g_ptr_array_new();
    g_autoptr(GError) later = reason("later"), never = reason("never");
    g_ptr_array_set_size(why, 5);
    why->pdata[1] = later;
    why->pdata[2] = never;
    assert_true(vault_outbox_settle(vault, claim, before, why, NULL, NULL));
    assert_int_equal(outbox_claim_letter(claim)->recipients->len, 2);
    assert_string_equal(outbox_claim_letter(claim)->recipients->pdata[1], "e@x");
    assert_rows(fixture, "sending 0 a@x e@x; queued 1 b@x:later; failed 1 c@x:never");
    assert_int_equal(number(fixture, LETTERS), 1);
    const OutboxState after[] = {OUTBOX_GONE, OUTBOX_GONE};
    assert_true(vault_outbox_settle(vault, claim, after, NULL, NULL, NULL));
    assert_rows(fixture, "queued 1 b@x:later; failed 1 c@x:never");
    gboolean dropped;
    gint64 row = number(fixture, "SELECT min(row) FROM outbox");
    assert_true(vault_outbox_drop(vault, row, &dropped, NULL) && dropped);
    assert_int_equal(number(fixture, LETTERS), 1);
    assert_true(vault_outbox_drop(vault, row + 1, &dropped, NULL) && dropped);
    assert_int_equal(number(fixture, LETTERS), 0);
    assert_true(vault_outbox_drop(vault, row, &dropped, NULL) && !dropped);
}

static void a_claim_says_what_it_was_made_on(void **state)
{
    const Fixture *fixture = *state;
    static const OutboxState states[] = {OUTBOX_DOUBT, OUTBOX_QUEUED, OUTBOX_FAILED, OUTBOX_FILING};
    g_autoptr(Vault) vault = fixture_open(fixture);
    {
        g_autoptr(OutboxClaim) claim = add(vault, "a@x b@x c@x d@x");
        assert_int_equal(outbox_claim_state(claim), OUTBOX_QUEUED);
        assert_true(vault_outbox_settle(vault, claim, states, NULL, NULL, NULL));
    }
    gint64 first = only_row(fixture) - 3;
    for (gsize i = 0; i < G_N_ELEMENTS(states); i++) {
        g_autoptr(OutboxClaim) claim =
            vault_outbox_claim(vault, fixture->private_key, first + (gint64)i, TRUE, NULL);
        assert_non_null(claim);
        assert_int_equal(outbox_claim_state(claim), states[i]);
    }
}

static void without_the_key_it_is_counted(void **state)
{
    const Fixture *fixture = *state;
    g_autoptr(Vault) vault = fixture_open(fixture);
    OutboxStat stat;
    assert_true(vault_outbox_stat(vault, &stat, NULL));
    assert_int_equal(stat.queued + stat.doubt + stat.failed, 0);
    assert_true(stat.due == G_MAXINT64 && stat.oldest == 0);
    outbox_claim_free(add(vault, "a@x"));
    g_autoptr(OutboxClaim) claim = add(vault, "b@x");
    assert_true(vault_outbox_stat(vault, &stat, NULL));
    assert_int_equal(stat.queued, 2);
    assert_true(stat.oldest > 0 && stat.due == 0);
    const OutboxState failed[] = {OUTBOX_FAILED};
    assert_true(vault_outbox_settle(vault, claim, failed, NULL, NULL, NULL));
    g_clear_pointer(&claim, outbox_claim_free);
    assert_true(vault_outbox_stat(vault, &stat, NULL));
    assert_int_equal(stat.queued + 10 * stat.failed + 100 * stat.doubt, 11);
}

static void p4_40_a_record_in_another_place_does_not_open(void **state)
{
    const Fixture *fixture = *state;
    g_autoptr(Vault) vault = fixture_open(fixture);
    outbox_claim_free(add(vault, "a@x"));
    outbox_claim_free(add(vault, "b@x"));
    tamper(fixture, "UPDATE outbox SET record = (SELECT record FROM outbox WHERE row = 1)");
    assert_rows(fixture, "queued 0 a@x; queued 0 damaged");
    g_autoptr(GError) error = NULL;
    assert_null(vault_outbox_claim(vault, fixture->private_key, 2, FALSE, &error));
    assert_rule(error, POSTERN_ERROR_STORE, "vault.record");
    tamper(fixture, "UPDATE letter SET sealed = (SELECT sealed FROM letter WHERE row = 2)");
    assert_null(vault_outbox_claim(vault, fixture->private_key, 1, FALSE, &error));
    assert_rule(error, POSTERN_ERROR_STORE, "vault.record");
    tamper(fixture, "UPDATE letter SET sealed = x'00'");
    assert_null(vault_outbox_claim(vault, fixture->private_key, 1, FALSE, &error));
    assert_rule(error, POSTERN_ERROR_STORE, "vault.damage");
}

static void the_wait_doubles_up_to_its_longest(void **state)
{
    (void)state;
    assert_int_equal(outbox_due(1000, 0), 1000);
    assert_int_equal(outbox_due(1000, 1), 1000 + LIMIT_OUTBOX_WAIT_S);
    assert_int_equal(outbox_due(1000, 2), 1000 + 2 * LIMIT_OUTBOX_WAIT_S);
    assert_int_equal(outbox_due(1000, 50), 1000 + LIMIT_OUTBOX_LONGEST_S);
    assert_int_equal(outbox_due(1000, G_MAXUINT), 1000 + LIMIT_OUTBOX_LONGEST_S);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(what_is_asked_of_a_letter_stays_with_each_of_its_recipients),
        TEST(p4_38_a_letter_waits_sealed_and_comes_out_as_it_was),
        TEST(p6_62_nobody_sends_what_somebody_has),
        TEST(p6_62_a_claim_ends_with_its_process),
        TEST(each_recipient_goes_his_way),
        TEST(a_claim_says_what_it_was_made_on),
        TEST(without_the_key_it_is_counted),
        TEST(p4_40_a_record_in_another_place_does_not_open),
        cmocka_unit_test(the_wait_doubles_up_to_its_longest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
