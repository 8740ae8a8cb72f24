/* Drafts: sealed, one at a time, and never in two places or none. */
#include "store/vault-draft.h"

#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/store/fixture.h"

#define DRAFTS "SELECT count(*) FROM draft"
#define LETTERS "SELECT count(*) FROM letter"
#define ROWS "SELECT count(*) FROM outbox"

static GBytes *bytes(const char *text)
{
    return g_bytes_new_static(text, strlen(text));
}

static void fill(DraftContent *content)
{
    *content =
        (DraftContent){bytes("head zebrafish"), bytes("text quokka"), bytes("parts axolotl")};
}

static VaultDraft *add(Vault *vault)
{
    g_auto(DraftContent) content;
    fill(&content);
    VaultDraft *draft = vault_draft_new(vault, &content, NULL);
    assert_non_null(draft);
    return draft;
}

static void assert_bytes(GBytes *got, const char *wanted)
{
    gsize size;
    const void *data = g_bytes_get_data(got, &size);
    assert_int_equal(size, strlen(wanted));
    assert_memory_equal(data, wanted, size);
}

static void assert_holds(const Fixture *fixture, Vault *vault, const VaultDraft *draft,
                         const char *text, const char *parts)
{
    g_auto(DraftContent) content;
    assert_true(vault_draft_open(vault, fixture->private_key, draft, &content, NULL));
    assert_bytes(content.head, "head zebrafish");
    assert_bytes(content.text, text);
    assert_bytes(content.parts, parts);
}

static void p4_43_a_draft_lies_sealed_and_comes_out_as_it_was(void **state)
{
    const Fixture *fixture = *state;
    static const char *const needles[] = {"zebrafish", "quokka", "axolotl", "narwhal", "wombat"};
    g_autoptr(Vault) vault = fixture_open(fixture);
    g_autoptr(VaultDraft) draft = add(vault);
    assert_holds(fixture, vault, draft, "text quokka", "parts axolotl");
    g_autoptr(GBytes) text = bytes("narwhal"), parts = bytes("wombat");
    assert_true(vault_draft_save(vault, draft, text, NULL, NULL));
    assert_holds(fixture, vault, draft, "narwhal", "parts axolotl");
    assert_true(vault_draft_save(vault, draft, text, parts, NULL));
    assert_holds(fixture, vault, draft, "narwhal", "wombat");
    for (gsize i = 0; i < G_N_ELEMENTS(needles); i++)
        assert_null(find_needle(fixture->dir, needles[i]));
}

static void a_draft_counts_from_when_somebody_wrote_at_it(void **state)
{
    g_autoptr(Vault) vault = fixture_open(*state);
    g_autoptr(VaultDraft) draft = add(vault);
    g_autoptr(GBytes) text = bytes("narwhal");
    guint count = 9;
    assert_true(vault_draft_count(vault, &count, NULL));
    assert_int_equal(count, 0);
    assert_true(vault_draft_save(vault, draft, text, NULL, NULL));
    assert_true(vault_draft_count(vault, &count, NULL));
    assert_int_equal(count, 1);
    assert_true(vault_draft_drop(vault, draft, NULL));
    assert_true(vault_draft_count(vault, &count, NULL));
    assert_int_equal(count, 0);
    g_autoptr(GError) error = NULL;
    assert_false(vault_draft_save(vault, draft, text, NULL, &error));
    assert_rule(error, POSTERN_ERROR_STORE, "draft.gone");
}

static void who_has_a_draft_has_it_alone(void **state)
{
    const Fixture *fixture = *state;
    g_autoptr(Vault) vault = fixture_open(fixture);
    VaultDraft *draft = add(vault);
    g_autofree char *id = g_strdup(vault_draft_id(draft));
    g_autoptr(GError) error = NULL;
    g_autoptr(Vault) other = fixture_open(fixture);
    assert_null(vault_draft_claim(other, id, &error));
    assert_rule(error, POSTERN_ERROR_TEMPORARY, "draft.busy");
    vault_draft_free(draft);
    g_autoptr(VaultDraft) again = vault_draft_claim(other, id, &error);
    assert_non_null(again);
    assert_holds(fixture, other, again, "text quokka", "parts axolotl");
}

