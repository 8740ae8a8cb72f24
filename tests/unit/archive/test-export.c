/* What is written into files: the same bytes come back, and nothing else is touched. */
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "archive/export.h"
#include "archive/maildir-name.h"
#include "core/error.h"
#include "core/limits.h"
#include "core/stream.h"
#include "tests/unit/archive/taken.h"

static Source *open_bytes(gpointer user, GError **error)
{
    (void)error;
    return source_from_bytes(user);
}

static Exported put(Exporter *exporter, const char *id, const char *folder, const char *flags,
                    const void *data, gsize size, gboolean as_is)
{
    Exported how;
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) bytes = g_bytes_new(data, size);
    const ExportMessage message = {
        .id = id, .folder = folder, .flags = flags, .date = 1577934245, .as_is = as_is};
    if (!exporter->put(exporter, &message, open_bytes, bytes, &how, &error))
        fail_msg("%s", error->message);
    return how;
}

static char *within(const Harvest *harvest, const char *name)
{
    return g_build_filename(harvest->dir, name, NULL);
}

static Exporter *maildir(const Harvest *harvest)
{
    g_autofree char *path = within(harvest, "out");
    Exporter *exporter = export_maildir(path, NULL);
    assert_non_null(exporter);
    return exporter;
}

static void finish(Exporter *exporter)
{
    assert_true(exporter->finish(exporter, NULL));
    exporter_free(exporter);
}

/* --- bytes --------------------------------------------------------------------------------- */

static const char *const pieces[] = {"From here\r\n",
                                     ">From there\r\n",
                                     ">>From\r\n",
                                     "\r\n",
                                     "text\r\n",
                                     "a\rb\r\n",
                                     "\n",
                                     "\r",
                                     "From x\n",
                                     ">",
                                     "From ",
                                     "x"};

/* As it lies in the vault. */
static GByteArray *random_mail(GRand *random, gboolean ends)
{
    GByteArray *mail = g_byte_array_new();
    gboolean mixed = g_rand_int_range(random, 0, 3) == 0;
    g_byte_array_append(mail, (const guint8 *)"A: b\r\n\r\n", 8);
    for (int i = g_rand_int_range(random, 0, 20); i > 0; i--) {
        const char *piece = pieces[g_rand_int_range(random, 0, mixed ? 12 : 6)];
        g_byte_array_append(mail, (const guint8 *)piece, (guint)strlen(piece));
        if (g_rand_int_range(random, 0, 10) == 0)
            g_byte_array_append(mail, (const guint8 *)"\0\xe4", 2);
    }
    if (ends)
        g_byte_array_append(mail, (const guint8 *)"\r\n", 2);
    return mail;
}

/* What archive_read() gives is what was in the vault; a bare LF comes back in what has CRLF, too.
 */
static void assert_given(const Taken *taken, const GByteArray *mail)
{
    assert_int_equal(taken->given->len, mail->len);
    assert_memory_equal(taken->given->data, mail->data, mail->len);
}

static void what_is_written_is_read_again(void **state)
{
    Harvest *harvest = *state;
    g_autoptr(GRand) random = g_rand_new_with_seed(7);
    for (guint round = 0; round < 300; round++) {
        gboolean as_is = g_rand_boolean(random);
        g_autoptr(GByteArray) one = random_mail(random, FALSE);
        g_autoptr(GByteArray) two = random_mail(random, TRUE);
        g_autofree char *id = g_strdup_printf("r%u", round);
        g_autofree char *box = within(harvest, id);
        g_autofree char *dir = within(harvest, "dir");
        g_autofree char *below = g_build_filename(dir, id, NULL);
        Exporter *exporter = export_maildir(below, NULL);
        assert_int_equal(put(exporter, "a", "INBOX", "S", one->data, one->len, as_is), EXPORTED);
        finish(exporter);
        assert_true(harvest_read(harvest, below, MBOX_AUTO, NULL));
        assert_given(harvest_at(harvest, 0), one);
        exporter = export_mbox(box, NULL);
        put(exporter, "a", "INBOX", "", two->data, two->len, as_is);
        put(exporter, "b", "INBOX", "", two->data, two->len, !as_is);
        finish(exporter);
        assert_true(harvest_read(harvest, box, MBOX_RD, NULL));
        assert_int_equal(harvest->messages->len, 2);
        assert_given(harvest_at(harvest, 0), two);
        assert_given(harvest_at(harvest, 1), two);
        assert_int_equal(harvest_at(harvest, 0)->date, 1577934245);
    }
}

static void lines_end_as_in_other_files(void **state)
{
    Harvest *harvest = *state;
    Exporter *exporter = maildir(harvest);
    put(exporter, "a", "INBOX", "", "A: b\r\n\r\nx\r\n", 11, FALSE);
    put(exporter, "b", "Kept", "", "A: b\r\n\r\nx\r\n", 11, TRUE);
    put(exporter, "c", "Mixed", "", "A: b\r\n\nx\r\n", 10, FALSE);
    finish(exporter);
    g_autofree char *path = within(harvest, "out");
    assert_true(harvest_read(harvest, path, MBOX_AUTO, NULL));
    assert_file(harvest_in(harvest, "INBOX"), "A: b\n\nx\n", 8);
    assert_file(harvest_in(harvest, "Kept"), "A: b\r\n\r\nx\r\n", 11);
    assert_file(harvest_in(harvest, "Mixed"), "A: b\r\n\nx\r\n", 10);
}

