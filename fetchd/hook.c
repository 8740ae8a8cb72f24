/* See hook.h. */
#include "fetchd/hook.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/error.h"
#include "core/limits.h"

struct Hook {
    GString *lines; /* of POSTERN_ACCOUNTS */
    guint64 count;
    pid_t pid; /* 0: it does not run */
    int fd;    /* of the process */
    gint64 deadline;
    gboolean failed; /* and that was told */
};

Hook *hook_new(void)
{
    Hook *hook = g_new0(Hook, 1);
    hook->lines = g_string_new(NULL);
    hook->fd = -1;
    return hook;
}

static int end(Hook *hook, gboolean kill_it)
{
    int status = 0;
    /* With what it started: it is the first of a group. */
    if (kill_it)
        kill(-hook->pid, SIGKILL);
    while (waitpid(hook->pid, &status, 0) < 0 && errno == EINTR)
        ;
    close(hook->fd);
    hook->pid = 0;
    hook->fd = -1;
    return status;
}

void hook_free(Hook *hook)
{
    if (hook == NULL)
        return;
    if (hook->pid)
        (void)end(hook, TRUE);
    g_string_free(hook->lines, TRUE);
    g_free(hook);
}

void hook_count(Hook *hook, const char *account, guint stored)
{
    if (stored == 0)
        return;
    hook->count += stored;
    g_string_append_printf(hook->lines, "%u %s\n", stored, account);
}

/* In the child: what kills it reaches what it starts. Only what signal-safety(7) allows. */
static void lead_group(gpointer unused)
{
    (void)unused;
    (void)setpgid(0, 0);
}

static gboolean failed(Hook *hook, const char *why, GError **error)
{
    gboolean news = !hook->failed;
    hook->failed = TRUE;
    if (news)
        refuse(error, POSTERN_ERROR_UNREACHABLE, "hook.failed",
               "try the command of [hook] new_mail by hand", "the command for new mail %s", why);
    return !news;
}

static char **environment(const Hook *hook)
{
    g_autofree char *count = g_strdup_printf("%" G_GUINT64_FORMAT, hook->count);
    char **all = g_environ_setenv(g_get_environ(), "POSTERN_NEW", count, TRUE);
    return g_environ_setenv(all, "POSTERN_ACCOUNTS", hook->lines->str, TRUE);
}

static gboolean start(Hook *hook, const char *command, GError **error)
{
    g_auto(GStrv) argv = NULL;
    g_auto(GStrv) env = environment(hook);
    g_autoptr(GError) failure = NULL;
    hook->count = 0;
    g_string_truncate(hook->lines, 0);
    gboolean started = g_shell_parse_argv(command, NULL, &argv, &failure) &&
                       g_spawn_async(NULL, argv, env,
                                     G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_SEARCH_PATH |
                                         G_SPAWN_STDOUT_TO_DEV_NULL | G_SPAWN_STDERR_TO_DEV_NULL,
                                     lead_group, NULL, &hook->pid, &failure);
    if (!started) {
        hook->pid = 0;
        return failed(hook, "cannot be started", error);
    }
    hook->fd = pidfd_open(hook->pid, 0);
    hook->deadline = g_get_monotonic_time() + (gint64)LIMIT_HOOK_MS * 1000;
    if (hook->fd >= 0)
        return TRUE;
    (void)end(hook, TRUE);
    return failed(hook, "cannot be watched", error);
}

static gboolean has_ended(const Hook *hook)
{
    struct pollfd fd = {.fd = hook->fd, .events = POLLIN};
    return poll(&fd, 1, 0) > 0;
}

gboolean hook_go_on(Hook *hook, const char *command, GError **error)
{
    gboolean ok = TRUE;
    if (hook->pid && has_ended(hook)) {
        int status = end(hook, FALSE);
        if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
            hook->failed = FALSE;
        else
            ok = failed(hook, "ended with a failure", error);
    } else if (hook->pid && g_get_monotonic_time() >= hook->deadline) {
        (void)end(hook, TRUE);
        ok = failed(hook, "took too long and was ended", error);
    }
    if (hook->pid || hook->count == 0 || !ok)
        return ok;
    if (command)
        return start(hook, command, error);
    hook->count = 0;
    g_string_truncate(hook->lines, 0);
    return TRUE;
}

int hook_fd(const Hook *hook)
{
    return hook->fd;
}

gint64 hook_deadline(const Hook *hook)
{
    return hook->pid ? hook->deadline : G_MAXINT64;
}