static void what_is_no_id_is_no_draft(void **state)
{
    g_autoptr(Vault) vault = fixture_open(*state);
    static const char *const ids[] = {"", "x", "aaaaaaaaaaaaaaaa", "1111111111111111",
                                      "aaaaaaaaaaaaaaaaa"};
    for (gsize i = 0; i < G_N_ELEMENTS(ids); i++) {
        g_autoptr(GError) error = NULL;
        assert_null(vault_draft_claim(vault, ids[i], &error));
        assert_null(error);
    }
}

/* One letter to one recipient. */
static GPtrArray *letters(void)
{
    static OutboxLetter letter = {
        .account = "work", .from = "john@corp.example", .subject = "Figures", .encrypted = TRUE};
    g_clear_pointer(&letter.letter, g_bytes_unref);
    g_clear_pointer(&letter.recipients, g_ptr_array_unref);
    letter.recipients = g_ptr_array_new();
    g_ptr_array_add(letter.recipients, (gpointer) "mary@corp.example");
    letter.letter = bytes("Subject: sealed\r\n\r\nletter\r\n");
    GPtrArray *all = g_ptr_array_new();
    g_ptr_array_add(all, &letter);
    return all;
}

static void p6_62_a_draft_is_in_the_outbox_or_in_its_place(void **state)
{
    const Fixture *fixture = *state;
    g_autoptr(Vault) vault = fixture_open(fixture);
    g_autoptr(VaultDraft) draft = add(vault);
    g_autoptr(GPtrArray) all = letters(), claims = g_ptr_array_new();
    assert_true(vault_draft_submit(vault, draft, all, claims, NULL));
    assert_int_equal(claims->len, 1);
    assert_int_equal(number(fixture, DRAFTS), 0);
    assert_int_equal(number(fixture, ROWS), 1);
    g_auto(DraftContent) content;
    fill(&content);
    assert_true(vault_draft_return(vault, draft, &content, claims, NULL));
    assert_int_equal(number(fixture, DRAFTS), 1);
    assert_int_equal(number(fixture, ROWS), 0);
    assert_int_equal(number(fixture, LETTERS), 0);
    assert_holds(fixture, vault, draft, "text quokka", "parts axolotl");
}

/* Whatever fails in between, both are as they were. */
static void p6_62_a_step_that_fails_leaves_a_draft_where_it_is(void **state)
{
    const Fixture *fixture = *state;
    g_autoptr(Vault) vault = fixture_open(fixture);
    g_autoptr(VaultDraft) draft = add(vault);
    g_autoptr(GPtrArray) all = letters(), claims = g_ptr_array_new();
    tamper(fixture, "CREATE TRIGGER t BEFORE DELETE ON draft BEGIN SELECT raise(FAIL, 'x'); END");
    assert_false(vault_draft_submit(vault, draft, all, claims, NULL));
    assert_int_equal(number(fixture, DRAFTS), 1);
    assert_int_equal(number(fixture, ROWS) + number(fixture, LETTERS), 0);
    tamper(fixture, "DROP TRIGGER t");
    g_ptr_array_set_size(claims, 0);
    assert_true(vault_draft_submit(vault, draft, all, claims, NULL));
    tamper(fixture, "CREATE TRIGGER t BEFORE INSERT ON draft BEGIN SELECT raise(FAIL, 'x'); END");
    g_auto(DraftContent) content;
    fill(&content);
    assert_false(vault_draft_return(vault, draft, &content, claims, NULL));
    assert_int_equal(number(fixture, DRAFTS), 0);
    assert_int_equal(number(fixture, ROWS), 1);
}

