/* Who can be asked for a passphrase, and by which program. */
#include <fcntl.h>
#include <glib/gstdio.h>
#include <pty.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "crypto/pgp.h"
#include "tests/unit/crypto/mail-fixture.h"

/* What pgp_may_ask() says in a process whose standard stream STREAM (-1: none) is a terminal and
 * whose environment has VARIABLE (or NULL) as VALUE. */
static gboolean may_ask(int stream, const char *variable, const char *value)
{
    pid_t child = fork();
    if (child == 0) {
        static const char *const ways[] = {"GPG_TTY", "DISPLAY", "WAYLAND_DISPLAY"};
        int near, far, none = open("/dev/null", O_RDWR);
        for (gsize i = 0; i < G_N_ELEMENTS(ways); i++)
            g_unsetenv(ways[i]);
        if (variable)
            g_setenv(variable, value, TRUE);
        if (none < 0 || openpty(&near, &far, NULL, NULL, NULL) != 0)
            exit(2);
        for (int i = 0; i < 3; i++)
            dup2(i == stream ? far : none, i);
        exit(pgp_may_ask() ? 1 : 0);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) < 2);
    return WEXITSTATUS(status) == 1;
}

static void a_terminal_or_a_desktop_can_be_asked_and_nobody_else(void **state)
{
    (void)state;
    assert_false(may_ask(-1, NULL, NULL));
    for (int stream = 0; stream < 3; stream++)
        assert_true(may_ask(stream, NULL, NULL));
    static const char *const ways[] = {"GPG_TTY", "DISPLAY", "WAYLAND_DISPLAY"};
    for (gsize i = 0; i < G_N_ELEMENTS(ways); i++) {
        assert_true(may_ask(-1, ways[i], ":0"));
        assert_false(may_ask(-1, ways[i], ""));
    }
}

static void configure(const char *text)
{
    g_autofree char *dir = gnupg_home_path(home, "own"); /* GPGME asks for it once */
    g_autofree char *path = g_build_filename(dir, "gpg-agent.conf", NULL);
    (void)g_unlink(path);
    assert_true(text == NULL || g_file_set_contents(path, text, -1, NULL));
}

static void the_program_is_the_one_that_the_agent_would_start(void **state)
{
    (void)state;
    static const struct {
        const char *text, *program; /* NULL: none */
    } cases[] = {
        {"pinentry-program /bin/true\n", "/bin/true"},
        {"pinentry-program /bin/false\n\n  pinentry-program \t /bin/true \nbatch\n", "/bin/true"},
        {"pinentry-program /nonexistent/pinentry\n", NULL},
        {"pinentry-program /etc/passwd", NULL},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        configure(cases[i].text);
        g_autofree char *program = pgp_pinentry();
        if (g_strcmp0(program, cases[i].program) != 0)
            fail_msg("case %zu: %s", i, program ? program : "none");
    }
    /* Without a line, or a value, or a file it is GnuPG's own, which need not be installed. */
    static const char *const without[] = {
        "pinentry-program\nmax-cache-ttl 5\n# pinentry-program x\n", "", NULL};
    for (gsize i = 0; i < G_N_ELEMENTS(without); i++) {
        configure(without[i]);
        g_autofree char *program = pgp_pinentry();
        assert_true(program == NULL || g_str_has_suffix(program, "/pinentry"));
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_terminal_or_a_desktop_can_be_asked_and_nobody_else),
        cmocka_unit_test(the_program_is_the_one_that_the_agent_would_start),
    };
    return cmocka_run_group_tests(tests, make_home, remove_home);
}
