#include "tests/unit/store/fixture.h"

#include <stdio.h>
#include <string.h>

#include "core/limits.h"
#include "store/vault-sql.h"

/* --- messages ------------------------------------------------------------------------------ */

static gboolean keep_first(gpointer user, const JournalRecord *record, GError **error)
{
    (void)error;
    JournalRecord *kept = user;
    if (kept->sequence == 0) {
        *kept = *record;
        kept->arrival.account = g_strdup(record->arrival.account);
        kept->arrival.mailbox = g_strdup(record->arrival.mailbox);
        kept->arrival.flags = g_strdupv(record->arrival.flags);
    }
    return TRUE;
}

static void bytes_in_are_bytes_out(void **state)
{
    const Fixture *fixture = *state;
    static const struct {
        const char *bytes;
        gsize size;
    } cases[] = {{"", 0}, {"\0", 1}, {"\r", 1}, {"8-bit \377\376 and no last newline", 28}};
    g_autoptr(Vault) vault = fixture_open(fixture);
    g_autoptr(VaultWriter) writer = fixture_writer(fixture, vault);
    g_auto(GStrv) flags = g_strsplit("\\Seen $Work", " ", -1);
    Arrival arrival = inbox_7;
    arrival.flags = flags;
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
        store_mail(writer, cases[i].bytes, cases[i].size, &arrival);
    commit(writer, G_N_ELEMENTS(cases), 0);

    g_autoptr(GPtrArray) lines = everything(fixture, vault);
    assert_int_equal(lines->len, G_N_ELEMENTS(cases));
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *sum = g_compute_checksum_for_data(
            G_CHECKSUM_SHA256, (const guint8 *)cases[i].bytes, cases[i].size);
        g_autofree char *line = g_strdup_printf("%zu work INBOX 7 %s", i + 1, sum);
        assert_string_equal(g_ptr_array_index(lines, i), line);
    }
    JournalRecord record = {.sequence = 0};
    assert_true(vault_replay(vault, fixture->private_key, 0, keep_first, &record, NULL));
    assert_int_equal(record.row, 1);
    assert_int_equal(strlen(record.id), 16);
    assert_int_equal(record.arrival.internaldate, 1700000000);
    assert_string_equal(record.arrival.flags[1], "$Work");
    assert_null(record.arrival.uidl);
    g_free((char *)record.arrival.account);
    g_free((char *)record.arrival.mailbox);
    g_strfreev(record.arrival.flags);
}

static void a_message_of_many_chunks_streams_through(void **state)
{
    const Fixture *fixture = *state;
    g_autoptr(Vault) vault = fixture_open(fixture);
    g_autoptr(VaultWriter) writer = fixture_writer(fixture, vault);
    gsize size = 5 * 1024 * 1024;
    g_autofree guint8 *bytes = g_malloc(size);
    random_bytes(bytes, size); /* does not compress: passes LIMIT_STAGE_BYTES twice */
    g_autofree char *sum = g_compute_checksum_for_data(G_CHECKSUM_SHA256, bytes, size);
    store_mail(writer, "small", 5, &inbox_7);
    assert_true(vault_message_start(writer, NULL));
    for (gsize at = 0; at < size; at += 7777)
        assert_true(vault_message_write(writer, bytes + at, MIN(7777, size - at), NULL));
    assert_true(vault_message_finish(writer, &inbox_7, NULL));
    g_autoptr(GPtrArray) before = everything(fixture, vault);
    assert_int_equal(before->len, 0); /* spilled, but not visible */
    commit(writer, 2, 0);
    assert_true(vault_read_back(writer, NULL));
    g_autoptr(GPtrArray) lines = everything(fixture, vault);
    assert_int_equal(lines->len, 2);
    assert_non_null(strstr(g_ptr_array_index(lines, 1), sum));
    VaultStat stat;
    assert_true(vault_stat(vault, &stat, NULL));
    assert_int_equal(stat.messages, 2);
    assert_true(stat.bytes > size && stat.bytes < size + size / 8);
}

