#include "store/absorb.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/limits.h"
#include "crypto/pgp.h"
#include "crypto/pgpmime.h"
#include "store/vault-session.h"
#include "tests/lib/gnupg-home.h"
#include "tests/unit/store/fixture.h"

static const AbsorbOptions plain = {.share = INDEX_FULL, .may_decrypt = FALSE};

static Index *open_index(const Fixture *fixture)
{
    g_autoptr(GError) error = NULL;
    Index *index = index_open(fixture->dir, fixture->id, fixture->private_key, &error);
    if (index == NULL)
        fail_msg("%s", error->message);
    return index;
}

static guint64 absorb_all(const Fixture *fixture, Vault *vault, Index *index,
                          const AbsorbOptions *options)
{
    g_autoptr(GError) error = NULL;
    guint64 added = 0;
    if (!absorb(vault, fixture->private_key, index, options, &added, &error))
        fail_msg("%s", error->message);
    return added;
}

static GPtrArray *find(Index *index, const char *text)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Query) query = query_parse(text, 0, &error);
    GPtrArray *hits = query ? index_search(index, query, 0, SORT_OLDEST, &error) : NULL;
    if (hits == NULL)
        fail_msg("%s", error->message);
    return hits;
}

static guint count(Index *index, const char *text)
{
    g_autoptr(GPtrArray) hits = find(index, text);
    return hits->len;
}

static void put(const Fixture *fixture, Vault *vault, GBytes *mail, guint32 uid)
{
    g_autoptr(VaultWriter) writer = fixture_writer(fixture, vault);
    Arrival arrival = {.account = "work", .mailbox = "INBOX", .uid = uid, .internaldate = 1000};
    gsize size;
    const char *data = g_bytes_get_data(mail, &size);
    store_mail(writer, data, size, &arrival);
    assert_true(vault_commit(writer, NULL, NULL, NULL));
}

static void put_text(const Fixture *fixture, Vault *vault, const char *mail, guint32 uid)
{
    g_autoptr(GBytes) bytes = g_bytes_new(mail, strlen(mail));
    put(fixture, vault, bytes, uid);
}

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

/* --- mail that arrived encrypted ----------------------------------------------------------- */

static GBytes *encrypted_to(const char *key, const char *subject, const char *body)
{
    g_autoptr(GError) error = NULL;
    gnupg_home_use(home, "own");
    char *to[] = {(char *)gnupg_home_key(home, key), NULL};
    g_autoptr(Letter) letter = letter_new();
    letter->from = address_parse("Friend <friend@corp.example>", NULL);
    g_ptr_array_add(letter->to, address_parse("Owner <owner@corp.example>", NULL));
    letter->subject = g_strdup(subject);
    letter->body = g_strdup(body);
    g_autoptr(LetterIdentity) identity = letter_identity_new(letter);
    GBytes *mail = pgpmime_finish(letter, identity, to, NULL, &error);
    if (mail == NULL)
        fail_msg("%s", error->message);
    return mail;
}

static GBytes *encrypted_mail(const char *subject, const char *body)
{
    return encrypted_to("owner", subject, body);
}

/* A reader with the passphrase; then the key is locked again. */
static void keep_by_passphrase(const Fixture *fixture, Vault *vault, const char *id)
{
    g_autoptr(Source) source = vault_message(vault, fixture->private_key, id, NULL);
    g_autoptr(GBytes) mail = source_drain(source, LIMIT_VIEW_BYTES, NULL);
    g_autoptr(SessionKeys) keys = vault_session_keys(vault, fixture->private_key, id, NULL);
    gnupg_home_answer(home, "own");
    g_autoptr(Reading) reading = reading_open_by(mail, OPEN_ANY, keys);
    assert_null(reading->locked);
    assert_true(vault_keep_session_keys(vault, fixture->private_key, id, keys, NULL));
    gnupg_home_ask_nobody(home, "own");
}

static void p5_absorbing_without_leave_calls_no_gpg(void **state)
{
    const Fixture *fixture = *state;
    g_autoptr(Vault) vault = fixture_open(fixture);
    g_autoptr(Index) index = open_index(fixture);
    g_autoptr(GBytes) mail = encrypted_mail("hidden subject", "deciphered words");
    put(fixture, vault, mail, 1);
    gnupg_home_use(home, "empty");
    assert_int_equal(absorb_all(fixture, vault, index, &plain), 1);
    assert_int_equal(count(index, "from:friend is:encrypted"), 1);
    assert_int_equal(count(index, "deciphered"), 0);
}

