#include "tests/unit/store/fixture.h"

#include <glib/gstdio.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/limits.h"
#include "store/ranges.h"

static const Arrival inbox_7 = {
    .account = "work", .mailbox = "INBOX", .uid = 7, .internaldate = 1700000000};

static char *inside(const Fixture *fixture, const char *name)
{
    return g_build_filename(fixture->dir, name, NULL);
}

/* One statement on the database behind the vault's back. */
static void tamper(const Fixture *fixture, const char *sql)
{
    g_autofree char *path = inside(fixture, "vault.db");
    sqlite3 *db;
    char *why = NULL;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    if (sqlite3_exec(db, sql, NULL, NULL, &why) != SQLITE_OK)
        fail_msg("%s: %s", sql, why);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static gint64 number(const Fixture *fixture, const char *sql)
{
    g_autofree char *path = inside(fixture, "vault.db");
    sqlite3 *db;
    sqlite3_stmt *statement;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    gint64 value = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    return value;
}

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
    return vault_create(dir, fixture->id, fixture->public_key, wrapped, error);
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
    tamper(fixture, "PRAGMA user_version=2");
    assert_refused(fixture, POSTERN_ERROR_STORE, "vault.version");
    tamper(fixture, "PRAGMA user_version=1; PRAGMA application_id=1");
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

static void p6_equal_bytes_are_stored_once_and_arrive_twice(void **state)
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
    assert_int_equal(work.arrivals, 3);
    assert_int_equal(home.arrivals, 2);
    assert_int_equal(none.arrivals, 0);
}

static void p6_mails_that_differ_in_one_byte_are_both_kept(void **state)
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
    assert_true(vault_has_uidl(writer, account, uidl, &there, NULL));
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

static void the_outcome_of_a_run_is_noted(void **state)
{
    const Fixture *fixture = *state;
    g_autoptr(Vault) vault = fixture_open(fixture);
    g_autoptr(VaultWriter) writer = fixture_writer(fixture, vault);
    AccountStat stat;
    gint64 now = g_get_real_time() / G_USEC_PER_SEC;
    assert_true(vault_note_sync(writer, "work", 69, NULL));
    assert_true(vault_note_sync(writer, "work", 75, NULL));
    assert_true(vault_account_stat(vault, fixture->match_key, "work", &stat, NULL));
    assert_int_equal(stat.outcome, 75);
    assert_true(stat.last_sync >= now && stat.last_sync <= now + 60);
}

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

static void p4_records_and_chunks_in_the_wrong_place_are_found(void **state)
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
        "UPDATE journal SET record = (SELECT record FROM journal WHERE sequence = 2) "
        "WHERE sequence = 1",
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

static void p6_reading_back_finds_what_is_not_there(void **state)
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

    /* Of one held before, whose key is gone, at least every piece must be there. */
    store_mail(writer, "first", 5, &inbox_7);
    commit(writer, 0, 1);
    assert_true(vault_read_back(writer, NULL));
    tamper(fixture, "DELETE FROM chunk WHERE key = 1 << 20");
    assert_false(vault_read_back(writer, &error));
    assert_rule(error, POSTERN_ERROR_STORE, "vault.damage");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(a_vault_opens_as_it_was_made),
        TEST(a_second_vault_is_never_made_over_the_first),
        TEST(the_log_of_a_vanished_vault_is_never_replayed),
        TEST(p4_files_are_private_under_any_umask),
        TEST(p4_open_foreign_and_linked_stores_are_refused),
        TEST(what_is_no_vault_is_refused_and_left_whole),
        TEST(a_login_secret_is_kept_by_account),
        TEST(bytes_in_are_bytes_out),
        TEST(a_message_of_many_chunks_streams_through),
        TEST(a_100_mb_message_takes_less_than_10_mb_of_memory),
        TEST(p6_equal_bytes_are_stored_once_and_arrive_twice),
        TEST(p6_mails_that_differ_in_one_byte_are_both_kept),
        TEST(an_aborted_message_leaves_nothing),
        TEST(what_was_not_committed_is_gone),
        TEST(an_empty_batch_commits_to_nothing),
        TEST(a_batch_is_due_by_messages_and_by_bytes),
        TEST(arrivals_that_cannot_be_told_apart_are_refused),
        TEST(calls_out_of_order_are_told),
        TEST(server_state_is_stored_with_its_batch),
        TEST(a_uidl_is_here_once_it_is_durable),
        TEST(the_outcome_of_a_run_is_noted),
        TEST(an_unknown_id_is_told),
        TEST(p4_records_and_chunks_in_the_wrong_place_are_found),
        TEST(a_wrong_private_key_opens_nothing),
        TEST(p6_reading_back_finds_what_is_not_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
