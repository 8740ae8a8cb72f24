/*
 * What becomes of a vault when its writer dies or its disk fails at any write or sync. SQLite's
 * own calls are caught here: this program's pwrite64() and fdatasync() stand before
 * the C library's.
 */
#include "tests/unit/store/fixture.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/limits.h"
#include "store/ranges.h"
#include "store/vault-runs.h"

typedef enum {
    DIE,        /* kill -9 before the call */
    DIE_TORN,   /* kill -9 when half of it is written */
    POWER_LOSS, /* nothing is left of what was not synced */
    NO_SPACE,
    IO_ERROR,
    SHORT_WRITE,
} Way;

/* Set in the child alone; the parent's calls pass. */
static struct {
    Way way;
    guint64 calls, fails_at; /* 0: never */
    const char *shadow;      /* the disk as far as it was synced */
} plan;

static gboolean is_now(void)
{
    return plan.fails_at > 0 && ++plan.calls == plan.fails_at;
}

static int fail_with(int reason)
{
    errno = reason;
    return -1;
}

ssize_t pwrite64(int fd, const void *data, size_t size, off64_t at);
ssize_t pwrite64(int fd, const void *data, size_t size, off64_t at)
{
    if (!is_now())
        return syscall(SYS_pwrite64, fd, data, size, at);
    switch (plan.way) {
    case NO_SPACE: return fail_with(ENOSPC);
    case IO_ERROR: return fail_with(EIO);
    case SHORT_WRITE: return syscall(SYS_pwrite64, fd, data, size / 3, at);
    case DIE_TORN: (void)syscall(SYS_pwrite64, fd, data, size / 2, at); break;
    default: break;
    }
    raise(SIGKILL);
    return -1;
}

/* After a sync the shadow is like the file. */
static void keep_shadow(int fd)
{
    g_autofree char *link = g_strdup_printf("/proc/self/fd/%d", fd);
    g_autofree char *path = g_file_read_link(link, NULL);
    g_autofree char *name = path ? g_path_get_basename(path) : NULL;
    g_autofree char *copy = g_build_filename(plan.shadow, name, NULL);
    g_autofree char *data = NULL;
    gsize size;
    if (path && g_file_get_contents(path, &data, &size, NULL))
        g_assert_true(g_file_set_contents_full(copy, data, (gssize)size,
                                               G_FILE_SET_CONTENTS_CONSISTENT, 0600, NULL));
}

int fdatasync(int fd)
{
    if (is_now()) {
        if (plan.way == NO_SPACE || plan.way == IO_ERROR || plan.way == SHORT_WRITE)
            return fail_with(EIO);
        raise(SIGKILL);
    }
    int done = (int)syscall(SYS_fdatasync, fd);
    if (plan.shadow)
        keep_shadow(fd);
    return done;
}

/* --- what is written ----------------------------------------------------------------------- */

#define BATCHES 4
#define MAILS 4 /* a batch; the last one is known already */

/* Made once, before anything forks. */
static GBytes *mails[BATCHES * MAILS];
static char *sums[BATCHES * MAILS];

/* Does not compress, so it goes to disk before its batch is stored. */
static GBytes *noise(void)
{
    gsize size = LIMIT_STAGE_BYTES + LIMIT_STAGE_BYTES / 8;
    guint8 *bytes = g_malloc(size);
    random_bytes(bytes, size);
    return g_bytes_new_take(bytes, size);
}

static int make_mails(void **state)
{
    (void)state;
    for (guint i = 0; i < BATCHES * MAILS; i++) {
        if (i % MAILS == MAILS - 1)
            mails[i] = g_bytes_ref(mails[0]);
        else
            mails[i] = i == MAILS + 1 ? noise() : mail_number(i, 900 + i * 700);
        sums[i] = g_compute_checksum_for_bytes(G_CHECKSUM_SHA256, mails[i]);
    }
    return 0;
}

static int drop_mails(void **state)
{
    (void)state;
    for (guint i = 0; i < BATCHES * MAILS; i++) {
        g_bytes_unref(mails[i]);
        g_free(sums[i]);
    }
    return 0;
}

static gboolean write_batch(VaultWriter *writer, guint batch, GError **error)
{
    g_autoptr(GArray) covered = ranges_new();
    MailboxState mailbox = {.uidvalidity = 5, .covered = covered};
    ranges_add(covered, 1, (batch + 1) * MAILS);
    for (guint n = 0; n < MAILS; n++) {
        GBytes *mail = mails[batch * MAILS + n];
        Arrival arrival = {.account = "work", .mailbox = "INBOX", .uid = batch * MAILS + n + 1};
        gsize size;
        const guint8 *data = g_bytes_get_data(mail, &size);
        if (!vault_message_start(writer, error) ||
            !vault_message_write(writer, data, size, error) ||
            !vault_message_finish(writer, &arrival, error))
            return FALSE;
    }
    return vault_set_mailbox_state(writer, "work", "INBOX", &mailbox, error) &&
           vault_commit(writer, NULL, NULL, error);
}

