#include "crypto/password.h"

#include <errno.h>
#include <glib-unix.h>
#include <glib/gstdio.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/error.h"
#include "core/interrupt.h"
#include "core/limits.h"

static char *dir;
static int stop_fd = -1;

/* What the system does once, when it does something rare. */
static struct {
    int read;       /* errno of the next read() */
    gboolean write; /* the next one takes less */
    gboolean pipe;  /* there is none */
    gboolean stop;  /* Ctrl-C is seen */
} rare;

ssize_t __real_read(int fd, void *buffer, size_t size);
ssize_t __wrap_read(int fd, void *buffer, size_t size);
ssize_t __wrap_read(int fd, void *buffer, size_t size)
{
    if (rare.read == 0)
        return __real_read(fd, buffer, size);
    errno = rare.read;
    rare.read = 0;
    return -1;
}

ssize_t __real_write(int fd, const void *bytes, size_t size);
ssize_t __wrap_write(int fd, const void *bytes, size_t size);
ssize_t __wrap_write(int fd, const void *bytes, size_t size)
{
    return __real_write(fd, bytes, rare.write ? size / 2 : size);
}

gboolean __real_g_unix_open_pipe(int *ends, int flags, GError **error);
gboolean __wrap_g_unix_open_pipe(int *ends, int flags, GError **error);
gboolean __wrap_g_unix_open_pipe(int *ends, int flags, GError **error)
{
    return !rare.pipe && __real_g_unix_open_pipe(ends, flags, error);
}

gboolean __real_interrupted(int fd, GError **error);
gboolean __wrap_interrupted(int fd, GError **error);
gboolean __wrap_interrupted(int fd, GError **error)
{
    if (!rare.stop)
        return __real_interrupted(fd, error);
    refuse(error, POSTERN_ERROR_TEMPORARY, "run.interrupted", NULL, "interrupted");
    return TRUE;
}

static Secret *ask(SecretKind kind, const char *argument, GError **error)
{
    Account account = {
        .name = (char *)"work", .secret_kind = kind, .secret_argument = (char *)argument};
    return password_get(&account, stop_fd, error);
}

static void assert_secret(SecretKind kind, const char *argument, const char *expected)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Secret) secret = ask(kind, argument, &error);
    if (error)
        print_error("%s: %s\n", argument, error->message);
    assert_non_null(secret);
    assert_int_equal(secret_size(secret), strlen(expected));
    assert_memory_equal(secret_bytes(secret), expected, strlen(expected));
}

static void assert_none(SecretKind kind, const char *argument, PosternError code, const char *rule)
{
    g_autoptr(GError) error = NULL;
    assert_null(ask(kind, argument, &error));
    assert_non_null(error);
    assert_int_equal(error->code, code);
    assert_string_equal(postern_error_rule(error), rule);
    assert_null(strstr(error->message, "hunter2"));
}

static void a_made_password_has_a_hundred_and_twenty_eight_bits(void **state)
{
    (void)state;
    guint seen[256] = {0}, kinds = 0;
    for (guint i = 0; i < 500; i++) {
        g_autoptr(Secret) secret = password_generate();
        assert_true(secret_size(secret) >= 22); /* log2(62) * 22 > 128 */
        for (gsize j = 0; j < secret_size(secret); j++)
            seen[secret_bytes(secret)[j]]++;
    }
    for (guint sign = 0; sign < 256; sign++) {
        assert_true(seen[sign] == 0 || g_ascii_isalnum((char)sign));
        kinds += seen[sign] > 0;
    }
    assert_int_equal(kinds, 62);
}

static const char *const commands[][2] = {
    {"printf 'hunter2\\nsecond line\\n'", "hunter2"},
    {"printf hunter2", "hunter2"},
    {"printf 'hunter2\\r\\n'", "hunter2"},
    {"printf ' with  blanks \\n'", " with  blanks "},
    {"echo '$HOME;`id`'", "$HOME;`id`"}, /* no shell */
    {"sh -c 'echo hunter2; sleep 0.2'", "hunter2"},
};

