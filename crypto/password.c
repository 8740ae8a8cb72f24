/* See password.h. */
#include "crypto/password.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <gio/gunixinputstream.h>
#include <glib-unix.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/error.h"
#include "core/interrupt.h"
#include "core/limits.h"
#include "core/text.h"
#include "crypto/aead.h"

#define GENERATED_LENGTH 24 /* of 62 signs each: 142 bits */

Secret *password_generate(void)
{
    static const char signs[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    const guint8 fair = 256 - 256 % (sizeof signs - 1); /* above it some signs would be likelier */
    char password[GENERATED_LENGTH];
    for (gsize i = 0; i < sizeof password;) {
        guint8 dice;
        random_bytes(&dice, 1);
        if (dice < fair)
            password[i++] = signs[dice % (sizeof signs - 1)];
    }
    Secret *secret = secret_new(password, sizeof password);
    secret_wipe(password, sizeof password);
    return secret;
}

/* The first line of what was read; NULL when it can be no password. */
static Secret *first_line(const char *bytes, gsize size)
{
    const char *end = memchr(bytes, '\n', size);
    gsize length = end ? (gsize)(end - bytes) : size;
    if (length > 0 && bytes[length - 1] == '\r')
        length--;
    if (length == 0 || length > LIMIT_SECRET || memchr(bytes, '\0', length))
        return NULL;
    return secret_new(bytes, length);
}

/* --- credential:NAME ----------------------------------------------------------------------- */

static gboolean credential_name(const char *name)
{
    return name && *name && *name != '.' && !strchr(name, '/');
}

/* Reads at most SIZE bytes of a regular file; -1 for anything else, also for a longer one. */
static gssize read_file(const char *path, char *buffer, gsize size)
{
    /* Non-blocking, so that a FIFO of that name does not hold us up before it is refused. */
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    struct stat file = {0};
    gssize got = -1, total = 0;
    if (fd < 0)
        return -1;
    (void)fstat(fd, &file);
    if (S_ISREG(file.st_mode) && (guint64)file.st_size <= size)
        while ((got = read(fd, buffer + total, size - (gsize)total)) > 0)
            total += got;
    close(fd);
    return got == 0 ? total : -1;
}

static Secret *from_credential(const Account *account, GError **error)
{
    const char *dir = g_getenv("CREDENTIALS_DIRECTORY"), *name = account->secret_argument;
    g_autofree char *safe = text_name(name ? name : "");
    char buffer[LIMIT_SECRET + 2]; /* and a line end */
    if (!credential_name(name)) {
        refuse(error, POSTERN_ERROR_POLICY, "secret.credential",
               "name a file of $CREDENTIALS_DIRECTORY, without '/' and not hidden",
               "'%s' cannot be the name of a credential", safe);
        return NULL;
    }
    if (dir == NULL || !g_path_is_absolute(dir)) {
        refuse(error, POSTERN_ERROR_POLICY, "secret.credential",
               "start it by systemd with LoadCredential=, or set the variable",
               "$CREDENTIALS_DIRECTORY names no directory for the credential %s", safe);
        return NULL;
    }
    g_autofree char *path = g_build_filename(dir, name, NULL);
    gssize size = read_file(path, buffer, sizeof buffer);
    Secret *secret = size < 0 ? NULL : first_line(buffer, (gsize)size);
    secret_wipe(buffer, sizeof buffer);
    if (secret == NULL)
        refuse(error, POSTERN_ERROR_POLICY, "secret.credential",
               "put the password on its first line, in a regular file",
               "the credential %s of account %s cannot be read, or is no password", safe,
               account->name);
    return secret;
}

/* --- command:… and keyring ----------------------------------------------------------------- */

/* How a kind of command reports, what it is told, and what it may say. */
typedef struct {
    const char *rule, *mend;
    const char *verb;    /* "had" or "kept" */
    const Secret *input; /* its standard input; NULL: ours */
    gint64 deadline;
    int stop_fd;
    char *output;
    gsize size;
} Run;

static int milliseconds_left(const Run *run)
{
    return (int)MAX(0, (run->deadline - g_get_monotonic_time()) / 1000);
}

static gboolean late(const Run *run, GError **error)
{
    return refuse(error, POSTERN_ERROR_TEMPORARY, "secret.timeout", run->mend,
                  "the command for a password took longer than %d seconds",
                  LIMIT_SECRET_COMMAND_MS / 1000);
}

static gboolean failed(const Run *run, const char *account, const char *how, GError **error)
{
    return refuse(error, POSTERN_ERROR_POLICY, run->rule, run->mend,
                  "the password of account %s cannot be %s: %s", account, run->verb, how);
}

static gboolean read_output(Run *run, int fd, const char *account, GError **error)
{
    for (;;) {
        int ready = interrupt_wait(fd, POLLIN, run->deadline, run->stop_fd, error);
        if (ready <= 0)
            return ready < 0 ? FALSE : late(run, error);
        gssize got = read(fd, run->output + run->size, LIMIT_SECRET_OUTPUT - run->size);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return failed(run, account, g_strerror(errno), error);
        if (got == 0)
            return run->size < LIMIT_SECRET_OUTPUT ||
                   failed(run, account, "the command says too much", error);
        run->size += (gsize)got;
    }
}

static void note_exit(GObject *process, GAsyncResult *result, gpointer user)
{
    gboolean *ended = user;
    *ended = g_subprocess_wait_finish(G_SUBPROCESS(process), result, NULL);
}

static gboolean note_deadline(gpointer user)
{
    gboolean *over = user;
    *over = TRUE;
    return G_SOURCE_REMOVE;
}

static gboolean note_stop(int fd, GIOCondition condition, gpointer user)
{
    (void)fd, (void)condition;
    return note_deadline(user);
}

static void attach(GSource *source, GSourceFunc note, gboolean *over, GMainContext *context)
{
    g_source_set_callback(source, note, over, NULL);
    g_source_attach(source, context);
}

/* The output has ended; the process may not have. */
static gboolean await_exit(const Run *run, GSubprocess *process, GError **error)
{
    gboolean ended = FALSE, over = FALSE;
    g_autoptr(GMainContext) context = g_main_context_new();
    g_main_context_push_thread_default(context);
    g_autoptr(GSource) timer = g_timeout_source_new((guint)milliseconds_left(run));
    g_autoptr(GSource) stop = g_unix_fd_source_new(run->stop_fd, G_IO_IN);
    attach(timer, note_deadline, &over, context);
    if (run->stop_fd >= 0)
        attach(stop, G_SOURCE_FUNC(note_stop), &over, context);
    g_subprocess_wait_async(process, NULL, note_exit, &ended);
    while (!ended && !over)
        g_main_context_iteration(context, TRUE);
    if (!ended) {
        g_subprocess_force_exit(process);
        while (!ended)
            g_main_context_iteration(context, TRUE);
    }
    g_source_destroy(timer);
    g_source_destroy(stop);
    g_main_context_pop_thread_default(context);
    return !over || (!interrupted(run->stop_fd, error) && late(run, error));
}

/* What the process says is in run->output then. */
static gboolean await(Run *run, GSubprocess *process, const char *account, GError **error)
{
    int fd = g_unix_input_stream_get_fd(G_UNIX_INPUT_STREAM(g_subprocess_get_stdout_pipe(process)));
    gboolean whole = read_output(run, fd, account, error);
    if (!whole)
        g_subprocess_force_exit(process);
    if (!await_exit(run, process, whole ? error : NULL) || !whole)
        return FALSE;
    /* Ctrl-C ends it together with us. */
    return g_subprocess_get_successful(process) ||
           (!interrupted(run->stop_fd, error) && failed(run, account, "the command failed", error));
}

/* A pipe that holds the secret already and ends after it: nobody can hold up or break the writing.
 * -1 when there is none. */
static int filled_pipe(const Secret *secret)
{
    int ends[2];
    if (!g_unix_open_pipe(ends, FD_CLOEXEC, NULL))
        return -1;
    gboolean whole =
        write(ends[1], secret_bytes(secret), secret_size(secret)) == (gssize)secret_size(secret);
    close(ends[1]);
    if (whole)
        return ends[0];
    close(ends[0]);
    return -1;
}

static GSubprocess *start(const Run *run, const char *const *argv, const char *account,
                          GError **error)
{
    g_autoptr(GError) reason = NULL;
    g_autoptr(GSubprocessLauncher) launcher =
        g_subprocess_launcher_new(G_SUBPROCESS_FLAGS_STDOUT_PIPE);
    int input = run->input ? filled_pipe(run->input) : -1;
    if (run->input && input < 0) {
        failed(run, account, "there is no pipe for it", error);
        return NULL;
    }
    if (input >= 0)
        g_subprocess_launcher_take_stdin_fd(launcher, input);
    GSubprocess *process = g_subprocess_launcher_spawnv(launcher, argv, &reason);
    if (process == NULL)
        failed(run, account, reason->message, error);
    return process;
}

/* Runs ARGV; *line, when LINE is not NULL, becomes the first line of its output. */
static gboolean run_process(Run *run, const char *const *argv, const char *account, Secret **line,
                            GError **error)
{
    g_autoptr(GSubprocess) process = start(run, argv, account, error);
    if (process == NULL)
        return FALSE;
    run->deadline = g_get_monotonic_time() + (gint64)LIMIT_SECRET_COMMAND_MS * 1000;
    run->output = g_malloc(LIMIT_SECRET_OUTPUT);
    gboolean good = await(run, process, account, error);
    if (good && line && (*line = first_line(run->output, run->size)) == NULL)
        good = failed(run, account, "the first line of the output is no password", error);
    secret_wipe(run->output, run->size);
    g_free(run->output);
    return good;
}

static Secret *from_process(Run *run, const char *const *argv, const char *account, GError **error)
{
    Secret *secret = NULL;
    (void)run_process(run, argv, account, &secret, error);
    return secret;
}

static Secret *from_command(const Account *account, int stop_fd, GError **error)
{
    Run run = {.stop_fd = stop_fd,
               .rule = "secret.command",
               .verb = "had",
               .mend = "try the command by hand; no shell reads it"};
    g_auto(GStrv) argv = NULL;
    const char *line = account->secret_argument ? account->secret_argument : "";
    /* Why it cannot be parted is not told: that sentence would quote the whole line. */
    if (!g_shell_parse_argv(line, NULL, &argv, NULL)) {
        failed(&run, account->name, "the command is empty, or its quotes do not match", error);
        return NULL;
    }
    return from_process(&run, (const char *const *)argv, account->name, error);
}

/* The two attributes by which secret-tool stores and finds it. */
#define KEYRING_PLACE(account) "service", "postern", "account", (account)->name, NULL

static Secret *from_keyring(const Account *account, int stop_fd, GError **error)
{
    g_autofree char *word = text_word(account->name);
    g_autofree char *mend = g_strdup_printf("unlock the keyring, or store it by: postern password "
                                            "set %s (package libsecret-tools)",
                                            word);
    Run run = {.stop_fd = stop_fd, .rule = "secret.keyring", .mend = mend, .verb = "had"};
    const char *const argv[] = {"secret-tool", "lookup", KEYRING_PLACE(account)};
    return from_process(&run, argv, account->name, error);
}

gboolean password_put(const Account *account, const Secret *secret, int stop_fd, GError **error)
{
    g_autofree char *label = g_strconcat("--label=Postern: ", account->name, NULL);
    Run run = {.stop_fd = stop_fd,
               .rule = "secret.keyring",
               .mend = "install libsecret-tools, and unlock the desktop's keyring",
               .verb = "kept",
               .input = secret};
    const char *const argv[] = {"secret-tool", "store", label, KEYRING_PLACE(account)};
    return run_process(&run, argv, account->name, NULL, error);
}

Secret *password_get(const Account *account, int stop_fd, GError **error)
{
    switch (account->secret_kind) {
    case SECRET_CREDENTIAL: return from_credential(account, error);
    case SECRET_COMMAND: return from_command(account, stop_fd, error);
    case SECRET_KEYRING: return from_keyring(account, stop_fd, error);
    default: break; /* the vault's business */
    }
    refuse(error, POSTERN_ERROR_BUG, "secret.kind", NULL,
           "the password of account %s lies in the vault", account->name);
    return NULL;
}