/* Writes what is missing from batch FIRST on, and tells each batch that is durable. */
static gboolean write_from(const Fixture *fixture, guint first, int told, GError **error)
{
    g_autoptr(Vault) vault = vault_open(fixture->dir, error);
    g_autoptr(VaultWriter) writer =
        vault ? vault_writer_new(vault, fixture->match_key, error) : NULL;
    if (writer == NULL)
        return FALSE;
    for (guint batch = first; batch < BATCHES; batch++) {
        if (!write_batch(writer, batch, error))
            return FALSE;
        if (told >= 0 && write(told, "x", 1) != 1)
            return FALSE;
    }
    return TRUE;
}

/* --- what must be there -------------------------------------------------------------------- */

static char *expected(guint batches)
{
    GString *lines = g_string_new(NULL);
    for (guint i = 0; i < batches * MAILS; i++) {
        g_string_append_printf(lines, "%u work INBOX %u %s\n", i + 1, i + 1, sums[i]);
    }
    return g_string_free(lines, FALSE);
}

static char *found(const Fixture *fixture, Vault *vault)
{
    g_autoptr(GPtrArray) lines = everything(fixture, vault);
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < lines->len; i++)
        g_string_append_printf(text, "%s\n", (const char *)g_ptr_array_index(lines, i));
    return g_string_free(text, FALSE);
}

static guint ranges_end(VaultWriter *writer)
{
    MailboxState state;
    assert_true(vault_mailbox_state(writer, "work", "INBOX", &state, NULL));
    guint end = state.covered->len ? g_array_index(state.covered, UidRange, 0).last : 0;
    g_array_unref(state.covered);
    return end;
}

static int first_number(void *user, int columns, char **values, char **names)
{
    (void)columns, (void)names;
    *(gint64 *)user = g_ascii_strtoll(values[0], NULL, 10);
    return 0;
}

/* Chunks that belong to no stored message. */
static gint64 leftovers(const Fixture *fixture)
{
    g_autofree char *path = g_build_filename(fixture->dir, "vault.db", NULL);
    sqlite3 *db;
    gint64 count = -1;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db,
                                  "SELECT count(*) FROM chunk LEFT JOIN message ON row = key >> 20 "
                                  "AND stored = 1 WHERE row IS NULL",
                                  first_number, &count, NULL),
                     SQLITE_OK);
    sqlite3_close(db);
    return count;
}

/* Every batch that was told is there, at most one more, and none by halves; then it goes on. */
static void assert_whole(const Fixture *fixture, guint told)
{
    Vault *vault = fixture_open(fixture);
    VaultWriter *writer = fixture_writer(fixture, vault);
    guint batches = ranges_end(writer) / MAILS;
    assert_in_range(batches, told, told + 1);
    g_autofree char *want = expected(batches);
    g_autofree char *have = found(fixture, vault);
    assert_string_equal(have, want);
    assert_int_equal(leftovers(fixture), 0);
    vault_writer_free(writer);
    vault_close(vault);

    g_autoptr(GError) error = NULL;
    if (!write_from(fixture, batches, -1, &error))
        fail_msg("%s", error->message);
    vault = fixture_open(fixture);
    g_autofree char *all = expected(BATCHES);
    g_autofree char *now = found(fixture, vault);
    assert_string_equal(now, all);
    VaultStat stat;
    assert_true(vault_stat(vault, &stat, NULL));
    assert_int_equal(stat.messages, BATCHES * (MAILS - 1));
    vault_close(vault);
}

/* --- the trial ----------------------------------------------------------------------------- */

static const char *const files[] = {"vault.db", "vault.db-wal", "vault.db-shm"};

static void copy_file(const char *from_dir, const char *to_dir, const char *name)
{
    g_autofree char *from = g_build_filename(from_dir, name, NULL);
    g_autofree char *to = g_build_filename(to_dir, name, NULL);
    g_autofree char *data = NULL;
    gsize size;
    if (g_file_get_contents(from, &data, &size, NULL))
        assert_true(g_file_set_contents_full(to, data, (gssize)size, G_FILE_SET_CONTENTS_CONSISTENT,
                                             0600, NULL));
    else
        (void)g_unlink(to);
}

