/* Maildirs of every make, and what else may lie in them. */
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "archive/maildir.h"
#include "archive/region.h"
#include "core/error.h"
#include "core/limits.h"
#include "tests/unit/archive/taken.h"

static void make(const Harvest *harvest, const char *folder)
{
    static const char *const parts[] = {"cur", "new", "tmp"};
    for (gsize i = 0; i < G_N_ELEMENTS(parts); i++) {
        g_autofree char *path = g_build_filename(harvest->dir, folder, parts[i], NULL);
        assert_int_equal(g_mkdir_with_parents(path, 0700), 0);
    }
}

static void put(const Harvest *harvest, const char *folder, const char *name, const char *text)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    make(harvest, folder);
    g_free(harvest_put(harvest, path, text, strlen(text)));
}

static void read_all(Harvest *harvest)
{
    g_autoptr(GError) error = NULL;
    if (!harvest_read(harvest, NULL, MBOX_AUTO, &error))
        fail_msg("%s", error->message);
}

static void flags_stand_in_the_name(void **state)
{
    (void)state;
    static const char *const names[][2] = {
        {"1.x:2,", ""}, {"1.x:2,RS", "RS"}, {"1.x;2,S", "S"}, {"1.x!2,F", "F"},    {"1.x:1,RS", ""},
        {"1.x", ""},    {"2,S", ""},        {":2,S", "S"},    {"1.x:2,S:2,T", "T"}};
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++)
        assert_string_equal(maildir_flags(names[i][0]), names[i][1]);
}

static void maildir_plus_plus_is_read(void **state)
{
    Harvest *harvest = *state;
    put(harvest, "", "cur/1:2,S", "A: 1\n\n");
    put(harvest, ".Sent", "cur/2:2,", "A: 2\n\n");
    put(harvest, ".Lists.C.gcc", "new/3", "A: 3\n\n");
    put(harvest, ".notmuch/xapian", "cur/4", "A: 4\n\n"); /* hidden, and no Maildir itself */
    read_all(harvest);
    assert_int_equal(harvest->messages->len, 3);
    assert_string_equal(harvest_in(harvest, "INBOX")->flags, "S");
    assert_non_null(harvest_in(harvest, "Sent"));
    assert_string_equal(harvest_in(harvest, "Lists/C/gcc")->flags, "");
}

/* A directory has its names in any order. */
static void mail_is_read_in_the_order_in_which_it_was_delivered(void **state)
{
    Harvest *harvest = *state;
    const guint count = 60;
    for (guint i = 0; i < count; i++) {
        g_autofree char *name = g_strdup_printf("cur/%u.M1P1.corp:2,", 970 + i * 7 % count);
        put(harvest, "", name, "A: 1\n\n");
    }
    read_all(harvest);
    assert_int_equal(harvest->messages->len, count);
    for (guint i = 0; i < count; i++) {
        g_autofree char *name = g_strdup_printf("/%u.M1P1.corp:2,", 970 + i);
        assert_true(g_str_has_suffix(harvest_at(harvest, i)->place, name));
    }
}

static void nested_folders_are_read(void **state)
{
    Harvest *harvest = *state;
    put(harvest, "work/Inbox", "cur/1:2,", "A: 1\n\n");
    put(harvest, "work/Inbox/.Sub", "cur/2:2,", "A: 2\n\n"); /* mbsync, SubFolders Legacy */
    put(harvest, "work/Archive/2020", "cur/3:2,", "A: 3\n\n");
    put(harvest, "work/INBOX.Drafts", "cur/4:2,", "A: 4\n\n"); /* offlineimap */
    g_autofree char *work = g_build_filename(harvest->dir, "work", NULL);
    assert_true(harvest_read(harvest, work, MBOX_AUTO, NULL));
    assert_int_equal(harvest->messages->len, 4);
    assert_non_null(harvest_in(harvest, "INBOX"));
    assert_non_null(harvest_in(harvest, "Inbox/Sub"));
    assert_non_null(harvest_in(harvest, "Archive/2020"));
    assert_non_null(harvest_in(harvest, "INBOX.Drafts"));
}

