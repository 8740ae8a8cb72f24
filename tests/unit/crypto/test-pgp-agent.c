/* Who can be asked for a passphrase, and by which program. */
#include <fcntl.h>
#include <glib/gstdio.h>
#include <pty.h>
#include <unistd.h>

#include "crypto/pgp.h"
#include "tests/unit/crypto/mail-fixture.h"

/* What pgp_may_ask() says when of the standard streams STREAM (-1: none) is a terminal, and of the
 * environment's ways VARIABLE (or NULL) is there, as VALUE. */
static gboolean may_ask(int stream, const char *variable, const char *value)
{
    static const char *const ways[] = {"GPG_TTY", "DISPLAY", "WAYLAND_DISPLAY"};
    int near, far, none = open("/dev/null", O_RDWR), kept[3];
    assert_true(none >= 0);
    assert_int_equal(openpty(&near, &far, NULL, NULL, NULL), 0);
    for (gsize i = 0; i < G_N_ELEMENTS(ways); i++)
        g_unsetenv(ways[i]);
    if (variable)
        g_setenv(variable, value, TRUE);
    for (int i = 0; i < 3; i++) {
        kept[i] = dup(i);
        dup2(i == stream ? far : none, i);
    }
    gboolean may = pgp_may_ask();
    for (int i = 0; i < 3; i++) {
        dup2(kept[i], i);
        close(kept[i]);
    }
    if (variable)
        g_unsetenv(variable);
    close(near);
    close(far);
    close(none);
    return may;
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