static void a_message_without_a_last_newline_gets_one_in_an_mbox_and_it_is_told(void **state)
{
    Harvest *harvest = *state;
    g_autofree char *path = within(harvest, "box");
    Exporter *exporter = export_mbox(path, NULL);
    assert_int_equal(put(exporter, "a", "INBOX", "", "A: b\r\n\r\nx", 9, FALSE), EXPORTED_LONGER);
    assert_int_equal(put(exporter, "b", "INBOX", "", "A: b\r\n\r\n", 8, FALSE), EXPORTED);
    finish(exporter);
    g_autofree char *text = NULL;
    assert_true(g_file_get_contents(path, &text, NULL, NULL));
    assert_string_equal(text, "From MAILER-DAEMON Thu Jan  2 03:04:05 2020\nA: b\n\nx\n\n"
                              "From MAILER-DAEMON Thu Jan  2 03:04:05 2020\nA: b\n\n\n");
}

/* --- files --------------------------------------------------------------------------------- */

static void assert_mode(const char *dir, const char *name, guint mode)
{
    GStatBuf facts;
    g_autofree char *path = g_build_filename(dir, name, NULL);
    assert_int_equal(g_lstat(path, &facts), 0);
    assert_int_equal(facts.st_mode & 07777, mode);
}

static void p4_files_are_the_users_alone_and_dated(void **state)
{
    Harvest *harvest = *state;
    GStatBuf facts;
    mode_t before = umask(0);
    Exporter *exporter = maildir(harvest);
    put(exporter, "a", "Lists/C", "FS", "A: b\r\n\r\n", 8, FALSE);
    finish(exporter);
    g_autofree char *box = within(harvest, "box");
    exporter = export_mbox(box, NULL);
    finish(exporter);
    umask(before);
    assert_mode(harvest->dir, "out", 0700);
    assert_mode(harvest->dir, "out/.Lists.C", 0700);
    assert_mode(harvest->dir, "out/.Lists.C/tmp", 0700);
    assert_mode(harvest->dir, "out/.Lists.C/cur/a.postern:2,FS", 0600);
    assert_mode(harvest->dir, "out/.Lists.C/maildirfolder", 0600);
    assert_mode(harvest->dir, "box", 0600);
    g_autofree char *file = within(harvest, "out/.Lists.C/cur/a.postern:2,FS");
    assert_int_equal(g_stat(file, &facts), 0);
    assert_int_equal(facts.st_mtime, 1577934245);
}

static void an_export_that_is_run_again_writes_what_is_missing(void **state)
{
    Harvest *harvest = *state;
    Exporter *exporter = maildir(harvest);
    assert_int_equal(put(exporter, "a", "INBOX", "", "A: 1\r\n\r\n", 8, FALSE), EXPORTED);
    assert_int_equal(put(exporter, "a", "Sent", "", "A: 1\r\n\r\n", 8, FALSE), EXPORTED);
    finish(exporter);
    g_autofree char *old = within(harvest, "out/cur/a.postern:2,");
    g_autofree char *new = within(harvest, "out/new/a.postern");
    g_autofree char *left = harvest_put(harvest, "out/tmp/b.postern", "half", 4);
    assert_int_equal(g_rename(old, new), 0); /* by another program */
    exporter = maildir(harvest);
    assert_int_equal(put(exporter, "a", "INBOX", "S", "A: 2\r\n\r\n", 8, FALSE), EXPORTED_BEFORE);
    assert_int_equal(put(exporter, "b", "INBOX", "S", "A: 3\r\n\r\n", 8, FALSE), EXPORTED);
    assert_int_equal(put(exporter, "a", "Sent", "S", "A: 2\r\n\r\n", 8, FALSE), EXPORTED_BEFORE);
    finish(exporter);
    assert_false(g_file_test(left, G_FILE_TEST_EXISTS));
    g_autofree char *path = within(harvest, "out");
    assert_true(harvest_read(harvest, path, MBOX_AUTO, NULL));
    assert_int_equal(harvest->messages->len, 3);
}

static void refuses(Exporter *(*make)(const char *, GError **), const char *path)
{
    g_autoptr(GError) error = NULL;
    assert_null(make(path, &error));
    assert_string_equal(postern_error_rule(error), "export.create");
    assert_int_equal(error->code, POSTERN_ERROR_CREATE);
}