static void p8_links_and_special_files_are_told_of_and_not_opened(void **state)
{
    Harvest *harvest = *state;
    put(harvest, "", "cur/1:2,", "A: 1\n\n");
    g_autofree char *secret = harvest_put(harvest, "elsewhere/secret", "A: secret\n\n", 11);
    g_autofree char *outside = g_build_filename(harvest->dir, "elsewhere", NULL);
    g_autofree char *link = g_build_filename(harvest->dir, "cur", "link:2,", NULL);
    g_autofree char *fifo = g_build_filename(harvest->dir, "cur", "fifo", NULL);
    g_autofree char *directory = g_build_filename(harvest->dir, "new", "dir", NULL);
    g_autofree char *folder = g_build_filename(harvest->dir, ".Linked", NULL);
    assert_int_equal(symlink(secret, link), 0);
    assert_int_equal(mkfifo(fifo, 0600), 0);
    assert_int_equal(g_mkdir(directory, 0700), 0);
    assert_int_equal(symlink(outside, folder), 0);
    read_all(harvest);
    assert_int_equal(harvest->messages->len, 1);
    assert_int_equal(harvest->faults->len, 3);
    for (guint i = 0; i < 3; i++)
        assert_string_equal(harvest->faults->pdata[i], "import.file");
}

static void what_is_no_mail_stops_nothing(void **state)
{
    Harvest *harvest = *state;
    put(harvest, "", "cur/1:2,", "A: 1\n\n");
    put(harvest, "", "cur/2:2,", "");
    put(harvest, "", "cur/3:2,",
        "\x7f"
        "ELF\x02\x01\x01: not mail");
    put(harvest, "", "cur/.mbsyncstate", "1 2 3");
    put(harvest, "", "new/4", "From somebody\nA: 4\n\n");
    put(harvest, "", "new/5", "no header at all\n"); /* a server would take it */
    read_all(harvest);
    assert_int_equal(harvest->messages->len, 3);
    assert_int_equal(harvest->faults->len, 2);
    assert_string_equal(harvest->faults->pdata[0], "import.message");
}

static void odd_bytes_come_back(void **state)
{
    static const struct {
        const char *text;
        gsize size;
        gboolean as_is;
    } odd[] = {{"A: 1\n\nno end", 12, FALSE},
               {"A: 1\r\n\r\nx\r\n", 11, TRUE},
               {"A: 1\r\nB: 2\n\nx", 14, TRUE},
               {"A: 1\n\na\0b\n", 10, FALSE},
               {"A: 1\n\na\rb\r", 10, FALSE},
               {"A: 1\n\n\r\r\n", 9, TRUE},
               {"A: 1", 4, FALSE},
               {"A: 1\n\n>From x\nFrom y\n", 21, FALSE}};
    for (gsize i = 0; i < G_N_ELEMENTS(odd); i++) {
        Harvest *harvest = *state;
        make(harvest, "");
        g_free(harvest_put(harvest, "cur/1:2,", odd[i].text, odd[i].size));
        read_all(harvest);
        assert_int_equal(harvest->messages->len, 1);
        assert_int_equal(harvest_at(harvest, 0)->as_is, odd[i].as_is);
        assert_file(harvest_at(harvest, 0), odd[i].text, odd[i].size);
    }
}

static void a_single_message_and_a_path_that_is_a_link_are_read(void **state)
{
    Harvest *harvest = *state;
    g_autofree char *path = harvest_put(harvest, "letter.eml", "to: 1\n\nx\n", 9);
    g_autofree char *link = g_build_filename(harvest->dir, "link", NULL);
    assert_int_equal(symlink(path, link), 0);
    assert_true(harvest_read(harvest, path, MBOX_AUTO, NULL));
    assert_null(harvest_at(harvest, 0)->folder);
    assert_true(harvest_read(harvest, link, MBOX_AUTO, NULL));
    assert_file(harvest_at(harvest, 0), "to: 1\n\nx\n", 9);
}

static void a_file_by_its_name_has_a_field_of_mail(void **state)
{
    Harvest *harvest = *state;
    static const struct {
        const char *text;
        guint mail;
    } cases[] = {
        {"root:x:0:0:root:/root:/bin/bash\nto:x:1:1::/:\n", 1}, /* who knows */
        {"root:x:0:0:root:/root:/bin/bash\ndaemon:x:1:1::/:\n", 0},
        {"todo: milk\ntomorrow: bread\n\nTo: x\n", 0},
        {"X-Spam: no\nX-More: a\n b\nFROM : a@b\r\n\r\nx", 1},
        {"X: 1\r\n\r\nFrom: x\n", 0},
        {"From a@b Mon Mar  4 10:00:00 2024\nX: 1\n\nx\n", 1},
        {"Date", 0},
        {"Dat", 0},
        {"Date:", 1},
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = harvest_put(harvest, "one", cases[i].text, strlen(cases[i].text));
        assert_true(harvest_read(harvest, path, MBOX_AUTO, NULL));
        if (harvest->messages->len != cases[i].mail || harvest->faults->len == cases[i].mail)
            fail_msg("%u %s", i, cases[i].text);
    }
}