static void a_command_gives_the_first_line(void **state)
{
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(commands); i++)
        assert_secret(SECRET_COMMAND, commands[i][0], commands[i][1]);
}

static const char *const bad_commands[] = {
    NULL,
    "",
    "true",
    "printf '\\nhunter2\\n'",
    "printf 'hun\\000ter2\\n'",
    "sh -c 'echo hunter2; exit 1'",
    "sh -c 'echo hunter2; kill -9 $$'",
    "/nonexistent/hunter3",
    "echo \"hunter2",
    "yes hunter2",
    "head -c 4097 /dev/zero",
    "sh -c 'head -c 4097 /dev/zero | tr \"\\\\0\" x'",
};

static void a_command_that_gives_no_password_is_refused(void **state)
{
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(bad_commands); i++)
        assert_none(SECRET_COMMAND, bad_commands[i], POSTERN_ERROR_POLICY, "secret.command");
}

/* A signal may come while we read; Ctrl-C may end the command before us. */
static void what_breaks_a_command_off_is_told(void **state)
{
    (void)state;
    rare.read = EINTR;
    assert_secret(SECRET_COMMAND, "echo hunter2", "hunter2");
    rare.read = EIO;
    assert_none(SECRET_COMMAND, "echo hunter2", POSTERN_ERROR_POLICY, "secret.command");
    rare.stop = TRUE;
    assert_none(SECRET_COMMAND, "false", POSTERN_ERROR_TEMPORARY, "run.interrupted");
    rare.stop = FALSE;
}

static void a_password_that_cannot_be_handed_over_whole_is_not_kept(void **state)
{
    (void)state;
    Account account = {.name = (char *)"work", .secret_kind = SECRET_KEYRING};
    g_autoptr(Secret) secret = secret_new("hunter2", 7);
    for (int which = 0; which < 2; which++) {
        g_autoptr(GError) error = NULL;
        rare.pipe = which == 0;
        rare.write = which == 1;
        assert_false(password_put(&account, secret, -1, &error));
        assert_non_null(strstr(error->message, "there is no pipe"));
        rare.pipe = rare.write = FALSE;
    }
}

static void a_command_that_says_too_much_is_refused(void **state)
{
    (void)state;
    const int rest = LIMIT_SECRET_OUTPUT - (int)strlen("hunter2\n");
    g_autofree char *fits = g_strdup_printf("sh -c 'echo hunter2; head -c %d /dev/zero'", rest - 1);
    g_autofree char *over = g_strdup_printf("sh -c 'echo hunter2; head -c %d /dev/zero'", rest);
    g_autofree char *far = g_strdup("sh -c 'echo hunter2; exec yes'");
    assert_secret(SECRET_COMMAND, fits, "hunter2");
    assert_none(SECRET_COMMAND, over, POSTERN_ERROR_POLICY, "secret.command");
    assert_none(SECRET_COMMAND, far, POSTERN_ERROR_POLICY, "secret.command");
}

static void put(const char *name, const void *data, gsize size)
{
    g_autofree char *path = g_build_filename(dir, name, NULL);
    assert_true(g_file_set_contents(path, data, (gssize)size, NULL));
}

static void a_credential_is_the_first_line_of_its_file(void **state)
{
    (void)state;
    g_autofree char *longest = g_strnfill(LIMIT_SECRET, 'x');
    put("imap", "hunter2\n", 8);
    put("bare", "hunter2", 7);
    put("longest", longest, LIMIT_SECRET);
    assert_secret(SECRET_CREDENTIAL, "imap", "hunter2");
    assert_secret(SECRET_CREDENTIAL, "bare", "hunter2");
    assert_secret(SECRET_CREDENTIAL, "longest", longest);
}

