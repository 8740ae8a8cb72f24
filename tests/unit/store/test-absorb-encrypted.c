/* Mail that arrived encrypted, in the index. */
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
#include "tests/unit/store/absorb-fixture.h"

static void assert_nothing_waits(Index *index)
{
    Deferred next = {0};
    assert_true(index_deferred(index, pgp_secrets_stamp(), &next, NULL));
    assert_int_equal(next.row, 0);
}

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
    assert_nothing_waits(index);
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
    Deferred next = {0};
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
    assert_true(index_deferred(index, 1, &next, NULL) && index_deferred(index, 1, &next, NULL));
    keep_by_passphrase(fixture, vault, next.id);
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

static gboolean is_due(Vault *vault, Index *index)
{
    gboolean due;
    assert_true(absorb_is_due(vault, index, &due, NULL));
    return due;
}

static void absorbing_is_due_when_something_is_new(void **state)
{
    const Fixture *fixture = *state;
    const AbsorbOptions decrypting = {.share = INDEX_FULL, .may_decrypt = TRUE};
    g_autoptr(Vault) vault = fixture_open(fixture);
    g_autoptr(Index) index = open_index(fixture);
    g_autoptr(GBytes) open = g_bytes_new_static("Subject: open\n\nx\n", 17);
    assert_false(is_due(vault, index));
    put(fixture, vault, open, 1);
    assert_true(is_due(vault, index));
    assert_int_equal(absorb_all(fixture, vault, index, &decrypting), 1);
    assert_false(is_due(vault, index));

    g_autoptr(GBytes) locked = encrypted_to("locked", "hidden subject", "deciphered");
    put(fixture, vault, locked, 2);
    assert_int_equal(absorb_all(fixture, vault, index, &decrypting), 1);
    assert_true(is_due(vault, index)); /* it may be unlocked by now */
}

static void absorbing_is_due_when_keys_have_come(void **state)
{
    const Fixture *fixture = *state;
    const AbsorbOptions decrypting = {.share = INDEX_FULL, .may_decrypt = TRUE};
    g_autoptr(Vault) vault = fixture_open(fixture);
    g_autoptr(Index) index = open_index(fixture);
    g_autoptr(GBytes) mail = encrypted_mail("hidden subject", "deciphered");
    put(fixture, vault, mail, 1);
    gnupg_home_use(home, "empty");
    assert_int_equal(absorb_all(fixture, vault, index, &decrypting), 1);
    assert_false(is_due(vault, index));
    gnupg_home_use(home, "own");
    assert_true(is_due(vault, index));
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
    Deferred next = {0};
    assert_true(index_deferred(index, 1, &next, NULL));
    g_autoptr(IndexDoc) inside = index_doc_new();
    inside->truncated = TRUE;
    assert_true(index_begin(index, NULL));
    assert_true(index_settle(index, next.row, inside, NULL));
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

static void mail_for_another_key_is_indexed_by_its_headers(void **state)
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
    assert_nothing_waits(index);
}

/* Moves each file of the folder FROM of the home "own" to TO. */
static void move_keys(const char *from, const char *to)
{
    g_autofree char *own = gnupg_home_path(home, "own");
    g_autofree char *source = g_build_filename(own, from, NULL);
    g_autofree char *target = g_build_filename(own, to, NULL);
    assert_int_equal(g_mkdir_with_parents(target, 0700), 0);
    g_autoptr(GDir) dir = g_dir_open(source, 0, NULL);
    for (const char *name; (name = g_dir_read_name(dir));) {
        g_autofree char *old = g_build_filename(source, name, NULL);
        g_autofree char *new = g_build_filename(target, name, NULL);
        assert_int_equal(g_rename(old, new), 0);
    }
}