static void p8_nothing_is_written_over_or_through_a_link(void **state)
{
    Harvest *harvest = *state;
    GError *error = NULL;
    g_autofree char *there = harvest_put(harvest, "there", "mine", 4);
    g_autofree char *link = within(harvest, "link");
    assert_int_equal(symlink("nowhere", link), 0);
    refuses(export_mbox, there);
    refuses(export_mbox, link);
    refuses(export_maildir, there);
    g_autofree char *text = NULL;
    assert_true(g_file_get_contents(there, &text, NULL, NULL));
    assert_string_equal(text, "mine");

    /* A folder that is a link, and a file that came in between. */
    Exported how;
    g_autoptr(GBytes) bytes = g_bytes_new_static("A: b\r\n\r\n", 8);
    g_autofree char *elsewhere = within(harvest, "elsewhere");
    g_autofree char *folder = within(harvest, "out/.Sent");
    Exporter *exporter = maildir(harvest);
    assert_int_equal(g_mkdir(elsewhere, 0700), 0);
    assert_int_equal(symlink(elsewhere, folder), 0);
    const ExportMessage sent = {.id = "a", .folder = "Sent", .flags = ""};
    error = NULL;
    assert_false(exporter->put(exporter, &sent, open_bytes, bytes, &how, &error));
    assert_string_equal(postern_error_rule(error), "export.create");
    g_clear_error(&error);
    put(exporter, "a", "INBOX", "", "A: b\r\n\r\n", 8, FALSE);
    g_free(harvest_put(harvest, "out/cur/c.postern:2,", "mine", 4));
    const ExportMessage late = {.id = "c", .folder = "INBOX", .flags = ""};
    assert_false(exporter->put(exporter, &late, open_bytes, bytes, &how, &error));
    assert_string_equal(postern_error_rule(error), "export.write");
    g_clear_error(&error);
    exporter_free(exporter);
    assert_int_equal(g_rmdir(elsewhere), 0); /* it is empty */
    g_autofree char *half = within(harvest, "out/tmp/c.postern");
    assert_false(g_file_test(half, G_FILE_TEST_EXISTS));
}

static void p4_an_mbox_that_is_not_finished_goes_again(void **state)
{
    Harvest *harvest = *state;
    g_autofree char *path = within(harvest, "box");
    Exporter *exporter = export_mbox(path, NULL);
    put(exporter, "a", "INBOX", "", "A: b\r\n\r\n", 8, FALSE);
    exporter_free(exporter);
    assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
}

static void a_full_disk_is_told(void **state)
{
    (void)state;
    GError *error = NULL;
    Exported how;
    g_autofree char *large = g_malloc0(100000);
    g_autoptr(GBytes) bytes = g_bytes_new_static(large, 100000);
    int before = dup(STDOUT_FILENO), full = open("/dev/full", O_WRONLY | O_CLOEXEC);
    const ExportMessage message = {.id = "a", .folder = "INBOX", .flags = ""};
    assert_true(dup2(full, STDOUT_FILENO) >= 0);
    Exporter *exporter = export_mbox("-", NULL);
    assert_true(dup2(before, STDOUT_FILENO) >= 0);
    assert_false(exporter->put(exporter, &message, open_bytes, bytes, &how, &error));
    assert_string_equal(postern_error_rule(error), "export.write");
    assert_int_equal(error->code, POSTERN_ERROR_STORE);
    g_error_free(error);
    exporter_free(exporter);
    close(before);
    close(full);
}

/* --- names --------------------------------------------------------------------------------- */

static void folders_are_called_as_other_programs_call_them(void **state)
{
    (void)state;
    static const char *const names[][2] = {{"INBOX", ""},
                                           {"inbox", ""},
                                           {"Sent", ".Sent"},
                                           {"Lists/C", ".Lists.C"},
                                           {"Lists.C", ".Lists.C"},
                                           {"Größe", ".Gr&APYA3w-e"},
                                           {"R&D", ".R&-D"},
                                           {"日本語", ".&ZeVnLIqe-"},
                                           {"../../etc", "._._._._._._.etc"},
                                           {".", "._._"},
                                           {"a//b", ".a._.b"},
                                           {"a\nb\x7f", ".a_b_"},
                                           {"", "._"}};
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *name = maildir_name(names[i][0]);
        assert_string_equal(name, names[i][1]);
    }
    g_autofree char *long_one = g_strnfill(1000, 'x'), *other = g_strnfill(1001, 'x');
    g_autofree char *first = maildir_name(long_one), *second = maildir_name(other);
    assert_true(strlen(first) <= LIMIT_FILE_NAME && strlen(second) <= LIMIT_FILE_NAME);
    assert_string_not_equal(first, second);
}

int main(void)
{
#define WITH(test) cmocka_unit_test_setup_teardown(test, harvest_set_up, harvest_tear_down)
    const struct CMUnitTest tests[] = {
        WITH(what_is_written_is_read_again),
        WITH(lines_end_as_in_other_files),
        WITH(a_message_without_a_last_newline_gets_one_in_an_mbox_and_it_is_told),
        WITH(p4_files_are_the_users_alone_and_dated),
        WITH(an_export_that_is_run_again_writes_what_is_missing),
        WITH(p8_nothing_is_written_over_or_through_a_link),
        WITH(p4_an_mbox_that_is_not_finished_goes_again),
        cmocka_unit_test(a_full_disk_is_told),
        cmocka_unit_test(folders_are_called_as_other_programs_call_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
