/* The commands of [hook]: what it is told, when it runs, and how it ends. */
#include "fetchd/hook.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <glib/gstdio.h>
#include <poll.h>

#include "core/error.h"
#include "core/limits.h"
#include "tests/unit/net/fast-clock.h"

typedef struct {
    char *dir, *file, *command;
    Hook *hook;
} Fixture;

static int set_up(void **state)
{
    Fixture *fixture = g_new0(Fixture, 1);
    fixture->dir = g_dir_make_tmp("hook-XXXXXX", NULL);
    fixture->file = g_build_filename(fixture->dir, "told", NULL);
    fixture->hook = hook_new(HOOK_NEW_MAIL);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    Fixture *fixture = *state;
    hook_free(fixture->hook);
    (void)g_unlink(fixture->file);
    (void)g_rmdir(fixture->dir);
    g_free(fixture->dir);
    g_free(fixture->file);
    g_free(fixture->command);
    g_free(fixture);
    return 0;
}

/* SCRIPT for a shell that the test asks for; %s is the file. */
static const char *script(Fixture *fixture, const char *text)
{
    g_autofree char *filled = g_strdup(text);
    char *mark = strstr(filled, "FILE");
    g_autofree char *head = mark ? g_strndup(filled, (gsize)(mark - filled)) : g_strdup(filled);
    g_autofree char *whole =
        g_strconcat(head, mark ? fixture->file : "", mark ? mark + 4 : "", NULL);
    g_autofree char *quoted = g_shell_quote(whole);
    g_free(fixture->command);
    fixture->command = g_strdup_printf("sh -c %s", quoted);
    return fixture->command;
}

static void await_end(Fixture *fixture)
{
    struct pollfd fd = {.fd = hook_fd(fixture->hook), .events = POLLIN};
    assert_true(fd.fd >= 0);
    while (poll(&fd, 1, 100) <= 0)
        ;
}

static void assert_told(const Fixture *fixture, const char *wanted)
{
    g_autofree char *text = NULL;
    assert_true(g_file_get_contents(fixture->file, &text, NULL, NULL));
    assert_string_equal(text, wanted);
}

static void it_is_told_counts(void **state)
{
    Fixture *fixture = *state;
    const char *command =
        script(fixture, "printf '%s|%s' \"$POSTERN_NEW\" \"$POSTERN_ACCOUNTS\" >FILE");
    hook_count(fixture->hook, "work", 3);
    hook_count(fixture->hook, "none", 0);
    hook_count(fixture->hook, "a b", 2);
    assert_true(hook_go_on(fixture->hook, command, NULL));
    await_end(fixture);
    assert_true(hook_go_on(fixture->hook, command, NULL));
    assert_told(fixture, "5|3 work\n2 a b\n");
    assert_int_equal(hook_fd(fixture->hook), -1); /* nothing more to tell: it does not run again */
}

static void it_is_told_letters_as_many_as_fit(void **state)
{
    Fixture *fixture = *state;
    g_autoptr(Hook) hook = hook_new(HOOK_FAILED_MAIL);
    const char *command = script(
        fixture, "printf '%s|' \"$POSTERN_FAILED\" \"${#POSTERN_LETTERS}\" "
                 "\"$(printf '%s' \"$POSTERN_LETTERS\" | head -n 2)\" \"$POSTERN_NEW\" >FILE");
    hook_letter(hook, "aaaaaaaaaaaaaaaa", "failed", "work");
    for (guint i = 1; i < 4000; i++)
        hook_letter(hook, "bbbbbbbbbbbbbbbb", "maybe-sent", "a b");
    assert_true(hook_go_on(hook, command, NULL));
    struct pollfd fd = {.fd = hook_fd(hook), .events = POLLIN};
    while (poll(&fd, 1, 100) <= 0)
        ;
    assert_true(hook_go_on(hook, command, NULL));
    gsize lines = (LIMIT_HOOK_LINES - 1 - strlen("aaaaaaaaaaaaaaaa failed work\n")) /
                  strlen("bbbbbbbbbbbbbbbb maybe-sent a b\n");
    g_autofree char *wanted =
        g_strdup_printf("4000|%zu|aaaaaaaaaaaaaaaa failed work\nbbbbbbbbbbbbbbbb maybe-sent a b||",
                        strlen("aaaaaaaaaaaaaaaa failed work\n") +
                            lines * strlen("bbbbbbbbbbbbbbbb maybe-sent a b\n"));
    assert_told(fixture, wanted);
}

