/* Messages that were brought along: what is kept of them, and how they are known again. */
#include <string.h>

#include "core/text.h"
#include "store/absorb.h"
#include "store/index-search.h"
#include "store/vault-import.h"
#include "tests/unit/store/fixture.h"

static const char mail[] = "Received: by mx; id 1\r\nSubject: one\r\n\r\nbody\r\n";

static Look look_of(const char *text, gsize size)
{
    Look look = {0};
    assert_true(look_at((const guint8 *)text, size, size, &look));
    return look;
}

static void bring(VaultWriter *writer, const char *text, const char *folder, GStrv flags,
                  gboolean as_is)
{
    const struct Imported imported = {
        .as_is = as_is, .looks = {look_of(text, strlen(text))}, .n = 1};
    const Arrival arrival = {.account = "work",
                             .mailbox = folder,
                             .imported = &imported,
                             .internaldate = 1000,
                             .flags = flags};
    store_mail(writer, text, strlen(text), &arrival);
}

static gint64 awaited(VaultWriter *writer, const char *account, const char *text)
{
    gint64 row;
    const Look look = look_of(text, strlen(text));
    assert_true(vault_awaited(writer, account, "INBOX", &look, &row, NULL));
    return row;
}

static char *first_id(const Fixture *fixture, Vault *vault);

/* --- the vault ----------------------------------------------------------------------------- */

static void what_is_brought_along_twice_is_told_once(void **state)
{
    const Fixture *fixture = *state;
    char seen_name[] = "\\Seen", *seen[] = {seen_name, NULL};
    g_autoptr(Vault) vault = fixture_open(fixture);
    g_autoptr(VaultWriter) writer = fixture_writer(fixture, vault);
    for (guint round = 0; round < 3; round++) {
        bring(writer, mail, "INBOX", seen, FALSE);
        commit(writer, round == 0, round > 0);
    }
    assert_int_equal(number(fixture, "SELECT count(*) FROM message"), 1);
    assert_int_equal(number(fixture, "SELECT count(*) FROM journal"), 1);
    assert_int_equal(number(fixture, "SELECT messages FROM account"), 1);
    assert_int_equal(number(fixture, "SELECT count(*) FROM kept"), 1);
    bring(writer, mail, "INBOX", NULL, FALSE); /* other flags */
    bring(writer, mail, "Sent", NULL, FALSE);  /* another folder */
    commit(writer, 0, 2);
    assert_int_equal(number(fixture, "SELECT count(*) FROM journal"), 3);
    assert_int_equal(number(fixture, "SELECT messages FROM account"), 1);
}

static void it_is_awaited_by_its_account_alone(void **state)
{
    const Fixture *fixture = *state;
    gboolean any;
    g_autoptr(Vault) vault = fixture_open(fixture);
    g_autoptr(VaultWriter) writer = fixture_writer(fixture, vault);
    assert_true(vault_awaits(writer, "work", &any, NULL) && !any);
    bring(writer, mail, "INBOX", NULL, FALSE);
    commit(writer, 1, 0);
    assert_true(vault_awaits(writer, "work", &any, NULL) && any);
    assert_true(vault_awaits(writer, "home", &any, NULL) && !any);
    assert_true(vault_awaits_size(writer, "work", strlen(mail), &any, NULL) && any);
    assert_true(vault_awaits_size(writer, "work", strlen(mail) + 1, &any, NULL) && !any);
    assert_true(vault_awaits_size(writer, "home", strlen(mail), &any, NULL) && !any);
    assert_int_equal(awaited(writer, "work", mail), 1);
    assert_int_equal(awaited(writer, "home", mail), 0);
    /* The same header and another size, the same size and another header. */
    assert_int_equal(
        awaited(writer, "work", "Received: by mx; id 1\r\nSubject: one\r\n\r\nbody!\r\n"), 0);
    assert_int_equal(
        awaited(writer, "work", "Received: by mx; id 2\r\nSubject: one\r\n\r\nbody\r\n"), 0);
}

static void two_that_look_the_same_are_nobodys(void **state)
{
    const Fixture *fixture = *state;
    g_autoptr(Vault) vault = fixture_open(fixture);
    g_autoptr(VaultWriter) writer = fixture_writer(fixture, vault);
    bring(writer, mail, "INBOX", NULL, FALSE);
    bring(writer, "Received: by mx; id 1\r\nSubject: one\r\n\r\nBODY\r\n", "INBOX", NULL, FALSE);
    commit(writer, 2, 0);
    assert_int_equal(awaited(writer, "work", mail), 0);
}