static void what_is_no_credential_is_refused(void **state)
{
    (void)state;
    static const char *const names[] = {
        NULL,   "",     ".",      "..",    "../imap", "/etc/passwd", ".dot",     "absent",
        "link", "fifo", "folder", "empty", "nul",     "long",        "far-long", "a/b"};
    g_autofree char *link = g_build_filename(dir, "link", NULL);
    g_autofree char *fifo = g_build_filename(dir, "fifo", NULL);
    g_autofree char *folder = g_build_filename(dir, "folder", NULL);
    g_autofree char *much = g_strnfill(3 * LIMIT_SECRET, 'x');
    put("imap", "hunter2\n", 8);
    put(".dot", "hunter2", 7);
    put("empty", "", 0);
    put("nul", "hunter2\0x", 9);
    put("long", much, LIMIT_SECRET + 1);
    put("far-long", much, 3 * LIMIT_SECRET);
    assert_int_equal(symlink("imap", link), 0);
    assert_int_equal(mkfifo(fifo, 0600), 0);
    assert_int_equal(g_mkdir(folder, 0700), 0);
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++)
        assert_none(SECRET_CREDENTIAL, names[i], POSTERN_ERROR_POLICY, "secret.credential");
}

static void without_a_credentials_directory_there_is_none(void **state)
{
    (void)state;
    put("imap", "hunter2\n", 8);
    g_unsetenv("CREDENTIALS_DIRECTORY");
    assert_none(SECRET_CREDENTIAL, "imap", POSTERN_ERROR_POLICY, "secret.credential");
    g_setenv("CREDENTIALS_DIRECTORY", ".", TRUE);
    assert_none(SECRET_CREDENTIAL, "imap", POSTERN_ERROR_POLICY, "secret.credential");
    g_setenv("CREDENTIALS_DIRECTORY", dir, TRUE);
}

/* A secret-tool of our own stands in for the desktop's. */
static void the_keyring_is_asked_for_the_account(void **state)
{
    (void)state;
    static const char script[] =
        "#!/bin/sh\n"
        "[ \"$*\" = 'lookup service postern account work' ] && echo hunter2\n";
    g_autofree char *tool = g_build_filename(dir, "secret-tool", NULL);
    g_autofree char *path = g_strdup(g_getenv("PATH"));
    g_autofree char *longer = g_strdup_printf("%s:%s", dir, path);
    g_setenv("PATH", longer, TRUE);
    put("secret-tool", script, strlen(script));
    g_chmod(tool, 0700);
    assert_secret(SECRET_KEYRING, NULL, "hunter2");
    put("secret-tool", "#!/bin/sh\nexit 1\n", 17);
    g_chmod(tool, 0700);
    assert_none(SECRET_KEYRING, NULL, POSTERN_ERROR_POLICY, "secret.keyring");
    g_setenv("PATH", "/nonexistent", TRUE);
    assert_none(SECRET_KEYRING, NULL, POSTERN_ERROR_POLICY, "secret.keyring");
    g_setenv("PATH", path, TRUE);
}

