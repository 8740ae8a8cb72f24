#include "store/absorb.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/limits.h"
#include "store/compact.h"
#include "store/index-private.h"
#include "store/shrink.h"
#include "tests/unit/store/absorb-fixture.h"

/* --- the journal --------------------------------------------------------------------------- */

static void what_was_fetched_is_found(void **state)
{
    const Fixture *fixture = *state;
    g_autoptr(Vault) vault = fixture_open(fixture);
    g_autoptr(Index) index = open_index(fixture);
    assert_int_equal(absorb_all(fixture, vault, index, &plain), 0);
    put_text(fixture, vault,
             "From: Ann <ann@corp.example>\r\nSubject: budget\r\n\r\nwe need more\r\n", 7);
    put_text(fixture, vault, "Subject: other\r\n\r\nnothing\r\n", 8);
    assert_int_equal(absorb_all(fixture, vault, index, &plain), 2);
    assert_int_equal(absorb_all(fixture, vault, index, &plain), 0);
    g_autoptr(GPtrArray) hits = find(index, "subject:budget more folder:INBOX account:work");
    assert_int_equal(hits->len, 1);
    const Hit *hit = g_ptr_array_index(hits, 0);
    assert_string_equal(hit->from, "Ann <ann@corp.example>");
    assert_int_equal(hit->date, 1000);
    assert_int_equal(hit->size, 63);
    g_autoptr(Source) source = vault_message(vault, fixture->private_key, hit->id, NULL);
    assert_non_null(source);

    /* The same mail in another folder: one message, two folders. */
    g_autoptr(VaultWriter) writer = fixture_writer(fixture, vault);
    Arrival archive = {.account = "work", .mailbox = "Archive", .uid = 1};
    store_mail(writer, "Subject: other\r\n\r\nnothing\r\n", 27, &archive);
    commit(writer, 0, 1);
    assert_int_equal(absorb_all(fixture, vault, index, &plain), 0);
    g_autoptr(GPtrArray) moved = find(index, "folder:Archive folder:INBOX");
    assert_int_equal(moved->len, 1);
}

static guint64 waiting(const Fixture *fixture, Vault *vault)
{
    AccountStat stat;
    assert_true(vault_account_stat(vault, fixture->match_key, "work", &stat, NULL));
    return stat.unindexed;
}

static void what_waits_is_known_without_the_key(void **state)
{
    const Fixture *fixture = *state;
    g_autoptr(Vault) vault = fixture_open(fixture);
    g_autoptr(Index) index = open_index(fixture);
    put_text(fixture, vault, "Subject: one\r\n\r\n1\r\n", 1);
    put_text(fixture, vault, "Subject: two\r\n\r\n2\r\n", 2);
    assert_int_equal(waiting(fixture, vault), 2);
    absorb_all(fixture, vault, index, &plain);
    assert_int_equal(waiting(fixture, vault), 0);
    put_text(fixture, vault, "Subject: three\r\n\r\n3\r\n", 3);
    assert_int_equal(waiting(fixture, vault), 1);
    assert_true(vault_note_indexed(vault, 2, NULL)); /* of an index that is behind */
    assert_int_equal(waiting(fixture, vault), 1);
}

static void only_the_head_of_a_large_message_is_read(void **state)
{
    const Fixture *fixture = *state;
    g_autoptr(Vault) vault = fixture_open(fixture);
    g_autoptr(Index) index = open_index(fixture);
    GString *mail = g_string_new("Subject: large\r\n\r\nbeginning ");
    while (mail->len < LIMIT_INDEX_BYTES + 100)
        g_string_append(mail, "filler and more filler\r\n");
    g_string_append(mail, "conclusion\r\n");
    g_autoptr(GBytes) bytes = g_string_free_to_bytes(mail);
    put(fixture, vault, bytes, 1);
    assert_int_equal(absorb_all(fixture, vault, index, &plain), 1);
    assert_int_equal(count(index, "conclusion"), 0);
    g_autoptr(GPtrArray) hits = find(index, "beginning");
    assert_int_equal(hits->len, 1);
    assert_int_equal(((Hit *)g_ptr_array_index(hits, 0))->size, g_bytes_get_size(bytes));
}

static void keep_last(gpointer user, guint64 done, guint64 total)
{
    guint64 *seen = user;
    assert_true(done >= seen[0]);
    seen[0] = done;
    seen[1] = total;
}