static void what_was_found_damaged_is_not_awaited(void **state)
{
    const Fixture *fixture = *state;
    g_autoptr(Vault) vault = fixture_open(fixture);
    g_autoptr(VaultWriter) writer = fixture_writer(fixture, vault);
    bring(writer, mail, "INBOX", NULL, FALSE);
    commit(writer, 1, 0);
    tamper(fixture, "UPDATE message SET stored = 2");
    assert_int_equal(awaited(writer, "work", mail), 0);
}

static void once_known_again_it_lies_on_the_server(void **state)
{
    const Fixture *fixture = *state;
    g_autoptr(Vault) vault = fixture_open(fixture);
    g_autoptr(VaultWriter) writer = fixture_writer(fixture, vault);
    const Arrival there = {.account = "work", .mailbox = "INBOX", .uid = 7, .internaldate = 2000};
    bring(writer, mail, "INBOX", NULL, FALSE);
    commit(writer, 1, 0);
    assert_true(vault_arrive(writer, 1, &there, NULL));
    commit(writer, 0, 1);
    assert_int_equal(number(fixture, "SELECT count(*) FROM kept"), 0);
    assert_int_equal(number(fixture, "SELECT uid FROM placement"), 7);
    /* What looks so beside it is another message. */
    assert_int_equal(awaited(writer, "work", mail), 0);
    assert_int_equal(number(fixture, "SELECT messages FROM account"), 1);
    g_autoptr(GError) error = NULL;
    assert_false(vault_arrive(writer, 99, &there, &error));
    assert_rule(error, POSTERN_ERROR_TEMPORARY, "vault.changed");
    /* Brought along once more, it is the server's still. */
    bring(writer, mail, "Local", NULL, FALSE);
    commit(writer, 0, 1);
    assert_int_equal(number(fixture, "SELECT count(*) FROM kept"), 0);
}

static void the_first_file_says_how_lines_end(void **state)
{
    const Fixture *fixture = *state;
    gboolean as_is;
    g_autoptr(Vault) vault = fixture_open(fixture);
    g_autoptr(VaultWriter) writer = fixture_writer(fixture, vault);
    bring(writer, mail, "INBOX", NULL, TRUE);
    bring(writer, mail, "Sent", NULL, FALSE);
    commit(writer, 1, 1);
    g_autofree char *id = first_id(fixture, vault);
    assert_true(vault_as_is(vault, id, &as_is, NULL) && as_is);
    assert_true(vault_as_is(vault, "aaaaaaaaaaaaaaaa", &as_is, NULL) && !as_is);
    assert_true(vault_as_is(vault, "?", &as_is, NULL) && !as_is);
}

static void p4_the_vault_shows_neither_size_nor_header_of_it(void **state)
{
    const Fixture *fixture = *state;
    g_autoptr(Vault) vault = fixture_open(fixture);
    g_autoptr(VaultWriter) writer = fixture_writer(fixture, vault);
    bring(writer, mail, "Secret/Folder", NULL, FALSE);
    commit(writer, 1, 0);
    const Look look = look_of(mail, strlen(mail));
    g_autofree char *sum = g_strndup((const char *)look.header, LOOK_HEADER);
    assert_null(find_needle(fixture->dir, "Secret/Folder"));
    assert_null(find_needle(fixture->dir, "Received"));
    assert_null(find_needle(fixture->dir, sum));
    assert_int_equal(number(fixture, "SELECT length(size_mac) + length(look_mac) FROM look"), 40);
}

/* --- looks --------------------------------------------------------------------------------- */

static gboolean alike(const char *one, const char *other, gboolean behind)
{
    Look first, second;
    gsize size = strlen(one);
    gboolean has = (behind ? look_behind : look_at)((const guint8 *)one, size, size, &first);
    second = look_of(other, strlen(other));
    return has && first.size == second.size &&
           memcmp(first.header, second.header, LOOK_HEADER) == 0;
}

static void the_whole_header_and_the_size_are_looked_at(void **state)
{
    (void)state;
    Look look;
    assert_true(alike("A: b\r\n\r\nx", "A: b\r\n\r\ny", FALSE)); /* the body is not */
    assert_false(alike("A: b\r\n\r\nx", "A: c\r\n\r\nx", FALSE));
    assert_false(alike("A: b\r\n\r\nx", "A: b\r\n\r\nxx", FALSE));
    assert_false(alike("A: b\r\nC: d\r\n\r\n", "C: d\r\nA: b\r\n\r\n", FALSE));
    /* A header that is cut off says nothing. */
    assert_false(look_at((const guint8 *)"A: b\r\nC", 7, 20, &look));
    assert_true(look_at((const guint8 *)"A: b\r\nC", 7, 7, &look));
    assert_true(look_at((const guint8 *)"\r\nx", 3, 3, &look));
}