/* It is told on standard input and not in argv, without a line end of ours. */
static void the_keyring_is_given_the_password_in_private(void **state)
{
    (void)state;
    static const char script[] = "#!/bin/sh\n"
                                 "printf '%s|' \"$*\" >\"${0%/*}/told\"\n"
                                 "cat >>\"${0%/*}/told\"\n";
    Account account = {.name = (char *)"work", .secret_kind = SECRET_KEYRING};
    g_autoptr(Secret) secret = secret_new("hunter2", 7);
    g_autofree char *tool = g_build_filename(dir, "secret-tool", NULL);
    g_autofree char *told = g_build_filename(dir, "told", NULL);
    g_autofree char *path = g_strdup(g_getenv("PATH"));
    g_autofree char *longer = g_strdup_printf("%s:%s", dir, path);
    g_autofree char *text = NULL;
    g_setenv("PATH", longer, TRUE);
    put("secret-tool", script, strlen(script));
    g_chmod(tool, 0700);
    assert_true(password_put(&account, secret, -1, NULL));
    assert_true(g_file_get_contents(told, &text, NULL, NULL));
    assert_string_equal(text, "store --label=Postern: work service postern account work|hunter2");
    /* One that never reads, and one that is not there. */
    g_autofree char *big = g_strnfill(LIMIT_SECRET, 'x');
    g_autoptr(Secret) longest = secret_new(big, LIMIT_SECRET);
    for (int i = 0; i < 2; i++) {
        g_autoptr(GError) error = NULL;
        put("secret-tool", "#!/bin/sh\nexit 1\n", 17);
        g_chmod(tool, 0700);
        if (i == 1)
            g_setenv("PATH", "/nonexistent", TRUE);
        assert_false(password_put(&account, longest, -1, &error));
        assert_string_equal(postern_error_rule(error), "secret.keyring");
        assert_non_null(strstr(error->message, "cannot be kept"));
    }
    g_setenv("PATH", path, TRUE);
}

static void a_sealed_password_is_the_vaults_business(void **state)
{
    (void)state;
    assert_none(SECRET_SEALED, NULL, POSTERN_ERROR_BUG, "secret.kind");
}

static int make_dir(void **state)
{
    (void)state;
    dir = g_dir_make_tmp("postern-XXXXXX", NULL);
    return dir && g_setenv("CREDENTIALS_DIRECTORY", dir, TRUE) ? 0 : -1;
}

static int remove_dir(void **state)
{
    (void)state;
    g_autoptr(GDir) open = g_dir_open(dir, 0, NULL);
    for (const char *entry; (entry = g_dir_read_name(open));) {
        g_autofree char *path = g_build_filename(dir, entry, NULL);
        if (g_unlink(path) != 0)
            g_rmdir(path);
    }
    g_rmdir(dir);
    g_free(dir);
    return 0;
}

/* Before the password, after it, and after the output has ended. */
static void an_interruption_ends_a_command(void **state)
{
    (void)state;
    static const char *const hanging[] = {
        "sleep 300",
        "sh -c 'echo hunter2; exec sleep 300'",
        "sh -c 'echo hunter2; exec sleep 300 >/dev/null'",
    };
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], "x", 1), 1);
    stop_fd = ends[0];
    for (gsize i = 0; i < G_N_ELEMENTS(hanging); i++)
        assert_none(SECRET_COMMAND, hanging[i], POSTERN_ERROR_TEMPORARY, "run.interrupted");
    stop_fd = -1;
    close(ends[0]);
    close(ends[1]);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_made_password_has_a_hundred_and_twenty_eight_bits),
        cmocka_unit_test(a_command_gives_the_first_line),
        cmocka_unit_test(a_command_that_gives_no_password_is_refused),
        cmocka_unit_test(a_command_that_says_too_much_is_refused),
        cmocka_unit_test(what_breaks_a_command_off_is_told),
        cmocka_unit_test(a_password_that_cannot_be_handed_over_whole_is_not_kept),
        cmocka_unit_test_setup_teardown(a_credential_is_the_first_line_of_its_file, make_dir,
                                        remove_dir),
        cmocka_unit_test_setup_teardown(what_is_no_credential_is_refused, make_dir, remove_dir),
        cmocka_unit_test_setup_teardown(without_a_credentials_directory_there_is_none, make_dir,
                                        remove_dir),
        cmocka_unit_test_setup_teardown(the_keyring_is_asked_for_the_account, make_dir, remove_dir),
        cmocka_unit_test_setup_teardown(the_keyring_is_given_the_password_in_private, make_dir,
                                        remove_dir),
        cmocka_unit_test(a_sealed_password_is_the_vaults_business),
        cmocka_unit_test(an_interruption_ends_a_command),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
