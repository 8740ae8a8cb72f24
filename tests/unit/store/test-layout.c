/* The versions of both databases' layouts, and what an index of another version becomes. */
#include <glib/gstdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/index-private.h"
#include "store/sealedvfs.h"
#include "tests/unit/store/fixture.h"

/* SHA-256 over the SQL of all tables and indexes. A line here never changes: another layout has
 * another version, so that no release takes one for the other. */
typedef struct {
    int version;
    const char *sum;
} Layout;
static const Layout vault_layouts[] = {
    {4, "83988b02d77ee64b791b6071de58cf307171bd5dfd7cb772ce42ec779d0574e8"},
    {5, "d6b5c6e7da67c74b131bad63521ab89aab180a7f094cca0f58bb5c20b270d7df"},
    {6, "314451d4bda3cfa3c99ad3dfef2dea37f0c8a59a53401d8e4d1203d847cd2c80"},
    {7, "61f7ea008ba6e35bf2f9353cfa9c8fcea53e09aa834a0ecceefcbec54a5ef972"},
    {8, "218f0e4124f944c5d60dff19092048814a1e2d31914e8d012f1103c67af8cdb0"},
    {9, "7a3764a3cc12c44c92664de1643c8a4bd9a7a2fafefb051f136a648b4c2c3b88"},
    {10, "c8cda00064aa7b369cf4532318de7da32b4078e5564ba4487b0cc6b37d2bc77b"},
    {11, "5e3fc9a4ad3b8a2b932db0c9ba2b5fa7749b1cda5afb6a338d2944824472b8d9"},
    {12, "512c2dac5158d518e3b0d4f4bd04d3841b051372efdc455976518f1d36ad105a"},
    {13, "512c2dac5158d518e3b0d4f4bd04d3841b051372efdc455976518f1d36ad105a"},
    {14, "8be4b373b48aaa1dc5ded3823399971c79a8d92e09329181e0f4e46b6d7abf6b"},
    {15, "e57f2d7c7ce7dd793973c450098c2b46581ed6b0f1d6734d42674d25d82b2902"},
    {16, "6e18542ee30c51870517cf1aee58e4a62ee94875e15b680e5f017ad19b15765b"},
    {17, "0e4b62019c365716ef3d97885b6546a721535c6f1e9a40eb911ce72e8e432c92"},
    {18, "d8020862a0b1207306d3de6f275d517045b2e8ec0b550de6f21a0a368c0a203c"},
    {19, "d8020862a0b1207306d3de6f275d517045b2e8ec0b550de6f21a0a368c0a203c"},
};
static const Layout index_layouts[] = {
    {1, "5855d437a709a6cfe58d4de4990f636186e0c1c55228d5c1b188be90aba09fce"},
    {2, "cd8803451ed52f6656c7d3de2eca3e97c432629c21ad3ae897d819cea0488dd8"},
    {3, "8d824f85f98f4234bf031fbd328b41b0d07c91a51b85b2b3cadeeb05c2d40351"},
    {4, "08d4ab2a76febd659319aaeefb41a569f45330179f06f4d896d6beb67f1c6bce"},
    {5, "93352cbce55053031c850ccbbf0a80d623cb9bf097718a76a0238d942daf3261"},
    {6, "93352cbce55053031c850ccbbf0a80d623cb9bf097718a76a0238d942daf3261"},
    {7, "58dece9ee594742218386faa521160b124baafdc9dc543c7194197d28798fd57"},
    {8, "58dece9ee594742218386faa521160b124baafdc9dc543c7194197d28798fd57"},
    {9, "c01acfdac66b412f95da7f5f11d870102ad2f7476f147d83633fcffac8fa39a5"},
    {10, "565a94a331e6107a7e4edf151c7ddbfa7c823eb28c7413edcbde51aaaf6caae2"},
};

static char *ask(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *statement;
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    char *text = g_strdup((const char *)sqlite3_column_text(statement, 0));
    sqlite3_finalize(statement);
    return text;
}

/* What SQLite and FTS5 make for themselves is theirs. */
static void assert_layout(sqlite3 *db, const Layout *layouts, gsize count)
{
    g_autofree char *number = ask(db, "PRAGMA user_version");
    g_autofree char *sql =
        ask(db, "SELECT group_concat(sql, char(10)) FROM (SELECT sql FROM sqlite_schema WHERE"
                " sql IS NOT NULL AND name NOT LIKE 'sqlite~_%' ESCAPE '~' AND"
                " name NOT LIKE 'words~_%' ESCAPE '~' ORDER BY rowid)");
    g_autofree char *sum = g_compute_checksum_for_string(G_CHECKSUM_SHA256, sql, -1);
    int version = atoi(number);
    for (gsize i = 0; i < count; i++)
        if (layouts[i].version == version) {
            if (strcmp(layouts[i].sum, sum) != 0)
                fail_msg("the layout changed, its version (%d) did not; its sum is %s", version,
                         sum);
            return;
        }
    fail_msg("version %d is new: add {%d, \"%s\"}", version, version, sum);
}

