/* Does the index agree with the vault? Each thing that it says is made wrong by hand. */
#include "store/agree.h"

#include <glib/gstdio.h>
#include <string.h>

#include "store/index-private.h"
#include "store/vault-tags.h"
#include "tests/unit/store/fixture.h"

static const AbsorbOptions plain = {.share = INDEX_FULL, .may_decrypt = FALSE};

static void put(VaultWriter *writer, const char *mail, guint32 uid, const char *mailbox)
{
    static const char *const flags[] = {"\\Seen", "\\Flagged", NULL};
    const Arrival arrival = {.account = "work",
                             .mailbox = mailbox,
                             .uid = uid,
                             .internaldate = 1000 + uid,
                             .flags = uid == 2 ? (GStrv)flags : NULL};
    store_mail(writer, mail, strlen(mail), &arrival);
}

static const char first[] =
    "From: Ann <ann@corp.example>\r\nTo: bob@corp.example\r\n"
    "Message-ID: <1@corp.example>\r\nSubject: budget\r\n\r\nwe need more\r\n";
static const char answer[] =
    "From: Bob <bob@corp.example>\r\nMessage-ID: <2@corp.example>\r\n"
    "References: <1@corp.example>\r\nSubject: Re: budget\r\n\r\nmore 日本語\r\n";
static const char other[] = "From: Eve <eve@corp.example>\r\nSubject: lunch\r\n\r\nat noon\r\n";

static Index *open_index(const Fixture *fixture)
{
    g_autoptr(GError) error = NULL;
    Index *index = index_open(fixture->dir, fixture->id, fixture->private_key, &error);
    if (index == NULL)
        fail_msg("%s", error->message);
    return index;
}

static void absorb_all(const Fixture *fixture, Vault *vault, Index *index)
{
    g_autoptr(GError) error = NULL;
    if (!absorb(vault, fixture->private_key, index, &plain, NULL, &error))
        fail_msg("%s", error->message);
}

static void fill(const Fixture *fixture, Vault *vault)
{
    g_autoptr(VaultWriter) writer = fixture_writer(fixture, vault);
    put(writer, first, 1, "INBOX");
    put(writer, answer, 2, "INBOX");
    put(writer, other, 3, "INBOX");
    put(writer, first, 4, "Archive");
    assert_true(vault_commit(writer, NULL, NULL, NULL));
}

static gboolean take(gpointer user, gint64 row, const char *id, const char *what, GError **error)
{
    (void)error;
    assert_int_equal(strlen(id), 16);
    g_string_append_printf(user, "%" G_GINT64_FORMAT ": %s\n", row, what ? what : "stray");
    return TRUE;
}

/* "ROW: WHAT" a line. */
static char *differences(const Fixture *fixture, Vault *vault, Index *index, guint64 *unopened)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GString) lines = g_string_new(NULL);
    const AgreeOptions options = {.store = fixture->dir, .share = INDEX_FULL};
    if (!agree(vault, fixture->private_key, index, &options, take, lines, unopened, &error))
        fail_msg("%s", error->message);
    return g_string_free(g_steal_pointer(&lines), FALSE);
}

static void assert_differs(const Fixture *fixture, Vault *vault, Index *index, const char *want)
{
    guint64 unopened;
    g_autofree char *found = differences(fixture, vault, index, &unopened);
    assert_string_equal(found, want);
    assert_int_equal(unopened, 0);
}