static void progress_ends_at_the_total(void **state)
{
    const Fixture *fixture = *state;
    g_autoptr(Vault) vault = fixture_open(fixture);
    g_autoptr(Index) index = open_index(fixture);
    g_autoptr(VaultWriter) writer = fixture_writer(fixture, vault);
    Arrival arrival = {.account = "work", .mailbox = "INBOX", .uid = 1};
    for (guint i = 0; i < 620; i++) {
        g_autoptr(GBytes) mail = mail_number(i, 60);
        gsize size;
        const char *data = g_bytes_get_data(mail, &size);
        store_mail(writer, data, size, &arrival);
    }
    commit(writer, 620, 0);
    guint64 seen[2] = {0, 0};
    AbsorbOptions options = plain;
    options.progress = keep_last;
    options.user = seen;
    assert_int_equal(absorb_all(fixture, vault, index, &options), 620);
    assert_int_equal(seen[0], 620);
    assert_int_equal(seen[1], 620);
    assert_int_equal(index_position(index), 620);
}

static gint64 number_in(Index *index, const char *sql)
{
    sqlite3_stmt *statement;
    assert_int_equal(sqlite3_prepare_v2(index->db, sql, -1, &statement, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    gint64 number = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return number;
}

static void store_many(const Fixture *fixture, Vault *vault, guint count)
{
    static guint32 seed = 3;
    g_autoptr(VaultWriter) writer = fixture_writer(fixture, vault);
    g_autoptr(GRand) dice = g_rand_new_with_seed(seed++);
    Arrival arrival = {.account = "work", .mailbox = "INBOX", .uid = 1};
    for (guint i = 0; i < count; i++) {
        g_autoptr(GString) mail = g_string_new("Subject: many\r\n\r\n");
        for (guint word = 0; word < 60; word++)
            g_string_append_printf(mail, "w%x ", g_rand_int_range(dice, 0, 60000));
        store_mail(writer, mail->str, mail->len, &arrival);
    }
    commit(writer, count, 0);
}

static gint64 segments(Index *index)
{
    return number_in(index, "SELECT count(DISTINCT segid) FROM words_idx");
}

/* How many segments of one level may gather before they are merged. */
static gint64 may_gather(Index *index)
{
    return number_in(index, "SELECT v FROM words_config WHERE k = 'automerge'");
}

static void absorb_many(const Fixture *fixture, Vault *vault, Index *index, guint count)
{
    store_many(fixture, vault, count);
    assert_int_equal(absorb_all(fixture, vault, index, &plain), count);
    gint64 left = -1;
    assert_int_equal(shrink_free_pages(index->db, &left), SQLITE_OK);
    assert_int_equal(left, 0);
    assert_int_equal(may_gather(index), 4);
}

/* No page stands free; and words are merged into one segment when most of them are new, but the old
 * ones are not written again for a few. */
static void after_many_messages_the_index_is_tidy(void **state)
{
    const Fixture *fixture = *state;
    g_autoptr(Vault) vault = fixture_open(fixture);
    g_autoptr(Index) index = open_index(fixture);
    absorb_many(fixture, vault, index, 2500);
    assert_int_equal(segments(index), 1);
    absorb_many(fixture, vault, index, 2100);
    assert_true(segments(index) > 1);
    absorb_many(fixture, vault, index, 4700);
    assert_int_equal(segments(index), 1);
    g_autoptr(GPtrArray) hits = find(index, "many");
    assert_int_equal(hits->len, 2500 + 2100 + 4700);
}

static void die_at(gpointer user, guint64 done, guint64 total)
{
    (void)total;
    if (done >= *(const guint64 *)user)
        kill(getpid(), SIGKILL);
}

static void absorb_and_die(const Fixture *fixture, guint64 at)
{
    pid_t child = fork();
    if (child == 0) {
        Vault *vault = fixture_open(fixture);
        Index *index = open_index(fixture);
        AbsorbOptions options = plain;
        options.progress = die_at;
        options.user = &at;
        (void)absorb_all(fixture, vault, index, &options);
        _exit(1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
}

/* Killed, so that its segments were not merged: the next one does it, large or small. */
static void a_killed_absorb_leaves_nothing_to_merge_for_good(void **state)
{
    const Fixture *fixture = *state;
    g_autoptr(Vault) vault = fixture_open(fixture);
    store_many(fixture, vault, 4700);
    absorb_and_die(fixture, 2600);
    g_autoptr(Index) index = open_index(fixture);
    assert_int_equal(may_gather(index), 0);
    gint64 rest = 4700 - index_position(index);
    assert_in_range(rest, 2000, index_position(index) - 1);
    assert_int_equal(absorb_all(fixture, vault, index, &plain), rest);
    assert_int_equal(segments(index), 1);
    assert_int_equal(may_gather(index), 4);

    store_many(fixture, vault, 4800);
    absorb_and_die(fixture, 4600);
    assert_int_equal(may_gather(index), 0);
    assert_in_range(absorb_all(fixture, vault, index, &plain), 200, 1999);
    assert_int_equal(segments(index), 1);
    assert_int_equal(may_gather(index), 4);
}

/* Those of the commits become one; a large one that is there stays as it is. */
static void segments_that_gathered_are_merged_on_the_way(void **state)
{
    const Fixture *fixture = *state;
    g_autoptr(Vault) vault = fixture_open(fixture);
    g_autoptr(Index) index = open_index(fixture);
    g_autoptr(GError) error = NULL;
    absorb_many(fixture, vault, index, 2500);
    gint64 large = number_in(index, "SELECT max(segid) FROM words_idx");
    store_many(fixture, vault, 4800);
    absorb_and_die(fixture, 4700);
    assert_true(segments(index) > 4);
    assert_true(index_merge(index, &error));
    assert_int_equal(segments(index), 2);
    assert_int_equal(number_in(index, "SELECT min(segid) FROM words_idx"), large);
    assert_int_equal(may_gather(index), 0);
}

static void an_interrupted_absorb_goes_on_where_it_stopped(void **state)
{
    const Fixture *fixture = *state;
    Vault *vault = fixture_open(fixture);
    VaultWriter *writer = fixture_writer(fixture, vault);
    Arrival arrival = {.account = "work", .mailbox = "INBOX", .uid = 1};
    for (guint i = 0; i < 1200; i++) {
        g_autoptr(GBytes) mail = mail_number(i, 60);
        gsize size;
        const char *data = g_bytes_get_data(mail, &size);
        store_mail(writer, data, size, &arrival);
    }
    commit(writer, 1200, 0);
    vault_writer_free(writer);
    vault_close(vault);
    for (int round = 0; round < 4; round++) {
        pid_t child = fork();
        if (child == 0) {
            vault = fixture_open(fixture);
            Index *index = open_index(fixture);
            (void)absorb_all(fixture, vault, index, &plain);
            kill(getpid(), SIGKILL);
        }
        g_usleep((gulong)(20000 + 25000 * round));
        kill(child, SIGKILL);
        assert_int_equal(waitpid(child, NULL, 0), child);
    }
    vault = fixture_open(fixture);
    Index *index = open_index(fixture);
    (void)absorb_all(fixture, vault, index, &plain);
    assert_int_equal(count(index, "subject:number"), 1200);
    assert_int_equal(count(index, "from:sender77@corp.example"), 1);
    index_close(index);
    vault_close(vault);
}

static void a_damaged_message_hides_no_other(void **state)
{
    const Fixture *fixture = *state;
    Vault *vault = fixture_open(fixture);
    put_text(fixture, vault, "Subject: one\r\n\r\nx\r\n", 1);
    put_text(fixture, vault, "Subject: two\r\n\r\nx\r\n", 2);
    put_text(fixture, vault, "Subject: three\r\n\r\nx\r\n", 3);
    vault_close(vault);
    g_autofree char *path = g_build_filename(fixture->dir, "vault.db", NULL);
    sqlite3 *db;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "UPDATE chunk SET data = zeroblob(100) WHERE key = 2 << 20",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    sqlite3_close(db);
    vault = fixture_open(fixture);
    Index *index = open_index(fixture);
    g_autoptr(GError) error = NULL;
    assert_false(absorb(vault, fixture->private_key, index, &plain, NULL, &error));
    assert_rule(error, POSTERN_ERROR_STORE, "vault.damage");
    assert_int_equal(count(index, "subject:one OR subject:three"), 2);
    assert_int_equal(count(index, ""), 3);
    assert_true(absorb(vault, fixture->private_key, index, &plain, NULL, &error));
    index_close(index);
    vault_close(vault);
}

/* A head, and LINE so often that nobody reads all of it. */
static char *too_much(const char *head, const char *line, guint times)
{
    g_autoptr(GString) mail = g_string_new(head);
    for (guint i = 0; i < times; i++)
        g_string_append(mail, line);
    return g_string_free(g_steal_pointer(&mail), FALSE);
}

/* So many that a thread reads them before it is their turn. */
static void what_is_read_ahead_comes_in_order_and_hides_no_other(void **state)
{
    const Fixture *fixture = *state;
    g_autoptr(Vault) vault = fixture_open(fixture);
    g_autoptr(Index) index = open_index(fixture);
    g_autoptr(VaultWriter) writer = fixture_writer(fixture, vault);
    for (guint32 n = 1; n <= 150; n++) {
        /* Every third lies in two places, the second known while the first still waits. */
        g_autofree char *mail = g_strdup_printf("Subject: number%u\r\n\r\nbody%u\r\n", n, n);
        Arrival arrival = {.account = "work", .mailbox = "INBOX", .uid = n, .internaldate = n};
        store_mail(writer, mail, strlen(mail), &arrival);
        arrival.mailbox = "Archive";
        if (n % 3 == 0)
            store_mail(writer, mail, strlen(mail), &arrival);
    }
    assert_true(vault_commit(writer, NULL, NULL, NULL));
    tamper(fixture, "UPDATE chunk SET data = zeroblob(length(data)) WHERE key = 77 << 20");
    g_autoptr(GError) error = NULL;
    guint64 added = 0;
    assert_false(absorb(vault, fixture->private_key, index, &plain, &added, &error));
    assert_rule(error, POSTERN_ERROR_STORE, "vault.damage");
    assert_int_equal(added, 150);
    assert_int_equal(count(index, "folder:INBOX"), 150);
    assert_int_equal(count(index, "folder:Archive"), 50);
    assert_int_equal(count(index, "number77"), 0);
    g_autoptr(GPtrArray) hits = find(index, "number*");
    assert_int_equal(hits->len, 149);
    for (guint i = 0; i < hits->len; i++) {
        g_autofree char *subject = g_strdup_printf("number%u", i + 1 + (i >= 76));
        assert_string_equal(((Hit *)hits->pdata[i])->subject, subject);
        assert_int_equal(count(index, subject), 1);
    }
}

static void p8_a_message_that_cannot_be_read_whole_stops_nothing_and_is_listed(void **state)
{
    const Fixture *fixture = *state;
    g_autoptr(Vault) vault = fixture_open(fixture);
    g_autoptr(Index) index = open_index(fixture);
    g_autofree char *parts =
        too_much("Subject: parts\nContent-Type: multipart/mixed; boundary=x\n\n", "--x\n\ntext\n",
                 LIMIT_PARTS + 1);
    g_autofree char *fields = too_much("Subject: fields\n", "X-Field: x\n", LIMIT_HEADERS);
    g_autofree char *levels =
        too_much("Subject: levels\n", "Content-Type: message/rfc822\n\n", LIMIT_NESTING + 1);
    put_text(fixture, vault, "Subject: before\n\nx", 1);
    put_text(fixture, vault, parts, 2);
    put_text(fixture, vault, fields, 3);
    put_text(fixture, vault, levels, 4);
    put_text(fixture, vault, "\xff\xfe\r\n\r:\n: :;=?utf-8?q?\n\n--", 5);
    put_text(fixture, vault, "Subject: behind\n\nx", 6);
    assert_int_equal(absorb_all(fixture, vault, index, &plain), 6);
    assert_int_equal(count(index, ""), 6);
    assert_int_equal(count(index, "subject:before OR subject:behind"), 2);
    assert_int_equal(count(index, "tag:truncated"), 3);
    assert_int_equal(
        count(index, "tag:truncated (subject:parts OR subject:fields OR subject:levels)"), 3);
    IndexStat stat;
    assert_true(index_stat(index, &stat, NULL));
    assert_int_equal(stat.truncated, 3);

    /* What a server says of one does not make it another, nor does it make one. */
    g_autoptr(VaultWriter) writer = fixture_writer(fixture, vault);
    char *flags[] = {(char *)"\\Seen", (char *)"Truncated", NULL};
    assert_true(vault_set_flags(writer, "work", "INBOX", 2, flags, NULL));
    assert_true(vault_set_flags(writer, "work", "INBOX", 6, flags, NULL));
    commit(writer, 0, 0);
    absorb_all(fixture, vault, index, &plain);
    assert_int_equal(count(index, "tag:truncated subject:parts NOT is:unread"), 1);
    assert_int_equal(count(index, "tag:truncated"), 3);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(what_was_fetched_is_found),
        TEST(what_waits_is_known_without_the_key),
        TEST(only_the_head_of_a_large_message_is_read),
        TEST(progress_ends_at_the_total),
        TEST(after_many_messages_the_index_is_tidy),
        TEST(a_killed_absorb_leaves_nothing_to_merge_for_good),
        TEST(segments_that_gathered_are_merged_on_the_way),
        TEST(an_interrupted_absorb_goes_on_where_it_stopped),
        TEST(a_damaged_message_hides_no_other),
        TEST(what_is_read_ahead_comes_in_order_and_hides_no_other),
        TEST(p8_a_message_that_cannot_be_read_whole_stops_nothing_and_is_listed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