/* In a process of its own; TRUE when it came to its end. *told counts the durable batches. */
static gboolean write_under(const Fixture *fixture, Way way, guint64 fails_at, const char *shadow,
                            guint *told)
{
    int channel[2], status;
    char bytes[BATCHES];
    assert_int_equal(pipe(channel), 0);
    pid_t child = fork();
    if (child == 0) {
        g_autoptr(GError) error = NULL;
        plan.way = way;
        plan.fails_at = fails_at;
        plan.shadow = shadow;
        gboolean fine = write_from(fixture, 0, channel[1], &error);
        gboolean named = fine || error->code == POSTERN_ERROR_STORE;
        plan.fails_at = 0;
        _exit(!named ? 2 : plan.calls >= fails_at ? 1 : 0);
    }
    close(channel[1]);
    assert_int_equal(waitpid(child, &status, 0), child);
    gssize got = read(channel[0], bytes, sizeof bytes);
    close(channel[0]);
    *told = (guint)MAX(got, 0);
    assert_false(WIFEXITED(status) && WEXITSTATUS(status) == 2);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* Sanitizers are slow, and look for something else: for them, fewer places do. */
#ifdef SANITIZED
#define STEP 16
#else
#define STEP 1
#endif

static void try_everywhere(const Fixture *fixture, Way way, guint64 stride)
{
    g_autofree char *shadow = g_dir_make_tmp("postern-shadow-XXXXXX", NULL);
    g_autofree char *fresh = g_dir_make_tmp("postern-fresh-XXXXXX", NULL);
    copy_file(fixture->dir, fresh, files[0]);
    guint trials = 0;
    for (guint64 at = 1;; at += at < 20 ? 1 : STEP * stride) {
        guint told;
        for (gsize i = 0; i < G_N_ELEMENTS(files); i++) {
            copy_file(fresh, fixture->dir, files[i]);
            copy_file(fresh, shadow, files[i]);
        }
        gboolean ended = write_under(fixture, way, at, shadow, &told);
        if (way == POWER_LOSS)
            for (gsize i = 0; i < G_N_ELEMENTS(files); i++)
                copy_file(shadow, fixture->dir, files[i]);
        assert_whole(fixture, told);
        trials++;
        if (ended)
            break;
    }
    print_message("# %u trials\n", trials);
    assert_true(trials > 20);
    for (gsize i = 0; i < G_N_ELEMENTS(files); i++) {
        copy_file("/nonexistent", shadow, files[i]);
        copy_file("/nonexistent", fresh, files[i]);
    }
    assert_int_equal(g_rmdir(shadow), 0);
    assert_int_equal(g_rmdir(fresh), 0);
}

static void p6_54_a_killed_writer_loses_and_doubles_nothing(void **state)
{
    try_everywhere(*state, DIE, 41);
}

static void p6_54_a_torn_write_loses_and_doubles_nothing(void **state)
{
    try_everywhere(*state, DIE_TORN, 43);
}

static void p6_54_power_loss_takes_only_what_was_never_promised(void **state)
{
    try_everywhere(*state, POWER_LOSS, 37);
}

static void p6_54_a_full_disk_loses_and_doubles_nothing(void **state)
{
    try_everywhere(*state, NO_SPACE, 47);
}

static void p6_54_a_failing_disk_loses_and_doubles_nothing(void **state)
{
    try_everywhere(*state, IO_ERROR, 53);
}

static void p6_54_a_short_write_loses_and_doubles_nothing(void **state)
{
    try_everywhere(*state, SHORT_WRITE, 59);
}

/* --- two at once --------------------------------------------------------------------------- */

static void p6_61_a_second_writer_is_told_and_a_dead_one_lets_go(void **state)
{
    const Fixture *fixture = *state;
    int ready[2];
    char byte;
    assert_int_equal(pipe(ready), 0);
    pid_t child = fork();
    if (child == 0) {
        Vault *vault = fixture_open(fixture);
        VaultWriter *writer = fixture_writer(fixture, vault);
        Arrival arrival = {.account = "work", .mailbox = "INBOX", .uid = 1};
        store_mail(writer, "mail", 4, &arrival);
        (void)!write(ready[1], "x", 1);
        for (;;)
            pause();
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    g_autoptr(Vault) vault = fixture_open(fixture);
    g_autoptr(GError) error = NULL;
    assert_null(vault_writer_new(vault, fixture->match_key, &error));
    assert_non_null(strstr(error->message, "another sync"));
    assert_rule(error, POSTERN_ERROR_TEMPORARY, "vault.busy");
    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, NULL, 0), child);
    close(ready[0]);
    close(ready[1]);
    g_autoptr(VaultWriter) writer = fixture_writer(fixture, vault);
    commit(writer, 0, 0);
}