/* The highest resident size since it was last asked for, in KB. */
static guint64 peak(void)
{
    g_autofree char *status = NULL;
    assert_true(g_file_get_contents("/proc/self/status", &status, NULL, NULL));
    const char *line = strstr(status, "VmHWM:");
    assert_non_null(line);
    FILE *refs = fopen("/proc/self/clear_refs", "w");
    if (refs) { /* starts the count anew */
        (void)fputs("5", refs);
        (void)fclose(refs);
    }
    return g_ascii_strtoull(line + strlen("VmHWM:"), NULL, 10);
}

static void a_100_mb_message_takes_less_than_10_mb_of_memory(void **state)
{
    const Fixture *fixture = *state;
    g_autoptr(Vault) vault = fixture_open(fixture);
    g_autoptr(VaultWriter) writer = fixture_writer(fixture, vault);
    g_autofree guint8 *piece = g_malloc(1024 * 1024);
    store_mail(writer, "first", 5, &inbox_7);
    (void)peak();
    guint64 before = peak();
    assert_true(vault_message_start(writer, NULL));
    for (int i = 0; i < 100; i++) {
        random_bytes(piece, 1024 * 1024);
        assert_true(vault_message_write(writer, piece, 1024 * 1024, NULL));
    }
    assert_true(vault_message_finish(writer, &inbox_7, NULL));
    commit(writer, 2, 0);
    assert_true(vault_read_back(writer, NULL));
    guint64 grown = peak() - before;
    print_message("# 100 MB took %" G_GUINT64_FORMAT " KB more\n", grown);
#ifndef __SANITIZE_ADDRESS__ /* keeps what was freed */
    assert_true(grown < 10 * 1024);
#endif
}

static void p6_58_equal_bytes_are_stored_once_and_arrive_twice(void **state)
{
    const Fixture *fixture = *state;
    g_autoptr(Vault) vault = fixture_open(fixture);
    g_autoptr(VaultWriter) writer = fixture_writer(fixture, vault);
    Arrival archive = {.account = "home", .mailbox = "Archive", .uid = 9};
    store_mail(writer, "the same", 8, &inbox_7);
    store_mail(writer, "the same", 8, &archive); /* within the batch */
    store_mail(writer, "another", 7, &inbox_7);
    commit(writer, 2, 1);
    store_mail(writer, "the same", 8, &archive); /* of an earlier batch */
    store_mail(writer, "the same", 8, &inbox_7);
    commit(writer, 0, 2);
    assert_true(vault_read_back(writer, NULL));
    VaultStat stat;
    assert_true(vault_stat(vault, &stat, NULL));
    assert_int_equal(stat.messages, 2);
    g_autoptr(GPtrArray) lines = everything(fixture, vault);
    assert_int_equal(lines->len, 5);
    AccountStat work, home, none;
    assert_true(vault_account_stat(vault, fixture->match_key, "work", &work, NULL));
    assert_true(vault_account_stat(vault, fixture->match_key, "home", &home, NULL));
    assert_true(vault_account_stat(vault, fixture->match_key, "none", &none, NULL));
    assert_int_equal(work.unindexed, 3);
    assert_int_equal(home.unindexed, 1);
    assert_int_equal(none.unindexed, 0);
}

static void p6_58_mails_that_differ_in_one_byte_are_both_kept(void **state)
{
    const Fixture *fixture = *state;
    g_autoptr(Vault) vault = fixture_open(fixture);
    g_autoptr(VaultWriter) writer = fixture_writer(fixture, vault);
    store_mail(writer, "Message-ID: <a@b>\r\nDate: now\r\n\r\nx", 34, &inbox_7);
    store_mail(writer, "Message-ID: <a@b>\r\nDate: now\r\n\r\ny", 34, &inbox_7);
    commit(writer, 2, 0);
}