static void the_vaults_layout_changes_only_with_its_version(void **state)
{
    const Fixture *fixture = *state;
    g_autofree char *path = inside(fixture, "vault.db");
    sqlite3 *db;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_layout(db, vault_layouts, G_N_ELEMENTS(vault_layouts));
    sqlite3_close(db);
}

static Index *open_index(const Fixture *fixture)
{
    g_autoptr(GError) error = NULL;
    Index *index = index_open(fixture->dir, fixture->id, fixture->private_key, &error);
    if (index == NULL)
        fail_msg("%s", error->message);
    return index;
}

static void the_indexs_layout_changes_only_with_its_version(void **state)
{
    g_autoptr(Index) index = open_index(*state);
    assert_layout(index->db, index_layouts, G_N_ELEMENTS(index_layouts));
}

/* --- an index of another release ----------------------------------------------------------- */

static void run(Index *index, const char *sql)
{
    if (sqlite3_exec(index->db, sql, NULL, NULL, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(index->db));
}

static void put_aside(const Fixture *fixture, const char *sql)
{
    g_autoptr(Index) index = open_index(fixture);
    assert_true(index_begin(index, NULL) && index_commit(index, 17, NULL));
    run(index, sql);
}

static void an_index_of_another_release_is_made_anew(void **state)
{
    const Fixture *fixture = *state;
    static const char *const others[] = {
        "PRAGMA user_version=99",
        "PRAGMA user_version=0",
        "DROP TABLE words; DROP TABLE doc; PRAGMA user_version=1",
        "PRAGMA user_version=-1",
    };
    for (gsize i = 0; i < G_N_ELEMENTS(others); i++) {
        put_aside(fixture, others[i]);
        g_autoptr(Index) index = open_index(fixture);
        assert_int_equal(index_position(index), 0);
        assert_layout(index->db, index_layouts, G_N_ELEMENTS(index_layouts));
    }
    put_aside(fixture, "CREATE TABLE unknown(a)"); /* and one of ours stays */
    g_autoptr(Index) index = open_index(fixture);
    assert_int_equal(index_position(index), 17);
}

static gboolean use_it(const Fixture *fixture)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Index) index = index_open(fixture->dir, fixture->id, fixture->private_key, &error);
    if (index == NULL || !index_begin(index, &error) || !index_commit(index, 1, &error)) {
        print_error("%s\n", error->message);
        return FALSE;
    }
    return TRUE;
}

static void p6_many_who_meet_an_index_of_another_release_do_no_harm(void **state)
{
    const Fixture *fixture = *state;
    for (guint round = 0; round < 25; round++) {
        put_aside(fixture, "PRAGMA user_version=99");
        pid_t children[6];
        for (gsize i = 0; i < G_N_ELEMENTS(children); i++) {
            children[i] = fork();
            if (children[i] == 0)
                _exit(use_it(fixture) ? 0 : 1);
        }
        for (gsize i = 0; i < G_N_ELEMENTS(children); i++) {
            int status;
            assert_int_equal(waitpid(children[i], &status, 0), children[i]);
            assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
        }
        g_autoptr(Index) index = open_index(fixture);
        g_autoptr(GPtrArray) faults = g_ptr_array_new_with_free_func(g_free);
        guint64 pages;
        assert_true(index_check(index, &pages, faults, NULL));
        assert_int_equal(faults->len, 0);
        assert_int_equal(index_position(index), 1);
    }
}

/* --- where it cannot be opened or dropped -------------------------------------------------- */

static void p10_a_folder_that_is_not_there_is_told(void **state)
{
    const Fixture *fixture = *state;
    g_autofree char *nowhere = inside(fixture, "nowhere");
    g_autoptr(GError) error = NULL;
    assert_null(index_open(nowhere, fixture->id, fixture->private_key, &error));
    assert_rule(error, POSTERN_ERROR_STORE, "index.read");
    assert_false(index_drop(nowhere, &error));
    assert_rule(error, POSTERN_ERROR_STORE, "index.read");
}

static void p10_what_cannot_be_removed_is_told(void **state)
{
    const Fixture *fixture = *state;
    g_autofree char *path = inside(fixture, "index.db-shm");
    g_autoptr(GError) error = NULL;
    assert_int_equal(g_mkdir(path, 0700), 0);
    assert_false(index_drop(fixture->dir, &error));
    assert_rule(error, POSTERN_ERROR_STORE, "index.write");
    assert_int_equal(g_rmdir(path), 0);
    assert_true(index_drop(fixture->dir, NULL));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(the_vaults_layout_changes_only_with_its_version),
        TEST(the_indexs_layout_changes_only_with_its_version),
        TEST(an_index_of_another_release_is_made_anew),
        TEST(p10_a_folder_that_is_not_there_is_told),
        TEST(p10_what_cannot_be_removed_is_told),
        TEST(p6_many_who_meet_an_index_of_another_release_do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