static void it_never_runs_twice_at_once(void **state)
{
    Fixture *fixture = *state;
    const char *command = script(fixture, "printf '%s ' \"$POSTERN_NEW\" >>FILE; sleep 0.2");
    hook_count(fixture->hook, "work", 1);
    assert_true(hook_go_on(fixture->hook, command, NULL));
    int first = hook_fd(fixture->hook);
    hook_count(fixture->hook, "work", 2);
    hook_count(fixture->hook, "work", 4);
    assert_true(hook_go_on(fixture->hook, command, NULL));
    assert_int_equal(hook_fd(fixture->hook), first);
    await_end(fixture);
    assert_told(fixture, "1 ");
    assert_true(hook_go_on(fixture->hook, command, NULL));
    await_end(fixture);
    assert_told(fixture, "1 6 ");
}

static void no_command_forgets_what_came(void **state)
{
    Fixture *fixture = *state;
    hook_count(fixture->hook, "work", 1);
    assert_true(hook_go_on(fixture->hook, NULL, NULL));
    assert_true(hook_go_on(fixture->hook, script(fixture, "touch FILE"), NULL));
    assert_int_equal(hook_fd(fixture->hook), -1);
}

/* Runs COMMAND to its end; is its failure told? */
static gboolean tells(Fixture *fixture, const char *command)
{
    g_autoptr(GError) error = NULL;
    hook_count(fixture->hook, "work", 1);
    gboolean ok = hook_go_on(fixture->hook, command, &error);
    if (ok && hook_fd(fixture->hook) >= 0) {
        await_end(fixture);
        ok = hook_go_on(fixture->hook, command, &error);
    }
    if (!ok)
        assert_string_equal(postern_error_rule(error), "hook.failed");
    return !ok;
}

static void a_failure_is_told_once_until_it_is_over(void **state)
{
    Fixture *fixture = *state;
    assert_true(tells(fixture, "false"));
    assert_false(tells(fixture, "false"));
    assert_false(tells(fixture, "/nonexistent/command"));
    assert_false(tells(fixture, "true"));
    assert_true(tells(fixture, "/nonexistent/command"));
}

static void it_is_ended_with_what_it_started(void **state)
{
    Fixture *fixture = *state;
    g_autoptr(GError) error = NULL;
    const char *command = script(fixture, "(sleep 3; touch FILE) & wait");
    hook_count(fixture->hook, "work", 1);
    clock_run_fast(TRUE);
    assert_true(hook_go_on(fixture->hook, command, NULL));
    assert_true(hook_deadline(fixture->hook) - g_get_monotonic_time() <= LIMIT_HOOK_MS * 1000);
    g_usleep(200000);
    clock_skip_ms(LIMIT_HOOK_MS);
    assert_false(hook_go_on(fixture->hook, command, &error));
    clock_run_fast(FALSE);
    assert_string_equal(postern_error_rule(error), "hook.failed");
    assert_int_equal(hook_fd(fixture->hook), -1);
    g_usleep(3200000);
    assert_false(g_file_test(fixture->file, G_FILE_TEST_EXISTS));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(it_is_told_counts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(it_is_told_letters_as_many_as_fit, set_up, tear_down),
        cmocka_unit_test_setup_teardown(it_never_runs_twice_at_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(no_command_forgets_what_came, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_failure_is_told_once_until_it_is_over, set_up, tear_down),
        cmocka_unit_test_setup_teardown(it_is_ended_with_what_it_started, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
