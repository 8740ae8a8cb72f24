#include "core/policyfile.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/config.h"
#include "core/error.h"
#include "core/limits.h"

#define RULES "[company]\noutside = refuse\n"

typedef struct {
    char *home;
    char *policy; /* home/etc/policy, sound at first */
} Place;

static int make_place(void **state)
{
    Place *place = g_new0(Place, 1);
    g_autofree char *made = g_dir_make_tmp("postern-policy-XXXXXX", NULL);
    place->home = realpath(made, NULL); /* the temporary directory may itself be a link */
    g_autofree char *etc = g_build_filename(place->home, "etc", NULL);
    place->policy = g_build_filename(etc, "policy", NULL);
    g_mkdir(etc, 0755);
    *state = place;
    return !g_file_set_contents(place->policy, RULES, -1, NULL) || chmod(place->policy, 0644) != 0;
}

static int remove_place(void **state)
{
    Place *place = *state;
    const char *argv[] = {"rm", "-r", place->home, NULL};
    g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL,
                 NULL);
    free(place->home);
    g_free(place->policy);
    g_free(place);
    return 0;
}

static void assert_refused(const char *path, PolicyTrust trust, const char *message)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) text = NULL;
    assert_false(policyfile_read(path, trust, &text, &error));
    assert_null(text);
    assert_int_equal(postern_exit_code(error), 78);
    assert_string_equal(postern_error_rule(error), "policy.file");
    assert_non_null(postern_error_mend(error));
    if (!strstr(error->message, message))
        print_error("%s\n", error->message);
    assert_non_null(strstr(error->message, message));
}

static void a_sound_policy_is_read(void **state)
{
    const Place *place = *state;
    g_autoptr(GBytes) text = NULL;
    assert_true(policyfile_read(place->policy, POLICY_OF_CALLER, &text, NULL));
    assert_int_equal(g_bytes_get_size(text), strlen(RULES));
}

static void only_an_absent_system_policy_is_none(void **state)
{
    const Place *place = *state;
    g_autoptr(GBytes) text = NULL;
    g_unlink(place->policy);
    assert_true(policyfile_read(place->policy, POLICY_OF_SYSTEM, &text, NULL));
    assert_null(text);
    assert_refused(place->policy, POLICY_OF_CALLER, "cannot be read");
}

static void p2_21_a_policy_others_can_write_is_refused(void **state)
{
    const Place *place = *state;
    static const mode_t modes[] = {0664, 0646, 0666, 0620};
    for (gsize i = 0; i < G_N_ELEMENTS(modes); i++) {
        chmod(place->policy, modes[i]);
        assert_refused(place->policy, POLICY_OF_CALLER, "can be written by others");
    }
}

static void p2_21_a_policy_that_is_no_file_is_refused(void **state)
{
    const Place *place = *state;
    g_autofree char *dir = g_build_filename(place->home, "etc", NULL);
    g_autofree char *fifo = g_build_filename(place->home, "fifo", NULL);
    g_autofree char *empty = g_build_filename(place->home, "empty", NULL);
    g_autofree char *below = g_build_filename(place->policy, "policy", NULL);
    assert_int_equal(mkfifo(fifo, 0600), 0);
    assert_true(g_file_set_contents(empty, "", 0, NULL));
    chmod(empty, 0644);
    assert_refused(dir, POLICY_OF_CALLER, "is no regular file");
    assert_refused(fifo, POLICY_OF_CALLER, "is no regular file");
    assert_refused("/dev/null", POLICY_OF_CALLER, "is no regular file");
    assert_refused(empty, POLICY_OF_CALLER, "is empty");
    assert_refused(below, POLICY_OF_SYSTEM, "is a link, or is reached through one");
}

static void p2_21_links_are_refused(void **state)
{
    const Place *place = *state;
    g_autofree char *link = g_build_filename(place->home, "link", NULL);
    g_autofree char *dangling = g_build_filename(place->home, "dangling", NULL);
    g_autofree char *etc = g_build_filename(place->home, "etc", NULL);
    g_autofree char *linked_etc = g_build_filename(place->home, "linked", NULL);
    g_autofree char *through = g_build_filename(linked_etc, "policy", NULL);
    g_autofree char *absent = g_build_filename(linked_etc, "absent", NULL);
    assert_int_equal(symlink(place->policy, link), 0);
    assert_int_equal(symlink("/nowhere", dangling), 0);
    assert_int_equal(symlink(etc, linked_etc), 0);
    assert_refused(link, POLICY_OF_CALLER, "is a link");
    assert_refused(link, POLICY_OF_SYSTEM, "is a link");
    assert_refused(dangling, POLICY_OF_SYSTEM, "is a link");
    assert_refused(through, POLICY_OF_SYSTEM, "is reached through one");

    g_autoptr(GBytes) text = NULL; /* a link on the way to nothing hides no policy */
    assert_true(policyfile_read(absent, POLICY_OF_SYSTEM, &text, NULL));
    assert_null(text);
}

