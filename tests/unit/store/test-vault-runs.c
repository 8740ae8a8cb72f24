/* What became of the last runs: entries, those that are one, and how many are kept. */
#include "store/vault-runs.h"

#include <string.h>

#include "tests/unit/store/fixture.h"

static char work[] = "work", home[] = "home";
static char *const names[] = {work, home, NULL};

static void note(VaultWriter *writer, const char *account, gint64 ended, int code, const char *rule,
                 guint64 stored)
{
    RunRecord record = {.began = ended - 5, .ended = ended, .code = code, .stored = stored};
    g_strlcpy(record.rule, rule, sizeof record.rule);
    assert_true(vault_note_run(writer, account, &record, NULL));
}

static gboolean add(gpointer user, const char *account, const RunRecord *record, GError **error)
{
    (void)error;
    g_string_append_printf(user, "%s %d-%d x%d %d%s +%d\n", account ? account : "?",
                           (int)record->began, (int)record->ended, (int)record->times, record->code,
                           record->rule, (int)record->stored);
    return TRUE;
}

static void told(const Fixture *fixture, Vault *vault, const char *account, guint limit,
                 const char *wanted)
{
    g_autoptr(GString) text = g_string_new(NULL);
    assert_true(vault_runs(vault, fixture->match_key, names, account, limit, add, text, NULL));
    assert_string_equal(text->str, wanted);
}

static void runs_that_bring_nothing_and_end_alike_are_one(void **state)
{
    const Fixture *fixture = *state;
    g_autoptr(Vault) vault = fixture_open(fixture);
    g_autoptr(VaultWriter) writer = fixture_writer(fixture, vault);
    note(writer, "work", 10, 0, "", 3);
    note(writer, "work", 20, 0, "", 0);
    note(writer, "home", 25, 0, "", 0);
    note(writer, "work", 30, 0, "", 0);
    note(writer, "work", 40, 69, "server.unreachable", 0);
    note(writer, "work", 50, 69, "server.unreachable", 0);
    note(writer, "work", 60, 69, "server.dns", 0);
    note(writer, "work", 70, 0, "", 1);
    note(writer, "work", 80, 0, "", 1);
    note(writer, "gone", 90, 0, "", 0);
    told(fixture, vault, NULL, 100,
         "? 85-90 x1 0 +0\nwork 75-80 x1 0 +1\nwork 65-70 x1 0 +1\nwork 55-60 x1 69server.dns +0\n"
         "work 35-50 x2 69server.unreachable +0\nwork 15-30 x2 0 +0\nhome 20-25 x1 0 +0\n"
         "work 5-10 x1 0 +3\n");
    told(fixture, vault, "home", 100, "home 20-25 x1 0 +0\n");
    told(fixture, vault, NULL, 2, "? 85-90 x1 0 +0\nwork 75-80 x1 0 +1\n");
}

static void the_outcome_of_a_run_is_noted(void **state)
{
    const Fixture *fixture = *state;
    g_autoptr(Vault) vault = fixture_open(fixture);
    g_autoptr(VaultWriter) writer = fixture_writer(fixture, vault);
    AccountStat stat;
    note(writer, "work", 100, 69, "server.unreachable", 0);
    note(writer, "work", 200, 75, "net.timeout", 0);
    assert_true(vault_account_stat(vault, fixture->match_key, "work", &stat, NULL));
    assert_int_equal(stat.outcome, 75);
    assert_int_equal(stat.last_sync, 200);
}

static void the_oldest_go(void **state)
{
    const Fixture *fixture = *state;
    g_autoptr(Vault) vault = fixture_open(fixture);
    g_autoptr(VaultWriter) writer = fixture_writer(fixture, vault);
    for (int i = 1; i <= VAULT_RUNS_KEPT + 7; i++)
        note(writer, "work", i, 0, "", 1);
    g_autoptr(GString) text = g_string_new(NULL);
    assert_true(vault_runs(vault, fixture->match_key, names, NULL, G_MAXINT32, add, text, NULL));
    g_auto(GStrv) lines = g_strsplit(text->str, "\n", -1);
    assert_int_equal(g_strv_length(lines) - 1, VAULT_RUNS_KEPT);
    assert_string_equal(lines[VAULT_RUNS_KEPT - 1], "work 3-8 x1 0 +1");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(runs_that_bring_nothing_and_end_alike_are_one),
        TEST(the_outcome_of_a_run_is_noted),
        TEST(the_oldest_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