static void a_reader_and_a_writer_do_not_wait_for_each_other(void **state)
{
    const Fixture *fixture = *state;
    g_autoptr(Vault) writing = fixture_open(fixture);
    g_autoptr(VaultWriter) writer = fixture_writer(fixture, writing);
    g_autoptr(Vault) reading = fixture_open(fixture);
    for (guint batch = 0; batch < BATCHES; batch++) {
        assert_true(write_batch(writer, batch, NULL));
        g_autofree char *want = expected(batch + 1);
        g_autofree char *have = found(fixture, reading);
        assert_string_equal(have, want);
    }
}

/* --- nothing readable ---------------------------------------------------------------------- */

static void p4_no_name_uidl_or_word_of_mail_is_in_any_file(void **state)
{
    const Fixture *fixture = *state;
    static const char *const needles[] = {"needleaccount", "Needle Folder", "needleuidl4711",
                                          "$NeedleTag",    "needlesubject", "needle body text",
                                          "needle@id",     "needlelogin"};
    g_autoptr(Vault) vault = fixture_open(fixture);
    g_autoptr(VaultWriter) writer = fixture_writer(fixture, vault);
    g_auto(GStrv) flags = g_strsplit("\\Seen $NeedleTag", " ", -1);
    Arrival imap = {
        .account = "needleaccount", .mailbox = "Needle Folder", .uid = 4, .flags = flags};
    Arrival pop = {.account = "needleaccount", .mailbox = "INBOX", .uidl = "needleuidl4711"};
    const char mail[] = "Subject: needlesubject\r\nMessage-ID: <needle@id>\r\n\r\nneedle body text";
    store_mail(writer, mail, strlen(mail), &imap);
    GString *large = g_string_new(mail);
    while (large->len < 200000)
        g_string_append_printf(large, " needle body text %zx", large->len * 2654435761u);
    store_mail(writer, large->str, large->len, &pop);
    g_autoptr(GArray) covered = ranges_new();
    MailboxState mailbox = {.uidvalidity = 1, .covered = covered};
    assert_true(vault_set_mailbox_state(writer, "needleaccount", "Needle Folder", &mailbox, NULL));
    commit(writer, 2, 0);
    g_autoptr(GBytes) secret = g_bytes_new_static("sealed", 6);
    assert_true(vault_put_secret(vault, fixture->match_key, "needlelogin", secret, NULL));
    assert_true(vault_note_run(writer, "needleaccount", &(RunRecord){.began = 1}, NULL));

    /* What a thief of the mail itself could compute and look for (37). */
    static const GChecksumType kinds[] = {G_CHECKSUM_MD5, G_CHECKSUM_SHA1, G_CHECKSUM_SHA256,
                                          G_CHECKSUM_SHA512};
    for (gsize i = 0; i < G_N_ELEMENTS(needles); i++)
        assert_null(find_needle(fixture->dir, needles[i]));
    for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++) {
        g_autoptr(GChecksum) sum = g_checksum_new(kinds[i]);
        guint8 digest[64];
        gsize size = sizeof digest;
        g_checksum_update(sum, (const guchar *)mail, (gssize)strlen(mail));
        assert_null(find_needle(fixture->dir, g_checksum_get_string(sum)));
        g_checksum_get_digest(sum, digest, &size);
        for (gsize j = 0; j < G_N_ELEMENTS(files); j++) {
            g_autofree char *path = g_build_filename(fixture->dir, files[j], NULL);
            g_autofree char *data = NULL;
            gsize length;
            assert_true(g_file_get_contents(path, &data, &length, NULL));
            assert_null(memmem(data, length, digest, 8));
        }
    }
    g_string_free(large, TRUE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(p6_54_a_killed_writer_loses_and_doubles_nothing),
        TEST(p6_54_a_torn_write_loses_and_doubles_nothing),
        TEST(p6_54_power_loss_takes_only_what_was_never_promised),
        TEST(p6_54_a_full_disk_loses_and_doubles_nothing),
        TEST(p6_54_a_failing_disk_loses_and_doubles_nothing),
        TEST(p6_54_a_short_write_loses_and_doubles_nothing),
        TEST(p6_61_a_second_writer_is_told_and_a_dead_one_lets_go),
        TEST(a_reader_and_a_writer_do_not_wait_for_each_other),
        TEST(p4_no_name_uidl_or_word_of_mail_is_in_any_file),
    };
    return cmocka_run_group_tests(tests, make_mails, drop_mails);
}
