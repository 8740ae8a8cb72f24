/* The sender's own copy: it moves out of the outbox into the vault, once, with the letter. */
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/vault-outbox.h"
#include "tests/unit/store/fixture.h"

#define BODY "Subject: zebrafish\r\n\r\nThe quokka.\r\n"
#define OWN "Subject: zebrafish\r\nBcc: hidden@corp.example\r\n\r\nThe quokka.\r\n"
#define LETTERS "SELECT count(*) FROM letter"
#define ROWS "SELECT count(*) FROM outbox"
#define MESSAGES "SELECT count(*) FROM message WHERE stored = 1"
#define RECORDS "SELECT count(*) FROM journal"

/* A letter to each of N recipients, and one copy; the claims, whose owner frees each. */
static GPtrArray *add(Vault *vault, GBytes *own, guint n)
{
    g_autoptr(GBytes) body = g_bytes_new_static(BODY, strlen(BODY));
    g_autoptr(GPtrArray) letters = g_ptr_array_new_with_free_func(g_free);
    GPtrArray *claims = g_ptr_array_new();
    g_autoptr(GPtrArray) to = g_ptr_array_new();
    g_ptr_array_add(to, (gpointer) "mary@corp.example");
    for (guint i = 0; i < n; i++) {
        OutboxLetter *letter = g_new0(OutboxLetter, 1);
        *letter = (OutboxLetter){.account = "work",
                                 .from = "john@corp.example",
                                 .subject = "zebrafish",
                                 .recipients = to,
                                 .letter = body,
                                 .copy = own ? own : body};
        g_ptr_array_add(letters, letter);
    }
    assert_true(vault_outbox_add(vault, letters, claims, NULL));
    g_ptr_array_set_free_func(claims, NULL);
    return claims;
}

static OwnCopy *copy_of(const Fixture *fixture, Vault *vault, const OutboxClaim *claim)
{
    g_autoptr(GError) error = NULL;
    OwnCopy *copy = own_copy_new(vault, fixture->match_key, "work", "Sent", 1000,
                                 outbox_claim_letter(claim)->copy, NULL, NULL, &error);
    if (copy == NULL)
        fail_msg("%s", error->message);
    return copy;
}

static gboolean settle(Vault *vault, OutboxClaim *claim, OutboxState state, OwnCopy *copy)
{
    OutboxMove move = {.copy = copy};
    return vault_outbox_settle(vault, claim, &state, NULL, copy ? &move : NULL, NULL);
}

static gboolean only_record(gpointer user, const JournalRecord *record, GError **error)
{
    (void)error;
    assert_int_equal(record->kind, JOURNAL_IMPORT);
    assert_string_equal(record->arrival.account, "work");
    assert_string_equal(record->arrival.mailbox, "Sent");
    assert_int_equal(record->arrival.internaldate, 1000);
    assert_string_equal(record->arrival.flags[0], "\\Seen");
    g_strlcpy(user, record->id, 17);
    return TRUE;
}

static void assert_copy(const Fixture *fixture, const char *wanted)
{
    char id[17] = "";
    guint8 bytes[200];
    g_autoptr(Vault) vault = fixture_open(fixture);
    assert_int_equal(number(fixture, RECORDS), 1);
    assert_true(vault_replay(vault, fixture->private_key, 0, only_record, id, NULL));
    Source *source = vault_message(vault, fixture->private_key, id, NULL);
    assert_non_null(source);
    gssize size = source_read(source, bytes, sizeof bytes, NULL);
    assert_int_equal(size, strlen(wanted));
    assert_memory_equal(bytes, wanted, strlen(wanted));
    source_free(source);
}

static void p6_62_what_was_sent_lies_in_the_vault_and_no_more_in_the_outbox(void **state)
{
    const Fixture *fixture = *state;
    g_autoptr(Vault) vault = fixture_open(fixture);
    g_autoptr(GPtrArray) claims = add(vault, NULL, 1);
    assert_int_equal(number(fixture, LETTERS), 1);
    OutboxClaim *claim = claims->pdata[0];
    g_autoptr(OwnCopy) copy = copy_of(fixture, vault, claim);
    assert_true(settle(vault, claim, OUTBOX_DOUBT, NULL));
    assert_int_equal(number(fixture, MESSAGES), 0);
    assert_true(settle(vault, claim, OUTBOX_GONE, copy));
    outbox_claim_free(claim);
    assert_int_equal(number(fixture, LETTERS) + number(fixture, ROWS), 0);
    assert_copy(fixture, BODY);
}