static void what_programs_noted_in_a_copy_is_looked_behind(void **state)
{
    (void)state;
    Look look;
    assert_true(alike("A: b\r\nX-TUID: 123456789012\r\n\r\nx", "A: b\r\n\r\nx", TRUE));
    assert_true(alike("status: RO\r\nA: b\r\n c\r\nX-Keywords: a\r\n b\r\nLines: 1\r\n\r\nx",
                      "A: b\r\n c\r\n\r\nx", TRUE));
    assert_false(alike("A: b\r\nStatusquo: 1\r\n\r\nx", "A: b\r\n\r\nx", TRUE));
    /* In the body it is text. */
    assert_false(look_behind((const guint8 *)"A: b\r\n\r\nStatus: RO\r\n", 20, 20, &look));
    assert_false(look_behind((const guint8 *)"A: b\r\n\r\nx", 9, 9, &look));
}

/* --- the index ----------------------------------------------------------------------------- */

static char *first_id(const Fixture *fixture, Vault *vault)
{
    g_autoptr(Index) index = index_open(fixture->dir, fixture->id, fixture->private_key, NULL);
    const AbsorbOptions options = {.share = INDEX_FULL};
    gint64 row;
    char id[17];
    assert_true(absorb(vault, fixture->private_key, index, &options, NULL, NULL));
    assert_true(index_newest(index, &row, id, NULL));
    return g_strdup(id);
}

static gboolean take_hit(gpointer user, const Hit *hit, GError **error)
{
    (void)error;
    GString *text = user;
    for (guint i = 0; i < hit->folders->len; i++)
        g_string_append_printf(text, "%s ", (char *)hit->folders->pdata[i]);
    for (guint i = 0; i < hit->tags->len; i++)
        g_string_append_printf(text, "+%s ", (char *)hit->tags->pdata[i]);
    return TRUE;
}

static char *hits(const Fixture *fixture, Vault *vault)
{
    g_autoptr(Index) index = index_open(fixture->dir, fixture->id, fixture->private_key, NULL);
    const AbsorbOptions options = {.share = INDEX_FULL};
    g_autoptr(GError) error = NULL;
    assert_true(absorb(vault, fixture->private_key, index, &options, NULL, NULL));
    g_autoptr(Query) query = query_parse("subject:one", 0, &error);
    assert_non_null(query);
    GString *text = g_string_new(NULL);
    assert_true(index_search_each(index, query, 10, SORT_NEWEST, take_hit, text, NULL));
    return g_string_free(text, FALSE);
}

static void the_servers_flags_win_and_the_folder_stays(void **state)
{
    const Fixture *fixture = *state;
    char one[] = "\\Seen", two[] = "\\Flagged", *flags[] = {one, two, NULL};
    g_autoptr(Vault) vault = fixture_open(fixture);
    g_autoptr(VaultWriter) writer = fixture_writer(fixture, vault);
    bring(writer, mail, "Lists/C", flags, FALSE);
    bring(writer, mail, "Local", flags, FALSE);
    commit(writer, 1, 1);
    g_autofree char *before = hits(fixture, vault);
    assert_string_equal(before, "Lists/C Local +flagged ");
    const Arrival there = {.account = "work", .mailbox = "Lists.C", .uid = 7, .internaldate = 1};
    assert_true(vault_arrive(writer, 1, &there, NULL));
    commit(writer, 0, 1);
    g_autofree char *after = hits(fixture, vault);
    assert_string_equal(after, "Lists.C Local +unread ");
    /* And what comes along later does not tell the server's flags anew. */
    bring(writer, mail, "More", flags, FALSE);
    bring(writer, mail, "lists/c", flags, FALSE);
    commit(writer, 0, 2);
    g_autofree char *late = hits(fixture, vault);
    assert_string_equal(late, "Lists.C Local More +unread ");
}

int main(void)
{
#define WITH_VAULT(test) cmocka_unit_test_setup_teardown(test, fixture_set_up, fixture_tear_down)
    const struct CMUnitTest tests[] = {
        WITH_VAULT(what_is_brought_along_twice_is_told_once),
        WITH_VAULT(it_is_awaited_by_its_account_alone),
        WITH_VAULT(two_that_look_the_same_are_nobodys),
        WITH_VAULT(what_was_found_damaged_is_not_awaited),
        WITH_VAULT(once_known_again_it_lies_on_the_server),
        WITH_VAULT(the_first_file_says_how_lines_end),
        WITH_VAULT(p4_the_vault_shows_neither_size_nor_header_of_it),
        cmocka_unit_test(the_whole_header_and_the_size_are_looked_at),
        cmocka_unit_test(what_programs_noted_in_a_copy_is_looked_behind),
        WITH_VAULT(the_servers_flags_win_and_the_folder_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
