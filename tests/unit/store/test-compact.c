/*
 * Giving room back: the files become shorter, nothing else changes, and a process that dies or a
 * disk that fails at any write leaves all as it was. This program's pwrite64() stands before the C
 * library's.
 */
#include "store/compact.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/agree.h"
#include "store/ranges.h"
#include "tests/unit/store/fixture.h"

#define MAILS 25
#define MAIL_SIZE 16000

typedef enum { DIE, DIE_TORN, NO_SPACE } Way;

/* Set in the child alone. */
static struct {
    Way way;
    guint64 calls, fails_at; /* 0: never */
} plan;

ssize_t pwrite64(int fd, const void *data, size_t size, off64_t at);
ssize_t pwrite64(int fd, const void *data, size_t size, off64_t at)
{
    if (plan.fails_at == 0 || ++plan.calls != plan.fails_at)
        return syscall(SYS_pwrite64, fd, data, size, at);
    if (plan.way == NO_SPACE) {
        errno = ENOSPC;
        return -1;
    }
    if (plan.way == DIE_TORN)
        (void)syscall(SYS_pwrite64, fd, data, size / 2, at);
    raise(SIGKILL);
    return -1;
}

/* --- a store with holes --------------------------------------------------------------------- */

static const AbsorbOptions plain = {.share = INDEX_FULL, .may_decrypt = FALSE};

/* Does not compress, and every word is its own. */
static GBytes *letter(guint n)
{
    g_autoptr(GRand) dice = g_rand_new_with_seed(n);
    GString *mail = g_string_new(NULL);
    g_string_append_printf(mail, "Subject: letter %u\r\n\r\n", n);
    while (mail->len < MAIL_SIZE)
        g_string_append_printf(mail, "%08x%s", g_rand_int(dice), mail->len % 64 < 9 ? "\r\n" : " ");
    return g_string_free_to_bytes(mail);
}

static void drop(VaultWriter *writer, guint uid)
{
    g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func((GDestroyNotify)departure_free);
    Departure *departure = g_new0(Departure, 1);
    Removal removal = {.remove = TRUE, .most = MAILS};
    departure->mailbox = g_strdup("INBOX");
    departure->uids = ranges_new();
    ranges_add(departure->uids, uid, uid);
    g_ptr_array_add(all, departure);
    assert_true(vault_depart(writer, "work", all, &removal, NULL));
    assert_int_equal(removal.removed, 1);
}

static Index *open_index(const Fixture *fixture)
{
    g_autoptr(GError) error = NULL;
    Index *index = index_open(fixture->dir, fixture->id, fixture->private_key, &error);
    if (index == NULL)
        fail_msg("%s", error->message);
    return index;
}

static void absorb_all(const Fixture *fixture, Vault *vault)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Index) index = open_index(fixture);
    if (!absorb(vault, fixture->private_key, index, &plain, NULL, &error))
        fail_msg("%s", error->message);
}

/* Two of three letters are gone again; the index was told one after the other. */
static void make_holes(const Fixture *fixture)
{
    g_autoptr(Vault) vault = fixture_open(fixture);
    g_autoptr(VaultWriter) writer = fixture_writer(fixture, vault);
    for (guint uid = 1; uid <= MAILS; uid++) {
        const Arrival arrival = {.account = "work", .mailbox = "INBOX", .uid = uid};
        g_autoptr(GBytes) mail = letter(uid);
        gsize size;
        const char *data = g_bytes_get_data(mail, &size);
        store_mail(writer, data, size, &arrival);
        if (uid % 5 > 0)
            continue;
        assert_true(vault_commit(writer, NULL, NULL, NULL));
        absorb_all(fixture, vault);
    }
    for (guint uid = 1; uid <= MAILS; uid++)
        if (uid % 3 > 0)
            drop(writer, uid);
    absorb_all(fixture, vault);
}

/* --- what must be so before and after -------------------------------------------------------- */

typedef struct {
    const Fixture *fixture;
    Vault *vault;
    GString *lines;
} Reading;