static void p6_62_of_all_rows_of_a_letter_there_is_one_copy(void **state)
{
    const Fixture *fixture = *state;
    g_autoptr(Vault) vault = fixture_open(fixture);
    g_autoptr(Vault) other = fixture_open(fixture);
    g_autoptr(GBytes) own = g_bytes_new_static(OWN, strlen(OWN));
    g_autoptr(GPtrArray) claims = add(vault, own, 3);
    assert_int_equal(number(fixture, LETTERS), 4);
    for (guint i = 0; i < claims->len; i++)
        outbox_claim_free(claims->pdata[i]);
    gint64 row = number(fixture, "SELECT min(row) FROM outbox");
    const Secret *key = fixture->private_key;
    g_autoptr(OutboxClaim) first = vault_outbox_claim(vault, key, row, FALSE, NULL);
    g_autoptr(OutboxClaim) second = vault_outbox_claim(other, key, row + 1, FALSE, NULL);
    g_autoptr(OwnCopy) one = copy_of(fixture, vault, first);
    g_autoptr(OwnCopy) two = copy_of(fixture, other, second);
    assert_true(settle(vault, first, OUTBOX_GONE, one));
    assert_int_equal(number(fixture, LETTERS), 2);
    assert_true(settle(other, second, OUTBOX_GONE, two));
    assert_copy(fixture, OWN);
    g_autoptr(OutboxClaim) third = vault_outbox_claim(vault, key, row + 2, FALSE, NULL);
    assert_null(outbox_claim_letter(third)->copy);
    assert_true(settle(vault, third, OUTBOX_GONE, NULL));
    assert_int_equal(number(fixture, LETTERS) + number(fixture, ROWS), 0);
    assert_int_equal(number(fixture, RECORDS), 1);
}

static void what_was_not_sent_leaves_no_copy(void **state)
{
    const Fixture *fixture = *state;
    g_autoptr(Vault) vault = fixture_open(fixture);
    g_autoptr(GBytes) own = g_bytes_new_static(OWN, strlen(OWN));
    g_autoptr(GPtrArray) claims = add(vault, own, 1);
    gint64 row = number(fixture, "SELECT max(row) FROM outbox");
    assert_true(settle(vault, claims->pdata[0], OUTBOX_FAILED, NULL));
    outbox_claim_free(claims->pdata[0]);
    assert_int_equal(number(fixture, MESSAGES), 0);
    OutboxClaim *again = vault_outbox_claim(vault, fixture->private_key, row, TRUE, NULL);
    assert_true(g_bytes_equal(outbox_claim_letter(again)->copy, own));
    outbox_claim_free(again);
    gboolean dropped;
    assert_true(vault_outbox_drop(vault, row, &dropped, NULL) && dropped);
    assert_int_equal(number(fixture, LETTERS) + number(fixture, MESSAGES), 0);
}

static void p6_62_a_copy_meets_what_a_writer_stores_meanwhile(void **state)
{
    const Fixture *fixture = *state;
    const Arrival arrival = {.account = "work", .mailbox = "Sent", .uid = 7, .internaldate = 1};
    for (guint first = 0; first < 2; first++) {
        g_autofree char *mail = g_strdup_printf("Subject: %u\r\n\r\nText\r\n", first);
        g_autoptr(GBytes) own = g_bytes_new_static(mail, strlen(mail));
        g_autoptr(Vault) vault = fixture_open(fixture);
        g_autoptr(Vault) other = fixture_open(fixture);
        g_autoptr(VaultWriter) writer = fixture_writer(fixture, vault);
        g_autoptr(GPtrArray) claims = add(other, own, 1);
        g_autoptr(OutboxClaim) claim = claims->pdata[0];
        g_autoptr(OwnCopy) copy = copy_of(fixture, other, claim);
        store_mail(writer, mail, strlen(mail), &arrival);
        if (first == 0)
            commit(writer, 1, 0);
        assert_true(settle(other, claim, OUTBOX_GONE, copy));
        if (first == 1)
            commit(writer, 0, 1);
        assert_int_equal(number(fixture, MESSAGES), first + 1);
        assert_int_equal(number(fixture, RECORDS), 2 * (first + 1));
        assert_int_equal(number(fixture, "SELECT messages FROM total"), first + 1);
    }
}

/* In a child that is killed somewhere in it. */
static void send_until_killed(const Fixture *fixture, gint64 row, int ready)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    g_autoptr(Vault) vault = fixture_open(fixture);
    g_autoptr(OutboxClaim) claim =
        vault_outbox_claim(vault, fixture->private_key, row, FALSE, NULL);
    OwnCopy *copy = copy_of(fixture, vault, claim);
    (void)!write(ready, "x", 1);
    (void)!settle(vault, claim, OUTBOX_DOUBT, NULL);
    (void)!settle(vault, claim, OUTBOX_GONE, copy);
    _exit(0);
}

/* WORK in a child, killed that long after it said that it is ready. */
static void kill_within(const Fixture *fixture, gint64 row,
                        void (*work)(const Fixture *fixture, gint64 row, int ready),
                        gulong microseconds)
{
    int ready[2], status;
    char byte;
    assert_int_equal(pipe(ready), 0);
    pid_t child = fork();
    if (child == 0)
        work(fixture, row, ready[1]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    g_usleep(microseconds);
    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, &status, 0), child);
    close(ready[0]);
    close(ready[1]);
}