static void p2_21_a_policy_of_somebody_else_is_refused(void **state)
{
    const Place *place = *state;
    if (geteuid() != 0)
        skip();
    g_autoptr(GBytes) text = NULL;
    assert_true(policyfile_read(place->policy, POLICY_OF_SYSTEM, &text, NULL));
    assert_int_equal(chown(place->policy, 12345, 12345), 0);
    assert_refused(place->policy, POLICY_OF_SYSTEM, "does not belong to root");
    assert_refused(place->policy, POLICY_OF_CALLER, "belongs neither to root nor to you");
}

/* Neither one that we may not read nor one in a folder that we may not enter counts as none. */
static void p2_21_a_policy_that_may_not_be_read_is_refused(void **state)
{
    const Place *place = *state;
    g_autofree char *etc = g_path_get_dirname(place->policy);
    const uid_t own = geteuid();
    static const struct {
        mode_t folder, file;
    } cases[] = {{0755, 0000}, {0000, 0644}};
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        chmod(place->home, 0755);
        chmod(place->policy, cases[i].file);
        chmod(etc, cases[i].folder);
        if (own == 0)
            assert_int_equal(seteuid(12345), 0); /* root may read everything */
        assert_refused(place->policy, POLICY_OF_SYSTEM, "cannot be read: Permission denied");
        assert_int_equal(seteuid(own), 0);
        chmod(etc, 0755);
    }
}

static void p2_21_a_policy_too_large_is_refused(void **state)
{
    const Place *place = *state;
    g_autofree char *text = g_strnfill(LIMIT_CONFIG_BYTES + 1, '\n');
    assert_true(g_file_set_contents(place->policy, text, LIMIT_CONFIG_BYTES + 1, NULL));
    chmod(place->policy, 0644);
    assert_refused(place->policy, POLICY_OF_CALLER, "cannot be read");
}

static void p2_21_root_is_known_in_a_user_namespace(void **state)
{
    (void)state;
    static const struct {
        guint uid;
        const char *map;
        gboolean root;
    } cases[] = {
        {0, "         0          0 4294967295\n", TRUE},
        {1000, "         0          0 4294967295\n", FALSE},
        {65534, "         0          0 4294967295\n", FALSE}, /* nobody is not root */
        {0, "         0       1000          1\n", TRUE},
        {65534, "         0       1000          1\n", TRUE}, /* the host's root */
        {1000, "      1000       1000          1\n", FALSE},
        {65534, "      1000       1000          1\n", TRUE},
        {65534, "  0 1000 1\n  1 0 1\n", FALSE},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
        assert_int_equal(policyfile_uid_is_root(cases[i].uid, cases[i].map, 65534), cases[i].root);
}

static void p2_22_a_named_policy_narrows_the_configuration(void **state)
{
    const Place *place = *state;
    g_autofree char *path = g_build_filename(place->home, "config", NULL);
    assert_true(g_file_set_contents(path, "[company]\noutside = allow\n", -1, NULL));
    g_autoptr(GError) error = NULL;
    g_autoptr(Config) config = config_load(path, place->policy, &error);
    assert_non_null(config);
    assert_int_equal(config->company.outside, RULE_REFUSE);
    assert_string_equal(config->path, path);

    g_autoptr(Config) alone = config_load(path, NULL, &error);
    assert_int_equal(alone->company.outside, RULE_ALLOW);

    assert_null(config_load(path, "/dev/null", &error));
    assert_string_equal(postern_error_rule(error), "policy.file");
}

static void p10_109_a_configuration_that_cannot_be_read_is_told(void **state)
{
    const Place *place = *state;
    g_autofree char *missing = g_build_filename(place->home, "missing", NULL);
    const char *const paths[] = {missing, place->home, "/dev/zero"};
    for (gsize i = 0; i < G_N_ELEMENTS(paths); i++) {
        g_autoptr(GError) error = NULL;
        assert_null(config_load(paths[i], NULL, &error));
        assert_int_equal(postern_exit_code(error), 78);
        assert_string_equal(postern_error_rule(error), "config.file");
        assert_non_null(strstr(error->message, paths[i]));
    }
}

#define IN_PLACE(test) cmocka_unit_test_setup_teardown(test, make_place, remove_place)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        IN_PLACE(a_sound_policy_is_read),
        IN_PLACE(only_an_absent_system_policy_is_none),
        IN_PLACE(p2_21_a_policy_others_can_write_is_refused),
        IN_PLACE(p2_21_a_policy_that_is_no_file_is_refused),
        IN_PLACE(p2_21_links_are_refused),
        IN_PLACE(p2_21_a_policy_of_somebody_else_is_refused),
        IN_PLACE(p2_21_a_policy_that_may_not_be_read_is_refused),
        IN_PLACE(p2_21_a_policy_too_large_is_refused),
        cmocka_unit_test(p2_21_root_is_known_in_a_user_namespace),
        IN_PLACE(p2_22_a_named_policy_narrows_the_configuration),
        IN_PLACE(p10_109_a_configuration_that_cannot_be_read_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