static void text_that_waited_for_its_key_is_filled_in(void **state)
{
    const Fixture *fixture = *state;
    const AbsorbOptions decrypting = {.share = INDEX_FULL, .may_decrypt = TRUE};
    g_autoptr(Vault) vault = fixture_open(fixture);
    g_autoptr(Index) index = open_index(fixture);
    g_autoptr(GBytes) first = encrypted_mail("hidden subject", "deciphered words");
    g_autoptr(GBytes) second = encrypted_mail("another subject", "further words");
    put(fixture, vault, first, 1);
    put(fixture, vault, second, 2);
    assert_int_equal(absorb_all(fixture, vault, index, &plain), 2);
    assert_int_equal(count(index, "deciphered OR further"), 0);
    gnupg_home_use(home, "own");
    assert_int_equal(absorb_all(fixture, vault, index, &decrypting), 0);
    assert_int_equal(count(index, "deciphered words"), 1);
    assert_int_equal(count(index, "further words subject:another"), 1);
    assert_int_equal(count(index, "from:friend is:encrypted"), 2);
    gint64 row = 0;
    char id[17];
    assert_true(index_deferred(index, &row, id, NULL));
    assert_int_equal(row, 0);
}

/* Private keys are in the home "own"; "empty" has none. */
static void what_was_opened_once_needs_no_private_key_again(void **state)
{
    const Fixture *fixture = *state;
    const AbsorbOptions decrypting = {.share = INDEX_FULL, .may_decrypt = TRUE};
    g_autoptr(Vault) vault = fixture_open(fixture);
    g_autoptr(GBytes) first = encrypted_mail("hidden subject", "deciphered words");
    g_autoptr(GBytes) second = encrypted_mail("another subject", "further words");
    put(fixture, vault, first, 1);
    put(fixture, vault, second, 2);
    for (guint run = 0; run < 3; run++) {
        assert_true(index_drop(fixture->dir, NULL));
        g_autoptr(Index) index = open_index(fixture);
        assert_int_equal(absorb_all(fixture, vault, index, &decrypting), 2);
        assert_int_equal(count(index, "deciphered words"), 1);
        assert_int_equal(count(index, "further words subject:another"), 1);
        gnupg_home_use(home, "empty");
    }
    assert_int_equal(number(fixture, "SELECT count(*) FROM session"), 2);
}

static void what_a_reader_opened_is_found_though_the_key_is_locked(void **state)
{
    const Fixture *fixture = *state;
    const AbsorbOptions decrypting = {.share = INDEX_FULL, .may_decrypt = TRUE};
    g_autoptr(Vault) vault = fixture_open(fixture);
    g_autoptr(Index) index = open_index(fixture);
    guint64 waiting;
    gint64 row = 0;
    char id[17];
    for (guint32 uid = 1; uid <= 3; uid++) {
        g_autofree char *text = g_strdup_printf("deciphered%u", uid);
        g_autoptr(GBytes) mail = encrypted_to("locked", "hidden subject", text);
        put(fixture, vault, mail, uid);
    }
    assert_int_equal(absorb_all(fixture, vault, index, &decrypting), 3);
    assert_true(index_waiting(index, &waiting, NULL));
    assert_int_equal(waiting, 3);
    assert_int_equal(count(index, "deciphered1 OR deciphered2 OR deciphered3"), 0);
    /* Of one of them, the second, somebody gets the session key. */
    assert_true(index_deferred(index, &row, id, NULL) && index_deferred(index, &row, id, NULL));
    keep_by_passphrase(fixture, vault, id);
    assert_int_equal(absorb_all(fixture, vault, index, &decrypting), 0);
    assert_int_equal(count(index, "deciphered2"), 1);
    assert_int_equal(count(index, "deciphered1 OR deciphered3"), 0);
    assert_true(index_waiting(index, &waiting, NULL));
    assert_int_equal(waiting, 2);
}

static void p4_with_less_than_all_no_session_key_is_kept(void **state)
{
    const Fixture *fixture = *state;
    const AbsorbOptions decrypting = {.share = INDEX_FULL, .may_decrypt = TRUE};
    g_autoptr(Vault) vault = fixture_open(fixture);
    g_autoptr(GBytes) mail = encrypted_mail("hidden subject", "deciphered words");
    put(fixture, vault, mail, 1);
    for (IndexShare share = INDEX_NONE; share <= INDEX_HEADERS; share++) {
        const AbsorbOptions less = {.share = share, .may_decrypt = TRUE};
        assert_true(index_drop(fixture->dir, NULL));
        g_autoptr(Index) index = open_index(fixture);
        absorb_all(fixture, vault, index, &decrypting);
        assert_int_equal(number(fixture, "SELECT count(*) FROM session"), 1);
        absorb_all(fixture, vault, index, &less);
        assert_int_equal(number(fixture, "SELECT count(*) FROM session"), 0);
    }
}