static void p6_62_at_every_kill_the_letter_is_in_one_place(void **state)
{
    const Fixture *fixture = *state;
    guint sent = 0;
    for (guint i = 0; i < 40; i++) {
        g_autofree char *mail = g_strdup_printf("Subject: %u\r\n\r\nText\r\n", i);
        g_autoptr(GBytes) own = g_bytes_new_static(mail, strlen(mail));
        Vault *vault = fixture_open(fixture);
        g_autoptr(GPtrArray) claims = add(vault, own, 1);
        outbox_claim_free(claims->pdata[0]);
        vault_close(vault);
        gint64 row = number(fixture, "SELECT max(row) FROM outbox");
        kill_within(fixture, row, send_until_killed, i * 300);
        gint64 there = number(fixture, ROWS), copied = number(fixture, MESSAGES) - sent;
        assert_int_equal(there + copied, 1);
        assert_int_equal(number(fixture, LETTERS), 2 * there);
        sent += (guint)copied;
        tamper(fixture, "DELETE FROM outbox; DELETE FROM letter");
    }
    print_message("%u of 40 were sent\n", sent);
}

/* Of a letter in doubt, which somebody else claims: sent, and its copy is for a server, too. */
static gboolean settle_by_hand(const Fixture *fixture, Vault *vault, gint64 row)
{
    const OutboxState gone = OUTBOX_GONE;
    g_autoptr(OutboxClaim) claim = vault_outbox_claim(vault, fixture->private_key, row, TRUE, NULL);
    assert_non_null(claim);
    assert_int_equal(outbox_claim_state(claim), OUTBOX_DOUBT);
    g_autoptr(OwnCopy) copy = copy_of(fixture, vault, claim);
    OutboxMove move = {.copy = copy, .file = TRUE};
    gboolean fine = vault_outbox_settle(vault, claim, &gone, NULL, &move, NULL);
    outbox_claim_free(move.filing);
    return fine;
}

/* The row of a letter in doubt, that comes with OWN. */
static gint64 doubtful(const Fixture *fixture, GBytes *own)
{
    g_autoptr(Vault) vault = fixture_open(fixture);
    g_autoptr(GPtrArray) claims = add(vault, own, 1);
    g_autoptr(OutboxClaim) claim = claims->pdata[0];
    assert_true(settle(vault, claim, OUTBOX_DOUBT, NULL));
    return number(fixture, "SELECT max(row) FROM outbox");
}

#define DOUBTFUL "SELECT count(*) FROM outbox WHERE state = 2"
#define FILING "SELECT count(*) FROM outbox WHERE state = 5"

static void p6_62_what_was_in_doubt_is_settled_as_what_was_sent(void **state)
{
    const Fixture *fixture = *state;
    g_autoptr(GBytes) own = g_bytes_new_static(OWN, strlen(OWN));
    gint64 row = doubtful(fixture, own);
    g_autoptr(Vault) vault = fixture_open(fixture);
    assert_true(settle_by_hand(fixture, vault, row));
    assert_copy(fixture, OWN);
    assert_int_equal(number(fixture, DOUBTFUL), 0);
    assert_int_equal(number(fixture, FILING), 1);
    assert_int_equal(number(fixture, LETTERS), 1);
    assert_null(vault_outbox_claim(vault, fixture->private_key, row, TRUE, NULL));
    row = number(fixture, "SELECT max(row) FROM outbox");
    g_autoptr(OutboxClaim) claim =
        vault_outbox_claim(vault, fixture->private_key, row, FALSE, NULL);
    assert_int_equal(outbox_claim_state(claim), OUTBOX_FILING);
    assert_true(g_bytes_equal(outbox_claim_letter(claim)->letter, own));
}

static void settle_until_killed(const Fixture *fixture, gint64 row, int ready)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    g_autoptr(Vault) vault = fixture_open(fixture);
    (void)!write(ready, "x", 1);
    (void)!settle_by_hand(fixture, vault, row);
    _exit(0);
}

static void p6_62_at_every_kill_it_is_in_doubt_or_settled(void **state)
{
    const Fixture *fixture = *state;
    gint64 settled = 0;
    for (guint i = 0; i < 40; i++) {
        g_autofree char *mail = g_strdup_printf("Subject: %u\r\n\r\nText\r\n", i);
        g_autoptr(GBytes) own = g_bytes_new_static(mail, strlen(mail));
        gint64 row = doubtful(fixture, own);
        kill_within(fixture, row, settle_until_killed, i * 500);
        gint64 copied = number(fixture, MESSAGES) - settled;
        assert_int_equal(number(fixture, DOUBTFUL) + copied, 1);
        assert_int_equal(number(fixture, FILING), copied);
        assert_int_equal(number(fixture, LETTERS), 2 - copied);
        settled += copied;
        tamper(fixture, "DELETE FROM outbox; DELETE FROM letter");
    }
    print_message("%d of 40 were settled\n", (int)settled);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(p6_62_what_was_sent_lies_in_the_vault_and_no_more_in_the_outbox),
        TEST(p6_62_of_all_rows_of_a_letter_there_is_one_copy),
        TEST(what_was_not_sent_leaves_no_copy),
        TEST(p6_62_a_copy_meets_what_a_writer_stores_meanwhile),
        TEST(p6_62_at_every_kill_the_letter_is_in_one_place),
        TEST(p6_62_what_was_in_doubt_is_settled_as_what_was_sent),
        TEST(p6_62_at_every_kill_it_is_in_doubt_or_settled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