static void an_aborted_message_leaves_nothing(void **state)
{
    const Fixture *fixture = *state;
    g_autoptr(Vault) vault = fixture_open(fixture);
    g_autoptr(VaultWriter) writer = fixture_writer(fixture, vault);
    gsize size = 3 * 1024 * 1024;
    g_autofree guint8 *bytes = g_malloc(size);
    random_bytes(bytes, size);
    store_mail(writer, "kept", 4, &inbox_7);
    for (gsize part = 10; part <= size; part += size - 10) { /* in memory, and spilled */
        assert_true(vault_message_start(writer, NULL));
        assert_true(vault_message_write(writer, bytes, part, NULL));
        vault_message_abort(writer);
    }
    store_mail(writer, "too", 3, &inbox_7);
    commit(writer, 2, 0);
    assert_true(vault_read_back(writer, NULL));
    g_autoptr(GPtrArray) lines = everything(fixture, vault);
    assert_int_equal(lines->len, 2);
    g_clear_pointer(&writer, vault_writer_free);
    assert_int_equal(number(fixture, "SELECT count(*) FROM chunk"), 2);
    assert_int_equal(number(fixture, "SELECT count(*) FROM message"), 2);
}

static void what_was_not_committed_is_gone(void **state)
{
    const Fixture *fixture = *state;
    g_autoptr(Vault) vault = fixture_open(fixture);
    gsize size = 3 * 1024 * 1024;
    g_autofree guint8 *bytes = g_malloc(size);
    random_bytes(bytes, size);
    VaultWriter *writer = fixture_writer(fixture, vault);
    store_mail(writer, (const char *)bytes, size, &inbox_7);
    vault_writer_free(writer);
    VaultStat stat;
    assert_true(vault_stat(vault, &stat, NULL));
    assert_int_equal(stat.messages, 0);
    assert_int_equal(number(fixture, "SELECT count(*) FROM chunk"), 0);
    assert_int_equal(number(fixture, "SELECT count(*) FROM batch"), 0);
    g_autoptr(VaultWriter) again = fixture_writer(fixture, vault);
    store_mail(again, (const char *)bytes, size, &inbox_7);
    commit(again, 1, 0);
}

/* Else the start of each pass takes the longer, the more mail is here. */
static void a_writer_begins_without_a_walk_through_what_is_here(void **state)
{
    const Fixture *fixture = *state;
    g_autoptr(Vault) vault = fixture_open(fixture);
    VaultWriter *writer = fixture_writer(fixture, vault);
    store_mail(writer, "one", 3, &inbox_7);
    store_mail(writer, "two", 3, &inbox_7);
    commit(writer, 2, 0);
    vault_writer_free(writer);
    g_autoptr(Vault) later = fixture_open(fixture);
    g_autoptr(VaultWriter) next = fixture_writer(fixture, later);
    guint swept = 0;
    for (VaultSql which = 0; which < SQL_STATEMENTS; which++) {
        sqlite3_stmt *statement = later->statements[which];
        if (statement == NULL)
            continue;
        swept += which == SQL_SWEEP_CHUNKS;
        assert_int_equal(sqlite3_stmt_status(statement, SQLITE_STMTSTATUS_FULLSCAN_STEP, 0), 0);
        assert_int_equal(sqlite3_stmt_status(statement, SQLITE_STMTSTATUS_AUTOINDEX, 0), 0);
    }
    assert_int_equal(swept, 1);
}

static void an_empty_batch_commits_to_nothing(void **state)
{
    const Fixture *fixture = *state;
    g_autoptr(Vault) vault = fixture_open(fixture);
    g_autoptr(VaultWriter) writer = fixture_writer(fixture, vault);
    commit(writer, 0, 0);
    assert_false(vault_batch_due(writer));
    assert_true(vault_read_back(writer, NULL));
}