static void each_thing_that_the_index_says_wrongly_is_named(void **state)
{
    static const struct {
        const char *sql, *differs;
    } cases[] = {
        {"SELECT 1", ""},
        {"UPDATE doc SET date = date + 1 WHERE row = 1", "1: date\n"},
        {"UPDATE doc SET size = 1, attachments = 7 WHERE row = 3", "3: size, attachments\n"},
        {"UPDATE doc SET encrypted = 1, signed = 1, sensitive = 1 WHERE row = 1",
         "1: encryption, signature, sensitivity\n"},
        {"UPDATE doc SET truncated = 1 WHERE row = 1", "1: what is cut off\n"},
        {"UPDATE doc SET thread = (SELECT thread FROM doc WHERE row = 3) WHERE row = 2",
         "2: thread\n"},
        {"UPDATE doc SET id = 'aaaabbbbccccdddd' WHERE row = 2", "2: id\n"},
        {"UPDATE doc SET place = 99 WHERE row = 2", "2: account\n"},
        {"UPDATE card SET subject = 'x', sender = NULL WHERE row = 2", "2: sender, subject\n"},
        {"UPDATE card SET snippet = '', message_id = 'x', recipients = 'y' WHERE row = 1",
         "1: recipients, beginning, Message-ID\n"},
        {"DELETE FROM card WHERE row = 3", "3: sender, subject, beginning\n"},
        {"UPDATE arrival SET seen = 1 - seen WHERE row = 2", "2: folders\n"},
        {"UPDATE arrival SET uid = 9 WHERE row = 1 AND uid = 4", "1: folders\n"},
        {"DELETE FROM arrival WHERE row = 1 AND uid = 4", "1: folders\n"},
        {"UPDATE place SET folder = 'Elsewhere' WHERE folder = 'Archive'", "1: folders\n"},
        {"DELETE FROM tagged WHERE row = 2", "2: flags and tags\n"},
        {"INSERT INTO tagged SELECT 3, no FROM tag WHERE key = 'flagged'", "3: flags and tags\n"},
        {"UPDATE own SET given = 0", "3: own tags\n"},
        {"DELETE FROM own", "3: own tags\n"},
        {"INSERT INTO words(rowid, body) VALUES (2, 'once')", "2: words\n"},
        {"INSERT INTO words(words, rowid, subject, \"from\", \"to\", cc, body, list, filename)"
         " VALUES ('delete', 3, 'lunch', 'Eve <eve@corp.example>', '', '', 'at noon', '', '')",
         "3: words\n"},
        {"INSERT INTO doc SELECT 77, 'aaaabbbbccccdddd', thread, place, date, size, attachments,"
         " encrypted, signed, sensitive, signature, truncated FROM doc WHERE row = 1",
         "77: stray\n"},
        {"INSERT INTO deferred(row, id) VALUES (2, 'x')", "2: waiting\n"},
    };
    const Fixture *fixture = *state;
    g_autoptr(Vault) vault = fixture_open(fixture);
    fill(fixture, vault);
    g_autoptr(Index) index = open_index(fixture);
    absorb_all(fixture, vault, index);
    g_autoptr(Query) query = query_parse("lunch", 0, NULL);
    g_autoptr(GPtrArray) hits = index_search(index, query, 0, SORT_OLDEST, NULL);
    const char *const tag[] = {"+own", NULL};
    guint64 written;
    g_autoptr(GPtrArray) changes = tag_changes_new();
    tag_changes_add(changes, ((Hit *)hits->pdata[0])->id, tag);
    assert_true(vault_tag(vault, changes, &written, NULL));
    absorb_all(fixture, vault, index);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = inside(fixture, "index.db");
        g_autoptr(Index) wrong = NULL;
        char *whole;
        gsize size;
        g_clear_pointer(&index, index_close);
        assert_true(g_file_get_contents(path, &whole, &size, NULL));
        wrong = open_index(fixture);
        if (sqlite3_exec(wrong->db, cases[i].sql, NULL, NULL, NULL) != SQLITE_OK)
            fail_msg("%s: %s", cases[i].sql, sqlite3_errmsg(wrong->db));
        assert_differs(fixture, vault, wrong, cases[i].differs);
        g_clear_pointer(&wrong, index_close);
        assert_true(g_file_set_contents_full(path, whole, (gssize)size,
                                             G_FILE_SET_CONTENTS_CONSISTENT, 0600, NULL));
        g_free(whole);
        index = open_index(fixture);
    }
    assert_differs(fixture, vault, index, "");
}

static void a_message_that_the_index_lacks_is_damage(void **state)
{
    const Fixture *fixture = *state;
    guint64 unopened;
    g_autoptr(GError) error = NULL;
    g_autoptr(GString) lines = g_string_new(NULL);
    g_autoptr(Vault) vault = fixture_open(fixture);
    const AgreeOptions options = {.store = fixture->dir, .share = INDEX_FULL};
    fill(fixture, vault);
    g_autoptr(Index) index = open_index(fixture);
    absorb_all(fixture, vault, index);
    assert_int_equal(sqlite3_exec(index->db, "DELETE FROM doc WHERE row = 3", NULL, NULL, NULL), 0);
    assert_false(
        agree(vault, fixture->private_key, index, &options, take, lines, &unopened, &error));
    assert_rule(error, POSTERN_ERROR_STORE, "index.damage");
}

static void what_the_index_was_not_told_yet_is_no_difference(void **state)
{
    const Fixture *fixture = *state;
    g_autoptr(Vault) vault = fixture_open(fixture);
    g_autoptr(Index) index = open_index(fixture);
    assert_differs(fixture, vault, index, "");
    fill(fixture, vault);
    absorb_all(fixture, vault, index);
    g_autoptr(VaultWriter) writer = fixture_writer(fixture, vault);
    put(writer, "Subject: late\r\n\r\nlate\r\n", 5, "INBOX");
    assert_true(vault_commit(writer, NULL, NULL, NULL));
    assert_differs(fixture, vault, index, "");
}

static void it_leaves_no_file_and_writes_nothing_to_the_vault(void **state)
{
    const Fixture *fixture = *state;
    g_autoptr(Vault) vault = fixture_open(fixture);
    fill(fixture, vault);
    g_autoptr(Index) index = open_index(fixture);
    absorb_all(fixture, vault, index);
    gint64 before = number(fixture, "SELECT sum(indexed) FROM account");
    tamper(fixture, "UPDATE account SET indexed = 0");
    assert_differs(fixture, vault, index, "");
    assert_true(before > 0);
    assert_int_equal(number(fixture, "SELECT sum(indexed) FROM account"), 0);
    g_autoptr(GDir) dir = g_dir_open(fixture->dir, 0, NULL);
    for (const char *name = g_dir_read_name(dir); name; name = g_dir_read_name(dir))
        assert_false(g_str_has_prefix(name, "aside"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(each_thing_that_the_index_says_wrongly_is_named),
        TEST(a_message_that_the_index_lacks_is_damage),
        TEST(what_the_index_was_not_told_yet_is_no_difference),
        TEST(it_leaves_no_file_and_writes_nothing_to_the_vault),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