static gboolean read_record(gpointer user, const JournalRecord *record, GError **error)
{
    Reading *self = user;
    guint8 buffer[4096];
    gssize got = 0;
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
    g_autoptr(Source) source =
        record->removed ? NULL
                        : vault_message(self->vault, self->fixture->private_key, record->id, error);
    while (source && (got = source_read(source, buffer, sizeof buffer, error)) > 0)
        g_checksum_update(sum, buffer, got);
    g_string_append_printf(self->lines, "%d %d %d %u %d %s\n", (int)record->sequence,
                           (int)record->row, record->kind, record->arrival.uid, record->removed,
                           g_checksum_get_string(sum));
    return got >= 0 && (source || record->removed);
}

static char *contents(const Fixture *fixture)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Vault) vault = fixture_open(fixture);
    Reading reading = {fixture, vault, g_string_new(NULL)};
    if (!vault_replay(vault, fixture->private_key, 0, read_record, &reading, &error))
        fail_msg("%s", error->message);
    return g_string_free(reading.lines, FALSE);
}

static gboolean differs(gpointer user, gint64 row, const char *id, const char *what, GError **error)
{
    (void)user;
    (void)error;
    fail_msg("row %d (%s) differs: %s", (int)row, id, what ? what : "it is not in the vault");
    return FALSE;
}

static void assert_index(const Fixture *fixture)
{
    guint64 unopened, pages;
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) faults = g_ptr_array_new_with_free_func(g_free);
    const AgreeOptions options = {.store = fixture->dir, .share = INDEX_FULL};
    g_autoptr(Vault) vault = fixture_open(fixture);
    g_autoptr(Index) index = open_index(fixture);
    if (!index_check(index, &pages, faults, &error) ||
        !agree(vault, fixture->private_key, index, &options, differs, NULL, &unopened, &error))
        fail_msg("%s", error->message);
    if (faults->len > 0)
        fail_msg("%s", (char *)faults->pdata[0]);
}

static void assert_sound(const Fixture *fixture, const char *before)
{
    g_autofree char *now = contents(fixture);
    assert_string_equal(now, before);
    assert_index(fixture);
}

/* --- trials ---------------------------------------------------------------------------------- */

static void count_steps(gpointer user, guint64 left)
{
    (void)left;
    ++*(guint *)user;
}

static gboolean compact(const Fixture *fixture, guint *steps, GError **error)
{
    g_autoptr(Vault) vault = vault_open(fixture->dir, error);
    g_autoptr(Index) index =
        vault ? index_open(fixture->dir, fixture->id, fixture->private_key, error) : NULL;
    return index && vault_compact(vault, count_steps, steps, error) &&
           index_compact(index, count_steps, steps, error);
}

static void room_is_given_back_and_nothing_else_changes(void **state)
{
    const Fixture *fixture = *state;
    guint steps = 0;
    g_autoptr(GError) error = NULL;
    make_holes(fixture);
    g_autofree char *before = contents(fixture);
    StoreRoom wide = store_room(fixture->dir);
    if (!compact(fixture, &steps, &error))
        fail_msg("%s", error->message);
    StoreRoom close = store_room(fixture->dir);
    assert_true(steps > 2);
    assert_true(close.vault + MAILS / 2 * MAIL_SIZE / 3 < wide.vault);
    assert_true(close.index < wide.index);
    assert_int_equal(number(fixture, "SELECT freelist_count FROM pragma_freelist_count"), 0);
    assert_sound(fixture, before);
    assert_true(compact(fixture, &steps, NULL)); /* once more */
    assert_sound(fixture, before);
    assert_int_equal(store_room(fixture->dir).vault, close.vault);
}

static void what_a_killed_writer_left_goes_too(void **state)
{
    const Fixture *fixture = *state;
    guint steps = 0;
    make_holes(fixture);
    tamper(fixture, "INSERT INTO batch(id, ephemeral) VALUES (9999, zeroblob(32));"
                    "INSERT INTO message(row, id, batch, stored)"
                    " VALUES (9999, zeroblob(10), 9999, 0);"
                    "INSERT INTO chunk VALUES ((9999 << 20), zeroblob(1000000))");
    assert_true(compact(fixture, &steps, NULL));
    assert_int_equal(number(fixture, "SELECT count(*) FROM chunk WHERE key >= 9999 << 20"), 0);
    assert_true(store_room(fixture->dir).vault < 600000);
}

