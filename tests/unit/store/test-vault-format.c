/* What we write, read by a reader that shares no code with ours: tests/lib/read-vault.py. */
#include "tests/unit/store/fixture.h"

#include <glib/gstdio.h>
#include <string.h>

#include "crypto/pgp.h"
#include "store/absorb.h"
#include "tests/lib/gnupg-home.h"

static gboolean works(const char *command)
{
    int status;
    g_auto(GStrv) line = NULL;
    return g_shell_parse_argv(command, NULL, &line, NULL) &&
           g_spawn_sync(NULL, line, NULL,
                        G_SPAWN_SEARCH_PATH | G_SPAWN_STDOUT_TO_DEV_NULL |
                            G_SPAWN_STDERR_TO_DEV_NULL,
                        NULL, NULL, NULL, NULL, &status, NULL) &&
           g_spawn_check_wait_status(status, NULL);
}

/* What the reader is made of; ./check installs it. */
#define NEED_READER()                                                                              \
    do {                                                                                           \
        if (!works("python3 -c 'import cryptography'") || !works("zstd --version"))                \
            skip();                                                                                \
    } while (0)

/* The fixture's vault anew, its private key wrapped to the owner. */
static Vault *wrapped_vault(Fixture *fixture)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *old = g_build_filename(fixture->dir, "vault.db", NULL);
    char *owner[] = {(char *)gnupg_home_key(home, "owner"), NULL};
    g_autoptr(GBytes) wrapped = pgp_wrap(owner, fixture->private_key, &error);
    assert_int_equal(g_unlink(old), 0);
    if (wrapped == NULL || !vault_create(fixture->dir, fixture->id, fixture->public_key, wrapped,
                                         fixture->match_key, &error))
        fail_msg("%s", error->message);
    return fixture_open(fixture);
}

/* What the reader says to COMMAND; the test fails when it finds damage. */
static char *read_vault(const Fixture *fixture, const char *command, const char *argument)
{
    const char *source = g_getenv("srcdir");
    g_autofree char *script =
        g_build_filename(source ? source : ".", "tests", "lib", "read-vault.py", NULL);
    g_autofree char *path = g_build_filename(fixture->dir, "vault.db", NULL);
    char *line[] = {(char *)"python3", (char *)"-B", script, (char *)command, path,
                    (char *)argument,  NULL};
    char *said = NULL, *complaint = NULL;
    int status;
    g_autoptr(GError) error = NULL;
    if (!g_spawn_sync(NULL, line, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &said, &complaint, &status,
                      &error))
        fail_msg("%s", error->message);
    if (!g_spawn_check_wait_status(status, NULL))
        fail_msg("%s%s", said, complaint);
    g_free(complaint);
    return said;
}

static void put(VaultWriter *writer, gsize size, const Arrival *arrival)
{
    g_autoptr(GBytes) mail = mail_number((guint)size, size);
    gsize length;
    const char *data = g_bytes_get_data(mail, &length);
    store_mail(writer, data, length, arrival);
}

static void fill(const Fixture *fixture, Vault *vault)
{
    g_autoptr(VaultWriter) writer = fixture_writer(fixture, vault);
    g_auto(GStrv) flags = g_strsplit("\\Seen $Work", " ", -1);
    Arrival imap = {
        .account = "work", .mailbox = "Büro", .uid = 7, .internaldate = 1700000000, .flags = flags};
    Arrival pop = {.account = "home", .mailbox = "INBOX", .uidl = "u7", .internaldate = 5};
    put(writer, 100, &imap);
    put(writer, 900000, &pop);
    commit(writer, 2, 0);
    put(writer, 100, &pop);
    put(writer, 70000, &imap);
    commit(writer, 1, 1);
}

static void another_reader_opens_what_was_written(void **state)
{
    NEED_READER();
    Fixture *fixture = *state;
    g_autoptr(Vault) vault = wrapped_vault(fixture);
    fill(fixture, vault);
    g_autofree char *messages = read_vault(fixture, "messages", NULL);
    g_autofree char *journal = read_vault(fixture, "journal", NULL);
    g_autoptr(GPtrArray) ours = everything(fixture, vault);
    assert_int_equal(ours->len, 4);
    for (guint i = 0; i < ours->len; i++) {
        g_auto(GStrv) words = g_strsplit(ours->pdata[i], " ", -1);
        assert_non_null(strstr(messages, words[4])); /* the checksum */
    }
    g_auto(GStrv) lines = g_strsplit(journal, "\n", -1);
    assert_int_equal(g_strv_length(lines), 5);
    assert_true(g_str_has_suffix(lines[0], "\twork\tBüro\t7\t\t1700000000\t\\Seen\t$Work"));
    assert_true(g_str_has_suffix(lines[1], "\thome\tINBOX\t0\tu7\t5"));
    assert_true(g_str_has_suffix(lines[2], "\thome\tINBOX\t0\tu7\t5"));
    assert_memory_equal(lines[0] + 2, lines[2] + 2, 16); /* the same message twice */
}

static void another_reader_takes_the_seal_off_the_index(void **state)
{
    NEED_READER();
    Fixture *fixture = *state;
    const AbsorbOptions options = {.share = INDEX_FULL};
    g_autoptr(Vault) vault = wrapped_vault(fixture);
    fill(fixture, vault);
    g_autoptr(GError) error = NULL;
    g_autoptr(Index) index = index_open(fixture->dir, fixture->id, fixture->private_key, &error);
    assert_non_null(index);
    assert_true(absorb(vault, fixture->private_key, index, &options, NULL, &error));
    g_autofree char *log = g_build_filename(fixture->dir, "index.db-wal", NULL);
    assert_true(g_file_test(log, G_FILE_TEST_EXISTS));
    g_autofree char *plain = g_build_filename(fixture->dir, "plain.db", NULL);
    g_autofree char *said = read_vault(fixture, "index", plain);
    assert_string_equal(said, "3\n");
}

static void another_reader_gets_the_match_key(void **state)
{
    NEED_READER();
    Fixture *fixture = *state;
    g_autoptr(Vault) vault = wrapped_vault(fixture);
    g_autofree char *said = read_vault(fixture, "matchkey", NULL);
    const guint8 *key = secret_bytes(fixture->match_key);
    g_autoptr(GString) expected = g_string_new(NULL);
    for (gsize i = 0; i < KEY_SIZE; i++)
        g_string_append_printf(expected, "%02x", key[i]);
    g_string_append_c(expected, '\n');
    assert_string_equal(said, expected->str);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(another_reader_opens_what_was_written),
        TEST(another_reader_gets_the_match_key),
        TEST(another_reader_takes_the_seal_off_the_index),
    };
    return cmocka_run_group_tests(tests, make_home, remove_home);
}