static void a_batch_is_due_by_messages_and_by_bytes(void **state)
{
    const Fixture *fixture = *state;
    g_autoptr(Vault) vault = fixture_open(fixture);
    g_autoptr(VaultWriter) writer = fixture_writer(fixture, vault);
    for (guint i = 0; i < LIMIT_BATCH_MESSAGES; i++) {
        assert_false(vault_batch_due(writer));
        store_mail(writer, (const char *)&i, sizeof i, &inbox_7);
    }
    assert_true(vault_batch_due(writer));
    commit(writer, LIMIT_BATCH_MESSAGES, 0);
    assert_false(vault_batch_due(writer));
    g_autofree char *zeros = g_malloc0(LIMIT_BATCH_BYTES);
    store_mail(writer, zeros, LIMIT_BATCH_BYTES - 1, &inbox_7);
    assert_false(vault_batch_due(writer));
    store_mail(writer, "z", 1, &inbox_7);
    assert_true(vault_batch_due(writer));
}

static void arrivals_that_cannot_be_told_apart_are_refused(void **state)
{
    const Fixture *fixture = *state;
    g_autofree char *long_name = g_strnfill(LIMIT_MAILBOX_NAME + 1, 'n');
    g_autofree char *long_uidl = g_strnfill(LIMIT_UIDL + 1, 'u');
    const Arrival cases[] = {
        {.account = "work", .mailbox = "INBOX"},
        {.account = "work", .mailbox = "INBOX", .uidl = ""},
        {.account = "work", .mailbox = "INBOX", .uid = 1, .uidl = "u"},
        {.account = "", .mailbox = "INBOX", .uid = 1},
        {.account = "work", .mailbox = "", .uid = 1},
        {.account = "work", .mailbox = long_name, .uid = 1},
        {.account = "work", .mailbox = "INBOX", .uidl = long_uidl},
    };
    g_autoptr(Vault) vault = fixture_open(fixture);
    g_autoptr(VaultWriter) writer = fixture_writer(fixture, vault);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        assert_true(vault_message_start(writer, NULL));
        assert_false(vault_message_finish(writer, &cases[i], &error));
        assert_rule(error, POSTERN_ERROR_INPUT, "message.arrival");
        vault_message_abort(writer);
    }
    commit(writer, 0, 0);
}

static void calls_out_of_order_are_told(void **state)
{
    const Fixture *fixture = *state;
    g_autoptr(Vault) vault = fixture_open(fixture);
    g_autoptr(VaultWriter) writer = fixture_writer(fixture, vault);
    g_autoptr(GError) error = NULL;
    assert_false(vault_message_write(writer, (const guint8 *)"x", 1, &error));
    assert_rule(error, POSTERN_ERROR_BUG, "vault.order");
    assert_false(vault_message_finish(writer, &inbox_7, &error));
    assert_rule(error, POSTERN_ERROR_BUG, "vault.order");
    assert_true(vault_message_start(writer, NULL));
    assert_false(vault_message_start(writer, &error));
    assert_rule(error, POSTERN_ERROR_BUG, "vault.order");
    assert_false(vault_commit(writer, NULL, NULL, &error));
    assert_rule(error, POSTERN_ERROR_BUG, "vault.order");
    vault_message_abort(writer);
    vault_message_abort(writer);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(bytes_in_are_bytes_out),
        TEST(a_message_of_many_chunks_streams_through),
        TEST(a_100_mb_message_takes_less_than_10_mb_of_memory),
        TEST(p6_58_equal_bytes_are_stored_once_and_arrive_twice),
        TEST(p6_58_mails_that_differ_in_one_byte_are_both_kept),
        TEST(an_aborted_message_leaves_nothing),
        TEST(what_was_not_committed_is_gone),
        TEST(a_writer_begins_without_a_walk_through_what_is_here),
        TEST(an_empty_batch_commits_to_nothing),
        TEST(a_batch_is_due_by_messages_and_by_bytes),
        TEST(arrivals_that_cannot_be_told_apart_are_refused),
        TEST(calls_out_of_order_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