static gboolean describe(gpointer user, const DraftEntry *entry, GError **error)
{
    (void)error;
    g_string_append_printf(user, "%s%s%s%s;", entry->busy ? "busy " : "",
                           entry->touched ? "touched " : "", entry->damaged ? "damaged " : "",
                           entry->text ? "open" : "closed");
    return TRUE;
}

static void assert_list(const Fixture *fixture, Vault *vault, gboolean unlocked, const char *wanted)
{
    g_autoptr(GString) all = g_string_new(NULL);
    assert_true(
        vault_draft_list(vault, unlocked ? fixture->private_key : NULL, describe, all, NULL));
    assert_string_equal(all->str, wanted);
}

static void drafts_are_listed_whatever_is_wrong_with_one(void **state)
{
    const Fixture *fixture = *state;
    g_autoptr(Vault) vault = fixture_open(fixture);
    VaultDraft *first = add(vault);
    g_autoptr(VaultDraft) second = add(vault);
    g_autoptr(GBytes) text = bytes("narwhal");
    assert_true(vault_draft_save(vault, first, text, NULL, NULL));
    vault_draft_free(first);
    assert_list(fixture, vault, FALSE, "touched closed;busy closed;");
    assert_list(fixture, vault, TRUE, "touched open;busy open;");
    tamper(fixture, "UPDATE draft SET text = head WHERE row = 1");
    assert_list(fixture, vault, TRUE, "touched damaged closed;busy open;");
}

/* What follows the letter's id cannot change places with another draft's. */
static void p4_40_a_text_of_another_draft_does_not_open(void **state)
{
    const Fixture *fixture = *state;
    g_autoptr(Vault) vault = fixture_open(fixture);
    g_autoptr(VaultDraft) first = add(vault), second = add(vault);
    tamper(fixture, "UPDATE draft SET text = (SELECT text FROM draft WHERE row = 2) WHERE row = 1");
    g_auto(DraftContent) content = {NULL, NULL, NULL};
    g_autoptr(GError) error = NULL;
    assert_false(vault_draft_open(vault, fixture->private_key, first, &content, &error));
    assert_rule(error, POSTERN_ERROR_STORE, "vault.record");
    assert_holds(fixture, vault, second, "text quokka", "parts axolotl");
}

static void p6_62_who_is_killed_leaves_what_was_saved_last(void **state)
{
    const Fixture *fixture = *state;
    int ends[2];
    char id[17] = "";
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        g_autoptr(Vault) vault = fixture_open(fixture);
        VaultDraft *draft = add(vault);
        g_autoptr(GBytes) text = bytes("narwhal");
        gboolean saved = vault_draft_save(vault, draft, text, NULL, NULL);
        (void)!write(ends[1], vault_draft_id(draft), 16);
        pause();
        _exit(saved ? 0 : 1);
    }
    assert_int_equal(read(ends[0], id, 16), 16);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    g_autoptr(Vault) vault = fixture_open(fixture);
    g_autoptr(VaultDraft) draft = vault_draft_claim(vault, id, NULL);
    assert_non_null(draft);
    assert_holds(fixture, vault, draft, "narwhal", "parts axolotl");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(p4_43_a_draft_lies_sealed_and_comes_out_as_it_was),
        TEST(a_draft_counts_from_when_somebody_wrote_at_it),
        TEST(who_has_a_draft_has_it_alone),
        TEST(what_is_no_id_is_no_draft),
        TEST(p6_62_a_draft_is_in_the_outbox_or_in_its_place),
        TEST(p6_62_a_step_that_fails_leaves_a_draft_where_it_is),
        TEST(drafts_are_listed_whatever_is_wrong_with_one),
        TEST(p4_40_a_text_of_another_draft_does_not_open),
        TEST(p6_62_who_is_killed_leaves_what_was_saved_last),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
