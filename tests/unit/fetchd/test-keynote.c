/* P5: what was noted of keys counts for an hour, and while the keyring is the same. */
#include "fetchd/keynote.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <glib/gstdio.h>
#include <unistd.h>

#include "core/limits.h"

#define KEY "0123456789ABCDEF0123456789ABCDEF01234567"
#define OTHER "89ABCDEF0123456789ABCDEF0123456789ABCDEF"

static char *root, *home, *state_dir, *note;

static char *in_home(const char *name)
{
    return g_build_filename(home, name, NULL);
}

static void put(const char *name, const char *text)
{
    g_autofree char *path = in_home(name);
    assert_true(g_file_set_contents(path, text, -1, NULL));
}

static gint64 now(void)
{
    return g_get_real_time() / G_USEC_PER_SEC;
}

static int set_up(void **state)
{
    (void)state;
    g_autofree char *daemon = in_home("public-keys.d");
    assert_int_equal(g_mkdir_with_parents(daemon, 0700), 0);
    put("pubring.kbx", "keys");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    static const char *const names[] = {"pubring.kbx", "pubring.gpg", "trustdb.gpg",
                                        "gpg.conf",    "common.conf", "public-keys.d/pubring.db"};
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *path = in_home(names[i]);
        (void)g_unlink(path);
    }
    (void)g_chmod(state_dir, 0700);
    (void)g_unlink(note);
    return 0;
}

static gboolean known(const char *key, gint64 *expiry)
{
    g_autofree char *stamp = keynote_stamp();
    return keynote_find(stamp, key, expiry);
}

static void keep(const char *key, gint64 expiry)
{
    g_autofree char *stamp = keynote_stamp();
    keynote_keep(stamp, key, expiry);
}

static void p5_what_was_noted_is_found_of_that_key_alone(void **state)
{
    (void)state;
    gint64 expiry = -1, soon = now() + 100;
    assert_false(known(KEY, &expiry));
    keep(KEY, 0);
    keep(OTHER, soon);
    assert_true(known(KEY, &expiry));
    assert_int_equal(expiry, 0);
    assert_true(known(OTHER, &expiry));
    assert_int_equal(expiry, soon);
    assert_false(known("0123", &expiry));
    GStatBuf found;
    assert_int_equal(g_stat(note, &found), 0);
    assert_int_equal(found.st_mode & 0777, 0600);
}

static void p5_a_keyring_that_changed_is_asked_again(void **state)
{
    static const char *const names[] = {"pubring.kbx", "pubring.gpg", "trustdb.gpg",
                                        "gpg.conf",    "common.conf", "public-keys.d/pubring.db"};
    gint64 expiry;
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        keep(KEY, 0);
        assert_true(known(KEY, &expiry));
        put(names[i], "new!"); /* of the same size as the old keyring */
        assert_false(known(KEY, &expiry));
        keep(OTHER, 0);
        assert_true(known(OTHER, &expiry));
        assert_false(known(KEY, &expiry)); /* what was noted under another keyring is gone */
        tear_down(state);
        set_up(state);
    }
}

static void without_a_keyring_nothing_is_noted(void **state)
{
    gint64 expiry;
    tear_down(state);
    put("trustdb.gpg", "trust");
    g_autofree char *stamp = keynote_stamp();
    assert_null(stamp);
    keynote_keep(stamp, KEY, 0);
    assert_false(keynote_find(stamp, KEY, &expiry));
    assert_false(g_file_test(note, G_FILE_TEST_EXISTS));
}

static void write_note(gint64 asked, gint64 expiry, gsize padding)
{
    g_autofree char *stamp = keynote_stamp(), *pad = g_strnfill(padding, '#');
    g_autofree char *text =
        g_strdup_printf("[keyring]\nstamp=%s\n[" KEY "]\nasked=%" G_GINT64_FORMAT
                        "\nexpiry=%" G_GINT64_FORMAT "\n#%s\n",
                        stamp, asked, expiry, pad);
    assert_int_equal(g_mkdir_with_parents(state_dir, 0700), 0);
    assert_true(g_file_set_contents(note, text, -1, NULL));
}

static void p5_a_note_is_worth_an_hour_and_no_more_than_the_key(void **state)
{
    (void)state;
    static const struct {
        gint64 asked, expiry; /* from now; 0: never */
        gsize padding;
        gboolean counts;
    } cases[] = {
        {-10, 0, 0, TRUE},
        {-KEYNOTE_SECONDS + 100, 0, 0, TRUE},
        {-KEYNOTE_SECONDS - 1, 0, 0, FALSE},
        {100, 0, 0, FALSE}, /* the clock went back */
        {-10, 100, 0, TRUE},
        {-10, -1, 0, FALSE},
        {-10, 0, LIMIT_KEYNOTE - 300, TRUE},
        {-10, 0, LIMIT_KEYNOTE, FALSE},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        gint64 expiry;
        write_note(now() + cases[i].asked, cases[i].expiry ? now() + cases[i].expiry : 0,
                   cases[i].padding);
        if (known(KEY, &expiry) != cases[i].counts)
            fail_msg("case %zu", i);
    }
}

static void what_is_no_note_is_written_anew(void **state)
{
    (void)state;
    gint64 expiry;
    g_autofree char *elsewhere = g_build_filename(root, "elsewhere", NULL);
    assert_int_equal(g_mkdir_with_parents(state_dir, 0700), 0);
    assert_true(g_file_set_contents(note, "\xff[[", -1, NULL));
    assert_false(known(KEY, &expiry));
    keep(KEY, 0);
    assert_true(known(KEY, &expiry));
    assert_int_equal(g_rename(note, elsewhere), 0);
    assert_int_equal(symlink(elsewhere, note), 0);
    assert_false(known(KEY, &expiry)); /* a link is not followed */
    keep(KEY, 0);
    assert_false(g_file_test(note, G_FILE_TEST_IS_SYMLINK));
    (void)g_unlink(elsewhere);
}

static void a_note_that_cannot_be_written_is_none(void **state)
{
    (void)state;
    gint64 expiry;
    assert_int_equal(g_mkdir_with_parents(state_dir, 0700), 0);
    assert_int_equal(g_chmod(state_dir, 0755), 0); /* not private */
    keep(KEY, 0);
    assert_false(known(KEY, &expiry));
}

int main(void)
{
    root = g_dir_make_tmp("keynote-XXXXXX", NULL);
    home = g_build_filename(root, "gnupg", NULL);
    g_setenv("GNUPGHOME", home, TRUE);
    g_setenv("XDG_STATE_HOME", root, TRUE);
    state_dir = g_build_filename(root, "postern", NULL);
    note = g_build_filename(state_dir, "keys", NULL);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(p5_what_was_noted_is_found_of_that_key_alone, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(p5_a_keyring_that_changed_is_asked_again, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(without_a_keyring_nothing_is_noted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(p5_a_note_is_worth_an_hour_and_no_more_than_the_key, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_is_no_note_is_written_anew, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_note_that_cannot_be_written_is_none, set_up, tear_down),
    };
    int failures = cmocka_run_group_tests(tests, NULL, NULL);
    g_autofree char *keys_dir = in_home("public-keys.d");
    (void)g_rmdir(keys_dir);
    (void)g_rmdir(home);
    (void)g_rmdir(state_dir);
    (void)g_rmdir(root);
    g_free(note);
    g_free(state_dir);
    g_free(home);
    g_free(root);
    return failures;
}