static void refuses(Harvest *harvest, const char *path, MboxKind kind, const char *rule)
{
    g_autoptr(GError) error = NULL;
    assert_false(harvest_read(harvest, path, kind, &error));
    assert_string_equal(postern_error_rule(error), rule);
    assert_non_null(postern_error_mend(error));
}

static void where_no_mail_is_that_is_told(void **state)
{
    Harvest *harvest = *state;
    g_autofree char *empty = harvest_put(harvest, "empty", "", 0);
    g_autofree char *letter = harvest_put(harvest, "letter", "A: 1\n\n", 6);
    g_autofree char *notes = harvest_put(harvest, "notes", "no mail\n", 8);
    assert_true(harvest_read(harvest, notes, MBOX_AUTO, NULL));
    assert_int_equal(harvest->messages->len, 0);
    assert_string_equal(harvest->faults->pdata[0], "import.message");
    refuses(harvest, NULL, MBOX_AUTO, "import.nothing");
    refuses(harvest, empty, MBOX_AUTO, "import.nothing");
    refuses(harvest, letter, MBOX_RD, "import.nothing");
    refuses(harvest, "/dev/null", MBOX_AUTO, "import.file");
    refuses(harvest, "/nonexistent/x", MBOX_AUTO, "import.nothing");
    g_autofree char *within = g_build_filename(letter, "x", NULL);
    refuses(harvest, within, MBOX_AUTO, "import.read");
}

static void folders_may_lie_so_deep_and_no_deeper(void **state)
{
    Harvest *harvest = *state;
    g_autoptr(GString) path = g_string_new("a");
    for (guint i = 1; i <= LIMIT_ARCHIVE_DEPTH; i++) {
        put(harvest, path->str, "cur/1:2,", "A: 1\n\n");
        g_string_append(path, "/a");
    }
    read_all(harvest);
    assert_int_equal(harvest->messages->len, LIMIT_ARCHIVE_DEPTH - 1);
    assert_int_equal(harvest->faults->len, 1);
}

/* --- a file that changes between being measured and being given ----------------------------- */

static void given_after(Harvest *harvest, const char *before, const char *after)
{
    guint8 buffer[100];
    gssize got;
    g_autoptr(GError) error = NULL;
    g_autofree char *path = harvest_put(harvest, "m", before, strlen(before));
    int fd = open(path, O_RDWR | O_CLOEXEC);
    g_autoptr(Window) window = window_new(open(path, O_RDONLY | O_CLOEXEC), "m", -1);
    Region region = {.window = window, .to = strlen(before)};
    assert_true(region_measure(&region, NULL));
    g_autoptr(Window) anew = window_new(open(path, O_RDONLY | O_CLOEXEC), "m", -1);
    region.window = anew;
    assert_int_equal(ftruncate(fd, 0), 0);
    assert_int_equal(pwrite(fd, after, strlen(after), 0), (gssize)strlen(after));
    close(fd);
    g_autoptr(Source) source = region_source(&region);
    while ((got = source_read(source, buffer, sizeof buffer, &error)) > 0)
        ;
    assert_int_equal(got, -1);
    assert_string_equal(postern_error_rule(error), "import.changed");
}

static void p6_a_file_that_changes_while_it_is_read_is_no_message(void **state)
{
    given_after(*state, "A: 1\n\nx\ny\n", "A: 1\n\nx\r\n"); /* CRLF now */
    given_after(*state, "A: 1\n\nx\ny\n", "A: 1\n\n");      /* shorter */
    given_after(*state, "A: 1\n\nx_y\n", "A: 1\n\nx\ny\n"); /* another size, with CRLF */
}

int main(void)
{
#define WITH(test) cmocka_unit_test_setup_teardown(test, harvest_set_up, harvest_tear_down)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(flags_stand_in_the_name),
        WITH(maildir_plus_plus_is_read),
        WITH(mail_is_read_in_the_order_in_which_it_was_delivered),
        WITH(nested_folders_are_read),
        WITH(p8_links_and_special_files_are_told_of_and_not_opened),
        WITH(what_is_no_mail_stops_nothing),
        WITH(odd_bytes_come_back),
        WITH(a_single_message_and_a_path_that_is_a_link_are_read),
        WITH(a_file_by_its_name_has_a_field_of_mail),
        WITH(where_no_mail_is_that_is_told),
        WITH(folders_may_lie_so_deep_and_no_deeper),
        WITH(p6_a_file_that_changes_while_it_is_read_is_no_message),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