static void what_waited_and_cannot_be_read_whole_is_listed(void **state)
{
    const Fixture *fixture = *state;
    g_autoptr(Vault) vault = fixture_open(fixture);
    g_autoptr(Index) index = open_index(fixture);
    g_autoptr(GBytes) mail = encrypted_mail("hidden subject", "deciphered words");
    put(fixture, vault, mail, 1);
    absorb_all(fixture, vault, index, &plain);
    assert_int_equal(count(index, "tag:truncated"), 0);
    gint64 row = 0;
    char id[17];
    assert_true(index_deferred(index, &row, id, NULL));
    g_autoptr(IndexDoc) inside = index_doc_new();
    inside->truncated = TRUE;
    assert_true(index_begin(index, NULL));
    assert_true(index_settle(index, row, inside, NULL));
    assert_true(index_commit(index, index_position(index), NULL));
    assert_int_equal(count(index, "tag:truncated is:unread"), 1);
}

static void a_large_encrypted_message_is_read_whole(void **state)
{
    const Fixture *fixture = *state;
    const AbsorbOptions decrypting = {.share = INDEX_FULL, .may_decrypt = TRUE};
    g_autoptr(Vault) vault = fixture_open(fixture);
    g_autoptr(Index) index = open_index(fixture);
    GString *noise = g_string_new("deciphered words\n");
    while (noise->len < 2 * LIMIT_INDEX_BYTES) /* gpg packs eight random digits into four bytes */
        g_string_append_printf(noise, "%08x%s", g_random_int(), noise->len % 64 < 8 ? "\n" : "");
    g_autoptr(GBytes) mail = encrypted_mail("hidden subject", noise->str);
    g_string_free(noise, TRUE);
    assert_true(g_bytes_get_size(mail) > LIMIT_INDEX_BYTES);
    put(fixture, vault, mail, 1);
    assert_int_equal(absorb_all(fixture, vault, index, &decrypting), 1);
    assert_int_equal(count(index, "subject:hidden deciphered"), 1);
}

static void p4_the_index_holds_no_more_of_encrypted_mail_than_its_share(void **state)
{
    const Fixture *fixture = *state;
    static const struct {
        IndexShare share;
        guint by_sender, by_text;
    } cases[] = {{INDEX_NONE, 0, 0}, {INDEX_HEADERS, 1, 0}, {INDEX_FULL, 1, 1}};
    g_autoptr(Vault) vault = fixture_open(fixture);
    g_autoptr(GBytes) mail = encrypted_mail("hidden subject", "deciphered words");
    put(fixture, vault, mail, 1);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        AbsorbOptions options = {.share = cases[i].share, .may_decrypt = TRUE};
        assert_true(index_drop(fixture->dir, NULL));
        g_autoptr(Index) index = open_index(fixture);
        assert_int_equal(absorb_all(fixture, vault, index, &options), 1);
        assert_int_equal(count(index, "from:friend"), cases[i].by_sender);
        assert_int_equal(count(index, "deciphered"), cases[i].by_text);
        assert_int_equal(count(index, "folder:INBOX is:encrypted"), 1);
    }
}

static void mail_for_another_key_is_indexed_by_its_headers_for_good(void **state)
{
    const Fixture *fixture = *state;
    const AbsorbOptions decrypting = {.share = INDEX_FULL, .may_decrypt = TRUE};
    g_autoptr(Vault) vault = fixture_open(fixture);
    g_autoptr(Index) index = open_index(fixture);
    g_autoptr(GBytes) mail = encrypted_mail("hidden subject", "deciphered words");
    put(fixture, vault, mail, 1);
    gnupg_home_use(home, "empty");
    assert_int_equal(absorb_all(fixture, vault, index, &decrypting), 1);
    assert_int_equal(count(index, "from:friend"), 1);
    assert_int_equal(count(index, "deciphered"), 0);
    gint64 row = 0;
    char id[17];
    assert_true(index_deferred(index, &row, id, NULL));
    assert_int_equal(row, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(what_was_fetched_is_found),
        TEST(what_waits_is_known_without_the_key),
        TEST(only_the_head_of_a_large_message_is_read),
        TEST(progress_ends_at_the_total),
        TEST(an_interrupted_absorb_goes_on_where_it_stopped),
        TEST(a_damaged_message_hides_no_other),
        TEST(p8_a_message_that_cannot_be_read_whole_stops_nothing_and_is_listed),
        TEST(p5_absorbing_without_leave_calls_no_gpg),
        TEST(text_that_waited_for_its_key_is_filled_in),
        TEST(what_was_opened_once_needs_no_private_key_again),
        TEST(what_a_reader_opened_is_found_though_the_key_is_locked),
        TEST(p4_with_less_than_all_no_session_key_is_kept),
        TEST(what_waited_and_cannot_be_read_whole_is_listed),
        TEST(a_large_encrypted_message_is_read_whole),
        TEST(p4_the_index_holds_no_more_of_encrypted_mail_than_its_share),
        TEST(mail_for_another_key_is_indexed_by_its_headers_for_good),
    };
    return cmocka_run_group_tests(tests, make_home, remove_home);
}
