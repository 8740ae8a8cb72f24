/* See hook.h. */
#include "fetchd/hook.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/error.h"
#include "core/limits.h"

/* What differs. */
static const struct {
    const char *news, *number, *lines;
} kinds[] = {
    [HOOK_NEW_MAIL] = {"new mail", "POSTERN_NEW", "POSTERN_ACCOUNTS"},
    [HOOK_FAILED_MAIL] = {"letters that were not sent", "POSTERN_FAILED", "POSTERN_LETTERS"},
};

struct Hook {
    HookKind kind;
    GMutex mutex; /* of what is to be told */
    GString *lines;
    guint64 count;
    pid_t pid; /* 0: it does not run */
    int fd;    /* of the process */
    gint64 deadline;
    gboolean failed; /* and that was told */
};

Hook *hook_new(HookKind kind)
{
    Hook *hook = g_new0(Hook, 1);
    hook->kind = kind;
    g_mutex_init(&hook->mutex);
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
    g_mutex_clear(&hook->mutex);
    g_free(hook);
}

static void note(Hook *hook, guint count, const char *line)
{
    g_mutex_lock(&hook->mutex);
    hook->count += count;
    if (hook->lines->len + strlen(line) < LIMIT_HOOK_LINES)
        g_string_append(hook->lines, line);
    g_mutex_unlock(&hook->mutex);
}

void hook_count(Hook *hook, const char *account, guint stored)
{
    g_autofree char *line = g_strdup_printf("%u %s\n", stored, account);
    if (stored > 0)
        note(hook, stored, line);
}

void hook_letter(Hook *hook, const char *id, const char *state, const char *account)
{
    g_autofree char *line = g_strdup_printf("%s %s %s\n", id, state, account);
    note(hook, 1, line);
}

static guint64 waiting(Hook *hook)
{
    g_mutex_lock(&hook->mutex);
    guint64 count = hook->count;
    g_mutex_unlock(&hook->mutex);
    return count;
}

/* The environment that tells what is to be told; from then on it is told. */
static char **take(Hook *hook)
{
    g_mutex_lock(&hook->mutex);
    g_autofree char *count = g_strdup_printf("%" G_GUINT64_FORMAT, hook->count);
    char **all = g_environ_setenv(g_get_environ(), kinds[hook->kind].number, count, TRUE);
    all = g_environ_setenv(all, kinds[hook->kind].lines, hook->lines->str, TRUE);
    hook->count = 0;
    g_string_truncate(hook->lines, 0);
    g_mutex_unlock(&hook->mutex);
    return all;
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
               hook->kind == HOOK_NEW_MAIL ? "try the command of [hook] new_mail by hand"
                                           : "try the command of [hook] failed_mail by hand",
               "the command for %s %s", kinds[hook->kind].news, why);
    return !news;
}

static gboolean start(Hook *hook, const char *command, GError **error)
{
    g_auto(GStrv) argv = NULL;
    g_auto(GStrv) env = take(hook);
    g_autoptr(GError) failure = NULL;
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
    if (hook->pid || waiting(hook) == 0 || !ok)
        return ok;
    if (command)
        return start(hook, command, error);
    g_strfreev(take(hook));
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