static void mail_whose_key_was_missing_is_opened_when_keys_have_come(void **state)
{
    const Fixture *fixture = *state;
    const AbsorbOptions decrypting = {.share = INDEX_FULL, .may_decrypt = TRUE};
    g_autoptr(Vault) vault = fixture_open(fixture);
    g_autoptr(Index) index = open_index(fixture);
    g_autoptr(GBytes) mail = encrypted_mail("hidden subject", "deciphered words");
    guint64 waiting;
    put(fixture, vault, mail, 1);
    move_keys("private-keys-v1.d", "away");
    assert_int_equal(absorb_all(fixture, vault, index, &plain), 1); /* nobody looked */
    assert_true(index_waiting(index, &waiting, NULL));
    assert_int_equal(waiting, 1);
    for (guint run = 0; run < 2; run++) {
        assert_int_equal(absorb_all(fixture, vault, index, &decrypting), 0);
        assert_int_equal(count(index, "from:friend"), 1);
        assert_int_equal(count(index, "deciphered"), 0);
        assert_true(index_waiting(index, &waiting, NULL));
        assert_int_equal(waiting, 0); /* nobody could unlock it */
        assert_nothing_waits(index);  /* and none is tried twice */
    }
    gint64 before = pgp_secrets_stamp();
    move_keys("away", "private-keys-v1.d");
    assert_int_not_equal(pgp_secrets_stamp(), before);
    assert_int_equal(absorb_all(fixture, vault, index, &decrypting), 0);
    assert_int_equal(count(index, "deciphered"), 1);
    assert_nothing_waits(index);
}

/* While the pinentry waits, another process writes to the index. */
typedef struct {
    const Fixture *fixture;
    char *asked, *go;
    gboolean got_in;
} Other;

static gpointer get_in(gpointer user)
{
    Other *other = user;
    g_autoptr(Index) index = open_index(other->fixture);
    for (guint i = 0; i < 600 && !g_file_test(other->asked, G_FILE_TEST_EXISTS); i++)
        g_usleep(G_USEC_PER_SEC / 10);
    other->got_in = index_begin(index, NULL);
    index_rollback(index);
    (void)g_file_set_contents(other->go, "", -1, NULL);
    return NULL;
}

static void others_get_in_while_somebody_is_asked(void **state)
{
    const Fixture *fixture = *state;
    const AbsorbOptions decrypting = {.share = INDEX_FULL, .may_decrypt = TRUE};
    g_autoptr(Vault) vault = fixture_open(fixture);
    g_autoptr(Index) index = open_index(fixture);
    g_autoptr(GBytes) mail = encrypted_to("locked", "hidden subject", "deciphered words");
    g_autofree char *own = gnupg_home_path(home, "own");
    g_autofree char *script = g_build_filename(own, "slow", NULL);
    g_autofree char *path = g_build_filename(g_getenv("srcdir"), "tests/lib/pinentry.sh", NULL);
    g_autofree char *lib = g_canonicalize_filename(path, NULL);
    Other other = {fixture, g_build_filename(own, "asked", NULL), g_build_filename(own, "go", NULL),
                   FALSE};
    g_autofree char *text = g_strdup_printf("#!/bin/sh\n: >%s\n"
                                            "while [ ! -e %s ]; do sleep 0.1; done\n"
                                            "exec sh %s\n",
                                            other.asked, other.go, lib);
    put_text(fixture, vault, "Subject: before\r\n\r\nx\r\n", 1);
    put(fixture, vault, mail, 2);
    assert_true(g_file_set_contents(script, text, -1, NULL));
    assert_int_equal(g_chmod(script, 0700), 0);
    gnupg_home_answer_by(home, "own", script);
    g_autoptr(GThread) thread = g_thread_new("other", get_in, &other);
    assert_int_equal(absorb_all(fixture, vault, index, &decrypting), 2);
    g_thread_join(g_steal_pointer(&thread));
    gnupg_home_ask_nobody(home, "own");
    assert_true(other.got_in);
    assert_int_equal(count(index, "subject:before OR deciphered"), 2);
    g_free(other.asked);
    g_free(other.go);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(p5_absorbing_without_leave_calls_no_gpg),
        TEST(text_that_waited_for_its_key_is_filled_in),
        TEST(what_was_opened_once_needs_no_private_key_again),
        TEST(what_a_reader_opened_is_found_though_the_key_is_locked),
        TEST(p4_with_less_than_all_no_session_key_is_kept),
        TEST(absorbing_is_due_when_something_is_new),
        TEST(absorbing_is_due_when_keys_have_come),
        TEST(what_waited_and_cannot_be_read_whole_is_listed),
        TEST(a_large_encrypted_message_is_read_whole),
        TEST(p4_the_index_holds_no_more_of_encrypted_mail_than_its_share),
        TEST(mail_for_another_key_is_indexed_by_its_headers),
        TEST(mail_whose_key_was_missing_is_opened_when_keys_have_come),
        TEST(others_get_in_while_somebody_is_asked),
    };
    return cmocka_run_group_tests(tests, make_home, remove_home);
}