static void it_waits_for_no_writer(void **state)
{
    const Fixture *fixture = *state;
    g_autoptr(GError) error = NULL;
    g_autoptr(Vault) vault = fixture_open(fixture), other = fixture_open(fixture);
    g_autoptr(VaultWriter) writer = fixture_writer(fixture, vault);
    assert_false(vault_compact(other, NULL, NULL, &error));
    assert_rule(error, POSTERN_ERROR_TEMPORARY, "vault.busy");
}

static void who_reads_meanwhile_goes_on_reading(void **state)
{
    const Fixture *fixture = *state;
    guint steps = 0;
    make_holes(fixture);
    g_autofree char *before = contents(fixture);
    g_autoptr(Index) reading = open_index(fixture);
    g_autoptr(Query) query = query_parse("subject:letter", 0, NULL);
    g_autoptr(GPtrArray) hits = index_search(reading, query, 0, SORT_OLDEST, NULL);
    assert_int_equal(hits->len, MAILS / 3);
    assert_true(compact(fixture, &steps, NULL));
    g_autoptr(GPtrArray) again = index_search(reading, query, 0, SORT_OLDEST, NULL);
    assert_int_equal(again->len, MAILS / 3);
    assert_sound(fixture, before);
}

static const char *const files[] = {"vault.db",     "index.db",     "vault.db-wal",
                                    "index.db-wal", "vault.db-shm", "index.db-shm"};

static void copy_files(const char *from_dir, const char *to_dir)
{
    for (gsize i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *from = g_build_filename(from_dir, files[i], NULL);
        g_autofree char *to = g_build_filename(to_dir, files[i], NULL);
        g_autofree char *data = NULL;
        gsize size;
        (void)g_unlink(to);
        if (g_file_get_contents(from, &data, &size, NULL))
            assert_true(g_file_set_contents_full(to, data, (gssize)size, G_FILE_SET_CONTENTS_NONE,
                                                 0600, NULL));
    }
}

/* TRUE when it came to its end. */
static gboolean compact_under(const Fixture *fixture, Way way, guint64 fails_at)
{
    int status;
    pid_t child = fork();
    if (child == 0) {
        guint steps = 0;
        g_autoptr(GError) error = NULL;
        plan.way = way;
        plan.fails_at = fails_at;
        gboolean fine = compact(fixture, &steps, &error);
        gboolean named = fine || error->code == POSTERN_ERROR_STORE;
        _exit(!named ? 2 : plan.calls >= fails_at ? 1 : 0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_false(WIFEXITED(status) && WEXITSTATUS(status) == 2);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* Sanitizers are slow, and look for something else: for them, fewer places do. */
#ifdef SANITIZED
#define STRIDE 97
#else
#define STRIDE 29
#endif

static void try_everywhere(const Fixture *fixture, Way way)
{
    g_autofree char *fresh = g_dir_make_tmp("postern-fresh-XXXXXX", NULL);
    guint trials = 0, steps = 0;
    gboolean ended = FALSE;
    make_holes(fixture);
    g_autofree char *before = contents(fixture);
    copy_files(fixture->dir, fresh);
    for (guint64 at = 1; !ended; at += STRIDE, trials++) {
        copy_files(fresh, fixture->dir);
        ended = compact_under(fixture, way, at);
        assert_sound(fixture, before);
    }
    assert_true(compact(fixture, &steps, NULL));
    assert_sound(fixture, before);
    print_message("# %u trials\n", trials);
    assert_true(trials > 4);
    copy_files("/nonexistent", fresh);
    assert_int_equal(g_rmdir(fresh), 0);
}

static void p6_killed_anywhere_nothing_is_lost(void **state)
{
    try_everywhere(*state, DIE);
}

static void p6_torn_writes_lose_nothing(void **state)
{
    try_everywhere(*state, DIE_TORN);
}

static void p6_a_full_disk_loses_nothing(void **state)
{
    try_everywhere(*state, NO_SPACE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(room_is_given_back_and_nothing_else_changes),
        TEST(what_a_killed_writer_left_goes_too),
        TEST(it_waits_for_no_writer),
        TEST(who_reads_meanwhile_goes_on_reading),
        TEST(p6_killed_anywhere_nothing_is_lost),
        TEST(p6_torn_writes_lose_nothing),
        TEST(p6_a_full_disk_loses_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
